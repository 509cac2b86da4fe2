//! What would come of an import, row by row: judged by the same facts in the preview and at the moment when it is done.
use sqlx::PgConnection;

use super::{judge::judge, known::know};
use crate::{
    domain::{
        actor::{Actor, User},
        assignment::{AssignmentKind, Window},
        id::{AssignmentId, PrincipalId, RoleId, ScopeId, SettingsId},
        inventory::{Fault, Mapping, Said, Sheet, Wanted, read},
        text::fold,
    },
    error::Error,
};

/// What would come of an import.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Row by row.
    pub rows: Vec<Planned>,
    /// The names of roles that are not there: made, or the reason why rows are bad.
    pub unknown_roles: Vec<String>,
    /// The same of places.
    pub unknown_scopes: Vec<String>,
    /// The people, groups and applications that are not there. They are never made here.
    pub unknown_principals: Vec<String>,
    /// Whether a fresh code is asked for, as the terms of one of the roles do.
    pub needs_code: bool,
}

/// One row.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Its line.
    pub line: i32,
    /// What it says.
    pub said: Said,
    /// What would come of it.
    pub verdict: Verdict,
}

/// What would come of a row.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// An assignment.
    Make(Make),
    /// Nothing: that assignment is there already.
    There(AssignmentId),
    /// Nothing: an earlier line says the same.
    Twice(i32),
    /// It can't be imported.
    Bad(Vec<Fault>),
}

/// An assignment to be made.
#[derive(Clone, Debug)]
pub struct Make {
    /// To whom.
    pub principal: PrincipalId,
    /// Which role; none if it is to be made first.
    pub role: Option<RoleId>,
    /// Where; none if that is to be made first.
    pub scope: Option<ScopeId>,
    /// Eligible or active.
    pub kind: AssignmentKind,
    /// From when until when.
    pub window: Window,
    /// Why.
    pub justification: String,
    /// Whether it ends sooner than was said, since the role's terms say so.
    pub shortened: bool,
    /// The terms in force; none if the role is to be made first.
    pub settings: Option<SettingsId>,
}

impl Plan {
    /// How many rows have a verdict like that.
    #[must_use]
    pub fn count(&self, like: fn(&Verdict) -> bool) -> usize {
        self.rows.iter().filter(|row| like(&row.verdict)).count()
    }

    /// How many assignments would be made.
    #[must_use]
    pub fn made(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::Make(_)))
    }

    /// How many rows are there already.
    #[must_use]
    pub fn already(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::There(_) | Verdict::Twice(_)))
    }

    /// How many rows can't be imported.
    #[must_use]
    pub fn bad(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::Bad(_)))
    }

    /// How many assignments would end sooner than was said.
    #[must_use]
    pub fn shortened(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::Make(make) if make.shortened))
    }
}

/// Works out what would come of a file.
pub(super) async fn plan(
    connection: &mut PgConnection,
    actor: &Actor,
    user: &User,
    sheet: &Sheet,
    mapping: &Mapping,
) -> Result<Plan, Error> {
    let read: Vec<_> = sheet.rows.iter().map(|row| (row.line, read(sheet, row, mapping))).collect();
    let wanted: Vec<&Wanted> =
        read.iter().filter_map(|(_, (_, wanted))| wanted.as_ref().ok()).collect();
    let known = know(connection, actor, user, mapping, &wanted).await?;
    let mut plan = Plan::default();
    let mut rows = Vec::with_capacity(read.len());
    for (line, (said, wanted)) in read {
        let row = wanted.and_then(|wanted| known.resolve(mapping, wanted, &mut plan));
        rows.push((line, said, row));
    }
    judge(connection, &known, mapping, rows, &mut plan).await?;
    for names in [&mut plan.unknown_roles, &mut plan.unknown_scopes, &mut plan.unknown_principals] {
        *names = distinct(std::mem::take(names));
    }
    Ok(plan)
}

/// These names in order, each once, however it is written.
pub(super) fn distinct(mut names: Vec<String>) -> Vec<String> {
    names.sort_by_cached_key(|name| fold(name));
    names.dedup_by_key(|name| fold(name));
    names
}
