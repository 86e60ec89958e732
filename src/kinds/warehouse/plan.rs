//! What is to be done to a warehouse. Pure.

use std::collections::BTreeSet;

use super::super::{
    grants,
    object::{Creation, known_fields},
};
use crate::{
    api::{record::Entry, warehouse::WarehouseSpec},
    engine::{
        fault::Fault,
        managed::{Grants, Planning},
        ownership::bad_name,
    },
    plan::{
        Action, Cell, Change, Effect, Note, Risk, Source, Step, Target,
        property::{Alter, Difference, PropertyChange, alterations, assignments, difference},
        step::SentIntent,
    },
    snowflake::{Statement, catalog::Found},
    values::{
        canonical::{Canonical, Value},
        ident::Ident,
        path::{parse_path, split_outside_quotes},
        warehouse::WarehouseType,
    },
};

use super::rows::{KIND, PRIVILEGES, ROWS, Row, Seen, carries, type_of};

// ---- plan

pub(super) fn validate(spec: &WarehouseSpec) -> Result<(), Fault> {
    if let Some(name) = &spec.fallback_warehouse {
        Ident::from_spec(name).map_err(bad_name("fallbackWarehouse"))?;
    }
    tables(spec)?;
    known_fields(&spec.common(), ROWS, &[])
}

/// The interactive tables, as paths of names.
pub(super) fn tables(spec: &WarehouseSpec) -> Result<Option<BTreeSet<Vec<Ident>>>, Fault> {
    let Some(all) = &spec.tables else { return Ok(None) };
    let parse = |text: &String| {
        let parts = parse_path(text).map_err(bad_name("tables"))?;
        if parts.len() == 3 {
            Ok(parts)
        } else {
            Err(Fault::Refused(format!("spec.tables: {text:?} is not database.schema.table")))
        }
    };
    all.iter().map(parse).collect::<Result<_, _>>().map(Some)
}

pub(super) fn is_interactive(spec: &WarehouseSpec) -> bool {
    spec.warehouse_type == Some(WarehouseType::Interactive)
}

pub(super) fn table_list(statement: Statement, tables: &BTreeSet<Vec<Ident>>) -> Statement {
    statement.list(tables, Statement::qualified)
}

/// CREATE, suspended unless asked otherwise: creating must not cost.
pub(super) fn create(name: &Ident, spec: &WarehouseSpec) -> Result<Statement, Fault> {
    let interactive = is_interactive(spec);
    let words = if interactive { "CREATE INTERACTIVE WAREHOUSE" } else { "CREATE WAREHOUSE" };
    let mut statement = Statement::new(words).of_kind(KIND).ident(name);
    if let Some(tables) = tables(spec)?.filter(|tables| !tables.is_empty()) {
        statement = table_list(statement.keyword("TABLES"), &tables);
    }
    let spec = if interactive { &WarehouseSpec { warehouse_type: None, ..spec.clone() } } else { spec };
    statement = assignments(statement, ROWS, &with_maximum(spec));
    if spec.warehouse_type == Some(WarehouseType::Adaptive) {
        return Ok(statement);
    }
    let suspended = spec.initially_suspended.unwrap_or(true);
    Ok(statement.keyword("INITIALLY_SUSPENDED =").boolean(suspended))
}

/// Without a maximum, Snowflake takes 1 and refuses a minimum above it.
fn with_maximum(spec: &WarehouseSpec) -> WarehouseSpec {
    let max_cluster_count = spec.max_cluster_count.or(spec.min_cluster_count);
    WarehouseSpec { max_cluster_count, ..spec.clone() }
}

/// Creates `on`, which has another name than the spec when a creation under the old name is to be settled.
pub(super) fn creation(
    spec: &WarehouseSpec,
    on: &Target,
    intent: SentIntent,
    entry: Option<&Entry>,
    wanted: &Grants,
    present: &Grants,
) -> Result<Vec<Effect>, Fault> {
    let name = &Ident::exact(&on.name).map_err(bad_name("name"))?;
    let set = ROWS.iter().filter(|row| row.wanted(spec).is_some()).map(|row| row.path.to_owned());
    let managed = set.filter(|path| !spec.ignore_fields.contains(path)).collect();
    let statement = create(name, spec)?;
    let creation =
        Creation { on, name, statement, intent, entry, managed, privileges: PRIVILEGES, wanted, present };
    Ok(creation.effects(None))
}

pub(super) fn all_fields(spec: &WarehouseSpec, wanted: &Grants) -> Vec<Change> {
    let field = |row: &Row| {
        let to = row.wanted(spec)?;
        Some(Change { path: row.path.into(), from: None, to: Some(to), risk: Risk::Safe })
    };
    let grant = |key: &String| {
        let to = Some(Value { sql: key.clone(), shown: key.clone() });
        Change { path: "grants".into(), from: None, to, risk: Risk::Safe }
    };
    ROWS.iter().filter_map(field).chain(wanted.iter().map(grant)).collect()
}

/// Snowflake wants the two counts together.
pub(super) fn with_companion(mut changes: Vec<PropertyChange>, spec: &WarehouseSpec) -> Vec<PropertyChange> {
    for (one, other) in [(COUNTS[0], COUNTS[1]), (COUNTS[1], COUNTS[0])] {
        let has = |path: &str| changes.iter().any(|c| c.change.path == path);
        if has(one)
            && !has(other)
            && let Some(row) = ROWS.iter().find(|row| row.path == other)
            && let Some(value) = row.wanted(spec)
        {
            let change = Change {
                path: other.into(),
                from: Some(value.clone()),
                to: Some(value.clone()),
                risk: Risk::Safe,
            };
            changes.push(PropertyChange { change, ddl: row.ddl, verb: Alter::Set(value) });
        }
    }
    changes
}

const COUNTS: [&str; 2] = ["minClusterCount", "maxClusterCount"];

/// A count that the spec leaves open follows the other one where both can't hold: Snowflake refuses a maximum below
/// the minimum.
fn fit_counts(changes: &mut Vec<PropertyChange>, found: &Found, spec: &WarehouseSpec) -> Option<()> {
    let row = |path: &str| ROWS.iter().find(|row| row.path == path);
    let [min, max] = [row(COUNTS[0])?, row(COUNTS[1])?];
    let cell = |row: &Row| match row.source {
        Source::Column(column) => found.get(column).map_or(Cell::NoColumn, Cell::Is),
        Source::Parameter => Cell::NoColumn,
    };
    let present = |row: &Row| row.present(cell(row)).ok().flatten();
    let becomes = |row: &Row| match changes.iter().find(|c| c.change.path == row.path).map(|c| &c.verb) {
        Some(Alter::Set(value)) => Some(value.clone()),
        Some(Alter::Unset) | None => present(row),
    };
    let number = |value: &Value| value.sql.parse::<u32>().ok();
    // What was adaptive has none; it begins with 1.
    let one = || Value { sql: "1".into(), shown: "1".into() };
    let (least, most) = (becomes(min).unwrap_or_else(one), becomes(max).unwrap_or_else(one));
    let (follows, to) = match (min.wanted(spec), max.wanted(spec)) {
        (Some(_), None) => (max, least.clone()),
        (_, None) | (None, Some(_)) => (min, most.clone()),
        (Some(_), Some(_)) => return None,
    };
    let touched = changes.iter().any(|c| COUNTS.contains(&c.change.path.as_str()));
    let is_ignored = spec.ignore_fields.iter().any(|field| field == follows.path);
    if !touched || is_ignored || number(&least)? <= number(&most)? {
        return None;
    }
    changes.retain(|c| c.change.path != follows.path);
    let from = present(follows);
    if from.as_ref().is_none_or(|from| from.sql != to.sql) {
        let change = Change { path: follows.path.into(), from, to: Some(to.clone()), risk: Risk::Safe };
        changes.push(PropertyChange { change, ddl: follows.ddl, verb: Alter::Set(to) });
    }
    Some(())
}

pub(super) fn interactive_mismatch(found: &Found, spec: &WarehouseSpec, on: &Target) -> Result<(), Fault> {
    let is = type_of(found) == Some(WarehouseType::Interactive);
    match spec.warehouse_type {
        Some(wanted) if is != (wanted == WarehouseType::Interactive) => Err(Fault::Refused(format!(
            "spec.type: {on} is {}, and a warehouse can't become interactive or stop being so: choose another spec.name",
            found.text("type").unwrap_or("of no known type")
        ))),
        _ => Ok(()),
    }
}

/// Suspends a running warehouse around what Snowflake refuses while it runs: another type, and another size of an
/// interactive one. That it is to be resumed is recorded before.
pub(super) fn around(
    found: &Found,
    on: &Target,
    entry: &Entry,
    changes: &[PropertyChange],
    alter: &Statement,
) -> Vec<Effect> {
    let is = type_of(found);
    let runs =
        found.text("state").is_some_and(|state| !matches!(state, "SUSPENDED" | "SUSPENDING" | "DISABLED"));
    let changes_path = |path: &str| changes.iter().find(|c| c.change.path == path);
    let stops = match is {
        // An adaptive warehouse is enabled or disabled, not suspended.
        Some(WarehouseType::Adaptive) => false,
        Some(WarehouseType::Interactive) => changes_path("size").is_some(),
        _ => changes_path("type").is_some(),
    };
    let suspend = runs && stops;
    let note = |wanted| Effect::Remember(Note::Resume { on: on.clone(), wanted });
    let mut effects = vec![];
    if suspend {
        effects.extend([note(true), Effect::sql(alter.clone().keyword("SUSPEND"))]);
    }
    effects.extend(alterations(alter, changes).into_iter().map(Effect::sql));
    if suspend || entry.resume {
        let becomes = match changes_path("type").map(|c| &c.verb) {
            Some(Alter::Set(value)) => WarehouseType::read(Some(value.shown.as_str())),
            _ => is,
        };
        let words = if becomes == Some(WarehouseType::Adaptive) { "ENABLE" } else { "RESUME IF SUSPENDED" };
        effects.extend([Effect::sql(alter.clone().keyword(words)), note(false)]);
    }
    effects
}

pub(super) fn table_changes(
    found: &Found,
    spec: &WarehouseSpec,
    alter: &Statement,
) -> Result<(Vec<Change>, Vec<Statement>), Fault> {
    let Some(wanted) = tables(spec)? else { return Ok((vec![], vec![])) };
    let shown = found.text("tables").unwrap_or_default();
    let shown = shown.trim_matches(['[', ']']);
    let split = |text: &&str| parse_path(text.trim().trim_matches('\'')).ok();
    let present: BTreeSet<_> = split_outside_quotes(shown, ',').iter().filter_map(split).collect();
    let list = |tables: &BTreeSet<Vec<Ident>>| {
        let text = |path: &Vec<Ident>| path.iter().map(Ident::to_spec).collect::<Vec<_>>().join(".");
        let all: Vec<_> = tables.iter().map(text).collect();
        Value { sql: all.join(", "), shown: if all.is_empty() { "none".into() } else { all.join(", ") } }
    };
    if wanted == present {
        return Ok((vec![], vec![]));
    }
    let (add, drop) = (&wanted - &present, &present - &wanted);
    let one = |tables: &BTreeSet<_>, words| {
        (!tables.is_empty()).then(|| table_list(alter.clone().keyword(words), tables))
    };
    let statements = [one(&add, "ADD TABLES"), one(&drop, "DROP TABLES")].into_iter().flatten().collect();
    let change = Change {
        path: "tables".into(),
        from: Some(list(&present)),
        to: Some(list(&wanted)),
        risk: Risk::Safe,
    };
    Ok((vec![change], statements))
}

/// A warehouse that is ours, as it is to be compared.
pub(super) struct Update<'a> {
    pub(super) planning: &'a Planning<'a>,
    pub(super) spec: &'a WarehouseSpec,
    pub(super) seen: &'a Seen,
    /// It may have its old name still.
    pub(super) found: &'a Found,
    pub(super) entry: &'a Entry,
    pub(super) wanted: &'a Grants,
}

impl Update<'_> {
    fn difference(&self) -> Result<Difference, Fault> {
        let (spec, entry) = (self.spec, self.entry);
        let mut all = difference(ROWS, spec, &entry.managed, &spec.ignore_fields, |row| {
            self.seen.cell(self.found, row)
        })?;
        // What a type does not have goes with the change of type, and can't be released.
        if let Some(kind) = spec.warehouse_type.or_else(|| type_of(self.found)) {
            let wanted = |path: &str| ROWS.iter().any(|row| row.path == path && row.wanted(spec).is_some());
            all.changes.retain(|c| carries(kind, &c.change.path) || wanted(&c.change.path));
        }
        fit_counts(&mut all.changes, self.found, spec);
        Ok(all)
    }

    /// The least ALTER.
    pub(super) fn steps(&self, notes: Vec<Note>, from: Option<&Target>) -> Result<Vec<Step>, Fault> {
        let Self { planning, spec, seen, found, entry, wanted } = *self;
        let (on, name) = (planning.target, planning.name);
        interactive_mismatch(found, spec, on)?;
        let difference = self.difference()?;
        let alter = Statement::new("ALTER WAREHOUSE").of_kind(KIND).ident(name);
        let mut changes: Vec<Change> = vec![];
        let mut effects: Vec<Effect> = notes.into_iter().map(Effect::Remember).collect();
        if let Some(from) = from {
            let old = Ident::exact(&from.name).map_err(bad_name("renamedFrom"))?;
            let rename =
                Statement::new("ALTER WAREHOUSE").of_kind(KIND).ident(&old).keyword("RENAME TO").ident(name);
            let (from, to) = (from.clone(), on.clone());
            let value = |text: &str| Some(Value { sql: text.into(), shown: text.into() });
            changes.push(Change {
                path: "name".into(),
                from: value(&from.name),
                to: value(&to.name),
                risk: Risk::Safe,
            });
            effects.push(Effect::Remember(Note::Renaming { from: from.clone(), to: to.clone() }));
            effects.extend([Effect::sql(rename), Effect::Remember(Note::Renamed { from, to })]);
        }
        // Before a field is set for the first time, the record says that it is managed; after a release, that it no
        // longer is.
        let managed = difference.managed.clone().into_set();
        let before: BTreeSet<String> = entry.managed.union(&managed).cloned().collect();
        if before != entry.managed {
            effects.push(Effect::Remember(Note::Managed { on: on.clone(), fields: before.clone() }));
        }
        effects.extend(around(found, on, entry, &with_companion(difference.changes.clone(), spec), &alter));
        let (table_changes, table_statements) = table_changes(found, spec, &alter)?;
        effects.extend(table_statements.into_iter().map(Effect::sql));
        if before != managed {
            effects.push(Effect::Remember(Note::Managed { on: on.clone(), fields: managed }));
        }
        let grants = grants::plan(on, name, PRIVILEGES, wanted, &seen.grants, &entry.grants);
        effects.extend(grants.effects);
        changes.extend(difference.changes.into_iter().map(|c| c.change));
        changes.extend(table_changes);
        changes.extend(grants.changes);
        if entry.resume && changes.is_empty() {
            let value = |text: &str| Some(Value { sql: text.into(), shown: text.into() });
            let (from, to) = (value("suspended for a change"), value("resumed"));
            changes.push(Change { path: "state".into(), from, to, risk: Risk::Safe });
        }
        let action = if changes.is_empty() { Action::Note } else { Action::Update(changes) };
        let step = Step::new(on.clone(), action, effects);
        Ok(if step.effects.is_empty() { vec![] } else { vec![step] })
    }
}
