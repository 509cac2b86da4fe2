//! People: the list, one person, inviting.
use askama::Template;

use super::{Fact, Instant, Pages, Who, extent::Extent, form::Field, frame::Frame, role::Activity};

/// The list of people.
#[derive(Template)]
#[template(path = "person/list.html")]
pub struct People {
    /// Around it.
    pub frame: Frame,
    /// Whether the reader may invite.
    pub may_invite: bool,
    /// Who is looked for.
    pub search: Field,
    /// The people by name.
    pub rows: Vec<PersonRow>,
    /// Where the rest is.
    pub pages: Pages,
}

/// A person in the list.
pub struct PersonRow {
    /// Who.
    pub who: Who,
    /// The mail address.
    pub mail: String,
    /// "Disabled", "Invited", "Emergency account"; each a tag.
    pub tags: Vec<Tag>,
    /// How many roles the person may activate.
    pub eligible: i64,
    /// How many the person holds now.
    pub active: i64,
    /// When the person last signed in; none if never.
    pub seen: Option<Instant>,
}

/// A small mark beside a name.
#[derive(Clone)]
pub struct Tag {
    /// What it says.
    pub text: String,
    /// `warn`, `bad` or nothing.
    pub tone: &'static str,
}

/// One person.
#[derive(Template)]
#[template(path = "person/show.html")]
pub struct Person {
    /// Around it.
    pub frame: Frame,
    /// Who.
    pub who: Who,
    /// Marks beside the name.
    pub tags: Vec<Tag>,
    /// Account, mail, last sign-in.
    pub facts: Vec<Fact>,
    /// What they prove with that it is them; nothing for readers of a part of the organisation.
    pub factors: Vec<Fact>,
    /// What was wrong with what was just tried.
    pub problems: Vec<String>,
    /// What they can do, now and at most.
    pub extent: Extent,
    /// Whether the account is disabled, so that none of it has effect.
    pub disabled: bool,
    /// The same person's other accounts.
    pub other_accounts: Vec<Who>,
    /// What happened, newest first.
    pub activity: Vec<Activity>,
    /// What the reader may do.
    pub acts: PersonActs,
    /// Whom they are to answer to, as it was typed.
    pub manager_field: Field,
}

/// Where a person's account may be changed; empty where not.
#[derive(Default)]
pub struct PersonActs {
    /// Where to send a new recovery link.
    pub recover: String,
    /// Where to invite another account of the same person.
    pub invite_another: String,
    /// Where to end all access.
    pub end_access: String,
    /// Where to ask for new factors.
    pub new_factors: String,
    /// Where to disable.
    pub disable: String,
    /// What disabling does.
    pub disable_consequence: String,
    /// Where to enable.
    pub enable: String,
    /// Where to say whom they answer to.
    pub manager: String,
}

/// The form that invites somebody.
#[derive(Template)]
#[template(path = "person/invite.html")]
pub struct Invite {
    /// Around it.
    pub frame: Frame,
    /// Sent twice, it acts once.
    pub idempotency_key: String,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
    /// The account of the same person, if this is to be another one.
    pub same_person: Option<SamePerson>,
    /// The person's name.
    pub name: Field,
    /// The account's name.
    pub username: Field,
    /// The mail address.
    pub mail: Field,
    /// Whether this is an emergency account.
    pub break_glass: bool,
    /// Whether the reader may make one.
    pub may_break_glass: bool,
}

/// Somebody who has an account already.
pub struct SamePerson {
    /// The account.
    pub principal: String,
    /// Who it is.
    pub who: Who,
}

/// A link, shown once.
#[derive(Template)]
#[template(path = "person/link.html")]
pub struct OneTimeLink {
    /// Around it.
    pub frame: Frame,
    /// For whom.
    pub who: Who,
    /// `invite` or `recover`.
    pub purpose: &'static str,
    /// The link.
    pub link: String,
    /// How long it works.
    pub lasts: String,
}
