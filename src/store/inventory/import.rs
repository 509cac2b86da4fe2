//! Lists of what is held elsewhere, as they were handed in, and what became of each row.
use sqlx::{PgConnection, types::Json};

use crate::{
    domain::{
        assignment::{AssignmentKind, Window},
        id::{AssignmentId, ImportId, PrincipalId, RoleId, ScopeId, SettingsId},
        inventory::{Format, Mapping, Said},
        time::Instant,
    },
    error::Error,
    store::{Change, OnConstraint as _},
};

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

/// Keeps how a draft is to be read. Nothing comes of it yet, so it is no event.
pub async fn set_mapping(
    connection: &mut PgConnection,
    id: ImportId,
    mapping: &Mapping,
) -> Result<(), Error> {
    sqlx::query!(
        "update imports set mapping = $2 where id = $1 and state = 'draft'",
        id.0,
        Json(mapping) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
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

/// An assignment that an import makes.
#[derive(Clone, Debug)]
pub struct NewAssignment {
    /// Which it will be.
    pub id: AssignmentId,
    /// Eligible or active.
    pub kind: AssignmentKind,
    /// To whom.
    pub principal: PrincipalId,
    /// Which role.
    pub role: RoleId,
    /// Where.
    pub scope: ScopeId,
    /// From when until when.
    pub window: Window,
    /// Why.
    pub justification: String,
    /// The terms in force.
    pub settings: SettingsId,
}

/// More in one statement gains nothing.
const PART: usize = 2000;

/// Makes many assignments.
pub async fn assign(change: &mut Change, rows: &[NewAssignment]) -> Result<(), Error> {
    let at = change.at();
    let by = change.actor().principal().map(|id| id.0);
    for part in rows.chunks(PART) {
        let of = |what: fn(&NewAssignment) -> uuid::Uuid| part.iter().map(what).collect::<Vec<_>>();
        let kinds: Vec<_> = part.iter().map(|row| row.kind).collect();
        let starts: Vec<_> = part.iter().map(|row| row.window.starts_at).collect();
        let ends: Vec<_> = part.iter().map(|row| row.window.ends_at).collect();
        let reasons: Vec<_> = part.iter().map(|row| row.justification.clone()).collect();
        sqlx::query!(
            r#"
            insert into assignments (
                id, kind, origin, principal_id, role_id, scope_id, starts_at, ends_at, justification, created_at,
                created_by, settings_id
            )
            select id, kind::assignment_kind, 'assigned', principal, role, scope, starts_at,
                coalesce(ends_at, 'infinity'), justification, $1, $2, settings
            from unnest(
                $3::uuid[], $4::assignment_kind[], $5::uuid[], $6::uuid[], $7::uuid[], $8::timestamptz[],
                $9::timestamptz[], $10::text[], $11::uuid[]
            ) as row (id, kind, principal, role, scope, starts_at, ends_at, justification, settings)
            "#,
            at,
            by,
            &of(|row| row.id.0),
            &kinds as &[AssignmentKind],
            &of(|row| row.principal.0),
            &of(|row| row.role.0),
            &of(|row| row.scope.0),
            &starts as &[Instant],
            &ends as &[Option<Instant>],
            &reasons,
            &of(|row| row.settings.0),
        )
        .execute(change.connection())
        .await
        .on_constraint("assignments_do_not_overlap", || {
            Error::Conflict(
                "somebody has given one of these roles at this very moment: look at the preview again".to_owned(),
            )
        })?;
    }
    Ok(())
}

/// What became of a row.
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
#[sqlx(type_name = "import_outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// An assignment was made.
    Made,
    /// It was there already.
    Already,
    /// It was left out, for the reasons in its notes.
    LeftOut,
}

/// A row of an import, as it is kept.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its line in the file.
    pub line: i32,
    /// What became of it.
    pub outcome: Outcome,
    /// What it said.
    pub said: Json<Said>,
    /// Why it was left out, or in which way it is not what was said.
    pub notes: Vec<String>,
    /// The assignment that it made, or that was there.
    pub assignment: Option<AssignmentId>,
}

/// Keeps what became of the rows of an import.
pub async fn keep(change: &mut Change, import: ImportId, rows: &[Row]) -> Result<(), Error> {
    for part in rows.chunks(PART) {
        let lines: Vec<_> = part.iter().map(|row| row.line).collect();
        let outcomes: Vec<_> = part.iter().map(|row| row.outcome).collect();
        let said: Vec<_> =
            part.iter().map(|row| serde_json::to_string(&row.said.0).unwrap_or_default()).collect();
        let notes: Vec<_> = part.iter().map(|row| row.notes.join("\n")).collect();
        let assignments: Vec<_> = part.iter().map(|row| row.assignment.map(|id| id.0)).collect();
        sqlx::query!(
            r#"
            insert into import_rows (import_id, line, outcome, said, notes, assignment_id)
            select $1, line, outcome, said::json, coalesce(string_to_array(nullif(notes, ''), E'\n'), '{}'), assignment
            from unnest($2::integer[], $3::import_outcome[], $4::text[], $5::text[], $6::uuid[])
                as row (line, outcome, said, notes, assignment)
            "#,
            import.0,
            &lines,
            &outcomes as &[Outcome],
            &said,
            &notes,
            &assignments as &[Option<uuid::Uuid>],
        )
        .execute(change.connection())
        .await?;
    }
    Ok(())
}

/// Rows of an import in the order of the file, of one outcome if that is said, `limit` after line `after`.
pub async fn rows(
    connection: &mut PgConnection,
    import: ImportId,
    outcome: Option<Outcome>,
    after: i32,
    limit: i64,
) -> Result<Vec<Row>, Error> {
    Ok(sqlx::query_as!(
        Row,
        r#"
        select line, outcome as "outcome: Outcome", said as "said: Json<Said>", notes,
            assignment_id as "assignment: AssignmentId"
        from import_rows
        where import_id = $1 and line > $2 and ($3::import_outcome is null or outcome = $3)
        order by line
        limit $4
        "#,
        import.0,
        after,
        outcome as Option<Outcome>,
        limit,
    )
    .fetch_all(connection)
    .await?)
}
