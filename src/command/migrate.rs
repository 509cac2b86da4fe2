//! `latchkey migrate`: brings the database to the schema of this program.
use super::{Failure, installation::Installation};
use crate::config::Config;

/// Brings the database to the schema of this program.
pub(super) async fn migrate(config: Config) -> Result<(), Failure> {
    let installation = Installation::join(config).await?;
    let outcome = installation.migrate().await;
    installation.stop().await;
    outcome?;
    println!("The database has the schema of latchkey {}.", env!("CARGO_PKG_VERSION"));
    Ok(())
}
