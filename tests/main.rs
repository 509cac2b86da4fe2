//! The capabilities of Latchkey, one module each.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::manual_assert,
    clippy::unnecessary_wraps,
    clippy::single_match_else,
    reason = "a test that finds something amiss stops there"
)]
#![expect(
    clippy::too_many_lines,
    clippy::items_after_statements,
    clippy::similar_names,
    reason = "a journey is told in one piece"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests look behind the program's back, at what the checked queries are to be trusted with"
)]

mod access_check;
mod access_token;
mod activation;
mod actor;
mod administration;
mod admission;
mod api;
mod api_description;
mod application;
mod approval;
mod attack;
mod audit;
mod browser;
mod bulk;
mod change_request;
mod channel;
mod config;
mod constraints;
mod credential;
mod delivery;
mod demo;
mod ends_on_time;
mod enrolment;
mod evidence;
mod extent;
mod group;
mod inventory;
mod language;
mod layering;
mod lockout;
mod mail;
mod notice;
mod openapi_fuzz;
mod operation;
mod policy;
mod private_postgres;
mod prolong;
mod races;
mod reach;
mod request_page;
mod routes;
mod scope;
mod search;
mod second_word;
mod server;
mod settings;
mod settings_form;
mod sign_in;
mod sign_in_timing;
mod state_machine;
mod step_up;
mod support;
mod survivability;
mod ticket;
mod time_zone;
mod traces;
mod upgrade;
mod witness;
mod world;
