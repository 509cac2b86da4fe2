//! How the files call places and holders: "Finance / Ledger", "group:Operators", "user:ada".
use std::{fmt, str::FromStr};

use crate::domain::{
    principal::PrincipalKind,
    text::{Name, TextError, UserName, fold},
};

/// The organisation, as a path.
const ROOT: &str = "/";
const BETWEEN: &str = " / ";

/// The names from the organisation down to a place, without the organisation's own; none is the organisation.
///
/// Written with " / " between them. A slash within a name that could be taken for such a one has a backslash before it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Path(pub Vec<Name>);

/// A path in the form in which paths are compared.
pub type Folded = Vec<String>;

impl Path {
    /// The form in which paths are compared.
    #[must_use]
    pub fn folded(&self) -> Folded {
        self.0.iter().map(Name::folded).collect()
    }

    /// The last name, and the path of what the place lies in; none for the organisation.
    #[must_use]
    pub fn split_last(&self) -> Option<(&Name, Self)> {
        self.0.split_last().map(|(last, above)| (last, Self(above.to_vec())))
    }

    /// The path of something in this place.
    #[must_use]
    pub fn with(&self, name: &Name) -> Self {
        Self(self.0.iter().chain([name]).cloned().collect())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str(ROOT);
        }
        let names: Vec<_> = self.0.iter().map(|name| escaped(name.as_str())).collect();
        let text = names.join(BETWEEN);
        // So that no place looks like a group's.
        if text.starts_with(GROUP) { write!(f, "\\{text}") } else { f.write_str(&text) }
    }
}

impl FromStr for Path {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let text = text.trim();
        if text == ROOT {
            return Ok(Self::default());
        }
        text.split(BETWEEN)
            .map(|name| Name::parse(&unescaped(name)))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

fn escaped(name: &str) -> String {
    let mut written = String::with_capacity(name.len());
    let mut before = ' ';
    let mut letters = name.chars().peekable();
    while let Some(letter) = letters.next() {
        let after = letters.peek().copied().unwrap_or(' ');
        if letter == '\\' || (letter == '/' && (before.is_whitespace() || after.is_whitespace())) {
            written.push('\\');
        }
        written.push(letter);
        before = letter;
    }
    written
}

fn unescaped(name: &str) -> String {
    let mut read = String::with_capacity(name.len());
    let mut letters = name.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => read.extend(letters.next()),
            other => read.push(other),
        }
    }
    read
}

const GROUP: &str = "group:";
const USER: &str = "user:";
const APPLICATION: &str = "application:";

/// Where something is held: a place in the tree, or a group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// A place, by its path.
    At(Path),
    /// A group, by its name.
    Group(Name),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(path) => path.fmt(f),
            Self::Group(name) => write!(f, "{GROUP}{name}"),
        }
    }
}

impl FromStr for Place {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        match text.trim().strip_prefix(GROUP) {
            Some(name) => Name::parse(name).map(Self::Group),
            None => text.parse().map(Self::At),
        }
    }
}

/// Who holds something, by kind and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HolderName {
    /// A user, a group or an application.
    pub kind: PrincipalKind,
    /// The account's or the group's name.
    pub name: String,
}

impl HolderName {
    /// The form in which holders are compared.
    #[must_use]
    pub fn folded(&self) -> (PrincipalKind, String) {
        (self.kind, fold(&self.name))
    }
}

impl fmt::Display for HolderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            PrincipalKind::User => USER,
            PrincipalKind::Group => GROUP,
            PrincipalKind::ServicePrincipal => APPLICATION,
        };
        write!(f, "{kind}{}", self.name)
    }
}

/// Why a text names no holder.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HolderError {
    /// It does not say what it names.
    #[error("write user:, group: or application: and then the name")]
    NoKind,
    /// The name is not one.
    #[error(transparent)]
    Text(#[from] TextError),
}

impl FromStr for HolderName {
    type Err = HolderError;

    fn from_str(text: &str) -> Result<Self, HolderError> {
        let text = text.trim();
        if let Some(name) = text.strip_prefix(USER) {
            let name = UserName::parse(name)?.as_str().to_owned();
            return Ok(Self { kind: PrincipalKind::User, name });
        }
        let (kind, name) = match (text.strip_prefix(GROUP), text.strip_prefix(APPLICATION)) {
            (Some(name), _) => (PrincipalKind::Group, name),
            (None, Some(name)) => (PrincipalKind::ServicePrincipal, name),
            (None, None) => return Err(HolderError::NoKind),
        };
        Ok(Self { kind, name: Name::parse(name)?.as_str().to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever places are called, what is written is what is read.
        #[test]
        fn a_path_that_is_written_is_read_as_the_same(
            names in proptest::collection::vec("[a:gropu/\\\\ \u{e9}]{1,12}", 0..4),
        ) {
            let names: Vec<_> = names.iter().filter_map(|name| Name::parse(name).ok()).collect();
            let path = Path(names);
            let place = Place::At(path.clone());
            prop_assert_eq!(path.to_string().parse::<Path>().unwrap(), path);
            prop_assert_eq!(place.to_string().parse::<Place>().unwrap(), place);
        }
    }

    #[test]
    fn places_read_as_people_write_them() {
        let path = |text: &str| text.parse::<Path>().unwrap().folded();
        assert_eq!(path("Finance / Ledger"), ["finance", "ledger"]);
        assert_eq!(path("/"), Vec::<String>::new());
        assert_eq!(path("Read/Write"), ["read/write"]);
        assert!(
            "Finance / ".parse::<Path>().is_ok_and(|path| path.0.len() == 1)
                || "Finance /  / B".parse::<Path>().is_err()
        );
        assert!("".parse::<Path>().is_err());
    }

    #[test]
    fn holders_say_what_they_are() {
        for text in ["user:ada", "group:On call", "application:backup"] {
            assert_eq!(text.parse::<HolderName>().unwrap().to_string(), text);
        }
        assert_eq!("ada".parse::<HolderName>(), Err(HolderError::NoKind));
        assert!("user:a b".parse::<HolderName>().is_err());
    }
}
