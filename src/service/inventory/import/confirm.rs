//! Doing what a preview said: all of it in one change, or nothing.
use serde_json::json;
use sqlx::types::Json;

use super::{
    Counts, Plan, Row, Told, Verdict, fingerprint, lock_draft, own_draft,
    plan::{Make, distinct, plan},
};
use crate::{
    App,
    domain::{
        actor::{Actor, User},
        audit::{Event, Kind},
        id::{AssignmentId, ImportId, ProofId, ScopeId},
        inventory::{Fault, Mapping, Sheet},
        permission::Permissions,
        role::ScopeKind,
        step_up::Act,
        text::{Description, Name},
    },
    error::Error,
    service::{
        reach,
        role::{self, Definition},
        scope::{self, NewScope},
        step_up,
    },
    store::{
        self, Change,
        inventory::import::{NewAssignment, RowOutcome},
    },
};

/// Imports a draft as it is mapped. With bad rows nothing is imported, unless `leave_out` says to import the good ones.
///
/// All assignments, roles and places are made in one change, with an event each; the code is asked for if the terms of one
/// of the roles ask for one.
pub async fn confirm(
    app: &App,
    actor: &Actor,
    id: ImportId,
    leave_out: bool,
    code: Option<&str>,
) -> Result<Counts, Error> {
    let act = Act::Import { import: id };
    if let Err(Error::Repeated(before)) = Change::begin(&app.database, actor).await {
        return counted(app, ImportId(before)).await;
    }
    let mut connection = app.database.acquire().await?;
    own_draft(&mut connection, actor, id).await?;
    drop(connection);
    let proof = step_up::prove(app, actor, code, &act).await?;
    let proof = proof.map(|proof| (proof, act));
    match store::retried(|| confirm_once(app, actor, id, leave_out, proof.as_ref())).await {
        Err(Error::Repeated(before)) => counted(app, ImportId(before)).await,
        confirmed => {
            let counts = confirmed?;
            app.wake.everything();
            Ok(counts)
        }
    }
}

async fn confirm_once(
    app: &App,
    actor: &Actor,
    id: ImportId,
    leave_out: bool,
    proof: Option<&(ProofId, Act)>,
) -> Result<Counts, Error> {
    let mut change = Change::begin(&app.database, actor).await?;
    let (user, told) = lock_draft(&mut change, actor, id).await?;
    let file = store::inventory::import::file(change.connection(), id).await?;
    let sheet = Sheet::read(&file).map_err(|error| Error::invalid("file", error))?;
    let mapping = told.mapping.as_ref().map(|mapping| mapping.0.clone()).unwrap_or_default();
    let faults = mapping.faults(&sheet.columns);
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let first = plan(change.connection(), actor, &user, &sheet, &mapping).await?;
    refuse_bad(&first, leave_out)?;
    if first.needs_code {
        let (proof, act) = proof.ok_or_else(|| {
            Error::invalid(
                "code",
                "enter a code from your authenticator: the terms of these roles ask for it",
            )
        })?;
        store::mfa_proof::spend(&mut change, *proof, act, id.0).await?;
    }
    let import = Import { told: &told, mapping: &mapping, sheet: &sheet, actor, user: &user };
    let counts = carry_out(&mut change, &import, first).await?;
    change.made(id.0).await?;
    change.commit_recorded().await?;
    Ok(counts)
}

/// What is imported, how, and by whom.
struct Import<'a> {
    told: &'a Told,
    mapping: &'a Mapping,
    sheet: &'a Sheet,
    actor: &'a Actor,
    user: &'a User,
}

impl Import<'_> {
    /// What is said of a role or a place that it makes.
    fn description(&self) -> Result<Description, Error> {
        Description::parse(&format!("Imported from {}.", self.told.file_name))
            .map_err(|error| Error::invalid("file", error))
    }
}

/// Nothing is half imported.
fn refuse_bad(plan: &Plan, leave_out: bool) -> Result<(), Error> {
    match plan.bad() {
        0 => Ok(()),
        _ if leave_out => Ok(()),
        bad => {
            let rows = if bad == 1 { "1 row" } else { &format!("{bad} rows") };
            Err(Error::Conflict(format!(
                "{rows} can't be imported, so nothing was: put the file right, or import the good rows and leave out the others"
            )))
        }
    }
}

/// What an import came to that was done before, under the same key.
async fn counted(app: &App, id: ImportId) -> Result<Counts, Error> {
    let told = store::inventory::import::one(&mut *app.database.acquire().await?, id).await?;
    Ok(Counts {
        made: told.made.unwrap_or_default(),
        already: told.already.unwrap_or_default(),
        left_out: told.left_out.unwrap_or_default(),
        shortened: told.shortened.unwrap_or_default(),
        roles_made: told.roles_made.unwrap_or_default(),
        scopes_made: told.scopes_made.unwrap_or_default(),
    })
}

async fn carry_out(change: &mut Change, import: &Import<'_>, first: Plan) -> Result<Counts, Error> {
    let (roles, scopes) = missing(&first);
    let id = import.told.id;
    for role in &roles {
        make_role(change, import, role).await?;
    }
    for scope in &scopes {
        make_scope(change, import, scope).await?;
    }
    // With what has been made, every row has its role and its place.
    let last = if roles.is_empty() && scopes.is_empty() {
        first
    } else {
        plan(change.connection(), import.actor, import.user, import.sheet, import.mapping).await?
    };
    let number = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
    let counts = Counts {
        made: number(last.made()),
        already: number(last.already()),
        left_out: number(last.bad()),
        shortened: number(last.shortened()),
        roles_made: number(roles.len()),
        scopes_made: number(scopes.len()),
    };
    let (rows, new, events) = written(import, last)?;
    let mut holders: Vec<_> = new.iter().map(|row| row.principal).collect();
    holders.sort_unstable();
    holders.dedup();
    store::principal::hold_all(change, &holders).await?;
    let before = reach::before(change, None).await?;
    store::inventory::import::assign(change, &new).await?;
    reach::refuse_gain(change, before).await?;
    change.record_all(&events).await?;
    store::inventory::import::keep(change, id, &rows).await?;
    let fingerprint = fingerprint(&import.told.digest, import.mapping);
    store::inventory::import::finish(change, id, &fingerprint, counts).await?;
    let event = Event::new(Kind::ImportDone).target(id.0).detail(json!({
        "file": import.told.file_name, "sha256": data_encoding::HEXLOWER.encode(&import.told.digest),
        "mapping": import.mapping, "rows": import.told.rows_read, "made": counts.made, "already": counts.already,
        "left_out": counts.left_out, "shortened": counts.shortened, "roles_made": counts.roles_made,
        "scopes_made": counts.scopes_made,
    }));
    change.record(&event).await?;
    Ok(counts)
}

/// The roles and places that rows which can be imported need, and that are not there.
fn missing(plan: &Plan) -> (Vec<String>, Vec<String>) {
    let makes = || {
        plan.rows.iter().filter_map(|row| match &row.verdict {
            Verdict::Make(make) => Some((&row.said, make)),
            Verdict::There(_) | Verdict::Twice(_) | Verdict::Bad(_) => None,
        })
    };
    let roles = makes().filter(|(_, make)| make.role.is_none()).map(|(said, _)| said.role.clone());
    let scopes =
        makes().filter(|(_, make)| make.scope.is_none()).map(|(said, _)| said.scope.clone());
    (distinct(roles.collect()), distinct(scopes.collect()))
}

async fn make_role(change: &mut Change, import: &Import<'_>, name: &str) -> Result<(), Error> {
    let new = Definition {
        name: Name::parse(name).map_err(|error| Error::invalid("role", error))?,
        description: import.description()?,
        privileged: import.mapping.makes_privileged(name),
        scope_kinds: ScopeKind::USUAL.to_vec(),
        permissions: Permissions::default(),
    };
    role::create_within(change, import.actor, &new).await.map_err(|error| naming(name, error))?;
    Ok(())
}

async fn make_scope(change: &mut Change, import: &Import<'_>, name: &str) -> Result<(), Error> {
    let new = NewScope {
        parent: import.mapping.make_scopes_under.unwrap_or(ScopeId::ROOT),
        kind: ScopeKind::System,
        name: Name::parse(name).map_err(|error| Error::invalid("scope", error))?,
        description: import.description()?,
    };
    scope::create_within(change, import.actor, &new).await.map_err(|error| naming(name, error))?;
    Ok(())
}

/// Says of which name something is wrong.
fn naming(name: &str, error: Error) -> Error {
    match error {
        Error::Invalid(faults) => {
            let reasons: Vec<_> = faults.into_iter().map(|fault| fault.message).collect();
            Error::Conflict(format!("{name}: {}", reasons.join("; ")))
        }
        error => error,
    }
}

type Written = (Vec<Row>, Vec<NewAssignment>, Vec<Event>);

/// What is to be written down of each row.
fn written(import: &Import<'_>, plan: Plan) -> Result<Written, Error> {
    let mut rows = Vec::with_capacity(plan.rows.len());
    let (mut new, mut events) = (Vec::new(), Vec::new());
    for row in plan.rows {
        let (outcome, notes, assignment) = match row.verdict {
            Verdict::Make(make) => {
                let notes = match make.window.ends_at {
                    Some(end) if make.shortened => {
                        vec![format!("ends at {end}, as late as the role’s terms allow")]
                    }
                    Some(_) | None => Vec::new(),
                };
                let assignment = assignment(import, row.line, make)?;
                events.push(created(import, row.line, &assignment));
                let id = assignment.id;
                new.push(assignment);
                (RowOutcome::Made, notes, Some(id))
            }
            Verdict::There(id) => (RowOutcome::Already, Vec::new(), Some(id)),
            Verdict::Twice(line) => {
                (RowOutcome::Already, vec![format!("line {line} says the same")], None)
            }
            Verdict::Bad(faults) => {
                (RowOutcome::LeftOut, faults.iter().map(Fault::sentence).collect(), None)
            }
        };
        rows.push(Row { line: row.line, outcome, said: Json(row.said), notes, assignment });
    }
    Ok((rows, new, events))
}

fn assignment(import: &Import<'_>, line: i32, make: Make) -> Result<NewAssignment, Error> {
    let unresolved = || Error::Internal(format!("line {line} of an import is not resolved"));
    let justification = if make.justification.is_empty() {
        format!("Imported from {}, line {line}.", import.told.file_name)
    } else {
        make.justification
    };
    Ok(NewAssignment {
        id: AssignmentId::new(),
        kind: make.kind,
        principal: make.principal,
        role: make.role.ok_or_else(unresolved)?,
        scope: make.scope.ok_or_else(unresolved)?,
        window: make.window,
        justification,
        settings: make.settings.ok_or_else(unresolved)?,
    })
}

fn created(import: &Import<'_>, line: i32, new: &NewAssignment) -> Event {
    Event::new(Kind::AssignmentCreated)
        .subject(new.principal)
        .role(new.role, new.scope)
        .assignment(new.id)
        .detail(json!({
            "kind": new.kind, "starts_at": new.window.starts_at, "ends_at": new.window.ends_at,
            "justification": new.justification, "import": import.told.id, "line": line,
        }))
}
