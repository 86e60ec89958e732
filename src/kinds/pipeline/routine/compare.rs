//! What differs between a routine and what is there.

use super::{Begin, Means, Place, Properties, Returns, Routine, Row, read::columns};
use crate::{
    engine::fault::Fault,
    kinds::pipeline::object::{Replace, There, Update, changed},
    plan::{
        Cell, Change, Property, Risk, Source,
        property::{Alter, Difference, PropertyChange, alterations, difference},
    },
    snowflake::Statement,
    values::{
        body::{BodyKind, canonical, same},
        data_type::DataType,
        ident::Ident,
        path::types_of,
    },
};

/// What has no row.
const FIXED: [&str; 4] = ["arguments", "returns", "language", "body"];

impl Routine<'_> {
    pub(super) fn compared(&self, there: &There<'_>) -> Result<Update, Fault> {
        let rows = self.rows.iter().map(|row| &row.property);
        let Difference { changes, mut managed } =
            difference(rows, &self.properties, &there.entry.managed, there.ignored, |property| {
                self.row(property.path).map_or(Cell::NoColumn, |row| self.cell(row, there))
            })?;
        managed.extend(FIXED.map(str::to_owned));
        let (or_alter, replace) = self.fixed(there);
        let of = |means: Means| changes.iter().filter(move |change| self.means(change) == means);
        let replaces = !replace.is_empty() || of(Means::Replace).next().is_some();
        let anew = !or_alter.is_empty() || of(Means::OrAlter).next().is_some();
        if replaces {
            let own = changes.into_iter().map(|change| change.change);
            let changes = own.chain(or_alter).chain(replace).collect();
            let statement = self.write(Begin::OrReplace, &self.completed(there));
            let replace = Some(Replace { changes, statement });
            return Ok(Update { replace, managed, ..Update::default() });
        }
        let set: Vec<PropertyChange> = of(Means::Set).cloned().collect();
        let mut statements = alterations(&self.alter(), &set);
        statements.extend(of(Means::Flag).filter_map(|change| self.flag(change)));
        statements.extend(of(Means::Named).filter_map(|change| self.named(change)));
        if anew {
            // What it says and ALTER changes is as it is to be by now.
            statements.push(self.write(Begin::OrAlter, &self.completed(there)));
        }
        let changes = changes.into_iter().map(|change| change.change).chain(or_alter).collect();
        Ok(Update { changes, statements, managed, ..Update::default() })
    }

    fn row(&self, path: &str) -> Option<&'static Row> {
        self.rows.iter().find(|row| row.property.path == path)
    }

    fn means(&self, change: &PropertyChange) -> Means {
        let means = self.row(&change.change.path).map_or(Means::Replace, |row| row.means);
        // ALTER PROCEDURE knows OWNER and CALLER
        // (<https://docs.snowflake.com/en/sql-reference/sql/alter-procedure>).
        let both = [&change.change.from, &change.change.to];
        let restricted = both.into_iter().flatten().any(|value| value.sql == "RESTRICTED CALLER");
        if means == Means::Named && restricted { Means::Replace } else { means }
    }

    fn flag(&self, change: &PropertyChange) -> Option<Statement> {
        let Alter::Set(value) = &change.verb else { return None };
        let word = if value.sql == "TRUE" { "SET" } else { "UNSET" };
        Some(self.alter().keyword(word).keyword(change.ddl))
    }

    fn named(&self, change: &PropertyChange) -> Option<Statement> {
        let Alter::Set(value) = &change.verb else { return None };
        Some(self.alter().keyword(change.ddl).value(value))
    }

    /// Whether what can't be read was sent otherwise than it is wanted now. Of one that was never sent from here
    /// nothing is known: it is taken to be as it is wanted.
    fn outdated(there: &There<'_>) -> bool {
        there.entry.sent.is_some() && !there.trusted
    }

    fn cell<'t>(&self, row: &Row, there: &'t There<'_>) -> Cell<'t> {
        let Source::Column(column) = row.property.source else { return Cell::NoColumn };
        if column == "description" {
            return Cell::Is(self.comment(there));
        }
        if row.place == Place::Shown {
            return there.cell(&row.property);
        }
        let Some(rows) = there.details else {
            return if there.trusted { Cell::Unread } else { Cell::Inherited };
        };
        let found = rows.iter().find(|row| row.text("property") == Some(column));
        match (found.and_then(|row| row.text("value")), row.place) {
            (Some(text), _) => Cell::Is(Some(text)),
            (None, Place::DescribedIfAny) => Cell::Is(None),
            (None, _) if Self::outdated(there) => Cell::Inherited,
            (None, _) => Cell::Unread,
        }
    }

    /// Snowflake shows `user-defined procedure` where no comment is set.
    fn comment<'t>(&self, there: &'t There<'_>) -> Option<&'t str> {
        let default = format!("user-defined {}", self.kind.word.to_ascii_lowercase());
        let wanted = self.properties.comment.as_deref() == Some(default.as_str());
        there.found.get("description").flatten().filter(|shown| wanted || *shown != default)
    }

    /// All that the object is to have: what the spec says, and of what it does not manage, what is there.
    fn completed(&self, there: &There<'_>) -> Properties {
        let mut all = self.properties.clone();
        for row in self.rows {
            let Property { path, .. } = row.property;
            let wanted =
                row.property.wanted(&self.properties).is_some() || there.entry.managed.contains(path);
            if wanted && !there.ignores(path) {
                continue;
            }
            if let Cell::Is(Some(text)) = self.cell(row, there) {
                let empty = matches!(text, "" | "[]" | "{}");
                let _understood = empty || row.property.import(Some(text), &mut all);
            }
        }
        all
    }

    /// What differs of what has no row: what CREATE OR ALTER changes, and what only CREATE OR REPLACE does.
    fn fixed(&self, there: &There<'_>) -> (Vec<Change>, Vec<Change>) {
        let (mut or_alter, mut replace) = (vec![], vec![]);
        let change = |path: &str, is: Option<&str>, to: &str| changed(path, is, Some(to), Risk::Safe);
        let differs = |property: &'static str, alike: &dyn Fn(&str) -> bool| match there.described(property) {
            Some(shown) => (!alike(shown)).then_some(Some(shown)),
            // The body of a SECURE one is not shown to everybody.
            None if there.details.is_some() && !Self::outdated(there) => None,
            None => (!there.trusted).then_some(None),
        };
        if !there.ignores("language")
            && let Some(is) = differs("language", &|is| is.eq_ignore_ascii_case(self.language.keyword()))
        {
            replace.push(change("language", is, self.language.keyword()));
        }
        let hidden = self.has_hidden_arguments() && Self::outdated(there);
        if !there.ignores("arguments")
            && let Some(is) = differs("signature", &|is| !hidden && types_of(is, self.names()).is_some())
        {
            let is = is.map(|is| is.trim_start_matches('(').trim_end_matches(')'));
            replace.push(change("arguments", is, &self.shown_arguments()));
        }
        if !there.ignores("returns")
            && let Some(is) = differs("returns", &|is| self.returns.is_shown(is))
        {
            or_alter.push(change("returns", is, &self.returns.to_string()));
        }
        if !there.ignores("body")
            && let Some(is) = differs("body", &|is| same(is, self.body, BodyKind::Delimited))
        {
            let is = is.map(|is| canonical(is, BodyKind::Delimited));
            or_alter.push(change("body", is.as_deref(), &canonical(self.body, BodyKind::Delimited)));
        }
        (or_alter, replace)
    }

    fn names(&self) -> Vec<&Ident> {
        self.arguments.iter().map(|argument| &argument.name).collect()
    }

    /// Defaults and sizes of arguments are shown nowhere.
    fn has_hidden_arguments(&self) -> bool {
        let sized = |of: &DataType| DataType::parse(&of.short()).is_ok_and(|plain| !plain.same_as(of));
        self.arguments.iter().any(|argument| argument.default.is_some() || sized(&argument.data_type))
    }
}

impl Returns {
    /// Whether DESCRIBE shows it so. That it shows the columns of a table without sizes, or with them, is unverified:
    /// they compare without.
    fn is_shown(&self, shown: &str) -> bool {
        match self {
            Self::One(of) => DataType::parse(shown).is_ok_and(|is| is.same_as(of)),
            Self::Table(wanted) => columns(shown).is_some_and(|is| {
                let short = |all: &[(Ident, DataType)]| -> Vec<(Ident, String)> {
                    all.iter().map(|(name, of)| (name.clone(), of.short())).collect()
                };
                short(&is) == short(wanted)
            }),
        }
    }
}
