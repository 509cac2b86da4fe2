//! What tests stand on: a database of their own, a clock that they move, and a small world of people and roles.
mod acts;
pub mod applications;
mod cluster;
pub mod credentials;
pub mod http;
mod invariants;
mod mail_server;
mod world;

pub use self::{
    acts::{reason, rules, until},
    cluster::Database,
    mail_server::MailServer,
    world::World,
};
