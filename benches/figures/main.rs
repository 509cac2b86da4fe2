//! The figures: what Latchkey does, beside what the same machine allows, taken in one run.
//!
//! `cargo bench` prints a table; `cargo bench -- activation export` takes only these; `growth` is only taken by name. Every ratio compares two figures of the same run on the same cluster, which is durable as
//! it would be in use; the load generator shares the machine.
#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark prepares its data and takes its limits with bare SQL"
)]
#![expect(clippy::panic, reason = "figures that cannot be taken are no figures")]

mod access_check;
mod activation;
mod client;
mod ends;
mod export;
mod growth;
mod notices;
mod report;
mod setting;

use crate::{report::Report, setting::Setting};

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("threads can be made");
    runtime.block_on(async {
        let setting = Setting::new().await;
        let mut report = Report::new(&setting).await;
        let names: Vec<_> =
            std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
        let wanted = |name: &str| names.is_empty() || names.iter().any(|given| given == name);
        if wanted("activation") {
            activation::measure(&setting, &mut report).await;
        }
        if wanted("access-check") {
            access_check::measure(&setting, &mut report).await;
        }
        if wanted("ends") {
            ends::measure(&setting, &mut report).await;
        }
        if wanted("export") {
            export::measure(&setting, &mut report).await;
        }
        if wanted("notices") {
            notices::measure(&setting, &mut report).await;
        }
        if names.iter().any(|name| name == "growth") {
            growth::measure(&setting, &mut report).await;
        }
        report.print();
        setting.stop().await;
    });
}
