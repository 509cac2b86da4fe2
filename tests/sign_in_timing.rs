//! Whether the time that a refusal takes tells whether an account exists.
use std::time::{Duration, Instant};

use latchkey::service::sign_in;

use crate::support::{
    World,
    credentials::{secret, visitor},
};

/// How often each is tried.
const SAMPLES: usize = 300;

/// How often a value of one list is above one of the other: a half if nothing can be told.
fn advantage(one: &[Duration], other: &[Duration]) -> f64 {
    let above = one.iter().flat_map(|a| other.iter().map(move |b| f64::from(u8::from(a > b))));
    above.sum::<f64>() / f64::from(u32::try_from(one.len() * other.len()).expect("few samples"))
}

fn median(mut samples: Vec<Duration>) -> Duration {
    samples.sort();
    samples[samples.len() / 2]
}

#[tokio::test]
#[ignore = "measures time, which a busy machine spoils: run it alone, with --ignored --nocapture"]
async fn an_unknown_account_takes_as_long_as_a_wrong_password() {
    let world = World::new().await;
    world.person("ada").await;
    world.enrol("ada").await;
    let mut samples = [Vec::new(), Vec::new()];
    let wrong = secret("wrong and wrong again");
    for number in 0..SAMPLES {
        for (name, samples) in ["ada", "nobody"].into_iter().zip(&mut samples) {
            // A network of its own for each attempt, and no memory of the ones before.
            world.execute("delete from sign_in_throttles").await;
            let visitor = visitor(&format!("198.51.{}.7", number % 250));
            let begun = Instant::now();
            assert!(sign_in::begin(&world.app, &visitor, name, &wrong).await.is_err());
            samples.push(begun.elapsed());
        }
    }
    let [known, unknown] = samples;
    let advantage = advantage(&known, &unknown);
    let (known, unknown) = (median(known), median(unknown));
    println!("known {known:?}, unknown {unknown:?}, advantage {advantage:.3}");
    assert!(known.abs_diff(unknown) < Duration::from_millis(2), "{known:?} {unknown:?}");
    assert!((0.40..=0.60).contains(&advantage), "{advantage}");
}
