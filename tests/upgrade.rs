//! A newer version takes over a database that an older one has filled.
use latchkey::{gateway::private_postgres::DatabaseRole, store::MIGRATOR};
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
