//! Signing in, and accepting an invitation or a recovery link.
use askama::Template;

use super::{
    form::Field,
    frame::{Flash, Gate},
};

/// User name and password.
#[derive(Template)]
#[template(path = "sign_in/password.html")]
pub struct SignIn {
    /// Around it.
    pub frame: Gate,
    /// The account's name.
    pub username: Field,
    /// What is wrong with the password; its value is never kept.
    pub password: Field,
    /// Where to go afterwards.
    pub next: String,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
    /// Something to say first, such as "you are signed out".
    pub notice: Option<Flash>,
}

/// The second factor.
#[derive(Template)]
#[template(path = "sign_in/code.html")]
pub struct SecondFactor {
    /// Around it.
    pub frame: Gate,
    /// The code.
    pub code: Field,
    /// Where to go afterwards.
    pub next: String,
    /// Where the other kind of code is asked for.
    pub other: String,
    /// Whether a recovery code is asked for instead.
    pub recovery: bool,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
}

/// A one-time link that was followed but not used yet.
#[derive(Template)]
#[template(path = "sign_in/link.html")]
pub struct OpenLink {
    /// Around it.
    pub frame: Gate,
    /// Whether it is an invitation; else a recovery.
    pub invited: bool,
    /// The person's name.
    pub name: String,
    /// The account's name.
    pub username: String,
    /// Where the form goes.
    pub action: String,
}

/// Setting an account up: the password.
#[derive(Template)]
#[template(path = "sign_in/accept.html")]
pub struct Accept {
    /// Around it.
    pub frame: Gate,
    /// Whether it is an invitation; else a recovery.
    pub invited: bool,
    /// The person's name.
    pub name: String,
    /// The account's name.
    pub username: String,
    /// The new password; its value is never kept.
    pub password: Field,
    /// The same again.
    pub again: Field,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
}

/// Setting an account up: the authenticator.
#[derive(Template)]
#[template(path = "sign_in/factor.html")]
pub struct Enrol {
    /// Around it.
    pub frame: Gate,
    /// The QR code as an SVG element.
    pub qr: String,
    /// The same as text.
    pub secret: String,
    /// The code that proves it.
    pub code: Field,
    /// What is wrong with the whole.
    pub problems: Vec<String>,
}

/// The recovery codes, shown once.
#[derive(Template)]
#[template(path = "sign_in/codes.html")]
pub struct Codes {
    /// Around it.
    pub frame: Gate,
    /// The codes.
    pub codes: Vec<String>,
}

/// A link that does not work.
#[derive(Template)]
#[template(path = "sign_in/dead_link.html")]
pub struct DeadLink {
    /// Around it.
    pub frame: Gate,
}
