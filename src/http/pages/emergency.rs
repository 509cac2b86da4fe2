//! The review of an emergency.
use axum::extract::Path;
use serde::Deserialize;

use super::{
    done::Done,
    faults::Faults,
    page::{Answer, Posted, done, id},
    request::{Decision, draw},
    say::Reader,
};
use crate::{
    domain::{emergency::ReviewVerdict, id::RequestId},
    http::language::tell,
    service::emergency,
};

/// What became of the review of an emergency.
#[must_use]
pub fn reviewed(review: &emergency::Detail, reader: &Reader) -> String {
    let told = &review.told;
    match (told.verdict, &told.reviewer) {
        (Some(ReviewVerdict::Justified), Some(by)) => tell!("request-found-it-justified", by = by),
        (Some(ReviewVerdict::NotJustified), Some(by)) => {
            tell!("request-found-that-it-should-have", by = by)
        }
        _ if told.due_at <= review.now => tell!("request-its-review-is-overdue"),
        _ => {
            let due = reader.instant(told.due_at).text;
            tell!("request-somebody-has-to-review-it", due = due)
        }
    }
}

/// What a reviewer's form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Review {
    verdict: String,
    note: String,
}

/// Closes the review of an emergency.
pub async fn review(Path(request): Path<String>, posted: Posted<Review>) -> Answer {
    let Posted { page, form } = posted;
    let request: RequestId = id(&request, "request")?;
    let mut faults = Faults::default();
    let typed = Decision::noting(&form.note);
    let Some(note) = faults.read("note", &form.note) else {
        return draw(&page, request, faults, &typed).await;
    };
    let verdict = if form.verdict == "justified" {
        ReviewVerdict::Justified
    } else {
        ReviewVerdict::NotJustified
    };
    match emergency::review(&page.app, &page.actor, request, verdict, &note).await {
        Ok(()) => done(&format!("/requests/{request}"), Done::Reviewed),
        Err(error) => draw(&page, request, Faults::of(error)?, &typed).await,
    }
}
