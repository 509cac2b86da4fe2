//! Terms by name, to be given to roles. They name no approvers: those are chosen when the terms are given.
use serde_json::json;

use crate::{
    App,
    domain::{
        actor::Actor,
        audit::{Event, Kind},
        id::TemplateId,
        permission::Permission,
        settings::{FEWEST_APPROVERS, Settings},
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
        if !self.settings.activation.approvers.is_empty() {
            let message = "a template names no approvers: they are chosen when it is applied";
            return Err(Error::invalid("approvers", message));
        }
        let faults = self.settings.faults(FEWEST_APPROVERS);
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
    access::authorise(change.connection(), actor, Permission::ManageSettings).await?;
    new.judge()?;
    let id =
        store::settings::create_template(&mut change, &new.name, &new.description, &new.settings)
            .await?;
    change.made(id.0).await?;
    let detail = json!({ "name": new.name, "description": new.description, "terms": new.settings });
    change.commit(&Event::new(Kind::TemplateCreated).target(id.0).detail(detail)).await?;
    app.wake.audit().notify_one();
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
    access::authorise(change.connection(), actor, Permission::ManageSettings).await?;
    new.judge()?;
    let before = store::settings::template(change.connection(), id).await?;
    in_use(&before)?;
    let NewTemplate { name, description, settings } = new;
    store::settings::change_template(&mut change, (id, after), name, description, settings).await?;
    change.made(id.0).await?;
    let detail = json!({
        "name": name,
        "description": description,
        "version": after + 1,
        "before": { "name": before.name, "description": before.description },
        "difference": before.settings.difference(settings),
    });
    change.commit(&Event::new(Kind::TemplateChanged).target(id.0).detail(detail)).await?;
    app.wake.audit().notify_one();
    Ok(())
}

/// Takes a template out of use. Roles that were given its terms keep them.
pub async fn retire(app: &App, actor: &Actor, id: TemplateId) -> Result<(), Error> {
    let mut change = match Change::begin(&app.database, actor).await {
        Err(Error::Repeated(_)) => return Ok(()),
        begun => begun?,
    };
    access::authorise(change.connection(), actor, Permission::ManageSettings).await?;
    let before = store::settings::template(change.connection(), id).await?;
    in_use(&before)?;
    store::settings::retire_template(&mut change, id).await?;
    change.made(id.0).await?;
    let detail = json!({ "name": before.name });
    change.commit(&Event::new(Kind::TemplateRetired).target(id.0).detail(detail)).await?;
    app.wake.audit().notify_one();
    Ok(())
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
