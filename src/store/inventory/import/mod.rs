//! Lists of what is held elsewhere, as they were handed in, and what became of each row.
use sqlx::{PgConnection, types::Json};

use crate::{
    domain::{
        id::{ImportId, PrincipalId},
        inventory::{Format, Mapping},
        time::Instant,
    },
    error::Error,
    store::Change,
};

mod rows;

pub use rows::{NewAssignment, Row, RowOutcome, assign, keep, rows};

/// Where an import stands.
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
#[sqlx(type_name = "import_state", rename_all = "snake_case")]
#[schema(as = ImportState)]
pub enum State {
    /// It was handed in, and nothing was made of it yet.
    Draft,
    /// Its rows were imported.
    Done,
    /// It was thrown away.
    Discarded,
}

/// A file to be kept until it is decided what becomes of it.
#[derive(Clone, Copy, Debug)]
pub struct NewImport<'a> {
    /// What it is called.
    pub file_name: &'a str,
    /// What it was written as.
    pub format: Format,
    /// Its SHA-256.
    pub digest: [u8; 32],
    /// How many rows it has.
    pub rows: i32,
    /// The file itself.
    pub file: &'a [u8],
    /// How it is probably to be read.
    pub mapping: &'a Mapping,
}

/// Keeps a file.
pub async fn create(
    change: &mut Change,
    by: PrincipalId,
    new: NewImport<'_>,
) -> Result<ImportId, Error> {
    let id = ImportId::new();
    let at = change.at();
    sqlx::query!(
        r#"
        insert into imports (id, state, file_name, format, digest, rows_read, file, mapping, created_by, created_at)
        values ($1, 'draft', $2, $3, $4, $5, $6, $7, $8, $9)
        "#,
        id.0,
        new.file_name,
        new.format as Format,
        new.digest.as_slice(),
        new.rows,
        new.file,
        Json(new.mapping) as _,
        by.0,
        at,
    )
    .execute(change.connection())
    .await?;
    Ok(id)
}

/// An import as it is told.
#[derive(Clone, Debug)]
pub struct Told {
    /// Which.
    pub id: ImportId,
    /// Where it stands.
    pub state: State,
    /// What the file was called.
    pub file_name: String,
    /// What it was written as.
    pub format: Format,
    /// Its SHA-256.
    pub digest: Vec<u8>,
    /// How many rows it had.
    pub rows_read: i32,
    /// How it is read.
    pub mapping: Option<Json<Mapping>>,
    /// The account that handed it in.
    pub created_by: PrincipalId,
    /// Their name.
    pub by_name: String,
    /// When.
    pub created_at: Instant,
    /// When it was imported or thrown away.
    pub closed_at: Option<Instant>,
    /// How many assignments were made.
    pub made: Option<i32>,
    /// How many rows were there already.
    pub already: Option<i32>,
    /// How many rows were left out.
    pub left_out: Option<i32>,
    /// How many assignments end sooner than was said, since their roles' terms say so.
    pub shortened: Option<i32>,
    /// How many roles were made.
    pub roles_made: Option<i32>,
    /// How many places were made.
    pub scopes_made: Option<i32>,
}

/// Which imports are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// This one.
    pub id: Option<ImportId>,
    /// Those of this account.
    pub by: Option<PrincipalId>,
    /// Those that were done with this file and this mapping.
    pub fingerprint: Option<&'a [u8]>,
    /// Those handed in before this one.
    pub before: Option<ImportId>,
}

/// Imports, newest first, `limit` at most.
pub async fn list(
    connection: &mut PgConnection,
    wanted: Wanted<'_>,
    limit: i64,
) -> Result<Vec<Told>, Error> {
    Ok(sqlx::query_as!(
        Told,
        r#"
        select
            imports.id as "id: ImportId", state as "state: State", file_name, format as "format: Format", digest,
            rows_read, mapping as "mapping: Json<Mapping>", created_by as "created_by: PrincipalId",
            coalesce(display_name, principals.name) as "by_name!", imports.created_at, closed_at, made, already,
            left_out, shortened, roles_made, scopes_made
        from imports
        join principals on principals.id = created_by
        left join persons on persons.id = person_id
        where ($1::uuid is null or imports.id = $1)
            and ($2::uuid is null or created_by = $2)
            and ($3::bytea is null or (fingerprint = $3 and state = 'done'))
            and ($4::uuid is null or imports.id < $4)
        order by imports.id desc
        limit $5
        "#,
        wanted.id.map(|id| id.0),
        wanted.by.map(|id| id.0),
        wanted.fingerprint,
        wanted.before.map(|id| id.0),
        limit,
    )
    .fetch_all(connection)
    .await?)
}

/// One import.
pub async fn one(connection: &mut PgConnection, id: ImportId) -> Result<Told, Error> {
    let wanted = Wanted { id: Some(id), ..Wanted::default() };
    list(connection, wanted, 1).await?.pop().ok_or(Error::NotFound("import"))
}

/// The file of an import that is still a draft.
pub async fn file(connection: &mut PgConnection, id: ImportId) -> Result<Vec<u8>, Error> {
    sqlx::query_scalar!(
        r#"select file as "file!" from imports where id = $1 and file is not null"#,
        id.0
    )
    .fetch_optional(connection)
    .await?
    .ok_or_else(|| Error::Conflict("this import is closed: its file is no longer kept".to_owned()))
}

/// Holds a draft under lock until the change ends; says whether it is one.
pub async fn lock(change: &mut Change, id: ImportId) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        "select id from imports where id = $1 and state = 'draft' for update",
        id.0
    )
    .fetch_optional(change.connection())
    .await?;
    Ok(found.is_some())
}

/// How many drafts an account has.
pub async fn drafts(connection: &mut PgConnection, by: PrincipalId) -> Result<i64, Error> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "number!" from imports where created_by = $1 and state = 'draft'"#,
        by.0,
    )
    .fetch_one(connection)
    .await?)
}

/// Keeps how a draft is to be read; says whether it is one. Nothing comes of it yet, so it is no event.
pub async fn set_mapping(
    connection: &mut PgConnection,
    id: ImportId,
    mapping: &Mapping,
) -> Result<bool, Error> {
    let kept = sqlx::query!(
        "update imports set mapping = $2 where id = $1 and state = 'draft'",
        id.0,
        Json(mapping) as _,
    )
    .execute(connection)
    .await?;
    Ok(kept.rows_affected() == 1)
}

/// What came of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Assignments made.
    pub made: i32,
    /// Rows that were there already.
    pub already: i32,
    /// Rows left out.
    pub left_out: i32,
    /// Assignments that end sooner than was said.
    pub shortened: i32,
    /// Roles made.
    pub roles_made: i32,
    /// Places made.
    pub scopes_made: i32,
}

/// Notes that an import was done. Its file is no longer kept.
pub async fn finish(
    change: &mut Change,
    id: ImportId,
    fingerprint: &[u8],
    counts: Counts,
) -> Result<(), Error> {
    let at = change.at();
    sqlx::query!(
        r#"
        update imports set state = 'done', file = null, closed_at = $2, fingerprint = $3, made = $4, already = $5,
            left_out = $6, shortened = $7, roles_made = $8, scopes_made = $9
        where id = $1
        "#,
        id.0,
        at,
        fingerprint,
        counts.made,
        counts.already,
        counts.left_out,
        counts.shortened,
        counts.roles_made,
        counts.scopes_made,
    )
    .execute(change.connection())
    .await?;
    Ok(())
}

/// Throws a draft away, with its file.
pub async fn discard(change: &mut Change, id: ImportId) -> Result<(), Error> {
    let at = change.at();
    sqlx::query!(
        "update imports set state = 'discarded', file = null, closed_at = $2 where id = $1",
        id.0,
        at,
    )
    .execute(change.connection())
    .await?;
    Ok(())
}
