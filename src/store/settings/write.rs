//! Writing versions. Each is written once and never changed.
use sqlx::types::Json;

use super::{
    super::{Change, OnConstraint as _},
    names,
};
use crate::{
    domain::{
        id::{RoleId, ScopeId, SettingsId},
        settings::{ActivationTerms, Authentication, Declared, Field, Settings},
    },
    error::Error,
};

/// A version to be written.
#[derive(Clone, Copy, Debug)]
pub struct Next<'a> {
    /// The role.
    pub role: RoleId,
    /// The scope.
    pub scope: ScopeId,
    /// The number of the version before; 0 if there is none.
    pub after: i32,
    /// What the scope says itself.
    pub declared: &'a Declared,
    /// What is in force there, with what it inherits.
    pub effective: &'a Settings,
    /// The template that it came from.
    pub template: Option<&'a str>,
    /// The version above that makes it necessary.
    pub because: Option<SettingsId>,
    /// Why.
    pub reason: &'a str,
}

/// Writes the first version of a new role's terms, at the organisation.
pub async fn write_first(
    change: &mut Change,
    role: RoleId,
    settings: &Settings,
    reason: &str,
) -> Result<SettingsId, Error> {
    let declared = Declared::whole(settings.clone());
    let next = Next {
        role,
        scope: ScopeId::ROOT,
        after: 0,
        declared: &declared,
        effective: settings,
        template: None,
        because: None,
        reason,
    };
    write(change, &next).await
}

/// Writes the next version. Of two at once, one gets a conflict.
pub async fn write(change: &mut Change, next: &Next<'_>) -> Result<SettingsId, Error> {
    let id = SettingsId::new();
    let at = change.at();
    let author = change.actor().principal().map(|id| id.0);
    let author_person = change.actor().people().first().map(|id| id.0);
    let Settings { activation, eligible, active } = next.effective;
    sqlx::query!(
        r#"
        insert into role_settings (
            id, role_id, scope_id, version,
            activation_maximum_seconds, activation_authentication, activation_requires_justification,
            activation_requires_ticket, activation_requires_approval, approval_timeout_seconds,
            approval_requires_justification,
            eligible_may_be_permanent, eligible_maximum_seconds, eligible_requires_justification, eligible_requires_mfa,
            active_may_be_permanent, active_maximum_seconds, active_requires_justification, active_requires_mfa,
            author_id, author_person_id, reason, created_at,
            own_fields, enforced_fields, set_aside, template_name, because_id
        )
        values (
            $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
            $24, $25, $26, $27, $28
        )
        "#,
        id.0,
        next.role.0,
        next.scope.0,
        next.after + 1,
        activation.maximum.seconds(),
        activation.authentication as Authentication,
        activation.requires_justification,
        activation.requires_ticket,
        activation.requires_approval,
        activation.approval_timeout.seconds(),
        activation.approval_requires_justification,
        eligible.may_be_permanent,
        eligible.maximum.seconds(),
        eligible.requires_justification,
        eligible.requires_mfa,
        active.may_be_permanent,
        active.maximum.seconds(),
        active.requires_justification,
        active.requires_mfa,
        author,
        author_person,
        next.reason,
        at,
        &names(&next.declared.own),
        &names(&next.declared.enforced),
        set_aside(next).map(Json) as Option<Json<&Settings>>,
        next.template,
        next.because.map(|version| version.0),
    )
    .execute(change.connection())
    .await
    .on_constraint("role_settings_version_unique", || {
        Error::Conflict("somebody else has changed these settings meanwhile: look at theirs first".to_owned())
    })?;
    name_approvers(change, id, activation).await?;
    Ok(id)
}

/// What the scope says itself, if something enforced above overrules some of it.
fn set_aside<'a>(next: &Next<'a>) -> Option<&'a Settings> {
    let overruled = |field: &Field| !field.same(&next.declared.settings, next.effective);
    next.declared.own.iter().any(overruled).then_some(&next.declared.settings)
}

async fn name_approvers(
    change: &mut Change,
    id: SettingsId,
    terms: &ActivationTerms,
) -> Result<(), Error> {
    let approvers: Vec<_> = terms.approvers.iter().map(|id| id.0).collect();
    sqlx::query!(
        "insert into settings_approvers (settings_id, principal_id) select $1, unnest($2::uuid[])",
        id.0,
        &approvers,
    )
    .execute(change.connection())
    .await
    .on_constraint("settings_approvers_principal_id_fkey", || {
        Error::invalid("approvers", "there is no such person or group")
    })?;
    Ok(())
}
