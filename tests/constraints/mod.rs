//! The database refuses what may not be, by the constraint that is there for it, and takes what may.
//!
//! Every case runs with the rights of the server unless it says otherwise, up to the checks at commit, and is then undone.
mod applications;
mod approvals;
mod assignments;
mod audit;
mod catalogue;
mod changes;
mod credentials;
mod decisions;
mod emergencies;
mod gate;
mod inventory;
mod notices;
mod people;
mod policy;
mod requests;
mod rights;
mod roles;
mod rows;
mod settings;
mod witness;

use latchkey::gateway::private_postgres::DatabaseRole;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::support::World;

/// A database with a few rows of everything.
struct Lab {
    world: World,
}

impl Lab {
    async fn new() -> Self {
        let world = World::new().await;
        world.execute(include_str!("fixture.sql")).await;
        // Schemas that were given out before do not know these.
        world.execute(include_str!("later.sql")).await;
        Self { world }
    }

    /// Tries the statements: none if they could be committed, else the broken constraint, or the code of the error.
    async fn outcome(&self, role: DatabaseRole, sql: &str) -> Option<String> {
        let mut connection =
            PgConnection::connect_with(&self.world.database.options(role)).await.unwrap();
        let mut transaction = connection.begin().await.unwrap();
        let script = format!("{sql}; set constraints all immediate;");
        let error = sqlx::raw_sql(AssertSqlSafe(script)).execute(&mut *transaction).await.err()?;
        let error = error.as_database_error().unwrap_or_else(|| panic!("{sql}: {error}"));
        let name =
            error.constraint().map_or_else(|| error.code().unwrap().into_owned(), str::to_owned);
        Some(name)
    }

    /// The server may do this.
    async fn takes(&self, sql: impl Into<String>) {
        let sql = sql.into();
        assert_eq!(self.outcome(DatabaseRole::Application, &sql).await, None, "{sql}");
    }

    /// The server may not do this, because of what is called `constraint`.
    async fn refuses(&self, constraint: &str, sql: impl Into<String>) {
        let sql = sql.into();
        let outcome = self.outcome(DatabaseRole::Application, &sql).await;
        assert_eq!(outcome.as_deref(), Some(constraint), "{sql}");
    }

    /// Not even the owner may do this, who may do anything that no trigger forbids.
    async fn refuses_the_owner(&self, constraint: &str, sql: impl Into<String>) {
        let sql = sql.into();
        let outcome = self.outcome(DatabaseRole::Owner, &sql).await;
        assert_eq!(outcome.as_deref(), Some(constraint), "{sql}");
    }

    /// The trigger of that name refuses even the owner, for want of any right to do this.
    async fn history(&self, trigger: &str, sql: &str) {
        self.refuses_the_owner(HISTORY, sql).await;
        let without = format!("alter table {} disable trigger {trigger}; {sql}", table_of(sql));
        let outcome = self.outcome(DatabaseRole::Owner, &without).await;
        assert_ne!(outcome.as_deref(), Some(HISTORY), "{trigger} is not what refuses: {sql}");
    }
}

/// What is refused for want of a right.
const HISTORY: &str = "42501";

fn table_of(sql: &str) -> &str {
    let words: Vec<_> = sql.split_whitespace().collect();
    words
        .into_iter()
        .find(|word| !matches!(*word, "update" | "delete" | "from" | "truncate"))
        .unwrap()
}

/// Changes a row and records it.
fn change(table: &str, name: &str, what: &str) -> String {
    let event = match table {
        "requests" => "request",
        "assignments" => "assignment",
        _ => "target",
    };
    format!(
        "update {table} set {what} where id = id('{name}'); select record('{event}', id('{name}'));"
    )
}
