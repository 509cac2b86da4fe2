//! Deputies: who decides for an approver while that one is away.
use latchkey::{
    domain::{
        approval::{Approver, Stage},
        id::{RoleId, ScopeId},
        request::RequestState,
        text::Description,
        time::Duration,
    },
    error::Error,
    service::{
        deputy::{self, Wanted},
        request,
    },
};

use super::{ROLE, asked, world};
use crate::support::{World, rules};

async fn name(world: &World, by: &str, deputy: &str, hours: u32) -> Result<uuid::Uuid, Error> {
    let ends_at = world.now().await + Duration::hours(hours);
    let wanted = Wanted {
        deputy: deputy.to_owned(),
        starts_at: None,
        ends_at,
        reason: "Holiday".parse::<Description>().unwrap(),
    };
    let code = world.fresh_code(by).await;
    deputy::name(&world.app, &world.actor(by).await, &wanted, &code).await
}

#[tokio::test]
async fn nobody_is_taken_for_somebody_else_by_a_name_like_an_address() {
    let world = world().await;
    world.people(["dora"]).await;
    name(&world, "bob", "DORA@example.org", 24).await.unwrap();
    world.second_account("dora@example.org", "mallory").await;
    let outcome = name(&world, "eve", "dora@example.org", 24).await;
    assert!(outcome.is_err(), "the address is mallory's user name by now: {outcome:?}");
    name(&world, "eve", "dora", 24).await.unwrap();
}

#[tokio::test]
async fn a_deputy_decides_for_whoever_is_away_until_the_last_day() {
    let world = world().await;
    world.people(["dora"]).await;
    let request = asked(&world).await;
    assert!(world.approve("dora", request).await.is_err(), "she is nobody's deputy yet");
    name(&world, "bob", "dora", 24).await.unwrap();
    let detail = request::show(&world.app, &world.actor("dora").await, request).await.unwrap();
    assert!(detail.may_decide, "it is hers to decide");
    assert!(
        detail
            .deciders
            .iter()
            .any(|it| it.deputises.as_deref().is_some_and(|name| name.contains("bob"))),
        "and everybody sees for whom: {:?}",
        detail.deciders
    );
    world.approve("dora", request).await.unwrap();
    assert_eq!(world.state(request).await, RequestState::Granted);
    world.check_invariants().await;
}

#[tokio::test]
async fn nobody_decides_their_own_request_as_a_deputy_or_through_one() {
    let world = world().await;
    world.people(["dora"]).await;
    let request = asked(&world).await;
    name(&world, "bob", "ada", 24).await.unwrap();
    assert_eq!(rules(world.approve("ada", request).await), ["own_request"]);
    // Whoever stands in for whoever asks is no approver by that.
    name(&world, "ada", "dora", 24).await.unwrap();
    assert!(world.approve("dora", request).await.is_err());
    assert!(name(&world, "bob", "bob", 24).await.is_err(), "nobody is their own deputy");
    world.check_invariants().await;
}

#[tokio::test]
async fn a_deputy_of_a_deputy_decides_nothing_and_it_ends_when_it_is_ended() {
    let world = world().await;
    world.people(["dora", "fred"]).await;
    let request = asked(&world).await;
    let named = name(&world, "bob", "dora", 24).await.unwrap();
    name(&world, "dora", "fred", 24).await.unwrap();
    assert!(world.approve("fred", request).await.is_err());
    let other = deputy::end(&world.app, &world.actor("eve").await, named).await;
    assert!(matches!(other, Err(Error::NotFound(_))), "it is bob's to end");
    deputy::end(&world.app, &world.actor("bob").await, named).await.unwrap();
    assert!(world.approve("dora", request).await.is_err());
    world.approve("bob", request).await.unwrap();
    world.check_invariants().await;
}

#[tokio::test]
async fn a_deputy_is_named_for_dates_and_not_for_ever() {
    let world = world().await;
    world.people(["dora"]).await;
    assert!(matches!(name(&world, "bob", "dora", 93 * 24).await, Err(Error::Invalid(_))));
    assert!(matches!(name(&world, "bob", "nobody-at-all", 24).await, Err(Error::Invalid(_))));
    name(&world, "bob", "dora", 24).await.unwrap();
    assert!(matches!(name(&world, "bob", "dora", 24).await, Err(Error::Invalid(_))), "not twice");
    let request = asked(&world).await;
    world.advance(Duration::hours(23)).await;
    assert!(
        request::show(&world.app, &world.actor("dora").await, request).await.unwrap().may_decide
    );
    world.advance(Duration::minutes(60)).await;
    assert!(world.approve("dora", request).await.is_err(), "her time is over");
    world.check_invariants().await;
}

#[tokio::test]
async fn giving_ones_say_away_takes_a_fresh_code_and_whoever_gives_it_is_told() {
    let world = world().await;
    world.people(["dora"]).await;
    let wanted = Wanted {
        deputy: "dora".to_owned(),
        starts_at: None,
        ends_at: world.now().await + Duration::hours(24),
        reason: Description::default(),
    };
    let bob = world.actor("bob").await;
    for code in ["", "000000"] {
        let refused = deputy::name(&world.app, &bob, &wanted, code).await;
        assert!(matches!(refused, Err(Error::StepUp(_))), "{refused:?}");
    }
    name(&world, "bob", "dora", 24).await.unwrap();
    let told: Vec<(String, String)> = sqlx::query_as(
        "select split_part(address, '@', 1), body from outbox where body like '%dora%' or body like '%bob%' order by 1",
    )
    .fetch_all(&world.owner)
    .await
    .unwrap();
    let [(bob, to_bob), (dora, _)] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((bob.as_str(), dora.as_str()), ("bob", "dora"));
    assert!(to_bob.contains("decides for you"), "{to_bob}");
    world.check_invariants().await;
}

#[tokio::test]
async fn whoever_stands_in_for_an_approver_of_a_privileged_role_is_looked_after_like_one() {
    for approver in [Approver::Manager, Approver::ScopeOwners] {
        let world = world().await;
        world.people(["dora", "owner"]).await;
        world
            .settings(ROLE, |terms| {
                terms.activation.requires_approval = true;
                terms.activation.stages = vec![Stage::of([approver.clone()])];
            })
            .await;
        world.mark_privileged(ROLE, true).await;
        match approver {
            Approver::Manager => world.manages("owner", "ada").await,
            _ => {
                let shop = world.scope("Shop", ScopeId::ROOT, "folder").await;
                let owner = world.principal("owner");
                world.assign("active", owner, (RoleId::OWNER, shop), (None, None)).await;
            }
        }
        let reaches = async || {
            sqlx::query_scalar::<_, bool>("select reaches_privilege($1)")
                .bind(world.principal("dora"))
                .fetch_one(&world.owner)
                .await
                .unwrap()
        };
        assert!(!reaches().await, "{approver:?}");
        name(&world, "owner", "dora", 24).await.unwrap();
        assert!(reaches().await, "{approver:?}");
    }
}

#[tokio::test]
async fn what_can_be_mended_is_told_at_once_and_uses_up_no_code() {
    let world = world().await;
    world.people(["dora"]).await;
    let bob = world.actor("bob").await;
    let code = world.fresh_code("bob").await;
    let now = world.now().await;
    let wrong = async |deputy: &str, from: u32, until: u32| -> Vec<&'static str> {
        let wanted = Wanted {
            deputy: deputy.to_owned(),
            starts_at: Some(now + Duration::days(from)),
            ends_at: now + Duration::days(until),
            reason: Description::default(),
        };
        match deputy::name(&world.app, &bob, &wanted, &code).await {
            Err(Error::Invalid(wrong)) => wrong.iter().map(|fault| fault.field).collect(),
            named => panic!("{named:?}"),
        }
    };
    assert_eq!(wrong("bob", 3, 2).await, ["deputy", "ends_at"]);
    for (deputy, from, until, field) in [
        ("dora", 0, 93, "ends_at"),
        ("dora", 400, 401, "ends_at"),
        ("dora", 0, 0, "ends_at"),
        ("bob@example.org", 0, 1, "deputy"),
        (" ", 0, 1, "deputy"),
    ] {
        assert_eq!(wrong(deputy, from, until).await, [field], "{deputy:?} {from} {until}");
    }
    let used = "select count(*) from mfa_proofs";
    assert_eq!(world.count(used).await, 0);
    let ends_at = now + Duration::hours(24);
    let deputy = "dora".to_owned();
    let wanted = Wanted { deputy, starts_at: None, ends_at, reason: Description::default() };
    deputy::name(&world.app, &bob, &wanted, &code).await.unwrap();
    assert_eq!(world.count(used).await, 1, "the same code was good all the time");
    world.check_invariants().await;
}

#[tokio::test]
async fn without_a_code_nobody_learns_who_there_is() {
    let world = world().await;
    world.people(["dora"]).await;
    let bob = world.actor("bob").await;
    for deputy in ["dora", "nobody-at-all"] {
        let ends_at = world.now().await + Duration::hours(24);
        let wanted = Wanted {
            deputy: deputy.to_owned(),
            starts_at: None,
            ends_at,
            reason: Description::default(),
        };
        let refused = deputy::name(&world.app, &bob, &wanted, "").await;
        assert!(matches!(refused, Err(Error::StepUp(_))), "{deputy}: {refused:?}");
    }
}
