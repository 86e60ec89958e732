//! What is to be done to the columns of a table.

use super::{
    super::object::{Losing, There, Update, changed, text},
    columns::{Wanted, path},
    present::Present,
};
use crate::{
    engine::fault::Fault,
    plan::{Change, Risk},
    snowflake::Statement,
    values::{canonical::Value, data_type::TypeChange, ident::Ident},
};

/// What is to be done to the columns, collected for as few statements as Snowflake allows.
pub(super) struct Difference<'a, 'b> {
    alter: &'a dyn Fn() -> Statement,
    there: &'a There<'b>,
    renames: Vec<Statement>,
    added: Vec<&'a Wanted<'a>>,
    /// Items of one `ALTER TABLE t ALTER (…)`.
    items: Vec<Statement>,
    changes: Vec<Change>,
    dropped: Vec<Ident>,
    /// Dropped and added anew.
    anew: Vec<&'a Wanted<'a>>,
    /// Those that go, and whether what is wanted on one can hang on it as it is: another type takes another policy.
    pub(super) going: Vec<(Ident, bool)>,
    losing: Vec<Change>,
    losing_items: Vec<Statement>,
    faults: Vec<String>,
}

impl<'a, 'b> Difference<'a, 'b> {
    pub(super) fn new(alter: &'a dyn Fn() -> Statement, there: &'a There<'b>) -> Self {
        Self {
            alter,
            there,
            renames: vec![],
            added: vec![],
            items: vec![],
            changes: vec![],
            dropped: vec![],
            anew: vec![],
            going: vec![],
            losing: vec![],
            losing_items: vec![],
            faults: vec![],
        }
    }

    pub(super) fn rename(&mut self, is: &Ident, column: &Wanted<'_>) {
        let (from, to) = (path(is), column.path());
        self.changes.push(changed(column.path(), Some(&from), Some(&to), Risk::Safe));
        let statement = (self.alter)().keyword("RENAME COLUMN").ident(is);
        self.renames.push(statement.keyword("TO").ident(&column.name));
    }

    pub(super) fn add(&mut self, column: &'a Wanted<'a>) {
        self.changes.push(changed(column.path(), None, Some(&column.shown()), Risk::Safe));
        self.added.push(column);
    }

    pub(super) fn drop(&mut self, column: &Present<'_>, name: &Ident) {
        self.losing.push(changed(path(name), Some(&column.shown_type()), None, Risk::Destructive));
        self.dropped.push(name.clone());
        self.going.push((name.clone(), false));
    }

    fn item(column: &Wanted<'_>) -> Statement {
        Statement::new("COLUMN").ident(&column.name)
    }

    pub(super) fn alter(&mut self, is: &Present<'_>, column: &'a Wanted<'a>) {
        if !self.there.ignored.is_empty() && self.there.ignores(&column.path()) {
            return;
        }
        let to = || column.data_type.to_string();
        let change =
            |risk| changed(format!("{}.type", column.path()), Some(&is.shown_type()), Some(&to()), risk);
        let set = |statement: Statement| statement.keyword("SET DATA TYPE").value(&text(to()));
        match is.data_type.as_ref().map(|is| is.change_to(&column.data_type)) {
            Some(TypeChange::Same) => {}
            Some(TypeChange::Widens) => {
                self.changes.push(change(Risk::Safe));
                let item = set(Self::item(column));
                self.items.push(item);
            }
            Some(TypeChange::Narrows) => {
                self.losing.push(change(Risk::Destructive));
                let item = set(Self::item(column));
                self.losing_items.push(item);
            }
            // What is not understood is left as it is: nothing may be lost for it.
            None => {
                self.faults.push(format!(
                    "spec.tables: Snowflake says that the type of {} is {}, which this version does not understand: add {} to ignoreFields, or update the operator",
                    column.path(),
                    is.shown_type(),
                    column.path()
                ));
                return;
            }
            Some(TypeChange::Other) => {
                self.losing.push(change(Risk::Destructive));
                self.anew.push(column);
                let alike = is.data_type.as_ref().is_some_and(|is| is.short() == column.data_type.short());
                self.going.push((column.name.clone(), alike));
                return;
            }
        }
        if let Some(nullable) = column.spec.nullable.filter(|wanted| *wanted != is.nullable) {
            let (from, to) = (is.nullable.to_string(), nullable.to_string());
            self.changes.push(changed(
                format!("{}.nullable", column.path()),
                Some(&from),
                Some(&to),
                Risk::Safe,
            ));
            let words = if nullable { "DROP NOT NULL" } else { "SET NOT NULL" };
            let item = Self::item(column).keyword(words);
            self.items.push(item);
        }
        if let Some(comment) = column.spec.comment.as_deref().filter(|wanted| *wanted != is.comment) {
            let at = format!("{}.comment", column.path());
            self.changes.push(changed(at, Some(is.comment), Some(comment), Risk::Safe));
            let item = Self::item(column).keyword("COMMENT").literal(comment);
            self.items.push(item);
        }
        self.default(is, column);
    }

    fn default(&mut self, is: &Present<'_>, column: &Wanted<'_>) {
        match (&column.default, is.default) {
            (None, Some(default)) if self.there.entry.managed.contains(&column.default_path()) => {
                self.changes.push(changed(column.default_path(), Some(default), None, Risk::Safe));
                let item = Self::item(column).keyword("DROP DEFAULT");
                self.items.push(item);
            }
            (Some(wanted), is) if is.map(plain) != Some(plain(wanted.as_str())) => {
                self.faults.push(format!(
                    "spec.tables: the default of {} is {}, and Snowflake can't make it {}: set it back, or add another column",
                    column.path(),
                    is.unwrap_or("none"),
                    wanted.as_str().trim_end()
                ));
            }
            _ => {}
        }
    }

    /// Snowflake drops no table's last column (002267): what would need that is not begun, and nothing is approved for it.
    pub(super) fn keeps_one(&mut self, present: usize, update: &mut Update) {
        let gone = self.dropped.len() + self.anew.len();
        if gone == 0 || gone < present || !self.added.is_empty() {
            return;
        }
        self.faults.push(format!(
            "spec.tables: no column of {} would stay, and Snowflake drops no table's last one: keep one of them for now, or give the new column another name",
            self.there.name
        ));
        self.losing.clear();
        // They are ours still.
        update.managed.extend(self.dropped.iter().map(path));
    }

    pub(super) fn finish(mut self, update: &mut Update) {
        let one = |alter: &dyn Fn() -> Statement, mut items: Vec<Statement>| {
            // Each item is made of fragments of ours: it goes in as it is.
            let joined = |statement: Statement, item: Statement| {
                statement.value(&Value { sql: item.to_string(), shown: String::new() })
            };
            match items.len() {
                0 => None,
                1 => items.pop().map(|item| joined(alter().keyword("ALTER"), item)),
                _ => Some(alter().keyword("ALTER").list(items, joined)),
            }
        };
        let add = |alter: &dyn Fn() -> Statement, columns: &[&Wanted<'_>]| {
            if columns.is_empty() {
                return None;
            }
            let mut statement = alter().keyword("ADD COLUMN");
            for (n, column) in columns.iter().enumerate() {
                statement = if n == 0 { statement } else { statement.keyword(",") };
                statement = column.declare(statement);
            }
            Some(statement)
        };
        update.changes.append(&mut self.changes);
        update.statements.append(&mut self.renames);
        update.statements.extend(add(self.alter, &self.added));
        update.statements.extend(one(self.alter, self.items));
        if !self.losing.is_empty() {
            let gone: Vec<_> =
                self.dropped.iter().chain(self.anew.iter().map(|column| &column.name)).collect();
            let mut statements = vec![];
            if !gone.is_empty() {
                let mut statement = (self.alter)().keyword("DROP COLUMN");
                for (n, name) in gone.iter().enumerate() {
                    statement = if n == 0 { statement } else { statement.keyword(",") }.ident(name);
                }
                statements.push(statement);
            }
            statements.extend(add(self.alter, &self.anew));
            statements.extend(one(self.alter, self.losing_items));
            update.losing = Some(Losing { changes: self.losing, statements, attached: None });
        }
        if !self.faults.is_empty() && update.fault.is_none() {
            update.fault = Some(Fault::Refused(self.faults.join("; ")));
        }
    }
}

/// A default as it compares: in upper case and without blanks, outside of strings.
fn plain(text: &str) -> String {
    let mut quoted = false;
    let fold = |c: char| {
        if c == '\'' {
            quoted = !quoted;
        }
        if quoted { Some(c) } else { Some(c.to_ascii_uppercase()).filter(|c| !c.is_whitespace()) }
    };
    text.chars().filter_map(fold).collect()
}
