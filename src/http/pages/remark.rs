//! What is said and done about a request without deciding it: comments, looking at it, asking again.
use axum::extract::Path;

use super::{
    done::Done,
    faults::Faults,
    page::{Answer, Posted, done, id},
    request::{Decision, Nothing, draw, go_back},
};
use crate::{domain::id::RequestId, service::remark};

/// Writes something about a request.
pub async fn comment(Path(request): Path<String>, posted: Posted<Decision>) -> Answer {
    let Posted { page, mut form } = posted;
    let request: RequestId = id(&request, "request")?;
    let mut faults = Faults::default();
    let Some(text) = faults.read("comment", &form.comment) else {
        return draw(&page, request, faults, &form).await;
    };
    match remark::comment(&page.app, &page.actor, request, &text).await {
        Ok(()) => {
            form.comment.clear();
            go_back(page, request, Done::Commented, form).await
        }
        Err(error) => draw(&page, request, Faults::of(error)?, &form).await,
    }
}

/// Tells the others that one looks at it.
pub async fn take_on(Path(request): Path<String>, posted: Posted<Decision>) -> Answer {
    claim_or_release(posted, &request, false).await
}

/// Leaves it to the others again.
pub async fn release(Path(request): Path<String>, posted: Posted<Decision>) -> Answer {
    claim_or_release(posted, &request, true).await
}

async fn claim_or_release(posted: Posted<Decision>, request: &str, release: bool) -> Answer {
    let Posted { page, form } = posted;
    let request: RequestId = id(request, "request")?;
    match remark::claim(&page.app, &page.actor, request, release).await {
        Ok(()) => {
            let what = if release { Done::Released } else { Done::Claimed };
            go_back(page, request, what, form).await
        }
        Err(error) => draw(&page, request, Faults::of(error)?, &form).await,
    }
}

/// Asks again.
pub async fn nudge(Path(request): Path<String>, posted: Posted<Nothing>) -> Answer {
    let Posted { page, .. } = posted;
    let request: RequestId = id(&request, "request")?;
    match remark::nudge(&page.app, &page.actor, request).await {
        Ok(()) => done(&format!("/requests/{request}"), Done::Nudged),
        Err(error) => draw(&page, request, Faults::of(error)?, &Decision::default()).await,
    }
}
