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
        audit::{Cursor, Event, Filter, Format, Kind},
        permission::Permission,
        time::Instant,
    },
    error::Error,
    service::access,
    store::{self, Change},
};

/// How many events are read at once, at most. No connection is held while a slow reader takes its time with them.
const BATCH: i64 = 2000;
/// How large a piece may grow before it is handed out, give or take an event.
const PIECE: usize = 2 * 1024 * 1024;
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
    let mut reader = Reader { filter, cursor: None, limit: BATCH };
    let mut text = Vec::with_capacity(PIECE);
    format.write_heading(&mut text);
    loop {
        let more = match reader.read(&database, format, &mut text).await {
            Ok(more) => more,
            Err(error) => {
                // Whoever takes the pieces is told that the copy is incomplete; if nobody does, nobody needs to know.
                drop(pieces.send(Err(error)).await);
                return;
            }
        };
        let piece = std::mem::replace(&mut text, Vec::with_capacity(PIECE));
        if pieces.send(Ok(piece)).await.is_err() || !more {
            return;
        }
    }
}

/// How far the log has been read.
struct Reader {
    filter: Filter,
    cursor: Option<Cursor>,
    /// How many events to ask for next: as many as will fit into a piece, going by the last ones.
    limit: i64,
}

impl Reader {
    /// Writes the next events. False if they were the last.
    async fn read(
        &mut self,
        database: &PgPool,
        format: Format,
        text: &mut Vec<u8>,
    ) -> Result<bool, Error> {
        let mut transaction = database.begin().await?;
        store::audit::plan_each_search(&mut transaction).await?;
        let mut count = 0;
        {
            let entries =
                store::audit::oldest(&mut transaction, &self.filter, self.cursor, self.limit);
            let mut entries = pin!(entries);
            while let Some(entry) = entries.try_next().await? {
                format.write(&entry, text);
                self.cursor = Some(Cursor { at: entry.at, id: entry.id });
                count += 1;
                if text.len() >= PIECE {
                    break;
                }
            }
        }
        transaction.rollback().await?;
        let is_full = text.len() >= PIECE;
        let more = is_full || count == self.limit;
        self.limit = if is_full { count } else { (self.limit * 2).min(BATCH) };
        Ok(more)
    }
}
