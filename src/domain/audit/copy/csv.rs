//! Copies for spreadsheets.
use std::str::FromStr;

use csv::StringRecord;

use super::{
    COLUMNS, CopyFault, read_address, read_hash, write_address, write_hash, write_id,
    write_instant, write_number,
};
use crate::domain::audit::{ActorKind, Entry, Outcome, Seal};

/// Writes one event.
pub(super) fn write(entry: &Entry, text: &mut Vec<u8>) {
    write_instant(entry.at, text);
    for cell in [&entry.kind, entry.outcome.name(), entry.actor_kind.name()] {
        text.push(b',');
        write_text(cell, text);
    }
    optional(entry.actor, text, |id, text| write_id(id.0, text));
    optional(entry.actor_person, text, |id, text| write_id(id.0, text));
    text.push(b',');
    write_text(&entry.actor_name, text);
    optional(entry.subject, text, |id, text| write_id(id.0, text));
    optional(entry.subject_name.as_deref(), text, write_text);
    optional(entry.role, text, |id, text| write_id(id.0, text));
    optional(entry.role_name.as_deref(), text, write_text);
    optional(entry.scope, text, |id, text| write_id(id.0, text));
    optional(entry.scope_name.as_deref(), text, write_text);
    optional(entry.request, text, |id, text| write_id(id.0, text));
    optional(entry.assignment, text, |id, text| write_id(id.0, text));
    optional(entry.target, text, write_id);
    optional(entry.session, text, |id, text| write_id(id.0, text));
    optional(entry.address, text, write_address);
    optional(entry.correlation, text, write_id);
    text.push(b',');
    write_text(&entry.detail, text);
    text.push(b',');
    write_id(entry.id.0, text);
    text.push(b',');
    write_number(entry.transaction, text);
    let seal = entry.seal.as_ref();
    optional(seal, text, |seal, text| write_number(seal.sequence, text));
    optional(seal, text, |seal, text| write_instant(seal.sealed_at, text));
    optional(seal, text, |seal, text| write_hash(&seal.previous, text));
    optional(seal, text, |seal, text| write_hash(&seal.hash, text));
    text.extend_from_slice(b"\r\n");
}

fn optional<T>(value: Option<T>, text: &mut Vec<u8>, write: impl FnOnce(T, &mut Vec<u8>)) {
    text.push(b',');
    if let Some(value) = value {
        write(value, text);
    }
}

/// Writes a cell so that no spreadsheet takes it for a formula: with an apostrophe before it, which [`read_text`] takes
/// away again. A cell that begins with an apostrophe gets a second one, so that both directions are exact.
fn write_text(cell: &str, text: &mut Vec<u8>) {
    let quoted = cell.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r'));
    if quoted {
        text.push(b'"');
    }
    if is_dangerous(cell) {
        text.push(b'\'');
    }
    let mut parts = cell.split('"');
    text.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
    for part in parts {
        text.extend_from_slice(b"\"\"");
        text.extend_from_slice(part.as_bytes());
    }
    if quoted {
        text.push(b'"');
    }
}

/// Whether a spreadsheet might do something with the cell, also if it skips space in front. The full-width forms count,
/// since some turn them into the plain ones.
fn is_dangerous(cell: &str) -> bool {
    let first = cell.chars().next();
    let visible = cell.chars().find(|c| *c != ' ');
    matches!(first, Some('\'' | '\t' | '\r' | '\n' | '\0'))
        || matches!(visible, Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' | '\t' | '\r'))
}

fn read_text(cell: &str) -> &str {
    cell.strip_prefix('\'').unwrap_or(cell)
}

/// Says whether `heading` is that of a copy.
pub(in crate::domain::audit) fn check_heading(heading: &StringRecord) -> Result<(), CopyFault> {
    if heading.iter().eq(COLUMNS) { Ok(()) } else { Err(CopyFault::Heading) }
}

/// Reads one event. The first record of a copy is its heading, and gives none.
pub fn read_csv_record(number: u64, record: &StringRecord) -> Result<Option<Entry>, CopyFault> {
    if number == 0 {
        return check_heading(record).map(|()| None);
    }
    if record.len() != COLUMNS.len() {
        let shape = format!("the line has {} columns instead of {}", record.len(), COLUMNS.len());
        return Err(CopyFault::Shape(shape));
    }
    let mut cells = Cells { record, next: 0 };
    let entry = Entry {
        at: cells.parse()?,
        kind: cells.text()?.to_owned(),
        outcome: cells.read(Outcome::named)?,
        actor_kind: cells.read(ActorKind::named)?,
        actor: cells.optional()?,
        actor_person: cells.optional()?,
        actor_name: cells.text()?.to_owned(),
        subject: cells.optional()?,
        subject_name: cells.name()?,
        role: cells.optional()?,
        role_name: cells.name()?,
        scope: cells.optional()?,
        scope_name: cells.name()?,
        request: cells.optional()?,
        assignment: cells.optional()?,
        target: cells.optional()?,
        session: cells.optional()?,
        address: cells.maybe(read_address)?,
        correlation: cells.optional()?,
        detail: cells.text()?.to_owned(),
        id: cells.parse()?,
        transaction: cells.parse()?,
        seal: read_seal(&mut cells)?,
    };
    Ok(Some(entry))
}

fn read_seal(cells: &mut Cells<'_>) -> Result<Option<Seal>, CopyFault> {
    let sequence = cells.optional()?;
    let sealed_at = cells.optional()?;
    let previous = cells.maybe(read_hash)?;
    let hash = cells.maybe(read_hash)?;
    match (sequence, sealed_at, previous, hash) {
        (Some(sequence), Some(sealed_at), Some(previous), Some(hash)) => {
            Ok(Some(Seal { sequence, sealed_at, previous, hash }))
        }
        (None, None, None, None) => Ok(None),
        _ => Err(CopyFault::Shape("the chain's columns are filled in part only".to_owned())),
    }
}

/// A line, read from left to right.
struct Cells<'a> {
    record: &'a StringRecord,
    next: usize,
}

impl<'a> Cells<'a> {
    /// The next cell, read as `read` says; it may not be empty.
    fn read<T>(&mut self, read: impl FnOnce(&'a str) -> Option<T>) -> Result<T, CopyFault> {
        let column = COLUMNS.get(self.next).copied().unwrap_or_default();
        let cell = self.record.get(self.next).ok_or(CopyFault::Column(column))?;
        self.next += 1;
        read(cell).ok_or(CopyFault::Column(column))
    }

    fn maybe<T>(
        &mut self,
        read: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<Option<T>, CopyFault> {
        self.read(|cell| if cell.is_empty() { Some(None) } else { read(cell).map(Some) })
    }

    fn parse<T: FromStr>(&mut self) -> Result<T, CopyFault> {
        self.read(|cell| cell.parse().ok())
    }

    fn optional<T: FromStr>(&mut self) -> Result<Option<T>, CopyFault> {
        self.maybe(|cell| cell.parse().ok())
    }

    fn text(&mut self) -> Result<&'a str, CopyFault> {
        self.read(|cell| Some(read_text(cell)))
    }

    fn name(&mut self) -> Result<Option<String>, CopyFault> {
        self.maybe(|cell| Some(read_text(cell).to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_every_cell_comes_back() {
        for cell in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "＝1+1",
            "＋1",
            "－1",
            "＠x",
            "  =1",
            "'=1",
            "''",
            "=HYPERLINK(\"https://evil.example\",\"click\")",
            "a,b",
            "a\"b",
            "two\nlines",
            "plain",
            "{\"a\":1}",
        ] {
            let mut line = Vec::new();
            write_text(cell, &mut line);
            let text = String::from_utf8(line.clone()).unwrap();
            let first = text.trim_start_matches('"').trim_start().chars().next().unwrap();
            assert!(!"=+-@＝＋－＠\t\r".contains(first), "{text:?}");
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&*line);
            let record = reader.records().next().unwrap().unwrap();
            assert_eq!(record.len(), 1, "{text:?}");
            assert_eq!(read_text(&record[0]), cell);
        }
    }
}
