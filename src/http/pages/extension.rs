//! More time for an activation that runs.
use axum::extract::Path;
use axum_extra::extract::Query;
use serde::Deserialize;

use super::{
    activation::{go_on, system, system_of},
    done::Done,
    faults::Faults,
    outcome::{self, Asked, Time},
    page::{Answer, Opened, Page, Posted, answer, done, id, new_key},
    say::{self},
    terms::{place, ticket_systems},
    view::{activation::Extend, frame::Section},
};
use crate::{
    domain::{
        activation::Intent,
        id::AssignmentId,
        request::RequestState,
        settings::{ActivationTerms, Authentication},
        time::Duration,
    },
    error::Error,
    http::language::tell,
    service::{
        activation::{self, Reasons},
        assignment,
    },
};

/// What the sheet sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    duration: String,
    justification: String,
    ticket_number: String,
    ticket_system: String,
    code: String,
    idempotency_key: Option<String>,
}

/// What the address of the sheet says: for how long, which decides over what will happen.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Proposed {
    duration: String,
}

/// The sheet.
pub async fn new(
    page: Page,
    Path(activation): Path<String>,
    Query(Proposed { duration }): Query<Proposed>,
) -> Answer {
    let form = Form { duration, ..Form::default() };
    draw(&page, id(&activation, "activation")?, Faults::default(), &form).await
}

async fn draw(page: &Page, id: AssignmentId, faults: Faults, form: &Form) -> Answer {
    let told = assignment::show(&page.app, &page.actor, id).await?;
    let eligibility = told.eligibility.ok_or(Error::NotFound("activation"))?;
    let until = assignment::show(&page.app, &page.actor, eligibility).await?.ends_at;
    let chosen = activation::Chosen { eligibility, scope: Some(told.scope) };
    // Without a length it is the longest, which the sheet proposes.
    let time = (form.duration.parse().ok(), None);
    let preview = activation::preview(&page.app, &page.actor, chosen, time, Intent::Extend).await?;
    let status = faults.status();
    let opened = page.open(Section::Access).await?;
    let mut sheet = sheet(opened, &told, (&preview, until), faults, form);
    sheet.ticket_systems = ticket_systems(&page.app);
    sheet.ticket_system.value = system(&form.ticket_system, &sheet.ticket_systems).to_owned();
    answer(status, &sheet)
}

fn sheet(
    opened: Opened,
    told: &assignment::Told,
    asked: Asked<'_>,
    mut faults: Faults,
    form: &Form,
) -> Extend {
    let terms = &asked.0.version.settings.activation;
    let longest = terms.maximum;
    let proposed =
        if form.duration.is_empty() { say::typed(longest) } else { form.duration.clone() };
    let time = Time { duration: proposed.parse().ok(), starts_at: None };
    let duration = faults.take("duration", proposed);
    Extend {
        idempotency_key: form.idempotency_key.clone().unwrap_or_else(new_key),
        action: format!("/activations/{}/extend", told.id),
        role: told.role_name.clone(),
        scope: place(told.scope, &told.scope_name),
        ends: told.ends_at.map(|end| opened.reader.instant(end)).unwrap_or_default(),
        presets: say::presets(longest),
        duration_help: duration.help(duration_help(terms)),
        duration,
        reason: faults.take("justification", &form.justification),
        reason_required: terms.requires_justification,
        ticket_number: faults.take("ticket_number", &form.ticket_number),
        ticket_system: faults.take("ticket_system", &form.ticket_system),
        ticket_systems: Vec::new(),
        ticket_required: terms.requires_ticket,
        code: (terms.authentication == Authentication::Mfa).then(|| faults.take("code", "")),
        outcome: outcome::of(&[asked], time, &opened.reader),
        problems: faults.rest(),
        frame: opened.frame,
    }
}

fn duration_help(terms: &ActivationTerms) -> String {
    let how_to_write = say::how_to_write();
    let most =
        tell!("activation-at-most-from-now", longest = terms.maximum, how_to_write = how_to_write);
    let counts = terms.stages.iter().any(|stage| stage.skipped_if.no_longer_than.is_some());
    if terms.requires_approval && counts {
        format!("{most} {}", tell!("activation-a-rule-about-length-counts"))
    } else {
        most
    }
}

/// Gives more time, or asks for approval of it.
pub async fn create(Path(activation): Path<String>, posted: Posted<Form>) -> Answer {
    let Posted { page, form } = posted;
    let id: AssignmentId = id(&activation, "activation")?;
    let (duration, reasons) = match read(&form) {
        Ok(read) => read,
        Err(faults) => return draw(&page, id, faults, &form).await,
    };
    let code = Some(form.code.as_str());
    match activation::extend(&page.app, &page.actor, id, duration, &reasons, code).await {
        Ok(requested) if requested.state == RequestState::Granted => done("/", Done::Extended),
        Ok(requested) => go_on(&requested),
        Err(error) => draw(&page, id, Faults::of(error)?, &form).await,
    }
}

fn read(form: &Form) -> Result<(Duration, Reasons), Faults> {
    let mut faults = Faults::default();
    let duration = faults.read("duration", &form.duration);
    let justification = faults.read("justification", &form.justification);
    let ticket_number = faults.read("ticket_number", &form.ticket_number);
    let system = system_of(&form.ticket_number, &form.ticket_system);
    let ticket_system = faults.read("ticket_system", system);
    match (duration, justification, ticket_number, ticket_system) {
        (Some(duration), Some(justification), Some(ticket_number), Some(ticket_system)) => {
            let reasons =
                Reasons { justification, ticket_number, ticket_system, ..Reasons::default() };
            Ok((duration, reasons))
        }
        _ => Err(faults),
    }
}
