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

fn tags(told: &Told) -> Vec<Tag> {
    [
        (told.disabled_at.is_some(), "Disabled", "bad"),
        (told.break_glass, "Emergency account", "warn"),
        (!told.enrolled && told.disabled_at.is_none(), "Invited", ""),
    ]
    .into_iter()
    .filter(|(applies, ..)| *applies)
    .map(|(_, text, tone)| Tag { text: text.to_owned(), tone })
    .collect()
}

/// One person.
pub async fn one(page: Page, Path(person): Path<String>) -> Answer {
    draw(&page, id(&person, "person")?, Faults::default()).await
}

/// One person, with what was wrong with what was just tried.
pub(super) async fn draw(page: &Page, id: PrincipalId, faults: Faults) -> Answer {
    let detail = person::show(&page.app, &page.actor, id).await?;
    let Opened { frame, reader, .. } = page.open(Section::People).await?;
    let told = &detail.told;
    let others = detail.other_accounts.iter().take(OTHERS_SHOWN).map(who).collect();
    let status = faults.status();
    let view = Person {
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
    tags(&detail.told)
        .into_iter()
        .map(|tag| match tag.text.as_str() {
            "Invited" if password.is_some() => {
                Tag { text: "New factors needed".to_owned(), tone: "warn" }
            }
            _ => tag,
        })
        .collect()
}

fn factors(detail: &Detail, reader: &Reader) -> Vec<Fact> {
    let Some(factors) = &detail.factors else { return Vec::new() };
    let since = |at: Option<_>| at.map(|at| reader.instant(at));
    let mut facts = vec![
        Fact::at_or("Password", since(factors.password_since), "Not set"),
        Fact::at_or("Authenticator", since(factors.authenticator_since), "Not set up"),
        Fact::new("Recovery codes", format!("{} left", factors.recovery_codes)),
        Fact::new(
            "Signed in",
            say::count(usize::try_from(factors.sessions).unwrap_or(0), "browser"),
        ),
        Fact::new("Access tokens", factors.tokens.to_string()),
    ];
    if let Some(at) = factors.authenticator_off {
        facts.insert(2, Fact::at("Switched off", reader.instant(at)));
    }
    facts
}

fn facts(detail: &Detail, reader: &Reader) -> Vec<Fact> {
    let told = &detail.told;
    let seen = told.last_signed_in_at.map(|at| reader.instant(at));
    let mut facts = vec![
        Fact::new("User name", told.user_name.clone()),
        Fact::new("Mail", told.email.clone()),
        Fact::at_or("Last signed in", seen, "Never"),
        Fact::at("Since", reader.instant(told.created_at)),
    ];
    if let Some(at) = told.disabled_at {
        facts.push(Fact::at("Disabled", reader.instant(at)));
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
        disable_consequence: format!(
            "Ends all access of {} now, signs the account out everywhere, and withdraws its open requests.",
            told.name
        ),
        enable: if disabled { link("enable") } else { nothing() },
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
    read.map_err(|error| faults.note(field, &error.to_string())).ok()
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
        lasts: if enrolled { "one day" } else { "seven days" },
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
