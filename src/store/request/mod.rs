//! Requests and the decisions on them: opening, locking and moving them.
use sqlx::PgConnection;

use super::{
    Change, OnConstraint as _,
    activation::{Aim, Eligibility},
};

mod remarks;
mod stages;
mod told;

pub use remarks::{Remark, RemarkKind, remark, remarks, remarks_lately};
pub use stages::{
    Decider, Said, Speakers, Standings, advance_stage, asked, by_turns, deciders, escalate,
    open_stages, said, speakers, standings, to_escalate, was_asked,
};
pub use told::{Told, Wanted, awaiting, context, has_decided, list, one, open_of, pending};

use crate::{
    domain::{
        activation::{Ask, Closing, Refusal, State},
        id::{
            AssignmentId, DecisionId, PersonId, PrincipalId, ProofId, RequestId, RoleId, ScopeId,
            SettingsId,
        },
        request::{RequestKind, RequestState, Verdict},
        text::Justification,
        time::{Duration, Instant},
    },
    error::Error,
};

/// What a new request is made from.
#[derive(Clone, Copy, Debug)]
pub struct NewRequest<'a> {
    /// Its identifier, which the proof was spent for.
    pub id: RequestId,
    /// The eligibility that it rests on.
    pub eligibility: &'a Eligibility,
    /// What is asked for.
    pub ask: &'a Ask,
    /// The activation to take over from, if it is for more time.
    pub extends: Option<AssignmentId>,
    /// The terms in force, pinned.
    pub settings: SettingsId,
    /// Their maximum.
    pub maximum: Duration,
    /// The proof that came with it.
    pub proof: Option<ProofId>,
}

/// Where a new request begins.
#[derive(Clone, Copy, Debug)]
pub enum Beginning {
    /// It waits for an approver.
    Pending {
        /// When it lapses.
        expires_at: Instant,
    },
    /// It takes effect later, at the start that was asked for.
    Scheduled,
    /// It takes effect at once.
    Granted,
}

/// Opens a request.
pub async fn open(
    change: &mut Change,
    new: NewRequest<'_>,
    beginning: Beginning,
) -> Result<(), Error> {
    let (state, expires_at) = match beginning {
        Beginning::Pending { expires_at } => (RequestState::Pending, Some(expires_at)),
        Beginning::Scheduled => (RequestState::Scheduled, None),
        Beginning::Granted => (RequestState::Granted, None),
    };
    let kind = if new.extends.is_some() { RequestKind::Extend } else { RequestKind::Activate };
    let at = change.at();
    // A start that has come meanwhile means "now".
    let starts_at = new.ask.starts_at.filter(|start| *start > at);
    sqlx::query!(
        r#"
        insert into requests (
            id, kind, prior, state, principal_id, person_id, role_id, scope_id, eligibility_id, settings_id,
            maximum_seconds, extends_id, requested_seconds, starts_at, justification, ticket_number, ticket_system,
            proof_id, created_at, expires_at, closed_at, emergency
        )
        values ($1, $2, 'new', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
        "#,
        new.id.0,
        kind as RequestKind,
        state as RequestState,
        new.eligibility.principal.0,
        new.eligibility.person.0,
        new.eligibility.role.0,
        new.eligibility.scope.0,
        new.eligibility.id.0,
        new.settings.0,
        new.maximum.seconds(),
        new.extends.map(|id| id.0),
        new.ask.duration.seconds(),
        starts_at,
        new.ask.justification.as_str(),
        new.ask.ticket_number.as_str(),
        new.ask.ticket_system.as_str(),
        new.proof.map(|id| id.0),
        at,
        expires_at,
        (!state.is_open()).then_some(at),
        new.ask.emergency,
    )
    .execute(change.connection())
    .await
    .on_constraint("requests_one_open", || Error::Refused(vec![Refusal::AlreadyRequested]))?;
    Ok(())
}

/// A request that is about to be decided, started or closed, held under lock.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Locked {
    /// Which.
    pub id: RequestId,
    /// Whether it is for more time.
    pub kind: RequestKind,
    /// Where it stands.
    pub state: State,
    /// Who asks.
    pub principal: PrincipalId,
    /// The human being behind it.
    pub person: PersonId,
    /// For which role.
    pub role: RoleId,
    /// At which scope.
    pub scope: ScopeId,
    /// The eligibility that it rests on.
    pub eligibility: AssignmentId,
    /// The terms that were pinned.
    pub settings: SettingsId,
    /// Their maximum.
    pub maximum: Duration,
    /// The activation to take over from.
    pub extends: Option<AssignmentId>,
    /// For how long.
    pub requested: Duration,
    /// What an approver left of that.
    pub granted: Option<Duration>,
    /// From when, if later.
    pub starts_at: Option<Instant>,
    /// Whether a reason came with it.
    pub justified: bool,
    /// Whether a ticket came with it.
    pub ticketed: bool,
    /// Whether a proof came with it.
    pub proved: bool,
    /// Whether all stages of its approval are settled.
    pub approved: bool,
    /// Whether somebody's yes that it rests on counts no longer.
    pub approval_lost: bool,
    /// Who decided it, if somebody did.
    pub decided_by: Option<String>,
}

/// What a request is about: read first, since the eligibility is locked before the request.
pub async fn aim_of(connection: &mut PgConnection, id: RequestId) -> Result<Aim, Error> {
    let row = sqlx::query!(
        r#"
        select eligibility_id as "eligibility: AssignmentId", principal_id as "principal: PrincipalId",
            scope_id as "scope: ScopeId"
        from requests where id = $1
        "#,
        id.0,
    )
    .fetch_optional(connection)
    .await?
    .ok_or(Error::NotFound("request"))?;
    Ok(Aim { eligibility: row.eligibility, principal: row.principal, scope: Some(row.scope) })
}

/// Reads a request and holds it under lock until the change ends.
pub async fn lock(change: &mut Change, id: RequestId) -> Result<Locked, Error> {
    let row = sqlx::query!(
        r#"
        select
            requests.id as "id: RequestId", kind as "kind: RequestKind", state as "state: RequestState",
            principal_id as "principal: PrincipalId", person_id as "person: PersonId", role_id as "role: RoleId",
            scope_id as "scope: ScopeId", eligibility_id as "eligibility: AssignmentId",
            settings_id as "settings: SettingsId", maximum_seconds, extends_id as "extends: AssignmentId",
            requested_seconds, granted_seconds, starts_at, proof_id is not null as "proved!",
            justification <> '' as "justified!", ticket_number <> '' and ticket_system <> '' as "ticketed!", expires_at,
            closed_at, failure, is_approved(requests) as "approved!",
            exists (
                select from decisions where request_id = requests.id and verdict = 'approve' and not word_stands(decisions)
            ) as "approval_lost!"
        from requests
        where id = $1
        for update
        "#,
        id.0,
    )
    .fetch_optional(change.connection())
    .await?
    .ok_or(Error::NotFound("request"))?;
    let duration = |seconds| {
        Duration::from_seconds(seconds)
            .map_err(|_| Error::Inconsistent { table: "requests", id: id.0 })
    };
    let state = match (row.state, row.expires_at, row.starts_at, row.closed_at) {
        (RequestState::Pending, Some(expires_at), ..) => Some(State::Pending { expires_at }),
        (RequestState::Scheduled, _, Some(starts_at), _) => Some(State::Scheduled { starts_at }),
        (stands, _, _, Some(at)) => {
            closing(stands, row.failure).map(|how| State::Closed { how, at })
        }
        _ => None,
    };
    Ok(Locked {
        id: row.id,
        kind: row.kind,
        state: state.ok_or(Error::Inconsistent { table: "requests", id: id.0 })?,
        principal: row.principal,
        person: row.person,
        role: row.role,
        scope: row.scope,
        eligibility: row.eligibility,
        settings: row.settings,
        maximum: duration(row.maximum_seconds)?,
        extends: row.extends,
        requested: duration(row.requested_seconds)?,
        granted: row.granted_seconds.map(duration).transpose()?,
        starts_at: row.starts_at,
        justified: row.justified,
        ticketed: row.ticketed,
        proved: row.proved,
        approved: row.approved,
        approval_lost: row.approval_lost,
        decided_by: last_decider(change.connection(), id).await?,
    })
}

/// Who spoke last of a request, if anybody did.
async fn last_decider(
    connection: &mut PgConnection,
    id: RequestId,
) -> Result<Option<String>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select display_name from decisions
        join persons on persons.id = approver_person_id
        where request_id = $1
        order by decisions.created_at desc
        limit 1
        "#,
        id.0,
    )
    .fetch_optional(connection)
    .await?)
}

/// How a request came out; none if it has not, or if it failed and nobody said why.
fn closing(stands: RequestState, failure: Option<String>) -> Option<Closing> {
    match stands {
        RequestState::Granted => Some(Closing::Granted),
        RequestState::Denied => Some(Closing::Denied),
        RequestState::Cancelled => Some(Closing::Cancelled),
        RequestState::Expired => Some(Closing::Expired),
        RequestState::Failed => failure.map(Closing::Failed),
        RequestState::Pending | RequestState::Scheduled => None,
    }
}

/// Writes down where a request, which is held under lock, has gone: to another state, or to the next stage of its approval.
/// `granted` is what an approver left of its duration.
pub async fn advance(
    change: &mut Change,
    id: RequestId,
    to: &State,
    granted: Option<Duration>,
) -> Result<(), Error> {
    let (expires_at, closed_at, failure) = match to {
        State::Pending { expires_at } => (Some(*expires_at), None, None),
        State::Scheduled { .. } => (None, None, None),
        State::Closed { how: Closing::Failed(why), at } => (None, Some(*at), Some(why.as_str())),
        State::Closed { at, .. } => (None, Some(*at), None),
    };
    let moved = sqlx::query!(
        r#"
        update requests
        set state = $2, granted_seconds = coalesce($3, granted_seconds), closed_at = $4, failure = $5,
            expires_at = coalesce($6, expires_at)
        where id = $1 and state in ('pending', 'scheduled')
        "#,
        id.0,
        RequestState::from(to) as RequestState,
        granted.map(Duration::seconds),
        closed_at,
        failure,
        expires_at,
    )
    .execute(change.connection())
    .await?;
    if moved.rows_affected() == 1 { Ok(()) } else { Err(Error::Refused(vec![Refusal::NotOpen])) }
}

/// What an approver says of a request.
#[derive(Clone, Copy, Debug)]
pub struct Word<'a> {
    /// Its identifier, which the proof was spent for.
    pub id: DecisionId,
    /// In which stage, and for whom.
    pub decider: &'a Decider,
    /// Yes or no.
    pub verdict: Verdict,
    /// Why.
    pub justification: &'a Justification,
    /// The proof that came with it.
    pub proof: Option<ProofId>,
}

/// Writes down what an approver said of a request that is held under lock.
pub async fn decide(change: &mut Change, request: &Locked, word: Word<'_>) -> Result<(), Error> {
    let at = change.at();
    let approver = change
        .actor()
        .user()
        .map(|user| (user.principal, user.person))
        .ok_or(Error::Unauthenticated)?;
    sqlx::query!(
        r#"
        insert into decisions (
            id, request_id, requester_person_id, approver_id, approver_person_id, verdict, justification, proof_id,
            created_at, stage, for_person_id, entries, escalation
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        "#,
        word.id.0,
        request.id.0,
        request.person.0,
        approver.0.0,
        approver.1.0,
        word.verdict as Verdict,
        word.justification.as_str(),
        word.proof.map(|proof| proof.0),
        at,
        word.decider.stage,
        word.decider.speaks_for.0,
        &word.decider.entries,
        word.decider.escalation,
    )
    .execute(change.connection())
    .await
    .on_constraint("decisions_never_ones_own", || Error::Refused(vec![Refusal::OwnRequest]))
    .on_constraint("decisions_in_no_circle", || Error::Refused(vec![Refusal::InACircle]))?;
    Ok(())
}

/// A request that was closed because what it rested on had gone.
#[derive(Clone, Copy, Debug)]
pub struct Closed {
    /// Which.
    pub id: RequestId,
    /// Whose.
    pub principal: PrincipalId,
    /// For which role.
    pub role: RoleId,
    /// At which scope.
    pub scope: ScopeId,
}

/// What open requests have in common that fail together.
#[derive(Clone, Copy, Debug)]
pub enum Of {
    /// They rest on this eligibility.
    Eligibility(AssignmentId),
    /// This account made them.
    Principal(PrincipalId),
    /// They are for more time for this activation.
    Activation(AssignmentId),
    /// This one.
    Request(RequestId),
    /// They are for this role.
    Role(RoleId),
    /// They are for this place.
    Scope(ScopeId),
}

/// Fails every open request of that kind.
pub async fn fail_all(change: &mut Change, of: Of, why: &str) -> Result<Vec<Closed>, Error> {
    let at = change.at();
    let (mut eligibility, mut principal, mut activation) = (None, None, None);
    let (mut request, mut role, mut scope) = (None, None, None);
    match of {
        Of::Eligibility(id) => eligibility = Some(id.0),
        Of::Principal(id) => principal = Some(id.0),
        Of::Activation(id) => activation = Some(id.0),
        Of::Request(id) => request = Some(id.0),
        Of::Role(id) => role = Some(id.0),
        Of::Scope(id) => scope = Some(id.0),
    }
    Ok(sqlx::query_as!(
        Closed,
        r#"
        update requests set state = 'failed', closed_at = $1, failure = $2
        where state in ('pending', 'scheduled') and (
            eligibility_id = $3
            or principal_id = $4
            -- An extension rests on the same eligibility as what it extends.
            or (extends_id = $5 and eligibility_id = (select eligibility_id from assignments where id = $5))
            or id = $6
            or role_id = $7
            or scope_id = $8
        )
        returning id as "id: RequestId", principal_id as "principal: PrincipalId", role_id as "role: RoleId",
            scope_id as "scope: ScopeId"
        "#,
        at,
        why,
        eligibility,
        principal,
        activation,
        request,
        role,
        scope,
    )
    .fetch_all(change.connection())
    .await?)
}

/// Fails every open request that rests on a yes which counts no longer, or on any yes that `account` gave.
pub async fn fail_without_word(
    change: &mut Change,
    account: Option<PrincipalId>,
    why: &str,
) -> Result<Vec<Closed>, Error> {
    let at = change.at();
    Ok(sqlx::query_as!(
        Closed,
        r#"
        update requests set state = 'failed', closed_at = $1, failure = $2
        where state in ('pending', 'scheduled') and exists (
            select from decisions
            where request_id = requests.id and verdict = 'approve' and (approver_id = $3 or not word_stands(decisions))
        )
        returning id as "id: RequestId", principal_id as "principal: PrincipalId", role_id as "role: RoleId",
            scope_id as "scope: ScopeId"
        "#,
        at,
        why,
        account.map(|account| account.0),
    )
    .fetch_all(change.connection())
    .await?)
}
