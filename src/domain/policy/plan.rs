//! What there is to do, step by step, and what is left alone.
use std::fmt;

use sha2::{Digest as _, Sha256};

use super::{document::At, terms::OwnTerms};
pub use crate::domain::change_request::Line;
use crate::domain::{
    assignment::AssignmentKind,
    id::{AssignmentId, PrincipalId, RoleId, ScopeId, TemplateId},
    role::{Definition, ScopeKind},
    text::{Description, Justification, Name},
    time::Instant,
};

/// Something that is there, or that an earlier step makes for a row of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Which<Id> {
    /// It is there.
    Known(Id),
    /// The step for this row makes it.
    New(At),
}

impl<Id: std::fmt::Display> std::fmt::Display for Which<Id> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Known(id) => id.fmt(f),
            Self::New(at) => write!(f, "{}:{}", at.file.name(), at.line),
        }
    }
}

impl<Id> Which<Id> {
    /// What is there; none for what is yet to be made.
    pub fn known(self) -> Option<Id> {
        match self {
            Self::Known(id) => Some(id),
            Self::New(_) => None,
        }
    }
}

/// What is done with something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// It is made.
    Create,
    /// It becomes another.
    Change,
    /// It is put elsewhere.
    Move,
    /// It goes out of use.
    Retire,
    /// It is taken away.
    Remove,
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Change => "change",
            Self::Move => "move",
            Self::Retire => "retire",
            Self::Remove => "remove",
        })
    }
}

/// The kinds of thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Noun {
    /// A role.
    Role,
    /// A place.
    Scope,
    /// A group.
    Group,
    /// Terms by name.
    Template,
    /// The terms of a role at a place.
    Settings,
    /// Somebody's role.
    Assignment,
}

impl fmt::Display for Noun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Role => "role",
            Self::Scope => "scope",
            Self::Group => "group",
            Self::Template => "template",
            Self::Settings => "settings",
            Self::Assignment => "assignment",
        })
    }
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Step {
    /// The row that asks for it; none for what goes because no row has it.
    pub at: Option<At>,
    /// What is done.
    pub verb: Verb,
    /// With what kind of thing.
    pub noun: Noun,
    /// What it is called.
    pub name: String,
    /// Its fields, as far as they change.
    pub lines: Vec<Line>,
    /// Everything that it takes to do it.
    pub write: Write,
    /// Whether it makes the terms of a privileged role weaker, or the role an ordinary one, so that a second administrator must
    /// agree, as far as that was looked at.
    #[serde(skip)]
    pub weaker: bool,
}

impl Step {
    /// A step for a row.
    pub(super) fn of(
        at: At,
        (verb, noun, name): (Verb, Noun, String),
        lines: Vec<Line>,
        write: Write,
    ) -> Self {
        let said = |line: &Line| !(line.before.is_empty() && line.after.is_empty());
        let lines = lines.into_iter().filter(said).collect();
        Self { at: Some(at), verb, noun, name, lines, write, weaker: false }
    }

    /// What is done, as a heading.
    #[must_use]
    pub fn title(&self) -> String {
        let verb = match self.verb {
            Verb::Create => "Create",
            Verb::Change => "Change",
            Verb::Move => "Move",
            Verb::Retire => "Retire",
            Verb::Remove => "Remove",
        };
        format!("{verb} {} {}", self.noun, self.name)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.verb, self.noun, self.name)
    }
}

/// Everything that it takes to do a step.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are those of what the steps make")]
pub enum Write {
    /// Makes a role.
    CreateRole(Definition),
    /// Makes a role what it is to be.
    ChangeRole { role: RoleId, to: Definition },
    /// Takes a role out of use.
    RetireRole { role: RoleId },
    /// Makes a place.
    CreateScope { parent: Which<ScopeId>, kind: ScopeKind, name: Name, description: Description },
    /// Gives a place another name or description.
    ChangeScope { scope: ScopeId, kind: ScopeKind, name: Name, description: Description },
    /// Puts a place elsewhere.
    MoveScope { scope: ScopeId, parent: Which<ScopeId> },
    /// Takes a place out of use; a group's place, and the group with it.
    RetireScope { scope: ScopeId },
    /// Makes a group.
    CreateGroup { parent: Which<ScopeId>, name: Name, description: Description },
    /// Gives a group another name or description.
    ChangeGroup { group: PrincipalId, name: Name, description: Description },
    /// Makes a template.
    CreateTemplate {
        name: Name,
        description: Description,
        terms: OwnTerms<Which<PrincipalId>, Which<RoleId>>,
    },
    /// Changes a template.
    ChangeTemplate {
        template: TemplateId,
        after: i32,
        name: Name,
        description: Description,
        terms: OwnTerms<Which<PrincipalId>, Which<RoleId>>,
    },
    /// Takes a template out of use.
    RetireTemplate { template: TemplateId },
    /// Sets the terms of a role at a place.
    SaveTerms {
        role: Which<RoleId>,
        scope: Which<ScopeId>,
        after: i32,
        own: OwnTerms<Which<PrincipalId>, Which<RoleId>>,
    },
    /// Gives a role.
    Assign {
        holder: Which<PrincipalId>,
        role: Which<RoleId>,
        scope: Which<ScopeId>,
        kind: AssignmentKind,
        from: Option<Instant>,
        until: Option<Instant>,
        reason: Option<Justification>,
    },
    /// Gives an assignment other dates.
    SetDates {
        assignment: AssignmentId,
        from: Option<Instant>,
        until: Option<Instant>,
        reason: Option<Justification>,
    },
    /// Makes an assignment one of the other kind, with these dates.
    Convert {
        assignment: AssignmentId,
        to: AssignmentKind,
        from: Option<Instant>,
        until: Option<Instant>,
        reason: Option<Justification>,
    },
    /// Takes a role away.
    Unassign { assignment: AssignmentId },
}

/// Something that is there and in none of the files.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Unlisted {
    /// What kind of thing it is.
    pub noun: Noun,
    /// What it is called.
    pub name: String,
    /// Why it stays even when what is not in the files is to go.
    pub kept: Option<&'static str>,
}

/// What is said of a plan that takes two.
pub const WAITS: &str = "\
    Some of it makes the settings of a privileged role weaker, lets a role be privileged no longer, or widens what its author \
    can come to hold: all of it waits until a second administrator agrees, who gains nothing by it.";

/// The difference between the files and what there is.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Plan {
    /// What there is to do, in this order.
    pub steps: Vec<Step>,
    /// What is in none of the files and stays.
    pub unlisted: Vec<Unlisted>,
    /// How many rows are over, so that they could be taken out of the files.
    pub over: usize,
}

impl Plan {
    /// Whether everything is as the files say.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// What tells this plan from every other.
    #[must_use]
    pub fn digest(&self) -> String {
        let steps = serde_json::to_vec(&self.steps).unwrap_or_default();
        hex(&steps)
    }
}

/// What tells a set of files from every other.
#[must_use]
pub fn files_digest(files: &std::collections::BTreeMap<String, String>) -> String {
    hex(&serde_json::to_vec(files).unwrap_or_default())
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}

/// How many things that are not in the files a terminal is told of; programs are told of all.
const LISTED: usize = 20;

impl fmt::Display for Plan {
    /// For people at a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            tell(step, f)?;
        }
        match self.steps.len() {
            0 => writeln!(f, "There is nothing to do: everything is as the files say.")?,
            1 => writeln!(f, "\nThere is one thing to do.")?,
            count => writeln!(f, "\nThere are {count} things to do: {}.", self.counted())?,
        }
        if self.steps.iter().any(|step| step.weaker) {
            writeln!(f, "{WAITS}")?;
        }
        if !self.unlisted.is_empty() {
            writeln!(f, "\nNot in the files, and left alone:")?;
        }
        for Unlisted { noun, name, kept } in self.unlisted.iter().take(LISTED) {
            let kept = kept.map_or_else(String::new, |why| format!("  ({why})"));
            writeln!(f, "  . {noun} {name}{kept}")?;
        }
        if self.unlisted.len() > LISTED {
            writeln!(f, "  . and {} more", self.unlisted.len() - LISTED)?;
        }
        match self.over {
            0 => Ok(()),
            1 => writeln!(f, "\nOne row of assignments.toml is over and can go."),
            count => writeln!(f, "\n{count} rows of assignments.toml are over and can go."),
        }
    }
}

impl Plan {
    /// How many things of each kind there are to do.
    fn counted(&self) -> String {
        let kinds: [(&str, &[Verb]); 3] = [
            ("create", &[Verb::Create]),
            ("change", &[Verb::Change, Verb::Move]),
            ("take away", &[Verb::Retire, Verb::Remove]),
        ];
        let counts = kinds.map(|(word, verbs)| {
            let count = self.steps.iter().filter(|step| verbs.contains(&step.verb)).count();
            (count > 0).then(|| format!("{count} to {word}"))
        });
        counts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// A step at a terminal, with its fields below it.
fn tell(step: &Step, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let sign = match step.verb {
        Verb::Create => '+',
        Verb::Change | Verb::Move => '~',
        Verb::Retire | Verb::Remove => '-',
    };
    write!(f, "  {sign} {step}")?;
    if let Some(at) = step.at {
        write!(f, "  ({}, line {})", at.file.name(), at.line)?;
    }
    writeln!(f, "{}", if step.weaker { "  (weaker)" } else { "" })?;
    for Line { field, before, after } in &step.lines {
        let shown = |value: &str| {
            if value.is_empty() { "none".to_owned() } else { value.replace('\n', " ") }
        };
        match step.verb {
            Verb::Create => writeln!(f, "      {field}: {}", shown(after))?,
            Verb::Retire | Verb::Remove => writeln!(f, "      {field}: {}", shown(before))?,
            Verb::Change | Verb::Move => {
                writeln!(f, "      {field}: {} -> {}", shown(before), shown(after))?;
            }
        }
    }
    Ok(())
}
