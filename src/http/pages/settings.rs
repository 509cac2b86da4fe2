//! The terms of a role: in plain words, their history, and the form for the next version.
use std::collections::BTreeSet;

use axum::extract::Path;
use serde::Deserialize;

use super::{
    done::Done,
    faults::Faults,
    page::{Answer, Opened, Page, Posted, answer, done, id, new_key, show},
    plain_words::{self, value},
    role::{choices, head},
    say,
    view::{
        frame::Section,
        settings::{Change, EditSettings, Settings as Shown, Terms, Version},
    },
};
use crate::{
    domain::{
        id::{RoleId, ScopeId},
        permission::Permission,
        settings::{ActivationTerms, AssignmentTerms, Authentication, Settings},
        text::Justification,
    },
    error::Error,
    service::{
        role,
        settings::{self, Detail, Saved},
    },
};

/// The terms of a role.
pub async fn one(page: Page, Path(role): Path<String>) -> Answer {
    let id: RoleId = id(&role, "role")?;
    let told = role::show(&page.app, &page.actor, id).await?;
    let detail = settings::show(&page.app, &page.actor, id, ScopeId::ROOT).await?;
    let opened = page.open(Section::Roles).await?;
    let may_edit =
        told.retired_at.is_none() && opened.permissions.allow(Permission::ManageSettings);
    show(&Shown {
        role: head(&told, &opened, "settings"),
        summary: plain_words::summary(&detail),
        edit: if may_edit { format!("/roles/{id}/settings/edit") } else { String::new() },
        versions: versions(&detail, &opened),
        frame: opened.frame,
    })
}

fn versions(detail: &Detail, opened: &Opened) -> Vec<Version> {
    let tell = |(version, differences): &(settings::Version, Vec<_>)| Version {
        number: i64::from(version.number),
        by: version.author.clone().unwrap_or_else(|| "Latchkey".to_owned()),
        at: opened.reader.instant(version.created_at),
        reason: version.reason.clone(),
        changes: differences
            .iter()
            .map(|change: &crate::domain::settings::Difference| Change {
                setting: plain_words::label(change.field).to_owned(),
                before: value(change.field, &change.before, &detail.names),
                after: value(change.field, &change.after, &detail.names),
            })
            .collect(),
    };
    detail.history.iter().map(tell).collect()
}

/// What the form sends. A box that is not ticked is not sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    version: i32,
    maximum: String,
    authentication: Option<String>,
    requires_justification: Option<String>,
    requires_ticket: Option<String>,
    requires_approval: Option<String>,
    approver: Vec<String>,
    approval_timeout: String,
    approval_requires_justification: Option<String>,
    eligible_may_be_permanent: Option<String>,
    eligible_maximum: String,
    eligible_requires_justification: Option<String>,
    eligible_requires_mfa: Option<String>,
    active_may_be_permanent: Option<String>,
    active_maximum: String,
    active_requires_justification: Option<String>,
    active_requires_mfa: Option<String>,
    reason: String,
    idempotency_key: Option<String>,
}

fn tick(value: bool) -> Option<String> {
    value.then(|| "on".to_owned())
}

impl Form {
    fn of(settings: &Settings, version: i32) -> Self {
        let Settings { activation, eligible, active } = settings;
        Self {
            version,
            maximum: say::typed(activation.maximum),
            authentication: tick(activation.authentication == Authentication::Mfa),
            requires_justification: tick(activation.requires_justification),
            requires_ticket: tick(activation.requires_ticket),
            requires_approval: tick(activation.requires_approval),
            approver: activation.approvers.iter().map(ToString::to_string).collect(),
            approval_timeout: say::typed(activation.approval_timeout),
            approval_requires_justification: tick(activation.approval_requires_justification),
            eligible_may_be_permanent: tick(eligible.may_be_permanent),
            eligible_maximum: say::typed(eligible.maximum),
            eligible_requires_justification: tick(eligible.requires_justification),
            eligible_requires_mfa: tick(eligible.requires_mfa),
            active_may_be_permanent: tick(active.may_be_permanent),
            active_maximum: say::typed(active.maximum),
            active_requires_justification: tick(active.requires_justification),
            active_requires_mfa: tick(active.requires_mfa),
            reason: String::new(),
            idempotency_key: None,
        }
    }

    fn read(&self) -> Result<(Settings, Justification), Faults> {
        let mut faults = Faults::default();
        let maximum = faults.read("maximum", &self.maximum);
        let approval_timeout = faults.read("approval_timeout", &self.approval_timeout);
        let eligible_maximum = faults.read("eligible_maximum", &self.eligible_maximum);
        let active_maximum = faults.read("active_maximum", &self.active_maximum);
        let reason = faults.read("reason", &self.reason);
        let approvers: BTreeSet<_> =
            self.approver.iter().filter_map(|text| text.parse().ok()).collect();
        let (Some(maximum), Some(approval_timeout), Some(eligible), Some(active), Some(reason)) =
            (maximum, approval_timeout, eligible_maximum, active_maximum, reason)
        else {
            return Err(faults);
        };
        let authentication = match self.authentication {
            Some(_) => Authentication::Mfa,
            None => Authentication::None,
        };
        let settings = Settings {
            activation: ActivationTerms {
                maximum,
                authentication,
                requires_justification: self.requires_justification.is_some(),
                requires_ticket: self.requires_ticket.is_some(),
                requires_approval: self.requires_approval.is_some(),
                approvers,
                approval_timeout,
                approval_requires_justification: self.approval_requires_justification.is_some(),
            },
            eligible: AssignmentTerms {
                may_be_permanent: self.eligible_may_be_permanent.is_some(),
                maximum: eligible,
                requires_justification: self.eligible_requires_justification.is_some(),
                requires_mfa: self.eligible_requires_mfa.is_some(),
            },
            active: AssignmentTerms {
                may_be_permanent: self.active_may_be_permanent.is_some(),
                maximum: active,
                requires_justification: self.active_requires_justification.is_some(),
                requires_mfa: self.active_requires_mfa.is_some(),
            },
        };
        Ok((settings, reason))
    }
}

/// The form.
pub async fn edit(page: Page, Path(role): Path<String>) -> Answer {
    let id: RoleId = id(&role, "role")?;
    let detail = settings::show(&page.app, &page.actor, id, ScopeId::ROOT).await?;
    let form = Form::of(&detail.current.settings, detail.current.number);
    draw(&page, id, Faults::default(), &form).await
}

async fn draw(page: &Page, id: RoleId, mut faults: Faults, form: &Form) -> Answer {
    let told = role::show(&page.app, &page.actor, id).await?;
    let opened = page.open(Section::Roles).await?;
    if !opened.permissions.allow(Permission::ManageSettings) {
        return Err(Error::Forbidden(Permission::ManageSettings).into());
    }
    let approvers = choices(page, &form.approver).await?;
    let status = faults.status();
    let view = EditSettings {
        idempotency_key: form.idempotency_key.clone().unwrap_or_else(new_key),
        action: format!("/roles/{id}/settings"),
        back: format!("/roles/{id}/settings"),
        role: told.name,
        version: i64::from(form.version),
        maximum: faults.take("maximum", &form.maximum),
        authentication: form.authentication.is_some(),
        requires_justification: form.requires_justification.is_some(),
        requires_ticket: form.requires_ticket.is_some(),
        requires_approval: form.requires_approval.is_some(),
        approvers,
        approvers_field: faults.take("approvers", ""),
        approval_timeout: faults.take("approval_timeout", &form.approval_timeout),
        approval_requires_justification: form.approval_requires_justification.is_some(),
        eligible: Terms {
            may_be_permanent: form.eligible_may_be_permanent.is_some(),
            maximum: faults.take("eligible_maximum", &form.eligible_maximum),
            requires_justification: form.eligible_requires_justification.is_some(),
            requires_mfa: form.eligible_requires_mfa.is_some(),
        },
        active: Terms {
            may_be_permanent: form.active_may_be_permanent.is_some(),
            maximum: faults.take("active_maximum", &form.active_maximum),
            requires_justification: form.active_requires_justification.is_some(),
            requires_mfa: form.active_requires_mfa.is_some(),
        },
        reason: faults.take("reason", &form.reason),
        problems: faults.rest(),
        frame: opened.frame,
    };
    answer(status, &view)
}

/// Writes the next version.
pub async fn save(Path(role): Path<String>, posted: Posted<Form>) -> Answer {
    let Posted { page, form } = posted;
    let id: RoleId = id(&role, "role")?;
    let (settings, reason) = match form.read() {
        Ok(read) => read,
        Err(faults) => return draw(&page, id, faults, &form).await,
    };
    let scope = ScopeId::ROOT;
    match settings::save(&page.app, &page.actor, id, scope, &settings, form.version, &reason).await
    {
        Ok(Saved::Written(_)) => done(&format!("/roles/{id}/settings"), Done::SettingsSaved),
        Ok(Saved::Waits(change)) => done(&format!("/changes/{change}"), Done::ChangeWaits),
        Err(error) => draw(&page, id, Faults::of(error)?, &form).await,
    }
}
