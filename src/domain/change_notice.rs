//! Changes that need somebody else's word, as mails and pages tell of them.
use super::{change_request::Write, id::ChangeRequestId};

/// The address of a change request's page. Opening it changes nothing.
#[must_use]
pub fn change_link(public_url: &str, change: ChangeRequestId) -> String {
    format!("{public_url}/changes/{change}")
}

/// A change, as mails and pages tell of it.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Who wants it.
    pub author: &'a str,
    /// What is to be done.
    pub write: &'a Write,
    /// The role that it is about; may be empty.
    pub role: &'a str,
    /// Where.
    pub scope: &'a str,
    /// Who gets something by it; may be empty.
    pub subject: &'a str,
    /// Why.
    pub reason: &'a str,
    /// Its page.
    pub link: &'a str,
}

impl Wanted<'_> {
    /// What is wanted, said after "asks for".
    #[must_use]
    pub fn what(&self) -> String {
        let Self { role, subject, .. } = self;
        match self.write {
            Write::SaveSettings { .. } => format!("weaker settings of {role}"),
            Write::Assign { kind, .. } => format!("{role} for {subject}, {}", kind.name()),
            Write::UpdateAssignment { .. } => format!("other dates for {role} of {subject}"),
            Write::ConvertAssignment { to, .. } => {
                format!("{role} of {subject} as {}", to.name())
            }
            Write::MoveScope { .. } => format!("another place for {}", self.scope),
            Write::ChangeRole { .. } => format!("a change of the role {role}"),
            Write::ExtendAssignment { .. } => format!("more time with {role}"),
            Write::RenewAssignment { .. } => format!("{role} again"),
            Write::ApplyPolicy { .. } => "policy files".to_owned(),
        }
    }
}
