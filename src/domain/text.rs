//! Text that people write, read and limited once, at the edge.
use unicode_normalization::UnicodeNormalization as _;

/// Why a text was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing is there.
    #[error("write something here")]
    Empty,
    /// It is too long.
    #[error("at most {0} characters")]
    TooLong(usize),
    /// It has control or invisible characters.
    #[error("no control or invisible characters")]
    Invisible,
    /// It is not an address.
    #[error("write an address such as ada@example.org")]
    NoAddress,
    /// It is not a user name.
    #[error("letters, digits, dot, hyphen, underscore and @ only")]
    NoUserName,
}

/// Normalised, trimmed, and free of control characters; line breaks are allowed if `lines`.
fn clean(text: &str, most: usize, lines: bool) -> Result<String, TextError> {
    let text: String = text.replace("\r\n", "\n").nfc().collect::<String>().trim().to_owned();
    let bad = |c: char| (c.is_control() && !(lines && (c == '\n' || c == '\t'))) || is_invisible(c);
    if text.chars().any(bad) {
        Err(TextError::Invisible)
    } else if text.chars().count() > most {
        Err(TextError::TooLong(most))
    } else {
        Ok(text)
    }
}

/// Characters that change how others look, or that nobody sees: bidirectional marks, zero-width and blank letters, tags, line
/// separators.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0d}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Says of a character whether it is to be shown as a picture or as a letter. People write it with every other emoji, but a
/// name is no other name by it.
fn is_presentation(c: char) -> bool {
    matches!(c, '\u{fe0e}' | '\u{fe0f}')
}

/// Two names are the same if they fold to the same: compatibility forms, letter case, runs of space and how an emoji is shown
/// don't count.
#[must_use]
pub fn fold(name: &str) -> String {
    let seen = name.chars().filter(|c| !is_presentation(*c));
    let folded: String = seen.nfkc().flat_map(char::to_lowercase).nfkc().collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The same with a capital.
#[must_use]
pub fn capital(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}", letters.as_str())
}

/// A message as a sentence: with a capital, and with a full stop.
#[must_use]
pub fn sentence(message: &str) -> String {
    let stop = if message.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{}{stop}", capital(message))
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $most:tt, lines $lines:literal, empty $empty:literal;)*) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, utoipa::ToSchema,
        )]
        #[serde(transparent)]
        #[schema(value_type = String, max_length = $most)]
        pub struct $name(String);

        impl $name {
            /// The most characters it may have.
            pub const MOST: usize = $most;

            /// Reads it, or says what is wrong with it.
            pub fn parse(text: &str) -> Result<Self, TextError> {
                let text = clean(text, Self::MOST, $lines)?;
                if text.is_empty() && !$empty { Err(TextError::Empty) } else { Ok(Self(text)) }
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Whether nothing was written.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.0.is_empty()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = TextError;

            fn from_str(text: &str) -> Result<Self, TextError> {
                Self::parse(text)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    )*};
}

texts! {
    /// The name of a role, group or scope.
    Name: 120, lines false, empty false;
    /// A person's name, as it is shown.
    DisplayName: 120, lines false, empty false;
    /// What something is for.
    Description: 1000, lines true, empty true;
    /// Why somebody asks, decides or changes. Whether it may be empty is for the settings to say.
    Justification: 4096, lines true, empty true;
    /// What somebody says about a request.
    Comment: 2000, lines true, empty true;
    /// The number of a ticket.
    TicketNumber: 120, lines false, empty true;
    /// The system that a ticket is in.
    TicketSystem: 120, lines false, empty true;
}

impl Name {
    /// The form in which names are compared.
    #[must_use]
    pub fn folded(&self) -> String {
        fold(&self.0)
    }
}

/// The name that a user signs in with.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, utoipa::ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, max_length = 120)]
pub struct UserName(String);

impl UserName {
    /// Reads it, or says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let text = clean(text, 120, false)?;
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@');
        if text.is_empty() {
            Err(TextError::Empty)
        } else if text.chars().all(allowed) {
            Ok(Self(text))
        } else {
            Err(TextError::NoUserName)
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which user names are compared.
    #[must_use]
    pub fn folded(&self) -> String {
        fold(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for UserName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// An address that mail can be sent to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, utoipa::ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, max_length = 254, format = "email")]
pub struct Email(String);

impl Email {
    /// Reads it, or says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let text = clean(text, 254, false)?;
        text.parse::<lettre::Address>().map_err(|_| TextError::NoAddress)?;
        Ok(Self(text))
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which addresses are compared.
    #[must_use]
    pub fn folded(&self) -> String {
        fold(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Email {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// The identifiers in a text, with where each begins.
pub fn identifiers(text: &str) -> impl Iterator<Item = (usize, uuid::Uuid)> {
    const LENGTH: usize = 36;
    text.match_indices('-').filter_map(|(dash, _)| {
        // The first of the dashes in an identifier is its ninth character.
        let begin = dash.checked_sub(8)?;
        let id = text.get(begin..begin + LENGTH)?;
        Some((begin, uuid::Uuid::try_parse(id).ok()?))
    })
}

/// A text with names instead of the identifiers in it.
#[must_use]
pub fn with_names(text: &str, name: impl Fn(uuid::Uuid) -> Option<String>) -> String {
    let mut told = String::with_capacity(text.len());
    let mut done = 0;
    for (begin, id) in identifiers(text) {
        let Some(name) = name(id) else { continue };
        told.push_str(text.get(done..begin).unwrap_or_default());
        told.push_str(&name);
        done = begin + 36;
    }
    told.push_str(text.get(done..).unwrap_or_default());
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_are_the_same() {
        for (one, other) in [
            ("Ada", "ada"),
            ("Ａｄａ", "ada"),
            ("a  b", "a b"),
            ("É", "e\u{301}"),
            ("İ", "i\u{307}"),
            ("⚠\u{fe0f} a", "⚠ a"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} {other}");
        }
    }

    #[test]
    fn invisible_characters_are_refused() {
        for text in [
            "a\u{202e}b",
            "a\0b",
            "a\u{200b}",
            "a\u{2028}b",
            "a\u{1b}[31m",
            "a\u{61c}b",
            "a\u{3164}",
            "a\u{115f}",
            "a\u{2800}",
            "a\u{e0061}",
        ] {
            assert_eq!(Name::parse(text), Err(TextError::Invisible), "{text:?}");
            assert_eq!(Justification::parse(text), Err(TextError::Invisible), "{text:?}");
        }
        for blank in ['\u{3164}', '\u{115f}', '\u{61c}', '\u{e0041}', '\u{fe00}', '\u{2800}'] {
            let name = format!("Global Administrator{blank}");
            assert_eq!(Name::parse(&name), Err(TextError::Invisible), "{name:?}");
        }
        assert!(Justification::parse("Careful \u{26a0}\u{fe0f}").is_ok());
    }

    #[test]
    fn the_longest_reason_is_taken_and_no_longer_one() {
        assert!(Justification::parse(&"ä".repeat(4096)).is_ok());
        assert_eq!(Justification::parse(&"ä".repeat(4097)), Err(TextError::TooLong(4096)));
    }
}
