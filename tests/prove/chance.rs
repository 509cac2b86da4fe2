//! Numbers that look like chance and are the same in every run.
use std::time::Duration;

pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(7919).wrapping_add(1))
    }

    /// A number below `bound`, which is more than nothing.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % bound.max(1)
    }

    /// One of them, if there are any.
    pub fn of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len()))
    }

    /// A time from `least` to `most` seconds.
    pub fn seconds(&mut self, least: usize, most: usize) -> Duration {
        let milliseconds = least * 1000 + self.below((most - least) * 1000);
        Duration::from_millis(u64::try_from(milliseconds).unwrap_or_default())
    }
}
