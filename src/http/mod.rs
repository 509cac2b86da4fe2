//! The two faces of Latchkey: pages for people, JSON for programs.

pub mod actor;
pub mod assets;
pub mod client_address;
pub mod csrf;
pub mod pages;
pub mod server;
