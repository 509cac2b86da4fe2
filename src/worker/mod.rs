//! The loops that run beside the server. Each calls one service function until there is nothing left to do, and then
//! sleeps until it is woken or the next thing is due.
pub mod due;
