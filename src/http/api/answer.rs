//! The shapes that several answers share.
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    domain::{id::PrincipalId, time::Duration},
    error::Error,
    http::{
        extract::Json,
        problem::{ApiError, Problem},
    },
};

/// A page of a list.
#[derive(Serialize, ToSchema)]
pub(super) struct Page<T> {
    /// What is on it.
    pub(super) items: Vec<T>,
    /// The `cursor` of the next page; none on the last one.
    pub(super) next: Option<String>,
}

impl<T> Page<T> {
    /// A page of what was found, and the `cursor` of the next one.
    pub(super) fn of(found: Vec<impl Into<T>>, next: Option<String>) -> Self {
        Self { items: found.into_iter().map(Into::into).collect(), next }
    }

    /// A list that is all on one page.
    pub(super) fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}

/// Tells that something was done. What was done once is done, however often it is asked for with one key.
pub(super) fn done(outcome: Result<(), Error>) -> Result<StatusCode, ApiError> {
    match outcome {
        Ok(()) | Err(Error::Repeated(_)) => Ok(StatusCode::NO_CONTENT),
        Err(error) => Err(error.into()),
    }
}

/// Something that was made.
#[derive(Serialize, ToSchema)]
pub(super) struct Created {
    /// Which.
    id: Uuid,
}

/// Tells what was made.
pub(super) fn created(id: Uuid) -> (StatusCode, Json<Created>) {
    (StatusCode::CREATED, Json(Created { id }))
}

/// What became of each part of a request.
#[derive(Serialize, ToSchema)]
pub(super) struct Outcomes<T> {
    /// In the order in which they were asked for.
    outcomes: Vec<T>,
}

/// Tells what became of each part: 201 if all went well, 207 if some did not. Of a request with a single part that did
/// not go well, its problem is the answer.
pub(super) fn outcomes<T>(
    outcomes: Vec<T>,
    problem: impl Fn(&T) -> Option<&Problem>,
) -> Result<(StatusCode, Json<Outcomes<T>>), ApiError> {
    if let [only] = outcomes.as_slice()
        && let Some(problem) = problem(only)
    {
        return Err(problem.clone().into());
    }
    let all = outcomes.iter().all(|outcome| problem(outcome).is_none());
    let status = if all { StatusCode::CREATED } else { StatusCode::MULTI_STATUS };
    Ok((status, Json(Outcomes { outcomes })))
}

/// Tells what would become of each part, whatever that is.
pub(super) fn foretold<T>(outcomes: Vec<T>) -> (StatusCode, Json<Outcomes<T>>) {
    (StatusCode::OK, Json(Outcomes { outcomes }))
}

/// Somebody, by account and name.
#[derive(Serialize, ToSchema)]
pub(super) struct Named {
    /// The account.
    pub(super) principal: PrincipalId,
    /// The name.
    pub(super) name: String,
}

/// A stored duration, which the database holds to whole minutes.
pub(super) fn duration(seconds: i64, table: &'static str, id: Uuid) -> Result<Duration, Error> {
    Duration::from_seconds(seconds).map_err(|_| Error::Inconsistent { table, id })
}

/// The status that the answer would have had, had it been the only one.
pub(super) fn status(problem: Option<&Problem>) -> u16 {
    problem.map_or(StatusCode::CREATED.as_u16(), |problem| problem.status)
}
