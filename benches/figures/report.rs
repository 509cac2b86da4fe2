//! The table that is printed.
use std::time::Duration;

use crate::setting::Setting;

/// One figure beside its limit.
struct Row {
    what: String,
    product: String,
    limit: String,
    ratio: String,
    wanted: &'static str,
}

/// All figures of a run.
pub struct Report {
    machine: String,
    rows: Vec<Row>,
}

impl Report {
    pub async fn new(setting: &Setting) -> Self {
        let version = setting.text("select current_setting('server_version')").await;
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        Self {
            machine: format!(
                "{cores} cores, PostgreSQL {version}, fsync and synchronous_commit on, load from the same machine"
            ),
            rows: Vec::new(),
        }
    }

    /// A figure with its limit.
    pub fn add(&mut self, what: &str, product: f64, limit: f64, unit: &str, wanted: &'static str) {
        self.rows.push(Row {
            what: what.to_owned(),
            product: format!("{product:.0} {unit}"),
            limit: format!("{limit:.0} {unit}"),
            ratio: format!("{:.2}", product / limit),
            wanted,
        });
        self.progress();
    }

    /// A figure that stands by itself.
    pub fn say(&mut self, what: &str, product: String, wanted: &'static str) {
        self.rows.push(Row {
            what: what.to_owned(),
            product,
            limit: String::new(),
            ratio: String::new(),
            wanted,
        });
        self.progress();
    }

    fn progress(&self) {
        if let Some(row) = self.rows.last() {
            eprintln!("{}: {} {} {}", row.what, row.product, row.limit, row.ratio);
        }
    }

    pub fn print(&self) {
        println!("\n{}\n", self.machine);
        println!(
            "| what | Latchkey | limit in the same run | ratio | wanted |\n|---|---|---|---|---|"
        );
        for Row { what, product, limit, ratio, wanted } in &self.rows {
            println!("| {what} | {product} | {limit} | {ratio} | {wanted} |");
        }
    }
}

/// The value below which `share` of the sorted `values` lie, in milliseconds.
pub fn quantile(values: &mut [Duration], share: f64) -> f64 {
    values.sort_unstable();
    let last = values.len().saturating_sub(1);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index"
    )]
    let index = (last as f64 * share).round() as usize;
    values.get(index).map_or(0.0, |value| value.as_secs_f64() * 1000.0)
}
