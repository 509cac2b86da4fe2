//! Changing what one signs in with, and ending sessions.
use latchkey::{
    domain::totp,
    error::Error,
    service::{credential, session},
};

use crate::support::{
    World,
    credentials::{Credentials, PASSWORD, secret, seed},
};

const ANOTHER: &str = "eight candles on the landing";

async fn enrolled() -> (World, Credentials) {
    let world = World::new().await;
    world.person("ada").await;
    let ada = world.enrol("ada").await;
    (world, ada)
}

#[tokio::test]
async fn a_changed_password_rotates_the_session_and_ends_the_others() {
    let (world, ada) = enrolled().await;
    let other = world.sign_in(&ada).await.unwrap().session;
    let actor = world.request(&ada.signed_in.session).await.unwrap();
    let code = world.next_code(&ada).await;
    let rotated =
        credential::change_password(&world.app, &actor, &secret(PASSWORD), &secret(ANOTHER), &code)
            .await
            .unwrap();
    assert!(world.request(&ada.signed_in.session).await.is_err(), "the old secret is dead");
    assert!(world.request(&other).await.is_err(), "so is the other browser");
    world.request(&rotated).await.unwrap();
    assert!(world.sign_in(&ada).await.is_err(), "the old password is dead");
    let events = world.events().await;
    assert!(events.contains(&"password.changed".to_owned()), "{events:?}");
    let told = "select count(*) from outbox where body like 'Your password was changed.%'";
    assert_eq!(world.count(told).await, 1);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_password_changes_only_with_the_old_one_and_a_fresh_code() {
    let (world, ada) = enrolled().await;
    let actor = world.request(&ada.signed_in.session).await.unwrap();
    let used = world.code(&ada).await;
    let fresh = world.next_code(&ada).await;
    for (old, new, code) in [
        ("not my password at all", ANOTHER, fresh.as_str()),
        (PASSWORD, ANOTHER, used.as_str()),
        (PASSWORD, ANOTHER, "000000"),
        (PASSWORD, ANOTHER, ""),
        (PASSWORD, "short", fresh.as_str()),
        ("", ANOTHER, fresh.as_str()),
    ] {
        let refused =
            credential::change_password(&world.app, &actor, &secret(old), &secret(new), code).await;
        assert!(
            matches!(refused, Err(Error::Invalid(_) | Error::StepUp(_))),
            "{old} {new} {code}: {refused:?}"
        );
    }
    world.sign_in(&ada).await.unwrap();
}

#[tokio::test]
async fn guessing_the_old_password_in_a_stolen_session_is_slowed_down() {
    let (world, ada) = enrolled().await;
    let actor = world.request(&ada.signed_in.session).await.unwrap();
    let mut looked_at = 0;
    for _ in 0..20 {
        let refused = credential::change_password(
            &world.app,
            &actor,
            &secret("wrong and wrong again"),
            &secret(ANOTHER),
            "000000",
        )
        .await;
        looked_at += usize::from(matches!(refused, Err(Error::Invalid(_))));
    }
    assert_eq!(looked_at, 5);
}

#[tokio::test]
async fn another_authenticator_counts_once_it_has_shown_a_code() {
    let (world, ada) = enrolled().await;
    let actor = world.request(&ada.signed_in.session).await.unwrap();
    assert!(credential::begin_authenticator(&world.app, &actor, "000000").await.is_err());
    let code = world.next_code(&ada).await;
    let shown = credential::begin_authenticator(&world.app, &actor, &code).await.unwrap();
    let new = seed(&shown.seed);
    world.sign_in(&ada).await.expect("the old one still counts");
    assert!(credential::confirm_authenticator(&world.app, &actor, "000000").await.is_err());
    let elsewhere = world.sign_in(&ada).await.unwrap().session;
    let elsewhere = world.request(&elsewhere).await.unwrap();
    let code = totp::code_at(&new, world.now().await);
    let stolen = credential::confirm_authenticator(&world.app, &elsewhere, &code).await;
    assert!(matches!(stolen, Err(Error::Conflict(_))), "it is bound to the session");
    let rotated = credential::confirm_authenticator(&world.app, &actor, &code).await.unwrap();
    world.request(&rotated).await.unwrap();
    assert!(world.sign_in(&ada).await.is_err(), "the old one is dead");
    let ada = Credentials { seed: new, ..ada };
    world.advance_seconds(300).await;
    world.sign_in(&ada).await.unwrap();
    let events = world.events().await;
    assert!(events.contains(&"authenticator.removed".to_owned()), "{events:?}");
    world.check_invariants().await;
}

#[tokio::test]
async fn a_lost_phone_is_replaced_by_a_recovery_code() {
    let (world, ada) = enrolled().await;
    let actor = world.request(&ada.signed_in.session).await.unwrap();
    let code = ada.recovery_codes.first().unwrap().reveal();
    let shown = credential::begin_authenticator(&world.app, &actor, &code).await.unwrap();
    let code = totp::code_at(&seed(&shown.seed), world.now().await);
    credential::confirm_authenticator(&world.app, &actor, &code).await.unwrap();
    let overview = world.request(&ada.signed_in.session).await;
    assert!(overview.is_err(), "the secret was rotated");
}

#[tokio::test]
async fn new_recovery_codes_replace_the_old_ones() {
    let (world, ada) = enrolled().await;
    let actor = world.request(&ada.signed_in.session).await.unwrap();
    let code = world.next_code(&ada).await;
    let renewed = credential::renew_recovery_codes(&world.app, &actor, &code).await;
    let (rotated, codes) = renewed.unwrap();
    assert_eq!(codes.len(), 10);
    let actor = world.request(&rotated).await.unwrap();
    let old = ada.recovery_codes.first().unwrap().reveal();
    assert!(credential::begin_authenticator(&world.app, &actor, &old).await.is_err());
    let new = codes.first().unwrap().reveal();
    credential::begin_authenticator(&world.app, &actor, &new).await.unwrap();
    let overview = credential::overview(&world.app, &actor).await.unwrap();
    assert_eq!(overview.recovery_codes_left, 9);
    assert!(overview.pending.is_some());
}

#[tokio::test]
async fn sessions_are_listed_and_ended_by_their_owner_alone() {
    let (world, ada) = enrolled().await;
    let here = world.request(&ada.signed_in.session).await.unwrap();
    let there = world.sign_in(&ada).await.unwrap().session;
    world.person("bob").await;
    let bob = world.actor("bob").await;
    let listed = session::list(&world.app, &here).await.unwrap();
    assert_eq!(listed.len(), 2);
    for one in &listed {
        let foreign = session::end(&world.app, &bob, one.id).await;
        assert!(matches!(foreign, Err(Error::NotFound("session"))));
    }
    let other = listed.first().unwrap().id;
    session::end(&world.app, &here, other).await.unwrap();
    assert!(world.request(&there).await.is_err());
    world.request(&ada.signed_in.session).await.unwrap();
}

#[tokio::test]
async fn signing_out_ends_this_session_and_everywhere_ends_all() {
    let (world, ada) = enrolled().await;
    let here = world.request(&ada.signed_in.session).await.unwrap();
    let there = world.sign_in(&ada).await.unwrap();
    session::sign_out(&world.app, &here).await.unwrap();
    assert!(world.request(&ada.signed_in.session).await.is_err());
    let actor = world.request(&there.session).await.unwrap();
    let third = world.sign_in(&ada).await.unwrap();
    assert_eq!(session::end_all(&world.app, &actor).await.unwrap(), 2);
    for dead in [&there.session, &third.session] {
        assert!(world.request(dead).await.is_err());
    }
    assert_eq!(world.count("select count(*) from known_devices").await, 0);
    world.check_invariants().await;
}

#[tokio::test]
async fn what_is_over_is_removed_and_what_is_not_stays() {
    let (world, ada) = enrolled().await;
    let stranger = crate::support::credentials::visitor("198.51.100.7");
    let wrong = secret("wrong and wrong again");
    let refused = latchkey::service::sign_in::begin(&world.app, &stranger, "ada", &wrong).await;
    assert!(refused.is_err());
    assert_eq!(latchkey::service::prune::prune(&world.app).await.unwrap(), 0);
    world.advance_seconds(8 * 24 * 60 * 60).await;
    world.sign_in(&ada).await.unwrap();
    assert!(latchkey::service::prune::prune(&world.app).await.unwrap() > 0);
    assert_eq!(world.count("select count(*) from sign_in_throttles").await, 0);
    let left = "select count(*) from sessions where stage = 'signed_in'";
    assert_eq!(world.count(left).await, 1);
}
