//! Tickets: whether a request's is good, and the end of access whose ticket was closed.
use std::collections::{BTreeMap, HashMap};

use futures_util::future::join_all;
use serde_json::json;

use crate::{
    App,
    domain::{
        actor::{Actor, User},
        assignment::AssignmentEnd,
        audit::{Event, Kind},
        id::{RequestId, RoleId},
        settings::ActivationTerms,
        text::{TicketNumber, TicketSystem as TicketSystemName},
        ticket::{Found, Verdict, address},
        time::Instant,
    },
    error::Error,
    gateway::ticket::TicketSystem,
    service::{membership, notice, request},
    store::{self, Change, ticket::Running},
};

/// What was found of the ticket that a request names.
#[derive(Clone, Debug, Default)]
pub struct Looked {
    found: Option<Found>,
    /// Why it is not good, for a role that asks for a ticket.
    problem: Option<String>,
}

impl Looked {
    /// Refuses a request for a role that asks for a ticket if its ticket is not good, or could not be asked about.
    pub fn judge(&self, terms: &ActivationTerms) -> Result<(), Error> {
        match &self.problem {
            Some(problem) if terms.requires_ticket => {
                Err(Error::invalid("ticket_number", problem.as_str()))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Whether its system says that it is good, and whoever asks is whom it is assigned to.
    #[must_use]
    pub fn is_theirs(&self) -> bool {
        self.found.as_ref().is_some_and(|found| found.theirs)
    }

    /// Keeps what was found.
    pub(in crate::service) async fn note(
        &self,
        change: &mut Change,
        request: RequestId,
    ) -> Result<(), Error> {
        match &self.found {
            Some(found) => store::ticket::note(change, request, found).await,
            None => Ok(()),
        }
    }
}

/// The configured ticket systems, for choosing one.
#[must_use]
pub fn systems(app: &App) -> Vec<String> {
    app.ticket_systems.iter().map(|system| system.name.clone()).collect()
}

/// The page of a ticket, if its system is known and has pages.
#[must_use]
pub fn link(app: &App, system: &str, number: &str) -> Option<String> {
    let known = find(app, system)?;
    known.rules.fits(number).then_some(())?;
    Some(address(known.rules.link.as_deref()?, number))
}

/// Whether a system can be asked about its tickets.
#[must_use]
pub fn can_be_verified(app: &App, system: &str) -> bool {
    find(app, system).is_some_and(|known| known.rules.answer.is_some() && known.can_be_asked())
}

/// When a request's ticket was verified, and what was found; none if it was not. For whoever may see the request.
pub async fn verified(app: &App, request: RequestId) -> Result<Option<(Instant, Found)>, Error> {
    store::ticket::of(&mut *app.database.acquire().await?, request).await
}

fn find<'a>(app: &'a App, system: &str) -> Option<&'a TicketSystem> {
    app.ticket_systems.iter().find(|known| known.name.eq_ignore_ascii_case(system))
}

/// Looks at the ticket that a request names, before its transaction begins. Refuses a number that cannot be one.
pub async fn look(
    app: &App,
    user: &User,
    number: &TicketNumber,
    system: &TicketSystemName,
) -> Result<Looked, Error> {
    let (number, name) = (number.as_str(), system.as_str());
    if app.ticket_systems.is_empty() || (number.is_empty() && name.is_empty()) {
        return Ok(Looked::default());
    }
    let Some(system) = app.ticket_systems.iter().find(|known| known.name == name) else {
        let known = systems(app).join(", ");
        return Err(Error::invalid("ticket_system", format!("choose one of: {known}")));
    };
    if !system.rules.fits(number) {
        let message = format!("this is no number of a ticket in {name}");
        return Err(Error::invalid("ticket_number", message));
    }
    let Some(rules) = system.rules.answer.as_ref().filter(|_| system.can_be_asked()) else {
        return Ok(Looked::default());
    };
    let known_as =
        store::ticket::names(&mut *app.database.acquire().await?, user.principal).await?;
    let known_as: Vec<_> = known_as.iter().map(String::as_str).collect();
    let problem = match system.find(&app.egress, number).await {
        Err(why) => {
            tracing::warn!(system = name, why, "a ticket system could not be asked");
            format!("{name} cannot be asked about this ticket now: try again later")
        }
        Ok(None) => format!("{name} knows no such ticket"),
        Ok(Some(answer)) => match rules.judge(&answer, &known_as) {
            Verdict::Good(found) => return Ok(Looked { found: Some(found), problem: None }),
            Verdict::Closed(state) => format!("this ticket is not open: {name} says \"{state}\""),
            Verdict::NotTheirs => "this ticket is assigned to somebody else".to_owned(),
            Verdict::Unclear => format!("the answer of {name} does not say whether it is open"),
        },
    };
    Ok(Looked { found: None, problem: Some(problem) })
}

/// The access that rests on each ticket of one system. The order of the tickets is another one in every round, so that one
/// about which the system never answers does not always hold up the same others.
type Tickets = HashMap<String, Vec<Running>>;

/// Ends access whose ticket was closed, where an operator has set that. Says how much ended. A ticket system that does not
/// answer, or does not know the ticket any more, ends nothing; and holds up no other system.
pub async fn end_closed(app: &App) -> Result<usize, Error> {
    let ending: Vec<_> =
        app.ticket_systems.iter().filter(|system| system.rules.ends_access).collect();
    let names: Vec<_> = ending.iter().map(|system| system.name.clone()).collect();
    if names.is_empty() {
        return Ok(0);
    }
    let running =
        store::ticket::running(&mut *app.worker_database.acquire().await?, &names).await?;
    let mut tickets: BTreeMap<String, Tickets> = BTreeMap::new();
    for activation in running {
        let of_system = tickets.entry(activation.system.clone()).or_default();
        of_system.entry(activation.number.clone()).or_default().push(activation);
    }
    let mut rounds = Vec::with_capacity(ending.len());
    for system in ending {
        rounds.push(end_closed_of(app, system, tickets.remove(&system.name).unwrap_or_default()));
    }
    Ok(join_all(rounds).await.into_iter().sum())
}

/// The same of one system, one ticket after the other. Once it cannot be asked, the rest waits for the next round: each
/// question might take as long as that one.
async fn end_closed_of(app: &App, system: &TicketSystem, tickets: Tickets) -> usize {
    let mut ended = 0;
    for (number, running) in tickets {
        match is_closed(app, system, &number).await {
            Ok(true) => ended += end_all(app, &running).await,
            Ok(false) => {}
            Err(why) => {
                tracing::warn!(system = system.name, why, "a ticket system could not be asked");
                break;
            }
        }
    }
    ended
}

/// Whether its system says that a ticket is closed. Fails, in words, if the system cannot be asked.
async fn is_closed(app: &App, system: &TicketSystem, number: &str) -> Result<bool, String> {
    let Some(rules) = &system.rules.answer else { return Ok(false) };
    let answer = system.find(&app.egress, number).await?;
    Ok(answer.is_some_and(|answer| matches!(rules.judge(&answer, &[]), Verdict::Closed(_))))
}

/// Ends all that rests on one ticket. Says how much ended.
async fn end_all(app: &App, running: &[Running]) -> usize {
    let mut ended = 0;
    for activation in running {
        // One that can't be ended must not hold up the others: it is tried again with the next round.
        match store::retried(|| end(app, activation)).await {
            Ok(done) => ended += usize::from(done),
            Err(error) => {
                tracing::error!(
                    activation = %activation.activation,
                    error = &error as &dyn std::error::Error,
                    "access whose ticket was closed could not be ended"
                );
            }
        }
    }
    if ended > 0 {
        app.wake.everything();
    }
    ended
}

/// Ends one activation and tells its holder. False if it had ended meanwhile.
async fn end(app: &App, running: &Running) -> Result<bool, Error> {
    let mut change = Change::begin(&app.worker_database, &Actor::system()).await?;
    store::account::hold_alone(&mut change, running.principal).await?;
    membership::hold(&mut change, running.role, running.principal).await?;
    change.settle().await?;
    request::fail_extensions(&mut change, running.activation).await?;
    let because = AssignmentEnd::TicketClosed;
    if !store::activation::end(&mut change, running.activation, because).await? {
        return Ok(false);
    }
    if running.role == RoleId::MEMBER {
        membership::shorten(&mut change, running.principal, running.scope).await?;
    }
    let told = store::request::one(change.connection(), running.request).await?;
    let ticket = format!("{} · {}", running.number, running.system);
    notice::ticket_closed(app, &mut change, &told, &ticket).await?;
    let event = Event::new(Kind::ActivationEnded)
        .subject(running.principal)
        .role(running.role, running.scope)
        .request(running.request)
        .assignment(running.activation)
        .detail(json!({ "because": because, "ticket": running.number, "system": running.system }));
    change.commit(&event).await?;
    Ok(true)
}
