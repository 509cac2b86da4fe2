//! What people say and do about a request beside deciding it: a word, "I am looking at it", "somebody please do".
use serde_json::json;

use crate::{
    App,
    domain::{
        actor::{Actor, TokenScope},
        audit::{Event, Kind},
        id::RequestId,
        text::Comment,
    },
    error::Error,
    service::{
        access, notice,
        request::{self, Detail},
    },
    store::{self, Change, request::RemarkKind},
};

/// How many things one person may write or do about one request in an hour: each of them is a mail to others, or history.
const MOST_AN_HOUR: i64 = 30;

/// Says something about a request that one may see and that concerns one: one's own, one that one may or did decide, or an
/// emergency that one may review.
pub async fn comment(
    app: &App,
    actor: &Actor,
    request: RequestId,
    text: &Comment,
) -> Result<(), Error> {
    access::user(actor, TokenScope::Read)?;
    let detail = request::seen(app, actor, request).await?;
    // Whoever reads only writes nothing.
    access::user(actor, if detail.own { TokenScope::Activate } else { TokenScope::Approve })?;
    if !detail.may_comment {
        return Err(Error::NotAllowed(
            "only whoever asks and whoever decides write to one another here".to_owned(),
        ));
    }
    if text.is_empty() {
        return Err(Error::invalid("comment", "write something"));
    }
    let Some(mut change) = begin(app, actor).await? else { return Ok(()) };
    if store::request::remarks_lately(&mut change, request).await? >= MOST_AN_HOUR {
        return Err(Error::Conflict(
            "you have written a great deal about this request: wait an hour, or talk to one another".to_owned(),
        ));
    }
    notice::commented(app, &mut change, request, text.as_str()).await?;
    write(app, change, &detail, RemarkKind::Comment, text.as_str()).await
}

/// Tells the others that one is looking at it, for a quarter of an hour; or that one no longer is.
pub async fn claim(
    app: &App,
    actor: &Actor,
    request: RequestId,
    release: bool,
) -> Result<(), Error> {
    access::user(actor, TokenScope::Approve)?;
    let detail = request::seen(app, actor, request).await?;
    if !detail.may_decide {
        return Err(if detail.waits {
            Error::NotAllowed("only whoever may decide it now can take it on".to_owned())
        } else {
            Error::Conflict("this request no longer waits for a decision".to_owned())
        });
    }
    let kind = if release { RemarkKind::Release } else { RemarkKind::Claim };
    let Some(change) = begin(app, actor).await? else { return Ok(()) };
    write(app, change, &detail, kind, "").await
}

/// Asks those who may decide one's own request again: once an hour at most.
pub async fn nudge(app: &App, actor: &Actor, request: RequestId) -> Result<(), Error> {
    access::user(actor, TokenScope::Activate)?;
    let detail = request::seen(app, actor, request).await?;
    if !detail.own {
        return Err(Error::NotAllowed("only whoever asks can ask again".to_owned()));
    }
    if !detail.waits {
        return Err(Error::Conflict("this request no longer waits for a decision".to_owned()));
    }
    let Some(mut change) = begin(app, actor).await? else { return Ok(()) };
    notice::nudged(app, &mut change, request).await?;
    write(app, change, &detail, RemarkKind::Nudge, "").await
}

/// A change; none if the same was sent before.
async fn begin(app: &App, actor: &Actor) -> Result<Option<Change>, Error> {
    match Change::begin(&app.database, actor).await {
        Err(Error::Repeated(_)) => Ok(None),
        begun => Ok(Some(begun?)),
    }
}

async fn write(
    app: &App,
    mut change: Change,
    detail: &Detail,
    kind: RemarkKind,
    text: &str,
) -> Result<(), Error> {
    let told = &detail.told;
    let id = store::request::remark(&mut change, told.id, kind, text).await?;
    let event = match kind {
        RemarkKind::Comment => Kind::RequestCommented,
        RemarkKind::Claim => Kind::RequestClaimed,
        RemarkKind::Release => Kind::RequestReleased,
        RemarkKind::Nudge => Kind::RequestNudged,
    };
    let event = Event::new(event)
        .subject(told.principal)
        .role(told.role, told.scope)
        .request(told.id)
        .target(id)
        .detail(json!({ "text": text }));
    change.made(id).await?;
    change.commit(&event).await?;
    app.wake.everything();
    Ok(())
}
