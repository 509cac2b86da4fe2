//! The reader's own account.
use askama::Template;

use super::{
    Fact, Instant,
    form::{Choice, Field},
    frame::Frame,
};

/// The account page.
#[derive(Template)]
#[template(path = "account/show.html")]
pub struct Account {
    /// Around it.
    pub frame: Frame,
    /// Name, account, mail.
    pub facts: Vec<Fact>,
    /// The language that the reader has chosen.
    pub language: Field,
    /// The languages to choose from.
    pub languages: Vec<Choice>,
    /// The time zone that the reader has chosen.
    pub time_zone: Field,
    /// The zones to choose from.
    pub time_zones: Vec<Choice>,
    /// How many recovery codes are left.
    pub codes_left: i64,
    /// Where the reader is signed in.
    pub sessions: Vec<Session>,
    /// Personal tokens.
    pub tokens: Vec<Token>,
}

/// A session.
pub struct Session {
    /// Browser and system.
    pub device: String,
    /// The address it was last seen from.
    pub address: String,
    /// When it began.
    pub since: Instant,
    /// When it was last used.
    pub seen: Instant,
    /// Whether it is the one in use.
    pub current: bool,
    /// Where to end it; empty for the current one.
    pub end: String,
}

/// A personal token.
pub struct Token {
    /// Its name.
    pub name: String,
    /// What it may do.
    pub scopes: String,
    /// When it stops to work.
    pub expires: Instant,
    /// When it was last used; none if never.
    pub used: Option<Instant>,
    /// Whether it still works.
    pub live: bool,
    /// Where to revoke it.
    pub revoke: String,
}

/// The form that changes the password.
#[derive(Template)]
#[template(path = "account/password.html")]
pub struct ChangePassword {
    /// Around it.
    pub frame: Frame,
    /// Whose password it is, for programs that keep passwords.
    pub username: String,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
    /// The password now.
    pub current: Field,
    /// The new one.
    pub password: Field,
    /// The new one again.
    pub again: Field,
    /// The code.
    pub code: Field,
}

/// A question for the code, before something is shown or changed.
#[derive(Template)]
#[template(path = "account/confirm.html")]
pub struct Confirm {
    /// Around it.
    pub frame: Frame,
    /// What will be done.
    pub title: String,
    /// What that means.
    pub text: String,
    /// Where the form goes.
    pub action: String,
    /// The button's words.
    pub button: String,
    /// The code.
    pub code: Field,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
}

/// A new authenticator.
#[derive(Template)]
#[template(path = "account/factor.html")]
pub struct NewFactor {
    /// Around it.
    pub frame: Frame,
    /// The QR code as an SVG element.
    pub qr: String,
    /// The same as text.
    pub secret: String,
    /// The code that proves it.
    pub code: Field,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
}

/// New recovery codes, shown once.
#[derive(Template)]
#[template(path = "account/codes.html")]
pub struct NewCodes {
    /// Around it.
    pub frame: Frame,
    /// The codes.
    pub codes: Vec<String>,
}

/// The form that makes a personal token.
#[derive(Template)]
#[template(path = "account/token_new.html")]
pub struct NewToken {
    /// Around it.
    pub frame: Frame,
    /// Sent twice, it acts once.
    pub idempotency_key: String,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
    /// Its name.
    pub name: Field,
    /// How long it works.
    pub lifetime: Field,
    /// Proposals for how long.
    pub lifetimes: Vec<Choice>,
    /// What it may do.
    pub scopes: Vec<Choice>,
    /// What is wrong with that.
    pub scopes_field: Field,
    /// The code.
    pub code: Option<Field>,
}

/// A personal token, shown once.
#[derive(Template)]
#[template(path = "account/token_shown.html")]
pub struct TokenShown {
    /// Around it.
    pub frame: Frame,
    /// Its name.
    pub name: String,
    /// The token.
    pub token: String,
    /// Until when it works.
    pub until: Instant,
    /// The program's address, for the example.
    pub base: String,
}
