//! Light or dark, for browsers without script.
use axum::response::{IntoResponse as _, Redirect};
use axum_extra::extract::{
    CookieJar,
    cookie::{Cookie, SameSite},
};
use serde::Deserialize;

use super::{
    page::{Answer, Posted},
    view::frame::Theme,
};

/// What the switch sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    theme: String,
    next: String,
}

/// Keeps the wish in the browser, and goes back.
pub async fn switch(jar: CookieJar, posted: Posted<Form>) -> Answer {
    let form = posted.form;
    let theme = Theme::named(&form.theme).attribute();
    let mut cookie = Cookie::build(("theme", theme)).path("/").same_site(SameSite::Lax).build();
    cookie.make_permanent();
    let next = super::sign_in::inside(&form.next).to_owned();
    Ok((jar.add(cookie), Redirect::to(&next)).into_response())
}
