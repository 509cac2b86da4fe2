//! The terms of a role at a place: in plain words, field by field with where each comes from, their history, and changing them.
mod apply;
mod edit;
pub(super) mod form;
mod impact;
pub(super) mod notices;
mod stage;
mod template;

use axum::extract::Path;
use axum_extra::extract::Query;

use self::form::Pairs;
pub use self::{
    apply::{apply, choose},
    edit::{ask_reset, edit, reset, save},
    template::{change, create, list, new, retire, template},
};
use super::{
    page::{Answer, Opened, Page, id, show},
    plain_words::{self, value},
    role::head,
    view::{
        form::{Choice, Field as Input},
        frame::Section,
        settings::{Change, SettingRow, Settings as Shown, Version},
    },
};
use crate::{
    domain::{
        id::{RoleId, ScopeId},
        settings::Difference,
    },
    error::Error,
    http::language::tell,
    service::{
        role,
        settings::{self, Detail, FieldAt, Names, Place},
    },
};

/// The place that an address or a form speaks of; the organisation if it speaks of none.
fn scope(pairs: &Pairs) -> Result<ScopeId, Error> {
    match pairs.one("scope") {
        "" => Ok(ScopeId::ROOT),
        text => id(text, "scope"),
    }
}

/// Everybody and everything that may approve.
async fn approvers(page: &Page) -> Result<stage::Choices, Error> {
    let (holders, group) = (super::role::choices(page, &[]).await?, tell!("word-group"));
    let roles = role::list(&page.app, &page.actor).await?;
    let roles = roles.iter().filter(|told| told.retired_at.is_none());
    Ok(stage::Choices {
        groups: holders.iter().filter(|choice| choice.hint == group).cloned().collect(),
        holders,
        roles: roles.map(|told| Choice::new(told.id.to_string(), told.name.clone())).collect(),
    })
}

/// Where the terms of a role at a place are.
fn link(role: RoleId, scope: ScopeId, page: &str) -> String {
    if scope == ScopeId::ROOT {
        format!("/roles/{role}/settings{page}")
    } else {
        format!("/roles/{role}/settings{page}?scope={scope}")
    }
}

/// Places to choose from, each moved in below the one that it lies in.
fn choices(places: &[Place]) -> Vec<Choice> {
    let choice = |place: &Place| {
        let depth = place.path.len().saturating_sub(1);
        Choice::new(place.id.to_string(), format!("{}{}", "\u{2003}".repeat(depth), place.name))
    };
    places.iter().map(choice).collect()
}

/// The terms of a role.
pub async fn one(page: Page, Path(role): Path<String>, Query(pairs): Query<Pairs>) -> Answer {
    let role: RoleId = id(&role, "role")?;
    let scope = scope(&pairs)?;
    let detail = settings::show(&page.app, &page.actor, role, scope).await?;
    let opened = page.open(Section::Roles).await?;
    let may_edit = detail.may_change && detail.role.retired_at.is_none();
    let resets = may_edit && scope != ScopeId::ROOT;
    let address = |page: &str| link(role, scope, page);
    let rows: Vec<_> = detail.fields.iter().map(|at| row(at, &detail, role, resets)).collect();
    show(&Shown {
        role: head(&detail.role, &opened, "settings"),
        summary: plain_words::summary(&detail),
        place: detail.place.name.clone(),
        at_root: scope == ScopeId::ROOT,
        chosen: Input::new(scope.to_string()),
        places: if detail.places.len() > 1 { choices(&detail.places) } else { Vec::new() },
        below: detail
            .below
            .iter()
            .map(|place| (link(role, place.id, ""), place.name.clone()))
            .collect(),
        edit: if may_edit { address("/edit") } else { String::new() },
        template: if may_edit {
            format!("/settings/templates/new?role={role}&scope={scope}")
        } else {
            String::new()
        },
        reset: if resets && rows.iter().any(|row| row.own) {
            address("/reset")
        } else {
            String::new()
        },
        rows,
        versions: versions(&detail, &opened).collect(),
        frame: opened.frame,
    })
}

fn row(at: &FieldAt, detail: &Detail, role: RoleId, resets: bool) -> SettingRow {
    let name = at.field.name();
    let template = at.template.as_ref();
    SettingRow {
        label: plain_words::label(name),
        value: value(name, &at.value, &detail.names),
        from: tell!("settings-version", from = at.from_name, version = at.from_version),
        template: template.cloned().unwrap_or_default(),
        own: at.own,
        locked: at.locked,
        enforced: at.enforced,
        set_aside: at
            .set_aside
            .as_ref()
            .map(|set_aside| value(name, set_aside, &detail.names))
            .unwrap_or_default(),
        reset: if resets && at.own {
            format!("{}&field={name}", link(role, detail.place.id, "/reset"))
        } else {
            String::new()
        },
    }
}

/// The versions, newest first.
fn versions(detail: &Detail, opened: &Opened) -> impl Iterator<Item = Version> {
    let tell = move |(version, differences): &(settings::Version, Vec<_>)| Version {
        number: i64::from(version.number),
        by: version.author.clone().unwrap_or_else(|| "Latchkey".to_owned()),
        at: opened.reader.instant(version.created_at),
        reason: version.reason.clone(),
        template: version.template.clone().unwrap_or_default(),
        changes: changes(differences, &detail.names),
        enforced: version
            .enforced
            .iter()
            .map(|field| plain_words::label(field.name()))
            .collect::<Vec<_>>()
            .join(", "),
    };
    detail.history.iter().map(tell)
}

/// What differs, with names instead of identifiers.
fn changes(differences: &[Difference], names: &Names) -> Vec<Change> {
    let change = |change: &Difference| Change {
        setting: plain_words::label(change.field),
        before: value(change.field, &change.before, names),
        after: value(change.field, &change.after, names),
    };
    differences.iter().map(change).collect()
}
