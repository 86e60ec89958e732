//! `ResourceMonitor`s.

use kube::Resource as _;

use super::{connection, ident, names::Names, tell_odd};
use crate::{
    api::{ResourceMonitor, monitor::MonitorSpec},
    cli::{Error, args::Import},
    kinds::monitor,
    plan::{Cell, Source, property::fill},
    snowflake::rows::Row,
    values::monitor::Triggers,
};

pub(super) fn import_monitor(
    args: &Import,
    row: &Row<'_>,
    names: &mut Names<'_>,
) -> Result<(String, ResourceMonitor), Error> {
    let name = ident(row)?;
    let mut spec = MonitorSpec::default();
    let odd = fill(monitor::ROWS, &mut spec, |property| match property.source {
        Source::Column(column) => row.get(column).map_or(Cell::NoColumn, |_| Cell::Is(row.text(column))),
        Source::Parameter => Cell::NoColumn,
    });
    tell_odd(&name, &odd);
    let cell = |column| row.text(column);
    match Triggers::from_columns(cell("notify_at"), cell("suspend_at"), cell("suspend_immediately_at")) {
        Some(triggers) if triggers.0.is_empty() => {}
        Some(triggers) => spec.triggers = Some(triggers.0.into_iter().collect()),
        None => tell_odd(&name, &["triggers"]),
    }
    if cell("level").is_some_and(|level| level.eq_ignore_ascii_case("ACCOUNT")) {
        spec.account_level = Some(true);
        spec.notify_users = None;
    }
    if spec.frequency.is_none() {
        spec.start_timestamp = None;
    }
    if spec.notify_users.as_ref().is_some_and(Vec::is_empty) {
        spec.notify_users = None;
    }
    let metadata = names.metadata(ResourceMonitor::kind(&()).as_ref(), name.as_str(), args);
    spec.connection_ref = connection(args);
    (spec.name, spec.adopt) = (Names::explicit(&name, &metadata), Some(true));
    Ok((name.as_str().to_owned(), ResourceMonitor { metadata, spec, status: None }))
}
