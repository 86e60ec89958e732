//! The integration tests: one binary, a module for each subject.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cli;
mod client;
mod e2e;
mod engine;
mod examples;
mod hostile;
mod house;
mod pipelines;
mod plans;
mod privileges;
mod property;
mod safety;
mod schema;
mod sql;
mod support;
mod tables;
