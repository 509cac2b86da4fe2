//! What people say and do about a request beside deciding it.
use sqlx::PgConnection;
use uuid::Uuid;

use super::super::OnConstraint as _;
use crate::{
    domain::{
        id::{PersonId, PrincipalId, RequestId},
        time::Instant,
    },
    error::Error,
    store::Change,
};

/// The kinds of remark.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    sqlx::Type,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "remark_kind", rename_all = "snake_case")]
pub enum RemarkKind {
    /// Somebody says something.
    Comment,
    /// Somebody looks at it.
    Claim,
    /// They leave it to others again.
    Release,
    /// Whoever asks asks again.
    Nudge,
}

/// A remark.
#[derive(Clone, Debug)]
pub struct Remark {
    /// Which.
    pub id: Uuid,
    /// What sort of.
    pub kind: RemarkKind,
    /// Who.
    pub by: String,
    /// Their account.
    pub principal: PrincipalId,
    /// The human being.
    pub person: PersonId,
    /// What they said; empty but for comments.
    pub text: String,
    /// When.
    pub at: Instant,
}

/// Everything that was remarked about a request, in order; the last five hundred.
pub async fn remarks(
    connection: &mut PgConnection,
    request: RequestId,
) -> Result<Vec<Remark>, Error> {
    let mut found = sqlx::query_as!(
        Remark,
        r#"
        select request_remarks.id, kind as "kind: RemarkKind", display_name as by, author_id as "principal: PrincipalId",
            author_person_id as "person: PersonId", text, request_remarks.created_at as "at: Instant"
        from request_remarks
        join persons on persons.id = author_person_id
        where request_id = $1
        order by request_remarks.created_at desc, request_remarks.id desc
        limit 500
        "#,
        request.0,
    )
    .fetch_all(connection)
    .await?;
    found.reverse();
    Ok(found)
}

/// How many remarks whoever acts has made about a request within the last hour.
pub async fn remarks_lately(change: &mut Change, request: RequestId) -> Result<i64, Error> {
    let at = change.at();
    let person = change.actor().user().map(|user| user.person).ok_or(Error::Unauthenticated)?;
    Ok(sqlx::query_scalar!(
        r#"
        select count(*) as "count!" from request_remarks
        where request_id = $1 and author_person_id = $2 and created_at > $3::timestamptz - interval '1 hour'
        "#,
        request.0,
        person.0,
        at,
    )
    .fetch_one(change.connection())
    .await?)
}

/// Writes a remark down.
pub async fn remark(
    change: &mut Change,
    request: RequestId,
    kind: RemarkKind,
    text: &str,
) -> Result<Uuid, Error> {
    let id = Uuid::now_v7();
    let at = change.at();
    let author = change
        .actor()
        .user()
        .map(|user| (user.principal, user.person))
        .ok_or(Error::Unauthenticated)?;
    sqlx::query!(
        r#"
        insert into request_remarks (id, request_id, kind, author_id, author_person_id, text, created_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        "#,
        id,
        request.0,
        kind as RemarkKind,
        author.0.0,
        author.1.0,
        text,
        at,
    )
    .execute(change.connection())
    .await
    .on_constraint("request_remarks_nudge_once_an_hour", || {
        Error::Conflict("they were asked again within the last hour: give them a little time".to_owned())
    })?;
    Ok(id)
}
