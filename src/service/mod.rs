//! The use cases: one function for each thing that a person can do.
mod second_factor;
pub mod step_up;
