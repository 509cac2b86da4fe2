//! Password hashes: argon2id over the peppered password, few at a time.
use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher as _, PasswordVerifier as _, Version,
};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::Keys;
use crate::domain::password::Password;

/// How many hashes are worked out at once: more would starve everything else on a small machine.
const AT_ONCE: usize = 2;

/// How many may wait for their turn, strangers and others each. This bounds how long anybody waits; the two at work, with 46 MiB each,
/// bound the memory.
const WAITING: usize = 32;

/// Whose password is worked on. Strangers, however many they are, take no place of those who were here before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Somebody's at a browser that the account does not know.
    Stranger,
    /// Somebody's who is signed in, or at a browser from which the account was signed in to before.
    Known,
}

/// Too many sign-ins at this moment; worth trying again in a few seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many people are signing in at this moment")]
pub struct Busy;

/// How much work one hash is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory: u32,
    /// Passes over the memory.
    pub passes: u32,
}

impl Cost {
    /// One pass over 46 MiB: the first choice of OWASP's password storage page and of ASVS 5.0 appendix C.
    pub const STANDARD: Self = Self { memory: 47_104, passes: 1 };
}

/// What came of comparing a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Not the password, or there is none to compare with.
    Wrong,
    /// The password; its stored hash is of today's cost.
    Right,
    /// The password; its stored hash is of another cost and should be made anew.
    RightButOutdated,
}

/// Hashes and compares passwords.
pub struct PasswordHasher {
    worker: Arc<Worker>,
    /// Strangers who hash or wait to.
    strangers: Arc<Semaphore>,
    /// Others who do.
    known: Arc<Semaphore>,
    /// Those who hash.
    turns: Arc<Semaphore>,
}

/// What a hashing thread needs.
struct Worker {
    keys: Arc<Keys>,
    argon2: Argon2<'static>,
    /// Compared against when there is no password, so that the answer takes just as long.
    decoy: PasswordHash,
}

impl PasswordHasher {
    /// Makes a hasher. Programs use [`Cost::STANDARD`].
    ///
    /// # Panics
    /// If the cost is outside what argon2 allows.
    #[must_use]
    pub fn new(keys: Arc<Keys>, cost: Cost) -> Self {
        let params = Params::new(cost.memory, cost.passes, 1, Some(32))
            .expect("the cost is a constant within argon2's limits");
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy = argon2
            .hash_password_with_salt(&super::random::<32>(), &super::random::<16>())
            .expect("lengths of password and salt are within argon2's limits");
        let worker = Arc::new(Worker { keys, argon2, decoy });
        let places = || Arc::new(Semaphore::new(AT_ONCE + WAITING));
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        Self { worker, strangers: places(), known: places(), turns }
    }

    /// Hashes a new password.
    pub async fn hash(&self, password: &Password) -> Result<String, Busy> {
        let password = Zeroizing::new(password.reveal().to_owned());
        self.in_turn(Whose::Known, move |worker| worker.hash(&password)).await
    }

    /// Hashes a password again that was right a moment ago, whatever today's rules say of it.
    pub async fn rehash(&self, typed: &str) -> Result<String, Busy> {
        let typed = Zeroizing::new(typed.nfc().collect::<String>());
        self.in_turn(Whose::Known, move |worker| worker.hash(&typed)).await
    }

    /// Compares what somebody typed with a stored hash. Without one it does the same work and says no.
    pub async fn verify(
        &self,
        whose: Whose,
        typed: &str,
        stored: Option<&str>,
    ) -> Result<Verdict, Busy> {
        let typed = Zeroizing::new(typed.nfc().collect::<String>());
        let stored = stored.map(str::to_owned);
        self.in_turn(whose, move |worker| worker.verify(&typed, stored.as_deref())).await
    }

    /// Runs work on a thread of its own when it is its turn, or says that too many wait.
    async fn in_turn<T: Send + 'static>(
        &self,
        whose: Whose,
        work: impl FnOnce(&Worker) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let places = match whose {
            Whose::Stranger => &self.strangers,
            Whose::Known => &self.known,
        };
        let place = Arc::clone(places).try_acquire_owned().map_err(|_| Busy)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| Busy)?;
        let worker = Arc::clone(&self.worker);
        // The thread keeps both permits: a caller who goes away does not stop it.
        let thread = tokio::task::spawn_blocking(move || {
            let _kept = (place, turn);
            work(&worker)
        });
        thread.await.map_err(|_| Busy)
    }
}

impl Worker {
    fn hash(&self, password: &str) -> String {
        let peppered = self.keys.pepper(password);
        self.argon2
            .hash_password_with_salt(peppered.as_slice(), &super::random::<16>())
            .expect("lengths of password and salt are within argon2's limits")
            .to_string()
    }

    fn verify(&self, typed: &str, stored: Option<&str>) -> Verdict {
        let parsed = stored.and_then(|stored| PasswordHash::new(stored).ok());
        let peppered = self.keys.pepper(typed);
        let against = parsed.as_ref().unwrap_or(&self.decoy);
        let matches = self.argon2.verify_password(peppered.as_slice(), against).is_ok();
        match parsed {
            Some(hash) if matches && self.is_of_this_cost(&hash) => Verdict::Right,
            Some(_) if matches => Verdict::RightButOutdated,
            _ => Verdict::Wrong,
        }
    }

    fn is_of_this_cost(&self, hash: &PasswordHash) -> bool {
        hash.algorithm == self.decoy.algorithm
            && hash.version == self.decoy.version
            && hash.params == self.decoy.params
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::secret::MasterKey;

    const CHEAP: Cost = Cost { memory: 64, passes: 1 };

    fn keys() -> Arc<Keys> {
        Arc::new(Keys::derive(&MasterKey::random()))
    }

    fn password(text: &str) -> Password {
        Password::choose(text, &[]).unwrap()
    }

    #[tokio::test]
    async fn the_password_and_only_the_password_is_right() {
        let hasher = PasswordHasher::new(keys(), CHEAP);
        let stored = hasher.hash(&password("seven lanterns under Örebro")).await.unwrap();
        let right = hasher
            .verify(Whose::Stranger, "seven lanterns under O\u{308}rebro", Some(&stored))
            .await;
        assert_eq!(right, Ok(Verdict::Right));
        for wrong in ["", "seven lanterns under Örebro ", "Seven lanterns under Örebro"] {
            assert_eq!(
                hasher.verify(Whose::Stranger, wrong, Some(&stored)).await,
                Ok(Verdict::Wrong)
            );
        }
        assert_eq!(hasher.verify(Whose::Stranger, "anything", None).await, Ok(Verdict::Wrong));
        assert_eq!(
            hasher.verify(Whose::Stranger, "anything", Some("not a hash")).await,
            Ok(Verdict::Wrong)
        );
    }

    #[tokio::test]
    async fn a_hash_of_another_cost_is_right_but_outdated() {
        let keys = keys();
        let old = PasswordHasher::new(Arc::clone(&keys), CHEAP);
        let new = PasswordHasher::new(keys, Cost { memory: 128, passes: 1 });
        let stored = old.hash(&password("seven lanterns under Örebro")).await.unwrap();
        let verdict =
            new.verify(Whose::Stranger, "seven lanterns under Örebro", Some(&stored)).await;
        assert_eq!(verdict, Ok(Verdict::RightButOutdated));
    }

    #[tokio::test]
    async fn another_installation_s_pepper_does_not_fit() {
        let stored = PasswordHasher::new(keys(), CHEAP)
            .hash(&password("seven lanterns under Örebro"))
            .await
            .unwrap();
        let other = PasswordHasher::new(keys(), CHEAP);
        let verdict =
            other.verify(Whose::Stranger, "seven lanterns under Örebro", Some(&stored)).await;
        assert_eq!(verdict, Ok(Verdict::Wrong));
    }

    #[tokio::test]
    async fn the_standard_cost_is_written_into_the_hash() {
        let hasher = PasswordHasher::new(keys(), Cost::STANDARD);
        let stored = hasher.hash(&password("seven lanterns under Örebro")).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=47104,t=1,p=1$"), "{stored}");
    }

    #[tokio::test]
    async fn of_a_crowd_only_so_many_may_wait() {
        let hasher = Arc::new(PasswordHasher::new(keys(), CHEAP));
        let turns = hasher.turns.acquire_many(2).await.unwrap();
        let crowd: Vec<_> = (0..40)
            .map(|_| {
                let hasher = Arc::clone(&hasher);
                tokio::spawn(async move { hasher.verify(Whose::Stranger, "anything", None).await })
            })
            .collect();
        tokio::task::yield_now().await;
        drop(turns);
        let mut refused = 0;
        for one in crowd {
            refused += usize::from(one.await.unwrap() == Err(Busy));
        }
        assert_eq!(refused, 40 - AT_ONCE - WAITING);
        let turns = hasher.turns.acquire_many(2).await.unwrap();
        let crowd: Vec<_> =
            (0..40).map(|_| hasher.verify(Whose::Stranger, "anything", None)).collect();
        let mut crowd = Box::pin(futures_util::future::join_all(crowd));
        assert!((&mut crowd).now_or_never().is_none(), "strangers have taken every place");
        let mut known = Box::pin(hasher.verify(Whose::Known, "anything", None));
        assert!((&mut known).now_or_never().is_none(), "there is one for who is known");
        drop(turns);
        let (known, _) = tokio::join!(known, crowd);
        assert_eq!(known, Ok(Verdict::Wrong));
        assert_eq!(hasher.verify(Whose::Stranger, "anything", None).await, Ok(Verdict::Wrong));
    }
}
