//! What happened: reading the audit log, and taking it away.
use axum::{
    body::Body,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use data_encoding::HEXLOWER;
use futures_util::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{answer::Page, cursor};
use crate::{
    App,
    domain::{
        id::{AssignmentId, EventId, PersonId, PrincipalId, RequestId, RoleId, ScopeId, SessionId},
        time::Instant,
    },
    error::Error,
    http::{
        Web,
        actor::Bearer,
        extract::{Json, Query},
        problem::ApiError,
    },
    service::audit::{self, ActorKind, Cursor, Entry, Filter, Format, Kind, Outcome},
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(events))
        .routes(routes!(export))
        .routes(routes!(verification))
}

/// Something that happened.
#[derive(Serialize, ToSchema)]
struct AuditEvent {
    /// Identifies it.
    id: EventId,
    /// When it happened.
    at: Instant,
    /// What kind of thing happened.
    #[schema(example = "activation.started")]
    kind: String,
    /// How it came out.
    outcome: Outcome,
    /// What kind of actor did it.
    actor_kind: ActorKind,
    /// The account that did it.
    actor: Option<PrincipalId>,
    /// The human being behind it.
    actor_person: Option<PersonId>,
    /// What they were called.
    actor_name: String,
    /// Whom it is about.
    subject: Option<PrincipalId>,
    /// What they were called.
    subject_name: Option<String>,
    /// The role that it is about.
    role: Option<RoleId>,
    /// What it was called.
    role_name: Option<String>,
    /// The scope that it is about.
    scope: Option<ScopeId>,
    /// What it was called.
    scope_name: Option<String>,
    /// The request that it belongs to.
    request: Option<RequestId>,
    /// The assignment that it belongs to.
    assignment: Option<AssignmentId>,
    /// The changed row, when it is none of the above.
    target: Option<uuid::Uuid>,
    /// The browser session in which it was done.
    session: Option<SessionId>,
    /// Where the request came from.
    #[schema(value_type = Option<String>, example = "192.0.2.10")]
    address: Option<std::net::IpAddr>,
    /// The id of the request that caused it.
    correlation: Option<uuid::Uuid>,
    /// The facts.
    #[schema(value_type = Object)]
    detail: Box<RawValue>,
    /// Its place in the chain; none in the moments before it has one.
    seal: Option<Seal>,
}

/// An event's place in the chain.
#[derive(Serialize, ToSchema)]
struct Seal {
    /// Its number, counted from one without a gap.
    sequence: i64,
    /// When it was numbered.
    sealed_at: Instant,
    /// The hash of the event before, in hexadecimal digits; zeros before the first.
    previous: String,
    /// The hash over the one before and everything that this event says, in hexadecimal digits.
    hash: String,
}

impl TryFrom<Entry> for AuditEvent {
    type Error = Error;

    fn try_from(entry: Entry) -> Result<Self, Error> {
        let inconsistent = || Error::Inconsistent { table: "audit_events", id: entry.id.0 };
        Ok(Self {
            detail: RawValue::from_string(entry.detail).map_err(|_| inconsistent())?,
            id: entry.id,
            at: entry.at,
            kind: entry.kind,
            outcome: entry.outcome,
            actor_kind: entry.actor_kind,
            actor: entry.actor,
            actor_person: entry.actor_person,
            actor_name: entry.actor_name,
            subject: entry.subject,
            subject_name: entry.subject_name,
            role: entry.role,
            role_name: entry.role_name,
            scope: entry.scope,
            scope_name: entry.scope_name,
            request: entry.request,
            assignment: entry.assignment,
            target: entry.target,
            session: entry.session,
            address: entry.address.map(|network| network.addr()),
            correlation: entry.correlation,
            seal: entry.seal.map(|seal| Seal {
                sequence: seal.sequence,
                sealed_at: seal.sealed_at,
                previous: HEXLOWER.encode(&seal.previous),
                hash: HEXLOWER.encode(&seal.hash),
            }),
        })
    }
}

/// Which events are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// At this instant or later.
    from: Option<Instant>,
    /// Before this instant.
    until: Option<Instant>,
    /// Done by this account.
    actor: Option<PrincipalId>,
    /// About this account.
    subject: Option<PrincipalId>,
    /// Done by this account, or about it.
    concerns: Option<PrincipalId>,
    /// About this role.
    role: Option<RoleId>,
    /// Of this kind, such as `activation.started`.
    kind: Option<String>,
    /// Which came out like this.
    outcome: Option<Outcome>,
    /// Belonging to this request.
    request: Option<RequestId>,
    /// Where the page before ended.
    cursor: Option<String>,
}

fn kind(name: &str) -> Result<Kind, Error> {
    Kind::named(name).ok_or_else(|| Error::invalid("kind", "there is no such kind of event"))
}

/// The events that are wanted, newest first.
#[utoipa::path(
    get, path = "/audit/events", tag = "audit", params(Wanted),
    responses((status = OK, body = Page<AuditEvent>, description = "A page of events"))
)]
async fn events(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<AuditEvent>>, ApiError> {
    let after = cursor::List::AuditEvents
        .read(&app.keys, wanted.cursor.as_deref())?
        .map(|(at, id)| Cursor { at, id });
    let filter = Filter {
        from: wanted.from,
        until: wanted.until,
        actor: wanted.actor,
        subject: wanted.subject,
        concerns: wanted.concerns,
        role: wanted.role,
        kind: wanted.kind.as_deref().map(kind).transpose()?,
        outcome: wanted.outcome,
        request: wanted.request,
    };
    let page = audit::events(&app, &actor, &filter, after, audit::PAGE_MOST).await?;
    let next =
        page.next.map(|next| cursor::List::AuditEvents.write(&app.keys, &(next.at, next.id)));
    let items: Result<_, Error> = page.entries.into_iter().map(AuditEvent::try_from).collect();
    Ok(Json(Page { items: items?, next }))
}

/// The format of a copy.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum CopyFormat {
    /// For spreadsheets. Cells that a spreadsheet might take for a formula begin with an apostrophe.
    Csv,
    /// For programs: one JSON object a line.
    Jsonl,
}

/// Which events are to be taken away, and how.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Copied {
    /// The format; `jsonl` if left out.
    #[param(inline)]
    format: Option<CopyFormat>,
    /// At this instant or later.
    from: Option<Instant>,
    /// Before this instant.
    until: Option<Instant>,
    /// Done by this account.
    actor: Option<PrincipalId>,
    /// About this account.
    subject: Option<PrincipalId>,
    /// Done by this account, or about it.
    concerns: Option<PrincipalId>,
    /// About this role.
    role: Option<RoleId>,
    /// Of this kind, such as `activation.started`.
    kind: Option<String>,
    /// Which came out like this.
    outcome: Option<Outcome>,
    /// Belonging to this request.
    request: Option<RequestId>,
}

/// Takes a copy of the events that are wanted, oldest first. However large it is, it is streamed; an error on the way cuts
/// the answer off. The copy can be verified without the database, by `latchkey audit verify`. That it was taken is itself
/// an event.
#[utoipa::path(
    get, path = "/audit/export", tag = "audit", params(Copied),
    responses((status = OK, description = "The copy", content((String = "text/csv"), (String = "application/jsonl"))))
)]
async fn export(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Query(wanted): Query<Copied>,
) -> Result<Response, ApiError> {
    let filter = Filter {
        from: wanted.from,
        until: wanted.until,
        actor: wanted.actor,
        subject: wanted.subject,
        concerns: wanted.concerns,
        role: wanted.role,
        kind: wanted.kind.as_deref().map(kind).transpose()?,
        outcome: wanted.outcome,
        request: wanted.request,
    };
    let format = match wanted.format {
        Some(CopyFormat::Csv) => Format::Csv,
        Some(CopyFormat::Jsonl) | None => Format::JsonLines,
    };
    let export = audit::export(&app, &actor, &filter, format).await?;
    let disposition = format!("attachment; filename=\"{}\"", export.file_name());
    // What goes wrong later, while the copy is taken, still belongs to this request.
    let span = tracing::Span::current();
    let pieces = export.into_pieces().inspect_err(move |error| {
        tracing::error!(
            parent: &span,
            error = error as &dyn std::error::Error,
            "a copy of the audit log was cut off"
        );
    });
    let headers = [
        (header::CONTENT_TYPE, format.content_type().to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// Where the chain of events ends, and what the last walk along it found.
#[derive(Serialize, ToSchema)]
struct Chain {
    /// Where it ends now. Worth noting in a place that no administrator of the database can reach.
    head: Head,
    /// What the last walk found; none if there was none yet.
    last: Option<Verification>,
}

/// Where the chain ends.
#[derive(Serialize, ToSchema)]
struct Head {
    /// The last number given.
    sequence: i64,
    /// The last hash, in hexadecimal digits.
    hash: String,
}

/// What a walk along the chain found.
#[derive(Serialize, ToSchema)]
struct Verification {
    /// When it began.
    at: Instant,
    /// Whether every event was as it had been sealed.
    whole: bool,
    /// How many events were found in order.
    sealed: u64,
    /// How many events wait to be sealed now.
    unsealed: u64,
    /// The first event that is not as it was sealed, and what is wrong with it.
    first_bad: Option<FirstBad>,
}

/// The first event that is not as it was sealed.
#[derive(Serialize, ToSchema)]
struct FirstBad {
    /// Its number.
    sequence: i64,
    /// The event, if it is there.
    event: Option<EventId>,
    /// What is wrong.
    problem: String,
}

/// Where the chain of events ends, and what the last walk along it found. The server walks along it once a day; `latchkey
/// audit verify` does so at once.
#[utoipa::path(
    get, path = "/audit/verification", tag = "audit",
    responses((status = OK, body = Chain, description = "The chain"))
)]
async fn verification(
    State(app): State<App>,
    Bearer(actor): Bearer,
) -> Result<Json<Chain>, ApiError> {
    let head = audit::head(&app, &actor).await?;
    let last = audit::last_verification(&app, &actor).await?;
    Ok(Json(Chain {
        head: Head { sequence: head.sequence, hash: HEXLOWER.encode(&head.hash) },
        last: last.map(|last| Verification {
            at: last.at,
            whole: last.first_bad.is_none(),
            sealed: last.sealed,
            unsealed: last.unsealed,
            first_bad: last.first_bad.map(|bad| FirstBad {
                sequence: bad.sequence,
                event: bad.event,
                problem: bad.problem,
            }),
        }),
    }))
}
