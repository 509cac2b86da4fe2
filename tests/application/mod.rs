//! Applications: who answers for them, what they may hold, and that nobody lifts themself through one.
mod token;

use latchkey::{
    domain::{
        actor::{Actor, Application, TokenScope, Who},
        assignment::AssignmentKind,
        id::{AccessTokenId, AssignmentId, PrincipalId, RoleId, ScopeId},
        permission::Permission,
        principal::PrincipalKind,
        text::{Description, Name},
        time::Duration,
    },
    error::Error,
    service::{
        application::{self, NewSecret},
        assignment::{self, Assign},
        change_request::Outcome,
        person, request, role, session,
    },
};

use crate::support::{World, done, reason, until, waits};

const ROLE: &str = "Deployer";

/// Owners, administrators of both kinds, and an application of olga's.
async fn world() -> (World, PrincipalId) {
    let world = World::new().await;
    world.people(["olga", "otto", "ada", "root", "deputy"]).await;
    world.active("root", "Global Administrator").await;
    world.active("deputy", "Global Administrator").await;
    world.active("ada", "Privileged Role Administrator").await;
    world.role(ROLE, |_| ()).await;
    let application = world.register("ada", "Pipeline", &["olga"]).await.unwrap();
    (world, application)
}

async fn give(
    world: &World,
    by: &Actor,
    to: PrincipalId,
    role: RoleId,
    kind: AssignmentKind,
) -> Result<AssignmentId, Error> {
    done(ask(world, by, to, role, kind).await)
}

async fn ask(
    world: &World,
    by: &Actor,
    to: PrincipalId,
    role: RoleId,
    kind: AssignmentKind,
) -> Result<Outcome<AssignmentId>, Error> {
    let wanted = Assign {
        principals: vec![to],
        role,
        scope: ScopeId::ROOT,
        kind,
        starts_at: None,
        ends_at: Some(world.now().await + Duration::days(30)),
        justification: reason(),
    };
    assignment::assign(&world.app, by, &wanted, None).await?.pop().unwrap().outcome
}

/// The application as it acts once it has signed in.
async fn acting(world: &World, application: PrincipalId, scopes: &[TokenScope]) -> Actor {
    let actor = world.actor("root").await;
    let owners = application::show(&world.app, &actor, application).await.unwrap().owners;
    let who = Application {
        principal: application,
        name: "Pipeline".to_owned(),
        people: owners.iter().map(|owner| owner.person).collect(),
        token: AccessTokenId::new(),
        scopes: scopes.to_vec(),
    };
    Actor { who: Who::Application(who), ..Actor::system() }
}

fn is_forbidden<T: std::fmt::Debug>(outcome: &Result<T, Error>) -> bool {
    matches!(outcome, Err(Error::Forbidden(_)))
}

fn is_not_allowed<T: std::fmt::Debug>(outcome: &Result<T, Error>) -> bool {
    matches!(outcome, Err(Error::NotAllowed(_)))
}

#[tokio::test]
async fn registering_an_application_takes_the_right_to_and_somebody_who_answers_for_it() {
    let (world, _) = world().await;
    let refused = world.register("olga", "Mine", &["olga"]).await;
    assert!(matches!(refused, Err(Error::Forbidden(Permission::ManageApplications))));
    let own = world.register("ada", "Own", &[]).await.unwrap();
    let told = application::show(&world.app, &world.actor("ada").await, own).await.unwrap();
    assert_eq!(told.owners.iter().map(|owner| &*owner.name).collect::<Vec<_>>(), ["ada"]);
    assert!(matches!(world.register("ada", "own", &["otto"]).await, Err(Error::Invalid(_))));
    let both = world.register("ada", "Both", &["otto", "olga", "otto"]).await.unwrap();
    let told = application::show(&world.app, &world.actor("ada").await, both).await.unwrap();
    let owners: Vec<_> =
        told.owners.iter().map(|owner| (&*owner.name, owner.accountable)).collect();
    assert_eq!(owners, [("otto", true), ("olga", false)]);
    person::disable(&world.app, &world.actor("root").await, world.principal("otto"), &reason())
        .await
        .unwrap();
    assert!(matches!(world.register("ada", "Late", &["otto"]).await, Err(Error::Invalid(_))));
    world.check_invariants().await;
}

#[tokio::test]
async fn owners_see_their_application_and_nobody_else_knows_of_it() {
    let (world, application) = world().await;
    for (name, sees) in [("olga", true), ("otto", false), ("ada", true), ("root", true)] {
        let actor = world.actor(name).await;
        let shown = application::show(&world.app, &actor, application).await;
        assert_eq!(shown.is_ok(), sees, "{name}");
        let otto = world.actor("otto").await;
        let refused = application::disable(&world.app, &otto, application, &reason()).await;
        assert!(matches!(refused, Err(Error::NotFound("application"))));
        let listed = application::list(&world.app, &actor, None, None).await;
        assert_eq!(listed.is_ok_and(|listed| listed.len() == 1), sees, "{name}");
    }
    let rename = |name: &'static str| {
        let world = &world;
        async move {
            let name_of = Name::parse("Line").unwrap();
            let actor = world.actor(name).await;
            let (app, purpose) = (&world.app, Description::default());
            application::rename(app, &actor, application, &name_of, &purpose).await
        }
    };
    assert!(is_forbidden(&rename("olga").await), "owners hold its keys, and no more");
    rename("ada").await.unwrap();
    world.check_invariants().await;
}

#[tokio::test]
async fn one_owner_always_remains_and_history_stays_when_they_change() {
    let (world, application) = world().await;
    let (app, ada) = (&world.app, world.actor("ada").await);
    let [olga, otto] = ["olga", "otto"].map(|name| world.principal(name));
    let last = application::remove_owner(app, &ada, application, olga).await;
    assert!(matches!(last, Err(Error::Conflict(_))), "{last:?}");
    application::add_owner(app, &ada, application, otto).await.unwrap();
    let twice = application::add_owner(app, &ada, application, otto).await;
    assert!(matches!(twice, Err(Error::Conflict(_))), "{twice:?}");
    application::make_accountable(app, &ada, application, otto).await.unwrap();
    application::make_accountable(app, &ada, application, olga).await.unwrap();
    application::remove_owner(app, &ada, application, olga).await.unwrap();
    let owners = application::show(app, &ada, application).await.unwrap().owners;
    let [only] = owners.as_slice() else { panic!("{owners:?}") };
    assert!(only.principal == otto && only.accountable);
    let gone = application::remove_owner(app, &ada, application, olga).await;
    assert!(matches!(gone, Err(Error::NotFound("owner"))));
    world.check_invariants().await;
}

#[tokio::test]
async fn who_is_accountable_can_sign_in() {
    let (world, _) = world().await;
    let (app, root) = (&world.app, world.actor("root").await);
    let [olga, otto, deputy] = ["olga", "otto", "deputy"].map(|name| world.principal(name));
    let own = world.register("root", "Kept", &["olga", "otto", "deputy"]).await.unwrap();
    let again = application::make_accountable(app, &root, own, olga).await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
    person::disable(app, &root, otto, &reason()).await.unwrap();
    let disabled = application::make_accountable(app, &root, own, otto).await;
    assert!(matches!(disabled, Err(Error::Conflict(_))), "{disabled:?}");
    // Otto has owned it as long as deputy, and comes first by name no more.
    application::remove_owner(app, &root, own, olga).await.unwrap();
    let owners = application::show(app, &root, own).await.unwrap().owners;
    let accountable = owners.iter().find(|owner| owner.accountable).map(|owner| owner.principal);
    assert_eq!(accountable, Some(deputy));
}

#[tokio::test]
async fn two_owners_who_are_removed_at_once_do_not_leave_an_application_alone() {
    let (world, application) = world().await;
    let (app, ada, root) = (&world.app, world.actor("ada").await, world.actor("root").await);
    let [olga, otto] = ["olga", "otto"].map(|name| world.principal(name));
    application::add_owner(app, &ada, application, otto).await.unwrap();
    let (one, other) = tokio::join!(
        application::remove_owner(app, &ada, application, olga),
        application::remove_owner(app, &root, application, otto),
    );
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
}

#[tokio::test]
async fn an_application_holds_roles_actively_and_is_never_eligible() {
    let (world, application) = world().await;
    let (ada, role) = (world.actor("ada").await, world.role_id(ROLE));
    let refused = give(&world, &ada, application, role, AssignmentKind::Eligible).await;
    let Err(Error::Invalid(faults)) = refused else { panic!("{refused:?}") };
    assert_eq!(faults.first().unwrap().field, "kind");
    let made = give(&world, &ada, application, role, AssignmentKind::Active).await.unwrap();
    let eligible = AssignmentKind::Eligible;
    let converted = assignment::convert(&world.app, &ada, made, eligible, &reason(), None).await;
    assert!(matches!(converted, Err(Error::Invalid(_))), "{converted:?}");
    let told = assignment::show(&world.app, &ada, made).await.unwrap();
    assert_eq!((&*told.holder, told.holder_kind), ("Pipeline", PrincipalKind::ServicePrincipal));
    let held = |world: &World| {
        let app = world.app.clone();
        let ada = ada.clone();
        async move { application::list(&app, &ada, None, None).await.unwrap().remove(0).roles }
    };
    assert_eq!(held(&world).await, [ROLE]);
    application::disable(&world.app, &ada, application, &reason()).await.unwrap_err();
    let root = world.actor("root").await;
    application::disable(&world.app, &root, application, &reason()).await.unwrap();
    assert!(held(&world).await.is_empty(), "it has no effect while it is disabled");
    let refused = give(&world, &ada, application, role, AssignmentKind::Active).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    application::enable(&world.app, &root, application, &reason()).await.unwrap();
    assert_eq!(held(&world).await, [ROLE]);
    world.advance(Duration::days(30)).await;
    assert!(held(&world).await.is_empty(), "it ends by itself");
    world.check_invariants().await;
}

#[tokio::test]
async fn nobody_gives_a_role_alone_to_an_application_that_they_answer_for() {
    let (world, _) = world().await;
    let (ada, role) = (world.actor("ada").await, world.role_id(ROLE));
    let own = world.register("ada", "Own", &["ada", "otto"]).await.unwrap();
    world.second_account("ada-too", "ada").await;
    world.active("ada-too", "Global Administrator").await;
    for account in ["ada", "ada-too"] {
        let actor = world.actor(account).await;
        waits(ask(&world, &actor, own, role, AssignmentKind::Active).await);
    }
    let root = world.actor("root").await;
    let made = give(&world, &root, own, role, AssignmentKind::Active).await.unwrap();
    let longer = assignment::update(&world.app, &ada, made, until(None, &reason())).await;
    waits(longer);
    assignment::remove(&world.app, &ada, made, &reason()).await.unwrap();
    world.check_invariants().await;
}

#[tokio::test]
async fn nobody_makes_themself_an_owner_of_what_holds_a_role() {
    let (world, application) = world().await;
    let (app, root, ada) = (&world.app, world.actor("root").await, world.actor("ada").await);
    let [own, deputy] = ["root", "deputy"].map(|name| world.principal(name));
    application::add_owner(app, &root, application, own).await.unwrap();
    application::remove_owner(app, &root, application, own).await.unwrap();
    give(&world, &ada, application, world.role_id(ROLE), AssignmentKind::Active).await.unwrap();
    let refused = application::add_owner(app, &root, application, own).await;
    assert!(is_not_allowed(&refused), "{refused:?}");
    // It holds a privileged role now: who may not manage privileged people may not choose its owners.
    let refused = application::add_owner(app, &ada, application, deputy).await;
    assert!(
        matches!(refused, Err(Error::Forbidden(Permission::ManagePrivilegedPeople))),
        "{refused:?}"
    );
    application::add_owner(app, &root, application, deputy).await.unwrap();
    world.check_invariants().await;
}

#[tokio::test]
async fn who_becomes_an_owner_while_a_role_is_given_does_not_get_it() {
    let (world, application) = world().await;
    let (root, role) = (world.actor("root").await, world.role_id(ROLE));
    let own = world.principal("root");
    let (owner, given) = tokio::join!(
        application::add_owner(&world.app, &root, application, own),
        ask(&world, &root, application, role, AssignmentKind::Active),
    );
    let given = matches!(given, Ok(Outcome::Done(_)));
    assert!(owner.is_ok() != given, "{owner:?} {given:?}");
}

#[tokio::test]
async fn secrets_are_made_by_owners_and_by_those_who_come_to_hold_nothing_by_it() {
    let (world, application) = world().await;
    world.make_secret("olga", application).await.unwrap();
    world.make_secret("ada", application).await.unwrap();
    let unknown = world.make_secret("otto", application).await;
    assert!(matches!(unknown, Err(Error::NotFound("application"))), "{unknown:?}");
    let (root, ada) = (world.actor("root").await, world.actor("ada").await);
    give(&world, &root, application, world.role_id(ROLE), AssignmentKind::Active).await.unwrap();
    assert!(is_forbidden(&world.make_secret("ada", application).await));
    // Whoever may give the role still can't take it.
    let lift = world.make_secret("root", application).await;
    assert!(is_not_allowed(&lift), "{lift:?}");
    let (credential, _) = world.make_secret("olga", application).await.unwrap();
    let refused = application::revoke(&world.app, &ada, application, credential).await;
    assert!(is_forbidden(&refused), "{refused:?}");
    let olga = world.actor("olga").await;
    application::revoke(&world.app, &olga, application, credential).await.unwrap();
    let again = application::revoke(&world.app, &olga, application, credential).await;
    assert!(matches!(again, Err(Error::NotFound(_))), "{again:?}");
    // Owners may pull the plug. Giving the power back is for administrators.
    application::disable(&world.app, &olga, application, &reason()).await.unwrap();
    let refused = application::enable(&world.app, &olga, application, &reason()).await;
    assert!(is_forbidden(&refused), "{refused:?}");
    world.check_invariants().await;
}

#[tokio::test]
async fn who_made_a_secret_counts_as_the_application_until_it_ends_or_is_revoked() {
    let (world, application) = world().await;
    let (root, role) = (world.actor("root").await, world.role_id(ROLE));
    let active = AssignmentKind::Active;
    let (made, _) = world.make_secret("root", application).await.unwrap();
    waits(ask(&world, &root, application, role, active).await);
    application::revoke(&world.app, &root, application, made).await.unwrap();
    let given = give(&world, &root, application, role, active).await.unwrap();
    assignment::remove(&world.app, &root, given, &reason()).await.unwrap();
    world.make_secret("root", application).await.unwrap();
    waits(ask(&world, &root, application, role, active).await);
    world.advance(Duration::days(91)).await;
    give(&world, &world.actor("root").await, application, role, active).await.unwrap();
    world.check_invariants().await;
}

#[tokio::test]
async fn who_no_longer_owns_an_application_but_has_a_secret_of_it_counts_as_it_by_every_account() {
    let (world, _) = world().await;
    let own = world.register("ada", "Left behind", &["deputy", "olga"]).await.unwrap();
    world.make_secret("deputy", own).await.unwrap();
    let deputy = world.principal("deputy");
    application::remove_owner(&world.app, &world.actor("root").await, own, deputy).await.unwrap();
    world.second_account("deputy-too", "deputy").await;
    world.active("deputy-too", "Global Administrator").await;
    for account in ["deputy", "deputy-too"] {
        let actor = world.actor(account).await;
        waits(ask(&world, &actor, own, world.role_id(ROLE), AssignmentKind::Active).await);
    }
    world.check_invariants().await;
}

#[tokio::test]
async fn who_can_sign_in_as_an_application_counts_as_every_other_one_that_it_made_a_secret_of() {
    let (world, inner) = world().await;
    let root = world.actor("root").await;
    let outer = world.register("root", "Keeper", &["otto"]).await.unwrap();
    let administrator = world.role_id("Privileged Role Administrator");
    give(&world, &root, outer, administrator, AssignmentKind::Active).await.unwrap();
    let program = acting(&world, outer, &[TokenScope::Read, TokenScope::Administer]).await;
    let name = Name::parse("kept").unwrap();
    let new = NewSecret { name: &name, days: 90, code: None };
    application::make_secret(&world.app, &program, inner, &new).await.unwrap();
    world.active("otto", "Global Administrator").await;
    let otto = world.actor("otto").await;
    waits(ask(&world, &otto, inner, world.role_id(ROLE), AssignmentKind::Active).await);
    // What they had a hand in they may still have, whoever owns the first application by now.
    application::add_owner(&world.app, &root, outer, world.principal("olga")).await.unwrap();
    application::remove_owner(&world.app, &root, outer, world.principal("otto")).await.unwrap();
    waits(ask(&world, &otto, inner, world.role_id(ROLE), AssignmentKind::Active).await);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_secret_takes_a_fresh_code_and_ends_within_a_year() {
    let (world, application) = world().await;
    let (olga, name) = (world.actor("olga").await, Name::parse("first").unwrap());
    let make = |days: u16, code: Option<String>| {
        let (world, olga, name) = (&world, &olga, &name);
        async move {
            let new = NewSecret { name, days, code: code.as_deref() };
            application::make_secret(&world.app, olga, application, &new).await.map(|made| made.0)
        }
    };
    for code in [None, Some(String::new()), Some("000000".to_owned())] {
        let refused = make(90, code).await;
        assert!(matches!(refused, Err(Error::StepUp(_))), "{refused:?}");
    }
    for days in [0, 366] {
        let code = world.fresh_code("olga").await;
        assert!(matches!(make(days, Some(code.clone())).await, Err(Error::Invalid(_))), "{days}");
        make(365, Some(code)).await.unwrap();
        world.advance_seconds(30).await;
    }
    for _ in 2..10 {
        world.make_secret("olga", application).await.unwrap();
    }
    let many = world.make_secret("olga", application).await;
    assert!(matches!(many, Err(Error::Conflict(_))), "{many:?}");
    assert_eq!(
        world.count("select count(*) from application_credentials where secret_hash is null").await,
        0
    );
    world.check_invariants().await;
}

#[tokio::test]
async fn an_application_administers_by_its_own_roles_and_scopes_and_gives_itself_nothing() {
    let (world, application) = world().await;
    world.make_secret("olga", application).await.unwrap();
    let (root, role) = (world.actor("root").await, world.role_id(ROLE));
    let everything = [TokenScope::Read, TokenScope::Administer];
    let powerless = acting(&world, application, &everything).await;
    let otto = world.principal("otto");
    let active = AssignmentKind::Active;
    assert!(is_forbidden(&give(&world, &powerless, otto, role, active).await));
    assert!(is_forbidden(&role::list(&world.app, &powerless).await));
    let administrator = world.role_id("Privileged Role Administrator");
    give(&world, &root, application, administrator, active).await.unwrap();
    let program = acting(&world, application, &everything).await;
    role::list(&world.app, &program).await.unwrap();
    let given = give(&world, &program, otto, role, active).await.unwrap();
    let told = assignment::show(&world.app, &program, given).await.unwrap();
    assert_eq!(told.created_by.as_deref(), Some("Pipeline"));
    // Nothing for itself, for its owners, or for another application of theirs.
    let sibling = world.register("root", "Sibling", &["olga"]).await.unwrap();
    for gain in [application, world.principal("olga"), sibling] {
        let refused = give(&world, &program, gain, role, active).await;
        assert!(is_not_allowed(&refused), "{refused:?}");
    }
    // Its token is good for what it was asked for.
    let reader = acting(&world, application, &[TokenScope::Read]).await;
    assert!(is_not_allowed(&give(&world, &reader, otto, role, active).await));
    // Nor another way in for itself, nor a way around its owners.
    let name = Name::parse("more").unwrap();
    let new = NewSecret { name: &name, days: 90, code: None };
    let refused = application::make_secret(&world.app, &program, application, &new).await;
    assert!(refused.is_err(), "it makes no secret of its own");
    let refused = application::add_owner(&world.app, &program, application, otto).await;
    assert!(refused.is_err(), "it chooses no owner of its own");
    world.check_invariants().await;
}

#[tokio::test]
async fn what_people_do_for_themselves_is_not_for_applications() {
    let (world, application) = world().await;
    let every = TokenScope::ALL.map(|(scope, _)| scope);
    let program = acting(&world, application, &every).await;
    assert!(is_not_allowed(&session::list(&world.app, &program).await));
    assert!(is_not_allowed(&request::awaiting(&world.app, &program).await));
    let overview = latchkey::service::overview::my_access(&world.app, &program).await;
    assert!(matches!(overview, Err(Error::NotAllowed(_))));
    // It may look at itself.
    application::show(&world.app, &program, application).await.unwrap();
    let filter = assignment::Filter { principal: Some(application), ..Default::default() };
    assert!(assignment::list(&world.app, &program, filter).await.unwrap().is_empty());
}
