//! The columns of a table, compared by name.
//!
//! In place: a new column, a rename, a wider type, nullability, a comment, a default that goes. A column that leaves
//! the spec is dropped, and one whose type can't be changed in place is dropped and added anew: both lose data and wait.
//! Source: <https://docs.snowflake.com/en/sql-reference/sql/alter-table-column>.

use std::sync::Arc;

use super::{
    super::{
        attach::{Attachments, ColumnsNow},
        object::{There, Update, changed, created, name, text},
        observe::COLUMNS,
    },
    present::Present,
};
use crate::{
    api::pipeline::tables::{Column, NumberOrder},
    engine::fault::Fault,
    plan::{Change, Risk},
    snowflake::Statement,
    values::{
        canonical::Value,
        data_type::{DataType, TypeChange},
        ident::Ident,
        user_sql::UserSql,
    },
};

/// The columns that a spec wants.
pub(super) struct Columns<'a>(Vec<Wanted<'a>>);

struct Wanted<'a> {
    spec: &'a Column,
    name: Ident,
    former: Option<Ident>,
    data_type: DataType,
    default: Option<UserSql>,
    attachments: Option<Arc<Attachments>>,
}

impl<'a> Columns<'a> {
    pub(super) fn read(columns: &'a [Column], path: &str) -> Result<Self, Fault> {
        let mut all: Vec<Wanted<'a>> = Vec::with_capacity(columns.len());
        for spec in columns {
            let path = format_args!("{path}.columns.{}", spec.name);
            let own = name(path, &spec.name)?;
            if all.iter().any(|other| other.name == own) {
                return Err(Fault::Refused(format!(
                    "spec.{path}: there are two columns {}: remove one",
                    own.to_spec()
                )));
            }
            let data_type = DataType::parse(&spec.data_type)
                .map_err(|error| Fault::Refused(format!("spec.{path}.type: {error}")))?;
            let former = spec.renamed_from.as_deref();
            let former = former.map(|text| name(format_args!("{path}.renamedFrom"), text)).transpose()?;
            let default = spec.default.as_deref().map(UserSql::expression).transpose();
            let default = default.map_err(|error| Fault::Refused(format!("spec.{path}.default: {error}")))?;
            all.push(Wanted { spec, name: own, former, data_type, default, attachments: None });
        }
        Ok(Self(all))
    }

    pub(super) fn has(&self, column: &Ident) -> bool {
        self.0.iter().any(|wanted| wanted.name == *column)
    }

    pub(super) fn attach(&mut self, attachments: &Arc<Attachments>) {
        self.0.iter_mut().for_each(|column| column.attachments = Some(attachments.clone()));
    }

    /// The list inside `CREATE TABLE t ( … )`.
    pub(super) fn declare(&self, mut statement: Statement) -> Statement {
        for (n, column) in self.0.iter().enumerate() {
            statement = if n == 0 { statement } else { statement.keyword(",") };
            statement = column.declare(statement);
        }
        statement
    }

    pub(super) fn fields(&self) -> Vec<Change> {
        self.0.iter().map(|column| created(column.path(), text(column.shown()))).collect()
    }

    pub(super) fn compare(
        &self,
        there: &There<'_>,
        alter: &dyn Fn() -> Statement,
        update: &mut Update,
    ) -> Result<ColumnsNow, Fault> {
        let Some(list) = there.seen.of_table(COLUMNS, there) else {
            return Err(Fault::Waiting {
                reason: "ColumnsNotRead",
                message: format!("the columns of {} could not be read: they are read again", there.name),
            });
        };
        let rows = list.all(there.found.name());
        let present: Vec<Present<'_>> = rows.filter_map(|row| Present::read(row, there.types)).collect();
        if present.is_empty() {
            // Created or renamed between the two lists.
            return Err(Fault::Waiting {
                reason: "ColumnsNotRead",
                message: format!("the columns of {} are not listed yet: they are read again", there.name),
            });
        }
        let mut difference = Difference::new(alter, there);
        let mut kept = vec![false; present.len()];
        let mut now = ColumnsNow::default();
        for column in &self.0 {
            let of = |name: &Ident| present.iter().position(|present| present.name == name.as_str());
            let former = || column.former.as_ref().and_then(|former| Some((former, of(former)?)));
            let is = match (of(&column.name), former()) {
                (None, Some((former, n))) => {
                    difference.rename(former, column);
                    now.renamed.push((former.clone(), column.name.clone()));
                    Some(n)
                }
                (is, _) => is,
            };
            match is {
                Some(n) => {
                    kept[n] = true;
                    now.present.push(column.name.clone());
                    difference.alter(&present[n], column);
                }
                None => difference.add(column),
            }
            update.managed.insert(column.path());
            update.managed.extend(column.default.as_ref().map(|_| column.default_path()));
        }
        for (column, _) in present.iter().zip(kept).filter(|(_, kept)| !kept) {
            let Ok(name) = Ident::exact(column.name) else { continue };
            if there.entry.managed.contains(&path(&name)) {
                difference.drop(column, &name);
            }
            now.present.push(name);
        }
        difference.keeps_one(present.len(), update);
        difference.finish(update);
        Ok(now)
    }
}

fn path(name: &Ident) -> String {
    ["columns.", &name.spec()].concat()
}

impl Wanted<'_> {
    fn path(&self) -> String {
        path(&self.name)
    }
    fn default_path(&self) -> String {
        format!("{}.default", self.path())
    }
    /// As a plan shows it: `VARCHAR(64) NOT NULL`.
    fn shown(&self) -> String {
        let mut shown = self.data_type.to_string();
        if self.spec.nullable == Some(false) {
            shown += " NOT NULL";
        }
        if let Some(default) = &self.default {
            shown += " DEFAULT ";
            shown += default.as_str().trim_end();
        }
        shown
    }
    fn declare(&self, statement: Statement) -> Statement {
        let mut statement = statement.ident(&self.name).value(&text(self.data_type.to_string()));
        if let Some(collation) = &self.spec.collate {
            statement = statement.keyword("COLLATE").literal(collation);
        }
        if let Some(default) = &self.default {
            statement = statement.keyword("DEFAULT").sql(default);
        }
        if let Some(numbers) = &self.spec.autoincrement {
            statement = statement.keyword("AUTOINCREMENT START").number(numbers.start.unwrap_or(1));
            statement = statement.keyword("INCREMENT").number(numbers.increment.unwrap_or(1));
            statement = statement
                .with(numbers.order, |statement, order: NumberOrder| statement.keyword(order.keyword()));
        }
        if self.spec.nullable == Some(false) {
            statement = statement.keyword("NOT NULL");
        }
        if let Some(attachments) = &self.attachments {
            statement = attachments.on_column(statement, &self.name);
        }
        statement.with(self.spec.comment.as_deref(), |statement, comment| {
            statement.keyword("COMMENT").literal(comment)
        })
    }
}

/// What is to be done to the columns, collected for as few statements as Snowflake allows.
struct Difference<'a, 'b> {
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
    losing: Vec<Change>,
    losing_items: Vec<Statement>,
    faults: Vec<String>,
}

impl<'a, 'b> Difference<'a, 'b> {
    fn new(alter: &'a dyn Fn() -> Statement, there: &'a There<'b>) -> Self {
        Self {
            alter,
            there,
            renames: vec![],
            added: vec![],
            items: vec![],
            changes: vec![],
            dropped: vec![],
            anew: vec![],
            losing: vec![],
            losing_items: vec![],
            faults: vec![],
        }
    }

    fn rename(&mut self, is: &Ident, column: &Wanted<'_>) {
        let (from, to) = (path(is), column.path());
        self.changes.push(changed(column.path(), Some(&from), Some(&to), Risk::Safe));
        let statement = (self.alter)().keyword("RENAME COLUMN").ident(is);
        self.renames.push(statement.keyword("TO").ident(&column.name));
    }

    fn add(&mut self, column: &'a Wanted<'a>) {
        self.changes.push(changed(column.path(), None, Some(&column.shown()), Risk::Safe));
        self.added.push(column);
    }

    fn drop(&mut self, column: &Present<'_>, name: &Ident) {
        self.losing.push(changed(path(name), Some(&column.shown_type()), None, Risk::Destructive));
        self.dropped.push(name.clone());
    }

    fn item(column: &Wanted<'_>) -> Statement {
        Statement::new("COLUMN").ident(&column.name)
    }

    fn alter(&mut self, is: &Present<'_>, column: &'a Wanted<'a>) {
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
    fn keeps_one(&mut self, present: usize, update: &mut Update) {
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

    fn finish(mut self, update: &mut Update) {
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
            update.losing = Some((self.losing, statements));
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
