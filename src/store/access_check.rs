//! Does this account hold this role there? Asked with tokens, of the live assignments, by many at once.
use sqlx::PgConnection;

use super::access_token;
use crate::{
    domain::{
        actor::TokenScope,
        id::{AccessTokenId, AssignmentId, PrincipalId, RoleId, ScopeId},
        time::Instant,
    },
    error::Error,
    secret::TokenHash,
};

/// Does this account hold this role there?
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// The account; whoever asks, if none is said.
    pub principal: Option<PrincipalId>,
    /// The role.
    pub role: RoleId,
    /// Where.
    pub scope: ScopeId,
}

/// The answer to a [`Question`].
#[derive(Clone, Copy, Debug)]
pub struct Held {
    /// The time of the answer, the same for all that were asked together.
    pub at: Instant,
    /// The assignment that gives it; none if it is not held.
    pub assignment: Option<AssignmentId>,
    /// Until when, if that ends.
    pub until: Option<Instant>,
    /// The group that has it, if it is held by belonging to one.
    pub through: Option<PrincipalId>,
    /// Where it is held: at the scope that was asked about, or above.
    pub held_at: Option<ScopeId>,
    /// Whether the asker's own roles allow asking about others.
    pub may_ask: bool,
}

/// Who asked, and the answers.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The token that was shown.
    pub token: AccessTokenId,
    /// Whose it is.
    pub asker: PrincipalId,
    /// What it may be used for.
    pub scopes: Vec<TokenScope>,
    /// Whether [`access_token::touch`] has nothing to add.
    pub noted: bool,
    /// In the order of the questions.
    pub held: Vec<Held>,
}

/// Whether roles are held, directly, through groups or at a scope above, all judged at one instant: for each call, which shows a token
/// and asks one question or several, its answers in the order of the calls; none where the token is not live.
pub async fn answer(
    connection: &mut PgConnection,
    calls: &[(TokenHash, &[Question])],
) -> Result<Vec<Option<Answered>>, Error> {
    let asked = || calls.iter().flat_map(|(token, asked)| asked.iter().map(move |it| (token, it)));
    let tokens: Vec<_> = asked().map(|(token, _)| token.as_bytes().to_vec()).collect();
    let principals: Vec<_> = asked().map(|(_, it)| it.principal.map(|id| id.0)).collect();
    let roles: Vec<_> = asked().map(|(_, it)| it.role.0).collect();
    let scopes: Vec<_> = asked().map(|(_, it)| it.scope.0).collect();
    let rows = sqlx::query!(
        r#"
        select
            number as "number!", token as "token!: AccessTokenId", asker as "asker!: PrincipalId",
            token_scopes as "scopes!", noted as "noted!", at as "at!", may_ask as "may_ask!",
            assignment_id as "assignment?: AssignmentId", until as "until?", through as "through?: PrincipalId",
            held_at as "held_at?: ScopeId"
        from access_checks($1, $2, $3, $4)
        "#,
        &tokens,
        &principals as &[Option<uuid::Uuid>],
        &roles,
        &scopes,
    )
    .fetch_all(connection)
    .await?;
    let mut rows = rows.into_iter().peekable();
    let mut last = 0;
    let answered = calls.iter().map(|(_, questions)| {
        last += i64::try_from(questions.len()).unwrap_or(i64::MAX);
        let first = rows.peek().filter(|row| row.number <= last)?;
        let mut answered = Answered {
            token: first.token,
            asker: first.asker,
            scopes: access_token::named(&first.scopes),
            noted: first.noted,
            held: Vec::with_capacity(questions.len()),
        };
        while let Some(row) = rows.next_if(|row| row.number <= last) {
            answered.held.push(Held {
                at: row.at,
                assignment: row.assignment,
                until: row.until,
                through: row.through,
                held_at: row.held_at,
                may_ask: row.may_ask,
            });
        }
        Some(answered)
    });
    Ok(answered.collect())
}
