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
    say::{self, UNREADABLE_TIME},
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
    service::{
        assignment::{self, Assign, Assigned, Told},
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
            length_help("Eligible", &terms.eligible),
            length_help("Active", &terms.active)
        ),
        zone,
        reason: faults.take("justification", &form.justification),
        reason_required: terms.eligible.requires_justification,
        code_help: match (terms.eligible.requires_mfa, terms.active.requires_mfa) {
            (false, true) => "Needed when it is assigned as active.".to_owned(),
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
        format!("{kind}: may be without end.")
    } else {
        format!("{kind}: at most {}.", terms.maximum)
    }
}

/// The end that a form asks for.
fn read_end(faults: &mut Faults, length: &str, ends_at: &str, zone: &str) -> Option<Instant> {
    if length == "always" {
        return None;
    }
    let end = say::read_time(ends_at, zone);
    if end.is_none() {
        faults.note("ends_at", UNREADABLE_TIME);
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
            faults.note("starts_at", UNREADABLE_TIME);
        }
        start
    };
    let principals: Vec<_> = form.principal.iter().filter_map(|text| text.parse().ok()).collect();
    if principals.is_empty() {
        faults.note("principals", "Choose at least one person, group or application.");
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
        Ok(assigned) if assigned.iter().all(|one| one.outcome.is_ok()) => {
            let state = if wanted.kind == AssignmentKind::Active { "active" } else { "eligible" };
            done(&format!("/roles/{id}?state={state}"), Done::Assigned)
        }
        Ok(mut assigned) if assigned.len() == 1 => match assigned.pop().map(|one| one.outcome) {
            Some(Err(error)) => draw(&page, id, Faults::of(error)?, &form).await,
            _ => done(&format!("/roles/{id}"), Done::Assigned),
        },
        Ok(assigned) => tell(&page, id, assigned).await,
    }
}

/// Tells what became of each of several people's assignments.
async fn tell(page: &Page, role: RoleId, assigned: Vec<Assigned>) -> Answer {
    let Opened { frame, .. } = page.open(Section::Roles).await?;
    let names = choices(page, &[]).await?;
    let taken = assigned.iter().filter(|one| one.outcome.is_ok()).count();
    let title = format!("{taken} of {} assigned", say::count(assigned.len(), "person"))
        .replace("persons", "people");
    let mut results = Vec::with_capacity(assigned.len());
    for Assigned { principal, outcome } in assigned {
        let key = principal.to_string();
        let name = names.iter().find(|choice| choice.value == key);
        let (status, reasons, link) = match outcome {
            Ok(id) => {
                (Status::new(Kind::Active, "assigned"), Vec::new(), format!("/assignments/{id}"))
            }
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
            format!("Make {other}")
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
        AssignmentKind::Eligible => "Eligible",
        AssignmentKind::Active => "Active",
    };
    let mut facts = vec![
        Fact::new("Kind", kind),
        Fact::new("Where", told.scope_name.clone()),
        Fact::new("How", assigned::origin(told)),
        Fact::at("From", reader.instant(told.starts_at)),
        Fact::at_or("Until", told.ends_at.map(|end| reader.instant(end)), "No end"),
    ];
    if let Some(ended) = told.ended_at {
        facts.push(Fact::at("Ended", reader.instant(ended)));
    }
    if let Some(by) = &told.created_by {
        facts.push(Fact::new("By", by.clone()));
    }
    if !told.justification.is_empty() {
        facts.push(Fact::new("Reason", told.justification.clone()));
    }
    if told.kind == AssignmentKind::Eligible {
        let used = told.last_used.map(|at| reader.ago(at));
        facts.push(Fact::at_or("Last used", used, "Never"));
    }
    facts
}

fn convert_consequence(told: &Told) -> String {
    let (who, role) = (&told.holder, &told.role_name);
    match told.kind {
        AssignmentKind::Eligible => {
            format!("{who} then holds {role} the whole time, without activating it.")
        }
        AssignmentKind::Active => {
            format!("{who} then holds {role} only while it is activated. The access of now ends.")
        }
    }
}

fn remove_consequence(told: &Told) -> String {
    let (who, role) = (&told.holder, &told.role_name);
    match told.kind {
        AssignmentKind::Eligible => format!(
            "{who} can no longer activate {role}. An activation that runs ends in the same moment."
        ),
        AssignmentKind::Active => format!("Ends {who}’s access to {role} now."),
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
    finish(&page, id, &form, updated.map(|()| (id, Done::Updated))).await
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
    finish(&page, id, &form, removed.map(|()| (id, Done::Removed))).await
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
    finish(&page, id, &form, converted.map(|made| (made, Done::Converted))).await
}

async fn finish(
    page: &Page,
    id: AssignmentId,
    form: &Edited,
    outcome: Result<(AssignmentId, Done), Error>,
) -> Answer {
    match outcome {
        Ok((id, what)) => done(&format!("/assignments/{id}"), what),
        Err(error) => draw_one(page, id, Faults::of(error)?, Some(form)).await,
    }
}
