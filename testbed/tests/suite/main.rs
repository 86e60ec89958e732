//! The testbed, for real: these tests start control planes. The programs are built the first time.

#![allow(clippy::unwrap_used, reason = "tests, and what only tests use")]

mod build;
mod cluster;
mod nothing_is_left;
mod support;
