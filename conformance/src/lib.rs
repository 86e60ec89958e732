//! What Snowflake answers, as a list: statements with the columns, echoes and errors that its documentation names.
//!
//! The list is run against the emulator by `cargo test`, and against an account by the program of this crate, through
//! the operator's own client: one path of code judges both.
//!
//! - [`case`] reads the list, a file of `cases/` for each kind.
//! - [`safety`] refuses a case that could touch what its run did not make; [`words`] reads SQL for it.
//! - [`names`] has the prefix of a run; [`sweep`] drops what begins with it.
//! - [`account`] is what the list is run against, [`run`] runs it, [`compare`] judges, [`report`] tells.

pub mod account;
pub mod case;
pub mod cli;
pub mod compare;
pub mod names;
pub mod report;
pub mod run;
pub mod safety;
pub mod sweep;
pub mod words;
