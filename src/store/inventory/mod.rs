//! What is held today: imports, standing access, conversions, history.
pub mod conversion;
pub mod history;
pub mod import;
pub mod lookup;
pub mod standing;
