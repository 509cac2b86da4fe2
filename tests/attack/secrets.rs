//! Looks for secrets where none belongs: in tables, logs, copies, mails, answers and what commands print.
use std::time::Duration;

use data_encoding::{BASE32_NOPAD, BASE64, BASE64URL_NOPAD, HEXLOWER};
use latchkey::secret::RecoveryCode;
use serde_json::json;
use uuid::Uuid;

use super::running::{Browser, RECOVERY_CODE, Running};
use crate::support::{MailServer, Mood, Receiver};

/// The password that the mail server of the tests takes.
const MAIL_PASSWORD: &str = "a password for the mail server";

/// In how many answers a secret may stand.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Shown {
    /// Nobody is told what they typed or set themself.
    Never,
    /// Whoever had it made is shown it once.
    Once,
    /// It belongs to the page that it is used on.
    OnItsPage,
}

/// Everything that nobody should find.
#[derive(Default)]
struct Secrets(Vec<(String, String, Shown)>);

impl Secrets {
    /// Makes one up, as somebody types or sets it.
    fn make(&mut self, what: &str) -> String {
        let text = format!("canary {what} {}", Uuid::new_v4().simple());
        self.note(what, &text, Shown::Never);
        text
    }

    /// The same in one word.
    fn make_word(&mut self, what: &str) -> String {
        let text = format!("canary{}", Uuid::new_v4().simple());
        self.note(what, &text, Shown::Never);
        text
    }

    fn note(&mut self, what: &str, text: &str, shown: Shown) {
        assert!(text.len() >= 20, "{what} {text:?} could be found by chance");
        self.0.push((what.to_owned(), text.to_owned(), shown));
    }

    fn note_cookies(&mut self, browser: &Browser) {
        for (name, value) in &browser.cookies {
            if name.starts_with("__Host-latchkey") && value.len() >= 20 {
                self.note(name, value, Shown::Never);
            }
        }
    }

    /// Fails if one of them stands in a text, in whichever spelling.
    fn are_not_in(&self, place: &str, text: &str) {
        for (what, secret, _) in &self.0 {
            for spelling in spellings(secret) {
                if let Some(at) = text.find(&spelling) {
                    let around: String = text[..at]
                        .chars()
                        .rev()
                        .take(200)
                        .collect::<Vec<_>>()
                        .iter()
                        .rev()
                        .collect();
                    panic!("{what} stands in {place}, as {spelling}, after …{around}");
                }
            }
        }
    }

    /// Fails if somebody was told one of them who should not have been.
    fn are_not_told(&self, browser: &Browser) {
        for (what, secret, shown) in &self.0 {
            let told = browser.answers.iter().filter(|page| page.text.contains(secret)).count();
            let most = match shown {
                Shown::Never => 0,
                Shown::Once => 1,
                Shown::OnItsPage => continue,
            };
            assert!(told <= most, "{what} stands in {told} answers");
        }
    }
}

/// The ways in which a secret could stand somewhere.
fn spellings(secret: &str) -> Vec<String> {
    let bytes = secret.as_bytes();
    let random = secret.strip_prefix("lk_").and_then(|rest| rest.split_once('_'));
    let random = random.map_or(secret, |(_, random)| random);
    let mut spellings = vec![
        secret.to_owned(),
        random.to_owned(),
        secret.replace(' ', "+"),
        secret.replace(' ', "%20"),
        secret.replace('-', ""),
        HEXLOWER.encode(bytes),
        BASE64.encode(bytes),
        BASE64.encode(&[b"\0latchkey\0".as_slice(), bytes].concat()),
    ];
    for decoded in [
        BASE64.decode(random.as_bytes()),
        BASE64URL_NOPAD.decode(random.as_bytes()),
        BASE32_NOPAD.decode(random.as_bytes()),
    ] {
        spellings.extend(decoded.ok().filter(|it| it.len() >= 16).map(|it| HEXLOWER.encode(&it)));
    }
    spellings
}

/// Settings with a secret in every place that takes one.
fn settings(secrets: &mut Secrets, receiver: &Receiver, mail: &MailServer) -> String {
    secrets.note("the mail server's password", MAIL_PASSWORD, Shown::Never);
    let signing = BASE64.encode(&[Uuid::new_v4(), Uuid::new_v4()].map(Uuid::into_bytes).concat());
    secrets.note("a signing secret", &signing, Shown::Never);
    let [hook, chat, room, ticket, witness, collector] = [
        "a webhook's address",
        "a chat's address",
        "a room's token",
        "a ticket token",
        "a witness token",
        "a collector's token",
    ]
    .map(|what| secrets.make_word(what));
    let (url, port) = (&receiver.url, mail.config().smtp.port);
    let inside = "allow_private_networks = true\nallow_http = true";
    format!(
        r#"
[log]
filter = "debug"
[smtp]
host = "127.0.0.1"
port = {port}
tls = "none"
username = "latchkey"
password = "{MAIL_PASSWORD}"
[witness]
url = "{url}/witness"
token = "{witness}"
{inside}
[traces]
endpoint = "{url}/v1/traces"
token = "{collector}"
[channels.siem]
kind = "webhook"
url = "{url}/hooks/{hook}"
secrets = ["whsec_{signing}"]
{inside}
[channels.chat]
kind = "slack"
url = "{url}/services/{chat}"
{inside}
[channels.room]
kind = "matrix"
homeserver = "{url}"
room = "!room:example.org"
access_token = "{room}"
{inside}
[ticket_systems.jira]
pattern = "INC-[0-9]+"
lookup_url = "{url}/issue/{{number}}"
token = "{ticket}"
open_pointer = "/state"
open_values = ["open"]
{inside}
"#
    )
}

#[tokio::test]
async fn no_secret_is_found_where_it_does_not_belong() {
    let (receiver, mail, mut secrets) =
        (Receiver::start().await, MailServer::start().await, Secrets::default());
    let settings = settings(&mut secrets, &receiver, &mail);
    // Whoever is called repeats what they were told, as many a server does.
    let repeated: Vec<_> = secrets.0.iter().map(|(_, secret, _)| secret.as_str()).collect();
    receiver.set(Mood::Answer(503, repeated.join(" ")));
    let key = BASE64.encode(&[Uuid::new_v4(), Uuid::new_v4()].map(Uuid::into_bytes).concat());
    secrets.note("the encryption key", &key, Shown::Never);
    let variables = [("LATCHKEY_ENCRYPTION_KEY", key.as_str())];
    let running = Running::start(&settings, &variables);
    running.take_the_clock().await;

    let mut admin = running.browser();
    let mut seed = come_in(&running, &mut admin, &running.invitation, &mut secrets).await;
    stranger(&running, &mut secrets).await;
    change_everything(&running, &mut admin, &mut seed, &mut secrets).await;
    let token = token(&running, &mut admin, &seed, &mut secrets).await;
    applications(&running, &mut admin, (&token, &seed), &mut secrets).await;
    colleague(&running, &mut admin, &token, &mut secrets).await;
    deliveries(&running, &mut admin).await;

    for format in ["csv", "jsonl"] {
        let copy = admin.get(&format!("/audit/export?format={format}")).await;
        assert!(copy.status == 200 && copy.text.contains("sign_in.failed"), "{}", copy.text);
        secrets.are_not_in("a copy of the audit log", &copy.text);
        let printed = running.run(&["audit", "export", "--format", format], &variables).await;
        assert!(printed.contains("sign_in.failed"), "{printed}");
        secrets.are_not_in("a copy that a command took", &printed);
    }
    for path in ["/policy/export", "/people", "/applications", "/deliveries", "/tokens"] {
        let answer = admin.ask("get", path, &token, None).await;
        assert_eq!(answer.status, 200, "{path} {}", answer.text);
    }
    for path in ["/", "/account", "/deliveries", "/audit", "/people", "/applications", "/policy"] {
        assert_eq!(admin.get(path).await.status, 200, "{path}");
    }
    secrets.are_not_told(&admin);
    commands(&running, &variables, &mut secrets).await;
    secrets.are_not_in("a table", &running.tables().await);
    let log = running.log();
    assert!(log.contains("DEBUG") && log.contains("answered"), "nothing was looked for: {log}");
    secrets.are_not_in("the log", &log);
    let traces = receiver.asked().into_iter().filter(|told| told.path == "/v1/traces");
    let traces: String = traces.map(|told| told.text).collect();
    for said in ["/invitation/{token}", "POST /oauth/token", "latchkey.event", "delivery"] {
        assert!(traces.contains(said), "nothing was looked for: {said} is in no trace");
    }
    secrets.are_not_in("a trace", &traces);
}

/// Sets an account up, with some mistakes on the way. Gives the seed.
async fn come_in(
    running: &Running,
    browser: &mut Browser,
    invitation: &str,
    secrets: &mut Secrets,
) -> String {
    let link = invitation.rsplit('/').next().unwrap();
    secrets.note("an invitation", link, Shown::OnItsPage);
    browser.get(invitation).await;
    browser.post(invitation, &[]).await;
    browser.get("/welcome").await;
    let (one, other) = (secrets.make("a new password"), secrets.make("another one"));
    let refused = browser.post("/welcome", &[("password", &one), ("again", &other)]).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    secrets.note_cookies(browser);
    let password = secrets.make("the first password");
    let (seed, codes) = browser.set_up(running, invitation, &password).await;
    assert_eq!(codes.len(), 10, "{codes:?}");
    secrets.note("a seed", &seed, Shown::OnItsPage);
    for code in &codes {
        secrets.note("a recovery code", code, Shown::Once);
    }
    secrets.note_cookies(browser);
    sign_in(running, &password, &codes[0], secrets).await;
    seed
}

/// Signs in elsewhere with a recovery code, after a wrong one.
async fn sign_in(running: &Running, password: &str, code: &str, secrets: &mut Secrets) {
    let mut elsewhere = running.browser();
    for name in ["admin", "ada"] {
        let fields = [("user_name", name), ("password", password)];
        if elsewhere.post("/sign-in", &fields).await.status != 303 {
            continue;
        }
        secrets.note_cookies(&elsewhere);
        elsewhere.get("/sign-in/code").await;
        let wrong = RecoveryCode::random().reveal().to_string();
        secrets.note("a wrong recovery code", &wrong, Shown::Never);
        let typed = secrets.make("what is no code");
        for code in [wrong.as_str(), typed.as_str()] {
            assert_eq!(elsewhere.post("/sign-in/code", &[("code", code)]).await.status, 422);
        }
        assert_eq!(elsewhere.post("/sign-in/code", &[("code", code)]).await.status, 303);
        secrets.note_cookies(&elsewhere);
        secrets.are_not_told(&elsewhere);
        return;
    }
    panic!("nobody signs in with that password");
}

/// Shows secrets in every place but the right one.
async fn stranger(running: &Running, secrets: &mut Secrets) {
    let mut stranger = running.browser();
    let password = secrets.make("a wrong password");
    let name = format!("canary{}", Uuid::new_v4().simple());
    secrets.note("a password in the place of the name", &name, Shown::OnItsPage);
    for (name, password) in [("admin", &password), (name.as_str(), &password), (&*name, &name)] {
        let fields = [("user_name", name), ("password", password.as_str())];
        assert_eq!(stranger.post("/sign-in", &fields).await.status, 422);
    }
    let [bearer, cookie, query, path, code] =
        ["a bearer", "a cookie", "a query", "a path", "a code"].map(|what| secrets.make_word(what));
    for token in [&bearer, &format!("lk_pat_{bearer}")] {
        assert_eq!(stranger.ask("get", "/roles", token, None).await.status, 401);
    }
    let wrong = json!({ "roles": code, "code": { "is": code }, "token": bearer });
    assert_eq!(stranger.ask("post", "/activations", &bearer, Some(&wrong)).await.status, 401);
    stranger.cookies.insert("__Host-latchkey".to_owned(), cookie);
    stranger.get(&format!("/?token={query}")).await;
    stranger.get(&format!("/api/v1/roles?access_token={query}")).await;
    for path in [format!("/invitation/{path}"), format!("/recovery/{path}"), format!("/{path}")] {
        stranger.get(&path).await;
        stranger.post(&path, &[("password", &password)]).await;
    }
    // Addresses lead back to where one was, and forms repeat their own: these two are the stranger's own words.
    stranger.answers.retain(|page| !page.text.contains(&query) && !page.text.contains(&path));
    secrets.are_not_told(&stranger);
}

/// Another password, authenticator and other recovery codes, each after a mistake.
async fn change_everything(
    running: &Running,
    admin: &mut Browser,
    seed: &mut String,
    secrets: &mut Secrets,
) {
    let (old, new) = (secrets.make("a wrong old password"), secrets.make("a newer password"));
    let code = secrets.make_word("no code");
    admin.get("/account/password").await;
    let fields = [("old_password", &old), ("new_password", &new), ("again", &new), ("code", &code)];
    let fields = fields.map(|(name, value)| (name, value.as_str()));
    assert_eq!(admin.post("/account/password", &fields).await.status, 422);
    for path in ["/account/authenticator", "/account/recovery-codes"] {
        admin.get(path).await;
        assert_eq!(admin.post(path, &[("code", &code)]).await.status, 422, "{path}");
    }
    let right = running.next_code(seed).await;
    let page = admin.post("/account/authenticator", &[("code", &right)]).await;
    *seed = page.seed();
    secrets.note("another seed", seed, Shown::OnItsPage);
    let refused = admin.post("/account/authenticator/confirm", &[("code", &code)]).await;
    assert_eq!(refused.status, 422);
    let right = running.code(seed).await;
    let kept = admin.post("/account/authenticator/confirm", &[("code", &right)]).await;
    assert_eq!(kept.status, 303, "{}", kept.text);
    secrets.note_cookies(admin);
    admin.get("/account/recovery-codes").await;
    let right = running.next_code(seed).await;
    let page = admin.post("/account/recovery-codes", &[("code", &right)]).await;
    for code in page.find_all(RECOVERY_CODE) {
        secrets.note("a newer recovery code", &code, Shown::Once);
    }
    secrets.note_cookies(admin);
}

/// A token for the API, after a mistake.
async fn token(
    running: &Running,
    browser: &mut Browser,
    seed: &str,
    secrets: &mut Secrets,
) -> String {
    browser.get("/account/tokens/new").await;
    let mut fields = vec![("name", "Canaries"), ("days", "30")];
    let scopes = ["read", "activate", "approve", "administer", "audit"];
    fields.extend(scopes.map(|scope| ("scope", scope)));
    let typed = secrets.make_word("no code for a token");
    let wrong = [fields.clone(), vec![("code", typed.as_str())]].concat();
    assert_eq!(browser.post("/account/tokens", &wrong).await.status, 422);
    let code = running.next_code(seed).await;
    fields.push(("code", &code));
    let token = browser.post("/account/tokens", &fields).await.find("lk_pat_[A-Za-z0-9_-]+");
    secrets.note("a token", &token, Shown::Once);
    token
}

/// An application that signs in, wrongly and rightly.
async fn applications(
    running: &Running,
    admin: &mut Browser,
    (token, seed): (&str, &str),
    secrets: &mut Secrets,
) {
    let body = json!({ "name": "Pipeline" });
    let made = admin.ask("post", "/applications", token, Some(&body)).await.json();
    let id = made["id"].as_str().unwrap().to_owned();
    let path = format!("/applications/{id}/secrets");
    let typed = secrets.make_word("no code for a secret");
    for body in [
        json!({ "name": "first", "days": 90, "code": typed }),
        json!({ "name": "first", "days": 90, "code": [typed] }),
        json!({ "name": "first", "days": "ninety", "code": typed }),
        json!({ "name": "first", "days": 90, "secret": typed }),
    ] {
        let refused = admin.ask("post", &path, token, Some(&body)).await;
        assert!((400..500).contains(&refused.status), "{}", refused.text);
    }
    let code = running.next_code(seed).await;
    let body = json!({ "name": "first", "days": 90, "code": code });
    let made = admin.ask("post", &path, token, Some(&body)).await.json();
    let secret = made["client_secret"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
    secrets.note("an application's secret", &secret, Shown::Once);
    let assertion = secrets.make_word("an assertion");
    let assertion = format!("{assertion}.{assertion}.{assertion}");
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned();
    for (status, fields) in [
        (401, vec![("client_id", &secret), ("client_secret", &secret)]),
        (401, vec![("client_id", &id), ("client_secret", &assertion)]),
        (401, vec![("client_assertion_type", &kind), ("client_assertion", &assertion)]),
        (400, vec![("client_id", &id), ("client_secret", &secret), ("scope", &secret)]),
        (200, vec![("client_id", &id), ("client_secret", &secret)]),
    ] {
        let mut form = vec![("grant_type", "client_credentials")];
        form.extend(fields.into_iter().map(|(name, value)| (name, value.as_str())));
        let answer = admin.request("POST", "/oauth/token").form(&form);
        let answer = admin.send(answer).await;
        assert_eq!(answer.status, status, "{}", answer.text);
        if status == 200 {
            let token = answer.find("lk_app_[A-Za-z0-9_-]+");
            secrets.note("an application's token", &token, Shown::Once);
        }
    }
}

/// Somebody who is invited, helped back in, and asks for a role with a ticket that nobody can look up.
async fn colleague(running: &Running, admin: &mut Browser, token: &str, secrets: &mut Secrets) {
    let body = json!({ "name": "Ada", "user_name": "ada", "email": "ada@example.org" });
    let invited = admin.ask("post", "/people", token, Some(&body)).await.json();
    let (id, link) = (invited["principal"].clone(), invited["link"].as_str().unwrap().to_owned());
    let mut ada = running.browser();
    let path = link.strip_prefix(&running.url).unwrap();
    let seed = come_in(running, &mut ada, path, secrets).await;
    let hers = self::token(running, &mut ada, &seed, secrets).await;
    let role = json!({ "name": "Operator", "privileged": false });
    let role = admin.ask("post", "/roles", token, Some(&role)).await.json()["id"].clone();
    let given = json!({ "principals": [id], "role": role, "kind": "eligible" });
    let given = admin.ask("post", "/assignments", token, Some(&given)).await;
    assert!(given.status < 300, "{}", given.text);
    let eligibility: Uuid =
        sqlx::query_scalar("select id from assignments where kind = 'eligible'")
            .fetch_one(&running.database)
            .await
            .unwrap();
    let wish = json!({
        "roles": [{ "eligibility": eligibility, "duration": "PT1H" }],
        "justification": "The disk is full.", "ticket_number": "INC-1", "ticket_system": "jira",
    });
    ada.ask("post", "/activations", &hers, Some(&wish)).await;
    let again = format!("/people/{}/recovery-link", id.as_str().unwrap());
    let link = admin.ask("post", &again, token, None).await.json();
    let link = link["link"].as_str().unwrap_or_else(|| panic!("{link}")).to_owned();
    let secret = link.rsplit('/').next().unwrap();
    secrets.note("a recovery link", secret, Shown::OnItsPage);
    let mut elsewhere = running.browser();
    elsewhere.get(link.strip_prefix(&running.url).unwrap()).await;
    elsewhere.post(link.strip_prefix(&running.url).unwrap(), &[]).await;
    secrets.note_cookies(&elsewhere);
    for browser in [&ada, &elsewhere] {
        secrets.are_not_told(browser);
    }
}

/// Lets every channel fail once.
async fn deliveries(running: &Running, admin: &mut Browser) {
    admin.get("/deliveries").await;
    for way in ["mail", "siem", "chat", "room"] {
        admin.post(&format!("/deliveries/ways/{way}/test"), &[]).await;
    }
    let tried = "select count(distinct channel) from outbox where channel is not null and last_error is not null";
    for _ in 0..200 {
        let tried: i64 = sqlx::query_scalar(tried).fetch_one(&running.database).await.unwrap();
        if tried >= 3 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the channels were not tried: {}", running.log());
}

/// What the command line says of settings, right and wrong.
async fn commands(running: &Running, variables: &[(&str, &str)], secrets: &mut Secrets) {
    let password = secrets.make_word("the database's password");
    let near = format!("postgres://latchkey_app:{password}@127.0.0.1:1/latchkey");
    let broken = format!("postgres://latchkey_app:{password}@[nowhere/latchkey");
    let key = secrets.make_word("a wrong key");
    let text = running.run(&["check"], variables).await;
    assert!(text.contains("set, not shown"), "{text}");
    secrets.are_not_in("what check prints", &text);
    for url in [&near, &broken] {
        let wrong = [
            ("LATCHKEY_DATABASE_URL", url.as_str()),
            ("LATCHKEY_DATABASE_OWNER_URL", url.as_str()),
            ("LATCHKEY_ENCRYPTION_KEY", key.as_str()),
            ("LATCHKEY_TOKEN", password.as_str()),
        ];
        let nowhere = running.folder.join("nowhere");
        let nowhere = nowhere.to_str().unwrap();
        for arguments in
            [&["check"][..], &["migrate"], &["serve"], &["audit", "verify"], &["plan", nowhere]]
        {
            let text = running.run(arguments, &wrong).await;
            assert!(!text.is_empty(), "{arguments:?} says what is wrong");
            secrets.are_not_in("what a command says of wrong settings", &text);
        }
    }
    let text = running.run(&["export"], variables).await;
    secrets.are_not_in("policy files", &text);
}
