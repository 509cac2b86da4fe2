//! The pages: the use cases as forms, for people.
pub mod view;
