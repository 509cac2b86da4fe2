//! Changes that need somebody else's word.
use latchkey::{
    domain::{
        change_request::ChangeState,
        id::{AssignmentId, ChangeRequestId, ScopeId},
        settings::Settings,
        text::Justification,
        time::Duration,
    },
    error::Error,
    service::{
        change_request::{self, Amended, Answer},
        person,
        settings::{self, Outcome, Save},
    },
};

use crate::support::{World, approved_by, reason};

const ROLE: &str = "Database operator";
const HOUR: Duration = Duration::hours(1);

/// Two administrators, and a role on strict terms.
async fn world() -> World {
    let world = World::new().await;
    world.people(["ada", "bob", "eve", "root", "deputy"]).await;
    world.active("root", "Global Administrator").await;
    world.active("deputy", "Global Administrator").await;
    let (bob, eve) = (world.principal("bob"), world.principal("eve"));
    world
        .role(ROLE, |terms| {
            terms.activation.requires_approval = true;
            terms.activation.stages = approved_by([bob, eve]);
        })
        .await;
    world
}

async fn terms(world: &World) -> (Settings, i32) {
    let root = world.actor("root").await;
    let shown = settings::show(&world.app, &root, world.role_id(ROLE), ScopeId::ROOT).await;
    let current = shown.unwrap().current;
    (current.settings, current.number)
}

async fn save(
    world: &World,
    name: &str,
    change: impl Fn(&mut Settings),
) -> Result<Outcome<settings::Written>, Error> {
    let (mut next, after) = terms(world).await;
    change(&mut next);
    let (actor, role) = (world.actor(name).await, world.role_id(ROLE));
    settings::save(&world.app, &actor, &Save::whole(role, &next, after, &reason())).await
}

/// Weakens the terms, and gives back what waits.
async fn weaken(world: &World, name: &str) -> ChangeRequestId {
    match save(world, name, |terms| terms.activation.requires_approval = false).await.unwrap() {
        Outcome::Waits(change) => change,
        Outcome::Done(_) => panic!("it took effect at once"),
    }
}

/// A yes or a no, with nothing made other.
pub fn word(agree: bool) -> Answer {
    Answer { agree, reason: reason(), amended: Amended::default() }
}

/// Decides, with a fresh code.
pub async fn decide(
    world: &World,
    name: &str,
    change: ChangeRequestId,
    answer: &Answer,
) -> Result<(), Error> {
    let code = world.fresh_code(name).await;
    change_request::decide(&world.app, &world.actor(name).await, change, answer, &code).await
}

/// Where a change stands.
pub async fn state(world: &World, change: ChangeRequestId) -> ChangeState {
    sqlx::query_scalar("select state from change_requests where id = $1")
        .bind(change)
        .fetch_one(&world.owner)
        .await
        .unwrap()
}

/// The subjects of the mails to somebody, oldest first; summaries aside.
pub async fn mails(world: &World, name: &str) -> Vec<String> {
    sqlx::query_scalar("select subject from outbox where recipient_id = $1 and event is distinct from 'summary.sent' order by created_at, id")
        .bind(world.principal(name))
        .fetch_all(&world.owner)
        .await
        .unwrap()
}

#[tokio::test]
async fn weaker_terms_of_a_privileged_role_wait_for_a_second_administrator() {
    let world = world().await;
    let change = weaken(&world, "root").await;
    assert!(terms(&world).await.0.activation.requires_approval, "nothing changes until then");
    assert_eq!(
        mails(&world, "deputy").await,
        [format!("Your word? root: weaker settings of {ROLE}")]
    );
    assert!(mails(&world, "root").await.is_empty(), "not to its author");
    decide(&world, "deputy", change, &word(true)).await.unwrap();
    let (now, number) = terms(&world).await;
    assert_eq!((now.activation.requires_approval, number), (false, 2));
    assert_eq!(state(&world, change).await, ChangeState::CarriedOut);
    let root = world.actor("root").await;
    let shown =
        settings::show(&world.app, &root, world.role_id(ROLE), ScopeId::ROOT).await.unwrap();
    let why = &shown.history[0].0.reason;
    assert!(why.contains("root") && why.contains("deputy"), "both are named: {why}");
    let events = world.events().await;
    for kind in ["change.requested", "settings.changed", "change.approved"] {
        assert!(events.iter().any(|event| event == kind), "{kind} in {events:?}");
    }
    let told = mails(&world, "root").await;
    assert_eq!(told[1], format!("Carried out: weaker settings of {ROLE}"), "{told:?}");
    world.check_invariants().await;
}

#[tokio::test]
async fn stricter_terms_take_effect_at_once() {
    let world = world().await;
    let saved = save(&world, "root", |terms| terms.activation.maximum = HOUR).await;
    assert!(matches!(saved, Ok(Outcome::Done(_))), "{saved:?}");
}

#[tokio::test]
async fn nobody_agrees_to_their_own_change_or_to_their_gain() {
    let world = world().await;
    world.second_account("root-2", "root").await;
    world.active("root-2", "Global Administrator").await;
    for name in ["ada", "bob", "eve"] {
        world.active(name, "Privileged Role Administrator").await;
    }
    world.eligible("ada", ROLE).await;
    world.second_account("bob-2", "bob").await;
    world.eligible("bob-2", ROLE).await;
    let change = weaken(&world, "root").await;
    for name in ["root", "root-2", "ada", "bob"] {
        let outcome = decide(&world, name, change, &word(true)).await;
        assert!(
            matches!(outcome, Err(Error::NotAllowed(_) | Error::NotFound(_))),
            "{name}: {outcome:?}"
        );
    }
    let shown = change_request::show(&world.app, &world.actor("root").await, change).await.unwrap();
    let deciders: Vec<_> = shown.deciders.iter().map(|decider| decider.name.as_str()).collect();
    assert_eq!(deciders, ["deputy", "eve"]);
    assert_eq!(state(&world, change).await, ChangeState::Pending);
    decide(&world, "eve", change, &word(true)).await.unwrap();
}

#[tokio::test]
async fn whoever_belongs_to_a_group_that_is_eligible_gains() {
    let world = world().await;
    let crew = world.group("Crew", &["deputy"]).await;
    let role = (world.role_id(ROLE), ScopeId::ROOT);
    world.assign("eligible", crew, role, (None, None)).await;
    let change = weaken(&world, "root").await;
    let outcome = decide(&world, "deputy", change, &word(true)).await;
    assert!(matches!(outcome, Err(Error::NotAllowed(_) | Error::NotFound(_))), "{outcome:?}");
}

#[tokio::test]
async fn deciding_takes_the_permission_at_that_moment() {
    let world = world().await;
    let change = weaken(&world, "root").await;
    let deputy: AssignmentId = sqlx::query_scalar(
        "select id from assignments where principal_id = $1 and ended_at is null",
    )
    .bind(world.principal("deputy"))
    .fetch_one(&world.owner)
    .await
    .unwrap();
    world.take_away("root", deputy).await.unwrap();
    for name in ["deputy", "bob"] {
        let outcome = decide(&world, name, change, &word(true)).await;
        assert!(matches!(outcome, Err(Error::NotFound(_))), "{name}: {outcome:?}");
    }
}

#[tokio::test]
async fn of_two_who_decide_at_once_one_is_told_who_was_first() {
    let world = world().await;
    world.active("eve", "Privileged Role Administrator").await;
    let change = weaken(&world, "root").await;
    let (deputy, eve) = (world.actor("deputy").await, world.actor("eve").await);
    let codes = (world.fresh_code("deputy").await, world.fresh_code("eve").await);
    let (yes, no) = (word(true), word(false));
    let (one, other) = tokio::join!(
        change_request::decide(&world.app, &deputy, change, &yes, &codes.0),
        change_request::decide(&world.app, &eve, change, &no, &codes.1),
    );
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    let late = one.err().or(other.err()).unwrap();
    assert!(
        matches!(&late, Error::Conflict(why) if why.contains("already decided by")),
        "{late:?}"
    );
    world.check_invariants().await;
}

#[tokio::test]
async fn what_was_changed_meanwhile_is_not_written_over() {
    let world = world().await;
    let change = weaken(&world, "root").await;
    save(&world, "deputy", |terms| terms.activation.maximum = HOUR).await.unwrap();
    let outcome = decide(&world, "deputy", change, &word(true)).await;
    assert!(
        matches!(&outcome, Err(Error::Conflict(why)) if why.contains("meanwhile")),
        "{outcome:?}"
    );
    assert_eq!(state(&world, change).await, ChangeState::Failed);
    assert!(terms(&world).await.0.activation.requires_approval);
    let told = mails(&world, "root").await;
    assert!(told.iter().any(|subject| subject.starts_with("Could not be carried out")), "{told:?}");
    world.check_invariants().await;
}

#[tokio::test]
async fn what_somebody_wanted_who_is_gone_fails() {
    let world = world().await;
    world.active("eve", "Privileged Role Administrator").await;
    let change = weaken(&world, "eve").await;
    let root = world.actor("root").await;
    person::disable(&world.app, &root, world.principal("eve"), &reason()).await.unwrap();
    let outcome = decide(&world, "deputy", change, &word(true)).await;
    assert!(
        matches!(&outcome, Err(Error::Conflict(why)) if why.contains("disabled")),
        "{outcome:?}"
    );
    assert_eq!(state(&world, change).await, ChangeState::Failed);
    assert!(terms(&world).await.0.activation.requires_approval);
    world.check_invariants().await;
}

/// Drop the approval, or name oneself as approver; activate; put it back.
#[tokio::test]
async fn nobody_weakens_uses_and_restores_terms_alone() {
    let world = world().await;
    world.active("ada", "Privileged Role Administrator").await;
    world.eligible("ada", ROLE).await;
    world.second_account("ada-2", "ada").await;
    let own = [world.principal("ada-2"), world.principal("bob")];
    let tricks: [&(dyn Fn(&mut Settings) + Sync); 3] = [
        &|terms| terms.activation.requires_approval = false,
        &|terms| {
            terms.activation.stages = approved_by(own);
        },
        &|terms| terms.activation.maximum = Duration::hours(24),
    ];
    for trick in tricks {
        let saved = save(&world, "ada", trick).await;
        assert!(matches!(saved, Ok(Outcome::Waits(_))), "{saved:?}");
    }
    let asked = world.activate("ada", ROLE, HOUR).await.unwrap();
    assert!(asked.assignment.is_none(), "it waits for approval as before");
    assert!(!world.holds("ada", ROLE).await);
    let waiting = change_request::list(
        &world.app,
        &world.actor("ada").await,
        change_request::Filter::default(),
    )
    .await
    .unwrap();
    assert_eq!(waiting.len(), 3);
    for change in waiting {
        let outcome = decide(&world, "ada", change.id, &word(true)).await;
        assert!(matches!(outcome, Err(Error::NotAllowed(_))), "{outcome:?}");
    }
    world.check_invariants().await;
}

#[tokio::test]
async fn a_change_counts_from_when_it_is_carried_out() {
    let world = world().await;
    world.eligible("ada", ROLE).await;
    let change = weaken(&world, "root").await;
    let asked = world.activate("ada", ROLE, HOUR).await.unwrap();
    decide(&world, "deputy", change, &word(true)).await.unwrap();
    assert!(!world.holds("ada", ROLE).await, "what was asked for before is judged by both");
    assert_eq!(world.state(asked.request).await, latchkey::domain::request::RequestState::Pending);
}

#[tokio::test]
async fn a_no_is_told_with_its_reason_and_changes_nothing() {
    let world = world().await;
    let change = weaken(&world, "root").await;
    let unsaid = Answer { reason: Justification::default(), ..word(false) };
    let outcome = decide(&world, "deputy", change, &unsaid).await;
    assert!(matches!(outcome, Err(Error::Invalid(_))), "{outcome:?}");
    decide(&world, "deputy", change, &word(false)).await.unwrap();
    assert_eq!(state(&world, change).await, ChangeState::Declined);
    assert!(terms(&world).await.0.activation.requires_approval);
    assert!(mails(&world, "root").await[0].starts_with("Declined"));
    world.check_invariants().await;
}

#[tokio::test]
async fn a_decision_takes_a_code_for_that_very_word() {
    let world = world().await;
    let change = weaken(&world, "root").await;
    let deputy = world.actor("deputy").await;
    for code in ["", "000000"] {
        let outcome = change_request::decide(&world.app, &deputy, change, &word(true), code).await;
        assert!(matches!(outcome, Err(Error::StepUp(_))), "{outcome:?}");
    }
    let code = world.fresh_code("deputy").await;
    change_request::decide(&world.app, &deputy, change, &word(true), &code).await.unwrap();
    let next = weaken_again(&world).await;
    let outcome = change_request::decide(&world.app, &deputy, next, &word(true), &code).await;
    assert!(matches!(outcome, Err(Error::StepUp(_))), "a code counts once: {outcome:?}");
}

async fn weaken_again(world: &World) -> ChangeRequestId {
    let longer = |terms: &mut Settings| terms.activation.maximum = Duration::hours(12);
    match save(world, "root", longer).await.unwrap() {
        Outcome::Waits(change) => change,
        Outcome::Done(_) => panic!("it took effect at once"),
    }
}

#[tokio::test]
async fn its_author_takes_it_back_and_nobody_else() {
    let world = world().await;
    let change = weaken(&world, "root").await;
    let deputy = world.actor("deputy").await;
    let outcome = change_request::withdraw(&world.app, &deputy, change).await;
    assert!(matches!(outcome, Err(Error::NotFound(_))), "{outcome:?}");
    let root = world.actor("root").await;
    change_request::withdraw(&world.app, &root, change).await.unwrap();
    assert_eq!(state(&world, change).await, ChangeState::Withdrawn);
    let outcome = decide(&world, "deputy", change, &word(true)).await;
    assert!(matches!(outcome, Err(Error::Conflict(_) | Error::NotFound(_))), "{outcome:?}");
    let outcome = change_request::withdraw(&world.app, &root, change).await;
    assert!(matches!(outcome, Err(Error::Conflict(_))), "{outcome:?}");
    world.check_invariants().await;
}

#[tokio::test]
async fn what_nobody_decides_lapses_after_thirty_days() {
    let world = world().await;
    let change = weaken(&world, "root").await;
    world.advance(Duration::days(30)).await;
    let outcome = decide(&world, "deputy", change, &word(true)).await;
    assert!(matches!(&outcome, Err(Error::Conflict(why)) if why.contains("lapsed")), "{outcome:?}");
    world.run_due().await;
    assert_eq!(state(&world, change).await, ChangeState::Lapsed);
    let told = mails(&world, "root").await;
    assert_eq!(told.len(), 1, "{told:?}");
    world.run_due().await;
    assert_eq!(mails(&world, "root").await.len(), 1);
    world.check_invariants().await;
}

#[tokio::test]
async fn with_one_administrator_it_waits_for_a_second_to_come() {
    let world = World::new().await;
    world.people(["root", "late", "bob"]).await;
    world.active("root", "Global Administrator").await;
    world.role(ROLE, |terms| terms.activation.requires_justification = true).await;
    let saved = save(&world, "root", |terms| terms.activation.requires_justification = false).await;
    let Ok(Outcome::Waits(change)) = saved else { panic!("{saved:?}") };
    let root = world.actor("root").await;
    let shown = change_request::show(&world.app, &root, change).await.unwrap();
    assert!(shown.deciders.is_empty() && !shown.may_decide && shown.may_withdraw);
    world.active("late", "Global Administrator").await;
    decide(&world, "late", change, &word(true)).await.unwrap();
    assert!(!terms(&world).await.0.activation.requires_justification);
}

/// Makes a change of another kind wait, as the parts of the program do that hand it on.
async fn waiting(
    world: &World,
    (kind, payload): (&str, serde_json::Value),
    subject: &str,
    assignment: Option<AssignmentId>,
) -> ChangeRequestId {
    let id = ChangeRequestId::new();
    let mut transaction = world.owner.begin().await.unwrap();
    sqlx::query(
        "insert into change_requests (
            id, kind, prior, state, author_id, author_person_id, permission, scope_id, role_id, subject_id,
            assignment_id, payload, difference, reason, created_at, expires_at
         )
         values ($1, $2, 'new', 'pending', $3, $4, 'assignments.manage', $5, $6, $7, $8, $9, '[]', 'For a test',
            instant(), instant() + interval '30 days')",
    )
    .bind(id)
    .bind(kind)
    .bind(world.principal("root"))
    .bind(world.person_of("root"))
    .bind(ScopeId::ROOT)
    .bind(world.role_id(ROLE))
    .bind(world.principal(subject))
    .bind(assignment)
    .bind(sqlx::types::Json(payload))
    .execute(&mut *transaction)
    .await
    .unwrap();
    sqlx::query(
        "insert into audit_events (id, at, kind, outcome, actor_kind, actor_name, target_id, detail)
         values (gen_random_uuid(), instant(), 'change.requested', 'success', 'operator', 'A test', $1, '{}')",
    )
    .bind(id)
    .execute(&mut *transaction)
    .await
    .unwrap();
    transaction.commit().await.unwrap();
    id
}

#[tokio::test]
async fn every_kind_of_change_is_carried_out_by_the_rules_of_that_moment() {
    let world = world().await;
    let (role, ada) = (world.role_id(ROLE), world.principal("ada"));
    let assign = serde_json::json!({
        "write": "assign", "principal": ada, "role": role, "scope": ScopeId::ROOT, "kind": "eligible",
        "starts_at": null, "ends_at": null, "justification": "For a test",
    });
    world.settings(ROLE, |terms| terms.active.requires_mfa = true).await;
    let change = waiting(&world, ("assign", assign.clone()), "ada", None).await;
    decide(&world, "deputy", change, &word(true)).await.unwrap();
    let eligibility = world.eligibility("ada", ROLE).await;
    // The same again can't be: it fails, and says so.
    let again = waiting(&world, ("assign", assign), "ada", None).await;
    assert!(decide(&world, "deputy", again, &word(true)).await.is_err());
    assert_eq!(state(&world, again).await, ChangeState::Failed);
    let end = world.now().await + Duration::days(90);
    let update = serde_json::json!({
        "write": "update_assignment", "assignment": eligibility, "starts_at": null, "ends_at": end,
    });
    let change = waiting(&world, ("update_assignment", update), "ada", Some(eligibility)).await;
    decide(&world, "deputy", change, &word(true)).await.unwrap();
    // The decider's code proves both the decision and what the terms ask a proof for.
    let convert = serde_json::json!({
        "write": "convert_assignment", "assignment": eligibility, "to": "active",
    });
    let change = waiting(&world, ("convert_assignment", convert), "ada", Some(eligibility)).await;
    decide(&world, "deputy", change, &word(true)).await.unwrap();
    assert!(world.holds("ada", ROLE).await);
    world.check_invariants().await;
}

#[tokio::test]
async fn whoever_gets_a_role_does_not_agree_to_it() {
    let world = world().await;
    world.eligible("eve", ROLE).await;
    let assign = serde_json::json!({
        "write": "assign", "principal": world.principal("deputy"), "role": world.role_id(ROLE),
        "scope": ScopeId::ROOT, "kind": "active", "starts_at": null, "ends_at": null, "justification": "",
    });
    let change = waiting(&world, ("assign", assign), "deputy", None).await;
    let outcome = decide(&world, "deputy", change, &word(true)).await;
    assert!(matches!(outcome, Err(Error::NotAllowed(_) | Error::NotFound(_))), "{outcome:?}");
    assert!(!world.holds("deputy", ROLE).await);
}

#[tokio::test]
async fn programs_are_told_that_a_change_waits_and_decide_it() {
    let world = world().await;
    let every = crate::support::http::EVERY_SCOPE;
    let (root, deputy) =
        (world.access_token("root", &every).await, world.access_token("deputy", &every).await);
    let (mut next, after) = terms(&world).await;
    next.activation.requires_approval = false;
    let body = serde_json::json!({ "settings": next, "after": after, "reason": "For a test" });
    let path = format!("/v1/roles/{}/settings", world.role_id(ROLE));
    let answer = world.ask_api("put", &path, &root, Some(&body)).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    let change = answer.json();
    assert_eq!((&change["write"], &change["state"]), (&"save_settings".into(), &"pending".into()));
    let path = format!("/v1/change-requests/{}", change["id"].as_str().unwrap());
    let listed = world.ask_api("get", "/v1/change-requests/awaiting", &deputy, None).await.json();
    assert_eq!(listed["items"][0]["id"], change["id"]);
    let code = world.fresh_code("deputy").await;
    let body = serde_json::json!({ "verdict": "approve", "reason": "Agreed", "code": code });
    let answer = world.ask_api("post", &format!("{path}/decisions"), &deputy, Some(&body)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.json()["change_request"]["word"]["by"], "deputy");
    let answer = world.ask_api("post", &format!("{path}/withdraw"), &root, None).await;
    assert_eq!(answer.status, 409, "{answer:?}");
}

/// What the reader of a page may decide counts in the navigation.
#[tokio::test]
async fn what_waits_is_counted() {
    let world = world().await;
    weaken(&world, "root").await;
    for (name, number) in [("root", 0), ("deputy", 1), ("ada", 0)] {
        let around = latchkey::service::frame::around(&world.app, &world.actor(name).await).await;
        assert_eq!(around.unwrap().awaiting, number, "{name}");
    }
}

#[tokio::test]
async fn terms_that_were_weaker_for_a_short_while_raise_an_alarm() {
    let world = world().await;
    world.eligible("ada", ROLE).await;
    let change = weaken(&world, "root").await;
    decide(&world, "deputy", change, &word(true)).await.unwrap();
    world.advance(HOUR).await;
    world.activate("ada", ROLE, HOUR).await.unwrap();
    assert!(world.holds("ada", ROLE).await);
    world.advance(HOUR).await;
    save(&world, "root", |terms| terms.activation.requires_approval = true).await.unwrap();
    let told: (Option<i64>, i64) = sqlx::query_as(
        "select (detail ->> 'begun')::bigint, count(*) over () from audit_events where kind = 'settings.put_back'",
    )
    .fetch_one(&world.owner)
    .await
    .unwrap();
    assert_eq!(told, (Some(1), 1), "who activated meanwhile is counted");
    let subjects = mails(&world, "deputy").await;
    assert!(
        subjects.iter().any(|subject| subject.starts_with("Weakened and put back")),
        "{subjects:?}"
    );
    world.check_invariants().await;
}

#[tokio::test]
async fn terms_that_become_stricter_after_a_day_raise_none() {
    let world = world().await;
    let change = weaken(&world, "root").await;
    decide(&world, "deputy", change, &word(true)).await.unwrap();
    world.advance(Duration::days(1)).await;
    save(&world, "root", |terms| terms.activation.requires_approval = true).await.unwrap();
    save(&world, "root", |terms| terms.activation.maximum = HOUR).await.unwrap();
    let raised =
        world.count("select count(*) from audit_events where kind = 'settings.put_back'").await;
    assert_eq!(raised, 0);
    let subjects = mails(&world, "deputy").await;
    assert!(!subjects.iter().any(|subject| subject.contains("put back")), "{subjects:?}");
}
