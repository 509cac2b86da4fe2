//! What people do, in a real browser, against a server that listens, with a mail server that takes mail.
//!
//! On the way every page is looked at wide and narrow, light and dark, and judged for accessibility. The pictures are
//! in `target/screenshots`.
mod account;
mod activation;
mod administration;
mod application;
mod approval;
mod arrival;
mod auditor;
mod changes;
mod delivery;
mod driver;
mod every_page;
mod extent;
mod inventory;
mod languages;
mod look;
mod mistakes;
mod notices;
mod people;
mod places;
mod policy;
mod posture;
mod requests;
mod roles;
mod search;
mod settings;
mod several_roles;
mod site;
mod tools;
mod window;

pub use self::{site::Site, window::Browser};
