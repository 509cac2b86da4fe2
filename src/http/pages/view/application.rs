//! Applications: the list, one application, and what it signs in with.
use askama::Template;

use super::{
    Fact, Instant, Pages, Who,
    audit::Event,
    form::{Choice, Field},
    frame::Frame,
    person::Tag,
    role::AssignmentRow,
};

/// The list of applications.
#[derive(Template)]
#[template(path = "application/list.html")]
pub struct Applications {
    /// Around it.
    pub frame: Frame,
    /// Whether the reader may register one.
    pub may_register: bool,
    /// What is looked for.
    pub search: Field,
    /// The applications by name.
    pub rows: Vec<ApplicationRow>,
    /// Where the rest is.
    pub pages: Pages,
}

/// An application in the list.
pub struct ApplicationRow {
    /// Its page.
    pub link: String,
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// "Disabled", "Cannot sign in"; each a tag.
    pub tags: Vec<Tag>,
    /// Who is accountable, and how many others own it.
    pub owner: String,
    /// The roles that it holds now.
    pub roles: String,
    /// When it last signed in; none if never.
    pub used: Option<Instant>,
}

/// The form that registers or changes an application.
#[derive(Template)]
#[template(path = "application/new.html")]
pub struct EditApplication {
    /// Around it.
    pub frame: Frame,
    /// Where the form goes.
    pub action: String,
    /// Where it leads back to.
    pub back: String,
    /// Sent twice, it acts once.
    pub idempotency_key: String,
    /// Whether it is a new one.
    pub fresh: bool,
    /// What it is called.
    pub name: Field,
    /// What it is for.
    pub purpose: Field,
    /// Who could answer for it; not where it is changed.
    pub owners: Vec<Choice>,
    /// What is wrong with the choice.
    pub owners_field: Field,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
}

/// One application.
#[derive(Template)]
#[template(path = "application/show.html")]
pub struct Application {
    /// Around it.
    pub frame: Frame,
    /// Its page; each form adds its verb.
    pub link: String,
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// Marks beside the name.
    pub tags: Vec<Tag>,
    /// Its identifier, and when it came.
    pub facts: Vec<Fact>,
    /// What was wrong with what was just tried.
    pub problems: Vec<String>,
    /// Who answers for it.
    pub owners: Vec<Owner>,
    /// The form that adds an owner; none without the right.
    pub add_owner: Option<Vec<Choice>>,
    /// What is wrong with that.
    pub owner_field: Field,
    /// What it signs in with.
    pub credentials: Vec<Credential>,
    /// What it holds.
    pub held: Vec<AssignmentRow>,
    /// What happened, newest first.
    pub activity: Vec<Event>,
    /// What the reader may do.
    pub acts: ApplicationActs,
    /// The installation's address, for the example.
    pub base: String,
    /// The application's identifier, for the example.
    pub client: String,
}

/// Somebody who answers for an application.
pub struct Owner {
    /// Who.
    pub who: Who,
    /// Whether they are accountable.
    pub accountable: bool,
    /// Whether all their accounts are disabled.
    pub disabled: bool,
    /// Since when.
    pub since: Instant,
    /// Where to make them accountable; empty without the right.
    pub promote: String,
    /// Where to remove them; empty without the right.
    pub remove: String,
}

/// A secret or key.
pub struct Credential {
    /// What it is called.
    pub name: String,
    /// "Secret", or what kind of key.
    pub kind: String,
    /// Of a key, by what people tell it from another.
    pub fingerprint: String,
    /// Its identifier, for assertions; empty for secrets.
    pub id: String,
    /// "Revoked", "Ended", "Ends soon", or nothing.
    pub tag: Option<Tag>,
    /// When it ends.
    pub ends: Instant,
    /// When it was last used; none if never.
    pub used: Option<Instant>,
    /// Where to make another one like it; empty without the right, or if it is over.
    pub rotate: String,
    /// Where to revoke it; empty likewise.
    pub revoke: String,
}

/// Where an application may be changed; empty where not.
#[derive(Default)]
pub struct ApplicationActs {
    /// Another name.
    pub edit: String,
    /// A new secret.
    pub secret: String,
    /// A new key.
    pub key: String,
    /// Disabling it.
    pub disable: String,
    /// Enabling it.
    pub enable: String,
    /// Where roles are given.
    pub assign: String,
}

/// The form for a secret or a key.
#[derive(Template)]
#[template(path = "application/credential_new.html")]
pub struct NewCredential {
    /// Around it.
    pub frame: Frame,
    /// Where the form goes.
    pub action: String,
    /// Where it leads back to.
    pub back: String,
    /// Sent twice, it acts once.
    pub idempotency_key: String,
    /// The application's name.
    pub application: String,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
    /// What to call it.
    pub name: Field,
    /// How long it works.
    pub lifetime: Field,
    /// Proposals for how long.
    pub lifetimes: Vec<Choice>,
    /// The public key; none for a secret.
    pub public_key: Option<Field>,
    /// The code.
    pub code: Field,
}

/// A secret, shown once.
#[derive(Template)]
#[template(path = "application/secret_shown.html")]
pub struct SecretShown {
    /// Around it.
    pub frame: Frame,
    /// The application's page.
    pub link: String,
    /// The application's name.
    pub application: String,
    /// What the secret is called.
    pub name: String,
    /// The application's identifier.
    pub client: String,
    /// The secret.
    pub secret: String,
    /// The installation's address, for the example.
    pub base: String,
}
