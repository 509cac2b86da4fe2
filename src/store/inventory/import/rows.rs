//! The rows of imports: what they make, and what became of them.
use sqlx::{PgConnection, types::Json};

use crate::{
    domain::{
        assignment::{AssignmentKind, Window},
        id::{AssignmentId, ImportId, PrincipalId, RoleId, ScopeId, SettingsId},
        inventory::Said,
        time::Instant,
    },
    error::Error,
    store::{Change, OnConstraint as _, assignment::out_of_use},
};

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
        })
        .on_constraint("assignments_need_what_is_in_use", out_of_use)?;
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
pub enum RowOutcome {
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
    pub outcome: RowOutcome,
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
            &outcomes as &[RowOutcome],
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
    outcome: Option<RowOutcome>,
    after: i32,
    limit: i64,
) -> Result<Vec<Row>, Error> {
    Ok(sqlx::query_as!(
        Row,
        r#"
        select line, outcome as "outcome: RowOutcome", said as "said: Json<Said>", notes,
            assignment_id as "assignment: AssignmentId"
        from import_rows
        where import_id = $1 and line > $2 and ($3::import_outcome is null or outcome = $3)
        order by line
        limit $4
        "#,
        import.0,
        after,
        outcome as Option<RowOutcome>,
        limit,
    )
    .fetch_all(connection)
    .await?)
}
