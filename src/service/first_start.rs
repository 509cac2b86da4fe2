//! The way in when nobody is there yet. There is no default password: whoever reads what the server prints gets a link.
use crate::{
    App,
    domain::{
        actor::Actor,
        text::{DisplayName, Email, UserName},
    },
    error::Error,
    service::person::{self, Invited},
    store::{
        self,
        person::{NewPerson, Wanted},
    },
};

/// The name by which the first administrator signs in.
const NAME: &str = "admin";

/// The link of the first administrator: with the first account, and again for as long as that is the only one and has
/// not been set up. Each new link takes the place of the one before.
pub async fn link(app: &App) -> Result<Option<Invited>, Error> {
    let mut connection = app.database.acquire().await?;
    if store::person::nobody(&mut connection).await? {
        drop(connection);
        return invite(app).await;
    }
    let people = store::person::list(&mut connection, &Wanted::default(), 2).await?;
    drop(connection);
    match people.as_slice() {
        [only] if only.user_name == NAME && !only.enrolled && only.disabled_at.is_none() => {
            person::recovery_link(app, &Actor::operator(), only.principal).await.map(Some)
        }
        _ => Ok(None),
    }
}

async fn invite(app: &App) -> Result<Option<Invited>, Error> {
    let wrong = |field| move |error| Error::invalid(field, error);
    let first = NewPerson {
        name: DisplayName::parse("First administrator").map_err(wrong("name"))?,
        user_name: UserName::parse(NAME).map_err(wrong("user_name"))?,
        email: Email::parse("admin@localhost").map_err(wrong("email"))?,
        break_glass: false,
    };
    match person::invite_administrator(app, &first).await {
        // Another server that started at the same moment was first.
        Err(Error::Conflict(_)) => Ok(None),
        outcome => outcome.map(Some),
    }
}
