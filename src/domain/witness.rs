//! Where the audit log ended, said outside of the database. A database that was put back to an earlier state no longer holds
//! what was said of it.
use serde::{Deserialize, Serialize};

use super::{audit::Head, time::Instant};

/// What a witness says: at that time, in that epoch, the log ended there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The epoch, counted from 1: a new one begins when somebody agrees to go on with a database that was put back.
    pub epoch: i32,
    /// Where the log ended.
    pub head: Head,
    /// When.
    pub at: Instant,
}

/// A statement as a line of JSON, with what proves whose it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    epoch: i32,
    sequence: i64,
    hash: String,
    at: Instant,
    signature: String,
}

impl Statement {
    /// The bytes that are signed.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let Self { epoch, head, at } = self;
        format!("latchkey witness 1\n{epoch}\n{head}\n{at}").into_bytes()
    }

    /// The statement as a line, with its signature.
    #[must_use]
    pub fn line(&self, signature: &[u8]) -> String {
        let line = Line {
            epoch: self.epoch,
            sequence: self.head.sequence,
            hash: data_encoding::HEXLOWER.encode(&self.head.hash),
            at: self.at,
            signature: data_encoding::BASE64URL_NOPAD.encode(signature),
        };
        // Numbers, texts and a time can always be written.
        serde_json::to_string(&line).unwrap_or_default()
    }

    /// Reads what [`Statement::line`] wrote: the statement and its signature, which is yet to be judged.
    #[must_use]
    pub fn read(line: &str) -> Option<(Self, Vec<u8>)> {
        let line: Line = serde_json::from_str(line).ok()?;
        let hash = data_encoding::HEXLOWER.decode(line.hash.as_bytes()).ok()?.try_into().ok()?;
        let signature = data_encoding::BASE64URL_NOPAD.decode(line.signature.as_bytes()).ok()?;
        let head = Head { sequence: line.sequence, hash };
        Some((Self { epoch: line.epoch, head, at: line.at }, signature))
    }

    /// Whether a database in that epoch, which has that hash under the number of this statement, holds it. What was said in an
    /// earlier epoch is history: somebody has agreed since to go on without it.
    #[must_use]
    pub fn is_held(&self, epoch: i32, hash: Option<[u8; 32]>) -> bool {
        match self.epoch.cmp(&epoch) {
            std::cmp::Ordering::Less => true,
            std::cmp::Ordering::Equal => self.head.sequence == 0 || hash == Some(self.head.hash),
            std::cmp::Ordering::Greater => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(epoch: i32, sequence: i64) -> Statement {
        let at = "2026-11-23T10:00:00Z".parse().unwrap();
        Statement { epoch, head: Head { sequence, hash: [7; 32] }, at }
    }

    #[test]
    fn a_line_says_what_was_stated() {
        let line = statement(2, 41).line(&[1, 2, 3]);
        assert_eq!(Statement::read(&line), Some((statement(2, 41), vec![1, 2, 3])));
        assert_eq!(Statement::read(&line.replace("sequence", "number")), None);
        assert_eq!(Statement::read(line.get(..line.len() - 5).unwrap()), None, "written by halves");
    }

    #[test]
    fn whatever_is_stated_is_signed() {
        let bytes = statement(1, 41).bytes();
        let mut other = statement(1, 41);
        other.head.hash[31] = 8;
        for other in [statement(2, 41), statement(1, 42), other] {
            assert_ne!(other.bytes(), bytes);
        }
    }

    #[test]
    fn a_database_that_was_put_back_does_not_hold_what_was_stated() {
        let said = statement(2, 41);
        assert!(said.is_held(2, Some([7; 32])));
        assert!(!said.is_held(2, None), "its last events are gone");
        assert!(!said.is_held(2, Some([8; 32])), "others are in their place");
        assert!(!said.is_held(1, Some([7; 32])), "it does not know of the epoch");
        assert!(said.is_held(3, None), "somebody has agreed to go on without");
        assert!(statement(1, 0).is_held(1, None), "nothing had happened yet");
    }
}
