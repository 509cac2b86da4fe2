//! The rules. Pure: no clock, no random numbers, no SQL, no HTTP, nothing to wait for.
pub mod password;
pub mod throttle;
pub mod totp;
