//! What the emulator remembers: results by handle, the log of statements, and the file that outlives the process.

mod executions;
mod file;
mod partitions;
mod sessions;
mod statements;

pub(crate) use executions::{Begun, Execution, Executions, Failure, Finished, Outcome};
pub use file::StateError;
pub(crate) use file::{load, save, text};
pub(crate) use partitions::{Cells, Info as PartitionInfo, Partitions};
pub(crate) use sessions::{MASTER_VALIDITY, NoSession, Session, Sessions, VALIDITY};
pub use statements::Statement;
pub(crate) use statements::{SUCCESS, Statements};
