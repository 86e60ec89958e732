//! Runs any kind: observe, plan, gate, execute, confirm, report.
//!
//! One way through for the operator and the command line. Kinds supply a reader and pure functions ([`managed`]);
//! everything outward goes through [`execute`]; the record ([`record`]) is written before what it must survive.

pub mod as_of;
pub mod conditions;
pub mod execute;
pub mod fault;
pub mod gate;
pub mod managed;
pub mod ownership;
pub mod peers;
pub mod privileges;
pub mod reconcile;
pub mod record;
pub mod session;
pub mod teardown;
