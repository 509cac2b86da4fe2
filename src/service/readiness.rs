//! Whether this server can do its work.
use std::time::Duration;

use crate::{
    App,
    error::Error,
    store::database::{self, Schema},
};

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// How far this machine's clock may be from the database's, in milliseconds.
const GREATEST_SKEW: u64 = 2000;

/// What was found.
#[derive(Clone, Debug, serde::Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Readiness {
    /// Whether all is well.
    pub ready: bool,
    /// Whether the database answers.
    pub database: bool,
    /// Whether the database has the schema of this program, or of a newer one.
    pub schema: bool,
    /// Whether this machine's clock is close to the database's.
    pub clock: bool,
}

/// Looks at the database, its schema and its clock. Why something is wrong is for the log.
pub async fn examine(app: &App) -> Readiness {
    let nothing = Readiness { ready: false, database: false, schema: false, clock: false };
    let condition = match tokio::time::timeout(PATIENCE, condition(app)).await {
        Ok(Ok(condition)) => condition,
        Ok(Err(error)) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "the database fails");
            return nothing;
        }
        Err(_) => {
            tracing::warn!("the database does not answer");
            return nothing;
        }
    };
    let schema = matches!(condition.schema, Schema::Current | Schema::Newer);
    let clock = condition.clock_lead.unsigned_abs() <= GREATEST_SKEW;
    if !(schema && clock) {
        tracing::warn!(schema = ?condition.schema, clock_lead = condition.clock_lead, "not ready");
    }
    Readiness { ready: schema && clock, database: true, schema, clock }
}

async fn condition(app: &App) -> Result<database::Condition, Error> {
    let here = std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_millis();
    let mut connection = app.database.acquire().await?;
    database::examine(&mut connection, i64::try_from(here).unwrap_or(i64::MAX)).await
}
