//! What a resource monitor has: its rows, and what is seen of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    api::monitor::MonitorSpec,
    engine::managed::Grants,
    plan::{Cell, Property, Release, Source, property::Lens},
    snowflake::catalog::{By, Found, Show},
    values::{
        ident::Ident,
        monitor::{Credits, Moment, Triggers, Users},
    },
};

// ---- rows

pub const SHOW: Show = Show { words: "SHOW RESOURCE MONITORS", kind: "RESOURCE MONITOR", by: By::Name };
pub(super) const KIND: &str = "RESOURCE MONITOR";
pub const PRIVILEGES: &[&str] = &["MODIFY", "MONITOR"];
pub(super) const IMMEDIATELY: &str = "IMMEDIATELY";

pub(super) type Row = Property<MonitorSpec>;

/// The properties with one value and a column of their own, in the order in which they are written.
pub const ROWS: &[Row] = &[
    Row::column(
        "creditQuota",
        "CREDIT_QUOTA",
        "credit_quota",
        &Lens {
            get: |s: &MonitorSpec| s.credit_quota.map(Credits),
            set: |s: &mut MonitorSpec, v: Credits| s.credit_quota = Some(v.0),
        },
    )
    .release(Release::Set("NULL")),
    // Frequency and start are set together; neither can be unset.
    Row::column(
        "frequency",
        "FREQUENCY",
        "frequency",
        &Lens { get: |s: &MonitorSpec| s.frequency, set: |s: &mut MonitorSpec, v| s.frequency = Some(v) },
    )
    .release(Release::Leave),
    Row::column(
        "startTimestamp",
        "START_TIMESTAMP",
        "start_time",
        &Lens {
            get: |s: &MonitorSpec| s.start_timestamp.as_deref().and_then(Moment::parse),
            set: |s: &mut MonitorSpec, v: Moment| s.start_timestamp = Some(v.to_string()),
        },
    )
    .release(Release::Leave),
    Row::column(
        "endTimestamp",
        "END_TIMESTAMP",
        "end_time",
        &Lens {
            get: |s: &MonitorSpec| s.end_timestamp.as_deref().and_then(Moment::parse),
            set: |s: &mut MonitorSpec, v: Moment| s.end_timestamp = Some(v.to_string()),
        },
    )
    .release(Release::Set("NULL")),
    Row::column(
        "notifyUsers",
        "NOTIFY_USERS",
        "notify_users",
        &Lens {
            get: |s: &MonitorSpec| {
                let names = s.notify_users.as_ref()?.iter();
                Some(Users(names.filter_map(|name| Ident::from_spec(name).ok()).collect()))
            },
            set: |s: &mut MonitorSpec, v: Users| {
                s.notify_users = Some(v.0.iter().map(Ident::to_spec).collect());
            },
        },
    )
    .release(Release::Set("()")),
];

/// Fields of the spec that have no row, with mechanisms of their own.
pub const WITHOUT_ROW: &[&str] = &["triggers", "accountLevel", "allowedNamespaces", "grants", "ignoreFields"];

// ---- what is seen

#[derive(Debug, Default)]
pub struct Seen {
    pub found: Option<Found>,
    pub grants: Grants,
    /// Roles of grants that are not there, or not visible.
    pub missing_roles: BTreeSet<String>,
    /// Warehouses whose resources refer to this monitor, as they are; `None`: not there.
    pub wanted: BTreeMap<Ident, Option<Assigned>>,
    /// Warehouses that were attached here and have this monitor still, though nothing refers to it any more.
    pub released: BTreeSet<Ident>,
    pub lost: bool,
    /// The resource, `namespace/name`, that is to be the account's monitor before this one.
    pub account_has: Option<String>,
}

/// A warehouse to which a monitor may be assigned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assigned {
    /// The monitor that it has now.
    pub monitor: Option<String>,
    /// It is the one that its resource has recorded as its own: nobody else's is touched.
    pub ours: bool,
    /// The connection's role owns it: what counts as ours where there is no record.
    pub of_role: bool,
}

pub(super) fn cell<'a>(found: &'a Found, row: &Row) -> Cell<'a> {
    match row.source {
        // NULL and the text "null" are alike: no value.
        Source::Column(column) => match found.get(column) {
            None => Cell::NoColumn,
            Some(_) => Cell::Is(found.text(column)),
        },
        Source::Parameter => Cell::NoColumn,
    }
}

pub(super) fn present_triggers(found: &Found) -> Option<Triggers> {
    Triggers::from_columns(
        found.text("notify_at"),
        found.text("suspend_at"),
        found.text("suspend_immediately_at"),
    )
}

pub(super) fn is_of_account(found: &Found) -> bool {
    found.text("level").is_some_and(|level| level.eq_ignore_ascii_case("ACCOUNT"))
}
