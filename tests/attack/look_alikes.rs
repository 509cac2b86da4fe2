//! Tries to be taken for somebody or something else by a name that looks the same.
use latchkey::{
    domain::{
        id::ScopeId,
        text::{DisplayName, Email, UserName},
        time::Duration,
    },
    error::Error,
    service::{
        deputy,
        person::{self, Invitation, Invited, NewPerson},
        sign_in,
    },
};
use serde_json::{Value, json};

use crate::support::{
    World,
    credentials::{PASSWORD, secret, visitor},
    http::EVERY_SCOPE,
};

/// What has a name that people choose: where it is made, and what beside the name says what it is.
fn named(world: &World) -> [(&'static str, Value); 4] {
    [
        ("/v1/roles", json!({ "privileged": false })),
        ("/v1/groups", json!({})),
        ("/v1/scopes", json!({ "parent": world.scope_id("Vault"), "kind": "folder" })),
        ("/v1/applications", json!({})),
    ]
}

async fn world() -> (World, String) {
    let world = World::new().await;
    world.person("root").await;
    world.active("root", "Global Administrator").await;
    world.scope("Vault", ScopeId::ROOT, "folder").await;
    let token = world.access_token("root", &EVERY_SCOPE).await;
    (world, token)
}

/// Tries to make something of that name. Says the status.
async fn make(world: &World, token: &str, (path, more): &(&str, Value), name: &str) -> u16 {
    let mut body = more.clone();
    body["name"] = json!(name);
    world.ask_api("post", path, token, Some(&body)).await.status
}

async fn invite(world: &World, user_name: &str, email: &str) -> Result<Invited, Error> {
    let person = NewPerson {
        name: DisplayName::parse("Somebody").unwrap(),
        user_name: UserName::parse(user_name).unwrap(),
        email: Email::parse(email).unwrap(),
        break_glass: false,
    };
    let root = world.actor("root").await;
    person::invite(&world.app, &root, &Invitation { person, same_person_as: None }).await
}

#[tokio::test]
async fn nothing_is_told_apart_by_what_nobody_sees() {
    let (world, token) = world().await;
    for thing in named(&world) {
        assert_eq!(make(&world, &token, &thing, "Keeper of Keys").await, 201, "{thing:?}");
        for name in [
            "Keeper of Keys\u{3164}",
            "\u{115f}Keeper of Keys",
            "Keeper\u{1160}of Keys",
            "Keeper of Keys\u{ffa0}",
            "Keeper of Ke\u{ad}ys",
            "Kee\u{200b}per of Keys",
            "Keeper of Keys\u{200d}",
            "\u{feff}Keeper of Keys",
            "\u{202e}syeK fo repeeK",
            "Keeper of Keys\u{200f}",
            "Keeper of Keys\u{61c}",
            "\u{2066}Keeper of Keys\u{2069}",
            "Keeper of Keys\u{180e}",
            "Keeper of Keys\u{2800}",
            "Keeper of Keys\u{fe00}",
            "Keeper of Keys\u{e0041}",
            "Keeper of Keys\u{e0100}",
            "Keeper\u{34f} of Keys",
            "Keeper\nof Keys",
            "Keeper\u{2028}of Keys",
            "Keeper of Keys\0",
            "\u{3164}",
            "\u{a0}\u{2003}",
            "",
        ] {
            let status = make(&world, &token, &thing, name).await;
            assert!((400..500).contains(&status), "{thing:?} {name:?} {status}");
        }
        // An emoji is the same, however it is drawn.
        let status = make(&world, &token, &thing, "⚠ Keeper").await;
        assert_eq!(status, 201, "{thing:?}");
        let status = make(&world, &token, &thing, "⚠\u{fe0f} Keeper").await;
        assert!((400..500).contains(&status), "{thing:?} {status}");
    }
    world.check_invariants().await;
}

#[tokio::test]
async fn two_names_that_are_one_in_another_spelling_are_one() {
    let (world, token) = world().await;
    for thing in named(&world) {
        assert_eq!(make(&world, &token, &thing, "  Café of Keys ").await, 201, "{thing:?}");
        for name in [
            "Café of Keys",
            "CAFÉ OF KEYS",
            "cafe\u{301} of keys",
            "Café  of\u{a0}Keys",
            "Café\u{2003}of\u{3000}Keys",
            "Ｃａｆé of Keys",
            "Café of 𝐊eys",
            "Café of \u{212a}eys",
            "Café of Keyſ",
        ] {
            let status = make(&world, &token, &thing, name).await;
            assert!((400..500).contains(&status), "{thing:?} {name:?} {status}");
        }
    }
    let kept = "select count(*) from (
            select name from roles union all select name from principals union all select name from scopes
        ) as named where name = 'Café of Keys'";
    // The group is a place as well.
    assert_eq!(world.count(kept).await, 5, "as it was written, without the space around it");
    world.check_invariants().await;
}

#[tokio::test]
async fn nobody_makes_a_role_that_reads_like_one_that_ships_with_latchkey() {
    let (world, token) = world().await;
    let [roles, ..] = named(&world);
    let shipped: Vec<String> =
        sqlx::query_scalar("select name from roles").fetch_all(&world.owner).await.unwrap();
    assert!(shipped.len() >= 5, "{shipped:?}");
    let wide = |name: &str| -> String {
        let widen = |letter: char| match letter {
            '!'..='~' => char::from_u32(u32::from(letter) + 0xfee0).unwrap(),
            other => other,
        };
        name.chars().map(widen).collect()
    };
    for name in &shipped {
        for spelling in [
            name.clone(),
            name.to_uppercase(),
            name.to_lowercase(),
            format!(" {name} "),
            name.replace(' ', "  "),
            name.replace(' ', "\u{a0}"),
            wide(name),
            format!("{name}\u{3164}"),
            format!("{name}\u{200b}"),
            format!("\u{200e}{name}"),
        ] {
            let status = make(&world, &token, &roles, &spelling).await;
            assert!((400..500).contains(&status), "{spelling:?} {status}");
        }
    }
    let there_are = "select count(*) from roles where not built_in";
    assert_eq!(world.count(there_are).await, 0);
}

#[test]
fn user_names_and_addresses_are_written_in_one_way() {
    for name in [
        "ada\u{200b}",
        "аda",
        "admın",
        "ADMİN",
        "ａｄａ",
        "ada lovelace",
        "ada\u{3164}",
        "ada\0",
        "ada\n",
        "ada/../root",
        "ada%00",
        "ada'--",
        "<ada>",
        "",
    ] {
        // A line at the end is trimmed away, as a space is.
        let trimmed = name.trim() == "ada";
        assert_eq!(UserName::parse(name).is_ok(), trimmed, "{name:?}");
    }
    for address in [
        "a@evil@good.example",
        "a@evil.example,b@good.example",
        "a@evil.example b@good.example",
        "<a@good.example>",
        "A <a@good.example>",
        "a@good.example\nbcc: b@evil.example",
        "a@good.example\0",
        "a\u{200b}@good.example",
        "a@good.example\u{202e}",
        "@good.example",
        "a@",
        "a",
    ] {
        assert!(Email::parse(address).is_err(), "{address:?}");
    }
}

#[tokio::test]
async fn nobody_is_invited_under_what_leads_to_somebody_else() {
    let (world, _) = world().await;
    invite(&world, "ada", "ada@example.org").await.unwrap();
    invite(&world, "bob@example.org", "bob@example.org").await.expect("their own address");
    invite(&world, "carol@example.org", "other@example.org").await.expect("nobody's address");
    for (user_name, email, field) in [
        ("ADA", "new@example.org", "user_name"),
        ("ada@example.org", "new@example.org", "user_name"),
        ("Ada@Example.org", "new@example.org", "user_name"),
        ("new", "ADA@example.org", "email"),
        ("new", "Bob@example.org", "email"),
        ("new", "carol@example.org", "email"),
    ] {
        let refused = invite(&world, user_name, email).await;
        assert!(
            matches!(&refused, Err(Error::Invalid(faults)) if faults[0].field == field),
            "{user_name} {email} {refused:?}"
        );
    }
    world.check_invariants().await;
}

#[tokio::test]
async fn a_letter_like_another_is_another_when_somebody_is_named() {
    let (world, _) = world().await;
    for name in ["admin", "bob"] {
        world.person(name).await;
        world.enrol(name).await;
    }
    for name in ["admın", "ADMİN", "аdmin", "admin\u{200b}", "admin\u{3164}", "admin@example.org\0"]
    {
        let begun =
            sign_in::begin(&world.app, &visitor("192.0.2.1"), name, &secret(PASSWORD)).await;
        assert!(begun.is_err(), "{name:?}");
        world.execute("delete from sign_in_throttles").await;
        let wanted = deputy::Wanted {
            deputy: name.to_owned(),
            starts_at: None,
            ends_at: world.now().await + Duration::days(7),
            reason: "At sea".parse().unwrap(),
        };
        let (bob, code) = (world.actor("bob").await, world.fresh_code("bob").await);
        let named = deputy::name(&world.app, &bob, &wanted, &code).await;
        assert!(matches!(named, Err(Error::Invalid(_))), "{name:?} {named:?}");
    }
    assert_eq!(world.count("select count(*) from deputies").await, 0);
    world.check_invariants().await;
}
