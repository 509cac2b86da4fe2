//! The figures: what Latchkey does, beside what the same machine allows, taken in one run.
//!
//! `cargo bench --bench figures` prints tables; after `--`, `activation export` takes only these, `growth` is only taken by
//! name, and `--write` takes all of them and writes `docs/performance.md`. Every ratio compares two figures of the same run on
//! the same cluster, which is durable as it would be in use; the load generator shares the machine.
#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark prepares its data and takes its limits with bare SQL"
)]
#![expect(clippy::panic, reason = "figures that cannot be taken are no figures")]

mod access_check;
mod activation;
mod approve;
mod audit;
mod client;
mod ends;
mod export;
mod generate;
mod growth;
mod machine;
mod migration;
mod my_access;
mod notices;
mod report;
mod setting;
mod sign_in;
mod start;

use crate::{report::Report, setting::Setting};

/// All figures that share a cluster, in the order in which they are taken. Mails that wait and events by the million come late.
const FIGURES: [&str; 11] = [
    "activation",
    "access-check",
    "my-access",
    "ends",
    "export",
    "notices",
    "sign-in",
    "audit",
    "approve",
    "start",
    "migration",
];

fn main() {
    let (options, names): (Vec<_>, Vec<_>) =
        std::env::args().skip(1).partition(|given| given.starts_with('-'));
    for name in &names {
        assert!(name == "growth" || FIGURES.contains(&name.as_str()), "there is no figure {name}");
    }
    let write = options.iter().any(|option| option == "--write");
    let wanted = |name: &str| names.iter().any(|given| given == name);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("threads can be made");
    runtime.block_on(async {
        let setting = Setting::new().await;
        let mut report = Report::new(&setting).await;
        for name in FIGURES {
            if names.is_empty() || wanted(name) {
                measure(name, &setting, &mut report).await;
            }
        }
        setting.stop().await;
        if wanted("growth") || (write && names.is_empty()) {
            growth::measure(&mut report).await;
        }
        report.print();
        if write {
            report.write();
        }
    });
}

async fn measure(name: &str, setting: &Setting, report: &mut Report) {
    match name {
        "activation" => activation::measure(setting, report).await,
        "access-check" => access_check::measure(setting, report).await,
        "my-access" => my_access::measure(setting, report).await,
        "ends" => ends::measure(setting, report).await,
        "export" => export::measure(setting, report).await,
        "notices" => notices::measure(setting, report).await,
        "sign-in" => sign_in::measure(setting, report).await,
        "audit" => audit::measure(setting, report).await,
        "approve" => approve::measure(setting, report).await,
        "start" => start::measure(setting, report).await,
        "migration" => migration::measure(setting, report).await,
        other => panic!("there is no figure {other}"),
    }
}
