//! The promises that hold at every commit, counted in SQL.
use super::World;

impl World {
    /// Fails if any promise is broken in the database as it is now, and says which and how often.
    pub async fn check_invariants(&self) {
        let broken: Vec<(String, i64)> = sqlx::query_as(include_str!("invariants.sql"))
            .fetch_all(&self.owner)
            .await
            .expect("the invariants can be counted");
        assert!(broken.is_empty(), "broken promises, and how often: {broken:?}");
    }
}
