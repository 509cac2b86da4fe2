//! The pages: the use cases as forms, for people.
use axum::{Router, extract::DefaultBodyLimit};

use super::{Web, api::policy::LARGEST, routes::Routes};

mod access;
mod account;
mod activation;
mod api_docs;
mod application;
mod application_credential;
mod approval;
mod assigned;
mod assignment;
mod audit;
mod bulk;
mod change_request;
mod chronicle;
mod delivery;
mod deputy;
mod done;
mod emergency;
mod expiring;
mod extension;
mod extent;
mod faults;
mod group;
mod inventory;
mod language;
mod lockout;
mod more_time;
mod notice;
mod outcome;
mod page;
mod person;
mod plain_words;
mod policy;
mod posture;
pub mod problem;
mod quarantine;
mod refused;
mod remark;
mod request;
mod role;
mod role_definition;
mod say;
mod scope;
mod search;
mod settings;
mod sign_in;
mod story;
mod terms;
mod theme;
pub mod view;

/// Every page, and every form.
#[must_use]
pub fn routes() -> Routes {
    small().merge(policy_files())
}

/// All but those whose forms take more than usual.
fn small() -> Routes {
    entrance()
        .merge(everybody())
        .merge(administration())
        .merge(roles())
        .merge(applications())
        .merge(inventory())
        .merge(own_account())
}

/// Pages for policy files.
fn policy_files() -> Routes {
    Routes::new()
        .get("/policy", policy::one)
        .get("/policy/files/{file}", policy::file)
        .post("/policy/plan", policy::plan)
        .post("/policy/apply", policy::apply)
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
        .post("/requests/{request}/comment", remark::comment)
        .post("/requests/{request}/claim", remark::take_on)
        .post("/requests/{request}/release", remark::release)
        .post("/requests/{request}/nudge", remark::nudge)
        .post("/requests/{request}/review", emergency::review)
        .post("/approvals", approval::decide)
        .get("/account/deputies", deputy::list)
        .post("/account/deputies", deputy::create)
        .post("/account/deputies/{deputy}/end", deputy::end)
        .get("/approvals", approval::list)
        .get("/changes/{change}", change_request::one)
        .post("/changes/{change}/decision", change_request::decide)
        .post("/changes/{change}/withdraw", change_request::withdraw)
        .get("/assignments/{assignment}/more-time", more_time::new)
        .post("/assignments/{assignment}/more-time", more_time::create)
        .get("/programs", api_docs::one)
        .get("/search", search::find)
        .get("/quarantine", quarantine::one)
        .post("/quarantine", quarantine::begin)
}

/// Pages for administrators.
fn administration() -> Routes {
    Routes::new()
        .get("/overview", posture::one)
        .get("/overview/holders", posture::holders)
        .get("/resources", scope::list)
        .get("/resources/{scope}", scope::one)
        .post("/resources/{scope}", scope::rename)
        .post("/resources/{scope}/inside", scope::create)
        .get("/resources/{scope}/move", scope::choose_move)
        .post("/resources/{scope}/move", scope::relocate)
        .get("/resources/{scope}/retire", scope::consider_retiring)
        .post("/resources/{scope}/retire", scope::retire)
        .get("/people", person::list)
        .post("/people", person::create)
        .get("/people/invite", person::invite)
        .get("/people/{person}", person::one)
        .post("/people/{person}/manager", person::set_manager)
        .post("/people/{person}/link", person::link)
        .post("/people/{person}/disable", person::disable)
        .post("/people/{person}/enable", person::enable)
        .get("/people/{person}/extent", extent::list)
        .post("/people/{person}/end-access", lockout::end_access)
        .post("/people/{person}/new-factors", lockout::require_new_factors)
        .get("/audit", audit::list)
        .get("/audit/export", audit::export)
        .post("/audit/verify", audit::verify)
        .get("/audit/stories/{request}", audit::story)
        .get("/deliveries", delivery::list)
        .post("/deliveries/{delivery}/resend", delivery::resend)
        .post("/deliveries/ways/{way}/test", delivery::test)
        .get("/groups", group::list)
        .post("/groups", group::create)
        .get("/groups/{group}", group::one)
        .post("/groups/{group}", group::rename)
        .post("/groups/{group}/members", group::add)
        .post("/groups/{group}/members/{person}/remove", group::remove)
}

/// Pages about roles, their terms, and who has them.
fn roles() -> Routes {
    Routes::new()
        .get("/roles", role::list)
        .post("/roles", role_definition::create)
        .get("/roles/new", role_definition::new)
        .get("/roles/{role}", role::assignments)
        .get("/roles/{role}/activity", role::activity)
        .get("/roles/{role}/change", role_definition::edit)
        .post("/roles/{role}/change", role_definition::change)
        .get("/roles/{role}/retire", role_definition::consider_retiring)
        .post("/roles/{role}/retire", role_definition::retire)
        .get("/roles/{role}/settings", settings::one)
        .post("/roles/{role}/settings", settings::save)
        .get("/roles/{role}/settings/edit", settings::edit)
        .get("/roles/{role}/settings/reset", settings::ask_reset)
        .post("/roles/{role}/settings/reset", settings::reset)
        .get("/settings/templates", settings::list)
        .post("/settings/templates", settings::create)
        .get("/settings/templates/new", settings::new)
        .get("/settings/templates/{template}", settings::template)
        .post("/settings/templates/{template}", settings::change)
        .post("/settings/templates/{template}/retire", settings::retire)
        .get("/settings/apply", settings::choose)
        .post("/settings/apply", settings::apply)
        .get("/roles/{role}/assignments/new", assignment::new)
        .post("/roles/{role}/assignments", assignment::create)
        .get("/assignments/expiring", expiring::list)
        .get("/assignments/bulk", bulk::preview)
        .post("/assignments/bulk", bulk::change)
        .get("/assignments/{assignment}", assignment::edit)
        .post("/assignments/{assignment}", assignment::update)
        .post("/assignments/{assignment}/remove", assignment::remove)
        .post("/assignments/{assignment}/convert", assignment::convert)
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
        .post("/inventory/conversions/{conversion}/abandon", conversion::abandon)
}

/// Pages about applications, for administrators and for whoever owns one.
fn applications() -> Routes {
    Routes::new()
        .get("/applications", application::list)
        .post("/applications", application::create)
        .get("/applications/new", application::new)
        .get("/applications/{application}", application::one)
        .post("/applications/{application}", application::rename)
        .get("/applications/{application}/edit", application::edit)
        .post("/applications/{application}/disable", application::disable)
        .post("/applications/{application}/enable", application::enable)
        .post("/applications/{application}/owners", application::add_owner)
        .post("/applications/{application}/owners/{person}/remove", application::remove_owner)
        .post(
            "/applications/{application}/owners/{person}/make-accountable",
            application::make_accountable,
        )
        .get("/applications/{application}/secrets/new", application_credential::new_secret)
        .post("/applications/{application}/secrets", application_credential::make_secret)
        .get("/applications/{application}/keys/new", application_credential::new_key_form)
        .post("/applications/{application}/keys", application_credential::add_key)
        .post(
            "/applications/{application}/credentials/{credential}/revoke",
            application_credential::revoke,
        )
}

/// Pages about the reader's own account.
fn own_account() -> Routes {
    Routes::new()
        .get("/account", account::one)
        .post("/account/language", language::choose)
        .get("/account/notices", notice::mine)
        .post("/account/notices", notice::choose)
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
    small()
        .into_router()
        .merge(policy_files().into_router().layer(DefaultBodyLimit::max(LARGEST)))
        .fallback(super::problem::no_such_address)
        .method_not_allowed_fallback(super::problem::no_such_method)
}
