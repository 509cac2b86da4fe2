//! The use cases: one function for each thing that a person can do.
//!
//! Each authorises, locks, reads the facts, asks the rules, writes, records and tells, in one transaction of its own.
pub mod access;
pub mod access_token;
pub mod activation;
pub mod application;
pub mod approval;
pub mod assignment;
pub mod audit;
pub mod change_request;
pub mod credential;
pub mod due;
pub mod enrolment;
pub mod expiring;
pub mod first_start;
pub mod frame;
pub mod group;
pub mod inventory;
mod membership;
pub mod notice;
pub mod outbox;
pub mod overview;
pub mod person;
pub mod principal;
pub mod prune;
mod reach;
pub mod readiness;
mod reminder;
pub mod request;
pub mod role;
pub mod scope;
mod second_factor;
pub mod session;
pub mod settings;
pub mod sign_in;
pub mod step_up;
