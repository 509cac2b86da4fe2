//! The audit log: read, taken away, sealed and verified.
mod copy;
mod export;
mod sealing;
mod verification;

pub use copy::{CopyError, verify_copy};
pub use export::{Export, export};
pub use sealing::{Sealed, Waiting, seal, waiting};
pub use verification::{FirstBad, Verification, head, last_verification, verify, verify_daily};

pub use crate::domain::audit::{
    ActorKind, Copied, Cursor, Entry, Filter, Flaw, Format, Head, Kind, Outcome, Seal,
};

use futures_util::TryStreamExt;
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

use crate::{
    App,
    domain::{
        actor::{Actor, TokenScope},
        id::{EventId, PrincipalId, RequestId},
        permission::Permission,
    },
    error::Error,
    service::access,
    store,
};

/// The most events that a page may hold.
pub const PAGE_MOST: u16 = 200;

/// Some events, newest first.
#[derive(Clone, Debug)]
pub struct Page {
    /// The events.
    pub entries: Vec<Entry>,
    /// Where the next page begins; none if this was the last.
    pub next: Option<Cursor>,
}

/// The newest events that `filter` wants, `size` of those before `cursor`.
pub async fn events(
    app: &App,
    actor: &Actor,
    filter: &Filter,
    cursor: Option<Cursor>,
    size: u16,
) -> Result<Page, Error> {
    let mut connection = app.database.acquire().await?;
    access::authorise(&mut connection, actor, Permission::ReadAudit).await?;
    page(&mut connection, filter, cursor, size).await
}

/// What a person did, and what was done about them: everybody's own, whatever their rights.
///
/// Of what others did it tells who and what, but not from where.
pub async fn mine(
    app: &App,
    actor: &Actor,
    cursor: Option<Cursor>,
    size: u16,
) -> Result<Page, Error> {
    let me = access::user(actor, TokenScope::Read)?.principal;
    let mut connection = app.database.acquire().await?;
    let filter = Filter { concerns: Some(me), ..Filter::default() };
    let mut page = page(&mut connection, &filter, cursor, size).await?;
    for entry in &mut page.entries {
        hide_where_others_were(entry, me);
    }
    Ok(page)
}

/// What happened about an application that the asker may see, newest first. It tells who and what, but not from where.
pub(super) async fn concerning(
    connection: &mut PgConnection,
    application: PrincipalId,
    size: u16,
) -> Result<Vec<Entry>, Error> {
    let filter = Filter { concerns: Some(application), ..Filter::default() };
    let mut page = page(connection, &filter, None, size).await?;
    for entry in &mut page.entries {
        hide_where_others_were(entry, application);
    }
    Ok(page.entries)
}

fn hide_where_others_were(entry: &mut Entry, me: PrincipalId) {
    if entry.actor != Some(me) {
        entry.address = None;
        entry.session = None;
        entry.correlation = None;
    }
}

/// All that happened to one request, oldest first.
pub async fn story(app: &App, actor: &Actor, request: RequestId) -> Result<Vec<Entry>, Error> {
    let mut connection = app.database.acquire().await?;
    access::authorise(&mut connection, actor, Permission::ReadAudit).await?;
    let filter = Filter { request: Some(request), ..Filter::default() };
    // A plan for any filter would do, too: a request has few events. Without one this walked through the log.
    let mut connection = connection.begin().await?;
    store::audit::plan_each_search(&mut connection).await?;
    let story: Vec<_> = store::audit::oldest(&mut connection, &filter, None, i64::from(PAGE_MOST))
        .try_collect()
        .await?;
    if story.is_empty() { Err(Error::NotFound("request")) } else { Ok(story) }
}

/// One event.
pub async fn event(app: &App, actor: &Actor, event: EventId) -> Result<Entry, Error> {
    let mut connection = app.database.acquire().await?;
    access::authorise(&mut connection, actor, Permission::ReadAudit).await?;
    let ids = [event.0];
    let found: Vec<_> = store::audit::entries(&mut connection, &ids).try_collect().await?;
    found.into_iter().next().ok_or(Error::NotFound("event"))
}

async fn page(
    connection: &mut PgConnection,
    filter: &Filter,
    cursor: Option<Cursor>,
    size: u16,
) -> Result<Page, Error> {
    let size = usize::from(size.clamp(1, PAGE_MOST));
    // One more than is shown says whether there are more.
    let wanted = i64::try_from(size + 1).unwrap_or(i64::MAX);
    let mut transaction = connection.begin().await?;
    store::audit::plan_each_search(&mut transaction).await?;
    let ids = store::audit::newest(&mut transaction, filter, cursor, wanted).await?;
    transaction.rollback().await?;
    let shown: Vec<Uuid> = ids.iter().take(size).map(|id| id.0).collect();
    let entries: Vec<Entry> = store::audit::entries(connection, &shown).try_collect().await?;
    let last = entries.last().filter(|_| ids.len() > size);
    let next = last.map(|entry| Cursor { at: entry.at, id: entry.id });
    Ok(Page { entries, next })
}
