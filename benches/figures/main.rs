//! The figures: what Latchkey does, beside what the same machine allows, taken in one run.
//!
//! `cargo bench` prints a table. Every ratio compares two figures of the same run on the same cluster, which is durable as
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
        activation::measure(&setting, &mut report).await;
        access_check::measure(&setting, &mut report).await;
        ends::measure(&setting, &mut report).await;
        export::measure(&setting, &mut report).await;
        report.print();
        setting.stop().await;
    });
}
