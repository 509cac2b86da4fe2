//! Places in the tree: one with what lies in it and who holds what there, and what moving or retiring it does.
use askama::Template;

use super::{
    form::{Choice, Field},
    frame::Frame,
    status::Status,
};

/// Where the reader's sight of the tree begins, when that is at several places.
#[derive(Template)]
#[template(path = "scope/list.html")]
pub struct Scopes {
    /// Around it.
    pub frame: Frame,
    /// The topmost places.
    pub rows: Vec<ScopeRow>,
}

/// One place.
#[derive(Template)]
#[template(path = "scope/show.html")]
pub struct Scope {
    /// Around it.
    pub frame: Frame,
    /// Where its forms go; each adds its verb.
    pub action: String,
    /// Its name.
    pub name: String,
    /// "Folder", "System".
    pub kind: String,
    /// What it is for.
    pub purpose: String,
    /// Whether it is retired.
    pub retired: bool,
    /// The places above it, from the organisation down.
    pub way: Vec<Crumb>,
    /// What lies in it.
    pub inside: Vec<ScopeRow>,
    /// Who holds what here.
    pub here: Vec<HoldingRow>,
    /// Who holds what above, which counts here too.
    pub inherited: Vec<HoldingRow>,
    /// The form that makes a place in it; none without the right.
    pub create: Option<NewScope>,
    /// The form that renames it; none without the right, and for what is named elsewhere.
    pub rename: Option<RenameScope>,
    /// Whether it can be moved and retired by the reader.
    pub may_move: bool,
    /// Where roles are given here; empty without the right.
    pub assign: String,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
}

/// A place on the way to another.
pub struct Crumb {
    /// Its page.
    pub link: String,
    /// Its name.
    pub name: String,
}

/// A place in a list.
pub struct ScopeRow {
    /// Its page.
    pub link: String,
    /// Its name.
    pub name: String,
    /// "Folder", "System".
    pub kind: String,
    /// What it is for.
    pub purpose: String,
    /// How many places lie in it.
    pub children: i64,
    /// How many are eligible at it.
    pub eligible: i64,
    /// How many hold a role at it.
    pub active: i64,
}

/// Somebody who holds a role at a place.
pub struct HoldingRow {
    /// The assignment.
    pub link: String,
    /// Who.
    pub who: String,
    /// Which role.
    pub role: String,
    /// Whether it is privileged.
    pub privileged: bool,
    /// Where it is held; empty if here.
    pub scope: String,
    /// How it stands.
    pub status: Status,
}

/// The form that makes a place.
pub struct NewScope {
    /// Sent twice, it acts once.
    pub idempotency_key: String,
    /// What it is.
    pub kind: Field,
    /// What it can be here.
    pub kinds: Vec<Choice>,
    /// Its name.
    pub name: Field,
    /// What it is for.
    pub purpose: Field,
}

/// The form that renames a place.
pub struct RenameScope {
    /// Its name.
    pub name: Field,
    /// What it is for.
    pub purpose: Field,
}

/// Moving a place: where to, and what that does.
#[derive(Template)]
#[template(path = "scope/move.html")]
pub struct MoveScope {
    /// Around it.
    pub frame: Frame,
    /// The place's own page, and where the form goes.
    pub action: String,
    /// Its name.
    pub name: String,
    /// Where it could lie.
    pub places: Vec<Choice>,
    /// Where it shall lie.
    pub to: Field,
    /// What that does; none before a place is chosen.
    pub effect: Option<MoveEffect>,
    /// Why.
    pub reason: Field,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
}

/// What moving does.
pub struct MoveEffect {
    /// Where it will lie.
    pub to: String,
    /// What no longer counts there.
    pub lose: Vec<HoldingRow>,
    /// What counts there from then on.
    pub gain: Vec<HoldingRow>,
    /// What ends, in words.
    pub ends: Vec<String>,
    /// Why nobody does it alone, if that is so.
    pub waits: String,
}

/// Retiring a place: what that does.
#[derive(Template)]
#[template(path = "scope/retire.html")]
pub struct RetireScope {
    /// Around it.
    pub frame: Frame,
    /// The place's own page, and where the form goes.
    pub action: String,
    /// Its name.
    pub name: String,
    /// The places that go with it.
    pub places: Vec<String>,
    /// Who loses what.
    pub holdings: Vec<HoldingRow>,
    /// What ends, in words.
    pub ends: Vec<String>,
    /// Why.
    pub reason: Field,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
}
