//! People, accounts and the tree of places.
use super::{HISTORY, Lab, change, rows};

#[tokio::test]
async fn people_have_names_and_addresses_of_their_own() {
    let lab = Lab::new().await;
    lab.takes(rows::person()).await;
    lab.refuses("persons_display_name_length", rows::person().with("display_name", "''")).await;
    lab.takes(rows::person().with("display_name", "repeat('x', 120)")).await;
    lab.refuses(
        "persons_display_name_length",
        rows::person().with("display_name", "repeat('x', 121)"),
    )
    .await;
    lab.refuses("persons_email_length", rows::person().with("email", "'a@'")).await;
    lab.refuses("persons_email_length", rows::person().with("email", "repeat('x', 255)")).await;
    lab.refuses("persons_email_unique", rows::person().with("email_folded", "'ada@example.org'"))
        .await;
    for form in ["'english'", "'DA'", "''"] {
        lab.refuses("persons_language_form", rows::person().with("language", form)).await;
    }
    lab.takes(
        rows::person().with("language", "'da'").with("time_zone", "'America/Argentina/Ushuaia'"),
    )
    .await;
    for form in ["''", "'../etc/passwd'", "'Europe/'", "'Europe/New York'"] {
        lab.refuses("persons_time_zone_form", rows::person().with("time_zone", form)).await;
    }
    lab.refuses("persons_time_zone_length", rows::person().with("time_zone", "repeat('x', 65)"))
        .await;
    lab.refuses_the_owner("persons_frozen", "update persons set id = gen_random_uuid()").await;
    lab.refuses_the_owner(
        "persons_frozen",
        "update persons set created_at = created_at - interval '1 day'",
    )
    .await;
    lab.history("persons_never_deleted", "delete from persons").await;
    lab.refuses_the_owner(HISTORY, "truncate persons cascade").await;
}

#[tokio::test]
async fn accounts_belong_to_people_and_groups_to_nobody() {
    let lab = Lab::new().await;
    lab.takes(rows::user()).await;
    lab.takes(rows::group()).await;
    lab.takes(rows::user().with("kind", "'service_principal'")).await;
    lab.refuses("principals_have_a_person", rows::user().with("person_id", "null")).await;
    lab.refuses("principals_have_a_person", rows::group().with("person_id", "person('ada')")).await;
    lab.refuses("principals_name_length", rows::user().with("name", "''")).await;
    lab.refuses("principals_name_length", rows::user().with("name", "repeat('x', 121)")).await;
    lab.refuses(
        "principals_description_length",
        rows::user().with("description", "repeat('x', 1001)"),
    )
    .await;
    lab.takes(rows::user().with("break_glass", "true")).await;
    lab.refuses("principals_break_glass_is_a_user", rows::group().with("break_glass", "true"))
        .await;
    lab.refuses("principals_name_unique", rows::user().with("name_folded", "'ada'")).await;
    lab.takes(rows::group().with("name_folded", "'ada'")).await;
    lab.refuses("principals_recorded", rows::user().unrecorded()).await;
    lab.refuses(
        "principals_recorded",
        "update principals set description = 'x' where id = id('ada')",
    )
    .await;
    lab.takes(change("principals", "ada", "description = 'x'")).await;
    for frozen in ["id = gen_random_uuid()", "kind = 'service_principal'"] {
        lab.refuses_the_owner("principals_frozen", change("principals", "ada", frozen)).await;
    }
    let other = "person_id = person('eve')";
    lab.refuses_the_owner("principals_person_frozen", change("principals", "ada", other)).await;
    lab.history("principals_never_deleted", "delete from principals").await;
}

#[tokio::test]
async fn a_foreign_key_can_carry_the_person_of_an_account() {
    let lab = Lab::new().await;
    // `principals_person` lets rows name account and person together, so that nobody can pair them at will.
    lab.refuses(
        "role_settings_author_is_themself",
        rows::settings().with("author_person_id", "person('eve')"),
    )
    .await;
    lab.refuses("role_settings_author_is_themself", rows::settings().with("author_id", "null"))
        .await;
    lab.world.count("select count(*) from pg_constraint where conname = 'principals_person'").await;
    lab.refuses_the_owner("2BP01", "alter table principals drop constraint principals_person")
        .await;
}

#[tokio::test]
async fn places_form_one_tree_that_the_database_keeps() {
    let lab = Lab::new().await;
    lab.takes(rows::scope()).await;
    lab.refuses("scopes_name_length", rows::scope().with("name", "''")).await;
    lab.refuses("scopes_name_unique", rows::scope().with("name_folded", "'system'")).await;
    lab.refuses("scopes_root_is_the_organization", rows::scope().with("parent_id", "null")).await;
    lab.refuses("scopes_root_is_the_organization", rows::scope().with("kind", "'organization'"))
        .await;
    let root = rows::scope().with("kind", "'organization'").with("parent_id", "null");
    lab.refuses("scopes_one_root", root).await;
    lab.refuses(
        "scopes_description_length",
        rows::scope().with("description", "repeat('x', 1001)"),
    )
    .await;
    lab.refuses("scopes_root_stays", "update scopes set retired_at = instant() where id = root()")
        .await;
    lab.refuses("scopes_group_has_its_principal", rows::scope().with("kind", "'group'")).await;
    lab.refuses("scopes_group_has_its_principal", rows::scope().with("group_id", "id('team')"))
        .await;
    let second = rows::scope().with("kind", "'group'").with("group_id", "id('team')");
    lab.refuses("scopes_group_id_key", second).await;
    for frozen in ["id = gen_random_uuid()", "group_id = id('team')", "kind = 'folder'"] {
        lab.refuses_the_owner("scopes_frozen", change("scopes", "system", frozen)).await;
    }
    lab.history("scopes_never_deleted", "delete from scopes").await;
    lab.refuses("scopes_recorded", rows::scope().unrecorded()).await;
    lab.refuses("scopes_changes_recorded", "update scopes set name = 'x' where id = id('system')")
        .await;
    // What is retired leaves its name to others.
    let retired = change("scopes", "system", "retired_at = instant()");
    let anew = rows::scope().with("name_folded", "'system'").sql();
    lab.takes(format!("{retired} {anew}")).await;
}

#[tokio::test]
async fn places_lie_where_they_fit_and_move_there_with_all_that_is_in_them() {
    let lab = Lab::new().await;
    let folder = |parent: &str| rows::scope().with("parent_id", parent);
    lab.refuses("scopes_fit", folder("id('team scope')")).await;
    lab.refuses("scopes_fit", folder("id('system')")).await;
    lab.refuses("scopes_fit", folder("id('system')").with("kind", "'system'")).await;
    lab.takes(folder("id('system')").with("kind", "'resource'")).await;
    let retired = change("scopes", "system", "retired_at = instant()");
    let late = folder("id('system')").with("kind", "'resource'").sql();
    lab.refuses("scopes_parent_in_use", format!("{retired} {late}")).await;
    // The same rules when it moves, by `scopes_still_fit`, and what lies below what follows, by `scopes_move`.
    let made = rows::scope().sql();
    let moves = |what, to| change("scopes", what, &format!("parent_id = {to}"));
    lab.refuses("scopes_fit", format!("{made} {}", moves("new", "id('system')"))).await;
    lab.refuses("scopes_acyclic", format!("{made} {}", moves("new", "id('new')"))).await;
    let depths =
        "select 1 / (array_agg(depth order by depth) = '{0,1,2}')::integer from scope_ancestors
         where scope_id = id('system')";
    lab.takes(format!("{made} {} {depths}", moves("system", "id('new')"))).await;
    let again =
        "select 1 / (array_agg(depth order by depth) = '{0,1}')::integer from scope_ancestors
         where scope_id = id('system')";
    let (there, back) = (moves("system", "id('new')"), moves("system", "root()"));
    lab.takes(format!("{made} {there} {back} {again}")).await;
}

/// Puts somebody, or a group, into a group.
fn membership(id: &str, who: &str, scope: &str) -> String {
    rows::eligible()
        .with("id", &format!("id('{id}')"))
        .with("kind", "'active'")
        .with("principal_id", who)
        .with("role_id", "'00000000-0000-8000-8000-000000000008'")
        .with("scope_id", scope)
        .with("ends_at", "'infinity'")
        .sql()
}

/// Makes a group called `g` and that number.
fn nested(number: u8) -> String {
    let id = format!("id('g{number}')");
    let name = format!("'g{number}'");
    let group = rows::group().with("id", &id).with("name", &name).with("name_folded", &name).sql();
    let place = rows::scope()
        .with("id", &format!("id('g{number} scope')"))
        .with("kind", "'group'")
        .with("group_id", &id)
        .with("name", &name)
        .with("name_folded", &name)
        .sql();
    format!("{group} {place}")
}

#[tokio::test]
async fn groups_are_nested_five_deep_and_in_no_circle() {
    let lab = Lab::new().await;
    // By the trigger `groups_nest`.
    let groups: String = (1..=6).map(nested).collect();
    let chain = |links: std::ops::Range<u8>| -> String {
        links
            .map(|outer| {
                let (inner, place) =
                    (format!("id('g{}')", outer + 1), format!("id('g{outer} scope')"));
                membership(&format!("link {outer}"), &inner, &place)
            })
            .collect()
    };
    lab.takes(format!("{groups} {}", chain(1..5))).await;
    lab.refuses("groups_nest_five_deep", format!("{groups} {}", chain(1..6))).await;
    let circle = membership("back", "id('g1')", "id('g4 scope')");
    lab.refuses("groups_nest_without_a_circle", format!("{groups} {} {circle}", chain(1..4))).await;
    let itself = membership("back", "id('g1')", "id('g1 scope')");
    lab.refuses("groups_nest_without_a_circle", format!("{groups} {itself}")).await;
}

#[tokio::test]
async fn leaving_a_group_ends_what_rests_on_belonging_to_it() {
    let lab = Lab::new().await;
    let member = membership("belonging", "id('eve')", "id('team scope')");
    let eligible =
        rows::eligible().with("id", "id('team eligible')").with("principal_id", "id('team')").sql();
    let asked = rows::pending()
        .with("principal_id", "id('eve')")
        .with("person_id", "person('eve')")
        .with("eligibility_id", "id('team eligible')")
        .with("proof_id", "null")
        .sql();
    let leaves = change("assignments", "belonging", "ended_at = instant(), end_reason = 'removed'");
    let closed = change("requests", "new", "state = 'cancelled', closed_at = instant()");
    lab.takes(format!("{member} {eligible} {asked}")).await;
    lab.refuses("requests_need_an_eligibility", format!("{eligible} {asked}")).await;
    lab.refuses("membership_ends_all", format!("{member} {eligible} {asked} {leaves}")).await;
    lab.takes(format!("{member} {eligible} {asked} {closed} {leaves}")).await;
}

#[tokio::test]
async fn a_group_that_is_owned_keeps_an_owner() {
    let lab = Lab::new().await;
    let owner = |id: &str, who: &str| {
        membership(id, who, "id('team scope')")
            .replace("00000000-0000-8000-8000-000000000008", "00000000-0000-8000-8000-000000000009")
    };
    let first = owner("owner", "id('eve')");
    for farewell in [
        change("assignments", "owner", "ended_at = instant(), end_reason = 'removed'"),
        change("assignments", "owner", "ends_at = instant() + interval '1 year'"),
    ] {
        lab.refuses("an_owner_remains", format!("{first} {farewell}")).await;
        let second = owner("second owner", "id('bob')");
        lab.takes(format!("{first} {second} {farewell}")).await;
    }
}

#[tokio::test]
async fn every_place_lies_below_its_ancestors() {
    let lab = Lab::new().await;
    // By the trigger `scopes_grow`.
    let deeper = rows::scope().with("kind", "'resource'").with("parent_id", "id('system')").sql();
    let depths =
        "select 1 / (array_agg(depth order by depth) = '{0,1,2}')::integer from scope_ancestors
         where scope_id = id('new')";
    lab.takes(format!("{deeper} {depths}")).await;
    lab.refuses("42501", "insert into scope_ancestors values (root(), id('system'), 1)").await;
    lab.refuses_the_owner(
        "scope_ancestors_depth_check",
        "insert into scope_ancestors values (root(), id('system'), -1)",
    )
    .await;
}

#[tokio::test]
async fn disabling_an_account_ends_all_it_has() {
    let lab = Lab::new().await;
    let disable = |name| change("principals", name, "disabled_at = instant()");
    let end_sessions = "update sessions set ended_at = instant();";
    let end_activation =
        change("assignments", "running", "ended_at = instant(), end_reason = 'principal_disabled'");
    let cancel = change("requests", "waiting", "state = 'cancelled', closed_at = instant()");
    lab.takes(disable("eve")).await;
    lab.refuses("disabling_ends_all", disable("bob")).await;
    lab.takes(format!("{} {end_sessions}", disable("bob"))).await;
    for part in [
        format!("{end_sessions} {end_activation}"),
        format!("{end_sessions} {cancel}"),
        format!("{end_activation} {cancel}"),
    ] {
        lab.refuses("disabling_ends_all", format!("{} {part}", disable("ada"))).await;
    }
    lab.takes(format!("{} {end_sessions} {end_activation} {cancel}", disable("ada"))).await;
}

#[tokio::test]
async fn somebody_can_always_administer() {
    let lab = Lab::new().await;
    let second = rows::eligible()
        .with("kind", "'active'")
        .with("role_id", "'00000000-0000-8000-8000-000000000001'")
        .with("ends_at", "'infinity'")
        .sql();
    for farewell in [
        change("assignments", "root admin", "ended_at = instant(), end_reason = 'removed'"),
        change("assignments", "root admin", "ends_at = instant() + interval '1 year'"),
        change("assignments", "root admin", "starts_at = instant() + interval '1 day'"),
        change("principals", "root", "disabled_at = instant()"),
    ] {
        lab.refuses("an_administrator_remains", &*farewell).await;
        lab.takes(format!("{second} {farewell}")).await;
    }
}
