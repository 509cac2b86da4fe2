//! Shutting somebody out at once: what ends, what stays, and how they come back.
use latchkey::{
    domain::{id::PrincipalId, request::RequestState, sign_in::LinkPurpose, time::Duration},
    error::Error,
    secret::{Token, TokenKind},
    service::{lockout, person, session},
};

use crate::support::{World, approved_by, credentials::Credentials, http::EVERY_SCOPE, reason};

async fn world() -> (World, Credentials, PrincipalId) {
    let world = World::new().await;
    world.people(["ada", "bob", "eve", "root", "helpdesk"]).await;
    world.active("root", "Global Administrator").await;
    world.active("helpdesk", "User Administrator").await;
    let approvers = [world.principal("bob"), world.principal("eve")];
    world.role("Operator", |_| ()).await;
    world
        .role("Approved", |terms| {
            terms.activation.requires_approval = true;
            terms.activation.stages = approved_by(approvers);
        })
        .await;
    world.eligible("ada", "Operator").await;
    world.eligible("ada", "Approved").await;
    let ada = world.enrol("ada").await;
    let principal = world.principal("ada");
    (world, ada, principal)
}

#[tokio::test]
async fn all_access_of_somebody_ends_at_once_and_they_keep_what_they_were_given() {
    let (world, ada, id) = world().await;
    let hour = Duration::hours(1);
    let signed_in = world.sign_in(&ada).await.unwrap();
    let token = world.access_token("ada", &EVERY_SCOPE).await;
    world.activate("ada", "Operator", hour).await.unwrap();
    let waiting = world.activate("ada", "Approved", hour).await.unwrap();
    let root = world.actor("root").await;
    lockout::end_access(&world.app, &root, id, &reason()).await.unwrap();

    assert!(!world.holds("ada", "Operator").await);
    assert_eq!(world.state(waiting.request).await, RequestState::Failed);
    assert!(session::authenticate(&world.app, &signed_in.session).await.is_err());
    assert_eq!(world.ask_api("get", "/v1/me", &token, None).await.status, 401);
    assert_eq!(world.events().await.last().unwrap(), "person.access_ended");
    world.sign_in(&ada).await.unwrap();
    world.activate("ada", "Operator", hour).await.unwrap();
    world.check_invariants().await;
}

#[tokio::test]
async fn who_lost_their_phone_sets_up_new_factors_and_the_old_ones_do_not_work_any_more() {
    let (world, ada, id) = world().await;
    let root = world.actor("root").await;
    let made = lockout::require_new_factors(&world.app, &root, id, &reason()).await.unwrap();
    assert!(world.sign_in(&ada).await.is_err(), "the old authenticator is gone");
    let text = made.link.rsplit('/').next().unwrap();
    let link = Token::parse(TokenKind::Recovery, text).unwrap();
    let again = world.accept("ada", LinkPurpose::Recovery, &link).await.unwrap();
    world.sign_in(&again).await.unwrap();
    world.check_invariants().await;
}

#[tokio::test]
async fn nobody_is_shut_out_by_themself_or_by_who_may_not_manage_them() {
    let (world, _, id) = world().await;
    let helpdesk = world.actor("helpdesk").await;
    for refused in [
        lockout::end_access(&world.app, &helpdesk, id, &reason()).await,
        lockout::require_new_factors(&world.app, &helpdesk, id, &reason()).await.map(drop),
        lockout::end_access(&world.app, &world.actor("bob").await, id, &reason()).await,
    ] {
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
    }
    let own = world.principal("root");
    let root = world.actor("root").await;
    let refused = lockout::end_access(&world.app, &root, own, &reason()).await;
    assert!(matches!(refused, Err(Error::NotAllowed(_))), "{refused:?}");
}

#[tokio::test]
async fn an_account_that_is_disabled_gets_no_way_back_in() {
    let (world, _, id) = world().await;
    let root = world.actor("root").await;
    person::disable(&world.app, &root, id, &reason()).await.unwrap();
    for refused in [
        lockout::end_access(&world.app, &root, id, &reason()).await,
        lockout::require_new_factors(&world.app, &root, id, &reason()).await.map(drop),
    ] {
        assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    }
    let links = "select count(*) from one_time_links where used_at is null and revoked_at is null";
    assert_eq!(world.count(links).await, 0);
}
