//! Takes the log away: all that a filter wants, oldest first, in pieces.
use std::pin::pin;

use futures_util::{Stream, TryStreamExt as _, stream};
use serde_json::json;
use sqlx::PgPool;
use tokio::sync::mpsc;
use tracing::Instrument as _;

use super::sealing::{Sealed, seal};
use crate::{
    App,
    domain::{
        actor::Actor,
        audit::{Cursor, Entry, Event, Filter, Format, Kind},
        permission::Permission,
        time::Instant,
    },
    error::Error,
    service::access,
    store::{self, Change},
};

/// How many events are read at once, at most. No connection is held while a slow reader takes its time with them.
const BATCH: i64 = 2000;
/// How large a piece may grow before it is handed out, give or take an event, in bytes.
const PIECE: usize = 2 * 1024 * 1024;
/// What an event takes beside its facts, in bytes, more or less.
const USUAL: usize = 512;
/// How many pieces may wait to be taken.
const AHEAD: usize = 4;
/// How often events that have just happened are sealed before a copy is made, at most.
const SEAL_ROUNDS: usize = 2;

/// A copy of the log that is being made.
#[derive(Debug)]
pub struct Export {
    /// Its format.
    pub format: Format,
    /// Up to when it tells.
    pub until: Instant,
    pieces: mpsc::Receiver<Result<Vec<u8>, Error>>,
}

impl Export {
    /// A name for its file.
    #[must_use]
    pub fn file_name(&self) -> String {
        let until = self.until.timestamp().strftime("%Y%m%dT%H%M%SZ");
        format!("audit-{until}.{}", self.format.extension())
    }

    /// Its pieces, in order. If one is an error, the copy is incomplete.
    pub fn into_pieces(self) -> impl Stream<Item = Result<Vec<u8>, Error>> + Send + 'static {
        stream::unfold(self.pieces, async |mut pieces| Some((pieces.recv().await?, pieces)))
    }
}

/// Begins a copy of all events that `filter` wants up to now. That it was made is itself an event.
///
/// However large the copy, it takes the same memory; it stops when nobody takes its pieces any more.
pub async fn export(
    app: &App,
    actor: &Actor,
    filter: &Filter,
    format: Format,
) -> Result<Export, Error> {
    access::authorise(&mut *app.database.acquire().await?, actor, Permission::ReadAudit).await?;
    seal_what_there_is(app).await?;
    let change = Change::begin(&app.database, actor).await?;
    let now = change.at();
    let facts = json!({ "format": format.name(), "filter": filter.to_json() });
    change.commit(&Event::new(Kind::AuditExported).detail(facts)).await?;
    app.wake.audit().notify_one();

    let until = filter.until.map_or(now, |until| until.min(now));
    let bounded = Filter { until: Some(until), ..*filter };
    let (sender, pieces) = mpsc::channel(AHEAD);
    tokio::spawn(write(app.database.clone(), bounded, format, sender).in_current_span());
    Ok(Export { format, until, pieces })
}

/// Seals what has just happened, so that the copy's last events are proved as well.
async fn seal_what_there_is(app: &App) -> Result<(), Error> {
    for _ in 0..SEAL_ROUNDS {
        if !matches!(seal(app, false).await?, Sealed::Some(_)) {
            break;
        }
    }
    Ok(())
}

async fn write(
    database: PgPool,
    filter: Filter,
    format: Format,
    pieces: mpsc::Sender<Result<Vec<u8>, Error>>,
) {
    let mut text = Vec::with_capacity(PIECE);
    format.write_heading(&mut text);
    let reader = Reader { database, filter, cursor: None, limit: BATCH };
    let mut reading = tokio::spawn(reader.read().in_current_span());
    loop {
        let read = reading.await.unwrap_or_else(|failed| Err(Error::Internal(failed.to_string())));
        let (entries, rest) = match read {
            Ok(read) => read,
            Err(error) => {
                // Whoever takes the pieces is told that the copy is incomplete; if nobody does, nobody needs to know.
                drop(pieces.send(Err(error)).await);
                return;
            }
        };
        // While these events are written down, the next are read.
        let next = rest.map(|reader| tokio::spawn(reader.read().in_current_span()));
        for entry in &entries {
            format.write(entry, &mut text);
        }
        let piece = std::mem::replace(&mut text, Vec::with_capacity(PIECE));
        if pieces.send(Ok(piece)).await.is_err() {
            return;
        }
        match next {
            Some(next) => reading = next,
            None => return,
        }
    }
}

/// How far the log has been read.
struct Reader {
    database: PgPool,
    filter: Filter,
    cursor: Option<Cursor>,
    /// How many events to ask for next: as many as will fit into a piece, going by the last ones.
    limit: i64,
}

impl Reader {
    /// Reads the next events. None is left to read on if they were the last.
    async fn read(mut self) -> Result<(Vec<Entry>, Option<Self>), Error> {
        let mut transaction = self.database.begin().await?;
        store::audit::plan_each_search(&mut transaction).await?;
        let mut read = Vec::new();
        let mut size = 0;
        {
            let entries =
                store::audit::oldest(&mut transaction, &self.filter, self.cursor, self.limit);
            let mut entries = pin!(entries);
            while size < PIECE
                && let Some(entry) = entries.try_next().await?
            {
                size += USUAL + entry.detail.len();
                read.push(entry);
            }
        }
        transaction.rollback().await?;
        self.cursor =
            read.last().map(|entry| Cursor { at: entry.at, id: entry.id }).or(self.cursor);
        let count = i64::try_from(read.len()).unwrap_or(i64::MAX);
        let more = size >= PIECE || count == self.limit;
        self.limit = if size >= PIECE { count } else { (self.limit * 2).min(BATCH) };
        Ok((read, more.then_some(self)))
    }
}
