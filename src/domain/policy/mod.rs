//! Policy as code: what there is as files that people read and compare, and what it takes to make it as the files say.
mod difference;
mod document;
#[cfg(test)]
mod model;
mod names;
mod place;
mod plan;
mod prune;
mod read;
mod resolve;
mod state;
mod terms;
mod write;

pub use difference::difference;
pub use document::{At, Document, Fault, File};
pub use place::{HolderName, Path, Place};
pub use plan::{Line, Noun, Plan, Step, Unlisted, Verb, WAITS, Which, Write, files_digest};
pub use read::read;
pub use state::{Account, Assignment, Group, Role, Scope, State, Template, Terms};
pub use terms::{FIELDS, OwnTerms, Sort, Value};
pub use write::write;

/// The files of a policy, by their names.
pub type Files = std::collections::BTreeMap<String, String>;
