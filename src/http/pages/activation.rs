//! Activating roles, and being done with them.
use axum::{
    extract::Path,
    response::{IntoResponse as _, Redirect},
};
use axum_extra::extract::Query;
use serde::Deserialize;

use super::{
    done::Done,
    faults::{Faults, reasons_of},
    outcome::{self, Time},
    page::{Answer, Opened, Page, Posted, answer, done, id, new_key, show},
    request::Nothing,
    say::{self},
    terms::{captions, place, ticket_systems},
    view::{
        Fact,
        activation::{Activated, ActivationResult, Emergency, NewActivation, Wanted},
        form::{Choice, Field},
        frame::Section,
        status::{Kind, Status},
    },
};
use crate::{
    domain::{
        activation::{Intent, Refusal},
        approval::StageState,
        id::{AssignmentId, ScopeId},
        request::RequestState,
        settings::{ActivationTerms, Authentication},
        time::Duration,
    },
    error::Error,
    http::language::{reader_now, tell, translate},
    service::{
        activation::{self, Chosen, Fulfilment, Preview, Reasons, Wish},
        assignment,
    },
};

/// What a form proposes if the terms allow it.
const USUAL: Duration = Duration::hours(2);

/// What the address of the sheet says: what to activate, and what decides over what will happen.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Picked {
    assignment: Vec<String>,
    at: Vec<String>,
    duration: String,
    when: String,
    starts_at: String,
}

/// What the sheet sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    assignment: Vec<String>,
    /// For each of them where, if not at the whole place that it is for.
    at: Vec<String>,
    duration: String,
    when: String,
    starts_at: String,
    zone: String,
    justification: String,
    ticket_number: String,
    ticket_system: String,
    code: String,
    /// Pressed if it is an emergency.
    emergency: Option<String>,
    /// The second confirmation of that.
    emergency_confirmed: Option<String>,
    idempotency_key: Option<String>,
}

impl Form {
    /// Where each role is wanted; none for the whole place of its eligibility.
    fn places(&self) -> impl Iterator<Item = Option<ScopeId>> {
        self.at.iter().map(|text| text.parse().ok()).chain(std::iter::repeat(None))
    }
}

/// The sheet.
pub async fn new(page: Page, Query(picked): Query<Picked>) -> Answer {
    let Picked { assignment, at, duration, when, starts_at } = picked;
    // Nobody else's clock: an address may come from anybody.
    let zone = reader_now().zone_name().to_owned();
    let form = Form { assignment, at, duration, when, starts_at, zone, ..Form::default() };
    draw(&page, Faults::default(), &form).await
}

/// A role on the sheet: its assignment, and what would happen.
struct Previewed {
    told: assignment::Told,
    preview: Preview,
}

async fn preview(page: &Page, form: &Form) -> Result<Vec<Previewed>, Error> {
    let typed: Option<Duration> = form.duration.parse().ok();
    let starts_at = time(form, USUAL).starts_at;
    let mut previewed: Vec<Previewed> = Vec::with_capacity(form.assignment.len());
    for (assignment, scope) in form.assignment.iter().zip(form.places()).take(50) {
        let id: AssignmentId = id(assignment, "assignment")?;
        if previewed.iter().any(|other| other.told.id == id) {
            continue;
        }
        let told = assignment::show(&page.app, &page.actor, id).await?;
        let chosen = Chosen { eligibility: id, scope };
        let look = async |duration: Option<Duration>| {
            let time = (duration, starts_at);
            activation::preview(&page.app, &page.actor, chosen, time, Intent::Activate).await
        };
        let mut preview = look(typed).await?;
        // As it would be asked for: the sheet proposes what is usual, and several are each cut to what they allow.
        let longest = preview.version.settings.activation.maximum;
        let wanted = match typed {
            None if form.duration.is_empty() => Some(USUAL.min(longest)),
            Some(typed) => Some(outcome::duration_of(typed, longest, form.assignment.len() > 1)),
            None => None,
        };
        if wanted != typed {
            preview = look(wanted).await?;
        }
        previewed.push(Previewed { told, preview });
    }
    Ok(previewed)
}

async fn draw(page: &Page, mut faults: Faults, form: &Form) -> Answer {
    let roles = preview(page, form).await?;
    if roles.is_empty() {
        return Ok(Redirect::to("/").into_response());
    }
    let Opened { frame, reader, .. } = page.open(Section::Access).await?;
    let terms: Vec<_> =
        roles.iter().map(|role| &role.preview.version.settings.activation).collect();
    let longest = terms.iter().map(|terms| terms.maximum).max().unwrap_or(USUAL);
    let asks = |what: fn(&&&ActivationTerms) -> bool| terms.iter().any(|terms| what(&terms));
    let needs_code = asks(|terms| terms.authentication == Authentication::Mfa);
    let reason_required = asks(|terms| terms.requires_justification);
    let ticket_required = asks(|terms| terms.requires_ticket);
    let systems = ticket_systems(&page.app);
    let time = time(form, longest);
    let typed = if form.duration.is_empty() {
        time.duration.map(say::typed).unwrap_or_default()
    } else {
        form.duration.clone()
    };
    let asked: Vec<_> = roles.iter().map(|role| (&role.preview, role.told.ends_at)).collect();
    let duration = faults.take("duration", typed);
    let status = faults.status();
    let view = NewActivation {
        idempotency_key: form.idempotency_key.clone().unwrap_or_else(new_key),
        duration_help: duration.help(duration_help(longest, roles.len())),
        duration,
        presets: say::presets(longest),
        when: Field::new(&form.when),
        starts_at: faults.take("starts_at", &form.starts_at),
        zone: if form.zone.is_empty() { reader.zone_name() } else { form.zone.clone() },
        reason: faults.take("justification", &form.justification),
        reason_required,
        ticket_number: faults.take("ticket_number", &form.ticket_number),
        ticket_system: faults.take("ticket_system", system(&form.ticket_system, &systems)),
        ticket_systems: systems,
        ticket_required,
        code: needs_code.then(|| faults.take("code", "")),
        emergency: emergency(form, &roles, &mut faults),
        foreseen: if faults.is_empty() { foreseen(&roles) } else { Vec::new() },
        problems: faults.rest(),
        outcome: outcome::of(&asked, time, &reader),
        roles: roles.iter().map(wanted).collect(),
        frame,
    };
    answer(status, &view)
}

/// The ticket system on a form: what is chosen; else, if there is one alone, that one. The first choice is none.
#[must_use]
pub fn system<'a>(chosen: &'a str, systems: &'a [Choice]) -> &'a str {
    match systems {
        [_, only] if chosen.is_empty() => &only.value,
        _ => chosen,
    }
}

/// The system of a ticket. That of no ticket means nothing: it may have been chosen before anybody wrote.
#[must_use]
pub fn system_of<'a>(number: &str, system: &'a str) -> &'a str {
    if number.trim().is_empty() { "" } else { system }
}

/// The way around the approval, where every role that would wait for one has it.
fn emergency(form: &Form, roles: &[Previewed], faults: &mut Faults) -> Option<Emergency> {
    let waiting: Vec<_> = roles
        .iter()
        .filter(|role| {
            role.preview.prospect.standings.iter().any(|stage| stage.state == StageState::Open)
        })
        .map(|role| &role.preview.version.settings.activation)
        .collect();
    let longest = waiting.iter().map(|terms| terms.emergency_maximum.min(terms.maximum)).min()?;
    waiting.iter().all(|terms| terms.allows_emergency).then(|| Emergency {
        longest: reader_now().duration(longest),
        open: form.emergency.is_some(),
        replaces: waiting_already(roles),
        field: faults.take("emergency", ""),
    })
}

/// Whether one of the roles is asked for already.
fn waiting_already(roles: &[Previewed]) -> bool {
    let mut refusals = roles.iter().flat_map(|role| &role.preview.refusals);
    refusals.any(|refusal| *refusal == Refusal::AlreadyRequested)
}

/// What the form says about the time; before anything is typed, what is usual.
fn time(form: &Form, longest: Duration) -> Time {
    Time {
        duration: if form.duration.is_empty() {
            Some(USUAL.min(longest))
        } else {
            form.duration.parse().ok()
        },
        starts_at: if form.when == "later" {
            say::read_time(&form.starts_at, &form.zone)
        } else {
            None
        },
    }
}

fn duration_help(longest: Duration, roles: usize) -> String {
    match roles {
        1 => tell!("activation-at-most", longest = longest, how_to_write = say::how_to_write()),
        _ => tell!("activation-each-role-for-so-long", how_to_write = say::how_to_write()),
    }
}

/// What can be told to be refused before anything is sent.
fn foreseen(roles: &[Previewed]) -> Vec<String> {
    let mut foreseen: Vec<_> = roles
        .iter()
        .flat_map(|Previewed { preview, .. }| {
            preview.refusals.iter().filter(|refusal| refusal.field().is_none()).map(|refusal| {
                let why = translate(&refusal.to_string());
                match roles.len() {
                    1 => why,
                    _ => format!("{}: {why}", preview.role_name),
                }
            })
        })
        .collect();
    foreseen.dedup();
    foreseen
}

fn wanted(role: &Previewed) -> Wanted {
    Wanted {
        id: role.told.id.to_string(),
        role: role.told.role_name.clone(),
        scope: place(role.told.scope, &role.told.scope_name),
        purpose: role.told.role_description.clone(),
        captions: captions(&role.preview.version.settings.activation),
        chosen: role.preview.scope.to_string(),
        places: role
            .preview
            .places
            .iter()
            .map(|place| Choice::new(place.id.to_string(), place.path.clone()))
            .collect(),
    }
}

/// Activates, or asks for approval.
pub async fn create(posted: Posted<Form>) -> Answer {
    let Posted { page, form } = posted;
    let (mut wishes, reasons) = match read(&form) {
        Ok(read) => read,
        Err(faults) => return draw(&page, faults, &form).await,
    };
    shorten(&page, &mut wishes, reasons.emergency).await;
    let fulfilments =
        activation::activate(&page.app, &page.actor, &wishes, &reasons, Some(&form.code)).await;
    match fulfilments {
        Err(error) => draw(&page, Faults::of(error)?, &form).await,
        Ok(mut fulfilments) if fulfilments.len() == 1 => match fulfilments.pop() {
            Some(Fulfilment { outcome: Ok(requested), .. })
                if reasons.emergency && requested.state == RequestState::Granted =>
            {
                done(&format!("/requests/{}", requested.request), Done::EmergencyTaken)
            }
            Some(Fulfilment { outcome: Ok(requested), .. }) => go_on(&requested),
            Some(Fulfilment { outcome: Err(error), .. }) => {
                draw(&page, Faults::of(error)?, &form).await
            }
            None => Ok(Redirect::to("/").into_response()),
        },
        Ok(fulfilments) => tell(&page, &form, &wishes, fulfilments).await,
    }
}

/// Of several roles, each is asked for as long as it allows at most; in an emergency every role is. One that cannot be looked at stays as it is: it
/// is refused in words of its own.
async fn shorten(page: &Page, wishes: &mut [Wish], emergency: bool) {
    let several = wishes.len() > 1;
    for wish in wishes.iter_mut().filter(|_| several || emergency) {
        let preview = activation::preview(
            &page.app,
            &page.actor,
            wish.chosen,
            (Some(wish.duration), None),
            Intent::Activate,
        );
        if let Ok(preview) = preview.await {
            let terms = &preview.version.settings.activation;
            wish.duration = if emergency {
                wish.duration.min(terms.emergency_maximum).min(terms.maximum)
            } else {
                outcome::duration_of(wish.duration, terms.maximum, several)
            };
        }
    }
}

/// Where one goes on after a request was taken.
pub fn go_on(requested: &activation::Requested) -> Answer {
    let request = format!("/requests/{}", requested.request);
    match requested.state {
        RequestState::Granted => done("/", Done::Activated),
        RequestState::Scheduled => done(&request, Done::Scheduled),
        RequestState::Pending => done(&request, Done::Asked),
        RequestState::Denied
        | RequestState::Cancelled
        | RequestState::Expired
        | RequestState::Failed => Ok(Redirect::to(&request).into_response()),
    }
}

fn read(form: &Form) -> Result<(Vec<Wish>, Reasons), Faults> {
    let mut faults = Faults::default();
    let duration: Option<Duration> = faults.read("duration", &form.duration);
    let justification = faults.read("justification", &form.justification);
    let ticket_number = faults.read("ticket_number", &form.ticket_number);
    let system = system_of(&form.ticket_number, &form.ticket_system);
    let ticket_system = faults.read("ticket_system", system);
    let starts_at = if form.when == "later" {
        let at = say::read_time(&form.starts_at, &form.zone);
        if at.is_none() {
            faults.note("starts_at", say::unreadable_time());
        }
        at
    } else {
        None
    };
    let wishes: Vec<_> = form
        .assignment
        .iter()
        .zip(form.places())
        .filter_map(|(text, scope)| Some(Chosen { eligibility: text.parse().ok()?, scope }))
        .filter_map(|chosen| Some(Wish { chosen, duration: duration? }))
        .collect();
    match (justification, ticket_number, ticket_system) {
        (Some(justification), Some(ticket_number), Some(ticket_system)) if faults.is_empty() => {
            let emergency = form.emergency.is_some();
            if emergency && form.emergency_confirmed.is_none() {
                faults.note("emergency", tell!("activation-confirm-that-it-is"));
                return Err(faults);
            }
            Ok((
                wishes,
                Reasons { starts_at, justification, ticket_number, ticket_system, emergency },
            ))
        }
        _ => Err(faults),
    }
}

/// Tells what became of each of several roles.
async fn tell(page: &Page, form: &Form, wishes: &[Wish], fulfilments: Vec<Fulfilment>) -> Answer {
    let Opened { frame, reader, .. } = page.open(Section::Access).await?;
    let taken = fulfilments.iter().filter(|fulfilment| fulfilment.outcome.is_ok()).count();
    let title = match fulfilments.len() - taken {
        0 => tell!("activation-all-requests-were-taken", taken = taken),
        refused if taken == 0 => tell!("activation-all-were-refused", refused = refused),
        refused => tell!("activation-taken-and-refused", taken = taken, refused = refused),
    };
    let mut results = Vec::with_capacity(fulfilments.len());
    let asked: Option<Duration> = form.duration.parse().ok();
    for (Fulfilment { chosen, outcome }, wish) in fulfilments.into_iter().zip(wishes) {
        let length = if asked == Some(wish.duration) {
            reader.told.duration(wish.duration)
        } else {
            tell!("activation-the-longest-that-this-role", duration = wish.duration)
        };
        let told = assignment::show(&page.app, &page.actor, chosen.eligibility).await?;
        let result = ActivationResult {
            role: told.role_name.clone(),
            scope: place(told.scope, &told.scope_name),
            status: Status::new(Kind::Refused, ""),
            facts: Vec::new(),
            reasons: Vec::new(),
            link: String::new(),
        };
        results.push(match outcome {
            Ok(requested) => told_result(result, &requested, length, &reader),
            Err(error) => ActivationResult { reasons: reasons_of(&error), ..result },
        });
    }
    show(&Activated { frame, title, results, back: "/".to_owned() })
}

fn told_result(
    result: ActivationResult,
    requested: &activation::Requested,
    length: String,
    reader: &say::Reader,
) -> ActivationResult {
    let (kind, name, at) = match requested.state {
        RequestState::Pending => {
            (Kind::Pending, tell!("activation-decided-by"), requested.decide_by)
        }
        RequestState::Scheduled => (Kind::Scheduled, tell!("word-ends-again"), requested.ends_at),
        RequestState::Granted => (Kind::Active, tell!("word-ends-again"), requested.ends_at),
        RequestState::Denied
        | RequestState::Cancelled
        | RequestState::Expired
        | RequestState::Failed => (Kind::Ended, tell!("word-ended"), None),
    };
    let mut facts = vec![Fact::new(tell!("word-duration"), length)];
    facts.extend(at.map(|at| Fact::at(name, reader.instant(at))));
    if requested.cut_by_eligibility {
        facts.push(Fact::new(
            tell!("activation-shortened"),
            tell!("activation-your-eligibility-ends-then"),
        ));
    }
    let link = format!("/requests/{}", requested.request);
    ActivationResult { status: Status::new(kind, ""), facts, link, ..result }
}

/// Ends one's own activation at once.
pub async fn deactivate(Path(activation): Path<String>, posted: Posted<Nothing>) -> Answer {
    let Posted { page, .. } = posted;
    let id = id(&activation, "activation")?;
    activation::deactivate(&page.app, &page.actor, id).await?;
    done("/", Done::Deactivated)
}
