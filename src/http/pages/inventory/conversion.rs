//! The way of assignments from standing to eligible.
use axum::extract::Path;
use axum_extra::extract::Query;
use serde::Deserialize;

use super::{
    super::{
        done::Done,
        faults::{Faults, reasons_of},
        page::{Answer, Opened, Page, Posted, answer, done, id, new_key},
        person::Reason,
        say::{self, Reader},
        terms::{place, ticket_systems},
        view::{
            Pages, Who,
            frame::Section,
            inventory::{Conversion, Conversions, StepTaken, Try},
        },
    },
    standing,
};
use crate::{
    domain::{
        id::{AssignmentId, ConversionId},
        inventory::Step,
        permission::Permission,
        settings::Authentication,
        text::{Justification, TicketNumber, TicketSystem},
        time::Duration,
    },
    http::language::tell,
    service::{
        activation::Reasons,
        inventory::conversion::{self, PAGE, Told, Trial},
    },
};

/// Which conversions are wanted, in the address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    view: String,
    before: String,
}

/// The conversions.
pub async fn list(page: Page, Query(wanted): Query<Wanted>) -> Answer {
    draw(&page, &wanted, Faults::default()).await
}

async fn draw(page: &Page, wanted: &Wanted, faults: Faults) -> Answer {
    let open = wanted.view != "over";
    let before = wanted.before.parse().ok();
    let found = conversion::list(&page.app, &page.actor, Some(open), before).await?;
    let Opened { frame, somewhere, reader, .. } = page.open(Section::Inventory).await?;
    let may_manage = somewhere.allow(Permission::ManageAssignments);
    let status = faults.status();
    let view = if open { "" } else { "view=over&" };
    let is_full = i64::try_from(found.len()).unwrap_or(i64::MAX) >= PAGE;
    let next = found.last().filter(|_| is_full);
    let view = Conversions {
        open,
        pages: Pages {
            first: String::new(),
            next: next
                .map(|last| format!("/inventory/conversions?{view}before={}", last.id))
                .unwrap_or_default(),
        },
        rows: found.iter().map(|told| tell(told, &reader, may_manage)).collect(),
        problems: faults.rest(),
        frame,
    };
    answer(status, &view)
}

fn tell(told: &Told, reader: &Reader, may_manage: bool) -> Conversion {
    let step = conversion::step(told);
    Conversion {
        id: told.id.to_string(),
        who: Who {
            name: told.holder.clone(),
            initials: say::initials(&told.holder),
            detail: told.account.clone(),
            link: String::new(),
        },
        role: told.role_name.clone(),
        scope: place(told.scope, &told.scope_name),
        steps: steps(told, step, reader),
        action: if may_manage && step.is_open() {
            format!("/inventory/conversions/{}", told.id)
        } else {
            String::new()
        },
        tried: step == Step::Tried,
    }
}

fn steps(told: &Told, step: Step, reader: &Reader) -> Vec<StepTaken> {
    let at = |at: Option<_>| at.map(|at| reader.instant(at));
    let taken = |state, text: String, at| StepTaken { state, text, at };
    let first = taken(
        "done",
        tell!("inventory-eligible-beside-it-by", started_by_name = told.started_by_name),
        at(Some(told.started_at)),
    );
    let second = match (&told.tried_by_name, step) {
        (Some(by), _) => {
            taken("done", tell!("inventory-tried-by-and-it-works", by = by), at(told.tried_at))
        }
        (None, Step::Started) => taken("now", tell!("inventory-waits-for-its-holder-to"), None),
        (None, _) => taken("left", tell!("inventory-not-tried"), None),
    };
    let third = match step {
        Step::Finished => {
            let by = told.finished_by_name.clone().unwrap_or_default();
            taken(
                "done",
                tell!("inventory-standing-access-ended-by", by = by),
                at(told.finished_at),
            )
        }
        Step::Abandoned => {
            let by = told.abandoned_by_name.clone().unwrap_or_default();
            taken("left", tell!("inventory-given-up-by", by = by), at(told.abandoned_at))
        }
        Step::Overtaken => taken("left", tell!("inventory-the-standing-access-has-ended"), None),
        Step::Tried => taken("now", tell!("inventory-the-standing-access-can-end"), None),
        Step::Started => taken("next", tell!("inventory-the-standing-access-ends"), None),
    };
    vec![first, second, third]
}

/// What the list of standing access sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Chosen {
    assignment: Vec<String>,
    justification: String,
    code: String,
}

/// Begins with what was chosen.
pub async fn start(posted: Posted<Chosen>) -> Answer {
    let Posted { page, form } = posted;
    let mut faults = Faults::default();
    let assignments: Vec<AssignmentId> =
        form.assignment.iter().filter_map(|text| text.parse().ok()).collect();
    if assignments.is_empty() {
        faults.note("assignments", tell!("inventory-choose-at-least-one-row"));
    }
    let reason: Option<Justification> = faults.read("justification", &form.justification);
    let chosen =
        standing::Chosen { assignments: form.assignment, reason: form.justification.clone() };
    let wanted = standing::Wanted::default();
    let Some(reason) = reason.filter(|_| faults.is_empty()) else {
        return standing::draw(&page, &wanted, faults, &chosen).await;
    };
    let code = Some(form.code.as_str());
    match conversion::start(&page.app, &page.actor, &assignments, &reason, code).await {
        Err(error) => standing::draw(&page, &wanted, Faults::of(error)?, &chosen).await,
        Ok(begun) => {
            let mut faults = Faults::default();
            for reason in
                begun.iter().filter_map(|one| one.outcome.as_ref().err()).flat_map(reasons_of)
            {
                faults.note("assignments", &reason);
            }
            if faults.is_empty() {
                done("/inventory/conversions", Done::ConversionsStarted)
            } else {
                standing::draw(&page, &wanted, faults, &chosen).await
            }
        }
    }
}

/// What the form for a try sends.
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

/// The form for a try.
pub async fn new(page: Page, Path(conversion): Path<String>) -> Answer {
    draw_try(&page, id(&conversion, "conversion")?, Faults::default(), &Form::default()).await
}

async fn draw_try(page: &Page, id: ConversionId, mut faults: Faults, form: &Form) -> Answer {
    const USUAL: Duration = Duration::hours(1);
    let Trial { told, terms } = conversion::trial(&page.app, &page.actor, id).await?;
    let Opened { frame, .. } = page.open(Section::Access).await?;
    let proposed = say::typed(USUAL.min(terms.maximum));
    let typed = if form.duration.is_empty() { proposed } else { form.duration.clone() };
    let duration = faults.take("duration", typed);
    let status = faults.status();
    let view = Try {
        action: format!("/inventory/conversions/{id}/try"),
        idempotency_key: form.idempotency_key.clone().unwrap_or_else(new_key),
        role: told.role_name.clone(),
        scope: place(told.scope, &told.scope_name),
        over: match conversion::step(&told) {
            Step::Started => String::new(),
            Step::Tried => tell!("inventory-this-was-tried-already-and"),
            Step::Finished => tell!("inventory-this-is-done-activate-the"),
            Step::Abandoned => tell!("inventory-this-was-given-up-you"),
            Step::Overtaken => {
                tell!("inventory-your-standing-access-has-ended")
            }
        },
        duration_help: duration.help(tell!(
            "inventory-at-most-of",
            maximum = terms.maximum,
            how_to_write = say::how_to_write()
        )),
        duration,
        presets: say::presets(terms.maximum),
        reason: faults.take("justification", &form.justification),
        reason_required: terms.requires_justification,
        ticket_number: faults.take("ticket_number", &form.ticket_number),
        ticket_system: faults.take("ticket_system", &form.ticket_system),
        ticket_systems: ticket_systems(&page.app),
        ticket_required: terms.requires_ticket,
        code: (terms.authentication == Authentication::Mfa).then(|| faults.take("code", "")),
        problems: faults.rest(),
        frame,
    };
    answer(status, &view)
}

/// Tries an eligibility, as its holder.
pub async fn rehearse(Path(conversion): Path<String>, posted: Posted<Form>) -> Answer {
    let Posted { page, form } = posted;
    let id: ConversionId = id(&conversion, "conversion")?;
    let mut faults = Faults::default();
    let duration: Option<Duration> = faults.read("duration", &form.duration);
    let justification: Option<Justification> = faults.read("justification", &form.justification);
    let number: Option<TicketNumber> = faults.read("ticket_number", &form.ticket_number);
    let system: Option<TicketSystem> = faults.read("ticket_system", &form.ticket_system);
    let (Some(duration), Some(justification), Some(ticket_number), Some(ticket_system)) =
        (duration, justification, number, system)
    else {
        return draw_try(&page, id, faults, &form).await;
    };
    let reasons = Reasons { justification, ticket_number, ticket_system, ..Reasons::default() };
    let code = Some(form.code.as_str());
    match conversion::rehearse(&page.app, &page.actor, id, duration, &reasons, code).await {
        Ok(()) => done("/", Done::Rehearsed),
        Err(error) => draw_try(&page, id, Faults::of(error)?, &form).await,
    }
}

/// Ends the standing access after a try.
pub async fn finish(Path(conversion): Path<String>, posted: Posted<Reason>) -> Answer {
    end(&conversion, posted, End::Finish).await
}

/// Gives a conversion up.
pub async fn abandon(Path(conversion): Path<String>, posted: Posted<Reason>) -> Answer {
    end(&conversion, posted, End::Abandon).await
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Finish,
    Abandon,
}

async fn end(conversion: &str, posted: Posted<Reason>, how: End) -> Answer {
    let Posted { page, form } = posted;
    let id: ConversionId = id(conversion, "conversion")?;
    let mut faults = Faults::default();
    let Some(reason) = faults.read::<Justification>("justification", &form.justification) else {
        return draw(&page, &Wanted::default(), faults).await;
    };
    let (app, actor) = (&page.app, &page.actor);
    let ended = match how {
        End::Abandon => conversion::abandon(app, actor, id, &reason).await,
        End::Finish => conversion::finish(app, actor, id, &reason).await,
    };
    match (ended, how) {
        (Ok(()), End::Abandon) => done("/inventory/conversions", Done::ConversionAbandoned),
        (Ok(()), End::Finish) => done("/inventory/conversions", Done::ConversionFinished),
        (Err(error), _) => draw(&page, &Wanted::default(), Faults::of(error)?).await,
    }
}
