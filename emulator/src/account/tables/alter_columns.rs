//! ALTER TABLE: what it does to columns, and what Snowflake refuses to do to them (docs: alter-table-column).

use super::super::select::unknown_column;
use super::alter::Altered;
use crate::error::SqlError;
use crate::sql::columns::ColumnDefinition;
use crate::sql::data_type::DataType;
use crate::sql::keys::Key;
use crate::sql::table::ColumnChange;

fn compilation(code: u32, sql_state: &'static str, what: impl std::fmt::Display) -> SqlError {
    SqlError::new(code, sql_state, format!("SQL compilation error:\n{what}"))
}

/// `002108` and the finer codes: a type that a column cannot take in place.
fn unchangeable(name: &str, from: &DataType, to: &DataType) -> SqlError {
    let (code, because) = match (from, to) {
        (DataType::Text(_), DataType::Text(_)) => {
            (40050, " because reducing the byte-length of varchar is not supported.")
        }
        (DataType::Number { .. }, DataType::Number { .. }) => {
            (40052, " because changing the scale of a number is not supported.")
        }
        // The number of the following is a guess.
        (DataType::Binary(_), DataType::Binary(_)) => {
            (40051, " because changing the byte-length of binary is not supported.")
        }
        _ => (2108, ""),
    };
    compilation(
        code,
        "22000",
        format!("cannot change column {name} from type {} to {}{because}", from.shown(), to.shown()),
    )
}

impl Altered<'_> {
    pub(super) fn add_columns(
        &mut self,
        columns: &[(ColumnDefinition, Vec<Key>)],
        if_not_exists: bool,
    ) -> Result<(), SqlError> {
        for (said, keys) in columns {
            if self.table.place(&said.name).is_some() {
                if if_not_exists {
                    continue;
                }
                return Err(compilation(1430, "42601", format!("column '{}' already exists", said.name)));
            }
            let filled = !self.table.data.is_empty();
            let fills =
                said.default.as_deref().is_some_and(|default| default != "NULL") || said.identity.is_some();
            if filled && !said.nullable && !fills {
                // The words are those that a client's tests expect, the number is a guess.
                return Err(compilation(
                    2264,
                    "22000",
                    format!(
                        "Non-nullable column '{}' cannot be added to non-empty table '{}' unless it has a non-null default value.",
                        said.name, self.table.head.name
                    ),
                ));
            }
            self.table.shape.columns.push(said.clone());
            self.account.adorn(self.context, self.access, &mut self.table, said)?;
            self.fill(said)?;
            for key in keys {
                self.add_key(key)?;
            }
        }
        Ok(())
    }

    /// The rows that are there get the default of a new column.
    fn fill(&mut self, said: &ColumnDefinition) -> Result<(), SqlError> {
        if said.identity.is_some() && !self.table.data.is_empty() {
            // docs: alter-table, "ADD COLUMN": not when there are rows. The words are a guess.
            return Err(SqlError::unsupported("ADD COLUMN with AUTOINCREMENT to a table that has rows"));
        }
        let value = match &said.default {
            Some(text) => self.account.default_of((self.context, self.access), text, &said.kind, self.now)?,
            None => None,
        };
        self.table.data.add_column(value);
        Ok(())
    }

    pub(super) fn rename_column(&mut self, from: &str, to: &str) -> Result<(), SqlError> {
        let at = self.table.place(from).ok_or_else(|| unknown_column(from))?;
        if self.table.place(to).is_some_and(|other| other != at) {
            return Err(compilation(1430, "42601", format!("column '{to}' already exists")));
        }
        to.clone_into(&mut self.table.shape.columns[at].name);
        for name in self.table.shape.keys.iter_mut().flat_map(|key| &mut key.columns) {
            if name == from {
                to.clone_into(name);
            }
        }
        if let Some(tags) = self.table.column_tags.remove(from) {
            self.table.column_tags.insert(to.to_owned(), tags);
        }
        if let Some(clustering) = &mut self.table.cluster_by {
            clustering.rename(from, to);
        }
        self.table.policies.iter_mut().for_each(|it| it.rename(from, to));
        Ok(())
    }

    pub(super) fn drop_columns(&mut self, names: &[String], if_exists: bool) -> Result<(), SqlError> {
        for name in names {
            let Some(at) = self.table.place(name) else {
                if if_exists {
                    continue;
                }
                return Err(unknown_column(name));
            };
            let clusters = |name: &String| {
                self.table.cluster_by.as_ref().is_some_and(|clustering| clustering.names.contains(name))
            };
            if clusters(name) {
                // The words are those that clients met, the number is a guess.
                return Err(compilation(
                    2262,
                    "22000",
                    format!("Cannot drop column '{name}' which belongs to a clustering key"),
                ));
            }
            if self.table.policies.iter().any(|it| it.uses(name)) {
                // Unverified.
                return Err(compilation(
                    2266,
                    "22000",
                    format!("Cannot drop column '{name}' which is associated with one or more policies."),
                ));
            }
            if self.table.shape.columns.len() == 1 {
                // Unverified.
                return Err(compilation(
                    2267,
                    "22000",
                    format!("Cannot drop column '{name}' which is the only one of its table."),
                ));
            }
            self.table.shape.columns.remove(at);
            self.table.shape.keys.retain(|key| !key.columns.contains(name));
            self.table.column_tags.remove(name);
            self.table.data.drop_column(at);
        }
        Ok(())
    }

    /// `001471`: a column that has NULL takes no NOT NULL.
    pub(super) fn forbid_null(&mut self, at: usize) -> Result<(), SqlError> {
        let column = &mut self.table.shape.columns[at];
        if column.nullable && self.table.data.has_null(at) {
            return Err(compilation(
                1471,
                "42601",
                format!(
                    "Column '{}' contains null values. Not null constraint cannot be added.",
                    column.name
                ),
            ));
        }
        column.nullable = false;
        Ok(())
    }

    pub(super) fn alter_column(&mut self, at: usize, change: &ColumnChange) -> Result<(), SqlError> {
        let name = self.table.shape.columns[at].name.clone();
        match change {
            ColumnChange::Nullable(false) => self.forbid_null(at)?,
            ColumnChange::Nullable(true) => {
                if self.table.shape.primary().is_some_and(|key| key.columns.contains(&name)) {
                    // Unverified.
                    return Err(compilation(
                        2263,
                        "22000",
                        format!("Column '{name}' is part of the primary key and cannot be nullable."),
                    ));
                }
                self.table.shape.columns[at].nullable = true;
            }
            ColumnChange::Type(kind, collation) => self.retype(at, kind, collation.as_deref())?,
            ColumnChange::DropDefault => self.table.shape.columns[at].default = None,
            ColumnChange::Default(text) => {
                let full = self.account.sequence_default(self.context, self.access, text)?;
                let column = &mut self.table.shape.columns[at];
                // Only a default that is a sequence is changed.
                if !column.default.as_deref().is_some_and(|default| default.ends_with(".NEXTVAL")) {
                    // The number is a guess.
                    return Err(compilation(
                        2265,
                        "22000",
                        format!("Cannot set the default of column '{name}', which has no default sequence."),
                    ));
                }
                column.default = Some(full);
            }
            ColumnChange::Comment(text) => {
                self.table.shape.columns[at].comment = text.clone().filter(|text| !text.is_empty());
            }
            ColumnChange::Policy(change) => self.change_policies(change, Some(&name))?,
            ColumnChange::SetTags(tags) => {
                let values = self.account.tag_values(self.context, self.access, tags)?;
                self.table.column_tags.entry(name).or_default().extend(values);
            }
            ColumnChange::UnsetTags(tags) => {
                let ids = self.account.tag_ids(self.context, self.access, tags)?;
                self.table.column_tags.entry(name).or_default().retain(|id, _| !ids.contains(id));
            }
        }
        Ok(())
    }

    /// A longer VARCHAR, another precision that holds what is there; nothing else (docs: alter-table-column).
    fn retype(&mut self, at: usize, to: &DataType, collation: Option<&str>) -> Result<(), SqlError> {
        let column = &self.table.shape.columns[at];
        let refused = || unchangeable(&column.name, &column.kind, to);
        if collation.is_some() && collation != column.collation.as_deref() {
            // Unverified.
            return Err(compilation(
                2108,
                "22000",
                format!("cannot change the collation of column {}", column.name),
            ));
        }
        match (&column.kind, to) {
            (from, to) if from == to => {}
            (DataType::Text(from), DataType::Text(to)) if to >= from => {}
            (DataType::Number { precision, scale }, DataType::Number { precision: wider, scale: same })
                if scale == same =>
            {
                if wider < precision && self.table.data.longest_number(at) > wider - same {
                    // The number is a guess.
                    return Err(compilation(
                        40053,
                        "22000",
                        format!(
                            "cannot change column {} from type {} to {} because the new precision does not hold all values.",
                            column.name,
                            column.kind.shown(),
                            to.shown()
                        ),
                    ));
                }
            }
            _ => return Err(refused()),
        }
        self.table.shape.columns[at].kind = to.clone();
        Ok(())
    }
}
