//! What is held today: files that tell of it, how bad standing access is, and the steps away from it.
mod conversion;
mod mapping;
mod place;
mod row;
mod score;
mod sheet;

pub use conversion::{NotYet, Step, finishable};
pub use mapping::{Field, Mapping};
pub use place::{Found, KnownPlace, find, names};
pub use row::{Fault, Holder, Said, Wanted, read, word};
pub use score::{Facts, Score, rank, score};
pub use sheet::{Format, MOST_BYTES, MOST_ROWS, Row, Sheet, Unreadable};
