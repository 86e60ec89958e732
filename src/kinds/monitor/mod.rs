//! How a `ResourceMonitor` is reconciled, and how it is assigned to the warehouses that refer to it.
//!
//! TRIGGERS replaces the whole set and sends the notifications already passed again: it is only sent on a real change.
//! Source: <https://docs.snowflake.com/en/sql-reference/sql/alter-resource-monitor>.

mod plan;
mod rows;

use tokio::time::Instant;

use super::{
    grants,
    object::begin,
    warehouse::{self, sighting},
};
use crate::{
    api::{
        Common, Record, ResourceMonitor, Status,
        monitor::{MonitorSpec, MonitorSummary},
    },
    engine::{
        as_of::AsOf,
        fault::Fault,
        managed::{Managed, Peers, Plan, Planning, Tally, key_of},
        ownership::{Sighting, Standing, other_names, resolved_name},
        session::{Named, Session},
    },
    plan::{Action, Effect, Step, Target, step::Hold},
    snowflake::{
        Statement,
        catalog::{Found, Table},
    },
    values::ident::Ident,
};

use plan::{Update, all_fields, assignments_of, creation, validate};
pub use rows::{Assigned, PRIVILEGES, ROWS, SHOW, Seen, WITHOUT_ROW};
use rows::{KIND, present_triggers};

// ---- look

impl Managed for ResourceMonitor {
    const OBJECT: &'static str = KIND;
    type Seen = Seen;
    type Summary = MonitorSummary;

    fn holds_data(_: &str) -> bool {
        false
    }
    fn common(&self) -> Common<'_> {
        self.spec.common()
    }
    fn status(&self) -> Option<&Status<MonitorSummary>> {
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
        let (namespace, metadata_name) = key_of(self);
        let (name, wanted) = begin(self, PRIVILEGES, |name| Named::ResourceMonitor(name), session)?;
        let mut seen = Seen { found: session.catalog.find(SHOW, &name, as_of).await?, ..Seen::default() };
        let entry = record.entry(&Target::new(KIND, name.as_str()));
        if seen.found.is_none() && entry.is_some_and(|entry| entry.created_on.is_some()) {
            let table = session.catalog.show(SHOW, as_of).await?;
            seen.lost = session.visibility_lost(KIND, &table, || peers.recorded(KIND, &session.key));
        }
        (seen.grants, seen.missing_roles) =
            grants::present(&wanted, entry, (KIND, name.as_str()), session, as_of).await?;
        if self.spec.account_level == Some(true) {
            let first = peers.account_monitor(&session.account.name);
            let other = first.filter(|(ns, name)| (ns.as_str(), name.as_str()) != (namespace, metadata_name));
            seen.account_has = other.map(|(namespace, name)| format!("{namespace}/{name}"));
        }
        let referring = peers.warehouses_of(namespace, metadata_name);
        let referring = warehouse::of_monitor(referring, namespace, self.spec.allowed_namespaces.as_ref());
        let attached = entry.map(|entry| entry.attached.clone()).unwrap_or_default();
        if !referring.is_empty() || !attached.is_empty() {
            // Another monitor's reconcile may have changed them: not older than the last change of each.
            let names = referring.iter().map(Ident::as_str).chain(attached.iter().map(String::as_str));
            let as_of = names.fold(as_of, |as_of, name| session.floor(warehouse::SHOW.kind, name, as_of));
            let table = session.catalog.show(warehouse::SHOW, as_of).await?;
            let assigned = |w: &Ident| assigned(&table, w, session, peers);
            seen.wanted = referring.into_iter().map(|w| (w.clone(), assigned(&w))).collect();
            let gone = attached.iter().filter_map(|name| Ident::exact(name).ok());
            let gone = gone.filter(|w| !seen.wanted.contains_key(w));
            // A warehouse whose resource is gone stays as it is, with its monitor: it was dropped, or retained.
            let here = |is: &Assigned| is.ours && is.monitor.as_deref() == Some(name.as_str());
            seen.released = gone.filter(|w| assigned(w).as_ref().is_some_and(here)).collect();
        }
        Ok(seen)
    }

    fn plan(&self, planning: &Planning<'_>, seen: &Seen) -> Result<Plan, Fault> {
        // What another resource has is neither taken from it nor given back.
        let spec = match seen.account_has {
            Some(_) => &MonitorSpec { account_level: None, ..self.spec.clone() },
            None => &self.spec,
        };
        let on = planning.target;
        if let Some(other) = other_names(planning.record, on).next() {
            return Err(Fault::Refused(format!(
                "spec.name: Snowflake can't rename a resource monitor: set spec.name back to {}, or delete this resource and create another",
                Ident::exact(other).map_or_else(|_| other.to_owned(), |name| name.to_spec())
            )));
        }
        validate(spec)?;
        let wanted = grants::wanted(spec.common().grants, PRIVILEGES, KIND)?;
        let wanted = grants::givable(wanted, &seen.missing_roles);
        let entry = planning.record.entry(on);
        let create = |effects: Vec<Effect>, hold| {
            let action = Action::Create(all_fields(spec, &wanted));
            vec![Step { hold, ..Step::new(on.clone(), action, effects) }]
        };
        let sighting = seen.found.as_ref().map(sighting);
        let mut steps = match planning.claimant.standing(on, sighting.as_ref(), |_| None)? {
            Standing::Absent { intent, vanished, .. } => {
                let hold = (vanished && seen.lost).then_some(Hold::VisibilityLost);
                create(creation(planning, spec, intent, entry, (&wanted, &seen.grants), false)?, hold)
            }
            Standing::Unsettled { intent, .. } => {
                // A replacement was approved, and the one that is ours is still there. Whatever else is there now is
                // not replaced: the same request, sent as a plain CREATE, tells whether it is ours.
                let known = entry.and_then(|entry| entry.created_on.as_deref());
                let replace = seen.found.as_ref().is_some_and(|found| known == Some(found.created_on()));
                create(creation(planning, spec, intent, entry, (&wanted, &seen.grants), replace)?, None)
            }
            Standing::Ours { mut entry, notes } => {
                let Some(found) = &seen.found else { return Ok(Plan::default()) };
                if seen.account_has.is_some() {
                    entry.to_mut().managed.remove("accountLevel");
                }
                Update { planning, spec, found, entry: &entry, wanted: &wanted }.steps(seen, notes)?
            }
            Standing::Misnamed { .. } => vec![],
        };
        // A monitor that is created anew is assigned to nothing. A replacement may have to wait; the rest does not.
        let replacement = steps.pop_if(|step| matches!(step.action, Action::Replace(_)));
        let anew = steps.iter().any(|step| matches!(step.action, Action::Create(_)));
        steps.extend(assignments_of(planning, seen, entry, anew));
        if let Some(replacement) = replacement {
            steps.push(replacement);
            let all = assignments_of(planning, seen, entry, true);
            steps.extend(all.into_iter().filter(|step| step.action.changes().iter().any(|c| c.to.is_some())));
        }
        Ok(steps.into())
    }

    fn pending(&self, seen: &Seen) -> Option<Fault> {
        if let Some(other) = &seen.account_has {
            return Some(Fault::Conflict(format!(
                "spec.accountLevel: an account has one monitor, and ResourceMonitor {other} is to be it; the rest is done; remove accountLevel here or there"
            )));
        }
        grants::missing(&seen.missing_roles)
    }

    fn summary(&self, seen: &Seen, _: &Tally) -> MonitorSummary {
        let name = resolved_name(&self.common(), key_of(self).1).ok();
        let ours = |there: &&Option<Assigned>| there.as_ref().is_some_and(|is| is.ours);
        let assigned = seen.wanted.values().filter(ours).count();
        MonitorSummary {
            name: name.map(|name| name.as_str().to_owned()),
            level: seen.found.as_ref().and_then(|found| found.text("level")).map(str::to_owned),
            last_trigger_passed: seen.found.as_ref().and_then(last_passed),
            warehouses: (assigned > 0).then(|| i32::try_from(assigned).unwrap_or(i32::MAX)),
        }
    }
    fn sighting(seen: &Seen) -> Option<Sighting> {
        seen.found.as_ref().map(sighting)
    }
    fn figures(&self, seen: &Seen) -> Vec<(&'static str, f64)> {
        let number = |column: &str| seen.found.as_ref()?.text(column)?.parse().ok();
        let all = [("used", "used_credits"), ("remaining", "remaining_credits"), ("quota", "credit_quota")];
        all.into_iter().filter_map(|(name, column)| Some((name, number(column)?))).collect()
    }

    async fn find(session: &Session, on: &Target, as_of: Instant) -> Result<Option<Sighting>, Fault> {
        let Ok(name) = Ident::exact(&on.name) else { return Ok(None) };
        Ok(session.catalog.find(SHOW, &name, as_of).await?.as_ref().map(sighting))
    }
    fn probe(on: &Target) -> Option<Statement> {
        let name = Ident::exact(&on.name).ok()?;
        Some(
            Statement::new("CREATE RESOURCE MONITOR")
                .of_kind(KIND)
                .ident(&name)
                .keyword("WITH CREDIT_QUOTA = 1"),
        )
    }
    fn drop_statement(on: &Target) -> Option<Statement> {
        let name = Ident::exact(&on.name).ok()?;
        Some(Statement::new("DROP RESOURCE MONITOR").of_kind(KIND).ident(&name))
    }
}

fn assigned(table: &Table, name: &Ident, session: &Session, peers: &dyn Peers) -> Option<Assigned> {
    let row = table.get(name.as_str())?;
    let monitor = row.text("resource_monitor");
    let monitor = monitor.filter(|text| !text.is_empty() && !text.eq_ignore_ascii_case("null"));
    let known = peers.identity(&Target::new(warehouse::SHOW.kind, name.as_str()), &session.account.name);
    Some(Assigned {
        monitor: monitor.map(str::to_owned),
        ours: known.is_some() && known.as_deref() == row.text("created_on"),
        of_role: row.text("owner") == Some(session.account.role.as_str()),
    })
}

/// The highest trigger that the used credits have passed.
fn last_passed(found: &Found) -> Option<String> {
    let number = |column: &str| found.text(column)?.parse::<f64>().ok();
    let quota = number("credit_quota").filter(|quota| *quota > 0.0)?;
    let percent = number("used_credits")? / quota * 100.0;
    let passed = present_triggers(found)?.0.into_iter().filter(|t| f64::from(t.at_percent) <= percent);
    passed.max_by_key(|t| (t.at_percent, t.action)).map(|t| format!("{} % {}", t.at_percent, t.action))
}
