//! What is to be done, before it is done: properties, changes, steps, effects, and how plans are shown.
//!
//! Everything here is pure: no client, no clock, no network. The engine executes; the command line renders.

pub mod property;
pub mod render;
pub mod step;

pub use property::{Cell, Change, NotUnderstood, Property, Release, Risk, Source};
pub use step::{Action, Effect, Note, Sql, Step, Target};
