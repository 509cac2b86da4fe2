//! What applications sign in with: making it, and revoking it.
use axum::extract::Path;
use axum_extra::extract::Query;
use serde::Deserialize;

use super::{
    application::finish,
    done::Done,
    faults::Faults,
    page::{Answer, Page, Posted, answer, done, id, new_key, show},
    request::Nothing,
    view::{
        application::{NewCredential, SecretShown},
        form::Choice,
        frame::Section,
    },
};
use crate::{
    domain::{id::PrincipalId, text::Name},
    error::Error,
    http::language::tell,
    service::application::{self, NewKey, NewSecret},
};

/// What the address of a form proposes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Proposed {
    name: String,
}

impl Proposed {
    fn form(self) -> Form {
        Form { name: self.name, ..Form::default() }
    }
}

/// What the form for a secret or a key sends.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    name: String,
    days: String,
    public_key: String,
    code: String,
    idempotency_key: Option<String>,
}

/// The form for a secret.
pub async fn new_secret(
    page: Page,
    Path(application): Path<String>,
    Query(proposed): Query<Proposed>,
) -> Answer {
    let id = id(&application, "application")?;
    draw(&page, id, false, (Faults::default(), &proposed.form())).await
}

/// The form for a key.
pub async fn new_key_form(
    page: Page,
    Path(application): Path<String>,
    Query(proposed): Query<Proposed>,
) -> Answer {
    let id = id(&application, "application")?;
    draw(&page, id, true, (Faults::default(), &proposed.form())).await
}

async fn draw(
    page: &Page,
    id: PrincipalId,
    is_key: bool,
    (mut faults, form): (Faults, &Form),
) -> Answer {
    let detail = application::show(&page.app, &page.actor, id).await?;
    if !detail.may.make_keys {
        let message = tell!("application-its-owners-make-what-it");
        return Err(Error::NotAllowed(message).into());
    }
    let status = faults.status();
    let link = format!("/applications/{id}");
    let days = if form.days.is_empty() { "90" } else { &form.days };
    let lifetimes = [
        ("30", tell!("word-30-days")),
        ("90", tell!("word-90-days")),
        ("180", tell!("application-6-months")),
        ("365", tell!("word-1-year")),
        ("730", tell!("application-2-years")),
    ];
    let view = NewCredential {
        action: format!("{link}/{}", if is_key { "keys" } else { "secrets" }),
        back: link,
        idempotency_key: form.idempotency_key.clone().unwrap_or_else(new_key),
        application: detail.told.name,
        name: faults.take("name", &form.name),
        lifetime: faults.take("days", days),
        lifetimes: lifetimes
            .into_iter()
            .filter(|(days, _)| is_key || *days != "730")
            .map(|(value, label)| Choice::new(value, label))
            .collect(),
        public_key: is_key.then(|| faults.take("public_key", &form.public_key)),
        code: faults.take("code", ""),
        frame: page.open(Section::Applications).await?.frame,
        problems: faults.rest(),
    };
    answer(status, &view)
}

fn read(form: &Form) -> Result<(Name, u16), Faults> {
    let mut faults = Faults::default();
    let name: Option<Name> = faults.read("name", &form.name);
    let days: Option<u16> = faults.read("days", &form.days);
    match (name, days) {
        (Some(name), Some(days)) => Ok((name, days)),
        _ => Err(faults),
    }
}

/// Makes a secret and shows it, this once.
pub async fn make_secret(Path(application): Path<String>, posted: Posted<Form>) -> Answer {
    let Posted { page, form } = posted;
    let id: PrincipalId = id(&application, "application")?;
    let (name, days) = match read(&form) {
        Ok(read) => read,
        Err(faults) => return draw(&page, id, false, (faults, &form)).await,
    };
    // What the page takes is read before: once the secret is made, nothing may keep it from being shown.
    let told = application::show(&page.app, &page.actor, id).await?.told;
    let frame = page.open(Section::Applications).await?.frame;
    let new = NewSecret { name: &name, days, code: Some(&form.code) };
    match application::make_secret(&page.app, &page.actor, id, &new).await {
        Ok((_, secret)) => show(&SecretShown {
            link: format!("/applications/{id}"),
            application: told.name,
            name: name.to_string(),
            client: id.to_string(),
            secret: secret.reveal().to_string(),
            base: page.app.public_url.to_string(),
            frame,
        }),
        Err(error) => draw(&page, id, false, (Faults::of(error)?, &form)).await,
    }
}

/// Registers a public key.
pub async fn add_key(Path(application): Path<String>, posted: Posted<Form>) -> Answer {
    let Posted { page, form } = posted;
    let id: PrincipalId = id(&application, "application")?;
    let (name, days) = match read(&form) {
        Ok(read) => read,
        Err(faults) => return draw(&page, id, true, (faults, &form)).await,
    };
    let new = NewKey { name: &name, days, public_key: &form.public_key, code: Some(&form.code) };
    match application::add_key(&page.app, &page.actor, id, &new).await {
        Ok(_) => done(&format!("/applications/{id}"), Done::KeyAdded),
        Err(error) => draw(&page, id, true, (Faults::of(error)?, &form)).await,
    }
}

/// Revokes a secret or key.
pub async fn revoke(
    Path((application, credential)): Path<(String, String)>,
    posted: Posted<Nothing>,
) -> Answer {
    let Posted { page, .. } = posted;
    let application = id(&application, "application")?;
    let credential = id(&credential, "secret or key")?;
    let outcome = application::revoke(&page.app, &page.actor, application, credential).await;
    finish(&page, application, outcome, Done::CredentialRevoked).await
}
