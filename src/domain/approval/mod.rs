//! Who must say yes before a role is activated: stages in order, each with its approvers.
mod attainable;
mod condition;
mod progress;
mod stage;
mod words;

pub use attainable::{Candidate, MANAGER, Resilience, attainable, resilience};
pub use condition::{Circumstances, Conditions, Hours, Weekday};
pub use progress::{Next, StageState, Standing, Vote, after, begin};
pub use stage::{
    Agreement, Approver, Escalation, MOST_AGREE, MOST_STAGES, SHORTEST_ESCALATION, Silence, Stage,
    Written, asks_more, part_of, weaker,
};
pub use words::{stage_to_words, to_words};
