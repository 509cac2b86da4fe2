//! In which language and in which time zone people are told things.
use serde_json::json;
use sqlx::PgConnection;

use crate::{
    App,
    domain::{
        actor::{Actor, TokenScope},
        audit::{Event, Kind},
        id::PrincipalId,
        language::{Reader, TimeZoneName, Wishes},
    },
    error::Error,
    service::access,
    store::{self, Change},
};

/// What the person who asks has chosen.
pub async fn mine(app: &App, actor: &Actor) -> Result<Wishes, Error> {
    let user = access::user(actor, TokenScope::Read)?;
    let mut connection = app.database.acquire().await?;
    let found = store::language::of(&mut connection, &[user.principal]).await?;
    Ok(found.into_iter().next().map(|(_, wishes)| wishes).unwrap_or_default())
}

/// Keeps what the person who asks has chosen. It is theirs under each of their accounts.
pub async fn choose(app: &App, actor: &Actor, wishes: &Wishes) -> Result<(), Error> {
    let user = access::user(actor, TokenScope::Administer)?;
    let mut change = Change::begin(&app.database, actor).await?;
    let before = store::language::choose(&mut change, user.person, wishes).await?;
    if before == *wishes {
        return Ok(());
    }
    let said = |wishes: &Wishes| {
        json!({
            "language": wishes.language,
            "time_zone": wishes.time_zone.as_ref().map(TimeZoneName::as_str),
        })
    };
    let event = Event::new(Kind::PersonChanged)
        .subject(user.principal)
        .detail(json!({ "before": said(&before), "after": said(wishes) }));
    change.commit(&event).await
}

/// How to tell something to the person behind an account, where no browser says how: in a mail.
pub async fn reader_of(
    connection: &mut PgConnection,
    app: &App,
    principal: PrincipalId,
) -> Result<Reader, Error> {
    let found = store::language::of(connection, &[principal]).await?;
    Ok(found.first().map_or_else(|| app.reader.clone(), |(_, wishes)| wishes.reader(&app.reader)))
}
