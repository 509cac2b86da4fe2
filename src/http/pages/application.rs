//! Applications: which there are, who answers for them, and what each holds and signs in with.
use axum::extract::Path;
use axum_extra::extract::Query;
use serde::Deserialize;

use super::{
    assigned, chronicle,
    done::Done,
    faults::Faults,
    page::{Answer, Opened, Page, Posted, answer, done, id, new_key, show},
    person::Reason,
    request::Nothing,
    role,
    say::{self, Reader},
    view::{
        Fact, Pages, Who,
        application::{
            Application, ApplicationActs, ApplicationRow, Applications, Credential,
            EditApplication, Owner,
        },
        form::{Choice, Field},
        frame::Section,
        person::Tag,
    },
};
use crate::{
    domain::{
        id::PrincipalId,
        permission::Permission,
        text::{Description, Justification, Name},
    },
    error::Error,
    http::language::tell,
    secret::PublicKey,
    service::application::{self, Detail, NewApplication, Told},
};

/// A secret or key that ends within so many days is pointed out.
const SOON_DAYS: i64 = 30;

/// What is looked for, in the address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    search: String,
    after: String,
}

/// The list of applications: all of them, or those that the reader owns.
pub async fn list(page: Page, Query(wanted): Query<Wanted>) -> Answer {
    let (search, after) = (Some(wanted.search.clone()), Some(wanted.after.clone()));
    let found = application::list(&page.app, &page.actor, search, after).await?;
    let Opened { frame, permissions, reader, .. } = page.open(Section::Applications).await?;
    let full = i64::try_from(found.len()).is_ok_and(|length| length == application::PAGE);
    let link = format!("/applications?search={}", crate::domain::percent::encode(&wanted.search));
    let next = found
        .last()
        .filter(|_| full)
        .map(|last| format!("{link}&after={}", crate::domain::percent::encode(&last.name)));
    show(&Applications {
        may_register: permissions.allow(Permission::ManageApplications),
        search: Field::new(wanted.search),
        rows: found.iter().map(|told| row(told, &reader)).collect(),
        pages: Pages {
            first: if wanted.after.is_empty() { String::new() } else { link },
            next: next.unwrap_or_default(),
        },
        frame,
    })
}

fn row(told: &Told, reader: &Reader) -> ApplicationRow {
    ApplicationRow {
        link: format!("/applications/{}", told.principal),
        name: told.name.clone(),
        purpose: told.description.clone(),
        tags: tags(told, reader),
        owner: match told.owners - 1 {
            ..=0 => told.accountable_name.clone(),
            others => {
                tell!("application-and-more", accountable = told.accountable_name, others = others)
            }
        },
        roles: told.roles.join(", "),
        used: told.last_used_at.map(|at| reader.ago(at)),
    }
}

fn tags(told: &Told, reader: &Reader) -> Vec<Tag> {
    let soon = reader.now.plus_seconds(SOON_DAYS * 24 * 60 * 60);
    let enabled = told.disabled_at.is_none();
    [
        (!enabled, tell!("word-disabled"), "bad"),
        (enabled && told.credentials == 0, tell!("application-cannot-sign-in"), ""),
        (
            enabled && told.credentials_end_at.is_some_and(|end| end < soon),
            tell!("application-renew-soon"),
            "warn",
        ),
    ]
    .into_iter()
    .filter(|(applies, ..)| *applies)
    .map(|(_, text, tone)| Tag { text, tone })
    .collect()
}

/// What the form for an application sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    name: String,
    description: String,
    owner: Vec<String>,
    idempotency_key: Option<String>,
}

/// The form for a new application.
pub async fn new(page: Page) -> Answer {
    draw_new(&page, Faults::default(), &Form::default()).await
}

async fn draw_new(page: &Page, mut faults: Faults, form: &Form) -> Answer {
    let Opened { frame, permissions, .. } = page.open(Section::Applications).await?;
    if !permissions.allow(Permission::ManageApplications) {
        return Err(Error::Forbidden(Permission::ManageApplications).into());
    }
    let status = faults.status();
    let view = EditApplication {
        action: "/applications".to_owned(),
        back: "/applications".to_owned(),
        idempotency_key: form.idempotency_key.clone().unwrap_or_else(new_key),
        fresh: true,
        name: faults.take("name", &form.name),
        purpose: faults.take("description", &form.description),
        owners: people(page, &form.owner).await?,
        owners_field: faults.take("owners", ""),
        problems: faults.rest(),
        frame,
    };
    answer(status, &view)
}

/// The people who could answer for an application.
async fn people(page: &Page, chosen: &[String]) -> Result<Vec<Choice>, Error> {
    match role::people(page, chosen).await {
        Err(Error::Forbidden(_)) => Ok(Vec::new()),
        people => people,
    }
}

/// Registers an application.
pub async fn create(posted: Posted<Form>) -> Answer {
    let Posted { page, form } = posted;
    let mut faults = Faults::default();
    let name: Option<Name> = faults.read("name", &form.name);
    let description: Option<Description> = faults.read("description", &form.description);
    let (Some(name), Some(description)) = (name, description) else {
        return draw_new(&page, faults, &form).await;
    };
    let owners = form.owner.iter().filter_map(|text| text.parse().ok()).collect();
    let new = NewApplication { name, description, owners };
    match application::register(&page.app, &page.actor, &new).await {
        Ok(id) => done(&format!("/applications/{id}"), Done::ApplicationRegistered),
        Err(error) => draw_new(&page, Faults::of(error)?, &form).await,
    }
}

/// The form that changes an application.
pub async fn edit(page: Page, Path(application): Path<String>) -> Answer {
    let id: PrincipalId = id(&application, "application")?;
    let detail = application::show(&page.app, &page.actor, id).await?;
    if !detail.may.administer {
        let message = tell!("application-it-is-changed-by-those");
        return Err(Error::NotAllowed(message).into());
    }
    let told = detail.told;
    let form = Form { name: told.name, description: told.description, ..Form::default() };
    draw_edit(&page, id, Faults::default(), &form).await
}

async fn draw_edit(page: &Page, id: PrincipalId, mut faults: Faults, form: &Form) -> Answer {
    let frame = page.open(Section::Applications).await?.frame;
    let status = faults.status();
    let view = EditApplication {
        action: format!("/applications/{id}"),
        back: format!("/applications/{id}"),
        idempotency_key: form.idempotency_key.clone().unwrap_or_else(new_key),
        fresh: false,
        name: faults.take("name", &form.name),
        purpose: faults.take("description", &form.description),
        owners: Vec::new(),
        owners_field: Field::default(),
        problems: faults.rest(),
        frame,
    };
    answer(status, &view)
}

/// Changes an application's name and description.
pub async fn rename(Path(application): Path<String>, posted: Posted<Form>) -> Answer {
    let Posted { page, form } = posted;
    let id: PrincipalId = id(&application, "application")?;
    let mut faults = Faults::default();
    let name: Option<Name> = faults.read("name", &form.name);
    let description: Option<Description> = faults.read("description", &form.description);
    let (Some(name), Some(description)) = (name, description) else {
        return draw_edit(&page, id, faults, &form).await;
    };
    match application::rename(&page.app, &page.actor, id, &name, &description).await {
        Ok(()) | Err(Error::Repeated(_)) => {
            done(&format!("/applications/{id}"), Done::ApplicationChanged)
        }
        Err(error) => draw_edit(&page, id, Faults::of(error)?, &form).await,
    }
}

/// One application.
pub async fn one(page: Page, Path(application): Path<String>) -> Answer {
    draw(&page, id(&application, "application")?, Faults::default()).await
}

/// One application, with what was wrong with what was just tried.
pub(super) async fn draw(page: &Page, id: PrincipalId, mut faults: Faults) -> Answer {
    let detail = application::show(&page.app, &page.actor, id).await?;
    let Opened { frame, reader, .. } = page.open(Section::Applications).await?;
    let told = &detail.told;
    let link = format!("/applications/{id}");
    let add_owner = if detail.may.administer && detail.may.read_people {
        Some(candidates(page, &detail).await?)
    } else {
        None
    };
    let status = faults.status();
    let view = Application {
        name: told.name.clone(),
        purpose: told.description.clone(),
        tags: tags(told, &reader),
        facts: facts(&detail, &reader),
        owner_field: faults.take("owners", ""),
        problems: faults.rest(),
        owners: detail.owners.iter().map(|owner| tell_owner(&detail, owner, &reader)).collect(),
        add_owner: add_owner.filter(|people| !people.is_empty()),
        credentials: detail
            .credentials
            .iter()
            .map(|credential| tell_credential(&detail, credential, &reader))
            .collect(),
        held: detail
            .assignments
            .iter()
            .map(|held| {
                let row = assigned::row(held, &reader);
                let link = if detail.may.read_people { row.link } else { String::new() };
                super::view::role::AssignmentRow { link, ..row }
            })
            .collect(),
        activity: detail.activity.iter().map(|entry| chronicle::tell(entry, &reader)).collect(),
        acts: acts(&detail, &link),
        base: page.app.public_url.to_string(),
        client: id.to_string(),
        link,
        frame,
    };
    answer(status, &view)
}

/// The people who do not own an application yet.
async fn candidates(page: &Page, detail: &Detail) -> Result<Vec<Choice>, Error> {
    let mut people = people(page, &[]).await?;
    people.retain(|choice| {
        !detail.owners.iter().any(|owner| owner.principal.to_string() == choice.value)
    });
    for choice in &mut people {
        choice.label = format!("{} ({})", choice.label, choice.hint);
    }
    Ok(people)
}

fn facts(detail: &Detail, reader: &Reader) -> Vec<Fact> {
    let told = &detail.told;
    let used = told.last_used_at.map(|at| reader.ago(at));
    let mut facts = vec![
        Fact::new(tell!("application-client-identifier"), told.principal.to_string()),
        Fact::at_or(tell!("word-last-signed-in"), used, tell!("word-never")),
        Fact::at(tell!("application-registered"), reader.instant(told.created_at)),
    ];
    if let Some(at) = told.disabled_at {
        facts.push(Fact::at(tell!("word-disabled"), reader.instant(at)));
    }
    facts
}

fn tell_owner(detail: &Detail, told: &application::Owner, reader: &Reader) -> Owner {
    let application = detail.told.principal;
    let act = |verb: &str, allowed: bool| {
        if detail.may.administer && allowed {
            format!("/applications/{application}/owners/{}/{verb}", told.principal)
        } else {
            String::new()
        }
    };
    Owner {
        who: Who {
            name: told.name.clone(),
            initials: say::initials(&told.name),
            detail: told.user_name.clone(),
            link: if detail.may.read_people {
                format!("/people/{}", told.principal)
            } else {
                String::new()
            },
        },
        accountable: told.accountable,
        disabled: told.disabled,
        since: reader.instant(told.since),
        promote: act("make-accountable", !told.accountable),
        remove: act("remove", detail.owners.len() > 1),
    }
}

fn tell_credential(detail: &Detail, told: &application::Credential, reader: &Reader) -> Credential {
    let link = format!("/applications/{}", detail.told.principal);
    let key = told.public_key.as_deref().and_then(|der| PublicKey::from_der(der).ok());
    let soon = reader.now.plus_seconds(SOON_DAYS * 24 * 60 * 60);
    let good = told.revoked_at.is_none() && told.expires_at > reader.now;
    let tag = match (told.revoked_at, told.expires_at) {
        (Some(_), _) => Some((tell!("word-revoked"), "bad")),
        (None, end) if end <= reader.now => Some((tell!("word-over"), "")),
        (None, end) if end < soon => Some((tell!("application-renew-soon"), "warn")),
        _ => None,
    };
    let act = |path: String| {
        if good && detail.may.hold_keys { path } else { String::new() }
    };
    let name = crate::domain::percent::encode(&told.name);
    let kind = if key.is_some() { "keys" } else { "secrets" };
    Credential {
        name: told.name.clone(),
        kind: key.as_ref().map_or_else(|| tell!("application-secret"), PublicKey::describe),
        fingerprint: key.as_ref().map(PublicKey::fingerprint).unwrap_or_default(),
        id: told.id.to_string(),
        tag: tag.map(|(text, tone)| Tag { text, tone }),
        ends: reader.instant(told.expires_at),
        used: told.last_used_at.map(|at| reader.ago(at)),
        rotate: act(format!("{link}/{kind}/new?name={name}")),
        revoke: act(format!("{link}/credentials/{}/revoke", told.id)),
    }
}

fn acts(detail: &Detail, link: &str) -> ApplicationActs {
    let enabled = detail.told.disabled_at.is_none();
    let act = |allowed: bool, path: String| if allowed { path } else { String::new() };
    let may = detail.may;
    ApplicationActs {
        edit: act(may.administer, format!("{link}/edit")),
        secret: act(may.make_keys && enabled, format!("{link}/secrets/new")),
        key: act(may.make_keys && enabled, format!("{link}/keys/new")),
        disable: act(may.hold_keys && enabled, format!("{link}/disable")),
        enable: act(may.administer && !enabled, format!("{link}/enable")),
        assign: act(may.assign && enabled, "/roles".to_owned()),
    }
}

/// Goes back to the application's page, or says there what was wrong.
pub(super) async fn finish(
    page: &Page,
    id: PrincipalId,
    outcome: Result<(), Error>,
    what: Done,
) -> Answer {
    match outcome {
        Ok(()) => done(&format!("/applications/{id}"), what),
        Err(error) => draw(page, id, Faults::of(error)?).await,
    }
}

/// Disables an application.
pub async fn disable(Path(application): Path<String>, posted: Posted<Reason>) -> Answer {
    let Posted { page, form } = posted;
    let id: PrincipalId = id(&application, "application")?;
    let mut faults = Faults::default();
    let Some(reason) = faults.read::<Justification>("justification", &form.justification) else {
        return draw(&page, id, faults).await;
    };
    let outcome = application::disable(&page.app, &page.actor, id, &reason).await;
    finish(&page, id, outcome, Done::ApplicationDisabled).await
}

/// Enables an application again.
pub async fn enable(Path(application): Path<String>, posted: Posted<Reason>) -> Answer {
    let Posted { page, form } = posted;
    let id: PrincipalId = id(&application, "application")?;
    let mut faults = Faults::default();
    let Some(reason) = faults.read::<Justification>("justification", &form.justification) else {
        return draw(&page, id, faults).await;
    };
    let outcome = application::enable(&page.app, &page.actor, id, &reason).await;
    finish(&page, id, outcome, Done::ApplicationEnabled).await
}

/// What the form that adds an owner sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Addition {
    principal: String,
}

/// Makes somebody an owner.
pub async fn add_owner(Path(application): Path<String>, posted: Posted<Addition>) -> Answer {
    let Posted { page, form } = posted;
    let application = id(&application, "application")?;
    let account = id(&form.principal, "person")?;
    let outcome = application::add_owner(&page.app, &page.actor, application, account).await;
    finish(&page, application, outcome, Done::OwnersChanged).await
}

/// Ends that somebody owns an application.
pub async fn remove_owner(
    Path((application, person)): Path<(String, String)>,
    posted: Posted<Nothing>,
) -> Answer {
    let Posted { page, .. } = posted;
    let (application, account) = (id(&application, "application")?, id(&person, "person")?);
    let outcome = application::remove_owner(&page.app, &page.actor, application, account).await;
    finish(&page, application, outcome, Done::OwnersChanged).await
}

/// Makes another owner accountable.
pub async fn make_accountable(
    Path((application, person)): Path<(String, String)>,
    posted: Posted<Nothing>,
) -> Answer {
    let Posted { page, .. } = posted;
    let (application, account) = (id(&application, "application")?, id(&person, "person")?);
    let outcome = application::make_accountable(&page.app, &page.actor, application, account).await;
    finish(&page, application, outcome, Done::OwnersChanged).await
}
