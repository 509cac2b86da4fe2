//! Changing the terms of a role at a place: the form, what it would do, and doing it.
use axum::extract::Path;
use axum_extra::extract::Query;

use super::{
    super::{
        done::Done,
        faults::Faults,
        page::{Answer, Page, Posted, answer, done, id, new_key},
        view::{
            frame::Section,
            settings::{EditSettings, Review, Sentence},
        },
    },
    form::{self, Mode, Pairs, enforceable, groups, notices_setting, said, text},
    impact, link, notices, scope, versions,
};
use crate::{
    domain::{
        id::{RoleId, ScopeId},
        permission::Permission,
        settings::{Declared, Field},
        text::Justification,
    },
    error::Error,
    http::language::{reader_now, tell},
    service::{
        notice,
        settings::{self, Detail, Outcome, Preview, Reset, Save},
    },
};

/// The form.
pub async fn edit(page: Page, Path(role): Path<String>, Query(pairs): Query<Pairs>) -> Answer {
    let role: RoleId = id(&role, "role")?;
    let scope = scope(&pairs)?;
    let detail = settings::show(&page.app, &page.actor, role, scope).await?;
    let mut pairs = said(&detail.declared.settings, &detail.declared.own, mode(&detail));
    pairs.say("scope", scope.to_string());
    pairs.say("version", detail.number.to_string());
    for field in &detail.declared.enforced {
        pairs.say("enforce", field.name());
    }
    draw(&page, &detail, Faults::default(), &pairs).await
}

fn mode(detail: &Detail) -> Mode<'_> {
    if detail.place.id == ScopeId::ROOT {
        Mode::Whole
    } else {
        Mode::Inherit(&detail.fields, &detail.names)
    }
}

async fn draw(page: &Page, detail: &Detail, mut faults: Faults, pairs: &Pairs) -> Answer {
    if !detail.may_change {
        return Err(Error::Forbidden(Permission::ManageSettings).into());
    }
    let (role, place) = (detail.role.id, &detail.place);
    let opened = page.open(Section::Roles).await?;
    let approvers = super::approvers(page).await?;
    let status = faults.status();
    let scope = place.id;
    let counted = notice::preview(&page.app, &page.actor, (role, scope), None).await?;
    let reader = reader_now();
    let begun: i32 = pairs.one("version").parse().unwrap_or_default();
    let locked = detail.locked();
    let enforce = enforceable(pairs, &locked);
    let view = EditSettings {
        action: link(role, ScopeId::ROOT, ""),
        back: link(role, place.id, ""),
        role: detail.role.name.clone(),
        place: place.name.clone(),
        at_root: place.id == ScopeId::ROOT,
        scope: place.id.to_string(),
        // What others have saved meanwhile is told; the next look goes on from there.
        newer: versions(detail, &opened).filter(|it| it.number > i64::from(begun)).collect(),
        version: i64::from(detail.number),
        groups: groups(pairs, mode(detail), Some(&approvers), &mut faults),
        notices: notices_setting(pairs, mode(detail), &mut faults),
        topics: notices::topics(&reader, pairs, (&counted, detail.role.privileged), &mut faults),
        kept: detail.declared.own.intersection(&locked).map(|field| field.name()).collect(),
        enforces: enforce.iter().any(|choice| choice.chosen),
        enforce,
        reason: text(pairs, "reason", &mut faults),
        problems: faults.rest(),
        frame: opened.frame,
    };
    answer(status, &view)
}

/// Where one goes on after terms were saved.
fn go_on(saved: &Outcome<settings::Written>, role: RoleId, scope: ScopeId) -> Answer {
    match saved {
        Outcome::Done(_) => done(&link(role, scope, ""), Done::SettingsSaved),
        Outcome::Waits(change) => done(&format!("/changes/{change}"), Done::ChangeWaits),
    }
}

/// Shows what the form would do, or does it.
pub async fn save(Path(role): Path<String>, posted: Posted<Pairs>) -> Answer {
    let Posted { page, form: pairs } = posted;
    let role: RoleId = id(&role, "role")?;
    let scope = scope(&pairs)?;
    let detail = settings::show(&page.app, &page.actor, role, scope).await?;
    if pairs.has("back") {
        return draw(&page, &detail, Faults::default(), &pairs).await;
    }
    let (save, mut faults) = read(&detail, &pairs);
    if !faults.is_empty() {
        // What can be read is judged all the same: whoever mends the form is told everything at once.
        if let Err(error) = settings::examine(&page.app, &page.actor, &save).await {
            faults.also(error)?;
        }
        return draw(&page, &detail, faults, &pairs).await;
    }
    if pairs.has("confirm") {
        return match settings::save(&page.app, &page.actor, &save).await {
            Ok(saved) => go_on(&saved, role, scope),
            Err(error) => draw(&page, &detail, Faults::of(error)?, &pairs).await,
        };
    }
    let preview = match settings::preview(&page.app, &page.actor, &save).await {
        Ok(preview) => preview,
        Err(error) => return draw(&page, &detail, Faults::of(error)?, &pairs).await,
    };
    review(&page, &detail, (&save, &preview), &pairs).await
}

/// Tells what the form would do, and takes it along: to be saved, or to be gone back to.
async fn review(
    page: &Page,
    detail: &Detail,
    (save, preview): (&Save, &Preview),
    pairs: &Pairs,
) -> Answer {
    let (role, scope) = (detail.role.id, detail.place.id);
    let opened = page.open(Section::Roles).await?;
    let mut impact = impact::tell(preview, &opened.reader);
    impact.consequences.extend(told(page, (role, scope), preview).await?);
    let view = Review {
        title: tell!("settings-look-before-you-save"),
        role: detail.role.name.clone(),
        place: detail.place.name.clone(),
        action: link(role, ScopeId::ROOT, ""),
        back: String::new(),
        idempotency_key: new_key(),
        repeat: pairs.to_repeat(),
        reason: None,
        button: if impact.weakens {
            tell!("settings-ask-for-a-second-word")
        } else {
            tell!("settings-save-version", version = save.after.saturating_add(1))
        },
        impact,
        problems: Vec::new(),
        frame: opened.frame,
    };
    answer(axum::http::StatusCode::OK, &view)
}

/// Whom the notices would tell, if their rules are about to change.
async fn told(
    page: &Page,
    place: (RoleId, ScopeId),
    preview: &Preview,
) -> Result<Vec<Sentence>, Error> {
    if !preview.difference.iter().any(|one| one.field == Field::Notices.name()) {
        return Ok(Vec::new());
    }
    let before = notice::preview(&page.app, &page.actor, place, None).await?;
    let proposed = Some(&preview.notices);
    let after = notice::preview(&page.app, &page.actor, place, proposed).await?;
    Ok(notices::consequences(&reader_now(), &before, &after))
}

/// What is asked for, and what of it cannot be read.
fn read(detail: &Detail, pairs: &Pairs) -> (Save, Faults) {
    let mut faults = Faults::default();
    let is_root = detail.place.id == ScopeId::ROOT;
    let (privileged, before) = (detail.role.privileged, &detail.declared.settings);
    let (settings, mut own) = form::read(pairs, is_root, privileged, before, &mut faults);
    let reason: Option<Justification> = faults.read("reason", pairs.one("reason"));
    own.extend(pairs.fields("kept"));
    // Whoever makes a field inherited again and leaves its mark behind means the former.
    let mut enforced = pairs.fields("enforce");
    enforced.retain(|field| own.contains(field));
    let save = Save {
        role: detail.role.id,
        scope: detail.place.id,
        own: Declared { settings, own, enforced },
        after: pairs.one("version").parse().unwrap_or_default(),
        template: None,
        reason: reason.unwrap_or_default(),
    };
    (save, faults)
}

/// Shows what making one field, or all of them, inherited again would do.
pub async fn ask_reset(page: Page, Path(role): Path<String>, Query(pairs): Query<Pairs>) -> Answer {
    let role: RoleId = id(&role, "role")?;
    let scope = scope(&pairs)?;
    let detail = settings::show(&page.app, &page.actor, role, scope).await?;
    draw_reset(&page, &detail, Faults::default(), &pairs).await
}

async fn draw_reset(page: &Page, detail: &Detail, mut faults: Faults, pairs: &Pairs) -> Answer {
    let (role, scope) = (detail.role.id, detail.place.id);
    let why = Justification::parse("To be seen before it is done").unwrap_or_default();
    // Whoever is told what it would do is told it of the newest version.
    let mut pairs = pairs.clone();
    pairs.say_only("version", detail.number.to_string());
    let wanted = wanted(detail, &pairs, why);
    let save = settings::reset(&page.app, &page.actor, &wanted).await?;
    let preview = settings::preview(&page.app, &page.actor, &save).await?;
    let opened = page.open(Section::Roles).await?;
    let status = faults.status();
    let what = wanted
        .field
        .map_or(tell!("word-everything"), |field| super::plain_words::label(field.name()));
    let impact = impact::tell(&preview, &opened.reader);
    let view = Review {
        title: tell!("settings-inherit-again-of", what = what),
        role: detail.role.name.clone(),
        place: detail.place.name.clone(),
        action: link(role, ScopeId::ROOT, "/reset"),
        back: link(role, scope, ""),
        idempotency_key: new_key(),
        repeat: pairs.to_repeat().into_iter().filter(|(name, _)| name != "reason").collect(),
        reason: Some(text(&pairs, "reason", &mut faults)),
        button: if impact.weakens {
            tell!("settings-ask-for-a-second-word")
        } else {
            tell!("settings-inherit-again-again")
        },
        impact,
        problems: faults.rest(),
        frame: opened.frame,
    };
    answer(status, &view)
}

fn wanted(detail: &Detail, pairs: &Pairs, reason: Justification) -> Reset {
    Reset {
        role: detail.role.id,
        scope: detail.place.id,
        field: Field::named(pairs.one("field")),
        after: pairs.one("version").parse().unwrap_or_default(),
        reason,
    }
}

/// Makes one field, or all of them, inherited again.
pub async fn reset(Path(role): Path<String>, posted: Posted<Pairs>) -> Answer {
    let Posted { page, form: pairs } = posted;
    let role: RoleId = id(&role, "role")?;
    let scope = scope(&pairs)?;
    let detail = settings::show(&page.app, &page.actor, role, scope).await?;
    let mut faults = Faults::default();
    let Some(reason) = faults.read::<Justification>("reason", pairs.one("reason")) else {
        return draw_reset(&page, &detail, faults, &pairs).await;
    };
    let wanted = wanted(&detail, &pairs, reason);
    let save = settings::reset(&page.app, &page.actor, &wanted).await?;
    match settings::save(&page.app, &page.actor, &save).await {
        Ok(saved) => go_on(&saved, role, scope),
        Err(error) => draw_reset(&page, &detail, Faults::of(error)?, &pairs).await,
    }
}
