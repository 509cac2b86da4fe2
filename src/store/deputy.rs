//! Who decides for an approver while that one is away.
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Change, OnConstraint as _};
use crate::{
    domain::{id::PersonId, time::Instant},
    error::Error,
};

/// A deputy, for a while.
#[derive(Clone, Debug)]
pub struct Told {
    /// Which.
    pub id: Uuid,
    /// Whom they stand in for.
    pub person: PersonId,
    /// That one's name.
    pub name: String,
    /// The deputy.
    pub deputy: PersonId,
    /// Their name.
    pub deputy_name: String,
    /// From when.
    pub starts_at: Instant,
    /// Until when.
    pub ends_at: Instant,
    /// Why.
    pub reason: String,
}

/// The deputies of a person, and those whom they stand in for, that are not over: the earliest first, two hundred at most.
pub async fn of(connection: &mut PgConnection, person: PersonId) -> Result<Vec<Told>, Error> {
    Ok(sqlx::query_as!(
        Told,
        r#"
        select deputies.id, person_id as "person: PersonId", persons.display_name as name,
            deputy_id as "deputy: PersonId", standing_in.display_name as deputy_name,
            starts_at as "starts_at: Instant", ends_at as "ends_at: Instant", reason
        from deputies
        join persons on persons.id = person_id
        join persons as standing_in on standing_in.id = deputy_id
        where (person_id = $1 or deputy_id = $1) and ended_at is null and ends_at > instant()
        order by starts_at, deputies.id
        limit 200
        "#,
        person.0,
    )
    .fetch_all(connection)
    .await?)
}

/// A deputy who is to be named.
#[derive(Clone, Debug)]
pub struct New<'a> {
    /// Whom they stand in for.
    pub person: PersonId,
    /// The deputy.
    pub deputy: PersonId,
    /// From when.
    pub starts_at: Instant,
    /// Until when.
    pub ends_at: Instant,
    /// Why.
    pub reason: &'a str,
}

/// Names a deputy.
pub async fn name(change: &mut Change, new: &New<'_>) -> Result<Uuid, Error> {
    let id = Uuid::now_v7();
    let at = change.at();
    sqlx::query!(
        r#"
        insert into deputies (id, person_id, deputy_id, starts_at, ends_at, reason, created_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        "#,
        id,
        new.person.0,
        new.deputy.0,
        new.starts_at,
        new.ends_at,
        new.reason,
        at,
    )
    .execute(change.connection())
    .await
    .on_constraint("deputies_do_not_overlap", || {
        Error::invalid("deputy", "they stand in for you during part of that time already")
    })
    .on_constraint("deputies_are_others", || {
        Error::invalid("deputy", "choose somebody else, not another account of yours")
    })
    .on_constraint("deputies_are_for_a_while", || {
        Error::invalid("ends_at", "a deputy stands in for 92 days at most")
    })
    .on_constraint("deputies_run_forward", || {
        Error::invalid("ends_at", "choose an end that comes after the start")
    })?;
    Ok(id)
}

/// Ends it before its time. None if there is none of that person, or it is over.
pub async fn end(
    change: &mut Change,
    id: Uuid,
    person: PersonId,
) -> Result<Option<PersonId>, Error> {
    let at = change.at();
    Ok(sqlx::query_scalar!(
        r#"
        update deputies set ended_at = $3
        where id = $1 and person_id = $2 and ended_at is null and ends_at > $3
        returning deputy_id as "deputy: PersonId"
        "#,
        id,
        person.0,
        at,
    )
    .fetch_optional(change.connection())
    .await?)
}
