//! The sheets on which a role is activated or given more time, and what came of it.
use askama::Template;

use super::{
    Caption, Fact, Instant,
    form::{Choice, Field},
    frame::Frame,
    status::Status,
};

/// The activate sheet.
#[derive(Template)]
#[template(path = "activation/new.html")]
pub struct NewActivation {
    /// Around it.
    pub frame: Frame,
    /// Sent twice, it acts once.
    pub idempotency_key: String,
    /// What to activate.
    pub roles: Vec<Wanted>,
    /// How long.
    pub duration: Field,
    /// Proposals for how long.
    pub presets: Vec<String>,
    /// "At most 4 h …".
    pub duration_help: String,
    /// `now` or `later`.
    pub when: Field,
    /// The start, if later.
    pub starts_at: Field,
    /// The zone in which the start is read.
    pub zone: String,
    /// Why.
    pub reason: Field,
    /// Whether a reason must be given.
    pub reason_required: bool,
    /// The ticket's number.
    pub ticket_number: Field,
    /// The system that holds the ticket.
    pub ticket_system: Field,
    /// The systems to choose from; none: any may be written.
    pub ticket_systems: Vec<Choice>,
    /// Whether a ticket must be given.
    pub ticket_required: bool,
    /// The code; none if no second factor is asked for.
    pub code: Option<Field>,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
    /// What would be refused if it were sent, unless it is an emergency.
    pub foreseen: Vec<String>,
    /// What will happen.
    pub outcome: Outcome,
    /// The way around the approval; none if there is none.
    pub emergency: Option<Emergency>,
}

/// The way around an approval in an emergency.
pub struct Emergency {
    /// The longest that it may last.
    pub longest: String,
    /// Whether it was pressed already.
    pub open: bool,
    /// Whether it takes the place of an open request.
    pub replaces: bool,
    /// What is wrong with it.
    pub field: Field,
}

/// A role on the sheet.
pub struct Wanted {
    /// The assignment.
    pub id: String,
    /// The role.
    pub role: String,
    /// Where; empty for the whole organisation.
    pub scope: String,
    /// What it lets its holder do.
    pub purpose: String,
    /// Its terms in a few words.
    pub captions: Vec<Caption>,
    /// The place that is chosen.
    pub chosen: String,
    /// The places below at which it may be held instead; none if there are none.
    pub places: Vec<Choice>,
}

/// What will happen on submitting.
pub struct Outcome {
    /// When what needs no approval starts: "at once", "tomorrow 08:00".
    pub start: String,
    /// When access would end, role by role.
    pub ends: Vec<Ending>,
    /// The roles that need approval and who can give it.
    pub approvals: Vec<ApprovalNeeded>,
    /// Whether anything starts at once.
    pub at_once: bool,
    /// Why nobody has to approve what otherwise somebody would.
    pub unasked: Vec<String>,
}

/// When access to one role would end.
pub struct Ending {
    /// The role.
    pub role: String,
    /// When; empty if it cannot be told from what was typed.
    pub at: Instant,
    /// Why it would end earlier than asked, or cannot be told; may be empty.
    pub note: String,
    /// The most that the role allows, in seconds, for scripts.
    pub longest: i64,
    /// The latest possible end, for scripts; empty if there is none.
    pub latest: String,
    /// What is said of a longer duration that is refused; empty if it is shortened instead.
    pub too_long: String,
    /// What is said of a longer duration that is shortened.
    pub capped: String,
}

/// An approval that will be needed.
pub struct ApprovalNeeded {
    /// The role, if there are several.
    pub role: String,
    /// The stages that it goes through.
    pub stages: Vec<StageNeeded>,
    /// Why it would be refused; may be empty.
    pub refused: String,
}

/// A stage of it.
pub struct StageNeeded {
    /// "Stage 2. ", if there are several.
    pub number: String,
    /// "Grace Hopper or Alan Turing can decide.", or why nobody needs to be asked.
    pub by: String,
    /// "2 of them must agree. They have 24 h."; may be empty.
    pub note: String,
    /// Who is away, and who stands in.
    pub away: Vec<String>,
}

/// The extend sheet.
#[derive(Template)]
#[template(path = "activation/extend.html")]
pub struct Extend {
    /// Around it.
    pub frame: Frame,
    /// Sent twice, it acts once.
    pub idempotency_key: String,
    /// Where the form goes.
    pub action: String,
    /// The role.
    pub role: String,
    /// Where; empty for the whole organisation.
    pub scope: String,
    /// When it ends now.
    pub ends: Instant,
    /// How long from now.
    pub duration: Field,
    /// Proposals for how long.
    pub presets: Vec<String>,
    /// "At most 4 h from now".
    pub duration_help: String,
    /// Why.
    pub reason: Field,
    /// Whether a reason must be given.
    pub reason_required: bool,
    /// The ticket's number.
    pub ticket_number: Field,
    /// The system that holds the ticket.
    pub ticket_system: Field,
    /// The systems to choose from; none: any may be written.
    pub ticket_systems: Vec<Choice>,
    /// Whether a ticket must be given.
    pub ticket_required: bool,
    /// The code; none if no second factor is asked for.
    pub code: Option<Field>,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
    /// What will happen.
    pub outcome: Outcome,
}

/// What came of activating.
#[derive(Template)]
#[template(path = "activation/result.html")]
pub struct Activated {
    /// Around it.
    pub frame: Frame,
    /// What came of it in one sentence.
    pub title: String,
    /// One a role.
    pub results: Vec<ActivationResult>,
    /// Where to go on.
    pub back: String,
}

/// What came of activating one role.
pub struct ActivationResult {
    /// The role.
    pub role: String,
    /// Where; empty for the whole organisation.
    pub scope: String,
    /// Its state now.
    pub status: Status,
    /// When it ends, who decides, and so on.
    pub facts: Vec<Fact>,
    /// Why it was refused.
    pub reasons: Vec<String>,
    /// Its request; empty if it was refused.
    pub link: String,
}
