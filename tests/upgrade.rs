//! A newer version takes over a database that an older one has filled.
use latchkey::{
    domain::{change_request::Write, id::ScopeId, settings::Field},
    gateway::private_postgres::DatabaseRole,
    store::MIGRATOR,
};
use sqlx::{Connection as _, PgConnection};

use crate::support::Database;

/// The first schema that was ever given out.
const FIRST: i64 = 7;

/// How many rows each table has.
async fn rows(owner: &mut PgConnection) -> Vec<(String, i64)> {
    sqlx::query_as(
        "select table_name::text, (xpath('/row/count/text()', query_to_xml(
             format('select count(*) from %I', table_name), false, true, '')))[1]::text::bigint
         from information_schema.tables
         where table_schema = 'public' and table_type = 'BASE TABLE' and table_name <> '_sqlx_migrations'
         order by table_name",
    )
    .fetch_all(owner)
    .await
    .unwrap()
}

#[tokio::test]
async fn every_schema_that_was_given_out_is_upgraded_with_all_that_is_in_it() {
    let newest = MIGRATOR.iter().map(|migration| migration.version).max().unwrap();
    assert!(newest > FIRST, "there is something to upgrade to");
    for version in FIRST..newest {
        let database = Database::at(version).await;
        let mut owner =
            PgConnection::connect_with(&database.options(DatabaseRole::Owner)).await.unwrap();
        for script in [include_str!("support/clock.sql"), include_str!("constraints/fixture.sql")] {
            sqlx::raw_sql(script).execute(&mut owner).await.unwrap();
        }
        let before = rows(&mut owner).await;
        assert!(before.iter().any(|(table, rows)| table == "assignments" && *rows > 3));

        MIGRATOR.run(&mut owner).await.unwrap();

        let after = rows(&mut owner).await;
        for table in before {
            // What a migration changes it records: there may be more, and never less.
            let kept = after.iter().any(|(name, rows)| *name == table.0 && *rows >= table.1);
            assert!(kept, "{table:?} after version {version}");
        }
        // What was there before is protected by the new constraints.
        let twice = sqlx::raw_sql(
            "insert into assignments (id, kind, origin, principal_id, role_id, scope_id, starts_at, ends_at, created_at, settings_id)
             select gen_random_uuid(), kind, origin, principal_id, role_id, scope_id, starts_at, ends_at, created_at, settings_id
             from assignments where ended_at is null and origin = 'assigned' limit 1",
        )
        .execute(&mut owner)
        .await
        .unwrap_err();
        let broken = twice.as_database_error().unwrap().constraint().map(str::to_owned);
        assert_eq!(broken.as_deref(), Some("assignments_do_not_overlap"));
    }
}

/// The last schema in which approvers, their time and their reasons were fields of their own.
const WITHOUT_STAGES: i64 = 18;

/// The organisation enforces who approves the guarded role; the system has a time of its own.
const ENFORCED: &str = "
    begin;
    create function terms(of jsonb) returns void language sql as $$
        insert into role_settings
        select (jsonb_populate_record(terms, of)).* from role_settings as terms where id = id('guarded terms');
        insert into settings_approvers (settings_id, principal_id)
        select (of ->> 'id')::uuid, id(name) from unnest(array['bob', 'eve']) as name;
        select record('target', (of ->> 'id')::uuid);
    $$;
    select terms(jsonb_build_object('id', id('enforcing'), 'version', 2, 'enforced_fields', array['approvers']));
    select terms(jsonb_build_object(
        'id', id('below'), 'scope_id', id('system'), 'own_fields', array['approval_timeout'],
        'approval_timeout_seconds', 3600
    ));
    commit;
    drop function terms(jsonb)";

/// Weaker terms that wait for somebody's word: of the organisation, and of the system.
const WANTED: &str = "
    begin;
    insert into change_requests (
        id, kind, prior, state, author_id, author_person_id, permission, scope_id, role_id, payload, difference, reason,
        created_at, expires_at
    )
    select gen_random_uuid(), 'save_settings', 'new', 'pending', id('bob'), person('bob'), 'settings.manage', place,
        terms.role_id, jsonb_build_object(
            'write', 'save_settings', 'role', terms.role_id, 'scope', place, 'after', 1, 'template', null,
            'own', jsonb_build_object('settings', said.settings, 'own', fields, 'enforced', jsonb_build_array('approvers'))
        ), '[]', 'For a test', instant(), instant() + interval '30 days'
    from role_settings as terms,
        (values
            ('00000000-0000-8000-8000-000000000000'::uuid, to_jsonb(settings_fields())),
            (id('system'), jsonb_build_array('approvers', 'approval_timeout', 'maximum'))
        ) as places (place, fields),
        (select jsonb_build_object(
            'activation', jsonb_build_object(
                'maximum', 'PT8H', 'authentication', 'mfa', 'requires_justification', true, 'requires_ticket', false,
                'requires_approval', true, 'approvers', jsonb_build_array(id('bob'), id('eve')),
                'approval_timeout', 'PT24H', 'approval_requires_justification', false
            ),
            'eligible', assigned, 'active', assigned
        ) from (select jsonb_build_object(
            'may_be_permanent', true, 'maximum', 'P365D', 'requires_justification', false, 'requires_mfa', false
        )) as terms (assigned)) as said (settings)
    where terms.id = id('guarded terms');
    select record('target', id) from change_requests;
    commit";

/// Bob says yes, and what ada waits for begins.
const DECIDED: &str = "
    begin;
    insert into decisions (
        id, request_id, requester_person_id, approver_id, approver_person_id, verdict, proof_id, created_at, stage,
        for_person_id
    )
    values (
        id('said'), id('waiting'), person('ada'), id('bob'), person('bob'), 'approve', id('said proof'), instant(), 1,
        person('bob')
    );
    select record('target', id('said'));
    update request_stages set state = 'agreed', settled_at = instant() where request_id = id('waiting');
    update requests set state = 'granted', closed_at = instant() where id = id('waiting');
    select record('request', id('waiting'));
    insert into assignments (
        id, kind, origin, principal_id, role_id, scope_id, starts_at, ends_at, created_at, settings_id, request_id,
        eligibility_id, eligibility_ends_at, maximum_seconds
    )
    select gen_random_uuid(), 'active', 'activated', principal_id, role_id, scope_id, instant(),
        instant() + interval '1 hour', instant(), settings_id, id, eligibility_id, instant() + interval '30 days',
        maximum_seconds
    from requests where id = id('waiting');
    select record('assignment', id) from assignments where request_id = id('waiting');
    commit";

#[tokio::test]
async fn what_waited_for_approvers_is_decided_in_stages_and_what_was_enforced_still_is() {
    let database = Database::at(WITHOUT_STAGES).await;
    let mut owner =
        PgConnection::connect_with(&database.options(DatabaseRole::Owner)).await.unwrap();
    for script in [
        include_str!("support/clock.sql"),
        include_str!("constraints/fixture.sql"),
        ENFORCED,
        WANTED,
    ] {
        sqlx::raw_sql(script).execute(&mut owner).await.unwrap();
    }

    MIGRATOR.run(&mut owner).await.unwrap();

    let deciders: Vec<String> = sqlx::query_scalar(
        "select name from deciders_of(id('waiting'), instant())
         join principals on principals.id = principal_id order by name",
    )
    .fetch_all(&mut owner)
    .await
    .unwrap();
    assert_eq!(deciders, ["bob", "eve"]);
    let (above, below, enforced): (serde_json::Value, serde_json::Value, Vec<String>) =
        sqlx::query_as(
            "select stages_of(id('enforcing')), stages_of(id('below')), enforced_fields
             from role_settings where id = id('enforcing')",
        )
        .fetch_one(&mut owner)
        .await
        .unwrap();
    assert_eq!(enforced, ["stages"]);
    assert_eq!(above, below, "the whole stage is enforced");
    assert_eq!(above[0]["approvers"].as_array().map(Vec::len), Some(2));
    sqlx::raw_sql(DECIDED).execute(&mut owner).await.unwrap();
    let wanted: Vec<serde_json::Value> =
        sqlx::query_scalar("select payload from change_requests order by created_at, id")
            .fetch_all(&mut owner)
            .await
            .unwrap();
    let wanted = wanted.into_iter().map(serde_json::from_value::<Write>);
    for write in wanted.map(|read| read.expect("it is read as it always was")) {
        let Write::SaveSettings { own, scope, .. } = write else { panic!("{write:?}") };
        assert!(own.own.contains(&Field::Stages) && own.enforced.contains(&Field::Stages));
        assert_eq!(own.own.len() == Field::all().len(), scope == ScopeId::ROOT, "{own:?}");
    }
}
