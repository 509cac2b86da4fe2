//! Giving the same terms to several roles. Each role is a change of its own, so that one that is refused stops no other.
use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgConnection;

use super::{
    Outcome,
    plan::Standing,
    preview::{Preview, preview},
    save::{Save, Written, save},
};
use crate::{
    App,
    domain::{
        actor::Actor,
        approval::Approver,
        id::{PrincipalId, RoleId, ScopeId, TemplateId},
        permission::Permission,
        settings::{Declared, Field, Fields, Settings},
        text::Justification,
    },
    error::Error,
    service::access,
    store,
};

/// The most roles at once.
const MOST: usize = 100;

/// The terms that are given.
#[derive(Clone, Debug)]
pub enum Given {
    /// All those of a template, with the approvers that are chosen along with it, if it asks for approval.
    Template(TemplateId),
    /// Some fields; all others stay as they are.
    Fields {
        /// Their values.
        settings: Box<Settings>,
        /// Which.
        fields: Fields,
    },
}

/// What is given to which roles.
#[derive(Clone, Debug)]
pub struct Apply {
    /// The roles.
    pub roles: Vec<RoleId>,
    /// The scope.
    pub scope: ScopeId,
    /// The terms.
    pub given: Given,
    /// Who may approve, for a template that asks for approval.
    pub approvers: BTreeSet<PrincipalId>,
    /// Why.
    pub reason: Justification,
}

/// What would become of one role.
#[derive(Debug)]
pub struct Proposal {
    /// The role.
    pub role: RoleId,
    /// Its name.
    pub name: String,
    /// The number of the version that this is about.
    pub after: i32,
    /// The fields that would stay as they are, because they are enforced above.
    pub locked: Vec<Field>,
    /// What would change, or why it cannot.
    pub outcome: Result<Preview, Error>,
}

/// What became of one role.
#[derive(Debug)]
pub struct Applied {
    /// The role.
    pub role: RoleId,
    /// Its name.
    pub name: String,
    /// The version, or why there is none.
    pub outcome: Result<Outcome<Written>, Error>,
}

/// One role's part.
struct Part {
    name: String,
    save: Save,
    locked: Vec<Field>,
}

/// What applying would change, role by role. Nothing is written.
pub async fn propose(app: &App, actor: &Actor, apply: &Apply) -> Result<Vec<Proposal>, Error> {
    let mut proposals = Vec::new();
    for Part { name, save, locked } in parts(app, actor, apply).await? {
        let outcome = preview(app, actor, &save).await;
        proposals.push(Proposal { role: save.role, name, after: save.after, locked, outcome });
    }
    Ok(proposals)
}

/// Gives the terms to the roles, each by itself, so that some may be refused. Of a role in `seen`, the version that was looked
/// at must still be the newest.
pub async fn apply(
    app: &App,
    actor: &Actor,
    apply: &Apply,
    seen: &BTreeMap<RoleId, i32>,
) -> Result<Vec<Applied>, Error> {
    let mut applied = Vec::new();
    for Part { name, save: wanted, .. } in parts(app, actor, apply).await? {
        let role = wanted.role;
        let after = seen.get(&role).copied().unwrap_or(wanted.after);
        let idempotency = actor.idempotency.as_ref().map(|idempotency| idempotency.part(role));
        let actor = Actor { idempotency, ..actor.clone() };
        let outcome = save(app, &actor, &Save { after, ..wanted }).await;
        applied.push(Applied { role, name, outcome });
    }
    Ok(applied)
}

async fn parts(app: &App, actor: &Actor, apply: &Apply) -> Result<Vec<Part>, Error> {
    let mut connection = app.database.acquire().await?;
    let manage = Permission::ManageSettings;
    access::authorise_at_place(&mut connection, actor, manage, apply.scope).await?;
    let roles: BTreeSet<_> = apply.roles.iter().copied().collect();
    if roles.is_empty() || roles.len() > MOST {
        return Err(Error::invalid("roles", "choose between one and a hundred roles"));
    }
    let (settings, fields, template) = given(&mut connection, apply).await?;
    if fields.is_empty() {
        return Err(Error::invalid("fields", "choose what is to change"));
    }
    let mut parts = Vec::new();
    for role in roles {
        let told = store::role::one(&mut connection, role).await?;
        let standing = Standing::read(&mut connection, role, apply.scope).await?;
        let in_force = &standing.resolved.effective.settings;
        let locked: Fields = fields.intersection(&standing.locked).copied().collect();
        let mut own = Declared::clone(&standing.declared);
        for field in fields.difference(&locked) {
            field.copy(&settings, &mut own.settings);
            own.own.insert(*field);
        }
        let save = Save {
            role,
            scope: apply.scope,
            own,
            after: standing.number,
            template: template.clone(),
            reason: apply.reason.clone(),
        };
        let locked = locked.into_iter().filter(|field| !field.same(&settings, in_force)).collect();
        parts.push(Part { name: told.name, save, locked });
    }
    Ok(parts)
}

/// The values that are given, in which fields, and the template's name.
async fn given(
    connection: &mut PgConnection,
    apply: &Apply,
) -> Result<(Settings, Fields, Option<String>), Error> {
    let template = match &apply.given {
        Given::Fields { settings, fields } => {
            return Ok(((**settings).clone(), fields.clone(), None));
        }
        Given::Template(id) => store::settings::template(connection, *id).await?,
    };
    if template.retired_at.is_some() {
        return Err(Error::invalid("template", "this template is no longer in use"));
    }
    let (mut settings, mut fields) = (template.settings, Field::all());
    if settings.activation.requires_approval {
        // Whoever is chosen decides where the template names nobody.
        for stage in settings.activation.stages.iter_mut().filter(|it| it.approvers.is_empty()) {
            stage.approvers = apply.approvers.iter().copied().map(Approver::Principal).collect();
        }
    } else {
        fields.remove(&Field::Stages);
    }
    Ok((settings, fields, Some(template.name)))
}
