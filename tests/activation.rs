//! A person activates a role, extends it, and is done with it.
use latchkey::{
    domain::{
        activation::Intent,
        actor::{Actor, Idempotency},
        id::{PrincipalId, RoleId, ScopeId},
        request::RequestState,
        settings::Authentication,
        step_up::Act,
        text::{Justification, TicketNumber, TicketSystem},
        time::Duration,
    },
    error::Error,
    service::{
        activation::{self, Reasons, Wish},
        overview,
    },
    store::{self, Change},
};

use crate::support::{World, reason, rules};

const ROLE: &str = "Database operator";
const HOUR: Duration = Duration::hours(1);

/// Ada may activate a role that asks for nothing.
async fn world() -> World {
    let world = World::new().await;
    world.people(["ada", "bob"]).await;
    world.role(ROLE, |_| ()).await;
    world.eligible("ada", ROLE).await;
    world
}

#[tokio::test]
async fn a_role_is_held_from_the_activation_until_its_end() {
    let world = world().await;
    assert!(!world.holds("ada", ROLE).await);
    let granted = world.activate("ada", ROLE, HOUR).await.unwrap();
    assert_eq!(granted.state, RequestState::Granted);
    assert_eq!(granted.ends_at, Some(world.now().await + HOUR));
    assert!(world.holds("ada", ROLE).await);
    assert_eq!(world.events().await, ["activation.started"]);
    world.advance_seconds(3599).await;
    assert!(world.holds("ada", ROLE).await);
    // Nobody has cleaned up, and nobody needs to.
    world.advance_seconds(1).await;
    assert!(!world.holds("ada", ROLE).await);
    world.check_invariants().await;
}

#[tokio::test]
async fn only_the_holder_of_an_eligibility_activates_it() {
    let world = world().await;
    let eligibility = world.eligibility("ada", ROLE).await;
    let wish = Wish { chosen: activation::Chosen::whole(eligibility), duration: HOUR };
    world.second_account("ada-admin", "ada").await;
    for name in ["bob", "ada-admin"] {
        let outcome = world.ask(&world.actor(name).await, wish, &Reasons::default(), None).await;
        assert!(matches!(outcome, Err(Error::NotFound(_))), "{name}: {outcome:?}");
    }
    assert_eq!(world.count("select count(*) from requests").await, 0);
}

#[tokio::test]
async fn a_refusal_names_every_rule_at_once_and_is_recorded() {
    let world = world().await;
    world
        .settings(ROLE, |terms| {
            terms.activation.maximum = Duration::hours(2);
            terms.activation.requires_justification = true;
            terms.activation.requires_ticket = true;
            terms.activation.authentication = Authentication::Mfa;
        })
        .await;
    let outcome = world.activate("ada", ROLE, Duration::hours(3)).await;
    assert_eq!(
        rules(outcome),
        ["duration", "justification_needed", "ticket_needed", "proof_needed"]
    );
    assert_eq!(world.events().await, ["activation.refused"]);
    let reasons = Reasons {
        justification: Justification::parse("Restore the backup").unwrap(),
        ticket_number: TicketNumber::parse("42").unwrap(),
        ticket_system: TicketSystem::parse("Helpdesk").unwrap(),
        starts_at: None,
        emergency: false,
    };
    let wish = world.wish("ada", ROLE, Duration::hours(2)).await;
    let code = world.fresh_code("ada").await;
    let granted = world.ask(&world.actor("ada").await, wish, &reasons, Some(&code)).await.unwrap();
    assert_eq!(granted.state, RequestState::Granted);
    world.check_invariants().await;
}

#[tokio::test]
async fn the_end_of_the_eligibility_cuts_the_activation_and_the_form_says_so() {
    let world = World::new().await;
    world.person("ada").await;
    world.role(ROLE, |_| ()).await;
    let eligibility = world.eligible_for("ada", ROLE, Duration::minutes(40)).await;
    let end = world.now().await + Duration::minutes(40);
    let actor = world.actor("ada").await;
    let preview = activation::preview(
        &world.app,
        &actor,
        activation::Chosen::whole(eligibility),
        (Some(HOUR), None),
        Intent::Activate,
    )
    .await
    .unwrap();
    assert_eq!((preview.end.at, preview.end.cut_by_eligibility), (end, true));
    assert!(preview.refusals.is_empty());
    let granted = world.activate("ada", ROLE, HOUR).await.unwrap();
    assert_eq!((granted.ends_at, granted.cut_by_eligibility), (Some(end), true));
    world.advance(Duration::minutes(40)).await;
    assert!(!world.holds("ada", ROLE).await);
    assert_eq!(rules(world.activate("ada", ROLE, HOUR).await), ["not_eligible"]);
    world.check_invariants().await;
}

#[tokio::test]
async fn several_roles_are_activated_with_one_code_and_some_may_be_refused() {
    let world = world().await;
    let mut wishes = vec![world.wish("ada", ROLE, HOUR).await];
    for role in ["Backup operator", "Firewall operator"] {
        world.role(role, |terms| terms.activation.authentication = Authentication::Mfa).await;
        world.eligible("ada", role).await;
        wishes.push(world.wish("ada", role, HOUR).await);
    }
    wishes[0].duration = Duration::hours(12);
    let code = world.fresh_code("ada").await;
    let actor = world.actor("ada").await;
    let fulfilled =
        activation::activate(&world.app, &actor, &wishes, &Reasons::default(), Some(&code))
            .await
            .unwrap();
    let outcomes: Vec<_> = fulfilled.into_iter().map(|fulfilment| fulfilment.outcome).collect();
    assert!(matches!(outcomes[..], [Err(Error::Refused(_)), Ok(_), Ok(_)]), "{outcomes:?}");
    assert_eq!(world.count("select count(*) from mfa_proofs where spent_for is not null").await, 2);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_code_counts_once_and_only_its_owners() {
    let world = world().await;
    world.settings(ROLE, |terms| terms.activation.authentication = Authentication::Mfa).await;
    let wish = world.wish("ada", ROLE, HOUR).await;
    let actor = world.actor("ada").await;
    let ask = async |code: &str| world.ask(&actor, wish, &Reasons::default(), Some(code)).await;
    world.fresh_code("ada").await;
    let others = world.fresh_code("bob").await;
    assert!(matches!(ask(&others).await, Err(Error::StepUp(_))));
    assert!(matches!(ask("12345").await, Err(Error::StepUp(_))));
    let code = world.fresh_code("ada").await;
    let granted = ask(&code).await.unwrap();
    world.deactivate("ada", granted.assignment.unwrap()).await.unwrap();
    assert!(matches!(ask(&code).await, Err(Error::StepUp(_))));
    world.check_invariants().await;
}

#[tokio::test]
async fn what_is_refused_anyway_is_told_at_once_and_uses_up_no_code() {
    let world = world().await;
    world
        .settings(ROLE, |terms| {
            terms.activation.maximum = Duration::hours(2);
            terms.activation.requires_justification = true;
            terms.activation.authentication = Authentication::Mfa;
        })
        .await;
    let actor = world.actor("ada").await;
    let code = world.fresh_code("ada").await;
    let (long, short) = (Duration::hours(3), HOUR);
    let ask = async |duration, reasons: &Reasons, code: &str| {
        world.ask(&actor, world.wish("ada", ROLE, duration).await, reasons, Some(code)).await
    };
    for shown in [code.as_str(), "000000"] {
        let refused = ask(long, &Reasons::default(), shown).await;
        assert_eq!(rules(refused), ["duration", "justification_needed"], "{shown}");
    }
    assert_eq!(world.count("select sum(failures)::bigint from totp_credentials").await, 0);
    let reasons = Reasons { justification: reason(), ..Reasons::default() };
    let granted = ask(short, &reasons, &code).await.unwrap();
    assert_eq!(granted.state, RequestState::Granted, "with the code that was shown before");
    // More time is asked for by the same rules.
    let (running, code) = (granted.assignment.unwrap(), world.fresh_code("ada").await);
    let extend = async |duration, reasons: &Reasons| {
        activation::extend(&world.app, &actor, running, duration, reasons, Some(&code)).await
    };
    let refused = rules(extend(long, &Reasons::default()).await);
    assert_eq!(refused, ["duration", "justification_needed"]);
    extend(Duration::hours(2), &reasons).await.unwrap();
    world.check_invariants().await;
}

#[tokio::test]
async fn a_proof_fits_the_act_it_was_given_for_and_nothing_else() {
    let world = world().await;
    let actor = world.actor("ada").await;
    let act = |role: RoleId, duration| Act::Activate {
        role,
        scope: ScopeId::ROOT,
        duration,
        starts_at: None,
    };
    let role = world.role_id(ROLE);
    let given = act(role, HOUR);
    let code = world.fresh_code("ada").await;
    let proof =
        latchkey::service::step_up::verify(&world.app, &actor, &code, std::slice::from_ref(&given))
            .await
            .unwrap()[0];
    let spend = async |actor: &Actor, act: &Act| {
        let mut change = Change::begin(&world.app.database, actor).await.unwrap();
        store::mfa_proof::spend(&mut change, proof, act, uuid::Uuid::now_v7()).await
    };
    for other in [
        act(RoleId::AUDITOR, HOUR),
        act(role, Duration::hours(2)),
        Act::Assign { principal: PrincipalId::new(), role, scope: ScopeId::ROOT },
    ] {
        assert!(matches!(spend(&actor, &other).await, Err(Error::StepUp(_))), "{other:?}");
    }
    // Another session of the same person, and another person.
    assert!(matches!(spend(&world.actor("ada").await, &given).await, Err(Error::StepUp(_))));
    assert!(matches!(spend(&world.actor("bob").await, &given).await, Err(Error::StepUp(_))));
    spend(&actor, &given).await.unwrap();
    world.advance_seconds(299).await;
    spend(&actor, &given).await.unwrap();
    world.advance_seconds(1).await;
    assert!(matches!(spend(&actor, &given).await, Err(Error::StepUp(_))));
}

#[tokio::test]
async fn a_repeat_under_the_same_key_takes_effect_once() {
    let world = world().await;
    let wish = world.wish("ada", ROLE, HOUR).await;
    let with_key = async |fingerprint| {
        let idempotency =
            Some(Idempotency { key: "key".to_owned(), fingerprint: [fingerprint; 32] });
        Actor { idempotency, ..world.actor("ada").await }
    };
    let actor = with_key(1).await;
    let first = world.ask(&actor, wish, &Reasons::default(), None).await.unwrap();
    let again = world.ask(&actor, wish, &Reasons::default(), None).await.unwrap();
    assert_eq!((first.request, first.assignment), (again.request, again.assignment));
    assert_eq!(world.count("select count(*) from requests").await, 1);
    let other = with_key(2).await;
    let conflict = world.ask(&other, wish, &Reasons::default(), None).await;
    assert!(matches!(conflict, Err(Error::Conflict(_))), "{conflict:?}");
}

#[tokio::test]
async fn of_many_at_once_one_is_granted() {
    let world = world().await;
    let wish = world.wish("ada", ROLE, HOUR).await;
    let actor = world.actor("ada").await;
    let key = Actor {
        idempotency: Some(Idempotency { key: "key".to_owned(), fingerprint: [7; 32] }),
        ..actor.clone()
    };
    let plain = Reasons::default();
    let all = futures_util::future::join_all(
        (0..8).map(|n| world.ask(if n % 2 == 0 { &actor } else { &key }, wish, &plain, None)),
    )
    .await;
    let granted: std::collections::BTreeSet<_> = all
        .iter()
        .filter_map(|outcome| outcome.as_ref().ok())
        .map(|granted| granted.request)
        .collect();
    assert_eq!(granted.len(), 1, "{all:?}");
    for refused in all.into_iter().filter(Result::is_err) {
        assert_eq!(rules(refused), ["already_active"]);
    }
    assert_eq!(world.count("select count(*) from requests").await, 1);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_start_can_be_later_but_not_too_far_away() {
    let world = world().await;
    let far = world.activate_later("ada", ROLE, HOUR, Duration::days(91)).await;
    assert_eq!(rules(far), ["start"]);
    let scheduled = world.activate_later("ada", ROLE, HOUR, Duration::hours(2)).await.unwrap();
    assert_eq!(scheduled.state, RequestState::Scheduled);
    assert!(!world.holds("ada", ROLE).await);
    assert_eq!(rules(world.activate("ada", ROLE, HOUR).await), ["already_requested"]);
    world.advance(Duration::hours(2)).await;
    assert_eq!(world.run_due().await, 1);
    assert!(world.holds("ada", ROLE).await);
    let started =
        ["activation.refused", "activation.scheduled", "activation.refused", "activation.started"];
    assert_eq!(world.events().await, started);
    world.check_invariants().await;
}

#[tokio::test]
async fn an_extension_takes_over_without_a_gap_and_within_the_maximum_from_now() {
    let world = world().await;
    let first = world.activate("ada", ROLE, HOUR).await.unwrap().assignment.unwrap();
    world.advance(Duration::minutes(30)).await;
    let actor = world.actor("ada").await;
    let extend = async |id, duration| {
        activation::extend(&world.app, &actor, id, duration, &Reasons::default(), None).await
    };
    assert_eq!(rules(extend(first, Duration::minutes(30)).await), ["no_more_time"]);
    assert_eq!(rules(extend(first, Duration::hours(9)).await), ["duration"]);
    let second = extend(first, Duration::hours(8)).await.unwrap();
    assert_eq!(second.ends_at, Some(world.now().await + Duration::hours(8)));
    assert!(world.holds("ada", ROLE).await);
    assert!(matches!(extend(first, Duration::hours(8)).await, Err(Error::NotFound(_))));
    let others = activation::extend(
        &world.app,
        &world.actor("bob").await,
        second.assignment.unwrap(),
        HOUR,
        &Reasons::default(),
        None,
    )
    .await;
    assert!(matches!(others, Err(Error::NotFound(_))));
    let gapless = world
        .count("select count(*) from assignments as one join assignments as other on one.ended_at = other.starts_at")
        .await;
    assert_eq!(gapless, 1);
    world.check_invariants().await;
}

#[tokio::test]
async fn an_extension_is_judged_by_the_same_rules_again() {
    let world = world().await;
    let first = world.activate("ada", ROLE, HOUR).await.unwrap().assignment.unwrap();
    world
        .settings(ROLE, |terms| {
            terms.activation.requires_justification = true;
            terms.activation.authentication = Authentication::Mfa;
        })
        .await;
    let actor = world.actor("ada").await;
    let refused = activation::extend(
        &world.app,
        &actor,
        first,
        Duration::hours(2),
        &Reasons::default(),
        None,
    )
    .await;
    assert_eq!(rules(refused), ["justification_needed", "proof_needed"]);
    let reasons = Reasons { justification: reason(), ..Reasons::default() };
    let code = world.fresh_code("ada").await;
    activation::extend(&world.app, &actor, first, Duration::hours(2), &reasons, Some(&code))
        .await
        .unwrap();
    world.check_invariants().await;
}

#[tokio::test]
async fn whoever_is_done_ends_it_at_once() {
    let world = world().await;
    let id = world.activate("ada", ROLE, HOUR).await.unwrap().assignment.unwrap();
    assert!(matches!(world.deactivate("bob", id).await, Err(Error::NotFound(_))));
    let (one, other) = tokio::join!(world.deactivate("ada", id), world.deactivate("ada", id));
    assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1);
    assert!(!world.holds("ada", ROLE).await);
    world.activate("ada", ROLE, HOUR).await.unwrap();
    world.check_invariants().await;
}

#[tokio::test]
async fn an_activation_whose_time_is_up_does_not_stand_in_the_way() {
    let world = world().await;
    world.activate("ada", ROLE, HOUR).await.unwrap();
    assert_eq!(rules(world.activate("ada", ROLE, HOUR).await), ["already_active"]);
    world.advance(HOUR).await;
    world.activate("ada", ROLE, HOUR).await.unwrap();
    assert_eq!(
        world.count("select count(*) from assignments where end_reason = 'expired'").await,
        1
    );
    world.check_invariants().await;
}

#[tokio::test]
async fn who_holds_a_role_for_good_need_not_activate_it() {
    let world = world().await;
    world.active("ada", ROLE).await;
    assert_eq!(rules(world.activate("ada", ROLE, HOUR).await), ["standing_access"]);
}

#[tokio::test]
async fn what_ends_first_stands_first_and_what_is_always_on_comes_last() {
    let world = world().await;
    world.role("Always on", |_| ()).await;
    world.role("Short", |_| ()).await;
    world.active("ada", "Always on").await;
    world.eligible("ada", "Short").await;
    world.activate("ada", ROLE, Duration::hours(2)).await.unwrap();
    world.activate("ada", "Short", HOUR).await.unwrap();
    let mine = overview::my_access(&world.app, &world.actor("ada").await).await.unwrap();
    let order: Vec<_> = mine.active.iter().map(|held| held.role_name.as_str()).collect();
    assert_eq!(order, ["Short", ROLE, "Always on"]);
}
