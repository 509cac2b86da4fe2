//! The same in Postgres.
