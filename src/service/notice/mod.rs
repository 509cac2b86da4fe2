//! Tells people what happened, in the transaction in which it happens. Whoever has something to tell goes through [`tell`].
mod account;
mod assignment;
mod change;
mod course;
mod emergency;
mod ending;
mod preference;
mod preview;
mod request;
mod summary;

use std::collections::BTreeMap;

use sqlx::PgConnection;
use uuid::Uuid;

pub(super) use account::{break_glass_sign_in, credential_changed, deputy_named, quarantined};
pub(super) use assignment::{Deed, administered, converted};
pub(super) use change::{approval_unreachable, change_closed, change_wanted, settings_changed};
pub(super) use course::tell_due;
pub(super) use emergency::{emergency_overdue, emergency_reviewed, emergency_used};
pub(super) use ending::{Whom, administrators, tell_one};
pub use preference::{choose, mine};
pub use preview::{Counted, preview};
pub use request::{
    Outcome, activated, activation_failed, activation_started, agreed, approval_wanted,
    ask_deciders, commented, decided, ended, nudged, passed_in_silence, taken_back, ticket_closed,
};
pub(super) use summary::send as send_summaries;

use crate::{
    App,
    domain::{
        id::{PersonId, PrincipalId, RoleId, ScopeId},
        language::Reader,
        notice::{
            Mail,
            letter::Letter,
            occasion::{Audience, Cell, Occasion},
            plan::{Recipient, Told, plan},
            preference::When,
            rule::Rule,
        },
        permission::Permission,
        time::Instant,
    },
    error::Error,
    service::assignment::permission,
    store::{
        self, Change,
        notice::{Gathered, Outgoing, Place},
    },
};

/// Something that happened, of which people are told.
pub(super) struct News<'a> {
    /// What.
    pub(super) occasion: Occasion,
    /// With which role, and where: its rules say who is told.
    pub(super) place: Option<(RoleId, ScopeId)>,
    /// Mails of one thread are shown together.
    pub(super) thread: Option<Uuid>,
    /// Who did it: they know.
    pub(super) author: Option<PersonId>,
    /// Whether it asks something of whoever is told, though this usually does not.
    pub(super) pressing: bool,
    /// Whether nobody is told but those who are named in `to`.
    pub(super) alone: bool,
    /// Whom it concerns. Administrators are found, unless they are named here.
    pub(super) to: &'a [(Audience, Vec<PrincipalId>)],
    /// What each audience is told.
    pub(super) letter: &'a (dyn Fn(Audience) -> Letter + Sync),
    /// The page of it, for the summary of the day.
    pub(super) link: &'a str,
}

/// Tells everybody who is to be told, each once, now or when they want to be told.
pub(super) async fn tell(app: &App, change: &mut Change, news: &News<'_>) -> Result<(), Error> {
    let at = change.at();
    let place = match news.place {
        Some((role, scope)) => {
            Some((store::notice::place(change.connection(), role, scope).await?, scope))
        }
        None => None,
    };
    let mut parts = Vec::new();
    for (audience, _) in Audience::ALL {
        let cell = Cell { occasion: news.occasion, audience: *audience };
        let Some(rule) = rule(cell, place.as_ref().map(|(place, _)| place)) else { continue };
        let named = news.to.iter().find(|(to, _)| to == audience).map(|(_, who)| who.clone());
        if news.alone && named.is_none() {
            continue;
        }
        let who = match (named, &place) {
            _ if !rule.default_recipients => Vec::new(),
            (Some(named), _) => named,
            (None, Some((place, scope))) if *audience == Audience::Administrators => {
                let wanted = administering(news.occasion, place);
                let connection = change.connection();
                store::notice::permitted(connection, wanted, *scope, at, rule.eligible_too).await?
            }
            (None, _) => Vec::new(),
        };
        if !who.is_empty() || !rule.recipients.is_empty() {
            parts.push((cell, rule, who));
        }
    }
    if parts.is_empty() {
        return Ok(());
    }
    send(app, change, news, parts).await
}

/// The rule of a cell, of a role or else as it ships; none if there is no such cell.
fn rule(cell: Cell, place: Option<&Place>) -> Option<Rule> {
    Cell::all().find(|known| *known == cell)?;
    Some(match place {
        Some(place) => place.notices.rule(cell, place.privileged),
        None => cell.shipped(true),
    })
}

/// What whoever administers this is allowed to do.
pub(super) fn administering(occasion: Occasion, place: &Place) -> Permission {
    match occasion {
        Occasion::SettingsChanged | Occasion::PassedInSilence | Occasion::ApprovalUnreachable => {
            Permission::ManageSettings
        }
        _ => permission(place.scope_kind),
    }
}

async fn send(
    app: &App,
    change: &mut Change,
    news: &News<'_>,
    parts: Vec<(Cell, Rule, Vec<PrincipalId>)>,
) -> Result<(), Error> {
    let everybody: Vec<_> = parts.iter().flat_map(|(_, _, who)| who.iter().copied()).collect();
    let people = readers(change.connection(), app, &everybody).await?;
    let told: Vec<_> = parts
        .into_iter()
        .map(|(cell, rule, who)| Told {
            audience: cell.audience,
            rule,
            asks: cell.asks() || news.pressing,
            recipients: who.iter().filter_map(|id| people.get(id)).map(|(one, _)| one).collect(),
        })
        .collect();
    let at = change.at();
    let plan = plan(news.occasion, &told, news.author, at);
    let mut letters = Letters { news, known: Vec::new() };
    let mut mails = Vec::new();
    for (recipient, audience, when) in &plan.people {
        let Some((_, reader)) = people.get(&recipient.principal) else { continue };
        let not_before = match when {
            When::Now => None,
            When::At(moment) => Some(*moment),
            When::Summary => {
                gather(change, recipient, letters.line(*audience, reader), news, at).await?;
                continue;
            }
        };
        mails.push(Outgoing {
            recipient: Some(recipient.principal),
            address: recipient.address.clone(),
            mail: letters.mail(*audience, reader),
            thread: news.thread,
            not_before,
        });
    }
    for (address, audience) in &plan.addresses {
        mails.push(Outgoing {
            recipient: None,
            address: address.as_str().to_owned(),
            mail: letters.mail(*audience, &app.reader),
            thread: news.thread,
            not_before: None,
        });
    }
    store::notice::send(change, &mails).await
}

async fn gather(
    change: &mut Change,
    recipient: &Recipient,
    line: String,
    news: &News<'_>,
    at: Instant,
) -> Result<(), Error> {
    let gathered = Gathered {
        recipient: recipient.principal,
        occasion: news.occasion.name().to_owned(),
        line,
        link: news.link.to_owned(),
        created_at: at,
    };
    store::notice::gather(change, &gathered).await
}

/// The people behind these accounts, with how they want to be told.
pub(super) async fn readers(
    connection: &mut PgConnection,
    app: &App,
    principals: &[PrincipalId],
) -> Result<BTreeMap<PrincipalId, (Recipient, Reader)>, Error> {
    if principals.is_empty() {
        return Ok(BTreeMap::new());
    }
    let found = store::notice::recipients(connection, principals, &app.reader).await?;
    Ok(found.into_iter().map(|(one, reader)| (one.principal, (one, reader))).collect())
}

/// What each audience is told, written once for all who read it alike.
struct Letters<'a, 'b> {
    news: &'a News<'b>,
    known: Vec<(Audience, Reader, Mail)>,
}

impl Letters<'_, '_> {
    fn mail(&mut self, audience: Audience, reader: &Reader) -> Mail {
        let found = self.known.iter().find(|(to, known, _)| *to == audience && known == reader);
        if let Some((_, _, mail)) = found {
            return mail.clone();
        }
        let mail = (self.news.letter)(audience).mail(self.news.occasion, reader);
        self.known.push((audience, reader.clone(), mail.clone()));
        mail
    }

    fn line(&self, audience: Audience, reader: &Reader) -> String {
        (self.news.letter)(audience).line(reader)
    }
}

/// Who makes a change, as the people who are told of it know them.
pub(super) fn author(change: &Change) -> Option<PersonId> {
    change.actor().people().first().copied()
}

/// The name of whoever makes a change.
pub(super) fn by(change: &Change) -> String {
    use crate::domain::actor::Who;
    match &change.actor().who {
        Who::User(user) => user.name.clone(),
        Who::Application(application) => application.name.clone(),
        Who::Operator => "The operator".to_owned(),
        Who::System | Who::Anonymous => "Latchkey".to_owned(),
    }
}
