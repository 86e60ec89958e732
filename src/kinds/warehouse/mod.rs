//! How a `SnowflakeWarehouse` is reconciled: CREATE, then the least ALTER.
//!
//! CREATE OR ALTER is not used: it unsets what is left out, and may turn generation 1 into 2.
//! Source: <https://docs.snowflake.com/en/sql-reference/sql/alter-warehouse>.

mod plan;
mod rows;

use std::{collections::BTreeSet, sync::Arc};

use tokio::time::Instant;

use super::{grants, object::begin};
use crate::{
    api::{AllowedNamespaces, Common, Record, SnowflakeWarehouse, Status, warehouse::WarehouseSummary},
    engine::{
        as_of::AsOf,
        fault::Fault,
        managed::{Managed, Peers, Plan, Planning, Tally, key_of},
        ownership::{Sighting, Standing, bad_name, other_names, resolved_name},
        session::{ConnectionKey, Named, Session},
    },
    plan::{Action, Effect, Source, Step, Target, step::Hold},
    snowflake::{Statement, catalog::Found},
    values::{canonical::Canonical, ident::Ident, warehouse::WarehouseSize},
};

use plan::{Update, all_fields, creation, validate};
pub(in crate::kinds) use rows::sighting;
use rows::{KIND, Row};
pub use rows::{Monitor, PRIVILEGES, ROWS, SHOW, Seen, WITHOUT_ROW};

// ---- look

impl Managed for SnowflakeWarehouse {
    const OBJECT: &'static str = KIND;
    type Seen = Seen;
    type Summary = WarehouseSummary;

    fn holds_data(_: &str) -> bool {
        false
    }
    fn common(&self) -> Common<'_> {
        self.spec.common()
    }
    fn status(&self) -> Option<&Status<WarehouseSummary>> {
        self.status.as_ref()
    }

    async fn observe(
        &self,
        record: &Record,
        session: &Session,
        peers: &dyn Peers,
        as_of: &AsOf,
    ) -> Result<Seen, Fault> {
        let as_of = as_of.of(KIND);
        let (name, wanted) = begin(self, PRIVILEGES, |name| Named::Warehouse(name), session)?;
        let found = session.catalog.find(SHOW, &name, as_of).await?;
        let mut seen = Seen { monitor: monitor(self, session, peers), ..Seen::default() };
        let on = Target::new(KIND, name.as_str());
        for other in other_names(record, &on).filter_map(|other| Ident::exact(other).ok()) {
            seen.elsewhere.extend(session.catalog.find(SHOW, &other, as_of).await?);
        }
        let entry = record.objects.iter().find(|entry| entry.kind == KIND);
        let there = found.as_ref().or_else(|| seen.elsewhere.first());
        if let Some(there) = there {
            let managed = |row: &Row| {
                row.wanted(&self.spec).is_some()
                    || entry.is_some_and(|entry| entry.managed.contains(row.path))
            };
            if ROWS.iter().filter(|row| row.source == Source::Parameter).any(managed) {
                let there_name = Ident::exact(there.name()).map_err(bad_name("name"))?;
                let not_before = session.last_effect(KIND, there.name());
                let keep = session.policy.deep_resync;
                let read =
                    session.catalog.parameters(KIND, &there_name, there.created_on(), not_before, keep);
                seen.parameters = read.await?;
            }
        } else if entry.is_some_and(|entry| entry.created_on.is_some()) {
            let table = session.catalog.show(SHOW, as_of).await?;
            seen.lost = session.visibility_lost(KIND, &table, || peers.recorded(KIND, &session.key));
        }
        let on = (KIND, there.map_or(name.as_str(), Found::name));
        (seen.grants, seen.missing_roles) = grants::present(&wanted, entry, on, session, as_of).await?;
        seen.found = found;
        Ok(seen)
    }

    fn plan(&self, planning: &Planning<'_>, seen: &Seen) -> Result<Plan, Fault> {
        let spec = &self.spec;
        validate(spec)?;
        let wanted = grants::wanted(spec.common().grants, PRIVILEGES, KIND)?;
        let wanted = grants::givable(wanted, &seen.missing_roles);
        let on = planning.target;
        let under = |name: &str| seen.elsewhere.iter().find(|found| found.name() == name).map(sighting);
        let create = |on: &Target, effects: Vec<Effect>, hold| {
            let action = Action::Create(all_fields(spec, &wanted));
            vec![Step { hold, ..Step::new(on.clone(), action, effects) }]
        };
        match planning.claimant.standing(on, seen.found.as_ref().map(sighting).as_ref(), under)? {
            Standing::Absent { intent, vanished, notes } => {
                let hold = (vanished && seen.lost).then_some(Hold::VisibilityLost);
                let entry = planning.record.objects.iter().find(|entry| entry.kind == KIND);
                let mut effects: Vec<_> = notes.into_iter().map(Effect::Remember).collect();
                effects.extend(creation(spec, on, intent, entry, &wanted, &seen.grants)?);
                Ok(create(on, effects, hold).into())
            }
            Standing::Unsettled { on, intent } => {
                let effects = creation(spec, &on, intent, planning.record.entry(&on), &wanted, &seen.grants)?;
                Ok(create(&on, effects, None).into())
            }
            Standing::Ours { entry, notes } => {
                let Some(found) = &seen.found else { return Ok(Plan::default()) };
                Update { planning, spec, seen, found, entry: &entry, wanted: &wanted }
                    .steps(notes, None)
                    .map(Plan::from)
            }
            Standing::Misnamed { from, entry, notes } => {
                let found = seen.elsewhere.iter().find(|found| found.name() == from.name);
                let Some(found) = found else { return Ok(Plan::default()) };
                Update { planning, spec, seen, found, entry: &entry, wanted: &wanted }
                    .steps(notes, Some(&from))
                    .map(Plan::from)
            }
        }
    }

    fn pending(&self, seen: &Seen) -> Option<Fault> {
        if let Some(fault) = grants::missing(&seen.missing_roles) {
            return Some(fault);
        }
        let assigned = seen.found.as_ref().and_then(|found| found.text("resource_monitor"));
        match &seen.monitor {
            Monitor::None => None,
            Monitor::Named(name) if assigned == Some(name.as_str()) => None,
            Monitor::Named(name) => Some(Fault::Waiting {
                reason: "MonitorNotAssigned",
                message: format!("resource monitor {name} is not assigned yet: its own resource does that"),
            }),
            Monitor::Missing(message) => {
                Some(Fault::Waiting { reason: "MonitorNotFound", message: message.clone() })
            }
            Monitor::Refused(message) => Some(Fault::NotAllowed(message.clone())),
        }
    }

    fn summary(&self, seen: &Seen, _: &Tally) -> WarehouseSummary {
        let text = |column| seen.found.as_ref().and_then(|found| found.text(column)).map(str::to_owned);
        let name = resolved_name(&self.common(), key_of(self).1).ok();
        WarehouseSummary {
            name: name.map(|name| name.as_str().to_owned()),
            // As specs spell it.
            size: text("size")
                .map(|text| WarehouseSize::read(Some(&text)).map_or(text, |size| size.to_string())),
            resource_monitor: text("resource_monitor"),
        }
    }
    fn sighting(seen: &Seen) -> Option<Sighting> {
        seen.found.as_ref().map(sighting)
    }

    async fn find(session: &Session, on: &Target, as_of: Instant) -> Result<Option<Sighting>, Fault> {
        let Ok(name) = Ident::exact(&on.name) else { return Ok(None) };
        Ok(session.catalog.find(SHOW, &name, as_of).await?.as_ref().map(sighting))
    }
    fn probe(on: &Target) -> Option<Statement> {
        let name = Ident::exact(&on.name).ok()?;
        Some(
            Statement::new("CREATE WAREHOUSE")
                .of_kind(KIND)
                .ident(&name)
                .keyword("INITIALLY_SUSPENDED = TRUE"),
        )
    }
    fn drop_statement(on: &Target) -> Option<Statement> {
        let name = Ident::exact(&on.name).ok()?;
        Some(Statement::new("DROP WAREHOUSE").of_kind(KIND).ident(&name))
    }
}

/// What `resourceMonitorRef` comes to: the monitor is there, is of the same account, and consents.
fn monitor(warehouse: &SnowflakeWarehouse, session: &Session, peers: &dyn Peers) -> Monitor {
    let Some(reference) = &warehouse.spec.resource_monitor_ref else { return Monitor::None };
    let own = key_of(warehouse).0;
    let namespace = reference.namespace.as_deref().unwrap_or(own);
    let label = format!("ResourceMonitor {namespace}/{}", reference.name);
    let Some(monitor) = peers.monitor(namespace, &reference.name) else {
        return Monitor::Missing(format!("spec.resourceMonitorRef: there is no {label}"));
    };
    if !AllowedNamespaces::admits(monitor.spec.allowed_namespaces.as_ref(), namespace, own) {
        return Monitor::Refused(format!(
            "spec.resourceMonitorRef: {label} does not allow namespace {own}: add it to its spec.allowedNamespaces"
        ));
    }
    let reference = &monitor.spec.connection_ref;
    let key = ConnectionKey {
        namespace: reference.namespace.clone().unwrap_or_else(|| namespace.to_owned()),
        name: reference.name.clone(),
    };
    match peers.account_of(&key) {
        Some(account) if account == session.account.name => {}
        Some(account) => {
            return Monitor::Refused(format!(
                "spec.resourceMonitorRef: {label} is in account {account}, this warehouse in {}",
                session.account.name
            ));
        }
        None => return Monitor::Missing(format!("{label}: its connection {key} is not ready")),
    }
    match resolved_name(&monitor.spec.common(), key_of(&*monitor).1) {
        Ok(name) => Monitor::Named(name.as_str().to_owned()),
        Err(fault) => Monitor::Missing(format!("{label}: {fault}")),
    }
}

/// Shares what is used by the monitor's reconcile.
pub(super) fn of_monitor(
    warehouses: Vec<Arc<SnowflakeWarehouse>>,
    namespace: &str,
    allowed: Option<&AllowedNamespaces>,
) -> BTreeSet<Ident> {
    let admitted =
        |w: &Arc<SnowflakeWarehouse>| AllowedNamespaces::admits(allowed, namespace, key_of(&**w).0);
    let named = |w: Arc<SnowflakeWarehouse>| resolved_name(&w.spec.common(), key_of(&*w).1).ok();
    warehouses.into_iter().filter(admitted).filter_map(named).collect()
}
