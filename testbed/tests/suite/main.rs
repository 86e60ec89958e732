//! The testbed, for real: these tests start control planes. The programs are built the first time.

mod build;
mod cluster;
mod nothing_is_left;
mod support;
