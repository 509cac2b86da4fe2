//! Shutting somebody out at once.
use axum::extract::Path;

use super::{
    done::Done,
    faults::Faults,
    page::{Answer, Posted, done, id},
    person::{Reason, draw, show_link},
};
use crate::{
    domain::{id::PrincipalId, text::Justification},
    service::lockout,
};

/// Ends all access of somebody, who can sign in again.
pub async fn end_access(Path(person): Path<String>, posted: Posted<Reason>) -> Answer {
    let Posted { page, form } = posted;
    let id: PrincipalId = id(&person, "person")?;
    let mut faults = Faults::default();
    let Some(reason) = faults.read::<Justification>("justification", &form.justification) else {
        return draw(&page, id, faults).await;
    };
    match lockout::end_access(&page.app, &page.actor, id, &reason).await {
        Ok(()) => done(&format!("/people/{id}"), Done::PersonAccessEnded),
        Err(error) => draw(&page, id, Faults::of(error)?).await,
    }
}

/// Ends all access of somebody, who has to set up new factors before they can sign in again.
pub async fn require_new_factors(Path(person): Path<String>, posted: Posted<Reason>) -> Answer {
    let Posted { page, form } = posted;
    let id: PrincipalId = id(&person, "person")?;
    let mut faults = Faults::default();
    let Some(reason) = faults.read::<Justification>("justification", &form.justification) else {
        return draw(&page, id, faults).await;
    };
    match lockout::require_new_factors(&page.app, &page.actor, id, &reason).await {
        Ok(invited) => show_link(&page, invited).await,
        Err(error) => draw(&page, id, Faults::of(error)?).await,
    }
}
