//! What is told of requests and of access for a while.
use std::collections::BTreeSet;

use crate::{
    App,
    domain::{
        id::{PersonId, PrincipalId, RequestId},
        notice::{
            letter::Letter,
            occasion::{Audience, Occasion},
            request::{self, Asked, Decided, Ending, Verdict, Why},
        },
        request::RequestKind,
        time::{Duration, Instant},
    },
    error::Error,
    service::{
        channel, emergency,
        notice::{News, author, by, tell},
    },
    store::{
        self, Change,
        request::{Decider, Locked, Told},
    },
};

/// The request's facts as mails tell of them, with what was granted once something was.
fn told_of<'a>(told: &'a Told, link: &'a str) -> Result<Asked<'a>, Error> {
    let seconds = told.granted_seconds.unwrap_or(told.requested_seconds);
    Ok(Asked { duration: length(told, seconds)?, ..asked(told, link)? })
}

/// The same as it was asked for, for mails that tell of a decision beside it.
fn asked<'a>(told: &'a Told, link: &'a str) -> Result<Asked<'a>, Error> {
    Ok(Asked {
        requester: &told.requester,
        role: &told.role_name,
        scope: &told.scope_name,
        duration: length(told, told.requested_seconds)?,
        starts_at: told.starts_at,
        extends: told.kind == RequestKind::Extend,
        justification: &told.justification,
        ticket_number: &told.ticket_number,
        ticket_system: &told.ticket_system,
        link,
    })
}

fn length(told: &Told, seconds: i64) -> Result<Duration, Error> {
    Duration::from_seconds(seconds)
        .map_err(|_| Error::Inconsistent { table: "requests", id: told.id.0 })
}

/// Tells of a request: what `letter` makes of it, for the people it concerns.
pub(super) async fn tell_of(
    app: &App,
    change: &mut Change,
    told: &Told,
    (occasion, author): (Occasion, Option<PersonId>),
    to: &[(Audience, Vec<PrincipalId>)],
    letter: &(dyn Fn(Audience, &Asked<'_>) -> Letter + Sync),
) -> Result<(), Error> {
    let link = request::request_link(&app.public_url, told.id);
    let asked = told_of(told, &link)?;
    let news = News {
        occasion,
        place: Some((told.role, told.scope)),
        thread: Some(told.id.0),
        author,
        pressing: false,
        alone: false,
        to,
        letter: &|audience| letter(audience, &asked),
        link: &link,
    };
    tell(app, change, &news).await
}

/// The deciders beside whoever asks, by whichever account: everybody once, however many they may speak for.
fn others(deciders: &[Decider], requester: PersonId) -> Vec<PrincipalId> {
    let others = deciders.iter().filter(|decider| decider.person != requester);
    others.map(|decider| decider.principal).collect::<BTreeSet<_>>().into_iter().collect()
}

/// To each approver: somebody waits for a decision.
pub async fn approval_wanted(
    app: &App,
    change: &mut Change,
    request: RequestId,
    deciders: &[Decider],
    decide_by: Instant,
) -> Result<(), Error> {
    let told = store::request::one(change.connection(), request).await?;
    channel::request_pending(app, change, &told, decide_by).await?;
    let to = [(Audience::Approvers, others(deciders, told.person))];
    let how = (Occasion::ApprovalWanted, Some(told.person));
    tell_of(app, change, &told, how, &to, &|_, asked| request::approval_wanted(asked, decide_by))
        .await
}

/// To everybody who may decide now: somebody waits for a decision.
pub async fn ask_deciders(
    app: &App,
    change: &mut Change,
    request: RequestId,
    decide_by: Instant,
) -> Result<(), Error> {
    let at = change.at();
    let deciders = store::request::deciders(change.connection(), request, at).await?;
    approval_wanted(app, change, request, &deciders, decide_by).await
}

/// To everybody who may decide now: it still waits, and whoever asks asked again.
pub async fn nudged(app: &App, change: &mut Change, request: RequestId) -> Result<(), Error> {
    let told = store::request::one(change.connection(), request).await?;
    let at = change.at();
    let deciders = store::request::deciders(change.connection(), request, at).await?;
    let to = [(Audience::Approvers, others(&deciders, told.person))];
    let decide_by = told.expires_at.unwrap_or(at);
    let how = (Occasion::ApprovalReminder, Some(told.person));
    tell_of(app, change, &told, how, &to, &|_, asked| request::approval_reminder(asked, decide_by))
        .await
}

/// To the requester, or to whoever may decide: somebody wrote something.
pub async fn commented(
    app: &App,
    change: &mut Change,
    request: RequestId,
    text: &str,
) -> Result<(), Error> {
    let told = store::request::one(change.connection(), request).await?;
    let by = change.actor().user().cloned().ok_or(Error::Unauthenticated)?;
    let own = by.person == told.person;
    let to = if own {
        [(Audience::Approvers, asked_back(change, &told).await?)]
    } else {
        [(Audience::Requester, vec![told.principal])]
    };
    let how = (Occasion::Commented, Some(by.person));
    let letter = |_, asked: &Asked<'_>| {
        if own {
            request::commented_on_own(asked, text)
        } else {
            request::commented(asked, &by.name, text)
        }
    };
    tell_of(app, change, &told, how, &to, &letter).await
}

/// Whoever has spoken or looks at it; if nobody has, everybody who was asked last. Of an emergency nobody was asked: whoever may
/// review it.
async fn asked_back(change: &mut Change, told: &Told) -> Result<Vec<PrincipalId>, Error> {
    let at = change.at();
    let connection = change.connection();
    if told.emergency {
        return emergency::reviewers(connection, told.id).await;
    }
    let remarks = store::request::remarks(connection, told.id).await?;
    let spoke: BTreeSet<_> = remarks
        .into_iter()
        .filter(|remark| remark.person != told.person)
        .map(|remark| remark.principal)
        .collect();
    if !spoke.is_empty() {
        return Ok(spoke.into_iter().collect());
    }
    store::request::asked(connection, told.id, at).await
}

/// To administrators: nobody answered, and the terms take that for a yes.
pub async fn passed_in_silence(
    app: &App,
    change: &mut Change,
    locked: &Locked,
) -> Result<(), Error> {
    let told = store::request::one(change.connection(), locked.id).await?;
    let how = (Occasion::PassedInSilence, Some(told.person));
    tell_of(app, change, &told, how, &[], &|_, asked| request::passed_in_silence(asked)).await
}

/// What an approver decided, for the mails that tell of it.
#[derive(Clone, Copy, Debug)]
pub struct Outcome<'a> {
    /// Who decided.
    pub decider: &'a Decider,
    /// What they decided.
    pub verdict: Verdict,
    /// Why.
    pub reason: &'a str,
    /// When access ends, if it has begun.
    pub ends_at: Option<Instant>,
}

impl<'a> Outcome<'a> {
    fn facts(&self, asked: Asked<'a>) -> Decided<'a> {
        Decided {
            asked,
            approver: &self.decider.name,
            verdict: self.verdict,
            reason: self.reason,
            ends_at: self.ends_at,
        }
    }
}

/// To the requester: it is decided. To the other approvers: nothing is left to do. To administrators, if access has begun: so
/// it has.
pub async fn decided(
    app: &App,
    change: &mut Change,
    request: RequestId,
    deciders: &[Decider],
    outcome: Outcome<'_>,
) -> Result<(), Error> {
    let told = store::request::one(change.connection(), request).await?;
    let decider = author(change);
    let link = request::request_link(&app.public_url, request);
    let facts = outcome.facts(asked(&told, &link)?);
    channel::request_decided(app, change, &told, &facts).await?;
    let to = [(Audience::Requester, vec![told.principal])];
    let letter = |to, _: &Asked<'_>| match to {
        Audience::Requester => request::decided(&facts),
        Audience::Approvers | Audience::Administrators => request::handled(&facts),
    };
    tell_of(app, change, &told, (Occasion::Decided, decider), &to, &letter).await?;
    handled(app, change, &told, deciders, &facts).await?;
    match outcome.ends_at {
        Some(ends_at) => begun(app, change, &told, (ends_at, decider), &[]).await,
        None => Ok(()),
    }
}

/// To the requester: somebody agreed, and others still have to. To the other approvers of a stage that is over: nothing is
/// left to do.
pub async fn agreed(
    app: &App,
    change: &mut Change,
    request: RequestId,
    deciders: &[Decider],
    outcome: Outcome<'_>,
) -> Result<(), Error> {
    let told = store::request::one(change.connection(), request).await?;
    let link = request::request_link(&app.public_url, request);
    let facts = outcome.facts(asked(&told, &link)?);
    let to = [(Audience::Requester, vec![told.principal])];
    let how = (Occasion::Agreed, author(change));
    tell_of(app, change, &told, how, &to, &|_, _| request::agreed(&facts)).await?;
    handled(app, change, &told, deciders, &facts).await
}

/// To the other approvers: somebody else dealt with it.
async fn handled(
    app: &App,
    change: &mut Change,
    told: &Told,
    deciders: &[Decider],
    facts: &Decided<'_>,
) -> Result<(), Error> {
    let to = [(Audience::Approvers, others(deciders, told.person))];
    let how = (Occasion::Handled, author(change));
    tell_of(app, change, told, how, &to, &|_, _| request::handled(facts)).await
}

/// To those who were asked: it was taken back, and nothing is left to do.
pub async fn taken_back(app: &App, change: &mut Change, told: &Told) -> Result<(), Error> {
    let at = change.at();
    let asked = store::request::asked(change.connection(), told.id, at).await?;
    let (author, by) = (author(change), by(change));
    let by = (author != Some(told.person)).then_some(by.as_str());
    let to = [(Audience::Approvers, asked)];
    let how = (Occasion::TakenBack, author);
    tell_of(app, change, told, how, &to, &|_, asked| request::taken_back(asked, by)).await
}

/// Tells of access that has begun: channels, whoever is named in `to`, and administrators.
async fn begun(
    app: &App,
    change: &mut Change,
    told: &Told,
    (ends_at, author): (Instant, Option<PersonId>),
    to: &[(Audience, Vec<PrincipalId>)],
) -> Result<(), Error> {
    channel::activation_started(app, change, told, ends_at).await?;
    let letter = |to, asked: &Asked<'_>| request::activated(asked, ends_at, to);
    tell_of(app, change, told, (Occasion::Activated, author), to, &letter).await
}

/// To the requester, and to administrators: scheduled access has begun.
pub async fn activation_started(
    app: &App,
    change: &mut Change,
    request: RequestId,
    ends_at: Instant,
) -> Result<(), Error> {
    let told = store::request::one(change.connection(), request).await?;
    let to = [(Audience::Requester, vec![told.principal])];
    begun(app, change, &told, (ends_at, None), &to).await
}

/// To administrators: somebody has activated a role, who knows it.
pub async fn activated(
    app: &App,
    change: &mut Change,
    request: RequestId,
    ends_at: Instant,
) -> Result<(), Error> {
    let told = store::request::one(change.connection(), request).await?;
    begun(app, change, &told, (ends_at, Some(told.person)), &[]).await
}

/// To the requester: scheduled or approved access could not begin.
pub async fn activation_failed(
    app: &App,
    change: &mut Change,
    request: RequestId,
    why: &str,
) -> Result<(), Error> {
    let told = store::request::one(change.connection(), request).await?;
    let to = [(Audience::Requester, vec![told.principal])];
    channel::activation_failed(app, change, &told, why).await?;
    let letter = |_, asked: &Asked<'_>| request::failed(asked, why);
    tell_of(app, change, &told, (Occasion::Failed, None), &to, &letter).await
}

/// To the requester, and whoever else wants to know: nobody decided in time.
pub(super) async fn lapsed(
    app: &App,
    change: &mut Change,
    request: RequestId,
) -> Result<(), Error> {
    let told = store::request::one(change.connection(), request).await?;
    let at = change.at();
    let asked = store::request::asked(change.connection(), request, at).await?;
    let to = [(Audience::Requester, vec![told.principal]), (Audience::Approvers, asked)];
    let letter = |to, asked: &Asked<'_>| request::lapsed(asked, to);
    tell_of(app, change, &told, (Occasion::Lapsed, None), &to, &letter).await
}

/// To the holder, and to administrators: the ticket that access rested on was closed.
pub async fn ticket_closed(
    app: &App,
    change: &mut Change,
    told: &Told,
    ticket: &str,
) -> Result<(), Error> {
    channel::ticket_closed(app, change, told).await?;
    let to = [(Audience::Requester, vec![told.principal])];
    let at = change.at();
    let letter = |to, asked: &Asked<'_>| {
        let ending = Ending {
            holder: asked.requester,
            role: asked.role,
            scope: asked.scope,
            ends_at: at,
            link: asked.link,
        };
        request::ended(&ending, Why::TicketClosed { ticket }, to)
    };
    tell_of(app, change, told, (Occasion::Ended, None), &to, &letter).await
}

/// To the holder, and to administrators: somebody ended access before its time.
pub async fn ended(
    app: &App,
    change: &mut Change,
    told: &store::assignment::Told,
    reason: &str,
) -> Result<(), Error> {
    let (name, at) = (by(change), change.at());
    channel::assignment(app, change, told, ("activation.ended_early", &name, reason)).await?;
    let link = told.request.map_or_else(
        || app.public_url.to_string(),
        |id| request::request_link(&app.public_url, id),
    );
    let ending = Ending {
        holder: &told.holder,
        role: &told.role_name,
        scope: &told.scope_name,
        ends_at: at,
        link: &link,
    };
    let why = Why::By { name: &name, reason };
    let news = News {
        occasion: Occasion::Ended,
        place: Some((told.role, told.scope)),
        thread: told.request.map(|request| request.0),
        author: author(change),
        pressing: false,
        alone: false,
        to: &[(Audience::Requester, vec![told.principal])],
        letter: &|audience| request::ended(&ending, why, audience),
        link: &link,
    };
    tell(app, change, &news).await
}
