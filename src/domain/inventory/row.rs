//! What one row of a file says.
use jiff::{civil, tz::TimeZone};

use super::{
    mapping::{Field, Mapping},
    sheet::{Row, Sheet},
};
use crate::domain::{
    assignment::AssignmentKind,
    principal::PrincipalKind,
    text::{Justification, fold},
    time::Instant,
};

/// What a kind of holder is called, and is written before its name.
#[must_use]
pub fn word(kind: PrincipalKind) -> &'static str {
    match kind {
        PrincipalKind::User => "user",
        PrincipalKind::Group => "group",
        PrincipalKind::ServicePrincipal => "application",
    }
}

/// Who is said to hold a role.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Holder {
    /// What kind of holder, if it is said.
    pub kind: Option<PrincipalKind>,
    /// The folded name or address.
    pub name: String,
}

impl Holder {
    fn read(said: &str) -> Self {
        let (kind, name) = match said.split_once(':') {
            Some((prefix, name)) => match fold(prefix).as_str() {
                "user" | "person" => (Some(PrincipalKind::User), name),
                "group" => (Some(PrincipalKind::Group), name),
                "application" | "app" | "service" | "service principal" | "serviceprincipal" => {
                    (Some(PrincipalKind::ServicePrincipal), name)
                }
                _ => (None, said),
            },
            None => (None, said),
        };
        Self { kind, name: fold(name) }
    }
}

/// The cells of a row that mean something, as they were written.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(default)]
pub struct Said {
    /// Who.
    pub principal: String,
    /// Which role.
    pub role: String,
    /// Where.
    pub scope: String,
    /// Eligible or active.
    pub kind: String,
    /// From when.
    pub starts_at: String,
    /// Until when.
    pub ends_at: String,
    /// Why.
    pub justification: String,
}

/// What a row wants, as far as that can be said without looking anything up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Who.
    pub holder: Holder,
    /// Which role, by its name.
    pub role: String,
    /// Where, by name or path.
    pub scope: String,
    /// Eligible or active.
    pub kind: AssignmentKind,
    /// From when; none is now.
    pub starts_at: Option<Instant>,
    /// Until when; none is for good.
    pub ends_at: Option<Instant>,
    /// Why.
    pub justification: String,
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Fault {
    /// The column; empty if it is about the row as a whole.
    pub column: String,
    /// What is wrong, and what to do.
    pub reason: String,
}

impl Fault {
    /// A fault of a column.
    pub fn new(column: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { column: column.into(), reason: reason.into() }
    }

    /// As one sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        if self.column.is_empty() {
            self.reason.clone()
        } else {
            format!("{}: {}", self.column, self.reason)
        }
    }
}

/// Reads one row: what it says, and what it wants or all that is wrong with it.
pub fn read(sheet: &Sheet, row: &Row, mapping: &Mapping) -> (Said, Result<Wanted, Vec<Fault>>) {
    let cells = match &row.cells {
        Ok(cells) => cells,
        Err(reason) => return (Said::default(), Err(vec![Fault::new("", reason.clone())])),
    };
    let cell = |field: Field| {
        let at = mapping
            .column(field)
            .and_then(|column| sheet.columns.iter().position(|known| known == column));
        let said = at.and_then(|at| cells.get(at)).map_or("", |cell| cell.trim());
        if said.is_empty() { mapping.fallback(field).trim() } else { said }.to_owned()
    };
    let said = Said {
        principal: cell(Field::Principal),
        role: cell(Field::Role),
        scope: cell(Field::Scope),
        kind: cell(Field::Kind),
        starts_at: cell(Field::StartsAt),
        ends_at: cell(Field::EndsAt),
        justification: cell(Field::Justification),
    };
    let wanted = wanted(&said, mapping);
    (said, wanted)
}

fn wanted(said: &Said, mapping: &Mapping) -> Result<Wanted, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut fault = |field: Field, reason: String| {
        faults.push(Fault::new(mapping.column(field).unwrap_or_default(), reason));
    };
    if said.principal.is_empty() {
        fault(Field::Principal, "it says nobody".to_owned());
    }
    if said.role.is_empty() {
        fault(Field::Role, "it says no role".to_owned());
    }
    let kind = kind(&said.kind).unwrap_or_else(|| {
        fault(Field::Kind, format!("“{}” is neither eligible nor active", shown(&said.kind)));
        AssignmentKind::Active
    });
    let mut time = |field: Field, text: &str| {
        time(text, field == Field::EndsAt).unwrap_or_else(|| {
            fault(
                field,
                format!(
                    "“{}” is no time: write it as 2026-11-22 or 2026-11-22T09:00:00Z",
                    shown(text)
                ),
            );
            None
        })
    };
    let starts_at = time(Field::StartsAt, &said.starts_at);
    let ends_at = time(Field::EndsAt, &said.ends_at);
    let justification = Justification::parse(&said.justification).unwrap_or_else(|error| {
        fault(Field::Justification, error.to_string());
        Justification::default()
    });
    let wanted = Wanted {
        holder: Holder::read(&said.principal),
        role: said.role.clone(),
        scope: said.scope.clone(),
        kind,
        starts_at,
        ends_at,
        justification: justification.to_string(),
    };
    if faults.is_empty() { Ok(wanted) } else { Err(faults) }
}

/// A cell as it is told: not too much of it.
fn shown(text: &str) -> String {
    text.chars().take(60).collect()
}

fn kind(text: &str) -> Option<AssignmentKind> {
    match fold(text).as_str() {
        "active" | "assigned" | "standing" | "permanent" | "direct" => Some(AssignmentKind::Active),
        "eligible" | "jit" | "just in time" => Some(AssignmentKind::Eligible),
        _ => None,
    }
}

/// A time in one of the forms that exports have; a day without a time is meant from its beginning, or to its end. The inner
/// none is no time at all: nothing, never, or so far away that it means never.
#[expect(clippy::option_option, reason = "no time and none that can be read are not the same")]
fn time(text: &str, to_its_end: bool) -> Option<Option<Instant>> {
    if matches!(fold(text).as_str(), "" | "-" | "never" | "none" | "null" | "permanent" | "n/a") {
        return Some(None);
    }
    // Directories write "never" as the last day of their calendar, which lies beyond what can be reckoned with.
    let begins = text.get(..10).unwrap_or(text);
    let is_far = |format| civil::Date::strptime(format, begins).is_ok_and(|day| day.year() >= 9000);
    if is_far("%Y-%m-%d") || is_far("%d.%m.%Y") {
        return Some(None);
    }
    let utc = |time: civil::DateTime| time.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp());
    let day =
        |day: civil::Date| utc(if to_its_end { day.tomorrow().ok()? } else { day }.at(0, 0, 0, 0));
    let spoken = text.replacen(' ', "T", 1);
    let at = text
        .parse::<jiff::Timestamp>()
        .ok()
        .or_else(|| spoken.parse().ok())
        .or_else(|| civil::Date::strptime("%Y-%m-%d", text).ok().and_then(day))
        .or_else(|| civil::Date::strptime("%d.%m.%Y", text).ok().and_then(day))
        .or_else(|| spoken.parse::<civil::DateTime>().ok().and_then(utc))
        .or_else(|| civil::DateTime::strptime("%d.%m.%Y %H:%M", text).ok().and_then(utc))?;
    let year = at.to_zoned(TimeZone::UTC).year();
    (1970..=2300).contains(&year).then(|| Some(Instant::new(at)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read_one(text: &str, mapping: &Mapping) -> Result<Wanted, Vec<Fault>> {
        let sheet = Sheet::read(text.as_bytes()).unwrap();
        read(&sheet, &sheet.rows[0], mapping).1
    }

    fn guessed(text: &str) -> Result<Wanted, Vec<Fault>> {
        let sheet = Sheet::read(text.as_bytes()).unwrap();
        read_one(text, &Mapping::guess(&sheet.columns))
    }

    #[test]
    fn a_row_says_who_holds_what_where_and_how_long() {
        let wanted = guessed(
            "user,role,scope,type,start,end,reason\nGroup: Night  Watch,Operator,Shop,Eligible,2026-01-01,31.12.2026,On call\n",
        )
        .unwrap();
        assert_eq!(
            wanted.holder,
            Holder { kind: Some(PrincipalKind::Group), name: "night watch".to_owned() }
        );
        assert_eq!((wanted.role.as_str(), wanted.scope.as_str()), ("Operator", "Shop"));
        assert_eq!(wanted.kind, AssignmentKind::Eligible);
        assert_eq!(wanted.starts_at.unwrap().to_string(), "2026-01-01T00:00:00Z");
        assert_eq!(
            wanted.ends_at.unwrap().to_string(),
            "2027-01-01T00:00:00Z",
            "the day is included"
        );
        assert_eq!(wanted.justification, "On call");
    }

    #[test]
    fn what_no_column_says_holds_for_all() {
        let mapping = Mapping {
            principal: Some("mail".to_owned()),
            default_role: "Operator".to_owned(),
            default_kind: Some(AssignmentKind::Eligible),
            default_justification: "As it was".to_owned(),
            ..Mapping::default()
        };
        let wanted = read_one("mail\nAda@Example.org\n", &mapping).unwrap();
        assert_eq!(wanted.holder, Holder { kind: None, name: "ada@example.org".to_owned() });
        assert_eq!((wanted.role.as_str(), wanted.scope.as_str()), ("Operator", ""));
        assert_eq!((wanted.kind, wanted.ends_at), (AssignmentKind::Eligible, None));
        assert_eq!(wanted.justification, "As it was");
    }

    #[test]
    fn all_that_is_wrong_is_told_with_its_column() {
        let faults = guessed("login,role,type,until\n,,sometimes,11/22/2026\n").unwrap_err();
        let columns: Vec<_> = faults.iter().map(|fault| fault.column.as_str()).collect();
        assert_eq!(columns, ["login", "role", "type", "until"]);
        assert!(faults[2].reason.contains("sometimes"));
    }

    #[test]
    fn times_come_in_many_forms() {
        for (text, at) in [
            ("2026-11-22T10:30:00+01:00", "2026-11-22T09:30:00Z"),
            ("2026-11-22 10:30:00Z", "2026-11-22T10:30:00Z"),
            ("2026-11-22T10:30", "2026-11-22T10:30:00Z"),
            ("2026-11-22 10:30", "2026-11-22T10:30:00Z"),
            ("22.11.2026 10:30", "2026-11-22T10:30:00Z"),
            ("2026-11-22", "2026-11-22T00:00:00Z"),
        ] {
            assert_eq!(time(text, false).unwrap().unwrap().to_string(), at, "{text}");
        }
        for never in ["", "never", "Permanent", "9999-12-31", "31.12.9999", "9999-12-31T23:59:59Z"]
        {
            assert_eq!(time(never, true), Some(None), "{never}");
        }
        for unreadable in ["soon", "11/22/2026", "2026-13-01", "0001-01-01", "45000"] {
            assert_eq!(time(unreadable, true), None, "{unreadable}");
        }
    }

    proptest! {
        #[test]
        fn any_row_is_read_or_told(text in "\\PC{0,40}") {
            let said = Said {
                principal: text.clone(), role: text.clone(), scope: text.clone(), kind: text.clone(),
                starts_at: text.clone(), ends_at: text.clone(), justification: text,
            };
            let _ = wanted(&said, &Mapping::default());
        }
    }
}
