//! Which column of a file says what, and what holds for all rows where no column says it.
use crate::domain::{assignment::AssignmentKind, fault::FieldError, id::ScopeId, text::fold};

/// What a row can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Who holds the role: a user name, an address, or a name with `user:`, `group:` or `application:` before it.
    Principal,
    /// The role's name.
    Role,
    /// The place's name or path.
    Scope,
    /// Eligible or active.
    Kind,
    /// From when.
    StartsAt,
    /// Until when.
    EndsAt,
    /// Why.
    Justification,
}

impl Field {
    /// All of them, with their stable names and what they are called.
    pub const ALL: [(Self, &'static str, &'static str); 7] = [
        (Self::Principal, "principal", "Who"),
        (Self::Role, "role", "Role"),
        (Self::Scope, "scope", "Where"),
        (Self::Kind, "kind", "Eligible or active"),
        (Self::StartsAt, "starts_at", "From"),
        (Self::EndsAt, "ends_at", "Until"),
        (Self::Justification, "justification", "Why"),
    ];

    /// What columns that say this are called elsewhere, the surest first.
    fn aliases(self) -> impl Iterator<Item = &'static str> {
        ALIASES
            .iter()
            .filter(move |(field, _)| *field == self)
            .flat_map(|(_, names)| names.split_whitespace())
    }
}

/// What columns are called elsewhere, the surest first; folded, without spaces and marks.
const ALIASES: [(Field, &str); 7] = [
    (
        Field::Principal,
        "principal user username userprincipalname upn useraccount account accountname login \
         loginname samaccountname principalname assignee holder member membername identity email \
         mail emailaddress useremail person who subject benutzer konto",
    ),
    (
        Field::Role,
        "role rolename roledefinitionname roledisplayname privilege permission permissionset \
         entitlement accesslevel access rolle",
    ),
    (
        Field::Scope,
        "scope scopename scopepath resource resourcename system directoryscope target where place \
         location subscription environment path folder ort",
    ),
    (Field::Kind, "kind assignmenttype assignmentkind assignmentstate type state membertype art"),
    (
        Field::StartsAt,
        "startsat start startdate startdatetime starttime from validfrom since assignedon granted \
         grantedon created createdon von",
    ),
    (
        Field::EndsAt,
        "endsat end enddate enddatetime endtime until validuntil validto expires expiry \
         expirydate expirationdate expiration to bis",
    ),
    (
        Field::Justification,
        "justification reason comment comments why note notes description businessreason grund",
    ),
];

/// How a file is to be read: the column of each field, by its name, and what holds where there is none.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(default, deny_unknown_fields)]
pub struct Mapping {
    /// The column with who holds the role.
    pub principal: Option<String>,
    /// The column with the role's name.
    pub role: Option<String>,
    /// The column with the place's name or path, such as `Folder / System`.
    pub scope: Option<String>,
    /// The column with `eligible` or `active`.
    pub kind: Option<String>,
    /// The column with the start.
    pub starts_at: Option<String>,
    /// The column with the end.
    pub ends_at: Option<String>,
    /// The column with the reason.
    pub justification: Option<String>,
    /// The role where no column or an empty cell says it.
    pub default_role: String,
    /// The place where no column or an empty cell says it; none is the organisation.
    pub default_scope: String,
    /// Eligible or active where no column or an empty cell says it; none is active.
    pub default_kind: Option<AssignmentKind>,
    /// The reason where no column or an empty cell says it.
    pub default_justification: String,
    /// Whether roles that are not there are made.
    pub make_roles: bool,
    /// Which of the roles that are made are privileged.
    pub privileged_roles: Vec<String>,
    /// Where places that are not there are made, as systems; none are made without.
    pub make_scopes_under: Option<ScopeId>,
    /// Whether what lasts longer than the role's terms allow ends when they say. Without, such a row is bad.
    pub end_by_terms: bool,
}

impl Mapping {
    /// What the names of the columns suggest.
    #[must_use]
    pub fn guess(columns: &[String]) -> Self {
        let plain: Vec<String> = columns
            .iter()
            .map(|name| fold(name).chars().filter(|letter| letter.is_alphanumeric()).collect())
            .collect();
        let column = |field: Field| {
            field.aliases().find_map(|alias| {
                let at = plain.iter().position(|name| name == alias)?;
                columns.get(at).cloned()
            })
        };
        Self {
            principal: column(Field::Principal),
            role: column(Field::Role),
            scope: column(Field::Scope),
            kind: column(Field::Kind),
            starts_at: column(Field::StartsAt),
            ends_at: column(Field::EndsAt),
            justification: column(Field::Justification),
            ..Self::default()
        }
    }

    /// The column of a field.
    #[must_use]
    pub fn column(&self, field: Field) -> Option<&str> {
        match field {
            Field::Principal => self.principal.as_deref(),
            Field::Role => self.role.as_deref(),
            Field::Scope => self.scope.as_deref(),
            Field::Kind => self.kind.as_deref(),
            Field::StartsAt => self.starts_at.as_deref(),
            Field::EndsAt => self.ends_at.as_deref(),
            Field::Justification => self.justification.as_deref(),
        }
    }

    /// What holds where no column or an empty cell says it.
    #[must_use]
    pub fn fallback(&self, field: Field) -> &str {
        match field {
            Field::Role => &self.default_role,
            Field::Scope => &self.default_scope,
            Field::Kind => match self.default_kind {
                Some(AssignmentKind::Eligible) => "eligible",
                Some(AssignmentKind::Active) | None => "active",
            },
            Field::Justification => &self.default_justification,
            Field::Principal | Field::StartsAt | Field::EndsAt => "",
        }
    }

    /// Whether a role of that name is to be privileged when it is made.
    #[must_use]
    pub fn makes_privileged(&self, role: &str) -> bool {
        self.privileged_roles.iter().any(|name| fold(name) == fold(role))
    }

    /// What is wrong with it for a file with these columns; empty if it can be used.
    #[must_use]
    pub fn faults(&self, columns: &[String]) -> Vec<FieldError> {
        let mut faults = Vec::new();
        for (field, name, _) in Field::ALL {
            if let Some(column) = self.column(field)
                && !columns.iter().any(|known| known == column)
            {
                let message = format!("the file has no column called {column}");
                faults.push(FieldError::new(name, message));
            }
        }
        if self.principal.is_none() {
            let message = "choose the column that says who holds the role".to_owned();
            faults.push(FieldError::new("principal", message));
        }
        if self.role.is_none() && self.default_role.trim().is_empty() {
            let message = "choose the column with the role, or write one role for all".to_owned();
            faults.push(FieldError::new("role", message));
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn columns_are_guessed_by_what_they_are_called_elsewhere() {
        let names = columns(&[
            "User Principal Name",
            "ROLE_NAME",
            "Resource",
            "Valid to",
            "Colour",
            "Reason",
        ]);
        let guess = Mapping::guess(&names);
        assert_eq!(guess.principal.as_deref(), Some("User Principal Name"));
        assert_eq!(guess.role.as_deref(), Some("ROLE_NAME"));
        assert_eq!(guess.scope.as_deref(), Some("Resource"));
        assert_eq!(guess.ends_at.as_deref(), Some("Valid to"));
        assert_eq!(guess.justification.as_deref(), Some("Reason"));
        assert_eq!((guess.kind, guess.starts_at), (None, None));
        assert!(Mapping::guess(&columns(&["a", "b"])).principal.is_none());
    }

    #[test]
    fn a_mapping_needs_who_and_which_role_and_columns_that_are_there() {
        let names = columns(&["user", "role"]);
        let fields = |mapping: &Mapping| {
            mapping.faults(&names).into_iter().map(|fault| fault.field).collect::<Vec<_>>()
        };
        assert!(fields(&Mapping::guess(&names)).is_empty());
        assert_eq!(fields(&Mapping::default()), ["principal", "role"]);
        let one_role = Mapping {
            principal: Some("user".to_owned()),
            default_role: "Operator".to_owned(),
            scope: Some("where".to_owned()),
            ..Mapping::default()
        };
        assert_eq!(fields(&one_role), ["scope"]);
    }

    #[test]
    fn what_is_privileged_is_said_by_name_however_it_is_written() {
        let mapping =
            Mapping { privileged_roles: vec!["Domain  ADMIN".to_owned()], ..Mapping::default() };
        assert!(mapping.makes_privileged("domain admin"));
        assert!(!mapping.makes_privileged("reader"));
    }
}
