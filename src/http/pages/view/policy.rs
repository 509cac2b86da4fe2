//! Policy files.
use askama::Template;

use super::{Instant, form::Field, frame::Frame, settings::Change};

/// The page of the policy files.
#[derive(Template)]
#[template(path = "policy/show.html")]
pub struct Policy {
    /// Around it.
    pub frame: Frame,
    /// What is wrong with the files, or why nothing was applied.
    pub problems: Vec<String>,
    /// The files.
    pub files: Vec<File>,
    /// Whether what is in none of them goes.
    pub prune: bool,
    /// The plan, once it was asked for.
    pub plan: Option<Plan>,
    /// Whether the reader may apply anything.
    pub may_apply: bool,
    /// Why.
    pub reason: Field,
    /// A code.
    pub code: Field,
    /// What was applied last.
    pub last: Option<Last>,
}

/// One file.
pub struct File {
    /// Its name.
    pub name: &'static str,
    /// What it tells of.
    pub tells: String,
    /// The name of its field.
    pub input: &'static str,
    /// What it is to say.
    pub wanted: Field,
}

/// What there is to do.
pub struct Plan {
    /// Step by step.
    pub steps: Vec<Step>,
    /// What is in none of the files.
    pub unlisted: Vec<String>,
    /// What tells it from every other plan.
    pub digest: String,
    /// What is said if it takes a second administrator.
    pub waits: String,
    /// So that it is applied once.
    pub key: String,
}

/// One thing to do.
pub struct Step {
    /// Made, changed or taken away.
    pub sign: Sign,
    /// What, in words.
    pub what: String,
    /// Where it is written.
    pub at: String,
    /// Whether it makes the terms of a privileged role weaker.
    pub weaker: bool,
    /// What changes.
    pub fields: Vec<Change>,
}

/// Whether something is made, changed or taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// It is made.
    Made,
    /// It becomes another.
    Changed,
    /// It goes.
    Taken,
}

impl Sign {
    /// As it is drawn.
    #[must_use]
    pub fn drawn(self) -> &'static str {
        match self {
            Self::Made => "+",
            Self::Changed => "~",
            Self::Taken => "\u{2212}",
        }
    }

    /// The class of its colour.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Changed => "changed",
            Self::Taken => "taken",
        }
    }
}

/// What was applied last.
pub struct Last {
    /// By whom.
    pub by: String,
    /// When.
    pub at: Instant,
    /// Why.
    pub reason: String,
    /// How much it did.
    pub did: String,
    /// What differs from it.
    pub drift: Vec<Step>,
    /// What can no longer be understood of it.
    pub unclear: Vec<String>,
    /// The audit trail from then on.
    pub audit: String,
}
