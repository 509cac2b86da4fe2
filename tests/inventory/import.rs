//! Bringing in what is held elsewhere.
use latchkey::{
    domain::{
        id::{ImportId, RoleId, ScopeId},
        inventory::Mapping,
        permission::Permission,
        text::fold,
    },
    error::Error,
    service::inventory::import::{self, Counts, Outcome, Preview, State},
};

use crate::support::World;

/// A company whose roles ask for nothing when they are assigned.
async fn world() -> World {
    let world = World::new().await;
    world.people(["ada", "bob", "eve", "root"]).await;
    world.active("root", "Global Administrator").await;
    world.role("Operator", |_| ()).await;
    world
}

async fn hand_in(world: &World, by: &str, file: &str) -> Result<ImportId, Error> {
    import::upload(&world.app, &world.actor(by).await, "today.csv", file.as_bytes()).await
}

async fn preview(world: &World, by: &str, id: ImportId) -> Preview {
    import::preview(&world.app, &world.actor(by).await, id).await.unwrap()
}

async fn confirm(world: &World, id: ImportId, leave_out: bool) -> Result<Counts, Error> {
    import::confirm(&world.app, &world.actor("root").await, id, leave_out, None).await
}

async fn assignments(world: &World) -> i64 {
    world.count("select count(*) from assignments where justification <> ''").await
}

/// A place below the organisation.
async fn place(world: &World, name: &str, parent: ScopeId, kind: &str) -> ScopeId {
    let id = ScopeId::new();
    sqlx::query(
        "insert into scopes (id, parent_id, kind, name, name_folded, created_at)
         values ($1, $2, $3::scope_kind, $4, $5, instant())",
    )
    .bind(id)
    .bind(parent)
    .bind(kind)
    .bind(name)
    .bind(fold(name))
    .execute(&world.owner)
    .await
    .unwrap();
    id
}

/// Lets a role allow something in Latchkey.
async fn allow(world: &World, role: RoleId, permission: &str) {
    change_role(world, role, "permissions = permissions || $2", permission).await;
}

/// Lets a role be held at systems and folders, too.
async fn let_be_held_below(world: &World, role: RoleId) {
    let kinds = "scope_kinds = $2::scope_kind[]";
    change_role(world, role, kinds, "{organization,folder,system,resource}").await;
}

async fn change_role(world: &World, role: RoleId, what: &str, value: &str) {
    let mut change = world.owner.begin().await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(format!("update roles set {what} where id = $1")))
        .bind(role)
        .bind(value)
        .execute(&mut *change)
        .await
        .unwrap();
    sqlx::query(
        "insert into audit_events (id, at, kind, outcome, actor_kind, actor_name, target_id, detail)
         values (gen_random_uuid(), instant(), 'role.changed', 'success', 'operator', 'A test', $1, '{}')",
    )
    .bind(role)
    .execute(&mut *change)
    .await
    .unwrap();
    change.commit().await.unwrap();
}

#[tokio::test]
async fn a_file_with_columns_of_its_own_becomes_assignments() {
    let world = world().await;
    world.group("Night Watch", &["bob"]).await;
    world.application("backup", "eve").await;
    let file = "\u{feff}Login;Role name;Type;Valid to;Comment\r\n\
                ada@example.org;operator;active;;Since the beginning\r\n\
                group:night watch;OPERATOR;eligible;2040-01-01;\r\n\
                backup;Operator;active;never;\r\n";
    let id = hand_in(&world, "root", file).await.unwrap();
    let seen = preview(&world, "root", id).await;
    let plan = seen.plan.unwrap();
    assert_eq!((plan.made(), plan.bad(), plan.already()), (3, 0, 0), "{plan:?}");
    let counts = confirm(&world, id, false).await.unwrap();
    assert_eq!((counts.made, counts.left_out), (3, 0));
    let said: Vec<(String, String, String)> = sqlx::query_as(
        "select principals.name, assignments.kind::text, justification from assignments
         join principals on principals.id = principal_id where justification <> '' order by 1",
    )
    .fetch_all(&world.owner)
    .await
    .unwrap();
    let row =
        |name: &str, kind: &str, why: &str| (name.to_owned(), kind.to_owned(), why.to_owned());
    assert_eq!(
        said,
        [
            row("Night Watch", "eligible", "Imported from today.csv, line 3."),
            row("ada", "active", "Since the beginning"),
            row("backup", "active", "Imported from today.csv, line 4."),
        ]
    );
    let events = world.events().await;
    let of = |kind: &str| events.iter().filter(|event| *event == kind).count();
    assert_eq!((of("assignment.created"), of("import.done"), of("import.uploaded")), (3, 1, 1));
    let told = import::show(&world.app, &world.actor("root").await, id).await.unwrap();
    assert_eq!((told.state, told.rows_read), (State::Done, 3));
    assert_eq!(world.count("select count(*) from imports where file is not null").await, 0);
    world.check_invariants().await;
}

#[tokio::test]
async fn bad_rows_are_told_by_line_and_column_and_nothing_is_half_imported() {
    let world = world().await;
    let file = "user,role,scope,until\nada,Operator,,\nnobody,Operator,,\nbob,Reader,,\nbob,Operator,Mars,\nbob,Operator,,2020-01-01\nbob\n";
    let id = hand_in(&world, "root", file).await.unwrap();
    let plan = preview(&world, "root", id).await.plan.unwrap();
    let bad: Vec<_> = plan
        .rows
        .iter()
        .filter_map(|row| match &row.verdict {
            import::Verdict::Bad(faults) => Some((row.line, faults[0].column.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(bad, [(3, "user"), (4, "role"), (5, "scope"), (6, "until"), (7, "")]);
    assert_eq!(plan.unknown_principals, ["nobody"]);
    assert_eq!(plan.unknown_roles, ["Reader"]);
    assert_eq!(plan.unknown_scopes, ["Mars"]);
    let refused = confirm(&world, id, false).await.unwrap_err();
    assert!(refused.to_string().contains("5 rows can't be imported"), "{refused}");
    assert_eq!(assignments(&world).await, 0, "nothing was half imported");
    let counts = confirm(&world, id, true).await.unwrap();
    assert_eq!((counts.made, counts.left_out), (1, 5));
    let actor = world.actor("root").await;
    let rows = import::rows(&world.app, &actor, id, Some(Outcome::LeftOut), 0).await.unwrap();
    let lines: Vec<_> = rows.iter().map(|row| row.line).collect();
    assert_eq!(lines, [3, 4, 5, 6, 7], "what was left out is kept, too");
    assert!(rows[0].notes[0].contains("nobody of that name"), "{:?}", rows[0]);
    world.check_invariants().await;
}

#[tokio::test]
async fn the_same_file_twice_changes_nothing_and_says_so() {
    let world = world().await;
    let file = "user,role\nada,Operator\nbob,Operator\nada@example.org,operator\n";
    let id = hand_in(&world, "root", file).await.unwrap();
    let counts = confirm(&world, id, false).await.unwrap();
    assert_eq!((counts.made, counts.already), (2, 1), "a row that says the same is not made twice");
    let before = assignments(&world).await;
    let again = hand_in(&world, "root", file).await.unwrap();
    let seen = preview(&world, "root", again).await;
    assert_eq!(seen.same_before.map(|before| before.id), Some(id));
    let plan = seen.plan.unwrap();
    assert_eq!((plan.made(), plan.already(), plan.bad()), (0, 3, 0));
    let counts = confirm(&world, again, false).await.unwrap();
    assert_eq!((counts.made, counts.already), (0, 3));
    assert_eq!(assignments(&world).await, before);
    let closed = confirm(&world, again, false).await;
    assert!(matches!(closed, Err(Error::Conflict(_))), "{closed:?}");
    world.check_invariants().await;
}

#[tokio::test]
async fn nobody_imports_anything_for_themself_by_whichever_way() {
    let world = world().await;
    world.second_account("root-admin", "root").await;
    world.application("root-tool", "root").await;
    world.group("Crew", &["root-admin", "ada"]).await;
    let file = "user,role\nroot,Operator\nroot-admin,Operator\nroot-tool,Operator\ngroup:Crew,Operator\nroot@example.org,Operator\nada,Operator\n";
    let id = hand_in(&world, "root", file).await.unwrap();
    let plan = preview(&world, "root", id).await.plan.unwrap();
    assert_eq!((plan.made(), plan.bad()), (1, 5), "{plan:?}");
    let counts = confirm(&world, id, true).await.unwrap();
    assert_eq!(counts.made, 1);
    let own: i64 = sqlx::query_scalar(
        "select count(*) from assignments where role_id = $1 and principal_id in ($2, $3, $4, $5)",
    )
    .bind(world.role_id("Operator"))
    .bind(world.principal("root"))
    .bind(world.principal("root-admin"))
    .bind(world.principal("root-tool"))
    .bind(world.principal("Crew"))
    .fetch_one(&world.owner)
    .await
    .unwrap();
    assert_eq!(own, 0);
}

#[tokio::test]
async fn importing_takes_the_right_at_each_rows_place() {
    let world = world().await;
    let operator = world.role_id("Operator");
    let_be_held_below(&world, operator).await;
    world.role("Local administrator", |_| ()).await;
    let local = world.role_id("Local administrator");
    let_be_held_below(&world, local).await;
    allow(&world, local, "assignments.manage").await;
    let folder = place(&world, "Production", ScopeId::ROOT, "folder").await;
    place(&world, "Shop", folder, "system").await;
    place(&world, "Billing", ScopeId::ROOT, "system").await;
    world.assign("active", world.principal("eve"), (local, folder), (None, None)).await;
    let file = "user,role,where\nada,Operator,Production / Shop\nbob,Operator,Production\nada,Operator,Billing\nada,Operator,\n";
    let refused = hand_in(&world, "ada", file).await;
    assert!(matches!(refused, Err(Error::Forbidden(Permission::ManageAssignments))), "{refused:?}");
    let id = hand_in(&world, "eve", file).await.unwrap();
    let plan = preview(&world, "eve", id).await.plan.unwrap();
    assert_eq!((plan.made(), plan.bad()), (2, 2), "{plan:?}");
    // Nobody goes on with what somebody else has handed in.
    assert!(matches!(confirm(&world, id, true).await, Err(Error::NotAllowed(_))));
    let actor = world.actor("eve").await;
    let counts = import::confirm(&world.app, &actor, id, true, None).await.unwrap();
    assert_eq!((counts.made, counts.left_out), (2, 2));
    assert!(import::list(&world.app, &actor, None).await.unwrap().len() == 1);
    world.check_invariants().await;
}

#[tokio::test]
async fn missing_roles_and_places_are_made_if_that_is_wanted_and_say_where_they_come_from() {
    let world = world().await;
    allow(&world, RoleId::GLOBAL_ADMINISTRATOR, "scopes.manage").await;
    let folder = place(&world, "Cloud", ScopeId::ROOT, "folder").await;
    let file = "user,role,scope\nada,Domain admin,Directory\nbob,Reader,Directory\neve,Reader,\n";
    let id = hand_in(&world, "root", file).await.unwrap();
    let actor = world.actor("root").await;
    let mut mapping = preview(&world, "root", id).await.mapping;
    mapping.make_roles = true;
    mapping.privileged_roles = vec!["domain ADMIN".to_owned()];
    mapping.make_scopes_under = Some(folder);
    import::map(&world.app, &actor, id, &mapping).await.unwrap();
    let plan = preview(&world, "root", id).await.plan.unwrap();
    assert_eq!((plan.made(), plan.bad(), plan.outside()), (3, 0, 1), "{plan:?}");
    assert!(plan.needs_code, "a privileged role begins with terms that ask for a code");
    let code = world.fresh_code("root").await;
    let counts = import::confirm(&world.app, &world.actor("root").await, id, false, Some(&code))
        .await
        .unwrap();
    assert_eq!((counts.made, counts.roles_made, counts.scopes_made), (3, 2, 1));
    assert_eq!(
        counts.outside_terms, 1,
        "standing access to a privileged role is outside its terms"
    );
    let roles: Vec<(String, bool)> = sqlx::query_as(
        "select name, privileged from roles where import_id is not null order by name",
    )
    .fetch_all(&world.owner)
    .await
    .unwrap();
    assert_eq!(roles, [("Domain admin".to_owned(), true), ("Reader".to_owned(), false)]);
    let parent: ScopeId =
        sqlx::query_scalar("select parent_id from scopes where import_id is not null")
            .fetch_one(&world.owner)
            .await
            .unwrap();
    assert_eq!(parent, folder);
    let kept = import::rows(&world.app, &actor, id, Some(Outcome::Made), 0).await.unwrap();
    assert!(kept[0].notes[0].starts_with("outside the terms"), "{:?}", kept[0]);
    world.check_invariants().await;
}

#[tokio::test]
async fn terms_that_ask_for_a_code_ask_for_it_before_an_import_too() {
    let world = world().await;
    world.settings("Operator", |terms| terms.active.requires_mfa = true).await;
    let id = hand_in(&world, "root", "user,role\nada,Operator\n").await.unwrap();
    let without = confirm(&world, id, false).await;
    assert!(matches!(without, Err(Error::Invalid(_))), "{without:?}");
    assert_eq!(assignments(&world).await, 0);
    let code = world.fresh_code("root").await;
    let actor = world.actor("root").await;
    import::confirm(&world.app, &actor, id, false, Some(&code)).await.unwrap();
    assert_eq!(assignments(&world).await, 1);
}

#[tokio::test]
async fn what_is_outside_the_terms_is_imported_and_marked() {
    let world = world().await;
    world
        .settings("Operator", |terms| {
            terms.active.may_be_permanent = false;
            terms.active.requires_justification = true;
        })
        .await;
    let id = hand_in(&world, "root", "user,role\nada,Operator\n").await.unwrap();
    let counts = confirm(&world, id, false).await.unwrap();
    assert_eq!((counts.made, counts.outside_terms), (1, 1));
    world.check_invariants().await;
}

#[tokio::test]
async fn what_cannot_be_read_or_mapped_is_told() {
    let world = world().await;
    for file in ["", "user,role\n", "user,user\na,b\n", "[1, 2"] {
        let refused = hand_in(&world, "root", file).await;
        assert!(
            matches!(&refused, Err(Error::Invalid(faults)) if faults[0].field == "file"),
            "{file:?}: {refused:?}"
        );
    }
    let id = hand_in(&world, "root", "a,b\nada,Operator\n").await.unwrap();
    let faults = preview(&world, "root", id).await.plan.unwrap_err();
    assert_eq!(faults.iter().map(|fault| fault.field).collect::<Vec<_>>(), ["principal", "role"]);
    let mapping = Mapping {
        principal: Some("a".to_owned()),
        role: Some("c".to_owned()),
        ..Mapping::default()
    };
    let actor = world.actor("root").await;
    let refused = import::map(&world.app, &actor, id, &mapping).await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    import::discard(&world.app, &actor, id).await.unwrap();
    assert_eq!(world.count("select count(*) from imports where file is not null").await, 0);
    assert!(matches!(confirm(&world, id, false).await, Err(Error::Conflict(_))));
}
