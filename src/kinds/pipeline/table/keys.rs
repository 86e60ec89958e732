//! Primary, unique and foreign keys. Snowflake enforces none of them but uses them to plan queries.
//!
//! A key has no name here: it is known by its columns, and what it refers to.
//! Sources: <https://docs.snowflake.com/en/sql-reference/sql/create-table-constraint>,
//! <https://docs.snowflake.com/en/sql-reference/sql/show-primary-keys>.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    api::pipeline::{tables::Table, text::Name},
    engine::fault::Fault,
    kinds::pipeline::{
        names::Directory,
        object::{There, Update, changed, created, name, text},
    },
    plan::{Change, Risk, Target},
    snowflake::{
        Row, Statement,
        catalog::{By, Show},
    },
    values::{full_name::FullName, ident::Ident},
};

/// `SHOW PRIMARY KEYS`.
pub(in crate::kinds::pipeline) const PRIMARY: Show =
    Show { words: "SHOW PRIMARY KEYS", kind: "PRIMARY KEY", by: By::Table };
/// `SHOW UNIQUE KEYS`.
pub(in crate::kinds::pipeline) const UNIQUE: Show =
    Show { words: "SHOW UNIQUE KEYS", kind: "UNIQUE KEY", by: By::Table };
/// `SHOW IMPORTED KEYS`: the foreign keys that refer to others.
pub(in crate::kinds::pipeline) const FOREIGN: Show =
    Show { words: "SHOW IMPORTED KEYS", kind: "FOREIGN KEY", by: By::Foreign };

/// The sorts of keys: field of the spec, list, columns of its rows for the key's name and its own column, words of DDL.
const SORTS: [Sort; 3] = [
    Sort {
        path: "primaryKey",
        show: PRIMARY,
        key: "constraint_name",
        column: "column_name",
        words: "PRIMARY KEY",
    },
    Sort { path: "uniqueKeys", show: UNIQUE, key: "constraint_name", column: "column_name", words: "UNIQUE" },
    Sort {
        path: "foreignKeys",
        show: FOREIGN,
        key: "fk_name",
        column: "fk_column_name",
        words: "FOREIGN KEY",
    },
];

struct Sort {
    path: &'static str,
    show: Show,
    key: &'static str,
    column: &'static str,
    words: &'static str,
}

/// The keys of a table, by their sorts.
#[derive(Debug, Default)]
pub(super) struct Keys([Vec<Key>; 3]);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    columns: Vec<Ident>,
    /// The table that it refers to, and its columns; none: its primary key.
    references: Option<(FullName, Vec<Ident>)>,
}

impl Keys {
    /// `has`: whether the table has a column. The tables that it refers to come first: they are added to `needs`.
    pub fn read(
        spec: &Table,
        full: &FullName,
        directory: &Directory,
        path: &str,
        has: impl Fn(&Ident) -> bool,
        needs: &mut Vec<Target>,
    ) -> Result<Self, Fault> {
        let known = |field: &str, list: &[Name]| {
            let one = |text: &Name| {
                let column = name(format_args!("{path}.{field}"), text)?;
                if has(&column) {
                    return Ok(column);
                }
                let column = column.to_spec();
                Err(Fault::Refused(format!("spec.{path}.{field}: the table has no column {column}")))
            };
            list.iter().map(one).collect::<Result<Vec<_>, _>>()
        };
        let plain = |columns| Key { columns, references: None };
        let primary = match spec.primary_key.as_slice() {
            [] => vec![],
            columns => vec![plain(known("primaryKey", columns)?)],
        };
        let unique: Result<Vec<_>, Fault> =
            spec.unique_keys.iter().map(|columns| Ok(plain(known("uniqueKeys", columns)?))).collect();
        let mut foreign = vec![];
        for key in &spec.foreign_keys {
            let field = format!("{path}.foreignKeys.references");
            let (other, target) = directory.resolve(&["TABLE"], &key.references, full, &field)?;
            // A table may refer to itself.
            needs.extend(target.filter(|_| other != *full));
            let far: Result<Vec<_>, _> =
                key.referenced_columns.iter().map(|column| name(&field, column)).collect();
            let columns = known("foreignKeys.columns", &key.columns)?;
            foreign.push(Key { columns, references: Some((other, far?)) });
        }
        Ok(Self([primary, unique?, foreign]))
    }

    /// The lists that tell them. That of primary keys is read for all tables, the others only for a table that has such
    /// keys or had them.
    pub fn lists(&self, managed: &BTreeSet<String>) -> impl Iterator<Item = Show> {
        let wanted = move |(keys, sort): &(&Vec<Key>, &Sort)| {
            sort.show == PRIMARY || !keys.is_empty() || managed.contains(sort.path)
        };
        self.0.iter().zip(&SORTS).filter(wanted).map(|(_, sort)| sort.show)
    }

    /// In the list of a CREATE.
    pub fn declare(&self, mut statement: Statement) -> Statement {
        for (keys, sort) in self.0.iter().zip(&SORTS) {
            for key in keys {
                statement = key.says(statement.keyword(",").keyword(sort.words));
            }
        }
        statement
    }

    pub fn fields(&self) -> Vec<Change> {
        let all = self.0.iter().zip(&SORTS).filter(|(keys, _)| !keys.is_empty());
        all.map(|(keys, sort)| created(sort.path, text(shown(keys)))).collect()
    }

    pub fn compare(&self, there: &There<'_>, alter: &dyn Fn() -> Statement, update: &mut Update) {
        for (wanted, sort) in self.0.iter().zip(&SORTS) {
            let wanted = Some(wanted.as_slice()).filter(|keys| !keys.is_empty());
            let Some(wanted) = update.manages(sort.path, wanted, there) else { continue };
            if wanted.is_some_and(|keys| are_plainly(keys, there, sort)) {
                continue;
            }
            let Some(present) = present(there, sort) else { continue };
            let wanted = wanted.unwrap_or_default();
            let gone: Vec<&Key> =
                present.iter().filter(|key| !wanted.iter().any(|other| other.is(key))).collect();
            let new: Vec<&Key> =
                wanted.iter().filter(|key| !present.iter().any(|other| key.is(other))).collect();
            if gone.is_empty() && new.is_empty() {
                continue;
            }
            let some = |keys: &[Key]| (!keys.is_empty()).then(|| shown(keys));
            let (from, to) = (some(&present), some(wanted));
            update.changes.push(changed(sort.path, from.as_deref(), to.as_deref(), Risk::Safe));
            for key in gone {
                let statement = alter().keyword("DROP").keyword(sort.words);
                update.statements.push(match sort.show {
                    PRIMARY => statement,
                    _ => statement.list(&key.columns, Statement::ident),
                });
            }
            for key in new {
                update.statements.push(key.says(alter().keyword("ADD").keyword(sort.words)));
            }
        }
    }
}

impl Key {
    /// Whether it is the one that is there: what the spec leaves open is not compared.
    fn is(&self, there: &Self) -> bool {
        let far = match (&self.references, &there.references) {
            (Some((table, columns)), Some((other, theirs))) => {
                table == other && (columns.is_empty() || columns == theirs)
            }
            (None, None) => true,
            _ => false,
        };
        far && self.columns == there.columns
    }
    fn says(&self, statement: Statement) -> Statement {
        let statement = statement.list(&self.columns, Statement::ident);
        let Some((table, columns)) = &self.references else { return statement };
        let statement = statement.keyword("REFERENCES").full_name(table);
        if columns.is_empty() { statement } else { statement.list(columns, Statement::ident) }
    }
}

/// `A, B`; of several keys `(A, B), (C)`; with what a key refers to.
fn shown(keys: &[Key]) -> String {
    let listed = |columns: &[Ident]| columns.iter().map(Ident::to_spec).collect::<Vec<_>>().join(", ");
    if let [Key { columns, references: None }] = keys {
        return listed(columns);
    }
    let one = |key: &Key| match &key.references {
        None => format!("({})", listed(&key.columns)),
        Some((table, far)) if far.is_empty() => format!("({}) → {table}", listed(&key.columns)),
        Some((table, far)) => format!("({}) → {table} ({})", listed(&key.columns), listed(far)),
    };
    keys.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Whether the table has this one key alone, listed in its order, so that nothing need be read of it.
fn are_plainly(wanted: &[Key], there: &There<'_>, sort: &Sort) -> bool {
    let [Key { columns, references: None }] = wanted else { return false };
    let Some(list) = there.seen.of_table(sort.show, there) else { return false };
    let mut rows = list.all(there.found.name());
    let mut key = None;
    let listed = columns.iter().enumerate().all(|(n, column)| {
        let Some(row) = rows.next() else { return false };
        let at = row.text("key_sequence").and_then(|text| text.parse().ok());
        let name = row.text(sort.key);
        at == Some(n + 1)
            && row.text(sort.column) == Some(column.as_str())
            && *key.get_or_insert(name) == name
    });
    listed && rows.next().is_none()
}

/// The keys that the table has; `None`: they were not read.
fn present(there: &There<'_>, sort: &Sort) -> Option<Vec<Key>> {
    let list = there.seen.of_table(sort.show, there)?;
    let mut by_name: BTreeMap<String, Vec<(i64, Row<'_>)>> = BTreeMap::new();
    for row in list.all(there.found.name()) {
        let (Some(name), Some(at)) = (row.text(sort.key), row.text("key_sequence")) else { continue };
        by_name.entry(name.to_owned()).or_default().push((at.parse().unwrap_or_default(), row));
    }
    let key = |mut rows: Vec<(i64, Row<'_>)>| {
        rows.sort_by_key(|(at, _)| *at);
        let names = |column: &str| {
            let name = |(_, row): &(i64, Row<'_>)| Ident::exact(row.text(column)?).ok();
            rows.iter().map(name).collect::<Option<Vec<_>>>()
        };
        let references = match sort.show {
            FOREIGN => {
                let place = |column| Ident::exact(rows.first()?.1.text(column)?).ok();
                let database = FullName::top(place("pk_database_name")?);
                let table = database.join(place("pk_schema_name")?).join(place("pk_table_name")?);
                Some((table, names("pk_column_name")?))
            }
            _ => None,
        };
        Some(Key { columns: names(sort.column)?, references })
    };
    Some(by_name.into_values().filter_map(key).collect())
}
