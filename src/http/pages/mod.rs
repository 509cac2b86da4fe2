//! The pages: the use cases as forms, for people.
use axum::Router;

use super::{Web, routes::Routes};

mod access;
mod account;
mod activation;
mod api_docs;
mod approval;
mod assigned;
mod assignment;
mod audit;
mod chronicle;
mod done;
mod extension;
mod faults;
mod group;
mod inventory;
mod outcome;
mod page;
mod person;
mod plain_words;
pub mod problem;
mod request;
mod role;
mod say;
mod settings;
mod sign_in;
mod story;
mod terms;
mod theme;
pub mod view;

/// Every page, and every form.
#[must_use]
pub fn routes() -> Routes {
    entrance().merge(everybody()).merge(administration()).merge(inventory()).merge(own_account())
}

/// Pages for those who are not signed in yet, and for everybody who follows the type of a problem.
fn entrance() -> Routes {
    Routes::new()
        .get("/sign-in", sign_in::name)
        .post("/sign-in", sign_in::take_name)
        .get("/sign-in/code", sign_in::code)
        .post("/sign-in/code", sign_in::take_code)
        .get("/invitation/{token}", sign_in::invitation)
        .post("/invitation/{token}", sign_in::open_invitation)
        .get("/recovery/{token}", sign_in::recovery)
        .post("/recovery/{token}", sign_in::open_recovery)
        .get("/welcome", sign_in::welcome)
        .post("/welcome", sign_in::take_password)
        .post("/welcome/code", sign_in::accept)
        .get("/problems/{problem}", problem::kind)
}

/// Pages for everybody.
fn everybody() -> Routes {
    Routes::new()
        .get("/", access::list)
        .get("/activations/new", activation::new)
        .post("/activations", activation::create)
        .get("/activations/{activation}/extend", extension::new)
        .post("/activations/{activation}/extend", extension::create)
        .post("/activations/{activation}/deactivate", activation::deactivate)
        .get("/requests", request::list)
        .get("/requests/{request}", request::one)
        .post("/requests/{request}/decision", request::decide)
        .post("/requests/{request}/cancel", request::cancel)
        .get("/approvals", approval::list)
        .get("/programs", api_docs::one)
}

/// Pages for administrators.
fn administration() -> Routes {
    Routes::new()
        .get("/roles", role::list)
        .post("/roles", role::create)
        .get("/roles/new", role::new)
        .get("/roles/{role}", role::assignments)
        .get("/roles/{role}/activity", role::activity)
        .get("/roles/{role}/settings", settings::one)
        .post("/roles/{role}/settings", settings::save)
        .get("/roles/{role}/settings/edit", settings::edit)
        .get("/roles/{role}/assignments/new", assignment::new)
        .post("/roles/{role}/assignments", assignment::create)
        .get("/assignments/{assignment}", assignment::edit)
        .post("/assignments/{assignment}", assignment::update)
        .post("/assignments/{assignment}/remove", assignment::remove)
        .post("/assignments/{assignment}/convert", assignment::convert)
        .get("/people", person::list)
        .post("/people", person::create)
        .get("/people/invite", person::invite)
        .get("/people/{person}", person::one)
        .post("/people/{person}/link", person::link)
        .post("/people/{person}/disable", person::disable)
        .post("/people/{person}/enable", person::enable)
        .get("/audit", audit::list)
        .get("/audit/export", audit::export)
        .post("/audit/verify", audit::verify)
        .get("/audit/stories/{request}", audit::story)
        .get("/groups", group::list)
        .post("/groups", group::create)
        .get("/groups/{group}", group::one)
        .post("/groups/{group}/members", group::add)
        .post("/groups/{group}/members/{person}/remove", group::remove)
}

/// Pages about what is held all the time.
fn inventory() -> Routes {
    use inventory::{conversion, import, standing};
    Routes::new()
        .get("/inventory", standing::list)
        .get("/inventory/imports", import::list)
        .post("/inventory/imports", import::create)
        .get("/inventory/imports/new", import::new)
        .get("/inventory/imports/{import}", import::one)
        .post("/inventory/imports/{import}/mapping", import::map)
        .post("/inventory/imports/{import}/confirm", import::confirm)
        .post("/inventory/imports/{import}/discard", import::discard)
        .get("/inventory/conversions", conversion::list)
        .post("/inventory/conversions", conversion::start)
        .get("/inventory/conversions/{conversion}/try", conversion::new)
        .post("/inventory/conversions/{conversion}/try", conversion::rehearse)
        .post("/inventory/conversions/{conversion}/finish", conversion::finish)
        .post("/inventory/conversions/{conversion}/finish-untried", conversion::finish_untried)
        .post("/inventory/conversions/{conversion}/abandon", conversion::abandon)
}

/// Pages about the reader's own account.
fn own_account() -> Routes {
    Routes::new()
        .get("/account", account::one)
        .get("/account/password", account::password)
        .post("/account/password", account::change_password)
        .get("/account/authenticator", account::authenticator)
        .post("/account/authenticator", account::begin_authenticator)
        .post("/account/authenticator/confirm", account::confirm_authenticator)
        .get("/account/recovery-codes", account::recovery_codes)
        .post("/account/recovery-codes", account::renew_recovery_codes)
        .get("/account/tokens/new", account::new_token)
        .post("/account/tokens", account::create_token)
        .post("/account/tokens/{token}/revoke", account::revoke_token)
        .post("/account/sessions/{session}/end", account::end_session)
        .post("/account/sessions/end", account::end_all_sessions)
        .post("/sign-out", account::sign_out)
        .post("/theme", theme::switch)
}

/// The face for people.
pub(super) fn router() -> Router<Web> {
    routes()
        .into_router()
        .fallback(super::problem::no_such_address)
        .method_not_allowed_fallback(super::problem::no_such_method)
}
