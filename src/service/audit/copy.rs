//! Verifies a copy of the log without the database.
use std::io::{BufRead, Read as _};

use crate::domain::audit::{Copied, CopyCheck, CopyFault, Format, read_csv_record, read_json_line};

/// The longest line of a copy: well above what an event can hold.
const LINE_MOST: u64 = 1024 * 1024;

/// Why a copy could not be verified.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// It could not be read.
    #[error("the copy cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// One of its lines is not what it should be.
    #[error("line {line}: {fault}")]
    Line {
        /// Which line, counted from one.
        line: u64,
        /// What is wrong with it.
        fault: CopyFault,
    },
}

/// Reads a copy and says whether its events are as they were sealed. Needs no database, and trusts none.
pub fn verify_copy(copy: impl BufRead, format: Format) -> Result<Copied, CopyError> {
    match format {
        Format::JsonLines => verify_json_lines(copy),
        Format::Csv => verify_csv(copy),
    }
}

fn verify_json_lines(mut copy: impl BufRead) -> Result<Copied, CopyError> {
    let mut check = CopyCheck::default();
    let mut text = String::new();
    for line in 1.. {
        text.clear();
        if copy.by_ref().take(LINE_MOST).read_line(&mut text)? == 0 {
            break;
        }
        let entry = read_json_line(&text).map_err(|fault| CopyError::Line { line, fault })?;
        check.add(&entry);
    }
    Ok(check.finish())
}

fn verify_csv(copy: impl BufRead) -> Result<Copied, CopyError> {
    let mut check = CopyCheck::default();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(copy);
    for (number, record) in (0..).zip(reader.records()) {
        let record = record.map_err(std::io::Error::from)?;
        let line = record.position().map_or(number + 1, csv::Position::line);
        let entry =
            read_csv_record(number, &record).map_err(|fault| CopyError::Line { line, fault })?;
        if let Some(entry) = entry {
            check.add(&entry);
        }
    }
    Ok(check.finish())
}
