//! The outside world, as far as the program calls it.

pub mod private_postgres;
