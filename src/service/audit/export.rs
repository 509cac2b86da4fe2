//! Takes the log away: all that a filter wants, oldest first, in pieces.
use futures_util::{Stream, TryStreamExt as _, stream};
use serde_json::json;
use sqlx::PgPool;
use tokio::sync::mpsc;

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

/// How many events are read at once. No connection is held while a slow reader takes its time with them.
const BATCH: i64 = 1000;
/// How large a piece may grow before it is handed out.
const PIECE: usize = 512 * 1024;
/// How many pieces may wait to be taken.
const AHEAD: usize = 4;
/// How often events that have just happened are sealed before a copy is made, at most.
const SEAL_ROUNDS: usize = 20;

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
    tokio::spawn(write(app.database.clone(), bounded, format, sender));
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
    let mut writer = Writer { format, text: Vec::with_capacity(PIECE + PIECE / 8), pieces };
    format.write_heading(&mut writer.text);
    let mut cursor = None;
    loop {
        match batch(&database, &filter, cursor, &mut writer).await {
            Ok(Some(next)) => cursor = Some(next),
            Ok(None) => return writer.hand_out().await,
            Err(error) => {
                // Whoever took the pieces is told that the copy is incomplete; if nobody does, there is nobody to tell.
                let _ = writer.pieces.send(Err(error)).await;
                return;
            }
        }
        if writer.pieces.is_closed() {
            return;
        }
    }
}

struct Writer {
    format: Format,
    text: Vec<u8>,
    pieces: mpsc::Sender<Result<Vec<u8>, Error>>,
}

impl Writer {
    async fn hand_out(&mut self) {
        let piece = std::mem::replace(&mut self.text, Vec::with_capacity(PIECE + PIECE / 8));
        // Fails if nobody takes pieces any more; the caller looks for that after each batch.
        let _ = self.pieces.send(Ok(piece)).await;
    }
}

/// Writes the events after `cursor`. Says where the next batch begins; none if this was the last.
async fn batch(
    database: &PgPool,
    filter: &Filter,
    cursor: Option<Cursor>,
    writer: &mut Writer,
) -> Result<Option<Cursor>, Error> {
    let mut transaction = database.begin().await?;
    store::audit::plan_each_search(&mut transaction).await?;
    let mut last = None;
    let mut count = 0;
    let mut full = false;
    {
        let entries = store::audit::oldest(&mut transaction, filter, cursor, BATCH);
        let mut entries = std::pin::pin!(entries);
        while let Some(entry) = entries.try_next().await? {
            writer.format.write(&entry, &mut writer.text);
            last = Some(Cursor { at: entry.at, id: entry.id });
            count += 1;
            full = writer.text.len() >= PIECE;
            if full {
                break;
            }
        }
    }
    transaction.rollback().await?;
    if full {
        writer.hand_out().await;
    }
    Ok(last.filter(|_| full || count == BATCH))
}
