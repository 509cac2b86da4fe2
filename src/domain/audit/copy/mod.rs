//! Copies of the log: how they are written, read again, and verified without a database.
mod check;
mod csv;
mod json_lines;

pub use check::{Copied, CopyCheck};
pub use csv::read_csv_record;
pub use json_lines::read_json_line;

use std::io::Write as _;

use ipnet::IpNet;
use uuid::Uuid;

use super::Entry;
use crate::domain::time::Instant;

/// The columns of a copy: what people look for first, then what the chain needs.
const COLUMNS: [&str; 26] = [
    "at",
    "kind",
    "outcome",
    "actor_kind",
    "actor_id",
    "actor_person_id",
    "actor_name",
    "subject_id",
    "subject_name",
    "role_id",
    "role_name",
    "scope_id",
    "scope_name",
    "request_id",
    "assignment_id",
    "target_id",
    "session_id",
    "client_address",
    "correlation_id",
    "detail",
    "id",
    "transaction_id",
    "sequence",
    "sealed_at",
    "previous_hash",
    "hash",
];

/// The forms in which the log can be taken away.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// For spreadsheets. Cells that a spreadsheet might take for a formula begin with an apostrophe.
    Csv,
    /// For programs: one JSON object a line.
    JsonLines,
}

impl Format {
    /// Its stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "json_lines",
        }
    }

    /// The media type.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::JsonLines => "application/jsonl; charset=utf-8",
        }
    }

    /// How the names of its files end.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
        }
    }

    /// The format that the name of a file promises.
    #[must_use]
    pub fn of_file(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit_once('.')?;
        match extension.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            _ => None,
        }
    }

    /// Writes what stands before the first event.
    pub fn write_heading(self, text: &mut Vec<u8>) {
        match self {
            Self::Csv => {
                text.extend_from_slice(COLUMNS.join(",").as_bytes());
                text.extend_from_slice(b"\r\n");
            }
            Self::JsonLines => {}
        }
    }

    /// Writes one event.
    pub fn write(self, entry: &Entry, text: &mut Vec<u8>) {
        match self {
            Self::Csv => csv::write(entry, text),
            Self::JsonLines => json_lines::write(entry, text),
        }
    }
}

/// Why a copy cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CopyFault {
    /// The heading is not that of an exported copy.
    #[error("the first line is not the heading of an exported copy of the audit log")]
    Heading,
    /// A line has another number of columns, or is no JSON object of the kind.
    #[error("{0}")]
    Shape(String),
    /// A column does not hold what it should.
    #[error("the column {0} cannot be read")]
    Column(&'static str),
}

/// Writes an instant to the microsecond, always with the same number of digits.
fn write_instant(at: Instant, text: &mut Vec<u8>) {
    // Writing to memory cannot fail.
    let _ = write!(text, "{:.6}", at.timestamp());
}

fn write_id(id: Uuid, text: &mut Vec<u8>) {
    let mut buffer = Uuid::encode_buffer();
    text.extend_from_slice(id.hyphenated().encode_lower(&mut buffer).as_bytes());
}

fn write_hash(hash: &[u8; 32], text: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in hash {
        for digit in [byte >> 4, byte & 15] {
            text.extend(DIGITS.get(usize::from(digit)));
        }
    }
}

fn write_number(number: i64, text: &mut Vec<u8>) {
    let _ = write!(text, "{number}");
}

/// Writes a single address as such, and a network with its prefix.
fn write_address(address: IpNet, text: &mut Vec<u8>) {
    let _ = if address.prefix_len() == address.max_prefix_len() {
        write!(text, "{}", address.addr())
    } else {
        write!(text, "{address}")
    };
}

fn read_address(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse().ok().map(std::net::IpAddr::into))
}

fn read_hash(text: &str) -> Option<[u8; 32]> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}
