//! The rules. Pure: no clock, no random numbers, no SQL, no HTTP, nothing to wait for.
pub mod activation;
pub mod actor;
pub mod assignment;
pub mod audit;
pub mod fault;
pub mod id;
pub mod notice;
pub mod password;
pub mod permission;
pub mod request;
pub mod role;
pub mod settings;
pub mod text;
pub mod throttle;
pub mod time;
pub mod totp;
