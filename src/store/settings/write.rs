//! Writing versions. Each is written once and never changed.
use sqlx::types::Json;

use super::{
    super::{Change, OnConstraint as _},
    approvers::written,
    names,
};
use crate::{
    domain::{
        approval::{Agreement, Conditions, Silence, Stage},
        id::{RoleId, ScopeId, SettingsId},
        notice::rule::Notices,
        settings::{Authentication, Declared, Field, Settings},
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
#[expect(clippy::too_many_lines, reason = "one line for each column")]
pub async fn write(change: &mut Change, next: &Next<'_>) -> Result<SettingsId, Error> {
    let (id, at) = (SettingsId::new(), change.at());
    let author = change.actor().principal().map(|id| id.0);
    let author_person = change.actor().people().first().map(|id| id.0);
    let Settings { activation, eligible, active, notices } = next.effective;
    sqlx::query!(
        r#"
        insert into role_settings (
            id, role_id, scope_id, version,
            activation_maximum_seconds, activation_authentication, activation_requires_justification,
            activation_requires_ticket, activation_requires_approval,
            eligible_may_be_permanent, eligible_maximum_seconds, eligible_requires_justification, eligible_requires_mfa,
            active_may_be_permanent, active_maximum_seconds, active_requires_justification, active_requires_mfa,
            author_id, author_person_id, reason, created_at,
            own_fields, enforced_fields, set_aside, template_name, because_id, allows_emergency, emergency_maximum_seconds, notices
        )
        values (
            $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
            $24, $25, $26, $27, $28, $29
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
        activation.allows_emergency,
        activation.emergency_maximum.seconds(),
        Json(notices) as Json<&Notices>,
    )
    .execute(change.connection())
    .await
    .on_constraint("role_settings_version_unique", || {
        Error::Conflict("somebody else has changed these settings meanwhile: look at theirs first".to_owned())
    })?;
    for (stage, position) in activation.stages.iter().zip(1..) {
        write_stage(change, id, position, stage).await?;
    }
    Ok(id)
}

/// What the scope says itself, if something enforced above overrules some of it.
fn set_aside<'a>(next: &Next<'a>) -> Option<&'a Settings> {
    let overruled = |field: &Field| !field.same(&next.declared.settings, next.effective);
    next.declared.own.iter().any(overruled).then_some(&next.declared.settings)
}

/// Writes one stage of a version with those whom it names.
async fn write_stage(
    change: &mut Change,
    id: SettingsId,
    position: i16,
    stage: &Stage,
) -> Result<(), Error> {
    let agree = match stage.agree {
        Agreement::People(people) => Some(i16::from(people)),
        Agreement::Each => None,
    };
    sqlx::query!(
        r#"
        insert into approval_stages (
            settings_id, position, agree, timeout_seconds, escalation_seconds, on_silence, requires_justification,
            authentication, skipped_if
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        "#,
        id.0,
        position,
        agree,
        stage.timeout.seconds(),
        stage.escalation.as_ref().map(|later| later.after.seconds()),
        stage.on_silence as Silence,
        stage.requires_justification,
        stage.authentication as Authentication,
        Json(&stage.skipped_if) as Json<&Conditions>,
    )
    .execute(change.connection())
    .await?;
    let first = stage.approvers.iter().map(|approver| (approver, false));
    let later = stage.escalation.iter().flat_map(|later| &later.approvers);
    for (approver, escalation) in first.chain(later.map(|approver| (approver, true))) {
        let (kind, principal, role) = written(approver);
        sqlx::query!(
            r#"
            insert into settings_approvers (settings_id, stage, kind, principal_id, role_id, escalation)
            values ($1, $2, $3::text::approver_kind, $4, $5, $6)
            "#,
            id.0,
            position,
            kind,
            principal,
            role,
            escalation,
        )
        .execute(change.connection())
        .await
        .on_constraint("settings_approvers_principal_id_fkey", || {
            Error::invalid("stages", "there is no such person or group")
        })
        .on_constraint("settings_approvers_role_id_fkey", || {
            Error::invalid("stages", "there is no such role")
        })?;
    }
    Ok(())
}
