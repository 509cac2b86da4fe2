//! The stages of a request's approval: where they stand, who may decide, and what was said in them.
use sqlx::PgConnection;

use crate::{
    domain::{
        approval::{StageState, Standing, Vote},
        id::{PersonId, PrincipalId, RequestId},
        request::Verdict,
        time::Instant,
    },
    error::Error,
    store::Change,
};

/// Writes down the stages of a new request; `explanations` say why those were skipped that were.
pub async fn open_stages(
    change: &mut Change,
    request: RequestId,
    stages: &[Standing],
    explanations: &[String],
) -> Result<(), Error> {
    let at = change.at();
    for (stage, explanation) in stages.iter().zip(explanations) {
        let skipped = stage.state == StageState::Skipped;
        sqlx::query!(
            r#"
            insert into request_stages (
                request_id, position, state, opened_at, escalates_at, expires_at, settled_at, explanation
            )
            values ($1, $2, $3, $4, $5, $6, $7, $8)
            "#,
            request.0,
            position(stage.number),
            stage.state as StageState,
            stage.opened_at,
            stage.escalates_at,
            stage.expires_at,
            skipped.then_some(at),
            explanation,
        )
        .execute(change.connection())
        .await?;
    }
    Ok(())
}

fn position(number: usize) -> i16 {
    i16::try_from(number).unwrap_or(i16::MAX)
}

/// The stages of a request with why they were skipped, in their order.
pub type Standings = Vec<(Standing, String)>;

/// Where the stages of a request stand.
pub async fn standings(
    connection: &mut PgConnection,
    request: RequestId,
) -> Result<Standings, Error> {
    let rows = sqlx::query!(
        r#"
        select position, state as "state: StageState", opened_at as "opened_at: Instant",
            escalates_at as "escalates_at: Instant", expires_at as "expires_at: Instant", explanation
        from request_stages
        where request_id = $1
        order by position
        "#,
        request.0,
    )
    .fetch_all(connection)
    .await?;
    let standing = |number: i16, state, opened_at, escalates_at, expires_at| Standing {
        number: usize::try_from(number).unwrap_or(0),
        state,
        opened_at,
        escalates_at,
        expires_at,
    };
    Ok(rows
        .into_iter()
        .map(|row| {
            let stands =
                standing(row.position, row.state, row.opened_at, row.escalates_at, row.expires_at);
            (stands, row.explanation)
        })
        .collect())
}

/// Settles the stage that is open, if it is, and opens the next, if there is one.
pub async fn advance_stage(
    change: &mut Change,
    request: RequestId,
    settled: Option<(usize, StageState)>,
    next: Option<&Standing>,
) -> Result<(), Error> {
    let at = change.at();
    if let Some((number, state)) = settled {
        sqlx::query!(
            r#"
            update request_stages set state = $3, settled_at = $4
            where request_id = $1 and position = $2 and state = 'open'
            "#,
            request.0,
            position(number),
            state as StageState,
            at,
        )
        .execute(change.connection())
        .await?;
    }
    if let Some(stage) = next {
        sqlx::query!(
            r#"
            update request_stages
            set state = 'open', opened_at = $3, escalates_at = $4, expires_at = $5
            where request_id = $1 and position = $2 and state = 'waiting'
            "#,
            request.0,
            position(stage.number),
            stage.opened_at,
            stage.escalates_at,
            stage.expires_at,
        )
        .execute(change.connection())
        .await?;
    }
    Ok(())
}

/// The requests of which others may decide as well by now and have not been told, `limit` at most. Nothing is locked.
pub async fn to_escalate(
    connection: &mut PgConnection,
    limit: i64,
) -> Result<Vec<RequestId>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select request_id as "id: RequestId"
        from request_stages
        join requests on requests.id = request_id and requests.state = 'pending'
        where request_stages.state = 'open' and escalated_at is null and escalates_at <= instant()
        order by escalates_at
        limit $1
        "#,
        limit,
    )
    .fetch_all(connection)
    .await?)
}

/// Notes that others are asked as well. False if that has been noted already, or is not due.
pub async fn escalate(change: &mut Change, request: RequestId) -> Result<bool, Error> {
    let at = change.at();
    let noted = sqlx::query!(
        r#"
        update request_stages set escalated_at = $2
        where request_id = $1 and state = 'open' and escalated_at is null and escalates_at <= $2
        "#,
        request.0,
        at,
    )
    .execute(change.connection())
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// Somebody who may decide a request now, for themself or for another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decider {
    /// The account.
    pub principal: PrincipalId,
    /// The human being.
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// The approver for whom they speak: themself, or whom they stand in for.
    pub speaks_for: PersonId,
    /// The name of whom they stand in for, if they do.
    pub deputises: Option<String>,
    /// The stage, counted from 1.
    pub stage: i16,
    /// By which of the stage's approvers, as they are written.
    pub entries: Vec<String>,
    /// Whether they are asked only because it takes long.
    pub escalation: bool,
}

/// Who may decide a request at one moment, and who could but for one thing.
#[derive(Clone, Debug, Default)]
pub struct Speakers {
    /// The enabled people who may: for themselves, and for those whom they stand in for.
    pub deciders: Vec<Decider>,
    /// Those who would, but for this: all that makes them approvers rests on a yes of whoever asks.
    pub barred: Vec<Decider>,
}

/// Who may decide `request` at `at`, and who could but for one thing.
pub async fn speakers(
    connection: &mut PgConnection,
    request: RequestId,
    at: Instant,
) -> Result<Speakers, Error> {
    let rows = sqlx::query!(
        r#"
        select speaking.principal_id as "principal!: PrincipalId", speaking.person_id as "person!: PersonId",
            persons.display_name as name, for_person_id as "speaks_for!: PersonId",
            case when for_person_id <> speaking.person_id then represented.display_name end as "deputises?",
            stage as "stage!", array_agg(entry order by entry) as "entries!: Vec<String>",
            bool_and(escalation) as "escalation!", circular as "circular!"
        from speakers_in_the_open_stage($1, $2) as speaking
        join persons on persons.id = speaking.person_id
        join persons as represented on represented.id = for_person_id
        group by speaking.principal_id, speaking.person_id, persons.display_name, for_person_id, represented.display_name,
            stage, circular
        -- Whoever may speak for themself does.
        order by persons.display_name, speaking.principal_id, for_person_id <> speaking.person_id, represented.display_name
        "#,
        request.0,
        at,
    )
    .fetch_all(connection)
    .await?;
    let mut speakers = Speakers::default();
    for row in rows {
        let list = if row.circular { &mut speakers.barred } else { &mut speakers.deciders };
        list.push(Decider {
            principal: row.principal,
            person: row.person,
            name: row.name,
            speaks_for: row.speaks_for,
            deputises: row.deputises,
            stage: row.stage,
            entries: row.entries,
            escalation: row.escalation,
        });
    }
    let Speakers { deciders, barred } = &mut speakers;
    barred.retain(|barred| deciders.iter().all(|able| able.principal != barred.principal));
    Ok(speakers)
}

/// The enabled people who may decide `request` at `at`.
pub async fn deciders(
    connection: &mut PgConnection,
    request: RequestId,
    at: Instant,
) -> Result<Vec<Decider>, Error> {
    Ok(speakers(connection, request, at).await?.deciders)
}

/// When `requester` last agreed to something that `approver` asked for, within the thirty days before `at`: then the two agree by
/// turns.
pub async fn by_turns(
    connection: &mut PgConnection,
    (requester, approver): (PersonId, PersonId),
    at: Instant,
) -> Result<Option<Instant>, Error> {
    Ok(sqlx::query_scalar!(
        r#"select agreed_by_turns($1, $2, $3) as "at: Instant""#,
        requester.0,
        approver.0,
        at,
    )
    .fetch_one(connection)
    .await?)
}

/// The accounts that were asked in the stage that opened last, whatever became of the request.
pub async fn asked(
    connection: &mut PgConnection,
    request: RequestId,
    at: Instant,
) -> Result<Vec<PrincipalId>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select distinct principal_id as "principal!: PrincipalId" from speakers_of($1, $2)
        where stage = (
            select position from request_stages where request_id = $1 and opened_at is not null
            order by position desc limit 1
        )
        "#,
        request.0,
        at,
    )
    .fetch_all(connection)
    .await?)
}

/// Whether `account` may speak of a request at `at`, or could have: in the stage that is open, or in one that is over.
pub async fn was_asked(
    connection: &mut PgConnection,
    account: PrincipalId,
    request: RequestId,
    at: Instant,
) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from speakers_of($1, $2) where principal_id = $3) as "asked!""#,
        request.0,
        at,
        account.0,
    )
    .fetch_one(connection)
    .await?)
}

/// What was said of a request.
#[derive(Clone, Debug)]
pub struct Said {
    /// In which stage, counted from 1.
    pub stage: i16,
    /// What.
    pub verdict: Verdict,
    /// Why.
    pub justification: String,
    /// Who.
    pub by: String,
    /// Their account.
    pub principal: PrincipalId,
    /// The human being.
    pub person: PersonId,
    /// Whom they stood in for, if they did.
    pub deputised: Option<String>,
    /// For whom it counts.
    pub speaks_for: PersonId,
    /// By which of the stage's approvers, as they are written.
    pub entries: Vec<String>,
    /// Whether they were asked only because it took long.
    pub escalation: bool,
    /// When.
    pub at: Instant,
    /// When whoever asks had last agreed to something that this approver asked for, if this is a yes and that was within thirty
    /// days before it.
    pub by_turns: Option<Instant>,
}

impl Said {
    /// It, as a yes that counts.
    #[must_use]
    pub fn vote(&self) -> Vote {
        Vote {
            of: self.speaks_for,
            entries: self.entries.iter().cloned().collect(),
            escalation: self.escalation,
        }
    }
}

/// Everything that was said of a request, in the order in which it was.
pub async fn said(connection: &mut PgConnection, request: RequestId) -> Result<Vec<Said>, Error> {
    Ok(sqlx::query_as!(
        Said,
        r#"
        select stage, verdict as "verdict: Verdict", justification, persons.display_name as by,
            approver_id as "principal: PrincipalId", approver_person_id as "person: PersonId",
            case when for_person_id <> approver_person_id then represented.display_name end as "deputised?",
            for_person_id as "speaks_for: PersonId", entries, escalation, decisions.created_at as "at: Instant",
            case when verdict = 'approve' then
                agreed_by_turns(requester_person_id, approver_person_id, decisions.created_at)
            end as "by_turns?: Instant"
        from decisions
        join persons on persons.id = approver_person_id
        join persons as represented on represented.id = for_person_id
        where request_id = $1
        order by decisions.created_at, decisions.id
        "#,
        request.0,
    )
    .fetch_all(connection)
    .await?)
}
