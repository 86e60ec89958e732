//! Rows of tables: kept (`store`), changed (`change`), queried (`query`); expressions on them (`evaluate`, `functions`)
//! and their values (`datum`, `number`, `time`).

mod change;
mod datum;
mod evaluate;
mod functions;
mod number;
mod query;
mod store;
mod time;

pub(crate) use store::{Data, Delta, Edit, Values};
