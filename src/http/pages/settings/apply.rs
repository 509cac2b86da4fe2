//! Giving terms to several roles: choosing, looking at what it would do, doing it.
use std::collections::BTreeMap;

use axum::http::StatusCode;
use axum_extra::extract::Query;

use super::{
    super::{
        faults::{Faults, reasons_of},
        page::{Answer, Page, Posted, answer, new_key, show},
        plain_words,
        role::choices as people,
        view::{
            form::Choice,
            frame::Section,
            settings::{AppliedRole, AppliedRoles, ApplyTerms, ProposedRole, ReviewMany},
        },
    },
    form::{self, Mode, Pairs, groups, text},
    impact, link, scope,
};
use crate::{
    domain::{
        id::RoleId, percent, permission::Permission, settings::Settings, text::Justification,
    },
    error::Error,
    http::language::tell,
    service::{
        role,
        settings::{self, Applied, Apply, Given, Outcome, Proposal},
    },
};

/// The form; or, once roles are chosen, what it would do to each of them.
pub async fn choose(page: Page, Query(pairs): Query<Pairs>) -> Answer {
    if pairs.has("back") {
        return draw(&page, Faults::default(), &pairs).await;
    }
    if !pairs.has("role") {
        // The place tells that the form was sent, and not only opened.
        let faults = if pairs.has("scope") {
            Faults::field("roles", tell!("settings-choose-one-role-at-least"))
        } else {
            Faults::default()
        };
        return draw(&page, faults, &pairs).await;
    }
    match read(&pairs) {
        Ok((apply, _)) => propose(&page, &apply, &pairs).await,
        Err(faults) => draw(&page, faults, &pairs).await,
    }
}

async fn draw(page: &Page, mut faults: Faults, pairs: &Pairs) -> Answer {
    let opened = page.open(Section::Roles).await?;
    let places = settings::places(&page.app, &page.actor).await?;
    if !settings::may_manage_somewhere(&page.app, &page.actor, &places).await? {
        return Err(Error::Forbidden(Permission::ManageSettings).into());
    }
    let (roles, chosen) = (role::list(&page.app, &page.actor).await?, pairs.all("role"));
    let role = |told: &role::Told| {
        let id = told.id.to_string();
        let is_chosen = chosen.contains(&id);
        let choice = Choice::new(id, told.name.clone()).chosen(is_chosen);
        if told.privileged { choice.hint(tell!("word-privileged")) } else { choice }
    };
    let templates = settings::templates(&page.app, &page.actor).await?;
    let templates = templates
        .iter()
        .map(|template| Choice::new(template.id.to_string(), template.name.clone()));
    let status = faults.status();
    let approvers = people(page, &pairs.all("approver")).await?;
    let view = ApplyTerms {
        roles: roles.iter().filter(|told| told.retired_at.is_none()).map(role).collect(),
        roles_field: faults.take("roles", ""),
        places: super::choices(&places),
        place: text(pairs, "scope", &mut faults),
        templates: std::iter::once(Choice::new("", tell!("settings-no-template-the-fields-below")))
            .chain(templates)
            .collect(),
        template: text(pairs, "template", &mut faults),
        groups: groups(pairs, Mode::Leave, None, &mut faults),
        opened: pairs.has("role") && pairs.one("template").is_empty(),
        approvers,
        approvers_field: text(pairs, "approvers", &mut faults),
        problems: faults.rest(),
        frame: opened.frame,
    };
    answer(status, &view)
}

/// What is asked for, and the versions that were looked at.
fn read(pairs: &Pairs) -> Result<(Apply, BTreeMap<RoleId, i32>), Faults> {
    let mut faults = Faults::default();
    let base = Settings::uniform(false, crate::domain::settings::SHORTEST);
    let given = match pairs.one("template") {
        "" => {
            let (settings, fields) = form::read(pairs, false, true, &base, &mut faults);
            Some(Given::Fields { settings: Box::new(settings), fields })
        }
        _ => faults.read("template", pairs.one("template")).map(Given::Template),
    };
    let why = match pairs.one("reason") {
        "" if !pairs.has("confirm") => "To be seen before it is done",
        reason => reason,
    };
    let reason: Option<Justification> = faults.read("reason", why);
    let Ok(scope) = scope(pairs) else {
        return Err(Faults::field("scope", tell!("settings-choose-a-place")));
    };
    let (Some(given), Some(reason)) = (given, reason) else { return Err(faults) };
    if !faults.is_empty() {
        return Err(faults);
    }
    let seen = pairs.all("seen");
    let seen = seen.iter().filter_map(|seen| seen.split_once(':'));
    let apply = Apply {
        roles: pairs.all("role").iter().filter_map(|role| role.parse().ok()).collect(),
        scope,
        given,
        approvers: pairs.all("approver").iter().filter_map(|id| id.parse().ok()).collect(),
        reason,
    };
    Ok((
        apply,
        seen.filter_map(|(role, after)| Some((role.parse().ok()?, after.parse().ok()?))).collect(),
    ))
}

async fn propose(page: &Page, apply: &Apply, pairs: &Pairs) -> Answer {
    let proposals = match settings::propose(&page.app, &page.actor, apply).await {
        Ok(proposals) => proposals,
        Err(error) => return draw(page, Faults::of(error)?, pairs).await,
    };
    draw_proposals(page, Faults::default(), &proposals, pairs).await
}

/// The form as it was filled in.
fn back(pairs: &Pairs) -> String {
    let said = pairs.to_repeat().into_iter();
    let said = said.filter(|(name, _)| !matches!(name.as_str(), "reason" | "seen"));
    said.fold("/settings/apply?back=yes".to_owned(), |address, (name, value)| {
        format!("{address}&{}={}", percent::encode(&name), percent::encode(&value))
    })
}

async fn draw_proposals(
    page: &Page,
    mut faults: Faults,
    proposals: &[Proposal],
    pairs: &Pairs,
) -> Answer {
    let opened = page.open(Section::Roles).await?;
    let mut repeat: Vec<_> = pairs
        .to_repeat()
        .into_iter()
        .filter(|(name, value)| !value.is_empty() && !matches!(name.as_str(), "reason" | "seen"))
        .collect();
    let ready: Vec<_> = proposals.iter().filter(|proposal| proposal.outcome.is_ok()).collect();
    // Those that would be refused are not asked for again.
    repeat.retain(|(name, value)| {
        name != "role" || ready.iter().any(|proposal| proposal.role.to_string() == *value)
    });
    repeat
        .extend(ready.iter().map(|one| ("seen".to_owned(), format!("{}:{}", one.role, one.after))));
    let status = faults.status();
    let view = ReviewMany {
        back: back(pairs),
        idempotency_key: new_key(),
        repeat,
        ready: ready.len(),
        roles: proposals
            .iter()
            .map(|proposal| ProposedRole {
                name: proposal.name.clone(),
                locked: proposal
                    .locked
                    .iter()
                    .map(|field| plain_words::label(field.name()))
                    .collect::<Vec<_>>()
                    .join(", "),
                impact: proposal
                    .outcome
                    .as_ref()
                    .ok()
                    .map(|preview| impact::tell(preview, &opened.reader)),
                refused: proposal.outcome.as_ref().err().map(reasons_of).unwrap_or_default(),
            })
            .collect(),
        reason: text(pairs, "reason", &mut faults),
        problems: faults.rest(),
        frame: opened.frame,
    };
    answer(status, &view)
}

/// Gives the terms to the roles.
pub async fn apply(posted: Posted<Pairs>) -> Answer {
    let Posted { page, form: pairs } = posted;
    let (wanted, seen) = match read(&pairs) {
        Ok(read) => read,
        Err(faults) => return draw(&page, faults, &pairs).await,
    };
    if wanted.reason.is_empty() {
        let reason = Justification::parse("To be seen before it is done").unwrap_or_default();
        let wanted = Apply { reason, ..wanted };
        let proposals = settings::propose(&page.app, &page.actor, &wanted).await?;
        let faults = Faults::field("reason", tell!("settings-write-why-the-settings-change"));
        return draw_proposals(&page, faults, &proposals, &pairs).await;
    }
    let scope = wanted.scope;
    let applied = match settings::apply(&page.app, &page.actor, &wanted, &seen).await {
        Ok(applied) => applied,
        Err(error) => return draw(&page, Faults::of(error)?, &pairs).await,
    };
    let opened = page.open(Section::Roles).await?;
    let row = |applied: &Applied| {
        let written = match &applied.outcome {
            Ok(Outcome::Done(written)) => Some(written),
            Ok(Outcome::Waits(_)) | Err(_) => None,
        };
        AppliedRole {
            name: applied.name.clone(),
            link: link(applied.role, scope, ""),
            version: written.map_or(0, |written| i64::from(written.number)),
            below: written.map_or(0, |written| written.below),
            waits: match &applied.outcome {
                Ok(Outcome::Waits(change)) => format!("/changes/{change}"),
                Ok(Outcome::Done(_)) | Err(_) => String::new(),
            },
            refused: applied.outcome.as_ref().err().map(reasons_of).unwrap_or_default(),
        }
    };
    let view = AppliedRoles { roles: applied.iter().map(row).collect(), frame: opened.frame };
    let refused = applied.iter().any(|applied| applied.outcome.is_err());
    if refused { answer(StatusCode::MULTI_STATUS, &view) } else { show(&view) }
}
