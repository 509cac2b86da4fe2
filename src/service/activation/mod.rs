//! Activating roles, extending what runs, and being done.
use serde_json::json;

use crate::{
    App,
    domain::{
        activation::Ask,
        actor::{Actor, TokenScope, User},
        assignment::AssignmentEnd,
        audit::{Event, Kind},
        id::{AssignmentId, RequestId, RoleId, ScopeId},
        request::RequestState,
        settings::Authentication,
        step_up::Act,
        text::{Justification, TicketNumber, TicketSystem},
        time::{Duration, Instant},
    },
    error::Error,
    service::{access, membership, request, step_up, ticket},
    store::{
        self, Change,
        activation::{Activation, Aim},
    },
};

mod preview;
mod submit;
mod trial;

pub use preview::{Preview, preview};
pub(super) use submit::{end_overdue, take_effect, until};
pub(super) use trial::trial;

use submit::{Asked, submit};

/// What is to be activated, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The eligibility: one's own, or that of a group that one belongs to.
    pub eligibility: AssignmentId,
    /// A place below that of the eligibility; none for all of it.
    pub scope: Option<ScopeId>,
}

impl Chosen {
    /// All of an eligibility.
    #[must_use]
    pub fn whole(eligibility: AssignmentId) -> Self {
        Self { eligibility, scope: None }
    }

    fn of(self, user: &User) -> Aim {
        Aim { eligibility: self.eligibility, principal: user.principal, scope: self.scope }
    }
}

impl std::fmt::Display for Chosen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.scope {
            None => self.eligibility.fmt(f),
            Some(scope) => write!(f, "{}@{scope}", self.eligibility),
        }
    }
}

/// One role that is wanted, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// What.
    pub chosen: Chosen,
    /// For how long.
    pub duration: Duration,
}

/// What is the same for all roles that are activated together.
#[derive(Clone, Debug, Default)]
pub struct Reasons {
    /// From when; none is at once, or as soon as it is approved.
    pub starts_at: Option<Instant>,
    /// Why.
    pub justification: Justification,
    /// The ticket.
    pub ticket_number: TicketNumber,
    /// Where it is.
    pub ticket_system: TicketSystem,
    /// Whether it is an emergency.
    pub emergency: bool,
}

impl Reasons {
    fn ask(&self, duration: Duration) -> Ask {
        Ask {
            duration,
            starts_at: self.starts_at,
            justification: self.justification.clone(),
            ticket_number: self.ticket_number.clone(),
            ticket_system: self.ticket_system.clone(),
            emergency: self.emergency,
        }
    }
}

/// What became of a request that was taken.
#[derive(Clone, Copy, Debug)]
pub struct Requested {
    /// The request.
    pub request: RequestId,
    /// Where it stands.
    pub state: RequestState,
    /// The activation, if access was given.
    pub assignment: Option<AssignmentId>,
    /// When access ends, if it was given.
    pub ends_at: Option<Instant>,
    /// Whether it ends there because the eligibility does.
    pub cut_by_eligibility: bool,
    /// When the request lapses, if it waits for approval.
    pub decide_by: Option<Instant>,
}

/// What became of one wish of several.
#[derive(Debug)]
pub struct Fulfilment {
    /// What was to be activated.
    pub chosen: Chosen,
    /// What became of it. One role's refusal does not stop the others.
    pub outcome: Result<Requested, Error>,
}

/// Activates several roles with one reason and one code; each by itself, so that some may be refused.
///
/// A code is judged once and bound to each role by a proof of its own. A wrong code refuses all. It is not looked at for roles
/// that would be refused anyway: those are told all that is wrong, and can be mended with the same code.
pub async fn activate(
    app: &App,
    actor: &Actor,
    wishes: &[Wish],
    reasons: &Reasons,
    code: Option<&str>,
) -> Result<Vec<Fulfilment>, Error> {
    let user = access::user(actor, TokenScope::Activate)?;
    if wishes.is_empty() || wishes.len() > 50 {
        return Err(Error::invalid("roles", "choose between one and fifty roles"));
    }
    let code = code.filter(|code| !code.trim().is_empty());
    // Before any transaction begins, since a ticket system may take its time.
    let ticket = ticket::look(app, user, &reasons.ticket_number, &reasons.ticket_system).await?;
    let mut known = Vec::with_capacity(wishes.len());
    let mut acts = Vec::new();
    for wish in wishes {
        let before = repeated(app, actor, wish.chosen).await;
        let ask = reasons.ask(wish.duration);
        let has_code = code.is_some();
        let asked = Asked { ask, extends: None, proof: None, has_code, ticket: ticket.clone() };
        let act = match (code, &before) {
            (Some(_), None) => act(app, actor, user, (wish, reasons), &asked).await,
            (Some(_), Some(_)) | (None, _) => None,
        };
        acts.extend(act.clone());
        known.push((before, act, asked));
    }
    let mut proofs = match code {
        Some(code) if !acts.is_empty() => step_up::verify(app, actor, code, &acts).await?,
        Some(_) | None => Vec::new(),
    }
    .into_iter();
    let mut fulfilments = Vec::with_capacity(wishes.len());
    for (wish, (before, act, asked)) in wishes.iter().zip(known) {
        let outcome = if let Some(before) = before {
            before
        } else {
            let proof = act.and_then(|act| proofs.next().map(|proof| (proof, act)));
            let actor = part(actor, wish.chosen);
            submit(app, &actor, wish.chosen, &Asked { proof, ..asked }).await
        };
        fulfilments.push(Fulfilment { chosen: wish.chosen, outcome });
    }
    Ok(fulfilments)
}

/// Gives a running activation more time, counted from now, without a gap and by the same rules again.
pub async fn extend(
    app: &App,
    actor: &Actor,
    activation: AssignmentId,
    duration: Duration,
    reasons: &Reasons,
    code: Option<&str>,
) -> Result<Requested, Error> {
    let user = access::user(actor, TokenScope::Activate)?;
    if let Some(before) = repeated(app, actor, activation).await {
        return before;
    }
    let running =
        store::activation::running(&mut *app.database.acquire().await?, activation, user.principal)
            .await?;
    let chosen = Chosen { eligibility: running.eligibility, scope: Some(running.scope) };
    let terms = terms(app, user, chosen).await?;
    let ask = Reasons { starts_at: None, ..reasons.clone() }.ask(duration);
    let ticket = ticket::look(app, user, &ask.ticket_number, &ask.ticket_system).await?;
    let act = Act::Extend { assignment: activation, duration };
    let has_code = code.is_some_and(|code| !code.trim().is_empty());
    let mut asked = Asked { ask, extends: Some(activation), proof: None, has_code, ticket };
    if has_code
        && terms.asks_for_proof
        && submit::is_acceptable(app, actor, user, chosen, &asked).await
    {
        asked.proof = step_up::prove(app, actor, code, &act).await?.map(|proof| (proof, act));
    }
    submit(app, &part(actor, activation), chosen, &asked).await
}

/// Ends one's own activation at once.
pub async fn deactivate(app: &App, actor: &Actor, activation: AssignmentId) -> Result<(), Error> {
    let user = access::user(actor, TokenScope::Activate)?;
    store::retried(|| deactivate_once(app, actor, user, activation)).await?;
    app.wake.audit().notify_one();
    Ok(())
}

async fn deactivate_once(
    app: &App,
    actor: &Actor,
    user: &User,
    activation: AssignmentId,
) -> Result<(), Error> {
    let mut change = Change::begin(&app.database, actor).await?;
    store::account::hold_alone(&mut change, user.principal).await?;
    let running =
        store::activation::running(change.connection(), activation, user.principal).await?;
    membership::hold(&mut change, running.role, running.principal).await?;
    change.settle().await?;
    request::fail_extensions(&mut change, activation).await?;
    if !store::activation::end(&mut change, activation, AssignmentEnd::Deactivated).await? {
        return Err(Error::Conflict("this activation has ended already".to_owned()));
    }
    if running.role == RoleId::MEMBER {
        membership::shorten(&mut change, running.principal, running.scope).await?;
    }
    change.made(activation.0).await?;
    change.commit(&ended(&running, AssignmentEnd::Deactivated)).await
}

/// What a code proves for one wish; none if that role asks for no proof, or would be refused anyway.
async fn act(
    app: &App,
    actor: &Actor,
    user: &User,
    (wish, reasons): (&Wish, &Reasons),
    asked: &Asked,
) -> Option<Act> {
    let terms = terms(app, user, wish.chosen).await.ok().filter(|terms| terms.asks_for_proof)?;
    submit::is_acceptable(app, actor, user, wish.chosen, asked).await.then_some(Act::Activate {
        role: terms.role,
        scope: terms.scope,
        duration: wish.duration,
        starts_at: reasons.starts_at,
    })
}

/// The terms of one eligibility, as far as the proof is concerned.
struct Terms {
    role: RoleId,
    scope: ScopeId,
    asks_for_proof: bool,
}

async fn terms(app: &App, user: &User, chosen: Chosen) -> Result<Terms, Error> {
    let mut connection = app.database.acquire().await?;
    let (role, scope) = store::activation::role_of(&mut connection, chosen.of(user)).await?;
    let version = store::settings::current(&mut connection, role, scope).await?;
    Ok(Terms {
        role,
        scope,
        asks_for_proof: version.settings.activation.authentication == Authentication::Mfa,
    })
}

/// What an earlier request under the same idempotency key made, if there was one.
async fn repeated(
    app: &App,
    actor: &Actor,
    about: impl std::fmt::Display,
) -> Option<Result<Requested, Error>> {
    actor.idempotency.as_ref()?;
    match Change::begin(&app.database, &part(actor, about)).await {
        Ok(_) => None,
        Err(Error::Repeated(request)) => Some(requested(app, RequestId(request)).await),
        Err(error) => Some(Err(error)),
    }
}

/// What has become of a request.
async fn requested(app: &App, request: RequestId) -> Result<Requested, Error> {
    let told = store::request::one(&mut *app.database.acquire().await?, request).await?;
    Ok(Requested {
        request,
        state: told.state,
        assignment: told.assignment,
        ends_at: told.active_until,
        cut_by_eligibility: false,
        decide_by: told.expires_at,
    })
}

/// The same actor, with the idempotency key of one role among several.
fn part(actor: &Actor, about: impl std::fmt::Display) -> Actor {
    let idempotency = actor.idempotency.as_ref().map(|idempotency| idempotency.part(about));
    Actor { idempotency, ..actor.clone() }
}

fn ended(running: &Activation, because: AssignmentEnd) -> Event {
    Event::new(Kind::ActivationEnded)
        .subject(running.principal)
        .role(running.role, running.scope)
        .request(running.request)
        .assignment(running.id)
        .detail(json!({ "because": because, "due": running.ends_at }))
}
