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
    lab.refuses("scopes_root_stays", "update scopes set retired_at = instant() where id = root()")
        .await;
    lab.refuses("scopes_group_has_its_principal", rows::scope().with("kind", "'group'")).await;
    lab.refuses("scopes_group_has_its_principal", rows::scope().with("group_id", "id('team')"))
        .await;
    let second = rows::scope().with("kind", "'group'").with("group_id", "id('team')");
    lab.refuses("scopes_group_id_key", second).await;
    for frozen in ["id = gen_random_uuid()", "parent_id = id('team scope')", "kind = 'folder'"] {
        lab.refuses_the_owner("scopes_frozen", change("scopes", "system", frozen)).await;
    }
    lab.history("scopes_never_deleted", "delete from scopes").await;
}

#[tokio::test]
async fn every_place_lies_below_its_ancestors() {
    let lab = Lab::new().await;
    // By the trigger `scopes_grow`.
    let deeper = rows::scope().with("parent_id", "id('system')").sql();
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
