//! Changes that need somebody's word: rows of a list, one of them, and the form to ask for more time.
use askama::Template;

use super::{
    Fact, Instant, Who,
    form::{Choice, Field},
    frame::Frame,
    request::Step,
    settings::Change,
    status::Status,
};

/// A change in a list.
pub struct ChangeRow {
    /// Its page.
    pub link: String,
    /// Who wants it.
    pub author: String,
    /// "weaker settings of Database Operator".
    pub what: String,
    /// Where; empty for the whole organisation.
    pub scope: String,
    /// Why.
    pub reason: String,
    /// Where it stands.
    pub status: Status,
    /// When it was made.
    pub at: Instant,
}

/// One change.
#[derive(Template)]
#[template(path = "change_request/show.html")]
pub struct ChangeRequest {
    /// Around it.
    pub frame: Frame,
    /// The list that it is in: its address and its name.
    pub back: (&'static str, String),
    /// Who wants it.
    pub author: Who,
    /// "asks for" or "asked for".
    pub verb: String,
    /// "weaker settings of Database Operator".
    pub what: String,
    /// Where it stands.
    pub status: Status,
    /// Why, as its author said.
    pub reason: String,
    /// Why it could not be carried out; may be empty.
    pub failure: String,
    /// Before and after.
    pub changes: Vec<Change>,
    /// Role, place and so on.
    pub facts: Vec<Fact>,
    /// Who can decide.
    pub deciders: Vec<Who>,
    /// What to do where nobody can.
    pub nobody: String,
    /// Until when; none if nothing waits.
    pub decide_by: Option<Instant>,
    /// Everything that happened, oldest first.
    pub timeline: Vec<Step>,
    /// The form for whoever can decide; none for others.
    pub decision: Option<Decision>,
    /// Why the reader cannot decide, where one might expect it.
    pub cannot_decide: String,
    /// Where to take it back; empty where that is not possible.
    pub withdraw: String,
}

/// The form for whoever can decide.
pub struct Decision {
    /// Where it goes.
    pub action: String,
    /// Sent twice, it acts once.
    pub idempotency_key: String,
    /// What of a wish for more time is given; none if there is nothing to choose.
    pub wish: Option<Wish>,
    /// Why.
    pub reason: Field,
    /// The code.
    pub code: Field,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
}

/// What of a wish for more time is given.
pub struct Wish {
    /// Eligible or active.
    pub kind: Field,
    /// Both of them.
    pub kinds: Vec<Choice>,
    /// Until when.
    pub ends_at: Field,
    /// "Asked for until 31 Jan 2027."
    pub asked: String,
    /// The time zone of the end.
    pub zone: String,
}

/// The form to ask for more time.
#[derive(Template)]
#[template(path = "assignment/more_time.html")]
pub struct MoreTime {
    /// Around it.
    pub frame: Frame,
    /// Where the form goes.
    pub action: String,
    /// Sent twice, it acts once.
    pub idempotency_key: String,
    /// The role.
    pub role: String,
    /// Whether it has run out.
    pub over: bool,
    /// What it is, and when it ends.
    pub facts: Vec<Fact>,
    /// Until when it is wished for.
    pub ends_at: Field,
    /// How long it may be.
    pub ends_at_help: String,
    /// The time zone of the end.
    pub zone: String,
    /// Why.
    pub reason: Field,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
}
