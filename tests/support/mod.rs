//! What tests stand on: a database of their own, a clock that they move, and a small world of people and roles.
mod acts;
pub mod applications;
pub mod approvals;
mod cluster;
pub mod credentials;
pub mod http;
mod invariants;
mod mail_server;
mod receiver;
pub mod things;
mod world;

pub use self::{
    acts::{approved_by, done, reason, rules, until, waits},
    cluster::Database,
    mail_server::MailServer,
    receiver::{Mood, Receiver},
    world::World,
};
