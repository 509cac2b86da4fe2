//! Administrators give and take roles, write terms, and look after people.
use latchkey::{
    domain::{
        actor::{Actor, Idempotency},
        approval::{Approver, Stage},
        assignment::AssignmentKind,
        id::{AssignmentId, PrincipalId, RoleId, ScopeId},
        permission::Permission,
        request::RequestState,
        settings::Settings,
        sign_in::LinkPurpose,
        text::{Description, DisplayName, Email, Justification, Name, UserName},
        time::{Duration, Instant},
    },
    error::Error,
    service::{
        assignment::{self, Assign, Assigned},
        enrolment, group,
        person::{self, Invitation},
        role,
        settings::{self, Save},
    },
};

use crate::support::{World, approved_by, done, reason, rules, until, waits};

const ROLE: &str = "Database operator";
const HOUR: Duration = Duration::hours(1);

async fn world() -> World {
    let world = World::new().await;
    world.people(["ada", "bob", "root", "deputy"]).await;
    world.active("root", "Global Administrator").await;
    world.role(ROLE, |_| ()).await;
    world
}

fn wanted(world: &World, names: &[&str], kind: AssignmentKind, ends_at: Option<Instant>) -> Assign {
    Assign {
        principals: names.iter().map(|name| world.principal(name)).collect(),
        role: world.role_id(ROLE),
        scope: ScopeId::ROOT,
        kind,
        starts_at: None,
        ends_at,
        justification: reason(),
    }
}

async fn assign(world: &World, by: &str, wanted: &Assign) -> Result<Vec<Assigned>, Error> {
    assignment::assign(&world.app, &world.actor(by).await, wanted, None).await
}

/// The outcome for the only person.
async fn assign_one(world: &World, by: &str, wanted: &Assign) -> Result<AssignmentId, Error> {
    done(assign(world, by, wanted).await?.pop().unwrap().outcome)
}

#[tokio::test]
async fn giving_roles_takes_the_right_to() {
    let world = world().await;
    for name in ["ada", "deputy"] {
        let outcome =
            assign(&world, name, &wanted(&world, &["bob"], AssignmentKind::Eligible, None)).await;
        assert!(
            matches!(outcome, Err(Error::Forbidden(Permission::ManageAssignments))),
            "{outcome:?}"
        );
    }
    // Being eligible for an administrator's role is not being one; having activated it is, for as long as that lasts.
    world.eligible("deputy", "Privileged Role Administrator").await;
    world.settings("Privileged Role Administrator", |_| ()).await;
    let give = async || {
        assign_one(&world, "deputy", &wanted(&world, &["bob"], AssignmentKind::Eligible, None))
            .await
    };
    assert!(matches!(give().await, Err(Error::Forbidden(_))));
    world.activate("deputy", "Privileged Role Administrator", HOUR).await.unwrap();
    give().await.unwrap();
    world.advance(HOUR).await;
    assert!(matches!(give().await, Err(Error::Forbidden(_))));
    world.check_invariants().await;
}

#[tokio::test]
async fn nobody_gives_themself_anything_alone_by_whichever_account() {
    let world = world().await;
    world.second_account("root-admin", "root").await;
    for name in ["root", "root-admin"] {
        for kind in [AssignmentKind::Eligible, AssignmentKind::Active] {
            let outcome = assign(&world, "root", &wanted(&world, &[name], kind, None)).await;
            waits(outcome.unwrap().pop().unwrap().outcome);
        }
    }
    assert!(!world.holds("root-admin", ROLE).await);
    // Nobody is asked to agree to what was not explained.
    let silent = Assign {
        justification: Justification::default(),
        ..wanted(&world, &["root"], AssignmentKind::Eligible, None)
    };
    let outcome = assign_one(&world, "root", &silent).await;
    assert!(
        matches!(&outcome, Err(Error::Invalid(faults)) if faults[0].field == "justification"),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn several_people_get_a_role_and_each_may_be_refused() {
    let world = world().await;
    world.eligible("bob", ROLE).await;
    let outcome = assign(
        &world,
        "root",
        &wanted(&world, &["ada", "bob", "deputy"], AssignmentKind::Eligible, None),
    )
    .await
    .unwrap();
    let outcomes: Vec<_> = outcome.into_iter().map(|assigned| assigned.outcome).collect();
    assert!(matches!(outcomes[..], [Ok(_), Err(Error::Conflict(_)), Ok(_)]), "{outcomes:?}");
    world.activate("ada", ROLE, HOUR).await.unwrap();
    world.check_invariants().await;
}

#[tokio::test]
async fn assignments_keep_to_the_terms() {
    let world = world().await;
    world
        .settings(ROLE, |terms| {
            terms.eligible.may_be_permanent = false;
            terms.eligible.maximum = Duration::days(30);
            terms.active.requires_justification = true;
            terms.active.requires_mfa = true;
        })
        .await;
    let now = world.now().await;
    let eligible = |end| wanted(&world, &["ada"], AssignmentKind::Eligible, end);
    for end in [
        None,
        Some(now + Duration::days(31)),
        Some(now + Duration::minutes(4)),
        Some(now.plus_seconds(-60)),
    ] {
        let outcome = assign_one(&world, "root", &eligible(end)).await;
        assert!(
            matches!(&outcome, Err(Error::Invalid(faults)) if faults[0].field == "ends_at"),
            "{outcome:?}"
        );
    }
    assign_one(&world, "root", &eligible(Some(now + Duration::days(30)))).await.unwrap();
    let mut active = wanted(&world, &["ada"], AssignmentKind::Active, None);
    active.justification = Justification::default();
    let outcome = assign_one(&world, "root", &active).await;
    assert!(matches!(&outcome, Err(Error::Invalid(faults)) if faults.len() == 2), "{outcome:?}");
    active.justification = reason();
    let code = world.fresh_code("root").await;
    let root = world.actor("root").await;
    let outcome = assignment::assign(&world.app, &root, &active, Some(&code)).await.unwrap();
    assert!(outcome[0].outcome.is_ok(), "{outcome:?}");
    world.check_invariants().await;
}

#[tokio::test]
async fn taking_an_eligibility_away_ends_what_rests_on_it_in_the_same_moment() {
    let world = world().await;
    world.role("Backup operator", |_| ()).await;
    let (running, waiting) =
        (world.eligible("ada", ROLE).await, world.eligible("ada", "Backup operator").await);
    world.activate("ada", ROLE, HOUR).await.unwrap();
    let later = world.activate_later("ada", "Backup operator", HOUR, HOUR).await.unwrap().request;
    world.take_away("root", running).await.unwrap();
    world.take_away("root", waiting).await.unwrap();
    assert!(!world.holds("ada", ROLE).await);
    assert_eq!(world.state(later).await, RequestState::Failed);
    assert!(matches!(world.take_away("root", running).await, Err(Error::Conflict(_))));
    assert_eq!(rules(world.activate("ada", ROLE, HOUR).await), ["not_eligible"]);
    world.check_invariants().await;
}

#[tokio::test]
async fn an_activation_can_be_taken_away_alone() {
    let world = world().await;
    world.eligible("ada", ROLE).await;
    let id = world.activate("ada", ROLE, HOUR).await.unwrap().assignment.unwrap();
    world.take_away("root", id).await.unwrap();
    assert!(!world.holds("ada", ROLE).await);
    world.activate("ada", ROLE, HOUR).await.unwrap();
    world.check_invariants().await;
}

#[tokio::test]
async fn a_shorter_eligibility_cuts_what_runs_and_a_longer_one_lengthens_nothing() {
    let world = world().await;
    let eligibility = world.eligible("ada", ROLE).await;
    // One that is over already must not stand in the way.
    let old = world.activate("ada", ROLE, HOUR).await.unwrap().assignment.unwrap();
    world.deactivate("ada", old).await.unwrap();
    world.activate("ada", ROLE, Duration::hours(2)).await.unwrap();
    let root = world.actor("root").await;
    let end = world.now().await + HOUR;
    assignment::update(&world.app, &root, eligibility, until(Some(end), &reason())).await.unwrap();
    world.check_invariants().await;
    assignment::update(&world.app, &root, eligibility, until(None, &reason())).await.unwrap();
    world.advance(Duration::minutes(59)).await;
    assert!(world.holds("ada", ROLE).await);
    world.advance(Duration::minutes(1)).await;
    assert!(!world.holds("ada", ROLE).await);
    world.check_invariants().await;
}

#[tokio::test]
async fn nobody_lengthens_or_hardens_an_assignment_of_their_own_alone() {
    let world = world().await;
    world.active("deputy", "Privileged Role Administrator").await;
    let eligibility = world.eligible_for("deputy", ROLE, Duration::days(1)).await;
    let deputy = world.actor("deputy").await;
    let later = Some(world.now().await + Duration::days(2));
    for end in [later, None] {
        let outcome =
            assignment::update(&world.app, &deputy, eligibility, until(end, &reason())).await;
        waits(outcome);
    }
    let outcome = assignment::convert(
        &world.app,
        &deputy,
        eligibility,
        AssignmentKind::Active,
        &reason(),
        None,
    )
    .await;
    waits(outcome);
    // Giving up is always allowed.
    let sooner = Some(world.now().await + HOUR);
    assignment::update(&world.app, &deputy, eligibility, until(sooner, &reason())).await.unwrap();
}

#[tokio::test]
async fn an_assignment_becomes_active_or_eligible_without_a_gap() {
    let world = world().await;
    let eligibility = world.eligible("ada", ROLE).await;
    world.activate("ada", ROLE, HOUR).await.unwrap();
    let root = world.actor("root").await;
    let convert =
        async |id, to| done(assignment::convert(&world.app, &root, id, to, &reason(), None).await);
    let active = convert(eligibility, AssignmentKind::Active).await.unwrap();
    assert!(world.holds("ada", ROLE).await);
    assert!(matches!(convert(eligibility, AssignmentKind::Active).await, Err(Error::Conflict(_))));
    convert(active, AssignmentKind::Eligible).await.unwrap();
    assert!(!world.holds("ada", ROLE).await);
    world.activate("ada", ROLE, HOUR).await.unwrap();
    world.check_invariants().await;
}

#[tokio::test]
async fn terms_are_written_anew_and_never_over() {
    let world = world().await;
    let (root, role) = (world.actor("root").await, world.role_id(ROLE));
    let shown = settings::show(&world.app, &root, role, ScopeId::ROOT).await.unwrap();
    let mut terms: Settings = shown.current.settings.clone();
    let save = async |terms: &Settings, after, why: &Justification| {
        settings::save(&world.app, &root, &Save::whole(role, terms, after, why)).await
    };
    assert!(
        matches!(save(&terms, 1, &reason()).await, Err(Error::Conflict(_))),
        "nothing has changed"
    );
    terms.activation.maximum = Duration::hours(25);
    assert!(matches!(save(&terms, 1, &reason()).await, Err(Error::Invalid(_))));
    terms.activation.maximum = Duration::minutes(95);
    assert!(matches!(save(&terms, 1, &Justification::default()).await, Err(Error::Invalid(_))));
    save(&terms, 1, &reason()).await.unwrap();
    terms.activation.maximum = Duration::minutes(90);
    assert!(
        matches!(save(&terms, 1, &reason()).await, Err(Error::Conflict(_))),
        "somebody was first"
    );
    let history = settings::show(&world.app, &root, role, ScopeId::ROOT).await.unwrap().history;
    let changed: Vec<_> = history[0].1.iter().map(|difference| difference.field).collect();
    assert_eq!((history.len(), changed), (2, vec!["maximum"]));
    world.check_invariants().await;
}

#[tokio::test]
async fn of_two_who_save_at_once_one_is_told() {
    let world = world().await;
    let (root, role) = (world.actor("root").await, world.role_id(ROLE));
    let terms =
        settings::show(&world.app, &root, role, ScopeId::ROOT).await.unwrap().current.settings;
    let save = async |minutes| {
        let mut terms = terms.clone();
        terms.activation.maximum = Duration::minutes(minutes);
        settings::save(&world.app, &root, &Save::whole(role, &terms, 1, &reason())).await
    };
    let (one, other) = tokio::join!(save(60), save(90));
    let conflicts = [one, other]
        .into_iter()
        .filter(|outcome| matches!(outcome, Err(Error::Conflict(_))))
        .count();
    assert_eq!(conflicts, 1);
    world.check_invariants().await;
}

#[tokio::test]
async fn disabling_somebody_ends_everything_at_once() {
    let world = world().await;
    world.role("Backup operator", |_| ()).await;
    world.eligible("ada", ROLE).await;
    world.eligible("ada", "Backup operator").await;
    world.active("ada", "Auditor").await;
    world.activate("ada", ROLE, HOUR).await.unwrap();
    let later = world.activate_later("ada", "Backup operator", HOUR, HOUR).await.unwrap().request;
    let (root, ada) = (world.actor("root").await, world.principal("ada"));
    person::disable(&world.app, &root, ada, &reason()).await.unwrap();
    assert_eq!(world.state(later).await, RequestState::Failed);
    assert_eq!(live(&world, ada).await, 0);
    assert_eq!(world.count("select count(*) from sessions where ended_at is null and principal_id <> (select principal_id from assignments where role_id = '00000000-0000-8000-8000-000000000001')").await, 0);
    world.check_invariants().await;
    assert!(matches!(
        person::disable(&world.app, &root, ada, &reason()).await,
        Err(Error::Conflict(_))
    ));
    // Enabled again, ada has what was assigned to her, and nothing of what she had activated.
    person::enable(&world.app, &root, ada, &reason()).await.unwrap();
    assert_eq!(live(&world, ada).await, 1);
    world.check_invariants().await;
}

async fn live(world: &World, principal: PrincipalId) -> i64 {
    sqlx::query_scalar("select count(*) from live_assignments(instant()) where principal_id = $1")
        .bind(principal)
        .fetch_one(&world.owner)
        .await
        .unwrap()
}

#[tokio::test]
async fn the_last_administrator_cannot_go_in_any_way() {
    let world = world().await;
    world.active("deputy", "Privileged Role Administrator").await;
    let root: AssignmentId = sqlx::query_scalar("select id from assignments where role_id = $1")
        .bind(RoleId::GLOBAL_ADMINISTRATOR)
        .fetch_one(&world.owner)
        .await
        .unwrap();
    let deputy = world.actor("deputy").await;
    let end = Some(world.now().await + Duration::days(30));
    for outcome in [
        world.take_away("deputy", root).await,
        done(assignment::update(&world.app, &deputy, root, until(end, &reason())).await),
        assignment::convert(&world.app, &deputy, root, AssignmentKind::Eligible, &reason(), None)
            .await
            .map(drop),
        person::disable(&world.app, &world.actor("root").await, world.principal("root"), &reason())
            .await,
    ] {
        assert!(matches!(outcome, Err(Error::Conflict(_))), "{outcome:?}");
    }
    world.active("bob", "Global Administrator").await;
    world.take_away("deputy", root).await.unwrap();
    world.check_invariants().await;
}

#[tokio::test]
async fn two_administrators_who_remove_each_other_leave_one() {
    for _ in 0..3 {
        let world = world().await;
        world.active("bob", "Global Administrator").await;
        let (root, bob) = (world.actor("root").await, world.actor("bob").await);
        let why = reason();
        let (one, other) = tokio::join!(
            person::disable(&world.app, &root, world.principal("bob"), &why),
            person::disable(&world.app, &bob, world.principal("root"), &why)
        );
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        world.check_invariants().await;
    }
}

#[tokio::test]
async fn who_can_reach_a_privileged_role_is_not_managed_by_just_anybody() {
    let world = world().await;
    world.active("deputy", "User Administrator").await;
    world.eligible("ada", ROLE).await;
    let deputy = world.actor("deputy").await;
    let (ada, bob) = (world.principal("ada"), world.principal("bob"));
    for outcome in [
        person::disable(&world.app, &deputy, ada, &reason()).await,
        person::recovery_link(&world.app, &deputy, ada).await.map(drop),
        person::recovery_link(&world.app, &deputy, world.principal("root")).await.map(drop),
    ] {
        assert!(
            matches!(outcome, Err(Error::Forbidden(Permission::ManagePrivilegedPeople))),
            "{outcome:?}"
        );
    }
    // Neither by another account of theirs: as it they could name who decides for all of them.
    let daily = world.second_account("ada-daily", "ada").await;
    let outcome = person::recovery_link(&world.app, &deputy, daily).await.map(drop);
    assert!(
        matches!(outcome, Err(Error::Forbidden(Permission::ManagePrivilegedPeople))),
        "{outcome:?}"
    );
    person::recovery_link(&world.app, &deputy, bob).await.unwrap();
    // Whoever approves others' use of a privileged role is as good as its holder.
    let approvers = world.group("Approvers", &["bob", "root"]).await;
    world
        .settings(ROLE, |terms| {
            terms.activation.requires_approval = true;
            terms.activation.stages = approved_by([approvers]);
        })
        .await;
    let outcome = person::recovery_link(&world.app, &deputy, bob).await.map(drop);
    assert!(
        matches!(outcome, Err(Error::Forbidden(Permission::ManagePrivilegedPeople))),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn people_are_invited_by_a_link_that_is_shown_once() {
    let world = world().await;
    let invitation = |name: &str| Invitation {
        person: latchkey::store::person::NewPerson {
            name: DisplayName::parse(name).unwrap(),
            user_name: UserName::parse(name).unwrap(),
            email: Email::parse(&format!("{name}@example.org")).unwrap(),
            break_glass: false,
        },
        same_person_as: None,
    };
    let ada = world.actor("ada").await;
    let outcome = person::invite(&world.app, &ada, &invitation("grace")).await;
    assert!(matches!(outcome, Err(Error::Forbidden(Permission::ManagePeople))), "{outcome:?}");
    let root = world.actor("root").await;
    let invited = person::invite(&world.app, &root, &invitation("grace")).await.unwrap();
    assert!(invited.link.starts_with("https://latchkey.example.org/"), "{}", invited.link);
    let secret = invited.link.rsplit(['/', '=', '#']).next().unwrap();
    let stored: i64 = sqlx::query_scalar("select count(*) from one_time_links where position(convert_to($1, 'UTF8') in token_hash) > 0")
        .bind(secret)
        .fetch_one(&world.owner)
        .await
        .unwrap();
    assert_eq!(stored, 0);
    for same in ["grace", "GRACE"] {
        assert!(person::invite(&world.app, &root, &invitation(same)).await.is_err(), "{same}");
    }
    world.check_invariants().await;
}

#[tokio::test]
async fn roles_are_made_with_careful_terms() {
    let world = world().await;
    let new = role::Definition {
        name: Name::parse("Keeper of the keys").unwrap(),
        description: Description::default(),
        privileged: true,
        scope_kinds: latchkey::domain::role::ScopeKind::USUAL.to_vec(),
        permissions: latchkey::domain::permission::Permissions::default(),
    };
    let outcome = role::create(&world.app, &world.actor("ada").await, &new).await;
    assert!(matches!(outcome, Err(Error::Forbidden(Permission::ManageRoles))), "{outcome:?}");
    let root = world.actor("root").await;
    let id = role::create(&world.app, &root, &new).await.unwrap();
    let shown = settings::show(&world.app, &root, id, ScopeId::ROOT).await.unwrap();
    assert!(shown.current.settings.activation.requires_justification);
    assert!(role::create(&world.app, &root, &new).await.is_err());
    world.check_invariants().await;
}

#[tokio::test]
async fn more_time_asks_for_the_same_proof_as_giving_the_role() {
    let world = world().await;
    let end = world.now().await + HOUR;
    let given =
        assign_one(&world, "root", &wanted(&world, &["ada"], AssignmentKind::Active, Some(end)))
            .await
            .unwrap();
    world.settings(ROLE, |terms| terms.active.requires_mfa = true).await;
    let (root, why) = (world.actor("root").await, reason());
    let longer = until(Some(end + HOUR), &why);
    let outcome = assignment::update(&world.app, &root, given, longer).await;
    assert!(matches!(outcome, Err(Error::Invalid(_))), "{outcome:?}");
    let sooner = until(Some(end.plus_seconds(-60)), &why);
    assignment::update(&world.app, &root, given, sooner).await.unwrap();
    let code = world.fresh_code("root").await;
    let proved = assignment::NewDates { code: Some(&code), ..longer };
    assignment::update(&world.app, &root, given, proved).await.unwrap();
    // A code is good for one act.
    let again = assignment::NewDates { code: Some(&code), ..until(None, &why) };
    let outcome = assignment::update(&world.app, &root, given, again).await;
    assert!(matches!(outcome, Err(Error::StepUp(_))), "{outcome:?}");
}

#[tokio::test]
async fn an_assignment_that_is_sent_again_uses_up_no_code() {
    let world = world().await;
    world.settings(ROLE, |terms| terms.active.requires_mfa = true).await;
    let end = Some(world.now().await + HOUR);
    let wanted = wanted(&world, &["ada"], AssignmentKind::Active, end);
    let idempotency = Some(Idempotency { key: "key".to_owned(), fingerprint: [7; 32] });
    let root = Actor { idempotency, ..world.actor("root").await };
    let code = world.fresh_code("root").await;
    let mut made = Vec::new();
    for _ in 0..2 {
        let mut assigned =
            assignment::assign(&world.app, &root, &wanted, Some(&code)).await.unwrap();
        made.push(assigned.pop().unwrap().outcome.unwrap());
    }
    assert_eq!(made[0], made[1]);
}

#[tokio::test]
async fn nobody_becomes_an_administrator_by_another_account_of_theirs() {
    let world = world().await;
    world.active("deputy", "User Administrator").await;
    let deputy = world.actor("deputy").await;
    let invite = async |of: &str| {
        let person = latchkey::store::person::NewPerson {
            name: DisplayName::parse("Another").unwrap(),
            user_name: UserName::parse(&format!("{of}-2")).unwrap(),
            email: Email::parse(&format!("{of}-2@example.org")).unwrap(),
            break_glass: false,
        };
        let same_person_as = Some(world.principal(of));
        person::invite(&world.app, &deputy, &Invitation { person, same_person_as }).await
    };
    invite("ada").await.unwrap();
    let outcome = invite("root").await;
    assert!(matches!(outcome, Err(Error::Forbidden(_))), "{outcome:?}");
}

#[tokio::test]
async fn whoever_would_be_approved_does_not_choose_the_members_of_the_approving_group() {
    let world = world().await;
    let approvers = world.group("Approvers", &["root", "deputy"]).await;
    world
        .settings(ROLE, |terms| {
            terms.activation.requires_approval = true;
            terms.activation.stages = approved_by([approvers]);
        })
        .await;
    world.active("ada", "Privileged Role Administrator").await;
    let ada = world.actor("ada").await;
    let bob = vec![world.principal("bob")];
    let add = async || {
        let outcome = group::add(&world.app, &ada, approvers, bob.clone(), &reason()).await;
        outcome.unwrap().pop().unwrap().outcome
    };
    world.eligible("ada", ROLE).await;
    waits(add().await);
    // Nor by taking others out of it, or by letting them in earlier or for longer.
    let place = world.scope_id("Approvers");
    let root_belongs = world.assignment_of("root", "Member", place).await;
    let refused = assignment::remove(&world.app, &ada, root_belongs, &reason()).await;
    assert!(matches!(refused, Err(Error::Widens(_))), "{refused:?}");
    let (why, soon) = (reason(), Some(world.now().await + Duration::days(1)));
    waits(assignment::update(&world.app, &ada, root_belongs, until(soon, &why)).await);
    world.take_away("root", world.eligibility("ada", ROLE).await).await.unwrap();
    done(add().await).unwrap();
    done(assignment::update(&world.app, &ada, root_belongs, until(soon, &why)).await).unwrap();
}

#[tokio::test]
async fn whoever_would_be_approved_does_not_give_what_makes_somebody_their_approver() {
    let world = world().await;
    world.active("ada", "Privileged Role Administrator").await;
    world.second_account("ada-2", "ada").await;
    let finance = world.scope("Finance", ScopeId::ROOT, "folder").await;
    let lead = world.role("Shift lead", |_| ()).await;
    let approving = [(Approver::RoleHolders(lead), lead), (Approver::ScopeOwners, RoleId::OWNER)];
    let soon = Some(world.now().await + Duration::days(1));
    let give = async |role, to: &'static str| {
        let wanted = wanted(&world, &[to], AssignmentKind::Active, soon);
        let wanted = Assign { role, scope: finance, ..wanted };
        assign(&world, "ada", &wanted).await.unwrap().pop().unwrap().outcome
    };
    for (approver, role) in approving {
        let eligibility = world.give("eligible", "ada", ROLE, finance).await;
        let stages = vec![Stage::of([approver])];
        world
            .settings(ROLE, |terms| {
                terms.activation.requires_approval = true;
                terms.activation.stages = stages.clone();
            })
            .await;
        for to in ["bob", "ada-2"] {
            waits(give(role, to).await);
        }
        // Whoever waits for nothing chooses them alone.
        world.take_away("root", eligibility).await.unwrap();
        done(give(role, "bob").await).unwrap();
    }
    world.check_invariants().await;
}

#[tokio::test]
async fn a_link_that_was_made_before_somebody_got_power_does_not_open_their_account_afterwards() {
    let world = world().await;
    world.active("deputy", "User Administrator").await;
    let deputy = world.actor("deputy").await;
    let secret = async |by: &Actor| {
        let made = person::recovery_link(&world.app, by, world.principal("ada")).await.unwrap();
        made.link.rsplit('/').next().unwrap().to_owned()
    };
    let look = async |secret: &str| {
        enrolment::look(&world.app, LinkPurpose::Invitation, secret).await.map(drop)
    };
    let early = secret(&deputy).await;
    look(&early).await.unwrap();
    world.eligible("ada", ROLE).await;
    let outcome = look(&early).await;
    assert!(matches!(outcome, Err(Error::NotFound(_))), "{outcome:?}");
    // Who may help such people in makes one that works.
    look(&secret(&world.actor("root").await).await).await.unwrap();
}

#[tokio::test]
async fn whoever_reads_the_audit_log_is_not_managed_by_just_anybody() {
    let world = world().await;
    world.active("deputy", "User Administrator").await;
    world.active("ada", "Auditor").await;
    let deputy = world.actor("deputy").await;
    let outcome = person::recovery_link(&world.app, &deputy, world.principal("ada")).await;
    assert!(matches!(outcome.map(drop), Err(Error::Forbidden(Permission::ManagePrivilegedPeople))));
}
