//! The columns of a table, compared by name.
//!
//! In place: a new column, a rename, a wider type, nullability, a comment, a default that goes. A column that leaves
//! the spec is dropped, and one whose type can't be changed in place is dropped and added anew: both lose data and wait.
//! Source: <https://docs.snowflake.com/en/sql-reference/sql/alter-table-column>.

use std::sync::Arc;

use super::{
    super::{
        attach::{Attachments, ColumnsNow},
        object::{There, Update, created, name, text},
        observe::COLUMNS,
    },
    difference::Difference,
    present::Present,
};
use crate::{
    api::pipeline::tables::{Column, NumberOrder},
    engine::fault::Fault,
    plan::Change,
    snowflake::Statement,
    values::{data_type::DataType, ident::Ident, user_sql::UserSql},
};

/// The columns that a spec wants.
pub(super) struct Columns<'a>(Vec<Wanted<'a>>);

pub(super) struct Wanted<'a> {
    pub(super) spec: &'a Column,
    pub(super) name: Ident,
    former: Option<Ident>,
    pub(super) data_type: DataType,
    pub(super) default: Option<UserSql>,
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
                (is, None) => {
                    now.followed.extend(column.former.clone().map(|former| (former, column.name.clone())));
                    is
                }
                (is, Some(_)) => is,
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
        now.going = std::mem::take(&mut difference.going);
        difference.keeps_one(present.len(), update);
        difference.finish(update);
        Ok(now)
    }
}

pub(super) fn path(name: &Ident) -> String {
    ["columns.", &name.spec()].concat()
}

impl Wanted<'_> {
    pub(super) fn path(&self) -> String {
        path(&self.name)
    }
    pub(super) fn default_path(&self) -> String {
        format!("{}.default", self.path())
    }
    /// As a plan shows it: `VARCHAR(64) NOT NULL`.
    pub(super) fn shown(&self) -> String {
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
    pub(super) fn declare(&self, statement: Statement) -> Statement {
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
