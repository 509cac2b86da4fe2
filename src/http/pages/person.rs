//! People: who there is, what each can do, inviting and helping them back in.
use axum::extract::Path;
use axum_extra::extract::Query;
use serde::Deserialize;

use super::{
    done::Done,
    extent,
    faults::Faults,
    page::{Answer, Opened, Page, Posted, answer, done, id, new_key, show},
    request::Nothing,
    role,
    say::{self, Reader},
    view::{
        Fact, Pages, Who,
        form::Field,
        frame::Section,
        person::{Invite, OneTimeLink, People, Person, PersonActs, PersonRow, SamePerson, Tag},
    },
};
use crate::{
    domain::{
        id::PrincipalId,
        permission::Permission,
        text::{DisplayName, Email, Justification, UserName},
    },
    error::Error,
    http::language::tell,
    service::person::{self, Detail, Invitation, Invited, NewPerson, Told},
};

/// So many other accounts of one person are named.
const OTHERS_SHOWN: usize = 10;

/// Who is looked for, in the address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    search: String,
    after: String,
    after_id: String,
}

/// The list of people.
pub async fn list(page: Page, Query(wanted): Query<Wanted>) -> Answer {
    let after = wanted.after_id.parse().ok().map(|id| (wanted.after.clone(), id));
    let first = after.is_none();
    let search = Some(wanted.search.clone());
    let people = person::list(&page.app, &page.actor, search, after).await?;
    let opened = page.open(Section::People).await?;
    let full = i64::try_from(people.len()).is_ok_and(|length| length == person::PAGE);
    let search = crate::domain::percent::encode(&wanted.search);
    let next = people.last().filter(|_| full).map(|last| {
        let name = crate::domain::percent::encode(&last.name);
        format!("/people?search={search}&after={name}&after_id={}", last.principal)
    });
    show(&People {
        may_invite: opened.permissions.allow(Permission::ManagePeople),
        search: Field::new(wanted.search),
        rows: people.iter().map(|told| row(told, &opened.reader)).collect(),
        pages: Pages {
            first: if first { String::new() } else { format!("/people?search={search}") },
            next: next.unwrap_or_default(),
        },
        frame: opened.frame,
    })
}

fn row(told: &Told, reader: &Reader) -> PersonRow {
    PersonRow {
        who: who(told),
        mail: told.email.clone(),
        tags: tags(told),
        eligible: told.eligible,
        active: told.active,
        seen: told.last_signed_in_at.map(|at| reader.instant(at)),
    }
}

fn who(told: &Told) -> Who {
    Who {
        name: told.name.clone(),
        initials: say::initials(&told.name),
        detail: told.user_name.clone(),
        link: format!("/people/{}", told.principal),
    }
}

fn is_invited(told: &Told) -> bool {
    !told.enrolled && told.disabled_at.is_none()
}

fn tags(told: &Told) -> Vec<Tag> {
    [
        (told.disabled_at.is_some(), tell!("word-disabled"), "bad"),
        (told.break_glass, tell!("word-emergency-account"), "warn"),
        (is_invited(told), tell!("person-invited"), ""),
    ]
    .into_iter()
    .filter(|(applies, ..)| *applies)
    .map(|(_, text, tone)| Tag { text, tone })
    .collect()
}

/// One person.
pub async fn one(page: Page, Path(person): Path<String>) -> Answer {
    draw(&page, id(&person, "person")?, Faults::default()).await
}

/// One person, with what was wrong with what was just tried.
pub(super) async fn draw(page: &Page, id: PrincipalId, mut faults: Faults) -> Answer {
    let detail = person::show(&page.app, &page.actor, id).await?;
    let Opened { frame, reader, .. } = page.open(Section::People).await?;
    let told = &detail.told;
    let others = detail.other_accounts.iter().take(OTHERS_SHOWN).map(who).collect();
    let status = faults.status();
    let view = Person {
        manager_field: faults.take("manager", ""),
        who: Who { detail: format!("{} · {}", told.user_name, told.email), ..who(told) },
        tags: person_tags(&detail),
        facts: facts(&detail, &reader),
        factors: factors(&detail, &reader),
        problems: faults.rest(),
        extent: extent::tell(id, &detail.extent, told.disabled_at.is_some(), &reader),
        disabled: told.disabled_at.is_some(),
        other_accounts: others,
        activity: detail.requests.iter().map(|told| role::tell(told, &reader)).collect(),
        acts: acts(&detail),
        frame,
    };
    answer(status, &view)
}

/// Whoever has a password, but no authenticator any more, has to set one up anew.
fn person_tags(detail: &Detail) -> Vec<Tag> {
    let password = detail.factors.as_ref().and_then(|factors| factors.password_since);
    let again = password.is_some() && is_invited(&detail.told);
    let mut tags = tags(&detail.told);
    if again && let Some(tag) = tags.last_mut() {
        *tag = Tag { text: tell!("person-new-factors-needed"), tone: "warn" };
    }
    tags
}

fn factors(detail: &Detail, reader: &Reader) -> Vec<Fact> {
    let Some(factors) = &detail.factors else { return Vec::new() };
    let since = |at: Option<_>| at.map(|at| reader.instant(at));
    let mut facts = vec![
        Fact::at_or(tell!("word-password"), since(factors.password_since), tell!("person-not-set")),
        Fact::at_or(
            tell!("person-authenticator"),
            since(factors.authenticator_since),
            tell!("person-not-set-up"),
        ),
        Fact::new(
            tell!("word-recovery-codes"),
            tell!("person-left", recovery_codes = factors.recovery_codes),
        ),
        Fact::new(tell!("person-signed-in"), tell!("person-browsers", count = factors.sessions)),
        Fact::new(tell!("person-access-tokens"), factors.tokens.to_string()),
    ];
    if let Some(at) = factors.authenticator_off {
        facts.insert(2, Fact::at(tell!("person-switched-off"), reader.instant(at)));
    }
    facts
}

fn facts(detail: &Detail, reader: &Reader) -> Vec<Fact> {
    let told = &detail.told;
    let seen = told.last_signed_in_at.map(|at| reader.instant(at));
    let mut facts = vec![
        Fact::new(tell!("word-user-name"), told.user_name.clone()),
        Fact::new(tell!("person-mail"), told.email.clone()),
        Fact::new(
            tell!("person-manager"),
            detail.manager.clone().unwrap_or_else(|| tell!("word-nobody")),
        ),
        Fact::at_or(tell!("word-last-signed-in"), seen, tell!("word-never")),
        Fact::at(tell!("word-since-again"), reader.instant(told.created_at)),
    ];
    if let Some(at) = told.disabled_at {
        facts.push(Fact::at(tell!("word-disabled"), reader.instant(at)));
    }
    facts
}

fn acts(detail: &Detail) -> PersonActs {
    if !detail.may_manage {
        return PersonActs::default();
    }
    let told = &detail.told;
    let link = |verb| format!("/people/{}/{verb}", told.principal);
    let nothing = String::new;
    let disabled = told.disabled_at.is_some();
    PersonActs {
        invite_another: format!("/people/invite?same_person_as={}", told.principal),
        recover: if disabled || detail.own { nothing() } else { link("link") },
        end_access: if disabled || detail.own { nothing() } else { link("end-access") },
        new_factors: if disabled || detail.own { nothing() } else { link("new-factors") },
        disable: if disabled { nothing() } else { link("disable") },
        disable_consequence: tell!("person-ends-all-access-of-now", told = told.name),
        enable: if disabled { link("enable") } else { nothing() },
        manager: if detail.own { nothing() } else { link("manager") },
    }
}

/// What the form of an invitation sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    name: String,
    user_name: String,
    email: String,
    same_person_as: String,
    break_glass: Option<String>,
    idempotency_key: Option<String>,
}

/// For whom the form of an invitation is, in the address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct For {
    same_person_as: String,
}

/// The form of an invitation: of somebody new, or to another account of somebody who has one.
pub async fn invite(page: Page, Query(wanted): Query<For>) -> Answer {
    let form = Form { same_person_as: wanted.same_person_as, ..Form::default() };
    draw_invite(&page, Faults::default(), &form).await
}

/// Whoever has an account already and is to get another.
async fn same_person(page: &Page, form: &Form) -> Result<Option<Told>, Error> {
    if form.same_person_as.is_empty() {
        return Ok(None);
    }
    let principal = id(&form.same_person_as, "person")?;
    Ok(Some(person::show(&page.app, &page.actor, principal).await?.told))
}

async fn draw_invite(page: &Page, mut faults: Faults, form: &Form) -> Answer {
    let Opened { frame, permissions, .. } = page.open(Section::People).await?;
    if !permissions.allow(Permission::ManagePeople) {
        return Err(Error::Forbidden(Permission::ManagePeople).into());
    }
    let status = faults.status();
    let same_person = same_person(page, form).await?;
    let view = Invite {
        same_person: same_person
            .map(|told| SamePerson { principal: told.principal.to_string(), who: who(&told) }),
        idempotency_key: form.idempotency_key.clone().unwrap_or_else(new_key),
        name: faults.take("name", &form.name),
        username: faults.take("user_name", &form.user_name),
        mail: faults.take("email", &form.email),
        break_glass: form.break_glass.is_some(),
        may_break_glass: permissions.allow(Permission::ManagePrivilegedPeople),
        problems: faults.rest(),
        frame,
    };
    answer(status, &view)
}

/// Invites somebody.
pub async fn create(posted: Posted<Form>) -> Answer {
    let Posted { page, form } = posted;
    let same_person = same_person(&page, &form).await?;
    let (name, email) = match &same_person {
        Some(told) => (&told.name, &told.email),
        None => (&form.name, &form.email),
    };
    let mut faults = Faults::default();
    let name: Option<DisplayName> = faults.read("name", name);
    let user_name = parsed(&mut faults, "user_name", UserName::parse(&form.user_name));
    let email = parsed(&mut faults, "email", Email::parse(email));
    let (Some(name), Some(user_name), Some(email)) = (name, user_name, email) else {
        return draw_invite(&page, faults, &form).await;
    };
    let person = NewPerson { name, user_name, email, break_glass: form.break_glass.is_some() };
    let invitation = Invitation { person, same_person_as: same_person.map(|told| told.principal) };
    match person::invite(&page.app, &page.actor, &invitation).await {
        Ok(invited) => show_link(&page, invited).await,
        Err(error) => draw_invite(&page, Faults::of(error)?, &form).await,
    }
}

fn parsed<T, E: ToString>(faults: &mut Faults, field: &str, read: Result<T, E>) -> Option<T> {
    read.map_err(|error| faults.note(field, error.to_string())).ok()
}

/// Shows a one-time link, this once.
pub(super) async fn show_link(page: &Page, invited: Invited) -> Answer {
    let detail = person::show(&page.app, &page.actor, invited.principal).await?;
    let Opened { frame, .. } = page.open(Section::People).await?;
    let enrolled = detail.factors.as_ref().is_some_and(|it| it.password_since.is_some());
    show(&OneTimeLink {
        who: who(&detail.told),
        purpose: if enrolled { "recover" } else { "invite" },
        link: invited.link,
        lasts: if enrolled { tell!("person-one-day") } else { tell!("person-seven-days") },
        frame,
    })
}

/// Makes a link with which somebody sets up their sign-in anew.
pub async fn link(Path(person): Path<String>, posted: Posted<Nothing>) -> Answer {
    let Posted { page, .. } = posted;
    let id: PrincipalId = id(&person, "person")?;
    match person::recovery_link(&page.app, &page.actor, id).await {
        Ok(invited) => show_link(&page, invited).await,
        Err(error) => draw(&page, id, Faults::of(error)?).await,
    }
}

/// Why an account is disabled or enabled.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Reason {
    /// The reason.
    pub justification: String,
}

/// Disables an account.
pub async fn disable(Path(person): Path<String>, posted: Posted<Reason>) -> Answer {
    let Posted { page, form } = posted;
    let id: PrincipalId = id(&person, "person")?;
    let mut faults = Faults::default();
    let Some(reason) = faults.read::<Justification>("justification", &form.justification) else {
        return draw(&page, id, faults).await;
    };
    match person::disable(&page.app, &page.actor, id, &reason).await {
        Ok(()) => done(&format!("/people/{id}"), Done::PersonDisabled),
        Err(error) => draw(&page, id, Faults::of(error)?).await,
    }
}

/// Enables an account again.
pub async fn enable(Path(person): Path<String>, posted: Posted<Reason>) -> Answer {
    let Posted { page, form } = posted;
    let id: PrincipalId = id(&person, "person")?;
    let mut faults = Faults::default();
    let Some(reason) = faults.read::<Justification>("justification", &form.justification) else {
        return draw(&page, id, faults).await;
    };
    match person::enable(&page.app, &page.actor, id, &reason).await {
        Ok(()) => done(&format!("/people/{id}"), Done::PersonEnabled),
        Err(error) => draw(&page, id, Faults::of(error)?).await,
    }
}

/// Whom a person answers to, and why that changes.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Manager {
    manager: String,
    justification: String,
}

/// Sets whom a person answers to.
pub async fn set_manager(Path(person): Path<String>, posted: Posted<Manager>) -> Answer {
    let Posted { page, form } = posted;
    let id: PrincipalId = id(&person, "person")?;
    let mut faults = Faults::default();
    let Some(reason) = faults.read::<Justification>("justification", &form.justification) else {
        return draw(&page, id, faults).await;
    };
    match person::set_manager(&page.app, &page.actor, id, &form.manager, &reason).await {
        Ok(()) => done(&format!("/people/{id}"), Done::ManagerSet),
        Err(error) => draw(&page, id, Faults::of(error)?).await,
    }
}
