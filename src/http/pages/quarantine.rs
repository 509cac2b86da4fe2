//! A database that was put back to an earlier state: what was found, and going on with it.
use serde::Deserialize;

use super::{
    done::Done,
    faults::Faults,
    page::{Answer, Opened, Page, Posted, answer, done, new_key},
    view::{
        Fact,
        frame::Section,
        witness::{Begin, Quarantine},
    },
};
use crate::{domain::text::Justification, http::language::tell, service::witness};

/// The page.
pub async fn one(page: Page) -> Answer {
    draw(&page, Faults::default(), &Form::default()).await
}

async fn draw(page: &Page, mut faults: Faults, form: &Form) -> Answer {
    let found = witness::show(&page.app, &page.actor).await?;
    let Opened { frame, reader, .. } = page.open(Section::None).await?;
    let status = faults.status();
    let may_begin = found.as_ref().is_some_and(|(_, may_end)| *may_end);
    let facts = found.map(|(found, _)| {
        vec![
            Fact::at(tell!("witness-found-at"), reader.instant(found.begun_at)),
            Fact::at(tell!("witness-said-at"), reader.instant(found.witnessed_at)),
            Fact::new(tell!("witness-said-number"), found.witnessed_sequence.to_string()),
            Fact::new(tell!("witness-found-number"), found.found_sequence.to_string()),
            Fact::new(tell!("witness-epoch"), found.epoch.to_string()),
        ]
    });
    let begin = may_begin.then(|| Begin {
        reason: faults.take("justification", &form.justification),
        code: faults.take("code", ""),
        idempotency_key: form.idempotency_key.clone().unwrap_or_else(new_key),
        problems: faults.rest(),
    });
    answer(status, &Quarantine { frame, facts: facts.unwrap_or_default(), begin })
}

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    justification: String,
    code: String,
    idempotency_key: Option<String>,
}

/// Begins a new epoch.
pub async fn begin(posted: Posted<Form>) -> Answer {
    let Posted { page, form } = posted;
    let mut faults = Faults::default();
    let Some(why) = faults.read::<Justification>("justification", &form.justification) else {
        return draw(&page, faults, &form).await;
    };
    match witness::begin_epoch(&page.app, &page.actor, &why, &form.code).await {
        Ok(_) => done("/", Done::EpochBegun),
        Err(error) => draw(&page, Faults::of(error)?, &form).await,
    }
}
