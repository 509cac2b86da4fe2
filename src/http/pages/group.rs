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
    scope::choice as scope_choice,
    view::{
        Who,
        form::{Choice, Field},
        frame::Section,
        group::{AddMember, CreateGroup, Group, GroupRow, Groups, Member},
    },
};
use crate::{
    domain::{
        assignment::AssignmentKind,
        id::{PrincipalId, RoleId, ScopeId},
        permission::Permission,
        principal::PrincipalKind,
        role::ScopeKind,
        text::{Description, Justification, Name},
    },
    error::Error,
    http::language::tell,
    service::{assignment::Told, change_request::Outcome, group, scope},
};

/// What the form for a new group sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    name: String,
    description: String,
    parent: String,
    idempotency_key: Option<String>,
}

/// The list of groups.
pub async fn list(page: Page) -> Answer {
    draw(&page, Faults::default(), &Form::default()).await
}

async fn draw(page: &Page, mut faults: Faults, form: &Form) -> Answer {
    let groups = group::list(&page.app, &page.actor, None).await?;
    let places = scope::choices(&page.app, &page.actor, Permission::ManageGroups, None).await;
    let places = match places {
        Err(Error::Forbidden(_)) => Vec::new(),
        places => places?,
    };
    let Opened { frame, .. } = page.open(Section::Groups).await?;
    let status = faults.status();
    let create = (!places.is_empty()).then(|| CreateGroup {
        places: places
            .iter()
            .filter(|place| place.kind != ScopeKind::Group)
            .map(scope_choice)
            .collect(),
        parent: faults.take("parent", &form.parent),
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
            protected: group.protected,
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
    let new =
        group::NewGroup { name, description, parent: form.parent.parse().unwrap_or(ScopeId::ROOT) };
    match group::create(&page.app, &page.actor, &new).await {
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
    let detail = group::show(&page.app, &page.actor, id).await?;
    let Opened { frame, reader, .. } = page.open(Section::Groups).await?;
    let group = &detail.group;
    let status = faults.status();
    let add = if detail.may_change {
        Some(AddMember {
            idempotency_key: form.idempotency_key.clone().unwrap_or_else(new_key),
            people: candidates(page, id, &detail.members, &form.principal).await?,
            people_field: faults.take("principals", ""),
            reason: faults.take("justification", &form.justification),
            problems: Vec::new(),
        })
    } else {
        None
    };
    let give = |role: RoleId| {
        let link = || format!("/roles/{role}/assignments/new?scope={}", group.scope);
        if detail.may_change { link() } else { String::new() }
    };
    let settings = |role: RoleId| format!("/roles/{role}/settings?scope={}", group.scope);
    let problems = faults.rest();
    let (members, may_join): (Vec<_>, Vec<_>) =
        detail.members.iter().partition(|told| told.kind == AssignmentKind::Active);
    let rows = |list: &[Told]| list.iter().map(|told| assigned::row(told, &reader)).collect();
    let view = Group {
        action: format!("/groups/{id}"),
        name: group.name.clone(),
        purpose: group.description.clone(),
        place: detail.place.clone(),
        place_link: format!("/resources/{}", group.parent),
        protected: group.protected,
        retired: group.retired_at.is_some(),
        decides: group.approves.clone(),
        members: members
            .into_iter()
            .map(|member| tell(id, &group.name, member, detail.may_change, &reader))
            .collect(),
        may_join: may_join.into_iter().map(|told| assigned::row(told, &reader)).collect(),
        owners: rows(&detail.owners),
        carries: rows(&detail.carries),
        add: add.map(|add| AddMember { problems, ..add }),
        give: [give(RoleId::MEMBER), give(RoleId::OWNER)],
        settings: [settings(RoleId::MEMBER), settings(RoleId::OWNER)],
        rename: detail
            .may_change
            .then(|| [Field::new(&group.name), Field::new(&group.description)]),
        retire: if detail.may_change {
            format!("/resources/{}/retire", group.scope)
        } else {
            String::new()
        },
        frame,
    };
    answer(status, &view)
}

/// Whoever is not in the group yet.
async fn candidates(
    page: &Page,
    group: PrincipalId,
    members: &[Told],
    chosen: &[String],
) -> Result<Vec<Choice>, Error> {
    let everybody = choices(page, chosen).await?;
    let is_member = |choice: &Choice| {
        choice.value == group.to_string()
            || members.iter().any(|member| member.principal.to_string() == choice.value)
    };
    Ok(everybody.into_iter().filter(|choice| !is_member(choice)).collect())
}

fn tell(group: PrincipalId, name: &str, told: &Told, may_manage: bool, reader: &Reader) -> Member {
    Member {
        who: Who {
            name: told.holder.clone(),
            initials: say::initials(&told.holder),
            detail: match told.holder_kind {
                PrincipalKind::User => told.account.clone(),
                PrincipalKind::Group => tell!("word-group"),
                PrincipalKind::ServicePrincipal => tell!("word-application"),
            },
            link: match told.holder_kind {
                PrincipalKind::User => format!("/people/{}", told.principal),
                PrincipalKind::Group => format!("/groups/{}", told.principal),
                PrincipalKind::ServicePrincipal => String::new(),
            },
        },
        status: assigned::status(told, reader),
        since: reader.instant(told.starts_at),
        until: told.ends_at.map(|end| reader.instant(end)),
        remove: if may_manage {
            format!("/groups/{group}/members/{}/remove", told.principal)
        } else {
            String::new()
        },
        consequence: tell!("group-no-longer-belongs-to-and", holder = told.holder, name = name),
    }
}

/// Adds people.
pub async fn add(Path(group): Path<String>, posted: Posted<Addition>) -> Answer {
    let Posted { page, form } = posted;
    let id: PrincipalId = id(&group, "group")?;
    let mut faults = Faults::default();
    let people: Vec<_> = form.principal.iter().filter_map(|text| text.parse().ok()).collect();
    if people.is_empty() {
        faults.note("principals", tell!("group-choose-at-least-one-person"));
    }
    let reason: Option<Justification> = faults.read("justification", &form.justification);
    let Some(reason) = reason.filter(|_| faults.is_empty()) else {
        return draw_one(&page, id, faults, &form).await;
    };
    let added = group::add(&page.app, &page.actor, id, people, &reason).await;
    let outcomes: Result<Vec<_>, _> =
        added.and_then(|added| added.into_iter().map(|one| one.outcome).collect());
    match outcomes {
        Ok(outcomes) => match outcomes.iter().find_map(|outcome| match outcome {
            Outcome::Waits(change) => Some(change),
            Outcome::Done(_) => None,
        }) {
            Some(change) => done(&format!("/changes/{change}"), Done::ChangeWaits),
            None => done(&format!("/groups/{id}"), Done::MembersAdded),
        },
        Err(error) => draw_one(&page, id, Faults::of(error)?, &form).await,
    }
}

/// Renames a group.
pub async fn rename(Path(group): Path<String>, posted: Posted<Form>) -> Answer {
    let Posted { page, form } = posted;
    let id: PrincipalId = id(&group, "group")?;
    let mut faults = Faults::default();
    let name: Option<Name> = faults.read("name", &form.name);
    let description: Option<Description> = faults.read("description", &form.description);
    let (Some(name), Some(description)) = (name, description) else {
        return draw_one(&page, id, faults, &Addition::default()).await;
    };
    match group::rename(&page.app, &page.actor, id, &name, &description).await {
        Ok(()) => done(&format!("/groups/{id}"), Done::Renamed),
        Err(error) => draw_one(&page, id, Faults::of(error)?, &Addition::default()).await,
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
