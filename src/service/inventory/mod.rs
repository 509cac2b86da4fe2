//! What is held today: brought in, listed worst first, turned into eligibility, and counted day by day.
pub mod conversion;
pub mod history;
pub mod import;
pub mod standing;
