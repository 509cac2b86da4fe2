//! Groups: which there are, and who belongs to one.
use axum::extract::Path;
use serde::Deserialize;

use super::{
    assigned,
    done::Done,
    faults::Faults,
    page::{Answer, Opened, Page, Posted, answer, done, id, new_key},
    person::Reason,
    role::choices,
    say::{self, Reader},
    view::{
        Who,
        form::Choice,
        frame::Section,
        group::{AddMember, CreateGroup, Group, GroupRow, Groups, Member},
    },
};
use crate::{
    domain::{
        assignment::AssignmentKind,
        id::{PrincipalId, RoleId, ScopeId},
        permission::Permission,
        text::{Description, Justification, Name},
    },
    error::Error,
    service::{
        assignment::{self, Filter, Told},
        group,
    },
};

/// What the form for a new group sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    name: String,
    description: String,
    idempotency_key: Option<String>,
}

/// The list of groups.
pub async fn list(page: Page) -> Answer {
    draw(&page, Faults::default(), &Form::default()).await
}

async fn draw(page: &Page, mut faults: Faults, form: &Form) -> Answer {
    let groups = group::list(&page.app, &page.actor).await?;
    let Opened { frame, permissions, .. } = page.open(Section::Groups).await?;
    let status = faults.status();
    let create = permissions.allow(Permission::ManageGroups).then(|| CreateGroup {
        idempotency_key: form.idempotency_key.clone().unwrap_or_else(new_key),
        name: faults.take("name", &form.name),
        purpose: faults.take("description", &form.description),
        problems: faults.rest(),
    });
    let rows = groups
        .iter()
        .map(|group| GroupRow {
            link: format!("/groups/{}", group.principal),
            name: group.name.clone(),
            purpose: group.description.clone(),
            members: group.members,
            decides: group.approves.join(", "),
        })
        .collect();
    answer(status, &Groups { frame, rows, create })
}

/// Makes a group.
pub async fn create(posted: Posted<Form>) -> Answer {
    let Posted { page, form } = posted;
    let mut faults = Faults::default();
    let name: Option<Name> = faults.read("name", &form.name);
    let description: Option<Description> = faults.read("description", &form.description);
    let (Some(name), Some(description)) = (name, description) else {
        return draw(&page, faults, &form).await;
    };
    match group::create(&page.app, &page.actor, &name, &description).await {
        Ok(id) => done(&format!("/groups/{id}"), Done::GroupMade),
        Err(error) => draw(&page, Faults::of(error)?, &form).await,
    }
}

/// What the form that adds people sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Addition {
    principal: Vec<String>,
    justification: String,
    idempotency_key: Option<String>,
}

/// One group.
pub async fn one(page: Page, Path(group): Path<String>) -> Answer {
    draw_one(&page, id(&group, "group")?, Faults::default(), &Addition::default()).await
}

async fn draw_one(page: &Page, id: PrincipalId, mut faults: Faults, form: &Addition) -> Answer {
    let (group, members) = group::show(&page.app, &page.actor, id).await?;
    let Opened { frame, permissions, reader } = page.open(Section::Groups).await?;
    let may_manage = permissions.allow(Permission::ManageGroups);
    let status = faults.status();
    let add = if may_manage {
        let people = candidates(page, &members, &form.principal).await?;
        Some(AddMember {
            idempotency_key: form.idempotency_key.clone().unwrap_or_else(new_key),
            people,
            people_field: faults.take("principals", ""),
            reason: faults.take("justification", &form.justification),
            problems: Vec::new(),
        })
    } else {
        None
    };
    let problems = faults.rest();
    let others = others(page, group.scope).await?;
    let view = Group {
        others: others.iter().map(|told| assigned::row(told, &reader)).collect(),
        action: format!("/groups/{id}"),
        name: group.name.clone(),
        purpose: group.description.clone(),
        decides: group.approves,
        members: members
            .iter()
            .map(|member| tell(id, &group.name, member, may_manage, &reader))
            .collect(),
        add: add.map(|add| AddMember { problems, ..add }),
        frame,
    };
    answer(status, &view)
}

/// Owners, and those who may activate their membership, as far as the reader may see them.
async fn others(page: &Page, scope: ScopeId) -> Result<Vec<Told>, Error> {
    let filter = Filter { scope: Some(scope), ..Filter::default() };
    let mut all = match assignment::list(&page.app, &page.actor, filter).await {
        Err(Error::Forbidden(_)) => Vec::new(),
        all => all?,
    };
    all.retain(|told| told.role != RoleId::MEMBER || told.kind == AssignmentKind::Eligible);
    Ok(all)
}

/// The people who are not in the group yet.
async fn candidates(
    page: &Page,
    members: &[Told],
    chosen: &[String],
) -> Result<Vec<Choice>, Error> {
    let everybody = choices(page, chosen).await?;
    let is_member =
        |choice: &Choice| members.iter().any(|member| member.principal.to_string() == choice.value);
    Ok(everybody
        .into_iter()
        .filter(|choice| !choice.hint.starts_with("Group,") && !is_member(choice))
        .collect())
}

fn tell(group: PrincipalId, name: &str, told: &Told, may_manage: bool, reader: &Reader) -> Member {
    Member {
        who: Who {
            name: told.holder.clone(),
            initials: say::initials(&told.holder),
            detail: told.account.clone(),
            link: format!("/people/{}", told.principal),
        },
        status: assigned::status(told, reader),
        since: reader.instant(told.starts_at),
        until: told.ends_at.map(|end| reader.instant(end)),
        remove: if may_manage {
            format!("/groups/{group}/members/{}/remove", told.principal)
        } else {
            String::new()
        },
        consequence: format!(
            "{} no longer belongs to {name}, and can no longer decide where {name} decides.",
            told.holder
        ),
    }
}

/// Adds people.
pub async fn add(Path(group): Path<String>, posted: Posted<Addition>) -> Answer {
    let Posted { page, form } = posted;
    let id: PrincipalId = id(&group, "group")?;
    let mut faults = Faults::default();
    let people: Vec<_> = form.principal.iter().filter_map(|text| text.parse().ok()).collect();
    if people.is_empty() {
        faults.note("principals", "Choose at least one person.");
    }
    let reason: Option<Justification> = faults.read("justification", &form.justification);
    let Some(reason) = reason.filter(|_| faults.is_empty()) else {
        return draw_one(&page, id, faults, &form).await;
    };
    let added = group::add(&page.app, &page.actor, id, people, &reason).await;
    let refused =
        added.and_then(|added| added.into_iter().try_for_each(|one| one.outcome.map(drop)));
    match refused {
        Ok(()) => done(&format!("/groups/{id}"), Done::MembersAdded),
        Err(error) => draw_one(&page, id, Faults::of(error)?, &form).await,
    }
}

/// Takes somebody out.
pub async fn remove(
    Path((group, person)): Path<(String, String)>,
    posted: Posted<Reason>,
) -> Answer {
    let Posted { page, form } = posted;
    let group: PrincipalId = id(&group, "group")?;
    let person: PrincipalId = id(&person, "person")?;
    let mut faults = Faults::default();
    let Some(reason) = faults.read::<Justification>("justification", &form.justification) else {
        return draw_one(&page, group, faults, &Addition::default()).await;
    };
    match group::remove(&page.app, &page.actor, group, person, &reason).await {
        Ok(()) => done(&format!("/groups/{group}"), Done::MemberRemoved),
        Err(error) => draw_one(&page, group, Faults::of(error)?, &Addition::default()).await,
    }
}
