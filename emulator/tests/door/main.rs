//! The emulator through its doors: in process, and on a socket.

// Clippy knows helpers of an integration test not as tests.
#![allow(clippy::unwrap_used)]

mod auth;
mod client;
mod driver;
mod driver_hostile;
mod drivers;
mod faults;
mod hostile;
mod load;
mod prefixes;
mod program;
mod proxy;
mod results;
mod running;
mod socket;
mod sql_api;
