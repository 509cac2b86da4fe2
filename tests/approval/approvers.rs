//! Who may decide, and who may not.
use std::collections::BTreeSet;

use latchkey::{
    domain::{
        actor::{Actor, TokenScope, User, Via, Who},
        id::{AccessTokenId, ScopeId},
        request::{RequestState, Verdict},
        settings::Settings,
        time::Duration,
    },
    error::Error,
    service::{
        approval::{self, Answer},
        assignment, person, request,
        settings::{self, Outcome},
    },
};

use super::{HOUR, ROLE, asked, asks_for_approval, disable, world};
use crate::{
    change_request::{decide, word},
    support::{World, approved_by, reason, rules, waits},
};

#[tokio::test]
async fn whoever_may_not_see_a_request_holds_it_up_for_nobody() {
    let world = world().await;
    let request = asked(&world).await;
    let mut held = world.change().await;
    sqlx::query("select from requests where id = $1 for update")
        .bind(request)
        .execute(held.connection())
        .await
        .unwrap();
    for verdict in [Verdict::Approve, Verdict::Deny] {
        let outcome = tokio::select! {
            outcome = world.decide("mallory", request, verdict, None) => outcome,
            () = world.until_somebody_waits_for_a_lock() => panic!("it is waited for"),
        };
        assert!(matches!(outcome, Err(Error::NotFound(_))), "{outcome:?}");
    }
}

#[tokio::test]
async fn nobody_decides_their_own_request_by_any_door() {
    let world = world().await;
    world.second_account("ada-admin", "ada").await;
    let team = world.group("Approvers", &["ada", "bob", "ada-admin"]).await;
    let everybody = ["ada", "ada-admin", "bob"].map(|name| world.principal(name));
    world
        .settings(ROLE, |terms| {
            asks_for_approval(terms, &everybody);
            terms.activation.stages = approved_by([team]);
        })
        .await;
    let request = asked(&world).await;
    for name in ["ada", "ada-admin"] {
        for verdict in [Verdict::Approve, Verdict::Deny] {
            assert_eq!(
                rules(world.decide(name, request, verdict, None).await),
                ["own_request"],
                "{name}"
            );
        }
        let detail = request::show(&world.app, &world.actor(name).await, request).await.unwrap();
        assert!(!detail.may_decide);
        assert!(
            detail.deciders.iter().all(|decider| decider.name.contains("bob")),
            "{:?}",
            detail.deciders
        );
    }
    // Nor by a token of the API.
    let token = User {
        principal: world.principal("ada-admin"),
        person: world.person_of("ada-admin"),
        name: "ada".to_owned(),
        via: Via::AccessToken(access_token(&world, "ada-admin").await, vec![TokenScope::Approve]),
    };
    let by_token = Actor { who: Who::User(token), ..world.actor("ada-admin").await };
    let answer = Answer { verdict: Verdict::Approve, granted: None, justification: reason() };
    let code = world.fresh_code("ada-admin").await;
    let outcome = approval::decide(&world.app, &by_token, request, &answer, &code).await;
    assert_eq!(rules(outcome), ["own_request"]);
    assert_eq!(world.state(request).await, RequestState::Pending);
    assert_eq!(world.count("select count(*) from decisions").await, 0);
    world.approve("bob", request).await.unwrap();
    world.check_invariants().await;
}

async fn access_token(world: &World, name: &str) -> AccessTokenId {
    let id = AccessTokenId::new();
    let mut transaction = world.owner.begin().await.unwrap();
    sqlx::query(
        "insert into access_tokens (id, principal_id, name, token_hash, scopes, created_at, expires_at)
         values ($1, $2, 'a test', sha256($1::text::bytea), '{approve}', instant(), instant() + interval '1 day')",
    )
    .bind(id)
    .bind(world.principal(name))
    .execute(&mut *transaction)
    .await
    .unwrap();
    sqlx::query(
        "insert into audit_events (id, at, kind, outcome, actor_kind, actor_name, target_id, detail)
         values (gen_random_uuid(), instant(), 'token.created', 'success', 'operator', 'A test', $1, '{}')",
    )
    .bind(id)
    .execute(&mut *transaction)
    .await
    .unwrap();
    transaction.commit().await.unwrap();
    id
}

#[tokio::test]
async fn whoever_would_gain_does_not_name_the_approvers() {
    let world = world().await;
    world.active("ada", "Privileged Role Administrator").await;
    let role = world.role_id(ROLE);
    let ada = world.actor("ada").await;
    let shown = settings::show(&world.app, &ada, role, ScopeId::ROOT).await.unwrap().current;
    for weaker in [
        |terms: &mut Settings| terms.activation.requires_approval = false,
        |terms: &mut Settings| terms.activation.maximum = Duration::hours(8),
    ] {
        let mut terms = shown.settings.clone();
        weaker(&mut terms);
        // The role is privileged: this waits for somebody else's word, and nothing changes until then.
        let outcome = save(&world, "ada", &terms, shown.number).await;
        assert!(matches!(outcome, Ok(Outcome::Waits(_))), "{outcome:?}");
    }
    let mut terms = shown.settings.clone();
    terms.activation.stages =
        approved_by(["bob", "eve", "mallory"].map(|name| world.principal(name)));
    let outcome = save(&world, "ada", &terms, shown.number).await;
    assert!(matches!(outcome, Ok(Outcome::Waits(_))), "{outcome:?}");
    let after = settings::show(&world.app, &ada, role, ScopeId::ROOT).await.unwrap().current;
    assert_eq!((after.number, after.settings), (shown.number, shown.settings.clone()));
    // Of a role that is not privileged, whoever gains nothing writes weaker terms alone.
    world
        .execute(
            "update roles set privileged = false where name = 'Security Administrator of the shop';
             insert into audit_events (id, at, kind, outcome, actor_kind, actor_name, target_id, detail)
             select gen_random_uuid(), instant(), 'role.changed', 'success', 'operator', 'A test', id, '{}'
             from roles where name = 'Security Administrator of the shop'",
        )
        .await;
    waits(save(&world, "ada", &terms, shown.number).await);
    let outcome = save(&world, "root", &terms, shown.number).await;
    assert!(matches!(outcome, Ok(Outcome::Done(_))), "{outcome:?}");
}

async fn save(
    world: &World,
    name: &str,
    terms: &Settings,
    after: i32,
) -> Result<Outcome<settings::Written>, Error> {
    let actor = world.actor(name).await;
    let save = settings::Save::whole(world.role_id(ROLE), terms, after, &reason());
    settings::save(&world.app, &actor, &save).await
}

#[tokio::test]
async fn only_those_who_are_named_see_and_decide() {
    let world = world().await;
    let request = asked(&world).await;
    let outcome = world.approve("mallory", request).await;
    assert!(matches!(outcome, Err(Error::NotFound(_))), "{outcome:?}");
    // An administrator sees it, and decides it no more than anybody else.
    request::show(&world.app, &world.actor("root").await, request).await.unwrap();
    assert_eq!(rules(world.approve("root", request).await), ["not_an_approver"]);
    assert_eq!(world.state(request).await, RequestState::Pending);
}

#[tokio::test]
async fn a_role_that_nobody_could_approve_cannot_be_saved_like_that() {
    let world = world().await;
    let root = world.actor("root").await;
    let shown = settings::show(&world.app, &root, world.role_id(ROLE), ScopeId::ROOT)
        .await
        .unwrap()
        .current;
    let empty = world.group("Nobody", &[]).await;
    world.second_account("bob-admin", "bob").await;
    let bob_twice = BTreeSet::from([world.principal("bob"), world.principal("bob-admin")]);
    for approvers in [
        BTreeSet::new(),
        BTreeSet::from([world.principal("bob")]),
        bob_twice,
        BTreeSet::from([empty]),
    ] {
        let mut terms = shown.settings.clone();
        terms.activation.stages = approved_by(approvers);
        let outcome = save(&world, "root", &terms, shown.number).await;
        assert!(
            matches!(&outcome, Err(Error::Invalid(faults)) if faults[0].field == "stages"),
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_request_that_nobody_can_approve_is_refused_at_once() {
    let world = world().await;
    disable(&world, "bob").await;
    let request = asked(&world).await;
    request::cancel(&world.app, &world.actor("ada").await, request).await.unwrap();
    // Nobody takes the last approver away, but what the terms name may still be the requester alone.
    let root = world.actor("root").await;
    let last = person::disable(&world.app, &root, world.principal("eve"), &reason()).await;
    assert!(matches!(last, Err(Error::Conflict(_))), "{last:?}");
    // The requester does not count, by whichever account.
    world.second_account("ada-admin", "ada").await;
    let own = [world.principal("ada"), world.principal("ada-admin")];
    world.settings(ROLE, |terms| asks_for_approval(terms, &own)).await;
    assert_eq!(rules(world.activate("ada", ROLE, HOUR).await), ["nobody_can_approve"]);
    world.check_invariants().await;
}

#[tokio::test]
async fn nobody_is_eligible_and_approver_by_administering_alone() {
    let world = world().await;
    world.active("mallory", "Privileged Role Administrator").await;
    let wanted = assignment::Assign {
        principals: vec![world.principal("mallory")],
        role: world.role_id(ROLE),
        scope: ScopeId::ROOT,
        kind: latchkey::domain::assignment::AssignmentKind::Eligible,
        starts_at: None,
        ends_at: None,
        justification: reason(),
    };
    let mut assigned =
        assignment::assign(&world.app, &world.actor("mallory").await, &wanted, None).await.unwrap();
    waits(assigned.pop().unwrap().outcome);
}

#[tokio::test]
async fn an_approver_whom_newer_terms_no_longer_name_neither_sees_nor_decides_what_waits() {
    let world = world().await;
    let request = asked(&world).await;
    let still = [world.principal("eve"), world.principal("mallory")];
    world.settings(ROLE, |terms| asks_for_approval(terms, &still)).await;
    for name in ["bob", "mallory"] {
        let actor = world.actor(name).await;
        assert!(request::awaiting(&world.app, &actor).await.unwrap().is_empty(), "{name}");
        let outcome = world.approve(name, request).await;
        assert!(matches!(outcome, Err(Error::NotFound(_))), "{name}: {outcome:?}");
    }
    world.approve("eve", request).await.unwrap();
    assert!(world.holds("ada", ROLE).await);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_request_that_newer_terms_leave_to_nobody_is_closed_at_once() {
    let world = world().await;
    let request = asked(&world).await;
    let root = world.actor("root").await;
    let role = world.role_id(ROLE);
    let shown = settings::show(&world.app, &root, role, ScopeId::ROOT).await.unwrap().current;
    let mut terms = shown.settings.clone();
    terms.activation.stages = approved_by(["mallory", "root"].map(|name| world.principal(name)));
    world.person("second").await;
    world.active("second", "Global Administrator").await;
    let saved = save(&world, "root", &terms, shown.number).await.unwrap();
    let Outcome::Waits(change) = saved else { panic!("{saved:?}") };
    assert_eq!(world.state(request).await, RequestState::Pending);
    decide(&world, "second", change, &word(true)).await.unwrap();
    assert_eq!(world.state(request).await, RequestState::Failed);
    assert_eq!(world.events().await.iter().filter(|kind| *kind == "activation.failed").count(), 1);
    // Whoever asks again is answered by those who are named now.
    let request = asked(&world).await;
    world.approve("mallory", request).await.unwrap();
    world.check_invariants().await;
}

#[tokio::test]
async fn whoever_decides_and_cannot_be_found_out_decides_nothing() {
    let world = world().await;
    let request = asked(&world).await;
    let known = world.actor("bob").await;
    let answer = Answer { verdict: Verdict::Approve, granted: None, justification: reason() };
    // Nobody at all, and Latchkey itself.
    for who in [Who::Anonymous, Who::System, Who::Operator] {
        let nobody = Actor { who, ..known.clone() };
        let outcome = approval::decide(&world.app, &nobody, request, &answer, "").await;
        assert!(matches!(outcome, Err(Error::Unauthenticated)), "{outcome:?}");
    }
    let (_, session) = world.signed_in("bob").await;
    let form = |code: &str| {
        let token = world.app.keys.form_token(&session.hash());
        let body =
            format!("csrf={token}&decision=approve&justification=Fine&duration=2h&code={code}");
        axum::http::Request::post(format!("/requests/{request}/decision"))
            .header("cookie", format!("__Host-latchkey={}", &*session.reveal()))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(axum::body::Body::from(body))
            .unwrap()
    };
    let decide_in_vain = async |broken: &'static str, mended: &'static str| {
        let code = world.fresh_code("bob").await;
        world.execute(broken).await;
        let answer = world.send(form(&code)).await;
        world.execute(mended).await;
        assert_eq!(answer.status, 500, "{broken}");
        assert_eq!(world.state(request).await, RequestState::Pending, "{broken}");
        assert_eq!(world.count("select count(*) from decisions").await, 0, "{broken}");
    };
    // Who is signed in can't be read; nor who may decide; nor whether what they were given says who they are.
    decide_in_vain(
        "alter table sessions rename to mislaid",
        "alter table mislaid rename to sessions",
    )
    .await;
    decide_in_vain(
        "alter function speakers_in_the_open_stage(uuid, timestamptz) rename to mislaid",
        "alter function mislaid(uuid, timestamptz) rename to speakers_in_the_open_stage",
    )
    .await;
    decide_in_vain(
        "alter table mfa_proofs rename to mislaid",
        "alter table mislaid rename to mfa_proofs",
    )
    .await;
    let code = world.fresh_code("bob").await;
    assert_eq!(world.send(form(&code)).await.status, 303);
    assert_eq!(world.state(request).await, RequestState::Granted);
    world.check_invariants().await;
}
