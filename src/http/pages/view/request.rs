//! Requests: the list, and the story of one.
use askama::Template;

use super::{
    Fact, Instant, Pages, Who, change_request::ChangeRow, form::Field, frame::Frame, status::Status,
};

/// The list of requests.
#[derive(Template)]
#[template(path = "request/list.html")]
pub struct Requests {
    /// Around it.
    pub frame: Frame,
    /// Whether everybody's requests are shown.
    pub all: bool,
    /// Whether the reader may see everybody's.
    pub may_see_all: bool,
    /// Changes that wait for somebody else's word, newest first; only on the first page.
    pub changes: Vec<ChangeRow>,
    /// The requests, newest first.
    pub rows: Vec<RequestRow>,
    /// Where the rest is.
    pub pages: Pages,
}

/// A request in a list.
pub struct RequestRow {
    /// The request's page.
    pub link: String,
    /// Who asks.
    pub requester: Who,
    /// "Activate", "Extend".
    pub kind: String,
    /// The role.
    pub role: String,
    /// Where; empty for the whole organisation.
    pub scope: String,
    /// How long.
    pub duration: String,
    /// Why.
    pub reason: String,
    /// Where it stands.
    pub status: Status,
    /// When it was made.
    pub at: Instant,
    /// Whether it was an emergency that skipped approval.
    pub emergency: bool,
}

/// One request.
#[derive(Template)]
#[template(path = "request/show.html")]
pub struct Request {
    /// Around it.
    pub frame: Frame,
    /// The list that it is in: its address and its name.
    pub back: (&'static str, String),
    /// Who asks.
    pub requester: Who,
    /// "asks for Production Operator for 2 h", said after the requester's name.
    pub sentence: String,
    /// Where it stands.
    pub status: Status,
    /// Why, as the requester said.
    pub reason: String,
    /// Role, scope, duration, ticket, start and so on.
    pub facts: Vec<Fact>,
    /// Who can decide, where somebody still can.
    pub deciders: Vec<Who>,
    /// Who does not although they are named, how many must agree, and what comes after; may be empty.
    pub agreement: String,
    /// Until when; none if nothing waits.
    pub decide_by: Option<Instant>,
    /// What the requester holds now and when the role was last used, for the approver.
    pub background: Vec<Fact>,
    /// Everything that happened, oldest first.
    pub timeline: Vec<Step>,
    /// The form for the approver; none for others.
    pub decision: Option<DecisionForm>,
    /// "Grace is looking at it."; may be empty.
    pub claimed: String,
    /// Where to take it on, or to leave it to others: the address and the label; none for who cannot.
    pub claim: Option<(String, String)>,
    /// Where to ask again; empty where that is not possible.
    pub nudge: String,
    /// Where to write something; empty where one cannot.
    pub comment: String,
    /// What was written.
    pub comment_field: Field,
    /// "Emergency", with what became of its review; empty if it was none.
    pub emergency: String,
    /// Where to review it; empty for who cannot.
    pub review: String,
    /// What was typed.
    pub review_field: Field,
    /// Why the reader cannot decide, where one might expect it.
    pub cannot_decide: String,
    /// Where to cancel it; empty where that is not possible.
    pub cancel: String,
    /// Where to end the access at once; empty where that is not possible.
    pub finish: String,
    /// Where to see the audit events; empty without the right.
    pub story: String,
}

/// Something that happened to a request.
pub struct Step {
    /// The name of its icon.
    pub icon: &'static str,
    /// `good`, `bad`, `wait`, `warn` or nothing.
    pub tone: &'static str,
    /// Who did it, if a person did.
    pub by: String,
    /// What happened.
    pub text: String,
    /// What was said; may be empty.
    pub said: String,
    /// When.
    pub at: Instant,
}

/// The approver's form.
pub struct DecisionForm {
    /// Where it goes.
    pub action: String,
    /// Sent twice, it acts once.
    pub idempotency_key: String,
    /// Why.
    pub reason: Field,
    /// Whether a reason must be given.
    pub reason_required: bool,
    /// For how long; the approver may lower it.
    pub duration: Field,
    /// "Asked for 2 h. Lower it to approve for less."
    pub duration_help: String,
    /// The code; none if no second factor is asked for.
    pub code: Option<Field>,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
}

/// For whoever may not see a request, or follows a link to one that is not there: the same for both.
#[derive(Template)]
#[template(path = "request/not_yours.html")]
pub struct NotYours {
    /// Around it.
    pub frame: Frame,
    /// The reader's name.
    pub name: String,
}
