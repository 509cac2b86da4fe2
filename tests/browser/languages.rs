//! Pages in the reader's language and time zone.
use std::collections::BTreeSet;

use latchkey::{
    domain::{id::ScopeId, language::Wishes},
    service::language,
};
use serde_json::json;

use super::{
    Browser, Site,
    activation::careful,
    every_page::{Company, EVERYBODY, SOME},
};
use crate::support::{approved_by, credentials::PASSWORD};

/// What stands on pages and is data nowhere: the product, the languages by their own names, formats.
const NAMES: [&str; 20] = [
    // What the imported file says.
    "captain",
    "moon",
    "latchkey",
    "english",
    "dansk",
    "csv",
    "json",
    "lines",
    "openapi",
    "sha",
    "kid",
    "utc",
    "eddsa",
    "jsonl",
    "toml",
    "jira",
    "inc",
    "iso",
    "europe",
    "copenhagen",
];

/// Asks for pages in that language, as a browser does that is set to it.
async fn prefers(browser: &Browser, language: &str) {
    browser.driver.command("Network.enable", json!({})).await;
    let headers = json!({ "headers": { "Accept-Language": language } });
    browser.driver.command("Network.setExtraHTTPHeaders", headers).await;
}

#[tokio::test]
async fn a_dane_signs_in_activates_and_is_approved_on_a_telephone_in_danish() {
    let Some(site) = Site::start().await else { return };
    let (ada, bob) = (site.person("ada").await, site.person("bob").await);
    let approver = site.world.principal("bob");
    site.world
        .role("Database Operator", |settings| {
            careful(settings);
            settings.activation.requires_approval = true;
            settings.activation.stages = approved_by([approver]);
        })
        .await;
    site.world.eligible("ada", "Database Operator").await;
    let browser = site.browser().await;
    prefers(&browser, "da-DK,da;q=0.9,en;q=0.5").await;
    browser.show_as(360, "light").await;
    browser.visit("/sign-in").await;
    browser.sees("Log ind").await;
    assert_eq!(browser.evaluate("document.documentElement.lang").await, "da");
    browser.fill("user_name", "ada").await;
    browser.fill("password", "Not this one").await;
    browser.press("Fortsæt").await;
    browser.sees("Dette navn og denne adgangskode hører ikke sammen.").await;
    browser.fill("user_name", "ada").await;
    browser.fill("password", PASSWORD).await;
    browser.press("Fortsæt").await;
    browser.sees("Et trin mere").await;
    browser.fill("code", &site.world.next_code(&ada).await).await;
    browser.press("Log ind").await;
    browser.sees("Min adgang").await;
    browser.look("danish-1-access").await;
    browser.show_as(360, "light").await;
    browser.press("Aktivér Database Operator").await;
    browser.sees("Den skal godkendes").await;
    browser.fill("duration", "99h").await;
    browser.fill("justification", "Den natlige eksport hænger.").await;
    browser.fill("code", &site.world.next_code(&ada).await).await;
    browser.press("Bed om godkendelse").await;
    browser.sees("Vælg en varighed mellem 5 min og").await;
    browser.look("danish-2-sheet").await;
    browser.show_as(360, "light").await;
    browser.fill("duration", "1h").await;
    browser.fill("justification", "Den natlige eksport hænger.").await;
    browser.fill("code", &site.world.next_code(&ada).await).await;
    browser.press("Bed om godkendelse").await;
    browser.sees("Din anmodning venter på godkendelse.").await;
    browser.look("danish-3-asked").await;

    // Whose browser asks for English, but who has chosen Danish, reads Danish.
    let actor = site.world.actor("bob").await;
    let wishes = Wishes::read("da", "Europe/Copenhagen").unwrap();
    language::choose(&site.world.app, &actor, &wishes).await.unwrap();
    let telephone = site.browser_of(&bob).await;
    prefers(&telephone, "en").await;
    telephone.show_as(360, "light").await;
    telephone.visit("/approvals").await;
    telephone.sees("Tider er i Europe/Copenhagen").await;
    telephone.look("danish-4-approvals").await;
    telephone.show_as(360, "light").await;
    telephone.press_first("a.cover").await;
    telephone.sees("Din afgørelse").await;
    telephone.look("danish-5-request").await;
    telephone.show_as(360, "light").await;
    telephone.fill("justification", "Ja, indtil den kører igen.").await;
    telephone.fill("code", &site.world.next_code(&bob).await).await;
    telephone.press("Godkend").await;
    telephone.sees("Du godkendte anmodningen.").await;
    telephone.look("danish-6-approved").await;
    browser.visit("/").await;
    browser.sees("Aktiv nu 1").await;
    site.world.check_invariants().await;
}

#[tokio::test]
async fn a_person_chooses_language_and_time_zone_on_the_account_page_without_scripts() {
    let Some(site) = Site::start().await else { return };
    let ada = site.person("ada").await;
    let browser = site.browser_of(&ada).await;
    prefers(&browser, "en").await;
    browser.without_scripts().await;
    browser.visit("/account").await;
    browser.sees("Times are in UTC.").await;
    browser.select("language", "Dansk").await;
    browser.select("time_zone", "America/New_York").await;
    browser.press_within("section[@id='language']", "Save").await;
    browser.sees("Sider og e-mails retter sig efter det fra nu af.").await;
    browser.sees("Tider er i America/New_York").await;
}

#[tokio::test]
async fn two_people_read_one_moment_each_in_their_own_zone() {
    let Some(site) = Site::start().await else { return };
    let ada = site.person("ada").await;
    site.world.role("Payroll Reader", |_| ()).await;
    let role = (site.world.role_id("Payroll Reader"), ScopeId::ROOT);
    let until = Some("2031-01-15T13:00:00Z".parse().unwrap());
    site.world.assign("active", site.world.principal("ada"), role, (None, until)).await;
    let actor = site.world.actor("ada").await;
    let browser = site.browser_of(&ada).await;
    prefers(&browser, "en").await;
    for (zone, winter) in [
        ("Europe/Copenhagen", "Wednesday 15 January 2031, 14:00:00 CET"),
        ("America/New_York", "Wednesday 15 January 2031, 08:00:00 EST"),
    ] {
        let wishes = Wishes::read("", zone).unwrap();
        language::choose(&site.world.app, &actor, &wishes).await.unwrap();
        browser.visit("/").await;
        let told = browser.evaluate("document.querySelector('time').title").await;
        assert_eq!(told, winter);
        let exact = browser.evaluate("document.querySelector('time').dateTime").await;
        assert_eq!(exact, "2031-01-15T13:00:00Z", "machines are told the same instant");
    }
}

#[tokio::test]
async fn whatever_stands_on_a_page_comes_from_the_catalogue_or_is_data() {
    let Some(site) = Site::start().await else { return };
    let company = Company::found(&site).await;
    let client = reqwest::Client::new();
    let data = data(&site).await;
    let mut found = Vec::new();
    for (_, path, reader, _) in EVERYBODY.iter().chain(&SOME) {
        let path = company.fill(path);
        let session = &company.sessions[reader];
        let answer = client
            .get(format!("{}{path}", site.url))
            .header("cookie", format!("__Host-latchkey={}", *session.reveal()))
            .header("accept-language", "en-XA")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.headers()["content-language"], "en-XA");
        assert!(answer.headers()["vary"].to_str().unwrap().contains("Accept-Language"));
        let page = answer.text().await.unwrap();
        for words in outside_brackets(&page) {
            // The kinds of events are names for programs: "person.changed".
            if words.contains('.') && !words.contains(' ') {
                continue;
            }
            let unknown: Vec<_> = words
                .split(|letter: char| !letter.is_alphabetic())
                .map(str::to_lowercase)
                .filter(|word| word.chars().count() > 2)
                .filter(|word| !data.contains(word) && !NAMES.contains(&word.as_str()))
                .collect();
            if !unknown.is_empty() {
                found.push(format!("{path} as {reader}: {words:?}"));
            }
        }
    }
    found.sort();
    found.dedup();
    assert!(found.is_empty(), "never put into the catalogue:\n{}", found.join("\n"));
}

/// Every word in the database: what people have written, and what is stored of it.
async fn data(site: &Site) -> BTreeSet<String> {
    let tables: Vec<String> =
        sqlx::query_scalar("select relname::text from pg_stat_user_tables order by 1")
            .fetch_all(&site.world.owner)
            .await
            .unwrap();
    let mut words = BTreeSet::new();
    for table in tables {
        let all =
            sqlx::AssertSqlSafe(format!("select string_agg(it::text, ' ') from {table} as it"));
        let text: Option<String> =
            sqlx::query_scalar(all).fetch_one(&site.world.owner).await.unwrap();
        let text = text.unwrap_or_default();
        words.extend(text.split(|letter: char| !letter.is_alphabetic()).map(str::to_lowercase));
    }
    words
}

/// What a page shows outside the brackets of the catalogue.
fn outside_brackets(page: &str) -> Vec<String> {
    let mut page = page.to_owned();
    for (open, close) in [
        ("<script", "</script>"),
        ("<svg", "</svg>"),
        ("<code", "</code>"),
        ("<pre", "</pre>"),
        ("<textarea", "</textarea>"),
        ("<select class=\"input\" id=\"time_zone\"", "</select>"),
        ("<section class=\"section api-section\" lang=\"en\"", "</section>"),
        ("<a class=\"tab\" lang=\"en\"", "</a>"),
    ] {
        while let Some(start) = page.find(open) {
            let end = page[start..].find(close).map_or(page.len(), |end| start + end + close.len());
            page.replace_range(start..end, " ");
        }
    }
    let mut told: Vec<String> = Vec::new();
    for attribute in ["aria-label", "title", "placeholder", "alt", "data-label"] {
        for (at, mark) in page.match_indices(&format!(" {attribute}=\"")) {
            told.push(page[at + mark.len()..].split('"').next().unwrap().to_owned());
        }
    }
    let (mut text, mut inside) = (String::new(), false);
    for letter in page.chars() {
        match letter {
            '<' => inside = true,
            '>' => {
                inside = false;
                text.push('\n');
            }
            _ if !inside => text.push(letter),
            _ => {}
        }
    }
    told.push(text);
    told.iter().flat_map(|text| unbracketed(text)).collect()
}

fn unbracketed(text: &str) -> Vec<String> {
    let (mut left, mut depth) = (String::new(), 0_usize);
    for letter in text.chars() {
        match letter {
            '⟦' => depth += 1,
            '⟧' => {
                depth = depth.saturating_sub(1);
                left.push('\n');
            }
            _ if depth == 0 => left.push(letter),
            _ => {}
        }
    }
    left.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}
