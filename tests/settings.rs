//! Terms that inherit: the nearest scope wins, field by field, unless one above enforces.
use latchkey::store::Change;
use latchkey::{
    domain::{
        actor::Actor,
        approval::Resilience,
        fault::FieldError,
        id::{PrincipalId, RoleId, ScopeId, TemplateId},
        permission::Permission,
        request::RequestState,
        settings::{Declared, Field, Fields, Settings},
        text::{Description, Justification, Name, fold},
        time::Duration,
    },
    error::Error,
    service::{
        role,
        settings::{
            self, Apply, Detail, Given, NewTemplate, Outcome, Preview, Reset, Save, Written,
        },
    },
};
use serde_json::json;
use uuid::Uuid;

use crate::support::{World, approved_by, http::EVERY_SCOPE, reason, rules, waits};

const ROLE: &str = "Database operator";
const HOUR: Duration = Duration::hours(1);
const BASELINE: TemplateId = TemplateId(Uuid::from_u128(0x0000_0000_0000_8000_a000_0000_0000_0001));
const STRICT: TemplateId = TemplateId(Uuid::from_u128(0x0000_0000_0000_8000_a000_0000_0000_0002));

/// An organisation with a folder, and in it a system.
struct Tree {
    world: World,
    role: RoleId,
    folder: ScopeId,
    system: ScopeId,
}

async fn tree() -> Tree {
    let world = World::new().await;
    world.people(["ada", "bob", "eve", "root", "keeper"]).await;
    world.active("root", "Global Administrator").await;
    let role = world.role(ROLE, |_| ()).await;
    // Weaker terms of a privileged role would wait for a second administrator.
    world.mark_privileged(ROLE, false).await;
    let folder = scope(&world, "Finance", ScopeId::ROOT, "folder").await;
    let system = scope(&world, "Ledger", folder, "system").await;
    Tree { world, role, folder, system }
}

async fn scope(world: &World, name: &str, parent: ScopeId, kind: &str) -> ScopeId {
    let id = ScopeId::new();
    let mut transaction = world.owner.begin().await.unwrap();
    sqlx::query(
        "insert into scopes (id, parent_id, kind, name, name_folded, created_at)
         values ($1, $2, $3::scope_kind, $4, $5, instant())",
    )
    .bind(id)
    .bind(parent)
    .bind(kind)
    .bind(name)
    .bind(fold(name))
    .execute(&mut *transaction)
    .await
    .unwrap();
    sqlx::query(
        "insert into audit_events (id, at, kind, outcome, actor_kind, actor_name, target_id, detail)
         values ($1, instant(), 'scope.created', 'success', 'operator', 'A test', $2, '{}')",
    )
    .bind(Uuid::now_v7())
    .bind(id)
    .execute(&mut *transaction)
    .await
    .unwrap();
    transaction.commit().await.unwrap();
    id
}

impl Tree {
    async fn root(&self) -> Actor {
        self.world.actor("root").await
    }

    async fn shown(&self, scope: ScopeId) -> Detail {
        settings::show(&self.world.app, &self.root().await, self.role, scope).await.unwrap()
    }

    async fn terms(&self, scope: ScopeId) -> Settings {
        self.shown(scope).await.current.settings
    }

    /// What a scope would say, if `change` made these fields its own.
    async fn wish(
        &self,
        scope: ScopeId,
        own: &[Field],
        enforced: &[Field],
        change: impl FnOnce(&mut Settings),
    ) -> Save {
        let shown = self.shown(scope).await;
        let mut declared = shown.declared.clone();
        declared.own.extend(own);
        declared.enforced = enforced.iter().copied().collect();
        change(&mut declared.settings);
        Save {
            role: self.role,
            scope,
            own: declared,
            after: shown.number,
            template: None,
            reason: reason(),
        }
    }

    async fn save(&self, save: &Save) -> Result<Written, Error> {
        match settings::save(&self.world.app, &self.root().await, save).await? {
            Outcome::Done(written) => Ok(written),
            Outcome::Waits(change) => panic!("{change} waits"),
        }
    }

    async fn set(
        &self,
        scope: ScopeId,
        own: &[Field],
        enforced: &[Field],
        change: impl FnOnce(&mut Settings),
    ) -> Written {
        let wish = self.wish(scope, own, enforced, change).await;
        self.save(&wish).await.unwrap()
    }

    async fn preview(&self, save: &Save) -> Preview {
        settings::preview(&self.world.app, &self.root().await, save).await.unwrap()
    }

    async fn maximum(&self, scope: ScopeId) -> Duration {
        self.terms(scope).await.activation.maximum
    }

    async fn versions(&self, scope: ScopeId) -> usize {
        self.shown(scope).await.history.len()
    }

    async fn reset(&self, scope: ScopeId, field: Option<Field>) -> Result<Written, Error> {
        let root = self.root().await;
        let after = self.shown(scope).await.number;
        let reset = Reset { role: self.role, scope, field, after, reason: reason() };
        let save = settings::reset(&self.world.app, &root, &reset).await.unwrap();
        self.save(&save).await
    }
}

fn at_most(hours: u32) -> impl Fn(&mut Settings) {
    move |terms| terms.activation.maximum = Duration::hours(hours)
}

fn field(detail: &Detail, field: Field) -> settings::FieldAt {
    detail.fields.iter().find(|at| at.field == field).unwrap().clone()
}

#[tokio::test]
async fn the_nearest_place_that_says_something_wins_and_the_rest_is_inherited() {
    let tree = tree().await;
    assert_eq!(tree.shown(tree.system).await.number, 0, "it has no version of its own");
    tree.set(tree.folder, &[Field::Maximum], &[], at_most(4)).await;
    tree.set(tree.system, &[Field::RequiresTicket], &[], |terms| {
        terms.activation.requires_ticket = true;
        terms.activation.maximum = HOUR;
    })
    .await;
    let shown = tree.shown(tree.system).await;
    assert_eq!(shown.current.settings.activation.maximum, Duration::hours(4));
    assert!(shown.current.settings.activation.requires_ticket);
    assert!(!tree.terms(tree.folder).await.activation.requires_ticket);
    let maximum = field(&shown, Field::Maximum);
    assert_eq!(
        (maximum.from_name.as_str(), maximum.from_version, maximum.own),
        ("Finance", 1, false)
    );
    let ticket = field(&shown, Field::RequiresTicket);
    assert_eq!(
        (ticket.from_name.as_str(), ticket.own, ticket.inherited.as_str()),
        ("Ledger", true, "no")
    );
    assert_eq!(field(&shown, Field::Authentication).from, ScopeId::ROOT);
    tree.world.check_invariants().await;
}

#[tokio::test]
async fn a_change_above_reaches_every_place_below_that_inherits_it() {
    let tree = tree().await;
    tree.set(tree.folder, &[Field::RequiresTicket], &[], |terms| {
        terms.activation.requires_ticket = true;
    })
    .await;
    tree.set(tree.system, &[Field::Maximum], &[], at_most(2)).await;
    let saved = tree.set(ScopeId::ROOT, &[], &[], |terms| {
        terms.activation.maximum = Duration::hours(6);
        terms.activation.requires_justification = true;
    });
    let saved = saved.await;
    assert_eq!(saved.below, 2);
    assert_eq!(tree.maximum(tree.folder).await, Duration::hours(6));
    assert_eq!(tree.maximum(tree.system).await, Duration::hours(2), "its own stays");
    let shown = tree.shown(tree.system).await;
    assert!(shown.current.settings.activation.requires_justification);
    assert_eq!(shown.current.because, Some(saved.id));
    assert_eq!(shown.current.reason, "Follows version 2 at Organisation");
    let events = tree.world.events().await;
    assert_eq!(events.iter().filter(|kind| *kind == "settings.changed").count(), 5);
    // What changes nothing below writes nothing there.
    let before = tree.versions(tree.system).await;
    assert_eq!(tree.set(ScopeId::ROOT, &[], &[], at_most(7)).await.below, 1);
    assert_eq!(tree.versions(tree.system).await, before);
    tree.world.check_invariants().await;
}

#[tokio::test]
async fn what_is_enforced_above_is_locked_below_and_comes_back_when_the_lock_goes() {
    let tree = tree().await;
    tree.set(tree.system, &[Field::Maximum], &[], at_most(2)).await;
    tree.set(ScopeId::ROOT, &[], &[Field::Maximum], at_most(3)).await;
    assert_eq!(tree.maximum(tree.system).await, Duration::hours(3));
    let maximum = field(&tree.shown(tree.system).await, Field::Maximum);
    assert!(maximum.locked && maximum.own);
    assert_eq!(maximum.set_aside.as_deref(), Some("2 h"));
    assert_eq!(maximum.from_name, "Organisation");
    // Nobody below sets it, neither where nothing was said yet nor where it was.
    let wish = tree.wish(tree.folder, &[Field::Maximum], &[], at_most(1)).await;
    let outcome = tree.save(&wish).await;
    assert!(
        matches!(&outcome, Err(Error::Invalid(faults)) if faults[0].field == "maximum"),
        "{outcome:?}"
    );
    let wish = tree.wish(tree.system, &[], &[], at_most(1)).await;
    assert!(matches!(tree.save(&wish).await, Err(Error::Conflict(_))), "it says nothing new");
    tree.set(ScopeId::ROOT, &[], &[], |_| ()).await;
    assert_eq!(tree.maximum(tree.system).await, Duration::hours(2));
    assert!(field(&tree.shown(tree.system).await, Field::Maximum).set_aside.is_none());
    tree.world.check_invariants().await;
}

#[tokio::test]
async fn what_is_reset_is_inherited_again_and_a_place_that_says_nothing_simply_inherits() {
    let tree = tree().await;
    tree.set(tree.folder, &[Field::Maximum, Field::RequiresTicket], &[Field::Maximum], |terms| {
        terms.activation.maximum = HOUR;
        terms.activation.requires_ticket = true;
    })
    .await;
    tree.reset(tree.folder, Some(Field::Maximum)).await.unwrap();
    assert_eq!(tree.maximum(tree.folder).await, Duration::hours(8));
    let shown = tree.shown(tree.folder).await;
    assert_eq!(shown.declared.own, Fields::from([Field::RequiresTicket]));
    assert!(shown.declared.enforced.is_empty());
    tree.reset(tree.folder, None).await.unwrap();
    assert!(tree.shown(tree.folder).await.declared.own.is_empty());
    assert_eq!(tree.terms(tree.folder).await, tree.terms(ScopeId::ROOT).await);
    assert!(matches!(tree.reset(tree.folder, None).await, Err(Error::Conflict(_))));
    tree.set(ScopeId::ROOT, &[], &[], at_most(5)).await;
    assert_eq!(tree.maximum(tree.folder).await, Duration::hours(5));
    let outcome = tree.reset(ScopeId::ROOT, Some(Field::Maximum)).await;
    assert!(matches!(outcome, Err(Error::Invalid(_))), "the organisation inherits nothing");
    tree.world.check_invariants().await;
}

#[tokio::test]
async fn an_activation_at_a_place_below_goes_by_the_terms_there() {
    let tree = tree().await;
    let world = &tree.world;
    tree.set(tree.folder, &[Field::Maximum, Field::RequiresJustification], &[], |terms| {
        terms.activation.maximum = HOUR;
        terms.activation.requires_justification = true;
    })
    .await;
    let place = (tree.role, tree.system);
    world.assign("eligible", world.principal("ada"), place, (None, None)).await;
    let refused = rules(world.activate("ada", ROLE, Duration::hours(2)).await);
    assert_eq!(refused.len(), 2, "{refused:?}: too long, and without a reason");
    tree.reset(tree.folder, None).await.unwrap();
    world.activate("ada", ROLE, Duration::hours(2)).await.unwrap();
    world.check_invariants().await;
}

#[tokio::test]
async fn what_nobody_below_could_approve_is_refused_and_what_waits_for_nobody_is_closed() {
    let tree = tree().await;
    let world = &tree.world;
    let (bob, eve) = (world.principal("bob"), world.principal("eve"));
    let approvers = |of: &[PrincipalId]| {
        let of = of.to_vec();
        move |terms: &mut Settings| {
            terms.activation.requires_approval = true;
            terms.activation.stages = approved_by(of.iter().copied());
        }
    };
    // The folder names nobody; to ask for approval above would leave it with nobody.
    tree.set(tree.folder, &[Field::Stages, Field::Maximum], &[], at_most(2)).await;
    let wish = tree.wish(ScopeId::ROOT, &[], &[], approvers(&[bob, eve])).await;
    let outcome = tree.save(&wish).await;
    assert!(
        matches!(&outcome, Err(Error::Invalid(faults)) if faults[0].message.starts_with("at Finance: ")),
        "{outcome:?}"
    );
    tree.reset(tree.folder, Some(Field::Stages)).await.unwrap();
    tree.set(ScopeId::ROOT, &[], &[], approvers(&[bob, eve])).await;
    let place = (tree.role, tree.system);
    world.assign("eligible", world.principal("ada"), place, (None, None)).await;
    let waiting = world.activate("ada", ROLE, HOUR).await.unwrap().request;
    let others = approvers(&[world.principal("root"), world.principal("keeper")]);
    let wish = tree.wish(ScopeId::ROOT, &[], &[], others).await;
    let seen = tree.preview(&wish).await;
    assert_eq!(seen.waiting.len(), 1);
    assert!(seen.waiting[0].undecidable);
    assert_eq!(world.state(waiting).await, RequestState::Pending, "looking changes nothing");
    tree.save(&wish).await.unwrap();
    assert_eq!(world.state(waiting).await, RequestState::Failed);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_place_is_looked_after_by_those_who_may_there() {
    let tree = tree().await;
    let world = &tree.world;
    let place = (RoleId::PRIVILEGED_ROLE_ADMINISTRATOR, tree.folder);
    world.assign("active", world.principal("keeper"), place, (None, None)).await;
    let keeper = world.actor("keeper").await;
    let wish = tree.wish(tree.folder, &[Field::Maximum], &[], at_most(4)).await;
    settings::save(&world.app, &keeper, &wish).await.unwrap();
    settings::show(&world.app, &keeper, tree.role, tree.system).await.unwrap();
    let wish = tree.wish(ScopeId::ROOT, &[], &[], at_most(4)).await;
    let outcome = settings::save(&world.app, &keeper, &wish).await;
    assert!(matches!(outcome, Err(Error::Forbidden(Permission::ManageSettings))), "{outcome:?}");
    let outcome = settings::show(&world.app, &keeper, tree.role, ScopeId::ROOT).await;
    assert!(matches!(outcome, Err(Error::Forbidden(Permission::ReadRoles))));
    let shown = settings::show(&world.app, &keeper, tree.role, tree.folder).await.unwrap();
    let names: Vec<_> = shown.places.iter().map(|place| place.name.as_str()).collect();
    assert_eq!(names, ["Finance", "Ledger"]);
    // Whoever is eligible weakens nothing, above the place either, where it would reach.
    let place = (tree.role, tree.system);
    world.assign("eligible", world.principal("root"), place, (None, None)).await;
    let wish = tree.wish(ScopeId::ROOT, &[], &[], at_most(9)).await;
    waits(settings::save(&world.app, &world.actor("root").await, &wish).await);
    world.check_invariants().await;
}

#[tokio::test]
async fn of_two_who_change_terms_above_and_below_at_once_nobody_is_lost() {
    let tree = tree().await;
    tree.set(tree.folder, &[Field::RequiresTicket], &[], |terms| {
        terms.activation.requires_ticket = true;
    })
    .await;
    for hours in [2, 3, 4, 5] {
        let above = tree.wish(ScopeId::ROOT, &[], &[], at_most(hours)).await;
        let below = tree
            .wish(tree.system, &[Field::EligibleMaximum], &[], |terms| {
                terms.eligible.maximum = Duration::days(hours);
            })
            .await;
        let (one, other) = tokio::join!(tree.save(&above), tree.save(&below));
        one.unwrap();
        // The version at the system may have become another one meanwhile; then its author looks again.
        assert!(matches!(other, Ok(_) | Err(Error::Conflict(_))), "{other:?}");
        for scope in [tree.folder, tree.system] {
            assert_eq!(tree.maximum(scope).await, Duration::hours(hours));
        }
    }
    tree.world.check_invariants().await;
}

#[tokio::test]
async fn a_place_that_is_moved_inherits_from_where_it_is_now() {
    let tree = tree().await;
    let world = &tree.world;
    tree.set(tree.folder, &[Field::Maximum], &[Field::Maximum], at_most(2)).await;
    tree.set(tree.system, &[Field::RequiresTicket], &[], |terms| {
        terms.activation.requires_ticket = true;
    })
    .await;
    world
        .execute(
            "begin;
             set local session_replication_role = replica;
             delete from scope_ancestors
             where depth = 1 and ancestor_id in (select id from scopes where name = 'Finance');
             update scopes set parent_id = (select id from scopes where parent_id is null)
             where name = 'Ledger';
             commit;",
        )
        .await;
    let mut change = Change::begin(&world.app.database, &tree.root().await).await.unwrap();
    let rewritten = settings::recompute_below(
        &world.app,
        &mut change,
        None,
        tree.system,
        &Justification::parse("Ledger was moved to the organisation").unwrap(),
    )
    .await
    .unwrap();
    change.commit_recorded().await.unwrap();
    let scopes: Vec<_> = rewritten.iter().map(|one| (one.scope, one.weakened)).collect();
    assert_eq!(scopes, [(tree.system, true)]);
    let terms = tree.terms(tree.system).await;
    assert_eq!(terms.activation.maximum, Duration::hours(8));
    assert!(terms.activation.requires_ticket, "its own stays");
    world.check_invariants().await;
}

#[tokio::test]
async fn it_is_said_beforehand_whether_a_privileged_role_gets_easier_anywhere() {
    let tree = tree().await;
    tree.set(tree.folder, &[Field::RequiresTicket], &[], |terms| {
        terms.activation.requires_ticket = true;
    })
    .await;
    tree.world.mark_privileged(ROLE, true).await;
    let mut connection = tree.world.app.database.acquire().await.unwrap();
    for (save, weaker) in [
        (tree.wish(ScopeId::ROOT, &[], &[], at_most(9)).await, true),
        (tree.wish(ScopeId::ROOT, &[], &[], at_most(7)).await, false),
        (tree.wish(tree.system, &[Field::Maximum], &[], at_most(9)).await, true),
        // What is enforced at the organisation asks for less than the folder does.
        (tree.wish(ScopeId::ROOT, &[], &[Field::RequiresTicket], |_| ()).await, true),
    ] {
        assert_eq!(settings::weakens(&mut connection, &save).await.unwrap(), weaker, "{save:?}");
    }
}

#[tokio::test]
async fn before_saving_one_sees_who_gains_and_who_loses() {
    let tree = tree().await;
    let world = &tree.world;
    world.eligible("ada", ROLE).await;
    world.active("bob", ROLE).await;
    let place = (tree.role, tree.system);
    world.assign("eligible", world.principal("eve"), place, (None, None)).await;
    world.activate("ada", ROLE, HOUR).await.unwrap();
    let stricter = tree
        .wish(ScopeId::ROOT, &[], &[], |terms| {
            terms.activation.requires_ticket = true;
            terms.active.may_be_permanent = false;
            terms.eligible.may_be_permanent = false;
        })
        .await;
    let seen = tree.preview(&stricter).await;
    assert_eq!(
        seen.stricter,
        [Field::RequiresTicket, Field::EligibleMayBePermanent, Field::ActiveMayBePermanent]
    );
    assert!(seen.weaker.is_empty());
    assert_eq!((seen.eligible, seen.running), (2, 1));
    let names: Vec<_> = seen.out_of_terms.iter().map(|one| one.holder.as_str()).collect();
    assert_eq!(names, ["ada", "bob", "eve"]);
    assert_eq!(tree.versions(ScopeId::ROOT).await, 1, "nothing was written");
    let weaker = tree.wish(tree.folder, &[Field::Maximum], &[], at_most(12)).await;
    let seen = tree.preview(&weaker).await;
    assert_eq!(seen.weaker, [Field::Maximum]);
    assert_eq!(seen.eligible, 2, "whoever is eligible above may activate below");
    assert_eq!(seen.running, 0, "what runs above does not go by it");
    tree.save(&stricter).await.unwrap();
    assert!(world.holds("ada", ROLE).await, "what runs goes on");
    assert!(world.holds("bob", ROLE).await, "what is assigned stays");
    world.check_invariants().await;
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once_with_the_part_that_it_is_about() {
    let tree = tree().await;
    tree.set(ScopeId::ROOT, &[], &[Field::Maximum], at_most(3)).await;
    let own = [Field::Maximum, Field::EligibleMaximum, Field::RequiresApproval, Field::Stages];
    let wish = tree
        .wish(tree.folder, &own, &[], |terms| {
            terms.eligible.maximum = Duration::minutes(1);
            terms.activation.requires_approval = true;
            terms.activation.stages = approved_by([]);
        })
        .await;
    let outcome = tree.save(&Save { reason: Justification::default(), ..wish }).await;
    let Err(Error::Invalid(faults)) = outcome else { panic!("{outcome:?}") };
    let told: Vec<_> = faults.iter().map(FieldError::way).collect();
    assert_eq!(told, ["reason", "maximum", "eligible_maximum", "stages[0].approvers", "stages"]);
    assert!(faults.iter().all(|fault| !fault.field.contains('[')), "programs are told the field");
    tree.world.check_invariants().await;
}

#[tokio::test]
async fn a_stage_that_nobody_would_ever_be_asked_in_is_told_before_saving_and_refused_by_nobody() {
    let tree = tree().await;
    let world = &tree.world;
    let approvers = [world.principal("bob"), world.principal("eve")];
    let skipped_up_to = |hours| {
        move |terms: &mut Settings| {
            terms.activation.requires_approval = true;
            terms.activation.stages = approved_by(approvers);
            terms.activation.stages[0].skipped_if.no_longer_than = Some(Duration::hours(hours));
        }
    };
    tree.set(tree.folder, &[Field::Maximum], &[], at_most(2)).await;
    let told: [(u32, &[&str]); 3] =
        [(1, &[]), (4, &["Finance"]), (8, &["Organisation", "Finance"])];
    for (hours, never) in told {
        let wish = tree.wish(ScopeId::ROOT, &[], &[], skipped_up_to(hours)).await;
        let seen = tree.preview(&wish).await.never_asked;
        let places: Vec<_> = seen.iter().map(|(place, _)| place.as_str()).collect();
        assert_eq!(places, never, "up to {hours} h");
        assert!(seen.iter().all(|(_, never)| never.stage == 1));
    }
    tree.set(ScopeId::ROOT, &[], &[], skipped_up_to(8)).await;
    let token = world.access_token("root", &EVERY_SCOPE).await;
    let mut terms = tree.terms(ScopeId::ROOT).await;
    terms.activation.requires_ticket = true;
    let body = json!({
        "roles": [tree.role], "settings": terms, "fields": ["requires_ticket"], "preview": true,
    });
    let told = world.ask_api("post", "/v1/settings/apply", &token, Some(&body)).await.json();
    assert_eq!(
        told["outcomes"][0]["impact"]["never_asked"][0],
        json!({ "scope_name": "Organisation", "stage": 1, "longest": "PT8H", "skipped_up_to": "PT8H" }),
        "{told}"
    );
    world.check_invariants().await;
}

#[tokio::test]
async fn the_templates_that_ship_are_careful_and_stay_as_they_are() {
    let tree = tree().await;
    let root = tree.root().await;
    let app = &tree.world.app;
    let templates = settings::templates(app, &root).await.unwrap();
    let names: Vec<_> = templates.iter().map(|template| template.name.as_str()).collect();
    assert_eq!(names, ["Small company baseline", "Strict"]);
    assert_eq!(
        templates[0].settings,
        role::first_terms(true),
        "what a privileged role begins with"
    );
    let (baseline, strict) = (&templates[0].settings, &templates[1].settings);
    assert!(!baseline.weakened_by(strict), "strict asks for more in everything");
    let new = template("Mine", strict);
    for outcome in [
        settings::change(app, &root, STRICT, 1, &new).await,
        settings::retire(app, &root, BASELINE).await,
    ] {
        assert!(matches!(outcome, Err(Error::Conflict(_))), "{outcome:?}");
    }
}

fn template(name: &str, settings: &Settings) -> NewTemplate {
    NewTemplate {
        name: Name::parse(name).unwrap(),
        description: Description::default(),
        settings: settings.clone(),
    }
}

#[tokio::test]
async fn templates_of_ones_own_are_made_changed_and_retired() {
    let tree = tree().await;
    let (app, root) = (&tree.world.app, tree.root().await);
    let mut terms = tree.terms(ScopeId::ROOT).await;
    let id = settings::create(app, &root, &template("Ours", &terms)).await.unwrap();
    let taken = settings::create(app, &root, &template("OURS", &terms)).await;
    assert!(
        matches!(&taken, Err(Error::Invalid(faults)) if faults[0].field == "name"),
        "{taken:?}"
    );
    terms.activation.maximum = HOUR;
    settings::change(app, &root, id, 1, &template("Ours", &terms)).await.unwrap();
    let late = settings::change(app, &root, id, 1, &template("Ours", &terms)).await;
    assert!(matches!(late, Err(Error::Conflict(_))), "somebody was first");
    assert_eq!(settings::template(app, &root, id).await.unwrap().settings.activation.maximum, HOUR);
    terms.activation.stages = approved_by([tree.world.principal("bob")]);
    let naming = settings::create(app, &root, &template("Bob's", &terms)).await;
    assert!(matches!(&naming, Err(Error::Invalid(faults)) if faults[0].field == "stages"));
    settings::retire(app, &root, id).await.unwrap();
    assert_eq!(settings::templates(app, &root).await.unwrap().len(), 2);
    let outcome = settings::propose(app, &root, &given(&tree, Given::Template(id), &[])).await;
    assert!(matches!(outcome, Err(Error::Invalid(_))), "{outcome:?}");
    let eve = tree.world.actor("eve").await;
    assert!(matches!(settings::templates(app, &eve).await, Err(Error::Forbidden(_))));
    let kinds = tree.world.events().await;
    let kinds: Vec<_> = kinds.iter().filter(|kind| kind.starts_with("template.")).collect();
    assert_eq!(kinds, ["template.created", "template.changed", "template.retired"]);
    tree.world.check_invariants().await;
}

fn given(tree: &Tree, given: Given, approvers: &[&str]) -> Apply {
    Apply {
        roles: vec![tree.role, RoleId::AUDITOR],
        scope: ScopeId::ROOT,
        given,
        approvers: approvers.iter().map(|name| tree.world.principal(name)).collect(),
        reason: reason(),
    }
}

#[tokio::test]
async fn a_template_is_given_to_several_roles_after_a_look_at_what_it_does() {
    let tree = tree().await;
    let world = &tree.world;
    let (app, root) = (&world.app, tree.root().await);
    world.eligible("ada", ROLE).await;
    let nobody = given(&tree, Given::Template(STRICT), &[]);
    for proposal in settings::propose(app, &root, &nobody).await.unwrap() {
        assert!(
            matches!(&proposal.outcome, Err(Error::Invalid(faults)) if faults[0].field == "stages"),
            "approvers are chosen when it is applied: {proposal:?}"
        );
    }
    let strict = given(&tree, Given::Template(STRICT), &["bob", "eve"]);
    let proposals = settings::propose(app, &root, &strict).await.unwrap();
    let seen: std::collections::BTreeMap<_, _> =
        proposals.iter().map(|proposal| (proposal.role, proposal.after)).collect();
    let mine = proposals.iter().find(|proposal| proposal.role == tree.role).unwrap();
    let preview = mine.outcome.as_ref().unwrap();
    assert!(preview.stricter.contains(&Field::RequiresTicket));
    assert_eq!(preview.out_of_terms.len(), 1);
    assert_eq!(tree.versions(ScopeId::ROOT).await, 1, "nothing was written");
    let applied = settings::apply(app, &root, &strict, &seen).await.unwrap();
    assert!(applied.iter().all(|applied| applied.outcome.is_ok()), "{applied:?}");
    let shown = tree.shown(ScopeId::ROOT).await;
    assert_eq!(shown.current.template.as_deref(), Some("Strict"));
    assert_eq!(shown.current.settings.activation.maximum, Duration::hours(2));
    assert_eq!(shown.resilience, Some(Resilience::Enough));
    // What has changed since the look is not written over.
    for applied in settings::apply(app, &root, &strict, &seen).await.unwrap() {
        assert!(matches!(applied.outcome, Err(Error::Conflict(_))), "{applied:?}");
    }
    world.check_invariants().await;
}

#[tokio::test]
async fn some_fields_are_given_to_several_roles_and_locked_ones_stay() {
    let tree = tree().await;
    let (app, root) = (&tree.world.app, tree.root().await);
    tree.set(ScopeId::ROOT, &[], &[Field::Maximum], at_most(6)).await;
    let mut terms = Settings::uniform(true, HOUR);
    terms.activation.stages = approved_by([]);
    let fields = Fields::from([Field::Maximum, Field::RequiresTicket]);
    let apply = Apply {
        scope: tree.folder,
        ..given(&tree, Given::Fields { settings: Box::new(terms), fields }, &[])
    };
    let proposals = settings::propose(app, &root, &apply).await.unwrap();
    let mine = proposals.iter().find(|proposal| proposal.role == tree.role).unwrap();
    assert_eq!(mine.locked, [Field::Maximum]);
    for applied in settings::apply(app, &root, &apply, &[].into()).await.unwrap() {
        applied.outcome.unwrap();
    }
    let shown = tree.shown(tree.folder).await;
    assert_eq!(shown.declared.own, Fields::from([Field::RequiresTicket]));
    assert_eq!(shown.current.settings.activation.maximum, Duration::hours(6));
    let auditor = settings::show(app, &root, RoleId::AUDITOR, tree.folder).await.unwrap();
    assert_eq!(auditor.current.settings.activation.maximum, HOUR, "nothing is enforced there");
    tree.world.check_invariants().await;
}

#[tokio::test]
async fn programs_read_where_terms_come_from_and_write_them() {
    let tree = tree().await;
    let world = &tree.world;
    let token = world.access_token("root", &EVERY_SCOPE).await;
    let path = format!("/v1/roles/{}/settings?scope={}", tree.role, tree.folder);
    let shown = world.ask_api("get", &path, &token, None).await.json();
    assert_eq!((&shown["number"], &shown["scope_name"]), (&json!(0), &json!("Finance")));
    let mut terms = shown["current"]["settings"].clone();
    terms["activation"]["maximum"] = json!("PT2H");
    let body = json!({
        "settings": terms, "own": ["maximum"], "enforced": ["maximum"], "after": 0, "reason": "Shorter here",
    });
    let written = world.ask_api("put", &path, &token, Some(&body)).await;
    assert_eq!(written.status, 200, "{}", written.json());
    let below = format!("/v1/roles/{}/settings?scope={}", tree.role, tree.system);
    let shown = world.ask_api("get", &below, &token, None).await.json();
    let maximum = &shown["fields"][0];
    assert_eq!(
        (&maximum["field"], &maximum["value"], &maximum["scope_name"], &maximum["locked"]),
        (&json!("maximum"), &json!("2 h"), &json!("Finance"), &json!(true))
    );
    let versions = path.replace("/settings?", "/settings/versions?");
    let versions = world.ask_api("get", &versions, &token, None).await.json();
    assert_eq!(versions["items"][0]["enforced"], json!(["maximum"]));
    let body = json!({
        "roles": [tree.role], "scope": tree.system, "settings": terms, "fields": ["requires_ticket"],
        "reason": "So that it is asked for", "preview": true,
    });
    let unchanged = world.ask_api("post", "/v1/settings/apply", &token, Some(&body)).await;
    assert_eq!(unchanged.status, 200, "{}", unchanged.json());
    assert_eq!(unchanged.json()["outcomes"][0]["after"], 0);
    assert_eq!(tree.shown(tree.system).await.number, 0);
    world.check_invariants().await;
}

#[tokio::test]
async fn what_a_place_says_is_kept_whole_for_whoever_asks_for_it_later() {
    let tree = tree().await;
    let declared = Declared::whole(tree.terms(ScopeId::ROOT).await);
    let save = Save {
        role: tree.role,
        scope: tree.folder,
        own: declared,
        after: 0,
        template: None,
        reason: Justification::parse("All of it").unwrap(),
    };
    let text = serde_json::to_string(&save).unwrap();
    let read: Save = serde_json::from_str(&text).unwrap();
    assert_eq!((read.own, read.after), (save.own.clone(), 0));
    tree.save(&save).await.unwrap();
    tree.set(ScopeId::ROOT, &[], &[], at_most(3)).await;
    assert_eq!(tree.maximum(tree.folder).await, Duration::hours(8), "all of it is its own");
}
