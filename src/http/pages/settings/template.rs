//! Terms by name: the list, and the form for one.
use axum::extract::Path;
use axum_extra::extract::Query;

use super::{
    super::{
        done::Done,
        faults::Faults,
        page::{Answer, Page, Posted, answer, done, id, new_key, show},
        plain_words,
        view::{
            frame::Section,
            settings::{EditTemplate, TemplateRow, Templates},
        },
    },
    form::{self, Mode, Pairs, groups, said, text},
    notices, scope, stage,
};
use crate::{
    domain::{
        id::{RoleId, TemplateId},
        permission::Permission,
        settings::{Field, Settings},
        text::{Description, Name},
    },
    error::Error,
    http::language::{reader_now, tell},
    service::{
        role,
        settings::{self, Names, NewTemplate, Template},
    },
};

const LIST: &str = "/settings/templates";

/// The templates.
pub async fn list(page: Page) -> Answer {
    let templates = settings::templates(&page.app, &page.actor).await?;
    let opened = page.open(Section::Roles).await?;
    show(&Templates {
        may_make: opened.permissions.allow(Permission::ManageSettings),
        rows: templates.iter().map(row).collect(),
        frame: opened.frame,
    })
}

fn row(template: &Template) -> TemplateRow {
    TemplateRow {
        link: format!("{LIST}/{}", template.id),
        name: template.name.clone(),
        description: template.description.clone(),
        built_in: template.built_in,
        captions: super::super::terms::captions(&template.settings.activation),
    }
}

/// The form for a new template, which may start from the terms that a role has at present.
pub async fn new(page: Page, Query(asked): Query<Pairs>) -> Answer {
    let mut pairs;
    if asked.has("role") {
        let role: RoleId = id(asked.one("role"), "role")?;
        let detail = settings::show(&page.app, &page.actor, role, scope(&asked)?).await?;
        pairs = said(&detail.current.settings, &Field::all(), Mode::Whole);
        pairs.say("name", tell!("settings-as", role = detail.role.name));
    } else {
        pairs = said(&role::first_terms(true), &Field::all(), Mode::Whole);
    }
    draw(&page, None, Faults::default(), &pairs).await
}

/// One template.
pub async fn template(page: Page, Path(template): Path<String>) -> Answer {
    let template = settings::template(&page.app, &page.actor, id(&template, "template")?).await?;
    let mut pairs = said(&template.settings, &Field::all(), Mode::Whole);
    pairs.say("name", template.name.clone());
    pairs.say("description", template.description.clone());
    pairs.say("version", template.version.to_string());
    draw(&page, Some(&template), Faults::default(), &pairs).await
}

async fn draw(
    page: &Page,
    template: Option<&Template>,
    mut faults: Faults,
    pairs: &Pairs,
) -> Answer {
    let opened = page.open(Section::Roles).await?;
    let may_manage = opened.permissions.allow(Permission::ManageSettings);
    if template.is_none() && !may_manage {
        return Err(Error::Forbidden(Permission::ManageSettings).into());
    }
    let status = faults.status();
    let may_change = may_manage
        && template.is_none_or(|template| !template.built_in && template.retired_at.is_none());
    let link = template.map(|template| format!("{LIST}/{}", template.id));
    let reader = reader_now();
    let view = EditTemplate {
        title: template
            .map_or_else(|| tell!("settings-new-template"), |template| template.name.clone()),
        told: template.map(|template| template.description.clone()).unwrap_or_default(),
        built_in: template.is_some_and(|template| template.built_in),
        retired: template.is_some_and(|template| template.retired_at.is_some()),
        is_new: template.is_none(),
        may_change,
        idempotency_key: new_key(),
        retire: link
            .as_ref()
            .filter(|_| may_change)
            .map(|link| format!("{link}/retire"))
            .unwrap_or_default(),
        apply: template
            .filter(|template| may_manage && template.retired_at.is_none())
            .map(|template| format!("/settings/apply?template={}", template.id))
            .unwrap_or_default(),
        copy: template
            .filter(|template| template.built_in && may_manage)
            .map(|_| format!("{LIST}/new"))
            .unwrap_or_default(),
        action: link.unwrap_or_else(|| LIST.to_owned()),
        back: LIST,
        version: pairs.one("version").to_owned(),
        terms: template.map(|template| facts(&template.settings)).unwrap_or_default(),
        groups: groups(pairs, Mode::Whole, Some(&stage::Choices::open()), &mut faults),
        topics: notices::topics(&reader, pairs, (&[], true), &mut faults),
        name: text(pairs, "name", &mut faults),
        description: text(pairs, "description", &mut faults),
        problems: faults.rest(),
        frame: opened.frame,
    };
    answer(status, &view)
}

/// The terms of a template that cannot be changed, field by field.
fn facts(settings: &Settings) -> Vec<(String, String)> {
    Field::all()
        .into_iter()
        .map(|field| {
            let name = field.name();
            let value = plain_words::value(name, &field.value(settings), &Names::new());
            (plain_words::label(name), value)
        })
        .collect()
}

fn read(pairs: &Pairs) -> Result<NewTemplate, Faults> {
    let mut faults = Faults::default();
    let name: Option<Name> = faults.read("name", pairs.one("name"));
    let description: Option<Description> = faults.read("description", pairs.one("description"));
    let base = role::first_terms(true);
    let (mut settings, _) = form::read(pairs, true, true, &base, &mut faults);
    if !settings.activation.requires_approval {
        settings.activation.stages.retain(|stage| !stage.approvers.is_empty());
    }
    match (name, description) {
        (Some(name), Some(description)) if faults.is_empty() => {
            Ok(NewTemplate { name, description, settings })
        }
        _ => {
            // What can be read is judged all the same, and what is said about fields is said on the form.
            faults.also(Error::Invalid(settings.faults(false))).unwrap_or_default();
            Err(faults)
        }
    }
}

/// Makes a template.
pub async fn create(posted: Posted<Pairs>) -> Answer {
    let Posted { page, form: pairs } = posted;
    let new = match read(&pairs) {
        Ok(new) => new,
        Err(faults) => return draw(&page, None, faults, &pairs).await,
    };
    match settings::create(&page.app, &page.actor, &new).await {
        Ok(id) => done(&format!("{LIST}/{id}"), Done::TemplateSaved),
        Err(error) => draw(&page, None, Faults::of(error)?, &pairs).await,
    }
}

/// Changes a template.
pub async fn change(Path(template): Path<String>, posted: Posted<Pairs>) -> Answer {
    let Posted { page, form: pairs } = posted;
    let id: TemplateId = id(&template, "template")?;
    let template = settings::template(&page.app, &page.actor, id).await?;
    let new = match read(&pairs) {
        Ok(new) => new,
        Err(faults) => return draw(&page, Some(&template), faults, &pairs).await,
    };
    let after = pairs.one("version").parse().unwrap_or_default();
    match settings::change(&page.app, &page.actor, id, after, &new).await {
        Ok(()) => done(&format!("{LIST}/{id}"), Done::TemplateSaved),
        Err(error) => draw(&page, Some(&template), Faults::of(error)?, &pairs).await,
    }
}

/// Takes a template out of use.
pub async fn retire(Path(template): Path<String>, posted: Posted<Pairs>) -> Answer {
    let id: TemplateId = id(&template, "template")?;
    settings::retire(&posted.page.app, &posted.page.actor, id).await?;
    done(LIST, Done::TemplateRetired)
}
