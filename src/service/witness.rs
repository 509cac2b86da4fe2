//! The witness: where the audit log ends is signed and written down outside of the database, which has to hold what was said of
//! it. One that does not was put back to an earlier state; until somebody who is kept for emergencies has looked at it, nothing
//! that was activated is in force, and nobody activates anything.
use serde_json::json;
use uuid::Uuid;

pub use crate::store::witness::Quarantine;
use crate::{
    App,
    domain::{
        actor::{Actor, TokenScope, Via},
        audit::{Event, Kind},
        permission::Permission,
        step_up::Act,
        text::Justification,
        witness::Statement,
    },
    error::Error,
    service::{access, notice, step_up},
    store::{self, Change, witness::Held},
};

/// What became of one round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Witnessed {
    /// The database holds what was said of it.
    Held(Statement),
    /// It does not: nothing that was activated is in force.
    Quarantined,
    /// Nothing is written down outside of the database.
    Nowhere,
}

/// Compares the database with what was last said of it, and puts it into quarantine if it does not hold that.
///
/// Fails if what was said can't be read: then nobody knows.
pub async fn check(app: &App) -> Result<Witnessed, Error> {
    if !app.witness.remembers() {
        return Ok(Witnessed::Nowhere);
    }
    let said = last_said(app).await?;
    let sequence = said.map_or(0, |said| said.head.sequence);
    let held = store::witness::held(&mut *app.worker_database.acquire().await?, sequence).await?;
    match said {
        Some(said) if !said.is_held(held.epoch, held.hash) => {
            quarantine(app, &said, &held).await?;
            Ok(Witnessed::Quarantined)
        }
        _ if held.quarantined => Ok(Witnessed::Quarantined),
        _ => Ok(Witnessed::Held(Statement { epoch: held.epoch, head: held.head, at: held.now })),
    }
}

/// Compares, and writes down where the log ends now. `last` is what was written down before, if anything was.
pub async fn attest(app: &App, last: Option<Statement>) -> Result<Witnessed, Error> {
    let witnessed = check(app).await?;
    if let Witnessed::Held(now) = witnessed
        && last.is_none_or(|last| last.head != now.head || last.epoch != now.epoch)
    {
        let line = now.line(&app.keys.sign(&now.bytes()));
        app.witness.add(&line).await.map_err(|failure| unreachable(&failure))?;
        if let Err(problem) = app.witness.send(&app.egress, &line).await {
            tracing::error!(problem, "the end of the audit log was not taken by the witness");
        }
    }
    Ok(witnessed)
}

/// The last thing that was said with our key. What anybody else has written does not count.
async fn last_said(app: &App) -> Result<Option<Statement>, Error> {
    let lines = app.witness.last_lines().await.map_err(|failure| unreachable(&failure))?;
    let ours = lines.iter().rev().find_map(|line| {
        let (said, signature) = Statement::read(line)?;
        app.keys.has_signed(&said.bytes(), &signature).then_some(said)
    });
    if ours.is_none() && !lines.is_empty() {
        tracing::warn!(
            "nothing that the witness holds was signed with the key of this installation"
        );
    }
    Ok(ours)
}

fn unreachable(failure: &std::io::Error) -> Error {
    Error::Internal(format!("the witness file can't be used: {failure}"))
}

async fn quarantine(app: &App, said: &Statement, held: &Held) -> Result<(), Error> {
    let mut change = Change::begin(&app.worker_database, &Actor::system()).await?;
    let id = Uuid::now_v7();
    if !store::witness::begin_quarantine(&mut change, id, said, held).await? {
        return Ok(());
    }
    tracing::error!(
        witnessed = %said.head, witnessed_at = %said.at, found = %held.head,
        "the database was put back to an earlier state: nothing that was activated is in force until an emergency account \
         begins a new epoch"
    );
    notice::quarantined(app, &mut change, said.at).await?;
    let event = Event::failed(Kind::QuarantineBegun).target(id).detail(json!({
        "witnessed": said.head.to_string(),
        "witnessed_epoch": said.epoch,
        "witnessed_at": said.at,
        "found": held.head.to_string(),
    }));
    change.commit(&event).await?;
    app.wake.everything();
    Ok(())
}

/// The quarantine, if there is one, for whoever may end it or may read the audit log.
pub async fn show(app: &App, actor: &Actor) -> Result<Option<(Quarantine, bool)>, Error> {
    let user = access::user(actor, TokenScope::Read)?;
    let mut connection = app.database.acquire().await?;
    let account = store::account::read(&mut connection, user.principal).await?;
    let may_end = account.is_some_and(|account| account.break_glass);
    if !may_end {
        access::authorise(&mut connection, actor, Permission::ReadAudit).await?;
    }
    let quarantine = store::witness::quarantine(&mut connection).await?;
    Ok(quarantine.map(|quarantine| (quarantine, may_end)))
}

/// Begins a new epoch with the database as it is, which takes an emergency account, a reason and a fresh code. Everything that was
/// activated ends, every open request is closed, and every session but this one, every link and every token ends: some of
/// them may have ended before, in what is gone.
pub async fn begin_epoch(
    app: &App,
    actor: &Actor,
    why: &Justification,
    code: &str,
) -> Result<i32, Error> {
    let user = access::person(actor)?;
    let Via::Session(session) = user.via else {
        return Err(Error::NotAllowed("a new epoch is begun by somebody in a browser".to_owned()));
    };
    if why.is_empty() {
        return Err(Error::invalid("justification", "write what happened, and what you looked at"));
    }
    let Some((found, true)) = show(app, actor).await? else {
        return Err(Error::NotFound("quarantine"));
    };
    let act = Act::BeginEpoch { quarantine: found.id };
    let plain = Actor { idempotency: None, ..actor.clone() };
    let proofs = step_up::verify(app, &plain, code, std::slice::from_ref(&act)).await?;
    let proof = proofs.first().copied().ok_or(Error::Unauthenticated)?;
    let mut change = Change::begin(&app.database, actor).await?;
    let account = store::account::hold(&mut change, user.principal).await?;
    change.settle().await?;
    let Some(quarantine) = store::witness::quarantine(change.connection()).await? else {
        return Err(Error::Conflict("somebody has begun a new epoch already".to_owned()));
    };
    if !account.break_glass || quarantine.id != found.id {
        return Err(Error::NotFound("quarantine"));
    }
    store::witness::end_what_was_before(&mut change).await?;
    store::witness::end_ways_in(&mut change, session).await?;
    let epoch = store::witness::begin_epoch(&mut change, &quarantine, user.principal, why).await?;
    store::mfa_proof::spend(&mut change, proof, &act, quarantine.id).await?;
    let event = Event::new(Kind::EpochBegun)
        .target(quarantine.id)
        .detail(json!({ "epoch": epoch, "reason": why }));
    change.commit(&event).await?;
    app.wake.everything();
    Ok(epoch)
}
