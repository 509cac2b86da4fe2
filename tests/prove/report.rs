//! The table that is printed.
use std::{fmt::Write as _, time::Duration};

use crate::Form;

/// What came of one fault.
#[derive(Default)]
pub struct Row {
    /// How often what was tried, in words.
    pub n: String,
    /// What was acknowledged, and is not there.
    pub lost: i64,
    /// What was made twice, and what was told to be refused, and is there.
    pub doubled: i64,
    /// Every other promise that did not hold.
    pub broken: Vec<String>,
    /// How long it took each time until work went on.
    pub recovery: Vec<Duration>,
    /// What else was measured.
    pub notes: Vec<String>,
    /// Whether it came to no end, so that it says nothing.
    pub unfinished: bool,
    /// Why it was not tried, if it was not.
    pub skipped: Option<String>,
}

impl Row {
    /// One that could not be taken.
    pub fn failed(why: String) -> Self {
        Self { n: "0".to_owned(), broken: vec![why], unfinished: true, ..Self::default() }
    }

    /// One that could not be tried here, and why.
    pub fn skipped(why: impl Into<String>) -> Self {
        Self { n: "0".to_owned(), skipped: Some(why.into()), ..Self::default() }
    }

    /// Notes a promise that did not hold, unless it did.
    pub fn promise(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.broken.push(otherwise());
        }
    }

    pub fn is_green(&self) -> bool {
        self.lost == 0 && self.doubled == 0 && self.broken.is_empty()
    }

    /// Whether a promise did not hold. One that came to no end shows none.
    fn is_red(&self) -> bool {
        !self.is_green() && !self.unfinished
    }

    fn recovery(&self) -> String {
        let longest = self.recovery.iter().max();
        longest.map_or_else(
            || "–".to_owned(),
            |longest| format!("≤ {:.1} s (n = {})", longest.as_secs_f64(), self.recovery.len()),
        )
    }

    fn what_broke(&self) -> String {
        if self.broken.is_empty() { "0".to_owned() } else { self.broken.join("; ") }
    }
}

struct Line {
    name: &'static str,
    row: Row,
    /// How it was broken on purpose, and what came of that.
    broken: Option<(&'static str, Row)>,
}

impl Line {
    fn passed(&self) -> bool {
        self.row.is_green() && self.broken.as_ref().is_none_or(|(_, row)| row.is_red())
    }

    fn turned_red(&self) -> String {
        let Some((how, row)) = &self.broken else { return "–".to_owned() };
        let Row { lost, doubled, .. } = row;
        let verdict = if row.is_red() { "yes" } else { "**no**" };
        let mut told = format!("{verdict}: {how} ({lost} lost, {doubled} doubled");
        if let Some(first) = row.broken.first() {
            // Writing into memory can't fail.
            write!(told, ", {first}").unwrap_or_default();
        }
        format!("{told}; n = {})", row.n)
    }

    fn verdict(&self) -> String {
        match &self.row.skipped {
            Some(why) => format!("skipped: {why}"),
            None if self.passed() => "yes".to_owned(),
            None => "**no**".to_owned(),
        }
    }
}

/// All rows of a run.
#[derive(Default)]
pub struct Report(Vec<Line>);

impl Report {
    pub fn add(&mut self, name: &'static str, row: Row, broken: Option<(&'static str, Row)>) {
        let line = Line { name, row, broken };
        let Row { n, lost, doubled, .. } = &line.row;
        eprintln!(
            "{name}: n = {n}, {lost} lost, {doubled} doubled, broken: {}, {}",
            line.row.what_broke(),
            line.verdict()
        );
        self.0.push(line);
    }

    /// Whether nothing is red that should be green, and nothing green that should be red.
    pub fn passed(&self) -> bool {
        !self.0.is_empty() && self.0.iter().all(Line::passed)
    }

    pub fn print(&self, form: Form) {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let form = form.choose("short", "long");
        println!("\nThe {form} form, on {cores} cores; the load comes from the same machine.\n");
        println!(
            "| fault | n | lost | doubled | broken promises | recovery | broken build turned red | pass |\n\
             |---|---|---|---|---|---|---|---|"
        );
        for line in &self.0 {
            let Row { n, lost, doubled, .. } = &line.row;
            println!(
                "| {} | {n} | {lost} | {doubled} | {} | {} | {} | {} |",
                line.name,
                line.row.what_broke().replace('|', "/"),
                line.row.recovery(),
                line.turned_red().replace('|', "/"),
                line.verdict()
            );
        }
        println!();
        for Line { name, row, broken } in &self.0 {
            for note in &row.notes {
                println!("- {name}: {note}");
            }
            for (how, note) in
                broken.iter().flat_map(|(how, row)| row.notes.iter().map(move |note| (how, note)))
            {
                println!("- {name}, {how}: {note}");
            }
        }
    }
}

/// The value below which `share` of the values lie.
pub fn quantile(values: &mut [Duration], share: f64) -> Duration {
    values.sort_unstable();
    let last = values.len().saturating_sub(1);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "the place of one value among a few thousand"
    )]
    let place = (last as f64 * share).round() as usize;
    values.get(place).copied().unwrap_or_default()
}
