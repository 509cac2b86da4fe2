//! Who is let in when more is asked than can be answered: so many at once, and no more.
//!
//! Whoever waits too long gives up, and what was done for them is lost. So the rest is told at once to come back, which costs
//! next to nothing, and those inside are answered as fast as ever.
use std::sync::Arc;

use axum::{
    body::HttpBody as _,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use tokio::sync::Semaphore;

use super::{WholeFile, extract, problem::Problem};

/// Answers a request if there is a place for it. It takes none while its body is on its way: slow clients keep nobody out.
pub(super) async fn admit(
    State(places): State<Arc<Semaphore>>,
    request: Request,
    next: Next,
) -> Response {
    let request = match arrived(request).await {
        Ok(request) => request,
        Err(problem) => return problem.into_response(),
    };
    let Ok(_place) = places.try_acquire() else { return Problem::too_much().into_response() };
    next.run(request).await
}

/// The request with all of its body. A whole file is left where it is until somebody has looked whose it is.
async fn arrived(request: Request) -> Result<Request, Problem> {
    if request.body().is_end_stream() || request.extensions().get::<WholeFile>().is_some() {
        return Ok(request);
    }
    Ok(extract::whole(request).await?.0)
}
