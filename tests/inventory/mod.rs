//! What is held today: brought in from a file, listed worst first, turned into eligibility step by step, counted day by day.
mod conversion;
mod history;
mod import;
mod standing;
