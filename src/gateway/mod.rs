//! The outside world, as far as the program calls it.

pub mod channel;
pub mod collector;
pub mod egress;
pub mod mail;
pub mod private_postgres;
pub mod ticket;
pub mod witness;
