//! `DATABASE` and `SCHEMA`.

use super::{There, Why, comment, name};
use crate::{
    api::pipeline::{databases::Database, schemas::Schema},
    kinds::pipeline::{
        database::{self, is_transient},
        schema,
    },
};

/// What SHOW prints of how long data is kept may come from above: only a parameter of its own counts.
macro_rules! container {
    ($there:expr, $rows:expr, $spec:expr) => {{
        let mut spec = $spec;
        $there.fill($rows, &mut spec)?;
        spec.name = name($there.name.name());
        spec.comment = comment(spec.comment.as_deref());
        spec.transient = is_transient($there).then_some(true);
        spec.data_retention_time_in_days = $there.own("DATA_RETENTION_TIME_IN_DAYS");
        spec
    }};
}

pub(super) fn database(there: &There<'_>) -> Result<Database, Why> {
    Ok(container!(there, database::ROWS, Database::default()))
}

pub(super) fn schema(there: &There<'_>) -> Result<Schema, Why> {
    let mut spec = container!(there, schema::ROWS, Schema::default());
    let options = there.found.text("options").unwrap_or_default();
    spec.managed_access = options.contains("MANAGED ACCESS").then_some(true);
    Ok(spec)
}
