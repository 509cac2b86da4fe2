//! Terms by name, to be given to roles. They name no approvers: those are chosen when the terms are given.
use serde_json::json;

use crate::{
    App,
    domain::{
        actor::Actor,
        audit::{Event, Kind},
        id::TemplateId,
        permission::Permission,
        settings::Settings,
        text::{Description, Name},
    },
    error::Error,
    service::access,
    store::{self, Change, settings::Template},
};

/// A template to be made, or what becomes of one.
#[derive(Clone, Debug)]
pub struct NewTemplate {
    /// Its name.
    pub name: Name,
    /// What it is for.
    pub description: Description,
    /// The terms, without approvers.
    pub settings: Settings,
}

impl NewTemplate {
    /// Refuses terms that could be given to no role.
    fn judge(&self) -> Result<(), Error> {
        if self.settings.named().next().is_some() {
            let message = "a template names no approvers: they are chosen when it is applied";
            return Err(Error::invalid("stages", message));
        }
        let faults = self.settings.faults(false);
        if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
    }
}

/// The templates in use, those that ship with Latchkey first.
pub async fn templates(app: &App, actor: &Actor) -> Result<Vec<Template>, Error> {
    let mut connection = app.database.acquire().await?;
    access::authorise(&mut connection, actor, Permission::ReadRoles).await?;
    store::settings::templates(&mut connection).await
}

/// One template, in use or retired.
pub async fn template(app: &App, actor: &Actor, id: TemplateId) -> Result<Template, Error> {
    let mut connection = app.database.acquire().await?;
    access::authorise(&mut connection, actor, Permission::ReadRoles).await?;
    store::settings::template(&mut connection, id).await
}

/// Makes a template.
pub async fn create(app: &App, actor: &Actor, new: &NewTemplate) -> Result<TemplateId, Error> {
    let mut change = match Change::begin(&app.database, actor).await {
        Err(Error::Repeated(before)) => return Ok(TemplateId(before)),
        begun => begun?,
    };
    let id = create_within(&mut change, actor, new).await?;
    change.made(id.0).await?;
    change.commit_recorded().await?;
    app.wake.audit().notify_one();
    Ok(id)
}

/// The same within a change.
pub(in crate::service) async fn create_within(
    change: &mut Change,
    actor: &Actor,
    new: &NewTemplate,
) -> Result<TemplateId, Error> {
    access::authorise(change.connection(), actor, Permission::ManageSettings).await?;
    new.judge()?;
    let NewTemplate { name, description, settings } = new;
    let id = store::settings::create_template(change, name, description, settings).await?;
    let detail = json!({ "name": name, "description": description, "terms": settings });
    change.record(&Event::new(Kind::TemplateCreated).target(id.0).detail(detail)).await?;
    Ok(id)
}

/// Changes a template. Roles that were given its terms before keep them as they are.
///
/// `after` is the number of the version that the author has seen: if there is a newer one, nothing is written.
pub async fn change(
    app: &App,
    actor: &Actor,
    id: TemplateId,
    after: i32,
    new: &NewTemplate,
) -> Result<(), Error> {
    let mut change = match Change::begin(&app.database, actor).await {
        Err(Error::Repeated(_)) => return Ok(()),
        begun => begun?,
    };
    change_within(&mut change, actor, (id, after), new).await?;
    change.made(id.0).await?;
    change.commit_recorded().await?;
    app.wake.audit().notify_one();
    Ok(())
}

/// The same within a change.
pub(in crate::service) async fn change_within(
    change: &mut Change,
    actor: &Actor,
    (id, after): (TemplateId, i32),
    new: &NewTemplate,
) -> Result<(), Error> {
    access::authorise(change.connection(), actor, Permission::ManageSettings).await?;
    new.judge()?;
    let before = store::settings::template(change.connection(), id).await?;
    in_use(&before)?;
    let NewTemplate { name, description, settings } = new;
    store::settings::change_template(change, (id, after), name, description, settings).await?;
    let detail = json!({
        "name": name,
        "description": description,
        "version": after + 1,
        "before": { "name": before.name, "description": before.description },
        "difference": before.settings.difference(settings),
    });
    change.record(&Event::new(Kind::TemplateChanged).target(id.0).detail(detail)).await
}

/// Takes a template out of use. Roles that were given its terms keep them.
pub async fn retire(app: &App, actor: &Actor, id: TemplateId) -> Result<(), Error> {
    let mut change = match Change::begin(&app.database, actor).await {
        Err(Error::Repeated(_)) => return Ok(()),
        begun => begun?,
    };
    retire_within(&mut change, actor, id).await?;
    change.made(id.0).await?;
    change.commit_recorded().await?;
    app.wake.audit().notify_one();
    Ok(())
}

/// The same within a change.
pub(in crate::service) async fn retire_within(
    change: &mut Change,
    actor: &Actor,
    id: TemplateId,
) -> Result<(), Error> {
    access::authorise(change.connection(), actor, Permission::ManageSettings).await?;
    let before = store::settings::template(change.connection(), id).await?;
    in_use(&before)?;
    store::settings::retire_template(change, id).await?;
    let detail = json!({ "name": before.name });
    change.record(&Event::new(Kind::TemplateRetired).target(id.0).detail(detail)).await
}

fn in_use(template: &Template) -> Result<(), Error> {
    if template.built_in {
        let message = "this template ships with Latchkey and stays as it is: make one of your own";
        return Err(Error::Conflict(message.to_owned()));
    }
    match template.retired_at {
        Some(_) => Err(Error::Conflict("this template is no longer in use".to_owned())),
        None => Ok(()),
    }
}
