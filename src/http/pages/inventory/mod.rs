//! What is held all the time: the list, imports, the way to eligibility.
mod chart;
pub mod conversion;
pub mod import;
pub mod standing;
