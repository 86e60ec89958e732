//! The emulator through its doors: in process, and on a socket.

mod auth;
mod client;
mod faults;
mod hostile;
mod program;
mod socket;
mod sql_api;
