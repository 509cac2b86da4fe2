//! What an auditor looks for, and how far the list has been read.
use super::{Kind, Outcome};
use crate::domain::{
    id::{EventId, PrincipalId, RequestId, RoleId},
    time::Instant,
};

/// Which events are wanted. What is none does not narrow the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// At this instant or later.
    pub from: Option<Instant>,
    /// Before this instant.
    pub until: Option<Instant>,
    /// Done by this account.
    pub actor: Option<PrincipalId>,
    /// About this account.
    pub subject: Option<PrincipalId>,
    /// Done by this account, or about it.
    pub concerns: Option<PrincipalId>,
    /// About this role.
    pub role: Option<RoleId>,
    /// Of this kind.
    pub kind: Option<Kind>,
    /// Which came out like this.
    pub outcome: Option<Outcome>,
    /// Belonging to this request.
    pub request: Option<RequestId>,
}

impl Filter {
    /// The filter as facts for the log.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "from": self.from,
            "until": self.until,
            "actor": self.actor,
            "subject": self.subject,
            "concerns": self.concerns,
            "role": self.role,
            "kind": self.kind.map(Kind::name),
            "outcome": self.outcome,
            "request": self.request,
        })
    }
}

/// A place in the log, between two events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// When the last event that was read happened.
    pub at: Instant,
    /// The last event that was read.
    pub id: EventId,
}

/// A text that is no place in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no place in the list: begin again without it")]
pub struct BadCursor;

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}_{}", self.at.timestamp().as_microsecond(), self.id.0.simple())
    }
}

impl std::str::FromStr for Cursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let (at, id) = text.split_once('_').ok_or(BadCursor)?;
        let at: i64 = at.parse().map_err(|_| BadCursor)?;
        let at = jiff::Timestamp::from_microsecond(at).map_err(|_| BadCursor)?;
        Ok(Self { at: Instant::new(at), id: id.parse().map_err(|_| BadCursor)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        let cursor =
            Cursor { at: "2026-11-22T01:02:03.456789Z".parse().unwrap(), id: EventId::new() };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for bad in ["", "_", "1_2", "x_00000000000080008000000000000001", "9999999999999999999_1"] {
            assert_eq!(bad.parse::<Cursor>(), Err(BadCursor), "{bad}");
        }
    }
}
