//! Waiting for what must come, and not for ever.
use std::time::{Duration, Instant};

/// Between two looks.
pub const PAUSE: Duration = Duration::from_millis(20);

/// Looks again and again until it is so, and says how long that took; none if it took too long.
pub async fn within<Look, Looking>(limit: Duration, mut look: Look) -> Option<Duration>
where
    Look: FnMut() -> Looking,
    Looking: Future<Output = bool>,
{
    let began = Instant::now();
    while began.elapsed() < limit {
        if look().await {
            return Some(began.elapsed());
        }
        tokio::time::sleep(PAUSE).await;
    }
    None
}

/// The same where nothing can go on if it does not come.
pub async fn until<Look, Looking>(limit: Duration, what: &str, look: Look) -> Duration
where
    Look: FnMut() -> Looking,
    Looking: Future<Output = bool>,
{
    let Some(took) = within(limit, look).await else {
        panic!("{what}: not within {} s", limit.as_secs());
    };
    took
}
