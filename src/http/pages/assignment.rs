//! Giving roles, and changing and taking what was given.
use axum::extract::Path;
use axum_extra::extract::Query;
use serde::Deserialize;

use super::{
    assigned,
    done::Done,
    faults::{Faults, reasons_of},
    page::{Answer, Opened, Page, Posted, answer, done, id, new_key, show},
    role::choices,
    say::{self},
    scope::choice,
    view::{
        Fact, Who,
        activation::{Activated, ActivationResult},
        assignment::{EditAssignment, NewAssignment},
        form::Field,
        frame::Section,
        status::{Kind, Status},
    },
};
use crate::{
    domain::{
        assignment::{AssignmentEnd, AssignmentKind, AssignmentOrigin},
        id::{AssignmentId, RoleId, ScopeId},
        permission::Permission,
        principal::PrincipalKind,
        settings::AssignmentTerms,
        text::Justification,
        time::Instant,
    },
    error::Error,
    http::language::tell,
    service::{
        assignment::{self, Assign, Assigned, Told},
        change_request::Outcome,
        role, scope, settings,
    },
};

/// What the form for new assignments sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    scope: String,
    principal: Vec<String>,
    kind: String,
    length: String,
    starts_at: String,
    ends_at: String,
    zone: String,
    justification: String,
    code: String,
    idempotency_key: Option<String>,
}

/// Where a role is to be given, in the address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Somewhere {
    scope: String,
}

/// The form for new assignments.
pub async fn new(
    page: Page,
    Path(role): Path<String>,
    Query(somewhere): Query<Somewhere>,
) -> Answer {
    let form = Form { scope: somewhere.scope, ..Form::default() };
    draw(&page, id(&role, "role")?, Faults::default(), &form).await
}

async fn draw(page: &Page, id: RoleId, mut faults: Faults, form: &Form) -> Answer {
    let told = role::show(&page.app, &page.actor, id).await?;
    let of_group = id == RoleId::MEMBER || id == RoleId::OWNER;
    let needed = if of_group { Permission::ManageGroups } else { Permission::ManageAssignments };
    let places = scope::choices(&page.app, &page.actor, needed, Some(id)).await?;
    let chosen = form.scope.parse().ok();
    let place = places.iter().find(|place| chosen.is_none_or(|chosen| place.id == chosen));
    let at = place.ok_or(Error::NotFound("place where you may assign this role"))?.id;
    let terms = settings::show(&page.app, &page.actor, id, at).await?.current.settings;
    let Opened { frame, reader, .. } = page.open(Section::Roles).await?;
    let first = form.length.is_empty();
    let proposed = reader.field(reader.now + terms.eligible.maximum);
    let status = faults.status();
    let zone = if form.zone.is_empty() { reader.zone_name() } else { form.zone.clone() };
    let needs_code = terms.eligible.requires_mfa || terms.active.requires_mfa;
    let view = NewAssignment {
        idempotency_key: form.idempotency_key.clone().unwrap_or_else(new_key),
        action: format!("/roles/{id}/assignments"),
        back: format!("/roles/{id}"),
        role: told.name,
        scope: faults.take("scope", at.to_string()),
        places: places.iter().map(choice).collect(),
        principals: choices(page, &form.principal).await?,
        principals_field: faults.take("principals", ""),
        kind: faults.take("kind", &form.kind),
        length: Field::new(&form.length),
        starts_at: faults.take("starts_at", &form.starts_at),
        ends_at: faults.take("ends_at", if first { &proposed } else { &form.ends_at }),
        length_help: format!(
            "{} {}",
            length_help(&tell!("word-eligible"), &terms.eligible),
            length_help(&tell!("word-active"), &terms.active)
        ),
        zone,
        reason: faults.take("justification", &form.justification),
        reason_required: terms.eligible.requires_justification,
        code_help: match (terms.eligible.requires_mfa, terms.active.requires_mfa) {
            (false, true) => tell!("assignment-needed-when-it-is-assigned"),
            _ => String::new(),
        },
        code: needs_code.then(|| faults.take("code", "")),
        code_required: terms.eligible.requires_mfa,
        problems: faults.rest(),
        frame,
    };
    answer(status, &view)
}

fn length_help(kind: &str, terms: &AssignmentTerms) -> String {
    if terms.may_be_permanent {
        tell!("assignment-may-be-without-end", kind = kind)
    } else {
        tell!("assignment-at-most", kind = kind, maximum = terms.maximum)
    }
}

/// The end that a form asks for.
fn read_end(faults: &mut Faults, length: &str, ends_at: &str, zone: &str) -> Option<Instant> {
    if length == "always" {
        return None;
    }
    let end = say::read_time(ends_at, zone);
    if end.is_none() {
        faults.note("ends_at", say::unreadable_time());
    }
    end
}

fn read(role: RoleId, form: &Form) -> Result<Assign, Faults> {
    let mut faults = Faults::default();
    let justification: Option<Justification> = faults.read("justification", &form.justification);
    let ends_at = read_end(&mut faults, &form.length, &form.ends_at, &form.zone);
    let starts_at = if form.starts_at.trim().is_empty() {
        None
    } else {
        let start = say::read_time(&form.starts_at, &form.zone);
        if start.is_none() {
            faults.note("starts_at", say::unreadable_time());
        }
        start
    };
    let principals: Vec<_> = form.principal.iter().filter_map(|text| text.parse().ok()).collect();
    if principals.is_empty() {
        faults.note("principals", tell!("assignment-choose-at-least-one-person"));
    }
    match justification {
        Some(justification) if faults.is_empty() => Ok(Assign {
            principals,
            role,
            scope: form.scope.parse().unwrap_or(ScopeId::ROOT),
            kind: if form.kind == "active" {
                AssignmentKind::Active
            } else {
                AssignmentKind::Eligible
            },
            starts_at,
            ends_at,
            justification,
        }),
        _ => Err(faults),
    }
}

/// Assigns a role to those who were chosen.
pub async fn create(Path(role): Path<String>, posted: Posted<Form>) -> Answer {
    let Posted { page, form } = posted;
    let id: RoleId = id(&role, "role")?;
    let wanted = match read(id, &form) {
        Ok(wanted) => wanted,
        Err(faults) => return draw(&page, id, faults, &form).await,
    };
    match assignment::assign(&page.app, &page.actor, &wanted, Some(&form.code)).await {
        Err(error) => draw(&page, id, Faults::of(error)?, &form).await,
        Ok(assigned) if assigned.iter().all(|one| matches!(one.outcome, Ok(Outcome::Done(_)))) => {
            let state = if wanted.kind == AssignmentKind::Active { "active" } else { "eligible" };
            done(&format!("/roles/{id}?state={state}"), Done::Assigned)
        }
        Ok(mut assigned) if assigned.len() == 1 => match assigned.pop().map(|one| one.outcome) {
            Some(Err(error)) => draw(&page, id, Faults::of(error)?, &form).await,
            Some(Ok(Outcome::Waits(change))) => {
                done(&format!("/changes/{change}"), Done::ChangeWaits)
            }
            _ => done(&format!("/roles/{id}"), Done::Assigned),
        },
        Ok(assigned) => tell(&page, id, assigned).await,
    }
}

/// Tells what became of each of several people's assignments.
async fn tell(page: &Page, role: RoleId, assigned: Vec<Assigned>) -> Answer {
    let Opened { frame, .. } = page.open(Section::Roles).await?;
    let names = choices(page, &[]).await?;
    let taken = assigned.iter().filter(|one| matches!(one.outcome, Ok(Outcome::Done(_)))).count();
    let title = tell!("assignment-some-assigned", taken = taken, count = assigned.len())
        .replace("persons", "people");
    let mut results = Vec::with_capacity(assigned.len());
    for Assigned { principal, outcome } in assigned {
        let key = principal.to_string();
        let name = names.iter().find(|choice| choice.value == key);
        let (status, reasons, link) = match outcome {
            Ok(Outcome::Done(id)) => {
                (Status::new(Kind::Active, "assigned"), Vec::new(), format!("/assignments/{id}"))
            }
            Ok(Outcome::Waits(id)) => (
                Status::new(Kind::Pending, tell!("assignment-waits-for-another-administrator")),
                Vec::new(),
                format!("/changes/{id}"),
            ),
            Err(error) => (Status::new(Kind::Refused, ""), reasons_of(&error), String::new()),
        };
        results.push(ActivationResult {
            role: name.map_or(key, |choice| choice.label.clone()),
            scope: String::new(),
            status,
            facts: Vec::new(),
            reasons,
            link,
        });
    }
    show(&Activated { frame, title, results, back: format!("/roles/{role}") })
}

/// What the form for one assignment sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Edited {
    length: String,
    ends_at: String,
    zone: String,
    justification: String,
    code: String,
}

/// One assignment.
pub async fn edit(page: Page, Path(assignment): Path<String>) -> Answer {
    draw_one(&page, id(&assignment, "assignment")?, Faults::default(), None).await
}

async fn draw_one(
    page: &Page,
    id: AssignmentId,
    mut faults: Faults,
    typed: Option<&Edited>,
) -> Answer {
    let told = assignment::show(&page.app, &page.actor, id).await?;
    let Opened { frame, reader, .. } = page.open(Section::Roles).await?;
    let of_group = told.role == RoleId::MEMBER || told.role == RoleId::OWNER;
    let may_give = assignment::may_change(&page.app, &page.actor, told.scope).await?;
    let open = told.ended_at.is_none() && may_give;
    let may_change = open && told.origin == AssignmentOrigin::Assigned;
    let other = match told.kind {
        AssignmentKind::Eligible => "active",
        AssignmentKind::Active => "eligible",
    };
    let length = if told.ends_at.is_some() { "until" } else { "always" };
    let end = told.ends_at.map(|end| reader.field(end)).unwrap_or_default();
    let status_code = faults.status();
    let view = EditAssignment {
        back: format!("/roles/{}", told.role),
        action: format!("/assignments/{id}"),
        who: Who { name: told.holder.clone(), ..Who::default() },
        role: told.role_name.clone(),
        status: assigned::status(&told, &reader),
        facts: facts(&told, &reader),
        may_change,
        may_remove: open,
        length: Field::new(typed.map_or(length, |typed| &typed.length)),
        ends_at: faults.take("ends_at", typed.map_or(end, |typed| typed.ends_at.clone())),
        length_help: String::new(),
        zone: reader.zone_name(),
        reason: faults.take("justification", typed.map_or("", |typed| &typed.justification)),
        code: (may_change && !of_group).then(|| faults.take("code", "")),
        convert: if may_change && !of_group && told.holder_kind != PrincipalKind::ServicePrincipal {
            tell!("assignment-make", other = other)
        } else {
            String::new()
        },
        convert_consequence: convert_consequence(&told),
        remove_consequence: remove_consequence(&told),
        again: if may_give { again(&told) } else { String::new() },
        problems: faults.rest(),
        frame,
    };
    answer(status_code, &view)
}

/// Where what has run out is given again.
fn again(told: &Told) -> String {
    if told.end_reason == Some(AssignmentEnd::Expired) && told.origin == AssignmentOrigin::Assigned
    {
        format!("/assignments/bulk?operation=extend&assignment={}", told.id)
    } else {
        String::new()
    }
}

fn facts(told: &Told, reader: &say::Reader) -> Vec<Fact> {
    let kind = match told.kind {
        AssignmentKind::Eligible => tell!("word-eligible"),
        AssignmentKind::Active => tell!("word-active"),
    };
    let mut facts = vec![
        Fact::new(tell!("word-kind"), kind),
        Fact::new(tell!("word-where"), told.scope_name.clone()),
        Fact::new(tell!("word-how"), assigned::origin(told)),
        Fact::at(tell!("word-from"), reader.instant(told.starts_at)),
        Fact::at_or(
            tell!("word-until"),
            told.ends_at.map(|end| reader.instant(end)),
            tell!("word-no-end"),
        ),
    ];
    if let Some(ended) = told.ended_at {
        facts.push(Fact::at(tell!("word-ended"), reader.instant(ended)));
    }
    if let Some(by) = &told.created_by {
        facts.push(Fact::new(tell!("word-by"), by.clone()));
    }
    if !told.justification.is_empty() {
        facts.push(Fact::new(tell!("word-reason"), told.justification.clone()));
    }
    if told.kind == AssignmentKind::Eligible {
        let used = told.last_used.map(|at| reader.ago(at));
        facts.push(Fact::at_or(tell!("assignment-last-used"), used, tell!("word-never")));
    }
    facts
}

fn convert_consequence(told: &Told) -> String {
    let (who, role) = (&told.holder, &told.role_name);
    match told.kind {
        AssignmentKind::Eligible => {
            tell!("assignment-then-holds-the-whole-time", who = who, role = role)
        }
        AssignmentKind::Active => {
            tell!("assignment-then-holds-only-while-it", who = who, role = role)
        }
    }
}

fn remove_consequence(told: &Told) -> String {
    let (who, role) = (&told.holder, &told.role_name);
    match told.kind {
        AssignmentKind::Eligible => {
            tell!("assignment-can-no-longer-activate-an", who = who, role = role)
        }
        AssignmentKind::Active => tell!("assignment-ends-s-access-to-now", who = who, role = role),
    }
}

/// Gives an assignment another end.
pub async fn update(Path(assignment): Path<String>, posted: Posted<Edited>) -> Answer {
    let Posted { page, form } = posted;
    let id: AssignmentId = id(&assignment, "assignment")?;
    let mut faults = Faults::default();
    let reason: Option<Justification> = faults.read("justification", &form.justification);
    let ends_at = read_end(&mut faults, &form.length, &form.ends_at, &form.zone);
    let Some(reason) = reason.filter(|_| faults.is_empty()) else {
        return draw_one(&page, id, faults, Some(&form)).await;
    };
    let dates =
        assignment::NewDates { starts_at: None, ends_at, reason: &reason, code: Some(&form.code) };
    let updated = assignment::update(&page.app, &page.actor, id, dates).await;
    match updated {
        Ok(Outcome::Done(())) => done(&format!("/assignments/{id}"), Done::Updated),
        Ok(Outcome::Waits(change)) => done(&format!("/changes/{change}"), Done::ChangeWaits),
        Err(error) => draw_one(&page, id, Faults::of(error)?, Some(&form)).await,
    }
}

/// Takes a role away.
pub async fn remove(Path(assignment): Path<String>, posted: Posted<Edited>) -> Answer {
    let Posted { page, form } = posted;
    let id: AssignmentId = id(&assignment, "assignment")?;
    let mut faults = Faults::default();
    let Some(reason) = faults.read("justification", &form.justification) else {
        return draw_one(&page, id, faults, Some(&form)).await;
    };
    let removed = assignment::remove(&page.app, &page.actor, id, &reason).await;
    match removed {
        Ok(()) => done(&format!("/assignments/{id}"), Done::Removed),
        Err(error) => draw_one(&page, id, Faults::of(error)?, Some(&form)).await,
    }
}

/// Makes an eligible assignment active, or an active one eligible.
pub async fn convert(Path(assignment): Path<String>, posted: Posted<Edited>) -> Answer {
    let Posted { page, form } = posted;
    let id: AssignmentId = id(&assignment, "assignment")?;
    let mut faults = Faults::default();
    let Some(reason) = faults.read("justification", &form.justification) else {
        return draw_one(&page, id, faults, Some(&form)).await;
    };
    let told = assignment::show(&page.app, &page.actor, id).await?;
    let to = match told.kind {
        AssignmentKind::Eligible => AssignmentKind::Active,
        AssignmentKind::Active => AssignmentKind::Eligible,
    };
    let code = Some(form.code.as_str());
    let converted = assignment::convert(&page.app, &page.actor, id, to, &reason, code).await;
    match converted {
        Ok(Outcome::Done(made)) => done(&format!("/assignments/{made}"), Done::Converted),
        Ok(Outcome::Waits(change)) => done(&format!("/changes/{change}"), Done::ChangeWaits),
        Err(error) => draw_one(&page, id, Faults::of(error)?, Some(&form)).await,
    }
}
