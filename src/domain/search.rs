//! Looking for something by a part of its name.

/// What can be found.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// A person's account.
    Person,
    /// A group.
    Group,
    /// An application.
    Application,
    /// A role.
    Role,
    /// A place.
    Place,
}

impl Found {
    /// All of them, with their stable names, in the order in which they are told.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Person, "person"),
        (Self::Group, "group"),
        (Self::Application, "application"),
        (Self::Role, "role"),
        (Self::Place, "place"),
    ];

    /// Its stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(found, _)| *found == self).map_or("", |(_, name)| name)
    }

    /// What is found under that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(found, _)| *found)
    }
}

/// What somebody typed, cut to what can be looked for; none if that is nothing.
#[must_use]
pub fn asked(text: &str) -> Option<String> {
    const MOST: usize = 120;
    let words: Vec<_> = text.split(|c: char| c.is_whitespace() || c.is_control()).collect();
    let text: String = words.join(" ").chars().take(MOST).collect();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_not_looked_for_and_much_is_cut() {
        assert_eq!(asked(" \t\0 "), None);
        assert_eq!(asked("  Ada \0 Lovelace\n").as_deref(), Some("Ada Lovelace"));
        assert_eq!(asked(&"a".repeat(1000)).map(|text| text.len()), Some(120));
    }

    #[test]
    fn every_kind_has_a_name_of_its_own() {
        for (found, name) in Found::ALL {
            assert_eq!((found.name(), Found::named(name)), (name, Some(found)));
        }
    }
}
