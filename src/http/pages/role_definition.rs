//! What a role is, as a form: making one, changing one, retiring one.
use axum::extract::Path;
use serde::Deserialize;

use super::{
    done::Done,
    faults::Faults,
    page::{Answer, Opened, Page, Posted, answer, done, id, new_key},
    plain_words, scope,
    view::{
        form::Choice,
        frame::Section,
        role::{ChangeRole, NewRole, PermissionGroup, RetireRole, RoleFields},
    },
};
use crate::{
    domain::{
        id::RoleId,
        permission::{Permission, Permissions},
        role::ScopeKind,
        text::{Description, Justification, Name},
    },
    error::Error,
    http::language::tell,
    service::{
        change_request::Outcome,
        role::{self, Definition, RetireEffect, RoleChange},
    },
};

/// What a role can allow in Latchkey, in groups.
const GROUPS: [(&str, &[Permission]); 4] = [
    (
        "role-looking",
        &[
            Permission::ReadRoles,
            Permission::ReadPeople,
            Permission::ReadRequests,
            Permission::ReadAudit,
            Permission::CheckAccess,
        ],
    ),
    (
        "role-roles-and-who-has-them",
        &[
            Permission::ManageRoles,
            Permission::ManageSettings,
            Permission::ManageAssignments,
            Permission::CancelRequests,
        ],
    ),
    (
        "role-people-and-applications",
        &[
            Permission::ManagePeople,
            Permission::ManagePrivilegedPeople,
            Permission::ManageApplications,
        ],
    ),
    ("role-places-and-groups", &[Permission::ManageScopes, Permission::ManageGroups]),
];

/// What the forms send.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    name: String,
    description: String,
    privileged: Option<String>,
    scope_kinds: Vec<String>,
    permissions: Vec<String>,
    justification: String,
    /// What the role was when the form was drawn.
    seen: String,
    idempotency_key: Option<String>,
}

impl Form {
    /// The form as it is when it shows a role.
    fn of(role: &Definition) -> Self {
        Self {
            name: role.name.to_string(),
            description: role.description.to_string(),
            privileged: role.privileged.then(String::new),
            scope_kinds: role.scope_kinds.iter().map(|kind| kind.name().to_owned()).collect(),
            permissions: role.permissions.clone().into(),
            ..Self::default()
        }
    }

    /// What the role is to be; none if something of it cannot be, which is noted.
    fn read(&self, faults: &mut Faults) -> Option<Definition> {
        let name: Option<Name> = faults.read("name", &self.name);
        let description: Option<Description> = faults.read("description", &self.description);
        let kinds: Option<Vec<_>> =
            self.scope_kinds.iter().map(|kind| ScopeKind::named(kind)).collect();
        if kinds.is_none() {
            faults.note("scope_kinds", tell!("role-choose-from-the-list"));
        }
        let known: Option<Permissions> =
            self.permissions.iter().map(|name| Permission::named(name)).collect::<Option<_>>();
        if known.is_none() {
            faults.note("permissions", tell!("role-choose-from-the-list"));
        }
        Some(Definition {
            name: name?,
            description: description?,
            privileged: self.privileged.is_some(),
            scope_kinds: ScopeKind::in_order(&kinds?),
            permissions: known?,
        })
    }

    fn fields(&self, faults: &mut Faults) -> RoleFields {
        let kind = |it: ScopeKind| {
            let chosen = self.scope_kinds.iter().any(|kind| kind == it.name());
            Choice::new(it.name(), scope::kind(it)).chosen(chosen)
        };
        let permission = |it: &Permission| {
            let chosen = self.permissions.iter().any(|name| name == it.name());
            Choice::new(it.name(), plain_words::permission(it.name())).chosen(chosen)
        };
        let allows = faults.take("permissions", "");
        RoleFields {
            name: faults.take("name", &self.name),
            description: faults.take("description", &self.description),
            privileged: self.privileged.is_some(),
            privileged_field: faults.take("privileged", ""),
            kinds: ScopeKind::ALL.into_iter().map(kind).collect(),
            kinds_field: faults.take("scope_kinds", ""),
            permissions: GROUPS
                .iter()
                .map(|&(title, group)| PermissionGroup {
                    title: tell!(title),
                    choices: group.iter().map(permission).collect(),
                })
                .collect(),
            allows_something: !self.permissions.is_empty() || allows.error.is_some(),
            permissions_field: allows,
        }
    }

    fn key(&self) -> String {
        self.idempotency_key.clone().unwrap_or_else(new_key)
    }
}

/// The form for a new role.
pub async fn new(page: Page) -> Answer {
    let usual = ScopeKind::USUAL.map(|kind| kind.name().to_owned());
    let form =
        Form { privileged: Some(String::new()), scope_kinds: usual.into(), ..Form::default() };
    draw_new(&page, Faults::default(), &form).await
}

/// What surrounds a form, for those who may manage roles.
async fn open(page: &Page) -> Result<Opened, Error> {
    let opened = page.open(Section::Roles).await?;
    if opened.permissions.allow(Permission::ManageRoles) {
        Ok(opened)
    } else {
        Err(Error::Forbidden(Permission::ManageRoles))
    }
}

async fn draw_new(page: &Page, mut faults: Faults, form: &Form) -> Answer {
    let opened = open(page).await?;
    let status = faults.status();
    let view = NewRole {
        idempotency_key: form.key(),
        fields: form.fields(&mut faults),
        problems: faults.rest(),
        frame: opened.frame,
    };
    answer(status, &view)
}

/// Makes a role.
pub async fn create(posted: Posted<Form>) -> Answer {
    let Posted { page, form } = posted;
    let mut faults = Faults::default();
    let Some(new) = form.read(&mut faults) else {
        return draw_new(&page, faults, &form).await;
    };
    match role::create(&page.app, &page.actor, &new).await {
        Ok(id) => done(&format!("/roles/{id}/settings"), Done::RoleMade),
        Err(error) => draw_new(&page, Faults::of(error)?, &form).await,
    }
}

/// A role that can be changed: one that the organisation made and that is in use.
async fn own(page: &Page, id: RoleId) -> Result<Definition, Error> {
    open(page).await?;
    let told = role::show(&page.app, &page.actor, id).await?;
    role::changeable(&told)?;
    role::definition(&told)
}

/// What tells a role from what it was before or becomes later.
fn seen(role: &Definition) -> String {
    serde_json::to_string(role).unwrap_or_default()
}

/// The form for what a role is to be from now on.
pub async fn edit(page: Page, Path(role): Path<String>) -> Answer {
    let id: RoleId = id(&role, "role")?;
    let now = own(&page, id).await?;
    draw_change(&page, id, Faults::default(), &Form { seen: seen(&now), ..Form::of(&now) }).await
}

async fn draw_change(page: &Page, id: RoleId, mut faults: Faults, form: &Form) -> Answer {
    let opened = open(page).await?;
    let told = role::show(&page.app, &page.actor, id).await?;
    let status = faults.status();
    let view = ChangeRole {
        action: format!("/roles/{id}"),
        role: told.name,
        idempotency_key: form.key(),
        seen: form.seen.clone(),
        fields: form.fields(&mut faults),
        reason: faults.take("justification", &form.justification),
        problems: faults.rest(),
        frame: opened.frame,
    };
    answer(status, &view)
}

/// Makes a role what it is to be.
pub async fn change(Path(role): Path<String>, posted: Posted<Form>) -> Answer {
    let Posted { page, form } = posted;
    let id: RoleId = id(&role, "role")?;
    let mut faults = Faults::default();
    let reason: Option<Justification> = faults.read("justification", &form.justification);
    if reason.as_ref().is_some_and(Justification::is_empty) {
        faults.note("justification", tell!("role-write-why"));
    }
    let (Some(to), Some(reason), true) = (form.read(&mut faults), reason, faults.is_empty()) else {
        return draw_change(&page, id, faults, &form).await;
    };
    let wanted = RoleChange { role: id, to, reason };
    match role::change_seen(&page.app, &page.actor, &wanted, |now| seen(now) == form.seen).await {
        Ok(Outcome::Done(())) => done(&format!("/roles/{id}"), Done::RoleChanged),
        Ok(Outcome::Waits(change)) => done(&format!("/changes/{change}"), Done::ChangeWaits),
        Err(error) => draw_change(&page, id, Faults::of(error)?, &form).await,
    }
}

/// Why a role is retired.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Why {
    justification: String,
}

/// Retiring a role: what that does.
pub async fn consider_retiring(page: Page, Path(role): Path<String>) -> Answer {
    draw_retire(&page, id(&role, "role")?, Faults::default(), &Why::default()).await
}

async fn draw_retire(page: &Page, id: RoleId, mut faults: Faults, form: &Why) -> Answer {
    let effect = role::preview_retire(&page.app, &page.actor, id).await?;
    let told = role::show(&page.app, &page.actor, id).await?;
    let Opened { frame, .. } = page.open(Section::Roles).await?;
    let status = faults.status();
    let view = RetireRole {
        action: format!("/roles/{id}"),
        name: told.name,
        ends: ends(effect),
        reason: faults.take("justification", &form.justification),
        problems: faults.rest(),
        frame,
    };
    answer(status, &view)
}

fn ends(effect: RetireEffect) -> Vec<String> {
    let RetireEffect { assignments, requests } = effect;
    let told = match (assignments, requests) {
        (0, 0) => [Some(tell!("role-nobody-holds-it-and-nobody")), None],
        _ => [
            (assignments > 0).then(|| tell!("role-assignments-end", count = assignments)),
            (requests > 0).then(|| tell!("word-requests-closed", count = requests)),
        ],
    };
    told.into_iter().flatten().collect()
}

/// Retires a role.
pub async fn retire(Path(role): Path<String>, posted: Posted<Why>) -> Answer {
    let Posted { page, form } = posted;
    let id: RoleId = id(&role, "role")?;
    let mut faults = Faults::default();
    let reason: Option<Justification> = faults.read("justification", &form.justification);
    let Some(reason) = reason.filter(|reason| !reason.is_empty()) else {
        if faults.is_empty() {
            faults.note("justification", tell!("role-write-why"));
        }
        return draw_retire(&page, id, faults, &form).await;
    };
    match role::retire(&page.app, &page.actor, id, &reason).await {
        Ok(_) => done(&format!("/roles/{id}"), Done::RoleRetired),
        Err(error) => draw_retire(&page, id, Faults::of(error)?, &form).await,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_permission_can_be_chosen_once_and_is_said_in_plain_words() {
        let offered: Vec<_> = GROUPS.iter().flat_map(|(_, group)| *group).copied().collect();
        let each: BTreeSet<_> = offered.iter().copied().collect();
        assert_eq!((offered.len(), each.len()), (Permission::ALL.len(), Permission::ALL.len()));
        for (_, name) in Permission::ALL {
            assert_ne!(plain_words::permission(name), name);
        }
    }

    #[test]
    fn what_ends_with_a_role_is_said_in_plain_numbers() {
        let told = |assignments, requests| ends(RetireEffect { assignments, requests }).join(" ");
        assert_eq!(told(0, 0), "Nobody holds it, and nobody asks for it.");
        assert_eq!(told(1, 0), "1 assignment or activation ends at once.");
        assert_eq!(
            told(3, 2),
            "3 assignments and activations end at once. 2 open requests are closed."
        );
    }
}
