//! My access: what the reader holds and may hold.
use askama::Template;

use super::{Caption, Instant, frame::Frame, status::Status};

/// My access.
#[derive(Template)]
#[template(path = "access/list.html")]
pub struct MyAccess {
    /// Around it.
    pub frame: Frame,
    /// Things to do; only those there are.
    pub todo: Vec<Todo>,
    /// Assignments that end soon or have run out, for which more time can be asked.
    pub running_out: Vec<RunningOut>,
    /// What is held now.
    pub held: Vec<Held>,
    /// What will be, or waits for somebody.
    pub coming: Vec<Coming>,
    /// What may be activated.
    pub eligible: Vec<Eligible>,
}

/// Something that waits for the reader.
pub struct Todo {
    /// The name of its icon.
    pub icon: &'static str,
    /// What it is.
    pub text: String,
    /// Where to do it.
    pub link: String,
    /// Whether time is short.
    pub urgent: bool,
}

/// A role that is held now.
pub struct Held {
    /// The role.
    pub role: String,
    /// Where; empty for the whole organisation.
    pub scope: String,
    /// How it is held: "Activated", "Assigned", "Through Operations".
    pub how: String,
    /// Why, as its holder said.
    pub reason: String,
    /// When it ends; none if it does not.
    pub ends: Option<Ends>,
    /// Where to ask for more time; empty if that is not possible.
    pub extend: String,
    /// Where to give it up; empty if that is not possible.
    pub finish: String,
    /// Where its request is; empty if there is none.
    pub request: String,
}

/// An assignment that ends soon, or has run out.
pub struct RunningOut {
    /// The role.
    pub role: String,
    /// Where; empty for the whole organisation.
    pub scope: String,
    /// Eligible or active.
    pub kind: String,
    /// When it ends, or has ended.
    pub ends: Instant,
    /// Whether it has run out.
    pub over: bool,
    /// Where to ask for more time.
    pub ask: String,
    /// Where the wish that waits is; empty if there is none.
    pub asked: String,
}

/// An end that is counted down to.
pub struct Ends {
    /// When.
    pub at: Instant,
    /// When it began, for machines.
    pub began: String,
    /// What is left, in words.
    pub left: String,
    /// How much of the time is left, of a hundred.
    pub percent: u8,
    /// Whether it is soon.
    pub soon: bool,
}

/// A role that is asked for or planned.
pub struct Coming {
    /// The role.
    pub role: String,
    /// Where; empty for the whole organisation.
    pub scope: String,
    /// What it waits for.
    pub status: Status,
    /// Duration, reason and so on.
    pub captions: Vec<Caption>,
    /// Its request.
    pub link: String,
    /// Where to cancel it.
    pub cancel: String,
}

/// A role that may be activated.
pub struct Eligible {
    /// The assignment.
    pub id: String,
    /// The role.
    pub role: String,
    /// Where; empty for the whole organisation.
    pub scope: String,
    /// What it lets its holder do.
    pub purpose: String,
    /// The terms in a few words.
    pub captions: Vec<Caption>,
    /// Where to activate it; empty when it cannot be activated now.
    pub activate: String,
    /// Why not, where it cannot.
    pub unavailable: String,
}
