//! Setting an account up through a one-time link.
use latchkey::{
    domain::{sign_in::LinkPurpose, totp},
    error::Error,
    secret::{Token, TokenKind},
    service::enrolment,
};

use crate::support::{
    World,
    credentials::{PASSWORD, secret, seed, visitor},
};

async fn invited() -> (World, Token) {
    let world = World::new().await;
    world.person("ada").await;
    let link = world.link("ada", LinkPurpose::Invitation).await;
    (world, link)
}

async fn open(world: &World, purpose: LinkPurpose, text: &str) -> Result<Token, Error> {
    enrolment::open(&world.app, &visitor("192.0.2.1"), purpose, text).await
}

#[tokio::test]
async fn an_invitation_leads_to_an_account_that_signs_in() {
    let (world, link) = invited().await;
    let ada = world.accept("ada", LinkPurpose::Invitation, &link).await.unwrap();
    world.request(&ada.signed_in.session).await.unwrap();
    assert_eq!(ada.recovery_codes.len(), 10);
    world.sign_in(&ada).await.unwrap();
    assert_eq!(
        world.events().await,
        [
            "link.issued",
            "link.used",
            "password.changed",
            "authenticator.added",
            "recovery_codes.made",
            "sign_in.succeeded",
            "sign_in.succeeded",
        ]
    );
    world.check_invariants().await;
}

#[tokio::test]
async fn looking_at_a_link_changes_nothing() {
    let (world, link) = invited().await;
    for _ in 0..3 {
        let seen = enrolment::look(&world.app, LinkPurpose::Invitation, &link.reveal()).await;
        assert_eq!(seen.unwrap().display_name, "ada");
    }
    assert_eq!(world.count("select count(*) from sessions").await, 0);
    world.accept("ada", LinkPurpose::Invitation, &link).await.unwrap();
}

#[tokio::test]
async fn a_link_is_used_once_and_only_for_its_purpose() {
    let (world, link) = invited().await;
    let text = link.reveal().to_string();
    assert!(open(&world, LinkPurpose::Recovery, &text).await.is_err());
    world.accept("ada", LinkPurpose::Invitation, &link).await.unwrap();
    let again = open(&world, LinkPurpose::Invitation, &text).await;
    assert!(matches!(again, Err(Error::NotFound("link"))), "{again:?}");
    assert!(enrolment::look(&world.app, LinkPurpose::Invitation, &text).await.is_err());
}

#[tokio::test]
async fn every_prefix_and_bit_of_a_link_matters() {
    let (world, link) = invited().await;
    let text = link.reveal().to_string();
    for length in 0..text.len() {
        assert!(open(&world, LinkPurpose::Invitation, &text[..length]).await.is_err());
    }
    for bit in 0..text.len() * 7 {
        let mut changed = text.clone().into_bytes();
        changed[bit / 7] ^= 1 << (bit % 7);
        let changed = String::from_utf8(changed).unwrap();
        assert!(open(&world, LinkPurpose::Invitation, &changed).await.is_err(), "{changed}");
    }
    open(&world, LinkPurpose::Invitation, &text).await.unwrap();
}

#[tokio::test]
async fn a_new_link_replaces_the_one_before_and_each_runs_out() {
    let (world, first) = invited().await;
    let second = world.link("ada", LinkPurpose::Invitation).await;
    assert!(open(&world, LinkPurpose::Invitation, &first.reveal()).await.is_err());
    world.advance_seconds(7 * 24 * 60 * 60 - 1).await;
    open(&world, LinkPurpose::Invitation, &second.reveal()).await.unwrap();
    world.advance_seconds(1).await;
    assert!(open(&world, LinkPurpose::Invitation, &second.reveal()).await.is_err());
}

#[tokio::test]
async fn the_browser_that_opened_a_link_last_goes_on_alone() {
    let (world, link) = invited().await;
    let text = link.reveal();
    let first = open(&world, LinkPurpose::Invitation, &text).await.unwrap();
    let last = open(&world, LinkPurpose::Invitation, &text).await.unwrap();
    assert!(enrolment::show(&world.app, &first).await.is_err());
    assert!(enrolment::show(&world.app, &last).await.is_ok());
}

#[tokio::test]
async fn of_many_acceptances_at_once_one_wins() {
    let (world, link) = invited().await;
    let visitor = visitor("192.0.2.1");
    let flow = open(&world, LinkPurpose::Invitation, &link.reveal()).await.unwrap();
    let password = secret(PASSWORD);
    enrolment::choose_password(&world.app, &visitor, &flow, &password).await.unwrap();
    let shown = enrolment::show(&world.app, &flow).await.unwrap();
    assert!(shown.has_password);
    let code = totp::code_at(&seed(&shown.authenticator.seed), world.now().await);
    let attempts: Vec<_> = (0..20)
        .map(|_| {
            let (app, flow, code) = (world.app.clone(), flow.clone(), code.clone());
            tokio::spawn(async move {
                let visitor = crate::support::credentials::visitor("192.0.2.1");
                enrolment::accept(&app, &visitor, &flow, &code).await.is_ok()
            })
        })
        .collect();
    let mut accepted = 0;
    for attempt in attempts {
        accepted += usize::from(attempt.await.unwrap());
    }
    assert_eq!(accepted, 1);
    assert_eq!(world.count("select count(*) from recovery_codes").await, 10);
}

#[tokio::test]
async fn nothing_is_kept_before_everything_is_there() {
    let (world, link) = invited().await;
    let visitor = visitor("192.0.2.1");
    let flow = open(&world, LinkPurpose::Invitation, &link.reveal()).await.unwrap();
    let early = enrolment::accept(&world.app, &visitor, &flow, "000000").await;
    assert!(matches!(early, Err(Error::Conflict(_))), "no password yet");
    for poor in ["short", "ada ada ada ada", "latchkeylatchkey"] {
        let refused = enrolment::choose_password(&world.app, &visitor, &flow, &secret(poor)).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{poor}");
    }
    let password = secret(PASSWORD);
    enrolment::choose_password(&world.app, &visitor, &flow, &password).await.unwrap();
    let wrong = enrolment::accept(&world.app, &visitor, &flow, "000000").await;
    assert!(matches!(wrong, Err(Error::Invalid(_))));
    for table in [
        "select count(*) from password_credentials",
        "select count(*) from recovery_codes",
        "select count(*) from totp_credentials where confirmed_at is not null",
        "select count(*) from one_time_links where used_at is not null",
        "select count(*) from sessions where stage = 'signed_in'",
    ] {
        assert_eq!(world.count(table).await, 0, "{table}");
    }
    world.accept("ada", LinkPurpose::Invitation, &link).await.unwrap();
}

#[tokio::test]
async fn a_recovery_leaves_nothing_of_before() {
    let (world, link) = invited().await;
    let before = world.accept("ada", LinkPurpose::Invitation, &link).await.unwrap();
    let other = world.sign_in(&before).await.unwrap();
    let link = world.link("ada", LinkPurpose::Recovery).await;
    world.request(&other.session).await.unwrap();
    let after = world.accept("ada", LinkPurpose::Recovery, &link).await.unwrap();
    for session in [&before.signed_in.session, &other.session] {
        assert!(world.request(session).await.is_err());
    }
    world.request(&after.signed_in.session).await.unwrap();
    assert!(world.sign_in(&before).await.is_err(), "the old authenticator is dead");
    world.sign_in(&after).await.unwrap();
    assert_eq!(
        world.count("select count(*) from recovery_codes where removed_at is null").await,
        10
    );
    let told = "select count(*) from outbox where subject = 'Your sign-in was changed'";
    assert_eq!(world.count(told).await, 2);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_link_to_a_disabled_account_is_dead() {
    let (world, link) = invited().await;
    world.execute(
        "begin;
         insert into audit_events (id, at, kind, outcome, actor_kind, actor_name, target_id, detail)
         select gen_random_uuid(), instant(), 'person.disabled', 'success', 'operator', 'A test', id, '{}'
         from principals where name = 'ada';
         update principals set disabled_at = instant() where name = 'ada';
         commit",
    )
    .await;
    assert!(open(&world, LinkPurpose::Invitation, &link.reveal()).await.is_err());
}

#[tokio::test]
async fn a_secret_of_one_kind_opens_nothing_of_another() {
    let (world, link) = invited().await;
    let text = link.reveal();
    for kind in [TokenKind::SignIn, TokenKind::Session] {
        let token = Token::parse(kind, &text).unwrap();
        assert!(enrolment::show(&world.app, &token).await.is_err());
        assert!(world.request(&token).await.is_err());
    }
    let flow = open(&world, LinkPurpose::Invitation, &text).await.unwrap();
    let visitor = visitor("192.0.2.1");
    let as_sign_in = latchkey::service::sign_in::finish(&world.app, &visitor, &flow, "000000");
    assert!(matches!(as_sign_in.await, Err(Error::Unauthenticated)));
}
