//! The tables that are printed, or written to `docs/performance.md`.
use std::{fmt::Write as _, time::Duration};

use crate::{client::Served, machine, setting::Setting};

/// Where the figures are written.
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/performance.md");

const ABOUT: &str = "\
# Performance

This page is written by the command that takes the figures; do not edit it.

";

const HOW: &str = "
Everything ran on this one machine: the database, the server and whoever asked. A limit is what the same machine did in the same run
without Latchkey: the same statements sent by pgbench, COPY through psql, the same hash by itself, or a route that does nothing. The
ratio is the share of that limit which Latchkey reaches, so that 1.00 is the limit itself, for rates and for times alike. Compare
ratios, not figures: on another day the same machine may do half or twice as much.

Two latencies are the median and the 99th percentile. A rate is that of 32 clients that each ask again as soon as they are answered,
so a latency beside it is that of a machine with nothing to spare.

";

const LOW: &str = "
## Where a ratio is low

*Access check.* The limit reads one index, and knows who asks. An answer of Latchkey also rests on whose token it is and whether it
is still good, on whether the account, the role and the place are in use, on the places above, on the eligibility and its window, on
a quarantine, and on groups in groups. Asked one by one this takes as long as the row that compares with the same question by pgbench
says, most of it to set up the plan; those who ask at once share a statement, so that Latchkey answers more often than the database would
one by one. A copy in memory would be faster, and could say yes after a revocation was acknowledged: so there is none.

*Audit.* The limit is one statement. Latchkey also finds out who asks and whether they may, plans for the very filter, and writes 200 events as
JSON, 180 kB.

*My access.* The page asks some fifteen questions one after the other, among them what waits for the reader's word, and writes all
of it down as a page; the limit is seven of these statements and no page.

*Activation.* The limit inserts the same rows; Latchkey asks for more before it does, and the constraints ask once more.

*CSV export.* Every cell is read, guarded against formulas and escaped by the program, while the next events are read; COPY passes text on.

*Approval.* Who may decide is looked for before a decision, looked for again by the database as it is written down, and told in the
answer: each time through groups, roles, deputies, the newest terms and circles. The limit looks as often; what comes on top is that
the request is read again to be told whole. Both take milliseconds of a core each, and 32 clients that do nothing else wait for each
other on two.

";

const GROWTH: &str = "
## Growth

One client asks, for people who hold a role by a group in four others, at a place eight deep. One assignment in ten is open; all
events are sealed. The deep page is nine tenths down the log. Each cell is the median and the 99th percentile.

";

/// What is asked at each size.
const ASKED: [&str; 6] = [
    "access check",
    "100 access checks",
    "My access",
    "activate",
    "audit, first page",
    "audit, deep page",
];

/// One figure beside its limit.
struct Row {
    what: String,
    product: String,
    limit: String,
    ratio: String,
    wanted: &'static str,
}

/// How long something takes, in milliseconds.
#[derive(Clone, Copy)]
pub struct Latency {
    pub p50: f64,
    pub p99: f64,
}

impl Latency {
    pub fn of(mut taken: Vec<Duration>) -> Self {
        Self { p50: quantile(&mut taken, 0.5), p99: quantile(&mut taken, 0.99) }
    }
}

impl std::fmt::Display for Latency {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = |value: f64| if value < 10.0 { 2 } else { 0 };
        let Self { p50, p99 } = *self;
        write!(formatter, "{p50:.0$} / {p99:.1$} ms", digits(p50), digits(p99))
    }
}

/// What was found with so much in the database.
pub struct Size {
    pub assignments: usize,
    pub events: usize,
    /// In the order of [`ASKED`].
    pub asked: [Latency; 6],
}

/// All figures of a run.
pub struct Report {
    machine: Vec<(&'static str, String)>,
    rows: Vec<Row>,
    sizes: Vec<Size>,
}

impl Report {
    pub async fn new(setting: &Setting) -> Self {
        Self { machine: machine::describe(setting).await, rows: Vec::new(), sizes: Vec::new() }
    }

    /// A rate with its limit.
    pub fn add(&mut self, what: &str, product: f64, limit: f64, unit: &str, wanted: &'static str) {
        self.row(
            what,
            format!("{product:.0} {unit}"),
            format!("{limit:.0} {unit}"),
            product / limit,
            wanted,
        );
    }

    /// How clients were served, with the limit.
    pub fn served(&mut self, what: &str, product: Served, limit: Served, wanted: &'static str) {
        let ratio = product.per_second / limit.per_second;
        self.row(what, product.to_string(), limit.to_string(), ratio, wanted);
    }

    /// How long something takes, in seconds, with the limit.
    pub fn lasts(&mut self, what: &str, product: f64, limit: f64, wanted: &'static str) {
        self.row(what, seconds(product), seconds(limit), limit / product, wanted);
    }

    fn row(
        &mut self,
        what: &str,
        product: String,
        limit: String,
        ratio: f64,
        wanted: &'static str,
    ) {
        let what = what.to_owned();
        self.rows.push(Row { what, product, limit, ratio: format!("{ratio:.2}"), wanted });
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

    /// How many sizes were looked at so far.
    pub fn sizes(&self) -> usize {
        self.sizes.len()
    }

    /// What was found at one more size.
    pub fn grown(&mut self, size: Size) {
        for (what, took) in ASKED.iter().zip(&size.asked) {
            eprintln!("{} assignments, {what}: {took}", size.assignments);
        }
        self.sizes.push(size);
    }

    fn progress(&self) {
        if let Some(row) = self.rows.last() {
            eprintln!("{}: {} {} {}", row.what, row.product, row.limit, row.ratio);
        }
    }

    pub fn print(&self) {
        let machine: Vec<_> = self.machine.iter().map(|(_, which)| which.as_str()).collect();
        println!("\n{}\n\n{}\n{}", machine.join("; "), self.table(), self.growth());
    }

    pub fn write(&self) {
        let mut text = ABOUT.to_owned();
        text.push_str("| | |\n|---|---|\n");
        for (what, which) in &self.machine {
            let _ = writeln!(text, "| {what} | {which} |");
        }
        text.push_str(HOW);
        text.push_str(&self.table());
        text.push_str(LOW);
        if !self.sizes.is_empty() {
            text.push_str(GROWTH);
            text.push_str(&self.growth());
        }
        std::fs::write(FILE, text).expect("it can be written");
        eprintln!("written to {FILE}");
    }

    /// What has a ratio comes first.
    fn table(&self) -> String {
        let mut text = String::from(
            "| what | Latchkey | limit in the same run | ratio | wanted |\n|---|---|---|---|---|\n",
        );
        let (compared, alone): (Vec<_>, Vec<_>) =
            self.rows.iter().partition(|row| !row.ratio.is_empty());
        for Row { what, product, limit, ratio, wanted } in compared.into_iter().chain(alone) {
            let _ = writeln!(text, "| {what} | {product} | {limit} | {ratio} | {wanted} |");
        }
        text
    }

    /// The largest size beside that of 10⁵, or the smallest, comes first.
    fn growth(&self) -> String {
        let (Some(smallest), Some(largest)) = (self.sizes.first(), self.sizes.last()) else {
            return String::new();
        };
        let before = self.sizes.iter().find(|size| size.assignments == 100_000);
        let before = before.unwrap_or(smallest);
        let mut text = format!(
            "| assignments | events | {} |\n|---|---|{}\n",
            ASKED.join(" | "),
            "---|".repeat(ASKED.len())
        );
        let ratios = before.asked.iter().zip(&largest.asked);
        let ratios: Vec<_> =
            ratios.map(|(before, after)| format!("× {:.2}", after.p50 / before.p50)).collect();
        let _ = writeln!(
            text,
            "| {} ÷ {} (wanted: ≤ × 2) | | {} |",
            largest.assignments,
            before.assignments,
            ratios.join(" | ")
        );
        for Size { assignments, events, asked } in &self.sizes {
            let asked: Vec<_> = asked.iter().map(Latency::to_string).collect();
            let _ = writeln!(text, "| {assignments} | {events} | {} |", asked.join(" | "));
        }
        text
    }
}

fn seconds(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.0} ms", seconds * 1000.0) } else { format!("{seconds:.1} s") }
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
