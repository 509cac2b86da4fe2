//! The use cases: one function for each thing that a person can do.
//!
//! Each authorises, locks, reads the facts, asks the rules, writes, records and tells, in one transaction of its own.
pub mod access;
pub mod activation;
pub mod approval;
pub mod due;
pub mod notice;
pub mod request;
mod second_factor;
pub mod step_up;
