//! What surrounds every page.
use crate::domain::language::{Argument, Reader};

/// The part of the program that a page belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// What one holds and may hold.
    Access,
    /// Requests.
    Requests,
    /// Requests that wait for the reader.
    Approvals,
    /// How the whole stands.
    Overview,
    /// Roles, their settings and assignments.
    Roles,
    /// Access that is held all the time.
    Inventory,
    /// Places.
    Resources,
    /// Persons.
    People,
    /// Groups.
    Groups,
    /// Applications.
    Applications,
    /// The audit trail.
    Audit,
    /// The way of notices.
    Deliveries,
    /// The reader's own account.
    Account,
    /// Elsewhere.
    None,
}

impl Section {
    /// The name that templates compare.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Requests => "requests",
            Self::Approvals => "approvals",
            Self::Overview => "overview",
            Self::Roles => "roles",
            Self::Inventory => "inventory",
            Self::Resources => "resources",
            Self::People => "people",
            Self::Groups => "groups",
            Self::Applications => "applications",
            Self::Audit => "audit",
            Self::Deliveries => "deliveries",
            Self::Account => "account",
            Self::None => "",
        }
    }

    /// Whether it is one that administrators and auditors look after.
    #[must_use]
    pub fn is_administration(self) -> bool {
        !matches!(
            self,
            Self::Access | Self::Requests | Self::Approvals | Self::Account | Self::None
        )
    }
}

/// Light, dark, or as the system is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system is set.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    /// The theme that a cookie names; the system's for anything unknown.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }

    /// The attribute on the document; empty lets the system decide.
    #[must_use]
    pub fn attribute(self) -> &'static str {
        match self {
            Self::System => "",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// What the switch changes to when no script knows better.
    #[must_use]
    pub fn other(self) -> &'static str {
        if self == Self::Dark { "light" } else { "dark" }
    }
}

/// Which administrative pages the reader may open.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each one shows or hides its own link")]
pub struct Rights {
    /// Roles.
    pub roles: bool,
    /// Access that is held all the time.
    pub inventory: bool,
    /// Places.
    pub scopes: bool,
    /// People.
    pub people: bool,
    /// Groups.
    pub groups: bool,
    /// Applications.
    pub applications: bool,
    /// The audit trail.
    pub audit: bool,
}

impl Rights {
    /// Whether there is any of them.
    #[must_use]
    pub fn any(self) -> bool {
        self.roles || self.scopes || self.people || self.groups || self.applications || self.audit
    }
}

/// A message about what has just been done.
#[derive(Clone, Debug)]
pub struct Flash {
    /// `good`, `warn`, `bad` or `info`.
    pub kind: &'static str,
    /// What happened.
    pub text: String,
}

impl Flash {
    /// The icon of its kind.
    #[must_use]
    pub fn icon(&self) -> &'static str {
        match self.kind {
            "good" => "approval",
            "info" => "info",
            _ => "alert",
        }
    }
}

/// A text with its values, before it is said. Templates write `frame.say("key").with("name", value).text()`.
#[derive(Clone, Debug)]
pub struct Saying<'a> {
    reader: &'a Reader,
    key: &'a str,
    arguments: Vec<(&'static str, Argument)>,
}

impl Saying<'_> {
    /// The same, with a value.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Argument>) -> Self {
        self.arguments.push((name, value.into()));
        self
    }

    /// The text.
    #[must_use]
    pub fn text(self) -> String {
        self.reader.text(self.key, &self.arguments)
    }

    /// What stands before and after the value `it`, which is more than words.
    #[must_use]
    pub fn around(self) -> (String, String) {
        self.reader.around(self.key, &self.arguments)
    }

    /// The text in parts; every other one, between back-ticks in the catalogue, is to be set as code.
    #[must_use]
    pub fn marked(self) -> Vec<String> {
        self.text().split('`').map(str::to_owned).collect()
    }
}

/// What says the texts of a page.
macro_rules! speaks {
    ($frame:ty) => {
        impl $frame {
            /// The text of that key.
            #[must_use]
            pub fn text(&self, key: &str) -> String {
                self.reader.text(key, &[])
            }

            /// The text of that key, to be given values.
            #[must_use]
            pub fn say<'a>(&'a self, key: &'a str) -> Saying<'a> {
                Saying { reader: &self.reader, key, arguments: Vec::new() }
            }

            /// The tag of the language that the page is in.
            #[must_use]
            pub fn tag(&self) -> &'static str {
                self.reader.language.tag()
            }

            /// The months, short, one after the other, for scripts.
            #[must_use]
            pub fn months(&self) -> String {
                let months = (1..=12_i64)
                    .map(|month| self.say("date-month-short").with("month", month).text());
                months.collect::<Vec<_>>().join("|")
            }

            /// The time zone in which the page tells times.
            #[must_use]
            pub fn zone(&self) -> &str {
                self.reader.zone_name()
            }
        }
    };
}

speaks!(Frame);
speaks!(Gate);

/// The frame of a page for somebody who is signed in.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The organisation's name.
    pub organisation: String,
    /// The reader's name.
    pub person: String,
    /// One or two letters for the reader.
    pub initials: String,
    /// Who reads the page.
    pub reader: Reader,
    /// The reader's time zone, with what it is called at this time of the year.
    pub zone_stated: String,
    /// Where we are.
    pub section: Section,
    /// How many requests wait for the reader's decision.
    pub approvals: usize,
    /// Which administrative pages the reader may open.
    pub rights: Rights,
    /// Light or dark.
    pub theme: Theme,
    /// What this answer's scripts must carry.
    pub nonce: String,
    /// What this session's forms must carry.
    pub csrf: String,
    /// This page's own address, to come back to.
    pub path: String,
    /// The database's time, from which scripts count.
    pub now: String,
    /// What has just been done.
    pub flash: Option<Flash>,
    /// Whether nothing that was activated is in force, since the database was put back to an earlier state.
    pub quarantined: bool,
}

/// The frame of a page for somebody who is not signed in yet.
#[derive(Clone, Debug)]
pub struct Gate {
    /// Who reads the page.
    pub reader: Reader,
    /// The organisation's name.
    pub organisation: String,
    /// Light or dark.
    pub theme: Theme,
    /// What this answer's scripts must carry.
    pub nonce: String,
    /// What this form must carry.
    pub csrf: String,
    /// The time, from which scripts count.
    pub now: String,
}
