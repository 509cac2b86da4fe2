//! Something to say, before it is known to whom.
use std::{borrow::Cow, collections::BTreeMap};

use uuid::Uuid;

use super::Reader;
use crate::domain::{
    text::with_names,
    time::{Duration, Instant},
};

/// A value in a text. It is said in the reader's way once the reader is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// Words that stay as they are: a name, an address.
    Text(String),
    /// A number, by which a text may choose its form.
    Number(i64),
    /// A length of time.
    Duration(Duration),
    /// A point in time, said with the reader's zone.
    Instant(Instant),
    /// Another text.
    Message(Box<Message>),
    /// Several, all of them: joined by "and".
    All(Vec<Argument>),
    /// Several, any of them: joined by "or".
    Any(Vec<Argument>),
    /// Several, with these words between them.
    Joined(&'static str, Vec<Argument>),
}

/// Something to say: the key of a text with its values. It prints in English, for programs and the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Words that are not ours, such as what another program said. They are the same in every language.
    Text(String),
    /// A text of the catalogue.
    Keyed {
        /// Its key.
        key: Cow<'static, str>,
        /// Its values.
        arguments: Vec<(&'static str, Argument)>,
    },
}

impl Message {
    /// The text of that key.
    #[must_use]
    pub const fn new(key: &'static str) -> Self {
        Self::Keyed { key: Cow::Borrowed(key), arguments: Vec::new() }
    }

    /// The text of a key that is made up from a stable name.
    #[must_use]
    pub const fn keyed(key: String) -> Self {
        Self::Keyed { key: Cow::Owned(key), arguments: Vec::new() }
    }

    /// The same, with a value.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Argument>) -> Self {
        if let Self::Keyed { arguments, .. } = &mut self {
            arguments.push((name, value.into()));
        }
        self
    }
}

impl Argument {
    /// The same with names instead of the identifiers in what stays as it is.
    #[must_use]
    pub fn with_names(self, names: &BTreeMap<Uuid, String>) -> Self {
        let all = |items: Vec<Self>| items.into_iter().map(|item| item.with_names(names)).collect();
        match self {
            Self::Text(text) => Self::Text(with_names(&text, |id| names.get(&id).cloned())),
            Self::Message(message) => Self::Message(Box::new(message.with_names(names))),
            Self::All(items) => Self::All(all(items)),
            Self::Any(items) => Self::Any(all(items)),
            Self::Joined(between, items) => Self::Joined(between, all(items)),
            Self::Number(_) | Self::Duration(_) | Self::Instant(_) => self,
        }
    }
}

impl Message {
    fn with_names(self, names: &BTreeMap<Uuid, String>) -> Self {
        match self {
            Self::Text(text) => Self::Text(with_names(&text, |id| names.get(&id).cloned())),
            Self::Keyed { key, arguments } => {
                let replaced = |(key, value): (_, Argument)| (key, value.with_names(names));
                Self::Keyed { key, arguments: arguments.into_iter().map(replaced).collect() }
            }
        }
    }
}

impl std::fmt::Display for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&Reader::english().say(self))
    }
}

impl serde::Serialize for Message {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl From<Message> for Argument {
    fn from(message: Message) -> Self {
        Self::Message(Box::new(message))
    }
}

impl From<String> for Argument {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Duration> for Argument {
    fn from(duration: Duration) -> Self {
        Self::Duration(duration)
    }
}

impl From<Instant> for Argument {
    fn from(at: Instant) -> Self {
        Self::Instant(at)
    }
}

impl From<&str> for Argument {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl<T> From<&T> for Argument
where
    T: Clone + Into<Self>,
{
    fn from(value: &T) -> Self {
        value.clone().into()
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl From<$number> for Argument {
            fn from(number: $number) -> Self {
                Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
            }
        }
    )*};
}

numbers![u8, u16, u32, u64, usize, i16, i32, i64];
