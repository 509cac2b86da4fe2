//! Deputies: naming who decides while one is away, and seeing for whom one decides.
use axum::extract::Path;
use serde::Deserialize;

use super::{
    done::Done,
    faults::Faults,
    page::{Answer, Opened, Page, Posted, answer, done, id, new_key},
    request::Nothing,
    say::{self, Reader},
    view::{
        deputy::{Deputies, Deputy},
        frame::Section,
    },
};
use crate::service::deputy::{self, Told, Wanted};

/// The page.
pub async fn list(page: Page) -> Answer {
    draw(&page, Faults::default(), &Form::default()).await
}

async fn draw(page: &Page, mut faults: Faults, form: &Form) -> Answer {
    let all = deputy::list(&page.app, &page.actor).await?;
    let Opened { frame, reader, .. } = page.open(Section::Account).await?;
    let (own, others): (Vec<_>, Vec<_>) =
        all.iter().partition(|told| told.person == page.user.person);
    let status = faults.status();
    let view = Deputies {
        deputies: own.into_iter().map(|told| tell(told, true, &reader)).collect(),
        represented: others.into_iter().map(|told| tell(told, false, &reader)).collect(),
        deputy: faults.take("deputy", &form.deputy),
        starts_at: faults.take("starts_at", &form.starts_at),
        ends_at: faults.take("ends_at", &form.ends_at),
        reason: faults.take("reason", &form.reason),
        code: faults.take("code", ""),
        zone: if form.zone.is_empty() { reader.zone_name() } else { form.zone.clone() },
        idempotency_key: form.idempotency_key.clone().unwrap_or_else(new_key),
        problems: faults.rest(),
        frame,
    };
    answer(status, &view)
}

fn tell(told: &Told, own: bool, reader: &Reader) -> Deputy {
    Deputy {
        name: if own { told.deputy_name.clone() } else { told.name.clone() },
        reason: told.reason.clone(),
        from: reader.instant(told.starts_at),
        until: reader.instant(told.ends_at),
        now: told.starts_at <= reader.now,
        end: if own { format!("/account/deputies/{}/end", told.id) } else { String::new() },
    }
}

/// What the form sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    deputy: String,
    starts_at: String,
    ends_at: String,
    zone: String,
    reason: String,
    code: String,
    idempotency_key: Option<String>,
}

/// Names a deputy.
pub async fn create(posted: Posted<Form>) -> Answer {
    let Posted { page, form } = posted;
    let mut faults = Faults::default();
    let mut time = |name: &str, text: &str| {
        let at = say::read_time(text, &form.zone);
        if at.is_none() {
            faults.note(name, say::unreadable_time());
        }
        at
    };
    let starts_at =
        if form.starts_at.is_empty() { None } else { time("starts_at", &form.starts_at) };
    let ends_at = time("ends_at", &form.ends_at);
    let reason = faults.read("reason", &form.reason);
    let (Some(ends_at), Some(reason), true) = (ends_at, reason, faults.is_empty()) else {
        return draw(&page, faults, &form).await;
    };
    let wanted = Wanted { deputy: form.deputy.clone(), starts_at, ends_at, reason };
    match deputy::name(&page.app, &page.actor, &wanted, &form.code).await {
        Ok(_) => done("/account/deputies", Done::DeputyNamed),
        Err(error) => draw(&page, Faults::of(error)?, &form).await,
    }
}

/// Ends what one has named.
pub async fn end(Path(deputy): Path<String>, posted: Posted<Nothing>) -> Answer {
    let Posted { page, .. } = posted;
    let id: uuid::Uuid = id(&deputy, "deputy")?;
    deputy::end(&page.app, &page.actor, id).await?;
    done("/account/deputies", Done::DeputyEnded)
}
