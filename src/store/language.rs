//! What people have chosen to be told in: a language and a time zone.
use sqlx::PgConnection;

use crate::{
    domain::{
        id::{PersonId, PrincipalId},
        language::{Language, TimeZoneName, Wishes},
    },
    error::Error,
    store::Change,
};

/// What the people behind these accounts have chosen. Groups and applications have no wishes.
pub async fn of(
    connection: &mut PgConnection,
    principals: &[PrincipalId],
) -> Result<Vec<(PrincipalId, Wishes)>, Error> {
    let principals: Vec<_> = principals.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"
        select principals.id as "id!: PrincipalId", language, time_zone
        from principals
        left join persons on persons.id = person_id and principals.kind = 'user'
        where principals.id = any($1)
        "#,
        &principals,
    )
    .fetch_all(connection)
    .await?;
    let told = rows
        .into_iter()
        .map(|row| (row.id, Wishes::stored(row.language.as_deref(), row.time_zone.as_deref())));
    Ok(told.collect())
}

/// Keeps what a person has chosen, and gives what it was before.
pub async fn choose(
    change: &mut Change,
    person: PersonId,
    wishes: &Wishes,
) -> Result<Wishes, Error> {
    let before = sqlx::query!(
        "select language, time_zone from persons where id = $1 for no key update",
        person.0,
    )
    .fetch_one(change.connection())
    .await?;
    sqlx::query!(
        "update persons set language = $2, time_zone = $3 where id = $1",
        person.0,
        wishes.language.map(Language::tag),
        wishes.time_zone.as_ref().map(TimeZoneName::as_str),
    )
    .execute(change.connection())
    .await?;
    Ok(Wishes::stored(before.language.as_deref(), before.time_zone.as_deref()))
}
