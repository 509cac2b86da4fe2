//! What would happen, before anything is asked for.
use super::{
    Chosen, Reasons,
    submit::{facts, lock, until},
};
use crate::{
    App,
    domain::{
        activation::{Decision, End, Intent, Refusal, decide},
        actor::{Actor, TokenScope},
        id::{AssignmentId, RoleId, ScopeId},
        time::{Duration, Instant},
    },
    error::Error,
    service::{
        access,
        approval::{self, Prospect, Wish},
    },
    store::{self, Change, scope::Place, settings::Version},
};

/// How many places are offered at most.
const PLACES: i64 = 200;

/// What the form shows before anything is asked for.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The eligibility.
    pub eligibility: AssignmentId,
    /// The role.
    pub role: RoleId,
    /// Its name.
    pub role_name: String,
    /// Where.
    pub scope: ScopeId,
    /// The places below that of the eligibility at which the role may be held instead, by their paths.
    pub places: Vec<Place>,
    /// The terms in force.
    pub version: Version,
    /// How it would go through the stages of its approval.
    pub prospect: Prospect,
    /// The activation that runs now.
    pub running: Option<AssignmentId>,
    /// When access would end if it began now.
    pub end: End,
    /// Why it would be refused, as far as that can be told before the form is filled in.
    pub refusals: Vec<Refusal>,
    /// The time that this was judged at.
    pub now: Instant,
}

/// Says what would happen if this were asked for, for so long and from then; if that is not known, for as long as it may be, and at
/// once.
pub async fn preview(
    app: &App,
    actor: &Actor,
    chosen: Chosen,
    (duration, starts_at): (Option<Duration>, Option<Instant>),
    intent: Intent,
) -> Result<Preview, Error> {
    let user = access::user(actor, TokenScope::Activate)?;
    let mut change =
        Change::begin(&app.database, &Actor { idempotency: None, ..actor.clone() }).await?;
    let held = lock(&mut change, chosen, user).await?;
    let version = store::settings::current(change.connection(), held.role, held.scope).await?;
    let around = store::activation::surroundings(&mut change, &held, None).await?;
    let duration = duration.unwrap_or(version.settings.activation.maximum);
    // The ticket is looked up when the form is sent.
    let extends = around.running.filter(|_| intent == Intent::Extend).map(|running| running.id);
    let wish = Wish { duration, starts_at, extends, ticket_verified: false };
    let prospect = approval::prospect(&mut change, &version, (user, &held), wish).await?;
    let ask = Reasons::default().ask(duration);
    let decision =
        decide(intent, &ask, &version.settings.activation, &facts(&held, &around, true, &prospect));
    let refusals = match decision {
        Decision::Refuse(refusals) => refusals
            .into_iter()
            .filter(|refusal| {
                !matches!(refusal, Refusal::JustificationNeeded | Refusal::TicketNeeded)
            })
            .collect(),
        Decision::AwaitApproval { .. } | Decision::Schedule { .. } | Decision::Activate(_) => {
            Vec::new()
        }
    };
    let end = End::of(around.now, duration, until(&held, &around));
    let whole =
        store::activation::role_of(change.connection(), Chosen::whole(chosen.eligibility).of(user))
            .await?
            .1;
    let places = store::scope::below(change.connection(), whole, Some(held.role), PLACES).await?;
    Ok(Preview {
        eligibility: held.id,
        role: held.role,
        role_name: held.role_name,
        scope: held.scope,
        places,
        version,
        prospect,
        running: around.running.map(|running| running.id),
        end,
        refusals,
        now: around.now,
    })
}
