//! Bringing in what is held elsewhere.
use std::fmt::Write as _;

use latchkey::{
    domain::{
        id::{ImportId, ScopeId},
        inventory::Mapping,
        permission::Permission,
        time::Duration,
    },
    error::Error,
    service::inventory::import::{self, Counts, Preview, RowOutcome, State},
};

use crate::support::{World, http::EVERY_SCOPE};

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

#[tokio::test]
async fn a_file_with_columns_of_its_own_becomes_assignments() {
    let world = world().await;
    world.group("Night Watch", &["bob"]).await;
    world.application("backup", "eve").await;
    let file = "\u{feff}Login;Role name;Type;Valid to;Comment\r\n\
                ada@example.org;operator;active;;Since the beginning\r\n\
                group:night watch;OPERATOR;eligible;2041-01-01;\r\n\
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
    let rows = import::rows(&world.app, &actor, id, Some(RowOutcome::LeftOut), 0).await.unwrap();
    let lines: Vec<_> = rows.iter().map(|row| row.line).collect();
    assert_eq!(lines, [3, 4, 5, 6, 7], "what was left out is kept, too");
    assert!(rows[0].notes[0].contains("nobody of that name"), "{:?}", rows[0]);
    world.check_invariants().await;
}

#[tokio::test]
async fn programs_read_what_became_of_every_row_page_by_page() {
    let world = world().await;
    let file = (0..130).fold("user,role\n".to_owned(), |mut file, number| {
        writeln!(file, "nobody-{number},Operator").unwrap();
        file
    });
    let id = hand_in(&world, "root", &file).await.unwrap();
    confirm(&world, id, true).await.unwrap();
    let token = world.access_token("root", &EVERY_SCOPE).await;
    let path = format!("/v1/inventory/imports/{id}/rows");
    let first = world.ask_api("get", &path, &token, None).await.json();
    let next = first["next"].as_str().unwrap();
    let second = world.ask_api("get", &format!("{path}?cursor={next}"), &token, None).await.json();
    let lines = [&first, &second].map(|page| page["items"].as_array().unwrap().len());
    assert_eq!(lines, [100, 30]);
    assert_eq!(second["items"][0]["line"], 102, "after the heading and a hundred rows");
    assert!(second["next"].is_null());
}

#[tokio::test]
async fn files_do_not_pile_up() {
    let world = world().await;
    for _ in 0..import::DRAFTS_MOST {
        hand_in(&world, "root", "user,role\nada,Operator\n").await.unwrap();
    }
    let more = hand_in(&world, "root", "user,role\nada,Operator\n").await.unwrap_err();
    assert!(more.to_string().contains("throw away one"), "{more}");
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
    let folder = world.scope("Production", ScopeId::ROOT, "folder").await;
    let inner = world.scope("Web", folder, "folder").await;
    world.scope("Shop", inner, "system").await;
    world.scope("Billing", ScopeId::ROOT, "system").await;
    world.give("active", "eve", "Privileged Role Administrator", folder).await;
    let file = "user,role,where\nada,Operator,Web / Shop\nbob,Operator,Production\nada,Operator,Billing\nada,Operator,\n";
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
    let folder = world.scope("Cloud", ScopeId::ROOT, "folder").await;
    let file = "user,role,scope\nada,Domain admin,Directory\nbob,Reader,Directory\neve,Reader,\n";
    let id = hand_in(&world, "root", file).await.unwrap();
    let actor = world.actor("root").await;
    let mut mapping = preview(&world, "root", id).await.mapping;
    mapping.make_roles = true;
    mapping.privileged_roles = vec!["domain ADMIN".to_owned()];
    mapping.make_scopes_under = Some(folder);
    import::map(&world.app, &actor, id, &mapping).await.unwrap();
    let plan = preview(&world, "root", id).await.plan.unwrap();
    assert_eq!(
        (plan.made(), plan.bad()),
        (2, 1),
        "a new privileged role is not for ever: {plan:?}"
    );
    mapping.end_by_terms = true;
    import::map(&world.app, &actor, id, &mapping).await.unwrap();
    let plan = preview(&world, "root", id).await.plan.unwrap();
    assert_eq!((plan.made(), plan.bad(), plan.shortened()), (3, 0, 1), "{plan:?}");
    assert!(plan.needs_code, "a privileged role begins with terms that ask for a code");
    let code = world.fresh_code("root").await;
    let counts = import::confirm(&world.app, &world.actor("root").await, id, false, Some(&code))
        .await
        .unwrap();
    assert_eq!((counts.made, counts.roles_made, counts.scopes_made), (3, 2, 1));
    assert_eq!(counts.shortened, 1);
    let roles: Vec<(String, bool)> = sqlx::query_as(
        "select name, privileged from roles where description = 'Imported from today.csv.' order by name",
    )
    .fetch_all(&world.owner)
    .await
    .unwrap();
    assert_eq!(roles, [("Domain admin".to_owned(), true), ("Reader".to_owned(), false)]);
    let parent: ScopeId = sqlx::query_scalar(
        "select parent_id from scopes where description = 'Imported from today.csv.'",
    )
    .fetch_one(&world.owner)
    .await
    .unwrap();
    assert_eq!(parent, folder);
    let kept = import::rows(&world.app, &actor, id, Some(RowOutcome::Made), 0).await.unwrap();
    assert!(kept[0].notes[0].contains("as late as the role’s terms allow"), "{:?}", kept[0]);
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
async fn an_import_gives_nothing_that_the_roles_terms_do_not_allow() {
    let world = world().await;
    world
        .settings("Operator", |terms| {
            terms.active.may_be_permanent = false;
            terms.active.maximum = Duration::days(30);
            terms.active.requires_justification = true;
        })
        .await;
    let file = "user,role,until\nada,Operator,\nbob,Operator,2041-01-01\n";
    let id = hand_in(&world, "root", file).await.unwrap();
    let mut seen = preview(&world, "root", id).await;
    let plan = seen.plan.unwrap();
    assert_eq!((plan.made(), plan.bad()), (0, 2), "{plan:?}");
    seen.mapping.end_by_terms = true;
    import::map(&world.app, &world.actor("root").await, id, &seen.mapping).await.unwrap();
    let counts = confirm(&world, id, false).await.unwrap();
    assert_eq!((counts.made, counts.shortened), (2, 2));
    let beyond = "select count(*) from assignments where role_id in (select id from roles where name = 'Operator')
        and ends_at > instant() + interval '30 days'";
    assert_eq!(world.count(beyond).await, 0);
    let again = hand_in(&world, "root", file).await.unwrap();
    import::map(&world.app, &world.actor("root").await, again, &seen.mapping).await.unwrap();
    let counts = confirm(&world, again, false).await.unwrap();
    assert_eq!((counts.made, counts.already), (0, 2), "twice changes nothing here either");
    world.check_invariants().await;
}

#[tokio::test]
async fn nobody_imports_for_a_group_that_they_could_get_into() {
    let world = world().await;
    for group in ["Crew", "Outer", "Club"] {
        world.group(group, &[]).await;
    }
    world.give("eligible", "root", "Member", world.scope_id("Crew")).await;
    world.give("active", "Crew", "Member", world.scope_id("Outer")).await;
    world.give("active", "root", "Owner", world.scope_id("Club")).await;
    let file = "user,role\ngroup:Crew,Operator\ngroup:Outer,Operator\ngroup:Club,Operator\n";
    let id = hand_in(&world, "root", file).await.unwrap();
    let plan = preview(&world, "root", id).await.plan.unwrap();
    assert_eq!((plan.made(), plan.bad()), (0, 3), "{plan:?}");
}

#[tokio::test]
async fn members_of_a_group_that_carries_a_role_are_imported_by_those_who_may_give_that_role() {
    let world = world().await;
    let folder = world.scope("Production", ScopeId::ROOT, "folder").await;
    world.group("Crew", &[]).await;
    world.group("Club", &[]).await;
    world.give("active", "Crew", "Operator", ScopeId::ROOT).await;
    for group in ["Crew", "Club"] {
        world.give("active", "eve", "Owner", world.scope_id(group)).await;
    }
    world.give("active", "eve", "Privileged Role Administrator", folder).await;
    let file = "user,role,where\nada,Member,Crew\nada,Member,Club\nada,Operator,Production\n";
    let id = hand_in(&world, "eve", file).await.unwrap();
    let plan = preview(&world, "eve", id).await.plan.unwrap();
    assert_eq!((plan.made(), plan.bad()), (2, 1), "{plan:?}");
    assert!(format!("{:?}", plan.rows[0].verdict).contains("you may not assign"), "{plan:?}");
    let id = hand_in(&world, "root", file).await.unwrap();
    assert_eq!(confirm(&world, id, false).await.unwrap().made, 3);
    world.check_invariants().await;
}

#[tokio::test]
async fn five_thousand_rows_are_imported_in_one_go() {
    let world = world().await;
    world
        .execute(
            "insert into persons select gen_random_uuid(), 'Person ' || n, 'p' || n || '@example.org', 'p' || n || '@example.org', instant()
             from generate_series(1, 5000) as n",
        )
        .await;
    world
        .execute(
            "with made as (
                insert into principals (id, kind, person_id, name, name_folded, created_at)
                select gen_random_uuid(), 'user', id, split_part(email, '@', 1), split_part(email, '@', 1), instant()
                from persons where email like 'p%@example.org' returning id
            )
            insert into audit_events (id, at, kind, outcome, actor_kind, actor_name, target_id, detail)
            select gen_random_uuid(), instant(), 'person.invited', 'success', 'operator', 'A test', id, '{}' from made",
        )
        .await;
    let mut file = "user,role,where\n".to_owned();
    for number in 1..=5000 {
        writeln!(file, "p{number},Operator,System {}", number % 500).unwrap();
    }
    let id = hand_in(&world, "root", &file).await.unwrap();
    let actor = world.actor("root").await;
    let mut mapping = preview(&world, "root", id).await.mapping;
    mapping.make_scopes_under = Some(ScopeId::ROOT);
    import::map(&world.app, &actor, id, &mapping).await.unwrap();
    let counts = confirm(&world, id, false).await.unwrap();
    assert_eq!((counts.made, counts.scopes_made, counts.left_out), (5000, 500, 0));
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
