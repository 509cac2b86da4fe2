//! Many assignments at once: a preview of what would happen to each, and then what did.
use axum_extra::extract::Query;
use serde::Deserialize;

use super::{
    expiring::kind_word,
    faults::{Faults, reasons_of},
    page::{Answer, Page, Posted, answer, new_key, show},
    say::{self, Reader},
    view::{
        Fact, Who,
        bulk::{Bulk as Shown, BulkForm, BulkRow},
        frame::Section,
        status::{Kind, Status},
    },
};
use crate::{
    domain::{text::Justification, time::Duration},
    error::Error,
    http::language::tell,
    service::assignment::{self, Bulk, Operation, Row},
};

/// What is added when nothing else is said.
const MORE: Duration = Duration::days(30);

/// Why, for what is only shown.
const SHOWN: &str = "Only shown";

/// What is to be done with which assignments.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    assignment: Vec<String>,
    operation: String,
    more: String,
    ends_at: String,
    zone: String,
    justification: String,
    code: String,
    idempotency_key: Option<String>,
}

impl Form {
    fn more(&self) -> String {
        if self.more.is_empty() { say::typed(MORE) } else { self.more.clone() }
    }

    /// The same as the service takes it.
    fn read(&self, reader: &Reader, faults: &mut Faults, reason: &str) -> Option<Bulk> {
        let operation = match self.operation.as_str() {
            "make_eligible" => Operation::MakeEligible,
            "make_active" => Operation::MakeActive,
            "set_end" => {
                let end = say::read_time(&self.end(reader), &self.zone(reader));
                if end.is_none() {
                    faults.note("ends_at", say::unreadable_time());
                }
                Operation::SetEnd(Some(end?))
            }
            "extend" => Operation::Extend(faults.read("more", &self.more())?),
            _ => Operation::Remove,
        };
        let reason: Option<Justification> = faults.read("justification", reason);
        Some(Bulk {
            assignments: self.assignment.iter().filter_map(|id| id.parse().ok()).collect(),
            operation,
            reason: reason?,
        })
    }

    fn end(&self, reader: &Reader) -> String {
        if self.ends_at.is_empty() {
            reader.field(reader.now + Duration::days(90))
        } else {
            self.ends_at.clone()
        }
    }

    fn zone(&self, reader: &Reader) -> String {
        if self.zone.is_empty() { reader.zone_name() } else { self.zone.clone() }
    }

    fn name(&self) -> &'static str {
        match self.operation.as_str() {
            "make_eligible" => "make_eligible",
            "make_active" => "make_active",
            "set_end" => "set_end",
            "extend" => "extend",
            _ => "remove",
        }
    }

    fn title(&self, number: usize) -> String {
        let what = match self.name() {
            "make_eligible" => tell!("word-make-eligible"),
            "make_active" => tell!("word-make-active"),
            "set_end" => tell!("word-set-an-end"),
            "extend" => tell!("word-extend"),
            _ => tell!("word-take-away"),
        };
        tell!("bulk-what-assignments", what = what, count = number)
    }
}

/// What would happen.
pub async fn preview(page: Page, Query(form): Query<Form>) -> Answer {
    draw(&page, Faults::default(), &form).await
}

async fn draw(page: &Page, mut faults: Faults, form: &Form) -> Answer {
    let opened = page.open(Section::Roles).await?;
    let reader = &opened.reader;
    let mut unread = Faults::default();
    let rows = match form.read(reader, &mut unread, SHOWN) {
        Some(bulk) if bulk.assignments.is_empty() => {
            faults.note("", tell!("bulk-choose-at-least-one-assignment"));
            Vec::new()
        }
        Some(bulk) => assignment::rehearse(&page.app, &page.actor, &bulk).await?,
        None => Vec::new(),
    };
    if !unread.is_empty() {
        faults = unread;
    }
    let status = faults.status();
    let possible = rows.iter().filter(|row| row.outcome.is_ok()).count();
    let view = Shown {
        title: form.title(form.assignment.len()),
        operation: form.name(),
        assignments: form.assignment.clone(),
        more: (form.name() == "extend").then(|| faults.take("more", form.more())),
        end: (form.name() == "set_end").then(|| faults.take("ends_at", form.end(reader))),
        zone: form.zone(reader),
        rows: rows.into_iter().map(|row| tell(row, reader, false)).collect(),
        possible,
        form: Some(BulkForm {
            idempotency_key: form.idempotency_key.clone().unwrap_or_else(new_key),
            reason: faults.take("justification", &form.justification),
            code: faults.take("code", ""),
        }),
        problems: faults.rest(),
        frame: opened.frame,
    };
    answer(status, &view)
}

fn tell(row: Row, reader: &Reader, done: bool) -> BulkRow {
    let (status, reasons) = match &row.outcome {
        Ok(_) if done => (Status::new(Kind::CarriedOut, ""), Vec::new()),
        Ok(_) => (Status::new(Kind::Scheduled, tell!("bulk-would-be-done")), Vec::new()),
        Err(error) => (Status::new(Kind::Refused, ""), reasons_of(error)),
    };
    let link = match (&row.outcome, done) {
        (Ok(made), true) => format!("/assignments/{made}"),
        _ => format!("/assignments/{}", row.assignment),
    };
    let facts = row.told.as_ref().map_or_else(Vec::new, |told| {
        let until = told.ends_at.map(|end| reader.instant(end));
        let mut facts = vec![
            Fact::new(tell!("word-kind"), kind_word(told.kind)),
            Fact::at_or(
                if done { tell!("bulk-was-until") } else { tell!("word-until") },
                until,
                tell!("word-no-end"),
            ),
        ];
        if let (Some(end), Ok(_)) = (row.ends_at, &row.outcome) {
            facts.push(Fact::at(tell!("bulk-then-until"), reader.instant(end)));
        }
        facts
    });
    let (name, role) = match row.told {
        Some(told) => (told.holder, told.role_name),
        None => (row.assignment.to_string(), String::new()),
    };
    let initials = say::initials(&name);
    BulkRow { who: Who { name, initials, ..Who::default() }, role, status, facts, reasons, link }
}

/// Does it, and tells what became of each.
pub async fn change(posted: Posted<Form>) -> Answer {
    let Posted { page, form } = posted;
    let opened = page.open(Section::Roles).await?;
    let mut faults = Faults::default();
    let Some(bulk) = form.read(&opened.reader, &mut faults, &form.justification) else {
        return draw(&page, faults, &form).await;
    };
    match assignment::change_many(&page.app, &page.actor, &bulk, &form.code).await {
        Ok(rows) => {
            let changed = rows.iter().filter(|row| row.outcome.is_ok()).count();
            show(&Shown {
                title: tell!("bulk-some-changed", changed = changed, count = rows.len()),
                operation: form.name(),
                assignments: Vec::new(),
                more: None,
                end: None,
                zone: String::new(),
                rows: rows.into_iter().map(|row| tell(row, &opened.reader, true)).collect(),
                possible: 0,
                form: None,
                problems: Vec::new(),
                frame: opened.frame,
            })
        }
        Err(error @ (Error::Forbidden(_) | Error::Unauthenticated)) => Err(error.into()),
        Err(error) => draw(&page, Faults::of(error)?, &form).await,
    }
}
