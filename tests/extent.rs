//! What a person can do, now and at most: by which steps, with whose help, and who may look.
use std::collections::BTreeSet;

use latchkey::{
    domain::{
        extent::Effort,
        id::{AssignmentId, RoleId, ScopeId},
        time::Duration,
    },
    error::Error,
    service::{
        extent::{self, Extent, Filter, Reached},
        person,
    },
};
use serde_json::Value;

use crate::support::{World, approved_by, http::EVERY_SCOPE, reason};

/// Whether the account of that name has this role at this place by that effort.
async fn extent_of(world: &World, name: &str, by: &str) -> Result<Extent, Error> {
    let shown = extent::show(&world.app, &world.actor(by).await, world.principal(name)).await?;
    Ok(shown.extent)
}

fn reached<'a>(extent: &'a Extent, role: &str) -> Option<&'a Reached> {
    extent.reached.iter().find(|reached| reached.role_name == role)
}

fn words(extent: &Extent, role: &str) -> Vec<String> {
    let steps = reached(extent, role).map(|reached| reached.steps.as_slice()).unwrap_or_default();
    steps.iter().map(latchkey::service::extent::Explained::words).collect()
}

async fn world() -> World {
    let world = World::new().await;
    world.people(["ada", "bob", "eve", "root"]).await;
    world.active("root", "Global Administrator").await;
    for role in ["Reader", "Operator", "Keeper", "Writer", "Approved"] {
        world.role(role, |_| ()).await;
    }
    let approvers = [world.principal("bob"), world.principal("eve")];
    world
        .settings("Approved", |terms| {
            terms.activation.requires_approval = true;
            terms.activation.stages = approved_by(approvers);
        })
        .await;
    world
}

#[tokio::test]
async fn every_way_to_a_role_is_told_with_its_steps_and_whose_help_it_takes() {
    let world = world().await;
    let finance = world.scope("Finance", ScopeId::ROOT, "folder").await;
    world.group("Crew", &["ada"]).await;
    world.group("Guests", &[]).await;
    world.group("Kept", &[]).await;
    world.give("active", "Crew", "Reader", finance).await;
    world.eligible("ada", "Approved").await;
    world.give("eligible", "ada", "Member", world.scope_id("Guests")).await;
    world.give("eligible", "Guests", "Operator", ScopeId::ROOT).await;
    world.give("active", "ada", "Owner", world.scope_id("Kept")).await;
    world.give("active", "Kept", "Keeper", ScopeId::ROOT).await;
    let application = world.register("root", "Robot", &["ada"]).await.unwrap();
    let here = (world.role_id("Writer"), ScopeId::ROOT);
    world.assign("active", application, here, (None, None)).await;

    let extent = extent_of(&world, "ada", "ada").await.unwrap();
    let effort = |role| reached(&extent, role).map(|reached| reached.effort);
    assert_eq!(effort("Reader"), Some(Effort::Held));
    assert_eq!(words(&extent, "Reader"), ["belongs to Crew", "Reader is held"]);
    assert_eq!(reached(&extent, "Reader").unwrap().path, "Finance");
    assert_eq!(effort("Approved"), Some(Effort::Approval));
    assert_eq!(
        words(&extent, "Approved"),
        ["may activate Approved, which somebody else must approve"]
    );
    assert_eq!(effort("Operator"), Some(Effort::Alone));
    assert_eq!(words(&extent, "Operator"), ["may join Guests", "may activate Operator"]);
    assert_eq!(effort("Keeper"), Some(Effort::Gift));
    assert_eq!(effort("Writer"), Some(Effort::Alone));
    assert_eq!(words(&extent, "Writer")[0], "can sign in as the application Robot");
    assert_eq!(effort("Global Administrator"), None);

    let names: Vec<_> = extent.held.iter().map(|held| &held.told.role_name).collect();
    assert_eq!(names, ["Reader"], "an application's roles and others' groups are not hers now");
    assert_eq!(extent.held[0].through, ["Crew"]);
    assert_eq!(extent.eligible.len(), 1);
    assert_eq!(extent.groups.len(), 3);
    assert_eq!(extent.applications.len(), 1);
}

#[tokio::test]
async fn what_is_told_to_be_held_is_what_the_access_check_says() {
    let world = world().await;
    world.group("Inner", &["ada"]).await;
    world.group("Outer", &[]).await;
    world.give("active", "Inner", "Member", world.scope_id("Outer")).await;
    world.give("active", "Outer", "Reader", ScopeId::ROOT).await;
    world.give("eligible", "Outer", "Operator", ScopeId::ROOT).await;
    world.active("ada", "Keeper").await;
    world.eligible("ada", "Writer").await;
    let end = world.now().await + Duration::hours(1);
    let later = (Some(end), None);
    world
        .assign("active", world.principal("ada"), (world.role_id("Approved"), ScopeId::ROOT), later)
        .await;
    world.activate("ada", "Writer", Duration::hours(2)).await.unwrap();
    for step in 0..3 {
        let extent = extent_of(&world, "ada", "root").await.unwrap();
        let ids = |list: &[extent::AtHand]| {
            list.iter().map(|it| it.told.holding.assignment).collect::<BTreeSet<AssignmentId>>()
        };
        let asked = |function: &str| {
            format!(
                "select assignment_id from {function}($1, instant()) as held
                 join assignments on assignments.id = assignment_id where assignments.role_id <> $2"
            )
        };
        for (found, function) in [
            (ids(&extent.held), "effective_assignments"),
            (
                ids(&extent.eligible)
                    .into_iter()
                    .filter(|id| {
                        let of = |it: &&extent::AtHand| it.told.holding.assignment == *id;
                        extent.eligible.iter().find(of).is_some_and(|it| it.told.starts_at < end)
                    })
                    .collect(),
                "effective_eligibilities",
            ),
        ] {
            let wanted: Vec<AssignmentId> =
                sqlx::query_scalar(sqlx::AssertSqlSafe(asked(function)))
                    .bind(world.principal("ada"))
                    .bind(RoleId::MEMBER)
                    .fetch_all(&world.owner)
                    .await
                    .unwrap();
            assert_eq!(found, wanted.into_iter().collect(), "{function} at step {step}");
        }
        world.advance(Duration::minutes(61)).await;
        world.run_due().await;
    }
}

#[tokio::test]
async fn who_gives_roles_is_told_to_reach_them_through_somebody_else_only() {
    let world = world().await;
    let finance = world.scope("Finance", ScopeId::ROOT, "folder").await;
    world.scope("Ledger", finance, "system").await;
    world.give("eligible", "bob", "Privileged Role Administrator", finance).await;
    let extent = extent_of(&world, "bob", "root").await.unwrap();
    let keeper = reached(&extent, "Keeper").unwrap();
    assert_eq!((keeper.effort, keeper.path.as_str()), (Effort::Gift, "Finance"));
    let steps = words(&extent, "Keeper");
    assert_eq!(steps[0], "may activate Privileged Role Administrator");
    assert!(steps[1].ends_with("only another administrator could"), "{steps:?}");
    assert!(
        reached(&extent, "User Administrator").is_none(),
        "it is held at the organisation only"
    );
}

#[tokio::test]
async fn everybody_sees_themself_and_only_who_may_read_people_sees_others_as_far_as_their_places_reach()
 {
    let world = world().await;
    world.people(["fin", "aud"]).await;
    let finance = world.scope("Finance", ScopeId::ROOT, "folder").await;
    let sales = world.scope("Sales", ScopeId::ROOT, "folder").await;
    world.give("active", "fin", "Privileged Role Administrator", finance).await;
    world.active("aud", "Auditor").await;
    world.give("eligible", "ada", "Reader", finance).await;
    world.give("eligible", "ada", "Operator", sales).await;
    world.give("active", "eve", "Operator", sales).await;

    let stranger = extent_of(&world, "ada", "bob").await;
    assert!(matches!(stranger, Err(Error::Forbidden(_))), "{stranger:?}");
    let all = extent_of(&world, "ada", "aud").await.unwrap();
    assert_eq!(all.eligible.len(), 2);
    let part = extent_of(&world, "ada", "fin").await.unwrap();
    let names: Vec<_> = part.eligible.iter().map(|it| &it.told.role_name).collect();
    assert_eq!(names, ["Reader"]);
    assert!(reached(&part, "Operator").is_none());
    let nothing_there = extent_of(&world, "eve", "fin").await;
    assert!(matches!(nothing_there, Err(Error::NotFound("person"))), "{nothing_there:?}");

    let fin = world.actor("fin").await;
    let page = person::show(&world.app, &fin, world.principal("ada")).await.unwrap();
    assert_eq!(page.assignments.len(), 1);
    assert!(page.factors.is_none(), "how somebody signs in is not a matter of a place");
    let hidden = person::show(&world.app, &fin, world.principal("eve")).await;
    assert!(matches!(hidden, Err(Error::NotFound("person"))), "{hidden:?}");
}

#[tokio::test]
async fn the_list_goes_on_where_it_ended_whatever_came_in_between() {
    let world = world().await;
    for number in 0..130 {
        let name = format!("Duty {number:03}");
        world.role(&name, |_| ()).await;
        world.eligible("ada", &name).await;
    }
    let token = world.access_token("ada", &EVERY_SCOPE).await;
    let path = format!("/v1/people/{}/extent?effort=alone", world.principal("ada"));
    let first = world.ask_api("get", &path, &token, None).await.json();
    let roles = |page: &Value| page["items"].as_array().unwrap().len();
    assert_eq!(roles(&first), 100);
    world.role("Another duty", |_| ()).await;
    world.eligible("ada", "Another duty").await;
    let cursor = first["next"].as_str().unwrap();
    let second =
        world.ask_api("get", &format!("{path}&cursor={cursor}"), &token, None).await.json();
    assert_eq!(roles(&second), 30);
    assert_eq!(second["items"][0]["role_name"], "Duty 100");
    assert_eq!(second["items"][0]["steps"][0]["words"], "may activate Duty 100");
    assert_eq!(second["next"], Value::Null);
    let held = Filter { effort: Some(Effort::Held), after: None };
    let ada = world.actor("ada").await;
    let none = extent::list(&world.app, &ada, world.principal("ada"), &held).await.unwrap();
    assert!(none.rows.is_empty());
}

#[tokio::test]
async fn the_other_account_of_a_human_being_counts_for_them() {
    let world = world().await;
    world.second_account("ada-admin", "ada").await;
    world.eligible("ada-admin", "Keeper").await;
    let extent = extent_of(&world, "ada", "root").await.unwrap();
    assert_eq!(words(&extent, "Keeper"), ["signs in as ada-admin too", "may activate Keeper"]);
    assert!(extent.eligible.is_empty(), "not by this account");
    let why = reason();
    person::disable(&world.app, &world.actor("root").await, world.principal("ada-admin"), &why)
        .await
        .unwrap();
    let extent = extent_of(&world, "ada", "root").await.unwrap();
    assert!(reached(&extent, "Keeper").is_none());
}

#[tokio::test]
async fn who_looks_after_a_part_is_not_told_by_which_other_accounts_or_applications() {
    let world = world().await;
    world.person("fin").await;
    let finance = world.scope("Finance", ScopeId::ROOT, "folder").await;
    world.give("active", "fin", "Privileged Role Administrator", finance).await;
    world.second_account("ada-admin", "ada").await;
    world.give("eligible", "ada", "Reader", finance).await;
    world.give("eligible", "ada-admin", "Keeper", finance).await;
    let robot = world.register("root", "Robot", &["ada"]).await.unwrap();
    let here = (world.role_id("Writer"), finance);
    world.assign("active", robot, here, (None, None)).await;
    let part = extent_of(&world, "ada", "fin").await.unwrap();
    assert!(reached(&part, "Reader").is_some());
    assert!(reached(&part, "Keeper").is_none() && reached(&part, "Writer").is_none());
    assert!(part.applications.is_empty());
    assert!(reached(&extent_of(&world, "ada", "root").await.unwrap(), "Writer").is_some());
}
