//! The audit trail: looking through it, taking it away, and whether it is whole.
use axum::{body::Body, extract::Path, http::header, response::IntoResponse as _};
use axum_extra::extract::Query;
use futures_util::TryStreamExt as _;
use jiff::ToSpan as _;
use serde::Deserialize;

use super::{
    chronicle,
    done::Done,
    page::{Answer, Opened, Page, Posted, done, id, show},
    request::{Nothing, sentence, status},
    say::{Reader, read_date},
    view::{
        Pages,
        audit::{Audit, Filter as Fields, Seal, Story},
        form::{Choice, Field},
        frame::Section,
    },
};
use crate::{
    domain::{id::RequestId, time::Instant},
    error::Error,
    http::language::{tell, translate},
    service::{
        audit::{self, Filter, Format, Kind, Outcome, Verification},
        person, request, role,
    },
};

/// How many events a page has.
const PAGE: u16 = 50;

/// What is looked for, in the address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    from: String,
    to: String,
    actor: String,
    subject: String,
    role: String,
    action: String,
    outcome: String,
    request: String,
    format: String,
    after: String,
}

impl Wanted {
    fn filter(&self, reader: &Reader) -> Filter {
        Filter {
            from: read_date(&self.from, &reader.told.zone),
            until: read_date(&self.to, &reader.told.zone).and_then(|day| day_after(day, reader)),
            actor: self.actor.parse().ok(),
            subject: self.subject.parse().ok(),
            concerns: None,
            role: self.role.parse().ok(),
            kind: Kind::named(&self.action),
            outcome: outcomes().find(|(_, name, _)| *name == self.outcome).map(|(it, ..)| it),
            request: self.request.parse().ok(),
        }
    }

    /// The filter as the query of an address, without where the page begins.
    #[expect(clippy::format_collect, reason = "a short list, once a page")]
    fn query(&self) -> String {
        [
            ("from", &self.from),
            ("to", &self.to),
            ("actor", &self.actor),
            ("subject", &self.subject),
            ("role", &self.role),
            ("action", &self.action),
            ("outcome", &self.outcome),
            ("request", &self.request),
        ]
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}&", crate::domain::percent::encode(value)))
        .collect()
    }
}

fn day_after(day: Instant, reader: &Reader) -> Option<Instant> {
    let next = day.timestamp().to_zoned(reader.told.zone.clone()).checked_add(1.day()).ok()?;
    Some(Instant::new(next.timestamp()))
}

fn outcomes() -> impl Iterator<Item = (Outcome, &'static str, String)> {
    [
        (Outcome::Success, "success", tell!("word-done")),
        (Outcome::Refused, "refused", tell!("word-refused")),
        (Outcome::Failure, "failure", tell!("audit-failed")),
    ]
    .into_iter()
}

/// The audit trail.
pub async fn list(page: Page, Query(wanted): Query<Wanted>) -> Answer {
    let Opened { frame, reader, .. } = page.open(Section::Audit).await?;
    let filter = wanted.filter(&reader);
    let cursor = wanted.after.parse().ok();
    let found = audit::events(&page.app, &page.actor, &filter, cursor, PAGE).await?;
    let last = audit::last_verification(&page.app, &page.actor).await?;
    let query = wanted.query();
    let export = |format| format!("/audit/export?{query}format={format}");
    show(&Audit {
        seal: seal(last, &reader),
        filter: fields(&page, &wanted).await?,
        events: found.entries.iter().map(|entry| chronicle::tell(entry, &reader)).collect(),
        pages: Pages {
            first: if cursor.is_some() {
                format!("/audit?{}", query.trim_end_matches('&'))
            } else {
                String::new()
            },
            next: found.next.map(|next| format!("/audit?{query}after={next}")).unwrap_or_default(),
        },
        csv: export("csv"),
        json: export("jsonl"),
        frame,
    })
}

fn seal(last: Option<Verification>, reader: &Reader) -> Seal {
    let verify = "/audit/verify".to_owned();
    let Some(last) = last else {
        return Seal { tone: "", text: tell!("audit-not-verified-yet"), verify };
    };
    let when = reader.instant(last.at).text;
    match last.first_bad {
        Some(bad) => Seal {
            tone: "bad",
            text: tell!(
                "audit-the-chain-is-broken-as",
                when = when,
                bad = translate(&bad.to_string())
            ),
            verify,
        },
        None if last.sealed == 0 => {
            Seal { tone: "", text: tell!("audit-not-verified-since-events-were"), verify }
        }
        None => Seal {
            tone: "good",
            text: tell!("audit-verified-all-sealed-events-are", when = when, sealed = last.sealed),
            verify,
        },
    }
}

async fn fields(page: &Page, wanted: &Wanted) -> Result<Fields, Error> {
    let people = match person::list(&page.app, &page.actor, None, None).await {
        Err(Error::Forbidden(_)) => Vec::new(),
        people => people?,
    };
    let roles = match role::list(&page.app, &page.actor).await {
        Err(Error::Forbidden(_)) => Vec::new(),
        roles => roles?,
    };
    let with_any = |any: String, choices: Vec<Choice>| {
        std::iter::once(Choice::new("", any)).chain(choices).collect::<Vec<_>>()
    };
    let people = people
        .into_iter()
        .map(|person| Choice::new(person.principal.to_string(), person.name))
        .collect();
    let roles = roles.into_iter().map(|role| Choice::new(role.id.to_string(), role.name)).collect();
    let actions = Kind::ALL.iter().map(|(_, name)| Choice::new(*name, *name)).collect();
    Ok(Fields {
        from: Field::new(&wanted.from),
        to: Field::new(&wanted.to),
        actor: Field::new(&wanted.actor),
        subject: Field::new(&wanted.subject),
        people: with_any(tell!("audit-anybody"), people),
        role: Field::new(&wanted.role),
        roles: with_any(tell!("word-any-role"), roles),
        action: Field::new(&wanted.action),
        actions: with_any(tell!("audit-anything"), actions),
        outcome: Field::new(&wanted.outcome),
        outcomes: with_any(
            tell!("audit-any-outcome"),
            outcomes().map(|(_, name, word)| Choice::new(name, word)).collect(),
        ),
        used: !wanted.query().is_empty(),
    })
}

/// Takes away exactly what the filter finds.
pub async fn export(page: Page, Query(wanted): Query<Wanted>) -> Answer {
    let Opened { reader, .. } = page.open(Section::Audit).await?;
    let format = if wanted.format == "csv" { Format::Csv } else { Format::JsonLines };
    let export = audit::export(&page.app, &page.actor, &wanted.filter(&reader), format).await?;
    let disposition = format!("attachment; filename=\"{}\"", export.file_name());
    // What goes wrong later, while the copy is taken, still belongs to this request.
    let span = tracing::Span::current();
    let pieces = export.into_pieces().inspect_err(move |error| {
        tracing::error!(
            parent: &span,
            error = error as &dyn std::error::Error,
            "a copy of the audit trail was cut off"
        );
    });
    let headers = [
        (header::CONTENT_TYPE, format.content_type().to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// Walks along the chain now.
pub async fn verify(posted: Posted<Nothing>) -> Answer {
    let Posted { page, .. } = posted;
    audit::verify(&page.app, &page.actor, None).await?;
    done("/audit", Done::Verified)
}

/// Everything that happened to one request.
pub async fn story(page: Page, Path(request): Path<String>) -> Answer {
    let id: RequestId = id(&request, "request")?;
    let entries = audit::story(&page.app, &page.actor, id).await?;
    let Opened { frame, reader, .. } = page.open(Section::Audit).await?;
    let detail = match request::show(&page.app, &page.actor, id).await {
        Err(Error::NotFound(_)) => None,
        detail => Some(detail?),
    };
    let first = entries.first().map(|entry| chronicle::tell(entry, &reader));
    let title = match (&detail, first) {
        (Some(detail), _) => format!("{} {}", detail.told.requester, sentence(&detail.told)),
        (None, Some(first)) => format!("{} {}", first.actor, first.text),
        (None, None) => tell!("audit-a-request"),
    };
    let export = |format| format!("/audit/export?request={id}&format={format}");
    show(&Story {
        title,
        status: detail.as_ref().map(|detail| status(&detail.told, &reader)),
        request: if detail.is_some() { format!("/requests/{id}") } else { String::new() },
        events: entries
            .iter()
            .map(|entry| super::view::audit::Event {
                story: String::new(),
                ..chronicle::tell(entry, &reader)
            })
            .collect(),
        csv: export("csv"),
        json: export("jsonl"),
        frame,
    })
}
