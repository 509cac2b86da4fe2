//! What is held all the time: the list, imports, the way to eligibility.
use askama::Template;

use super::{
    Fact, Instant, Pages, Who,
    form::{Choice, Field},
    frame::Frame,
};

/// Standing access, worst first.
#[derive(Template)]
#[template(path = "inventory/list.html")]
pub struct Inventory {
    /// Around it.
    pub frame: Frame,
    /// `people`, `applications` or `break_glass`.
    pub list: &'static str,
    /// How much there is of each.
    pub counts: [String; 4],
    /// How it went; none before the second day.
    pub chart: Option<Chart>,
    /// What is looked for.
    pub filter: Filter,
    /// What was found.
    pub rows: Vec<Standing>,
    /// Where the rest is.
    pub pages: Pages,
    /// Whether the reader may turn it into eligibility.
    pub may_convert: bool,
    /// Sent twice, it acts once.
    pub idempotency_key: String,
    /// How many conversions are under way.
    pub under_way: i64,
    /// Why they are turned.
    pub reason: Field,
    /// What is wrong with what was chosen.
    pub problems: Vec<String>,
}

/// What is looked for.
pub struct Filter {
    /// The role.
    pub role: Field,
    /// The roles to choose from.
    pub roles: Vec<Choice>,
    /// The place.
    pub scope: Field,
    /// The places to choose from.
    pub scopes: Vec<Choice>,
    /// Privileged or not.
    pub privileged: Field,
    /// Both, and either.
    pub privileges: Vec<Choice>,
    /// With or without an end.
    pub permanent: Field,
    /// Both, and either.
    pub ends: Vec<Choice>,
    /// Whether anything is set.
    pub used: bool,
}

/// One standing assignment.
pub struct Standing {
    /// Which.
    pub id: String,
    /// Who.
    pub who: Who,
    /// What kind of holder, or the account.
    pub kind: String,
    /// The role.
    pub role: String,
    /// Where; empty for the whole organisation.
    pub scope: String,
    /// How bad it is, of a hundred.
    pub score: u8,
    /// Why, in a few words.
    pub reasons: String,
    /// When the holder was last here.
    pub seen: Option<Instant>,
    /// Until when.
    pub until: Option<Instant>,
    /// Whether it is on its way to eligibility.
    pub under_way: bool,
    /// Whether it may be chosen.
    pub may_choose: bool,
    /// Whether it is.
    pub chosen: bool,
    /// Its page.
    pub link: String,
}

/// How much there was, day by day, as a drawing and as numbers.
pub struct Chart {
    /// The points of the line of privileged roles.
    pub privileged: String,
    /// The points of the line of other roles.
    pub other: String,
    /// The points of the line of eligible assignments.
    pub eligible: String,
    /// The highest number.
    pub top: i64,
    /// What the drawing shows, in a sentence.
    pub sentence: String,
    /// The first day.
    pub from: String,
    /// The last day.
    pub to: String,
    /// The numbers, newest first.
    pub days: Vec<ChartDay>,
}

/// The numbers of a day.
pub struct ChartDay {
    /// Which.
    pub day: String,
    /// Standing, privileged.
    pub privileged: i64,
    /// Standing, other.
    pub other: i64,
    /// Eligible.
    pub eligible: i64,
    /// Activations on the day before.
    pub activations: i64,
}

/// The imports.
#[derive(Template)]
#[template(path = "inventory/imports.html")]
pub struct Imports {
    /// Around it.
    pub frame: Frame,
    /// Whether the reader may import.
    pub may_import: bool,
    /// The imports, newest first.
    pub rows: Vec<ImportRow>,
    /// Where the rest is.
    pub pages: Pages,
}

/// An import in the list.
pub struct ImportRow {
    /// Its page; empty if the reader may not go on with it.
    pub link: String,
    /// What the file was called.
    pub file: String,
    /// Draft, done or discarded.
    pub state: String,
    /// Who handed it in.
    pub by: String,
    /// When.
    pub at: Instant,
    /// What came of it.
    pub outcome: String,
}

/// The form that takes a file.
#[derive(Template)]
#[template(path = "inventory/import_new.html")]
pub struct NewImport {
    /// Around it.
    pub frame: Frame,
    /// The file.
    pub file: Field,
    /// Text that was pasted.
    pub text: Field,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
}

/// A file that was handed in: which column is what, and what would come of it.
#[derive(Template)]
#[template(path = "inventory/import_draft.html")]
pub struct ImportDraft {
    /// Around it.
    pub frame: Frame,
    /// Where its forms go; each adds its verb.
    pub action: String,
    /// What the file is called.
    pub file: String,
    /// How many rows it has.
    pub rows: String,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The first rows.
    pub sample: Vec<Vec<String>>,
    /// What each field is read from.
    pub fields: Vec<MappedField>,
    /// Eligible or active where no column says it.
    pub default_kind: Field,
    /// Both.
    pub kinds: Vec<Choice>,
    /// Whether missing roles are made.
    pub make_roles: bool,
    /// Whether what lasts too long ends when the terms say.
    pub end_by_terms: bool,
    /// The roles that are not there; chosen are those to be privileged.
    pub missing_roles: Vec<Choice>,
    /// Where missing places are made.
    pub under: Field,
    /// The places to choose from, and none.
    pub places: Vec<Choice>,
    /// What is wrong with the mapping.
    pub problems: Vec<String>,
    /// What would come of it; none while it can't be read.
    pub preview: Option<Preview>,
}

/// A field, and the column that it is read from.
pub struct MappedField {
    /// Its name.
    pub name: &'static str,
    /// What it is called.
    pub label: String,
    /// The column.
    pub column: Field,
    /// The columns to choose from, and none.
    pub columns: Vec<Choice>,
    /// The name of the field for what holds otherwise; empty if there is none.
    pub fallback: &'static str,
    /// What holds otherwise.
    pub otherwise: String,
    /// What an empty one means.
    pub help: String,
}

/// What would come of an import.
pub struct Preview {
    /// "3 assignments would be made, 2 are there already"
    pub sentence: String,
    /// An earlier import of the same.
    pub same_before: String,
    /// How many would be made.
    pub make: usize,
    /// How many end sooner than was said.
    pub shortened: usize,
    /// The first of those that would be made.
    pub rows: Vec<PreviewRow>,
    /// How many more there are.
    pub more: usize,
    /// How many rows are bad.
    pub bad: usize,
    /// The first of them.
    pub bad_rows: Vec<BadRow>,
    /// How many more there are.
    pub more_bad: usize,
    /// Roles that would be made.
    pub new_roles: String,
    /// Places that would be made.
    pub new_places: String,
    /// People who are not there.
    pub nobody: String,
    /// The code; none if it is not asked for.
    pub code: Option<Field>,
    /// What the button says.
    pub button: String,
    /// Sent twice, it acts once.
    pub idempotency_key: String,
    /// What is wrong with confirming.
    pub problems: Vec<String>,
}

/// An assignment that would be made.
pub struct PreviewRow {
    /// Its line.
    pub line: i32,
    /// Who.
    pub who: String,
    /// Which role.
    pub role: String,
    /// Where.
    pub place: String,
    /// Eligible or active.
    pub kind: String,
    /// Until when.
    pub until: Option<Instant>,
    /// Whether it ends sooner than was said.
    pub shortened: bool,
}

/// A row that can't be imported.
pub struct BadRow {
    /// Its line.
    pub line: i32,
    /// What it says.
    pub said: String,
    /// What is wrong.
    pub reasons: Vec<String>,
}

/// An import that is closed.
#[derive(Template)]
#[template(path = "inventory/import_done.html")]
pub struct ImportDone {
    /// Around it.
    pub frame: Frame,
    /// What the file was called.
    pub file: String,
    /// Draft, done or discarded.
    pub state: String,
    /// What came of it.
    pub sentence: String,
    /// Who, when, digest, mapping.
    pub facts: Vec<Fact>,
    /// Which rows are shown.
    pub outcome: &'static str,
    /// The links to each outcome, with how many there are.
    pub outcomes: Vec<(String, String, i32, &'static str)>,
    /// The rows.
    pub rows: Vec<ImportedRow>,
    /// Where the rest is.
    pub pages: Pages,
}

/// A row of an import that is closed.
pub struct ImportedRow {
    /// Its line.
    pub line: i32,
    /// What it said.
    pub said: String,
    /// What is to be noted about it.
    pub notes: Vec<String>,
    /// The assignment's page; empty if there is none.
    pub link: String,
}

/// The way of assignments from standing to eligible.
#[derive(Template)]
#[template(path = "inventory/conversions.html")]
pub struct Conversions {
    /// Around it.
    pub frame: Frame,
    /// Those under way, or those that are over.
    pub open: bool,
    /// The conversions, newest first.
    pub rows: Vec<Conversion>,
    /// Where the rest is.
    pub pages: Pages,
    /// What is wrong with what was done.
    pub problems: Vec<String>,
}

/// One conversion.
pub struct Conversion {
    /// Which.
    pub id: String,
    /// Who.
    pub who: Who,
    /// The role.
    pub role: String,
    /// Where; empty for the whole organisation.
    pub scope: String,
    /// Its steps.
    pub steps: Vec<StepTaken>,
    /// Where its forms go; each adds its verb. Empty without the right, or if it is over.
    pub action: String,
    /// Whether somebody has tried it.
    pub tried: bool,
}

/// A step of a conversion.
pub struct StepTaken {
    /// `done`, `now` or `next`.
    pub state: &'static str,
    /// What it is.
    pub text: String,
    /// When it was done.
    pub at: Option<Instant>,
}

/// The form for a try.
#[derive(Template)]
#[template(path = "inventory/try.html")]
pub struct Try {
    /// Around it.
    pub frame: Frame,
    /// Where the form goes.
    pub action: String,
    /// Sent twice, it acts once.
    pub idempotency_key: String,
    /// The role.
    pub role: String,
    /// Where; empty for the whole organisation.
    pub scope: String,
    /// Why there is nothing to try; empty if there is.
    pub over: String,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
    /// For how long.
    pub duration: Field,
    /// Proposals.
    pub presets: Vec<String>,
    /// What the terms allow.
    pub duration_help: String,
    /// Why.
    pub reason: Field,
    /// Whether a reason must be given.
    pub reason_required: bool,
    /// The ticket's number.
    pub ticket_number: Field,
    /// The ticket's system.
    pub ticket_system: Field,
    /// The systems to choose from; none: any may be written.
    pub ticket_systems: Vec<Choice>,
    /// Whether a ticket must be given.
    pub ticket_required: bool,
    /// The code; none if it is not asked for.
    pub code: Option<Field>,
}
