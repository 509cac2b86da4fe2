//! The two faces of Latchkey: pages for people, JSON for programs.

pub mod assets;
pub mod pages;
pub mod server;
