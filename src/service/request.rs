//! Requests: seeing where they stand, and taking them back.
