//! What is told of accounts themselves. No rule and no preference keeps it from anybody.
use crate::{
    App,
    domain::{
        id::PrincipalId,
        language::Message,
        notice::{
            account,
            occasion::{Audience, Occasion},
        },
        time::Instant,
    },
    error::Error,
    service::{
        channel, language,
        notice::{News, by, tell},
    },
    store::{self, Change},
};

/// To every administrator: an account that is kept for emergencies was used.
pub(in crate::service) async fn break_glass_sign_in(
    app: &App,
    change: &mut Change,
    (principal, account): (PrincipalId, &str),
    address: &str,
    administrators: Vec<PrincipalId>,
) -> Result<(), Error> {
    channel::break_glass(app, change, (principal, account), address).await?;
    let (at, link) = (change.at(), format!("{}/audit", app.public_url));
    let news = News {
        occasion: Occasion::BreakGlassSignIn,
        place: None,
        thread: None,
        author: None,
        pressing: false,
        alone: false,
        to: &[(Audience::Administrators, administrators)],
        letter: &|_| account::break_glass_sign_in(account, at, address, &link),
        link: &link,
    };
    tell(app, change, &news).await
}

/// To every administrator: the database was put back to before something that a witness said at that time.
pub(in crate::service) async fn quarantined(
    app: &App,
    change: &mut Change,
    witnessed_at: Instant,
) -> Result<(), Error> {
    let letter = account::quarantined(witnessed_at, &format!("{}/quarantine", app.public_url));
    for administrator in store::account::administrators(change).await? {
        let reader = language::reader_of(change.connection(), app, administrator).await?;
        let mail = letter.written(&reader).with_event("quarantine.begun");
        store::outbox::enqueue(change, administrator, &mail, None).await?;
    }
    Ok(())
}

/// To the person: something that they prove themselves with was changed, by whomever.
pub(in crate::service) async fn credential_changed(
    app: &App,
    change: &mut Change,
    principal: PrincipalId,
    what: Message,
    address: &str,
) -> Result<(), Error> {
    let (at, link) = (change.at(), format!("{}/account", app.public_url));
    let news = News {
        occasion: Occasion::CredentialsChanged,
        place: None,
        thread: None,
        author: None,
        pressing: false,
        alone: false,
        to: &[(Audience::Requester, vec![principal])],
        letter: &|_| account::credential_changed(what.clone(), at, address, &link),
        link: &link,
    };
    tell(app, change, &news).await
}

/// To a deputy: for whom they decide, and when.
pub(in crate::service) async fn deputy_named(
    app: &App,
    change: &mut Change,
    deputy: PrincipalId,
    (starts_at, ends_at): (Instant, Instant),
) -> Result<(), Error> {
    let (by, link) = (by(change), format!("{}/approvals", app.public_url));
    let news = News {
        occasion: Occasion::DeputyNamed,
        place: None,
        thread: None,
        author: None,
        pressing: false,
        alone: false,
        to: &[(Audience::Requester, vec![deputy])],
        letter: &|_| account::deputy_named(&by, starts_at, ends_at, &link),
        link: &link,
    };
    tell(app, change, &news).await
}
