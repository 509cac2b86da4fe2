//! Proofs by a second factor: for one act, spent once, five minutes at most.
use latchkey::{
    domain::{
        actor::Actor,
        audit::{Event, Kind},
        id::{ProofId, RoleId, ScopeId},
        step_up::Act,
        time::Duration,
    },
    error::Error,
    service::step_up,
    store::{self, Change},
};
use uuid::Uuid;

use crate::support::{World, credentials::Credentials};

fn activate(hours: u32) -> Act {
    Act::Activate {
        role: RoleId::GLOBAL_ADMINISTRATOR,
        scope: ScopeId::ROOT,
        duration: Duration::hours(hours),
        starts_at: None,
    }
}

async fn signed_in() -> (World, Credentials, Actor) {
    let world = World::new().await;
    world.person("ada").await;
    let ada = world.enrol("ada").await;
    let actor = world.request(&ada.signed_in.session).await.unwrap();
    (world, ada, actor)
}

async fn prove(world: &World, ada: &Credentials, actor: &Actor, acts: &[Act]) -> Vec<ProofId> {
    let code = world.next_code(ada).await;
    step_up::verify(&world.app, actor, &code, acts).await.unwrap()
}

async fn spend(world: &World, actor: &Actor, proof: ProofId, act: &Act) -> Result<(), Error> {
    let mut change = Change::begin(&world.app.database, actor).await?;
    store::mfa_proof::spend(&mut change, proof, act, Uuid::now_v7()).await?;
    change.commit(&Event::new(Kind::ActivationRequested)).await
}

#[tokio::test]
async fn a_proof_is_spent_once_on_its_act() {
    let (world, ada, actor) = signed_in().await;
    let acts = [activate(1), activate(2)];
    let proofs = prove(&world, &ada, &actor, &acts).await;
    for (proof, act) in proofs.iter().zip(&acts) {
        spend(&world, &actor, *proof, act).await.unwrap();
        assert!(matches!(spend(&world, &actor, *proof, act).await, Err(Error::StepUp(_))));
    }
    world.check_invariants().await;
}

#[tokio::test]
async fn a_sign_in_a_moment_ago_is_no_proof() {
    let (world, ada, actor) = signed_in().await;
    assert!(spend(&world, &actor, ProofId::new(), &activate(1)).await.is_err());
    let code = world.code(&ada).await;
    let used = step_up::verify(&world.app, &actor, &code, &[activate(1)]).await;
    assert!(matches!(used, Err(Error::StepUp(_))), "the code that signed in is used up");
}

#[tokio::test]
async fn a_proof_fits_nothing_else() {
    let (world, ada, actor) = signed_in().await;
    let [proof] = prove(&world, &ada, &actor, &[activate(1)]).await[..] else { panic!() };
    let others = [
        activate(2),
        Act::Activate {
            role: RoleId::AUDITOR,
            scope: ScopeId::ROOT,
            duration: Duration::hours(1),
            starts_at: None,
        },
        Act::Activate {
            role: RoleId::GLOBAL_ADMINISTRATOR,
            scope: ScopeId::new(),
            duration: Duration::hours(1),
            starts_at: None,
        },
        Act::ChangePassword,
    ];
    for other in &others {
        assert!(spend(&world, &actor, proof, other).await.is_err(), "{other:?}");
    }
    let other_session = world.sign_in(&ada).await.unwrap().session;
    let other_session = world.request(&other_session).await.unwrap();
    assert!(spend(&world, &other_session, proof, &activate(1)).await.is_err());
    world.person("bob").await;
    let bob = world.actor("bob").await;
    assert!(spend(&world, &bob, proof, &activate(1)).await.is_err());
    spend(&world, &actor, proof, &activate(1)).await.unwrap();
}

#[tokio::test]
async fn a_proof_is_good_for_five_minutes() {
    let (world, ada, actor) = signed_in().await;
    let acts = [activate(1), activate(2)];
    let [young, old] = prove(&world, &ada, &actor, &acts).await[..] else { panic!() };
    world.advance_seconds(299).await;
    spend(&world, &actor, young, &activate(1)).await.unwrap();
    world.advance_seconds(1).await;
    assert!(spend(&world, &actor, old, &activate(2)).await.is_err());
}

#[tokio::test]
async fn a_recovery_code_gives_no_power() {
    let (world, ada, actor) = signed_in().await;
    let code = ada.recovery_codes.first().unwrap().reveal();
    let mixed = [Act::ReplaceAuthenticator, activate(1)];
    for acts in [&[activate(1)][..], &mixed[..], &[]] {
        let refused = step_up::verify(&world.app, &actor, &code, acts).await;
        assert!(matches!(refused, Err(Error::StepUp(_))), "{acts:?}");
    }
    let acts = [Act::ReplaceAuthenticator];
    let proofs = step_up::verify(&world.app, &actor, &code, &acts).await.unwrap();
    assert_eq!(proofs.len(), 1);
}

#[tokio::test]
async fn a_code_gives_proofs_once_of_a_hundred_at_once() {
    let (world, ada, actor) = signed_in().await;
    let code = world.next_code(&ada).await;
    let attempts: Vec<_> = (0..100)
        .map(|_| {
            let (app, actor, code) = (world.app.clone(), actor.clone(), code.clone());
            tokio::spawn(async move {
                step_up::verify(&app, &actor, &code, &[activate(1)]).await.is_ok()
            })
        })
        .collect();
    let mut proved = 0;
    for attempt in attempts {
        proved += usize::from(attempt.await.unwrap());
    }
    assert_eq!(proved, 1);
    assert_eq!(world.count("select count(*) from mfa_proofs").await, 1);
}

#[tokio::test]
async fn of_many_spendings_at_once_one_wins() {
    let (world, ada, actor) = signed_in().await;
    let [proof] = prove(&world, &ada, &actor, &[activate(1)]).await[..] else { panic!() };
    let world = std::sync::Arc::new(world);
    let attempts: Vec<_> = (0..20)
        .map(|_| {
            let (world, actor) = (std::sync::Arc::clone(&world), actor.clone());
            tokio::spawn(async move { spend(&world, &actor, proof, &activate(1)).await.is_ok() })
        })
        .collect();
    let mut spent = 0;
    for attempt in attempts {
        spent += usize::from(attempt.await.unwrap());
    }
    assert_eq!(spent, 1);
}

#[tokio::test]
async fn guesses_are_counted_over_all_places_where_one_can_guess() {
    let (world, ada, actor) = signed_in().await;
    for _ in 0..3 {
        assert!(step_up::verify(&world.app, &actor, "000000", &[activate(1)]).await.is_err());
    }
    for _ in 0..2 {
        let visitor = crate::support::credentials::visitor("192.0.2.1");
        let password = crate::support::credentials::secret(crate::support::credentials::PASSWORD);
        let begun = latchkey::service::sign_in::begin(&world.app, &visitor, "ada", &password).await;
        let flow = begun.unwrap();
        let wrong = latchkey::service::sign_in::finish(&world.app, &visitor, &flow, "000000").await;
        assert!(matches!(wrong, Err(Error::Invalid(_))));
    }
    let code = world.next_code(&ada).await;
    let waiting = step_up::verify(&world.app, &actor, &code, &[activate(1)]).await;
    assert!(matches!(waiting, Err(Error::Busy { .. })), "{waiting:?}");
    world.advance_seconds(300).await;
    let code = world.code(&ada).await;
    step_up::verify(&world.app, &actor, &code, &[activate(1)]).await.unwrap();
}

#[tokio::test]
async fn a_code_that_was_used_is_refused_and_is_no_guess() {
    let (world, ada, actor) = signed_in().await;
    let code = world.next_code(&ada).await;
    step_up::verify(&world.app, &actor, &code, &[activate(1)]).await.unwrap();
    for _ in 0..6 {
        let used = step_up::verify(&world.app, &actor, &code, &[activate(1)]).await;
        assert!(matches!(used, Err(Error::StepUp(_))), "{used:?}");
    }
    assert_eq!(world.count("select count(*) from mfa_proofs").await, 1, "it gave one proof");
    let failures = "select sum(failures)::bigint from totp_credentials";
    assert_eq!(world.count(failures).await, 0);
    // A wrong one beside it is counted as before, and the next one counts.
    assert!(step_up::verify(&world.app, &actor, "000000", &[activate(1)]).await.is_err());
    assert_eq!(world.count(failures).await, 1);
    let next = world.next_code(&ada).await;
    step_up::verify(&world.app, &actor, &next, &[activate(1)]).await.unwrap();
    world.check_invariants().await;
}

#[tokio::test]
async fn the_database_holds_the_same_limits() {
    let (world, ada, actor) = signed_in().await;
    let [spent, old] = prove(&world, &ada, &actor, &[activate(1), activate(2)]).await[..] else {
        panic!()
    };
    spend(&world, &actor, spent, &activate(1)).await.unwrap();
    for (proof, constraint) in [(spent, "mfa_proofs_spend_once"), (old, "mfa_proofs_fresh")] {
        world.advance_seconds(301).await;
        let error = sqlx::query(
            "update mfa_proofs set spent_at = instant(), spent_for = gen_random_uuid() where id = $1",
        )
        .bind(proof)
        .execute(&world.owner)
        .await
        .unwrap_err();
        let broken = error.as_database_error().and_then(|error| error.constraint());
        assert_eq!(broken, Some(constraint));
    }
    let error = sqlx::query("update totp_credentials set last_step = last_step - 1")
        .execute(&world.owner)
        .await
        .unwrap_err();
    let broken = error.as_database_error().and_then(|error| error.constraint());
    assert_eq!(broken, Some("totp_steps_rise"));
}
