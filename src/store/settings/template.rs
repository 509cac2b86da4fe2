//! Terms by name.
use sqlx::{PgConnection, types::Json};

use super::super::{Change, OnConstraint as _};
use crate::{
    domain::{
        id::TemplateId,
        settings::Settings,
        text::{Description, Name},
        time::Instant,
    },
    error::Error,
};

/// Terms by name. They name no approvers.
#[derive(Clone, Debug)]
pub struct Template {
    /// Which.
    pub id: TemplateId,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether it ships with Latchkey.
    pub built_in: bool,
    /// How often it was changed, and once more.
    pub version: i32,
    /// The terms.
    pub settings: Settings,
    /// When it was made.
    pub created_at: Instant,
    /// When it was retired.
    pub retired_at: Option<Instant>,
}

/// The templates in use, those that ship with Latchkey first; with `id`, only that one, in use or not.
async fn load(
    connection: &mut PgConnection,
    id: Option<TemplateId>,
) -> Result<Vec<Template>, Error> {
    let rows = sqlx::query!(
        r#"
        select id as "id: TemplateId", name, description, built_in, version, terms as "terms: Json<Settings>",
            created_at as "created_at: Instant", retired_at as "retired_at: Instant"
        from settings_templates
        where case when $1::uuid is null then retired_at is null else id = $1 end
        order by built_in desc, name_folded
        "#,
        id.map(|id| id.0),
    )
    .fetch_all(connection)
    .await?;
    let told = rows.into_iter().map(|row| Template {
        id: row.id,
        name: row.name,
        description: row.description,
        built_in: row.built_in,
        version: row.version,
        settings: row.terms.0,
        created_at: row.created_at,
        retired_at: row.retired_at,
    });
    Ok(told.collect())
}

/// The templates in use, those that ship with Latchkey first.
pub async fn templates(connection: &mut PgConnection) -> Result<Vec<Template>, Error> {
    load(connection, None).await
}

/// One template.
pub async fn template(connection: &mut PgConnection, id: TemplateId) -> Result<Template, Error> {
    load(connection, Some(id)).await?.pop().ok_or(Error::NotFound("template"))
}

fn taken() -> Error {
    Error::invalid("name", "there is a template of that name already, or was one")
}

/// Makes a template.
pub async fn create_template(
    change: &mut Change,
    name: &Name,
    description: &Description,
    settings: &Settings,
) -> Result<TemplateId, Error> {
    let id = TemplateId::new();
    let at = change.at();
    sqlx::query!(
        r#"
        insert into settings_templates (id, name, name_folded, description, terms, created_at)
        values ($1, $2, $3, $4, $5, $6)
        "#,
        id.0,
        name.as_str(),
        name.folded(),
        description.as_str(),
        Json(settings) as Json<&Settings>,
        at,
    )
    .execute(change.connection())
    .await
    .on_constraint("settings_templates_name_unique", taken)?;
    Ok(id)
}

/// Changes a template that is in use and does not ship with Latchkey. Of two at once, one gets a conflict.
pub async fn change_template(
    change: &mut Change,
    (id, after): (TemplateId, i32),
    name: &Name,
    description: &Description,
    settings: &Settings,
) -> Result<(), Error> {
    let changed = sqlx::query!(
        r#"
        update settings_templates
        set name = $3, name_folded = $4, description = $5, terms = $6, version = version + 1
        where id = $1 and version = $2 and not built_in and retired_at is null
        "#,
        id.0,
        after,
        name.as_str(),
        name.folded(),
        description.as_str(),
        Json(settings) as Json<&Settings>,
    )
    .execute(change.connection())
    .await
    .on_constraint("settings_templates_name_unique", taken)?;
    if changed.rows_affected() == 1 {
        return Ok(());
    }
    Err(Error::Conflict(
        "somebody else has changed this template meanwhile: look at theirs first".to_owned(),
    ))
}

/// Takes a template out of use.
pub async fn retire_template(change: &mut Change, id: TemplateId) -> Result<(), Error> {
    let at = change.at();
    let retired = sqlx::query!(
        "update settings_templates set retired_at = $2 where id = $1 and not built_in and retired_at is null",
        id.0,
        at,
    )
    .execute(change.connection())
    .await?;
    if retired.rows_affected() == 1 {
        return Ok(());
    }
    Err(Error::Conflict("this template is no longer in use, or ships with Latchkey".to_owned()))
}
