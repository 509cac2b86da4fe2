//! Signing in: two steps, no enumeration, limits on guessing, nothing left of a step that is over.
use std::collections::BTreeSet;

use latchkey::{
    error::Error,
    secret::{Token, TokenKind},
    service::sign_in::{self, Visitor},
};

use crate::support::{
    World,
    credentials::{Credentials, PASSWORD, secret, visitor},
};

async fn enrolled(name: &str) -> (World, Credentials) {
    let world = World::new().await;
    world.person(name).await;
    let credentials = world.enrol(name).await;
    (world, credentials)
}

async fn password(
    world: &World,
    visitor: &Visitor,
    name: &str,
    text: &str,
) -> Result<Token, Error> {
    sign_in::begin(&world.app, visitor, name, &secret(text)).await
}

#[tokio::test]
async fn password_and_code_sign_in() {
    let (world, ada) = enrolled("ada").await;
    let signed_in = world.sign_in(&ada).await.unwrap();
    let actor = world.request(&signed_in.session).await.unwrap();
    assert_eq!(actor.user().unwrap().principal, world.principal("ada"));
    assert_eq!(world.events().await.last().unwrap(), "sign_in.succeeded");
    world.check_invariants().await;
}

#[tokio::test]
async fn names_are_read_as_people_write_them() {
    let (world, _) = enrolled("ada").await;
    for name in ["Ada", " ADA ", "ａｄａ"] {
        assert!(password(&world, &visitor("192.0.2.1"), name, PASSWORD).await.is_ok(), "{name}");
    }
}

#[tokio::test]
async fn every_step_has_another_secret_and_the_one_before_is_dead() {
    let (world, ada) = enrolled("ada").await;
    let visitor = visitor("192.0.2.1");
    let planted = Token::random(TokenKind::Session);
    let flow = password(&world, &visitor, "ada", PASSWORD).await.unwrap();
    assert!(world.request(&flow).await.is_err(), "a password alone opens nothing");
    let as_session = Token::parse(TokenKind::Session, &flow.reveal()).unwrap();
    assert!(world.request(&as_session).await.is_err(), "not even under another name");
    let code = world.next_code(&ada).await;
    let signed_in = sign_in::finish(&world.app, &visitor, &flow, &code).await.unwrap();
    let secrets: BTreeSet<_> =
        [&planted, &flow, &signed_in.session].map(|token| token.reveal().to_string()).into();
    assert_eq!(secrets.len(), 3);
    assert!(world.request(&planted).await.is_err());
    let code = world.next_code(&ada).await;
    let again = sign_in::finish(&world.app, &visitor, &flow, &code).await;
    assert!(matches!(again, Err(Error::Unauthenticated)), "{again:?}");
}

#[tokio::test]
async fn steps_out_of_order_are_refused() {
    let (world, ada) = enrolled("ada").await;
    let visitor = visitor("192.0.2.1");
    let code = world.next_code(&ada).await;
    let made_up = Token::random(TokenKind::SignIn);
    let skipped = sign_in::finish(&world.app, &visitor, &made_up, &code).await;
    assert!(matches!(skipped, Err(Error::Unauthenticated)));
    let flow = password(&world, &visitor, "ada", PASSWORD).await.unwrap();
    for empty in ["", " ", "000"] {
        let refused = sign_in::finish(&world.app, &visitor, &flow, empty).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{empty:?}");
    }
    world.advance_seconds(10 * 60).await;
    let code = world.code(&ada).await;
    let late = sign_in::finish(&world.app, &visitor, &flow, &code).await;
    assert!(matches!(late, Err(Error::Unauthenticated)), "the first step has run out");
}

#[tokio::test]
async fn nothing_tells_why_a_password_was_refused() {
    let (world, _) = enrolled("ada").await;
    world.people(["bob", "eve"]).await;
    world.enrol("eve").await;
    world.execute(
        "begin;
         insert into audit_events (id, at, kind, outcome, actor_kind, actor_name, target_id, detail)
         select gen_random_uuid(), instant(), 'person.disabled', 'success', 'operator', 'A test', id, '{}'
         from principals where name = 'eve';
         update sessions set ended_at = instant() where principal_id = (select id from principals where name = 'eve');
         update principals set disabled_at = instant() where name = 'eve';
         commit",
    )
    .await;
    let mut answers = BTreeSet::new();
    for (name, text) in [
        ("ada", "not the password at all"),
        ("bob", PASSWORD),
        ("eve", PASSWORD),
        ("nobody", PASSWORD),
        ("", ""),
        ("ada\0", PASSWORD),
    ] {
        let refused = password(&world, &visitor("192.0.2.1"), name, text).await.unwrap_err();
        answers.insert(format!("{refused:?}"));
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[tokio::test]
async fn a_code_counts_once_of_a_hundred_at_once() {
    let (world, ada) = enrolled("ada").await;
    let visitor = visitor("192.0.2.1");
    let mut flows = Vec::new();
    for _ in 0..100 {
        flows.push(password(&world, &visitor, "ada", PASSWORD).await.unwrap());
    }
    let code = world.next_code(&ada).await;
    let attempts = flows.into_iter().map(|flow| {
        let (app, code) = (world.app.clone(), code.clone());
        tokio::spawn(async move {
            let visitor = crate::support::credentials::visitor("192.0.2.1");
            sign_in::finish(&app, &visitor, &flow, &code).await.is_ok()
        })
    });
    let mut signed_in = 0;
    for attempt in attempts.collect::<Vec<_>>() {
        signed_in += usize::from(attempt.await.unwrap());
    }
    assert_eq!(signed_in, 1);
    world.check_invariants().await;
}

#[tokio::test]
async fn one_flow_signs_in_once_of_many_at_once() {
    let (world, ada) = enrolled("ada").await;
    let visitor = visitor("192.0.2.1");
    let flow = password(&world, &visitor, "ada", PASSWORD).await.unwrap();
    let mut attempts = Vec::new();
    for code in &ada.recovery_codes {
        let (app, flow, code) = (world.app.clone(), flow.clone(), code.reveal());
        attempts.push(tokio::spawn(async move {
            let visitor = crate::support::credentials::visitor("192.0.2.1");
            sign_in::finish(&app, &visitor, &flow, &code).await.is_ok()
        }));
    }
    let mut signed_in = 0;
    for attempt in attempts {
        signed_in += usize::from(attempt.await.unwrap());
    }
    assert_eq!(signed_in, 1);
}

#[tokio::test]
async fn a_used_code_is_not_new_in_another_spelling() {
    let (world, ada) = enrolled("ada").await;
    let code = world.code(&ada).await;
    for spelling in [
        code.clone(),
        format!("{} {}", &code[..3], &code[3..]),
        format!(" {code} "),
        format!("+{code}"),
        code.chars().map(|c| char::from_u32(c as u32 + 0xfee0).unwrap()).collect(),
    ] {
        let visitor = visitor("192.0.2.1");
        let flow = password(&world, &visitor, "ada", PASSWORD).await.unwrap();
        let refused = sign_in::finish(&world.app, &visitor, &flow, &spelling).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{spelling:?}");
    }
    let previous = world.code(&ada).await;
    let current = world.next_code(&ada).await;
    let visitor = visitor("198.51.100.1");
    let flow = password(&world, &visitor, "ada", PASSWORD).await.unwrap();
    sign_in::finish(&world.app, &visitor, &flow, &current).await.unwrap();
    let flow = password(&world, &visitor, "ada", PASSWORD).await.unwrap();
    assert!(sign_in::finish(&world.app, &visitor, &flow, &previous).await.is_err());
}

#[tokio::test]
async fn of_many_wrong_codes_at_once_five_are_looked_at() {
    let (world, ada) = enrolled("ada").await;
    world.advance_seconds(30).await;
    let mut attempts = Vec::new();
    for number in 0..60_u8 {
        let address = format!("192.0.{number}.1");
        let visitor = visitor(&address);
        let flow = password(&world, &visitor, "ada", PASSWORD).await.unwrap();
        let app = world.app.clone();
        attempts.push(tokio::spawn(async move {
            sign_in::finish(&app, &visitor, &flow, "000000").await.unwrap_err()
        }));
    }
    let mut looked_at = 0;
    for attempt in attempts {
        looked_at += usize::from(matches!(attempt.await.unwrap(), Error::Invalid(_)));
    }
    assert_eq!(looked_at, 5);
    assert_eq!(world.count("select recent_failures::bigint from totp_credentials").await, 5);
    let waiting = world.sign_in(&ada).await;
    assert!(matches!(waiting, Err(Error::Busy { .. })), "the right one has to wait as well");
    world.advance_seconds(300).await;
    world.sign_in(&ada).await.unwrap();
    assert_eq!(world.count("select failures::bigint from totp_credentials").await, 0);
}

#[tokio::test]
async fn fifty_wrong_codes_switch_the_authenticator_off_and_end_every_half_open_sign_in() {
    let (world, ada) = enrolled("ada").await;
    let visitor = visitor("192.0.2.1");
    world.execute("update totp_credentials set failures = 49").await;
    let half_open = password(&world, &visitor, "ada", PASSWORD).await.unwrap();
    let flow = password(&world, &visitor, "ada", PASSWORD).await.unwrap();
    assert!(sign_in::finish(&world.app, &visitor, &flow, "000000").await.is_err());
    let events = world.events().await;
    assert!(events.contains(&"authenticator.disabled".to_owned()), "{events:?}");
    for dead in [&half_open, &flow] {
        let code = world.next_code(&ada).await;
        let refused = sign_in::finish(&world.app, &visitor, dead, &code).await;
        assert!(matches!(refused, Err(Error::Unauthenticated)), "{refused:?}");
    }
    let refused = world.sign_in(&ada).await.unwrap_err();
    assert!(refused.to_string().contains("switched off"), "{refused}");
    let flow = password(&world, &visitor, "ada", PASSWORD).await.unwrap();
    let code = ada.recovery_codes.first().unwrap().reveal();
    sign_in::finish(&world.app, &visitor, &flow, &code).await.unwrap();
    world.check_invariants().await;
}

#[tokio::test]
async fn a_recovery_code_works_once() {
    let (world, ada) = enrolled("ada").await;
    let visitor = visitor("192.0.2.1");
    let code = ada.recovery_codes.first().unwrap().reveal().to_lowercase().replace('-', " ");
    let flow = password(&world, &visitor, "ada", PASSWORD).await.unwrap();
    sign_in::finish(&world.app, &visitor, &flow, &code).await.unwrap();
    let flow = password(&world, &visitor, "ada", PASSWORD).await.unwrap();
    assert!(sign_in::finish(&world.app, &visitor, &flow, &code).await.is_err());
    let events = world.events().await;
    assert_eq!(events.iter().filter(|kind| *kind == "recovery_code.used").count(), 1);
}

#[tokio::test]
async fn somebody_else_s_recovery_code_does_nothing() {
    let (world, _) = enrolled("ada").await;
    world.person("bob").await;
    let bob = world.enrol("bob").await;
    let visitor = visitor("192.0.2.1");
    let flow = password(&world, &visitor, "ada", PASSWORD).await.unwrap();
    let code = bob.recovery_codes.first().unwrap().reveal();
    assert!(sign_in::finish(&world.app, &visitor, &flow, &code).await.is_err());
}

#[tokio::test]
async fn a_stranger_s_guesses_delay_the_stranger_alone() {
    let (world, ada) = enrolled("ada").await;
    let attacker = visitor("198.51.100.7");
    let mut looked_at = 0;
    for _ in 0..100 {
        match password(&world, &attacker, "ada", "wrong and wrong again").await.unwrap_err() {
            Error::Invalid(_) => looked_at += 1,
            Error::Busy { .. } => world.advance_seconds(1).await,
            other => panic!("{other:?}"),
        }
    }
    assert!((5..=12).contains(&looked_at), "{looked_at}");
    let neighbour = password(&world, &visitor("198.51.100.200"), "ada", PASSWORD).await;
    assert!(matches!(neighbour, Err(Error::Busy { .. })), "the same network, the same counter");
    world.sign_in(&ada).await.unwrap();
    let known = Visitor { device: ada.signed_in.device.clone(), ..visitor("198.51.100.7") };
    password(&world, &known, "ada", PASSWORD).await.unwrap();
}

#[tokio::test]
async fn guesses_from_everywhere_slow_down_all_but_known_browsers() {
    let (world, ada) = enrolled("ada").await;
    let mut looked_at = 0;
    for number in 0..110_u8 {
        let stranger = visitor(&format!("198.51.{number}.7"));
        let refused = password(&world, &stranger, "ada", "wrong and wrong again").await;
        looked_at += usize::from(matches!(refused, Err(Error::Invalid(_))));
    }
    assert_eq!(looked_at, 100);
    let known = Visitor { device: ada.signed_in.device.clone(), ..visitor("203.0.113.1") };
    password(&world, &known, "ada", PASSWORD).await.unwrap();
}

#[tokio::test]
async fn of_many_passwords_at_once_no_more_are_looked_at_than_one_after_the_other() {
    let (world, _) = enrolled("ada").await;
    let attempts: Vec<_> = (0..30)
        .map(|_| {
            let app = world.app.clone();
            tokio::spawn(async move {
                let attacker = crate::support::credentials::visitor("198.51.100.7");
                let wrong = secret("wrong and wrong again");
                sign_in::begin(&app, &attacker, "ada", &wrong).await.unwrap_err()
            })
        })
        .collect();
    let mut looked_at = 0;
    for attempt in attempts {
        looked_at += usize::from(matches!(attempt.await.unwrap(), Error::Invalid(_)));
    }
    assert_eq!(looked_at, 5);
}

#[tokio::test]
async fn a_break_glass_sign_in_is_told_to_every_administrator() {
    let world = World::new().await;
    world.people(["ada", "bob", "eve", "rescue"]).await;
    world.active("ada", "Global Administrator").await;
    world.group("Administrators", &["bob"]).await;
    world.eligible("Administrators", "Global Administrator").await;
    let rescue = world.enrol("rescue").await;
    world.execute(
        "begin;
         insert into audit_events (id, at, kind, outcome, actor_kind, actor_name, target_id, detail)
         select gen_random_uuid(), instant(), 'person.changed', 'success', 'operator', 'A test', id, '{}'
         from principals where name = 'rescue';
         update principals set break_glass = true where name = 'rescue';
         commit",
    )
    .await;
    world.sign_in(&rescue).await.unwrap();
    assert_eq!(world.events().await.last().unwrap(), "sign_in.break_glass");
    let told: Vec<String> = sqlx::query_scalar(
        "select address from outbox where subject = 'Break-glass sign-in: rescue' order by address",
    )
    .fetch_all(&world.owner)
    .await
    .unwrap();
    assert_eq!(told, ["ada@example.org", "bob@example.org"]);
}

#[tokio::test]
async fn a_session_ends_when_idle_and_after_half_a_day_whatever_happens() {
    let (world, ada) = enrolled("ada").await;
    let session = world.sign_in(&ada).await.unwrap().session;
    world.advance_seconds(29 * 60).await;
    world.request(&session).await.unwrap();
    world.advance_seconds(30 * 60).await;
    assert!(world.request(&session).await.is_err(), "half an hour without a request");
    let session = world.sign_in(&ada).await.unwrap().session;
    for _ in 0..(12 * 60 / 20 - 1) {
        world.advance_seconds(20 * 60).await;
        world.request(&session).await.unwrap();
    }
    world.advance_seconds(20 * 60).await;
    assert!(world.request(&session).await.is_err(), "twelve hours");
}

#[tokio::test]
async fn every_prefix_and_bit_of_a_session_s_secret_matters() {
    let (world, ada) = enrolled("ada").await;
    let session = world.sign_in(&ada).await.unwrap().session;
    let text = session.reveal().to_string();
    for bit in 0..text.len() * 7 {
        let mut changed = text.clone().into_bytes();
        changed[bit / 7] ^= 1 << (bit % 7);
        let changed = String::from_utf8(changed).unwrap();
        if let Some(token) = Token::parse(TokenKind::Session, &changed) {
            assert!(world.request(&token).await.is_err(), "{changed}");
        }
    }
    for kind in [TokenKind::KnownDevice, TokenKind::Invitation, TokenKind::Recovery] {
        let token = Token::parse(kind, &text).unwrap();
        assert!(world.request(&token).await.is_err(), "{kind:?}");
    }
}
