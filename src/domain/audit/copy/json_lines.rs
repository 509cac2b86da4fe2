//! Copies for programs.
use std::{borrow::Cow, str::FromStr};

use serde_json::value::RawValue;

use super::{
    CopyFault, read_address, read_hash, write_address, write_hash, write_id, write_instant,
    write_number,
};
use crate::domain::{
    audit::{ActorKind, Entry, Outcome, Seal},
    time::Instant,
};

/// Writes one event.
pub(super) fn write(entry: &Entry, text: &mut Vec<u8>) {
    text.extend_from_slice(b"{\"at\":");
    quoted(entry.at, text, write_instant);
    member("kind", Some(entry.kind.as_str()), text, write_text);
    member("outcome", Some(entry.outcome.name()), text, write_text);
    member("actor_kind", Some(entry.actor_kind.name()), text, write_text);
    member("actor_id", entry.actor, text, |id, text| quoted(id.0, text, write_id));
    member("actor_person_id", entry.actor_person, text, |id, text| quoted(id.0, text, write_id));
    member("actor_name", Some(entry.actor_name.as_str()), text, write_text);
    member("subject_id", entry.subject, text, |id, text| quoted(id.0, text, write_id));
    member("subject_name", entry.subject_name.as_deref(), text, write_text);
    member("role_id", entry.role, text, |id, text| quoted(id.0, text, write_id));
    member("role_name", entry.role_name.as_deref(), text, write_text);
    member("scope_id", entry.scope, text, |id, text| quoted(id.0, text, write_id));
    member("scope_name", entry.scope_name.as_deref(), text, write_text);
    member("request_id", entry.request, text, |id, text| quoted(id.0, text, write_id));
    member("assignment_id", entry.assignment, text, |id, text| quoted(id.0, text, write_id));
    member("target_id", entry.target, text, |id, text| quoted(id, text, write_id));
    member("session_id", entry.session, text, |id, text| quoted(id.0, text, write_id));
    member("client_address", entry.address, text, |it, text| quoted(it, text, write_address));
    member("correlation_id", entry.correlation, text, |id, text| quoted(id, text, write_id));
    member("detail", Some(entry.detail.as_str()), text, write_detail);
    member("id", Some(entry.id.0), text, |id, text| quoted(id, text, write_id));
    member("transaction_id", Some(entry.transaction), text, write_number);
    let seal = entry.seal.as_ref();
    member("sequence", seal, text, |seal, text| write_number(seal.sequence, text));
    member("sealed_at", seal, text, |seal, text| quoted(seal.sealed_at, text, write_instant));
    member("previous_hash", seal, text, |seal, text| quoted(&seal.previous, text, write_hash));
    member("hash", seal, text, |seal, text| quoted(&seal.hash, text, write_hash));
    text.extend_from_slice(b"}\n");
}

fn member<T>(
    name: &str,
    value: Option<T>,
    text: &mut Vec<u8>,
    write: impl FnOnce(T, &mut Vec<u8>),
) {
    text.extend_from_slice(b",\"");
    text.extend_from_slice(name.as_bytes());
    text.extend_from_slice(b"\":");
    match value {
        Some(value) => write(value, text),
        None => text.extend_from_slice(b"null"),
    }
}

fn quoted<T>(value: T, text: &mut Vec<u8>, write: impl FnOnce(T, &mut Vec<u8>)) {
    text.push(b'"');
    write(value, text);
    text.push(b'"');
}

fn write_text(value: &str, text: &mut Vec<u8>) {
    // Writing text to memory cannot fail.
    let _ = serde_json::to_writer(text, value);
}

/// Writes the facts as the very text that was hashed: as they are if they are an object on one line, which Latchkey's
/// always are; else as a string that holds the text.
fn write_detail(detail: &str, text: &mut Vec<u8>) {
    let is_plain =
        detail.starts_with('{') && detail.ends_with('}') && !detail.contains(['\n', '\r']);
    if is_plain {
        text.extend_from_slice(detail.as_bytes());
    } else {
        write_text(detail, text);
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    at: Instant,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    outcome: Outcome,
    actor_kind: ActorKind,
    actor_id: Option<Cow<'a, str>>,
    actor_person_id: Option<Cow<'a, str>>,
    actor_name: Cow<'a, str>,
    subject_id: Option<Cow<'a, str>>,
    subject_name: Option<String>,
    role_id: Option<Cow<'a, str>>,
    role_name: Option<String>,
    scope_id: Option<Cow<'a, str>>,
    scope_name: Option<String>,
    request_id: Option<Cow<'a, str>>,
    assignment_id: Option<Cow<'a, str>>,
    target_id: Option<Cow<'a, str>>,
    session_id: Option<Cow<'a, str>>,
    client_address: Option<Cow<'a, str>>,
    correlation_id: Option<Cow<'a, str>>,
    detail: &'a RawValue,
    id: Cow<'a, str>,
    transaction_id: i64,
    sequence: Option<i64>,
    sealed_at: Option<Instant>,
    previous_hash: Option<Cow<'a, str>>,
    hash: Option<Cow<'a, str>>,
}

/// Reads one event.
pub fn read_json_line(line: &str) -> Result<Entry, CopyFault> {
    let line: Line<'_> =
        serde_json::from_str(line).map_err(|error| CopyFault::Shape(error.to_string()))?;
    let seal = read_seal(&line)?;
    let raw = line.detail.get();
    let detail = if raw.starts_with('"') {
        serde_json::from_str(raw).map_err(|_| CopyFault::Column("detail"))?
    } else {
        raw.to_owned()
    };
    Ok(Entry {
        id: parse("id", &line.id)?,
        transaction: line.transaction_id,
        at: line.at,
        kind: line.kind.into_owned(),
        outcome: line.outcome,
        actor_kind: line.actor_kind,
        actor: optional("actor_id", line.actor_id)?,
        actor_person: optional("actor_person_id", line.actor_person_id)?,
        actor_name: line.actor_name.into_owned(),
        subject: optional("subject_id", line.subject_id)?,
        subject_name: line.subject_name,
        role: optional("role_id", line.role_id)?,
        role_name: line.role_name,
        scope: optional("scope_id", line.scope_id)?,
        scope_name: line.scope_name,
        request: optional("request_id", line.request_id)?,
        assignment: optional("assignment_id", line.assignment_id)?,
        target: optional("target_id", line.target_id)?,
        session: optional("session_id", line.session_id)?,
        address: maybe("client_address", line.client_address, read_address)?,
        correlation: optional("correlation_id", line.correlation_id)?,
        detail,
        seal,
    })
}

fn read_seal(line: &Line<'_>) -> Result<Option<Seal>, CopyFault> {
    let previous = maybe("previous_hash", line.previous_hash.as_deref(), read_hash)?;
    let hash = maybe("hash", line.hash.as_deref(), read_hash)?;
    match (line.sequence, line.sealed_at, previous, hash) {
        (Some(sequence), Some(sealed_at), Some(previous), Some(hash)) => {
            Ok(Some(Seal { sequence, sealed_at, previous, hash }))
        }
        (None, None, None, None) => Ok(None),
        _ => Err(CopyFault::Shape("the chain's fields are filled in part only".to_owned())),
    }
}

fn parse<T: FromStr>(column: &'static str, text: &str) -> Result<T, CopyFault> {
    text.parse().map_err(|_| CopyFault::Column(column))
}

fn optional<T: FromStr>(
    column: &'static str,
    text: Option<Cow<'_, str>>,
) -> Result<Option<T>, CopyFault> {
    maybe(column, text, |text| text.parse().ok())
}

fn maybe<T, S: AsRef<str>>(
    column: &'static str,
    text: Option<S>,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, CopyFault> {
    text.map(|text| read(text.as_ref()).ok_or(CopyFault::Column(column))).transpose()
}
