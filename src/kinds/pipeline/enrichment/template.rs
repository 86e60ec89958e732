//! The files of `sql/enrichment/`, and how their placeholders are filled: once through the text, with parts that were
//! made from names, literals and checked SQL alone, so that nothing from outside gets out of its place.

use std::collections::BTreeMap;

use crate::{
    api::pipeline::{
        tables::Column,
        text::{Name, TypeName},
    },
    engine::fault::Fault,
    values::{full_name::FullName, ident::Ident, literal::quote_literal, user_sql::UserSql},
};

/// A part of a statement. There is no way from plain text to one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sql(String);

impl Sql {
    pub fn words(words: &'static str) -> Self {
        Self(words.to_owned())
    }
    pub fn name(name: &FullName) -> Self {
        Self(name.sql())
    }
    pub fn ident(name: &Ident) -> Self {
        Self(name.to_string())
    }
    pub fn text(text: &str) -> Self {
        Self(quote_literal(text))
    }
    pub fn number(value: impl Into<i64>) -> Self {
        Self(value.into().to_string())
    }
    pub fn boolean(value: bool) -> Self {
        Self::words(if value { "TRUE" } else { "FALSE" })
    }
    /// An expression, in parentheses: a comma in it does not get out of them.
    pub fn expression(sql: &UserSql) -> Self {
        Self(format!("({sql})"))
    }
    /// Bytes in hexadecimal, without quotes.
    pub fn hex(bytes: &[u8]) -> Self {
        Self(crate::values::literal::hexadecimal(bytes))
    }
    /// `[…]` and `{…}` as Snowflake writes constants.
    /// Source: <https://docs.snowflake.com/en/sql-reference/data-types-semistructured>.
    pub fn json(value: &serde_json::Value) -> Self {
        use serde_json::Value;
        match value {
            Value::Null => Self::words("NULL"),
            Value::Bool(value) => Self::boolean(*value),
            Value::Number(number) => Self(number.to_string()),
            Value::String(text) => Self::text(text),
            Value::Array(all) => Self::joined(all.iter().map(Self::json), ", ").within("[", "]"),
            Value::Object(all) => {
                let pairs = all.iter().map(|(key, value)| Self::text(key).then(": ").and(&Self::json(value)));
                Self::joined(pairs, ", ").within("{", "}")
            }
        }
    }
    pub fn joined(parts: impl IntoIterator<Item = Self>, between: &'static str) -> Self {
        let parts: Vec<_> = parts.into_iter().map(|part| part.0).collect();
        Self(parts.join(between))
    }
    pub fn then(mut self, words: &'static str) -> Self {
        self.0.push_str(words);
        self
    }
    pub fn and(mut self, part: &Self) -> Self {
        self.0.push_str(&part.0);
        self
    }
    pub fn within(self, before: &'static str, after: &'static str) -> Self {
        Self::words(before).and(&self).then(after)
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A file with placeholders.
#[derive(Clone, Copy)]
pub(super) struct Template(&'static str);

macro_rules! templates {
    ($($name:ident = $file:literal;)+) => {
        $(pub(super) const $name: Template = Template(include_str!(concat!("../../../../sql/enrichment/", $file)));)+
        /// All of them, by their files.
        #[cfg(test)]
        pub(super) const ALL: &[(&str, Template)] = &[$(($file, $name)),+];
    };
}
templates! {
    RESULTS = "10_results.table.sql";
    QUEUE = "11_queue.table.sql";
    OUTCOMES = "12_outcomes.table.sql";
    SPEND = "13_spend.table.sql";
    FILL = "21_fill.task.sql";
    BUY = "30_buy.task.sql";
    CREDITS = "31_credits.query.sql";
    NEWEST = "40_newest.view.sql";
    BACKLOG = "52_backlog.view.sql";
    DYNAMIC = "60_outcomes.dynamic_table.sql";
    BOUGHT = "61_bought.view.sql";
}

/// What stands for the placeholders.
pub(super) type Values = BTreeMap<&'static str, Sql>;

impl Template {
    /// The text with its values, without the lines at its head that say what it is.
    pub fn fill(self, values: &Values) -> Result<Sql, Fault> {
        let mut rest = self.0;
        while let Some(comment) = rest.strip_prefix("--") {
            rest = comment.split_once('\n').map_or("", |(_, rest)| rest);
        }
        let mut out = String::with_capacity(rest.len() * 2);
        while let Some((before, after)) = rest.split_once("{{") {
            let (name, after) = after.split_once("}}").unwrap_or((after, ""));
            let value = values.get(name).ok_or_else(|| {
                Fault::Refused(format!("a template has {{{{{name}}}}}, and no value for it"))
            })?;
            out.push_str(before);
            out.push_str(value.as_str());
            rest = after;
        }
        out.push_str(rest.trim_end());
        Ok(Sql(out))
    }

    /// The columns of a CREATE TABLE that has one on each line, and whether it is transient.
    pub fn table(self, values: &Values) -> Result<(Vec<Column>, bool), Fault> {
        // Only what stands between the parentheses: a name may have line breaks.
        let (head, columns) = self.0.split_once("(\n").unwrap_or(("", self.0));
        let text = Template(columns).fill(values)?;
        let lines = text.as_str().lines().filter_map(|line| {
            let line = line.trim().trim_end_matches(',');
            let (name, rest) = line.split_once(' ')?;
            let (data_type, nullable) = match rest.strip_suffix(" NOT NULL") {
                Some(data_type) => (data_type, Some(false)),
                None => (rest, None),
            };
            Some(Column {
                name: Name::from(name),
                data_type: TypeName::from(data_type),
                nullable,
                ..Column::default()
            })
        });
        Ok((lines.collect(), head.contains("CREATE TRANSIENT")))
    }
}
