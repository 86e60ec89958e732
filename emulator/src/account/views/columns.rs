//! The columns that a query gives, where its text tells them: names and aliases, columns of tables and views, literals,
//! casts, and the functions below. Anything else is VARIANT, for nothing is ever executed here.

use sqlparser::ast::{
    self, Expr, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, TableAlias, TableFactor,
    TableWithJoins, WildcardAdditionalOptions,
};

use super::super::select::unknown_column;
use super::types::variant;
use crate::error::SqlError;
use crate::sql::data_type::DataType;
use crate::sql::definition::{folded, path};

/// A column of a source, or of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) name: String,
    pub(crate) kind: DataType,
    pub(crate) nullable: bool,
    /// Only its text would name it.
    pub(crate) unnamed: bool,
}

/// One part of FROM. Of an open one not all columns are known.
#[derive(Clone, Debug, Default)]
pub(super) struct Source {
    alias: String,
    columns: Vec<Known>,
    open: bool,
}

/// The columns of a table or view; nothing when they are not known.
pub(super) type Look<'a> = &'a dyn Fn(&[String]) -> Option<Vec<Known>>;

/// Reads the columns of a query.
pub(super) struct Typing<'a> {
    look: Look<'a>,
    /// What WITH gives.
    with: Vec<(String, Option<Vec<Known>>)>,
    depth: usize,
}

/// Deeper than this nothing is looked at.
pub(super) const DEPTH: usize = 64;

impl<'a> Typing<'a> {
    pub(super) fn new(look: Look<'a>) -> Self {
        Self { look, with: Vec::new(), depth: 0 }
    }

    /// The columns; nothing when a `*` stands for what is not known.
    ///
    /// # Errors
    ///
    /// `000904` for a column that no source has.
    pub(super) fn query(&mut self, query: &ast::Query) -> Result<Option<Vec<Known>>, SqlError> {
        if self.depth > DEPTH {
            return Ok(None);
        }
        self.depth += 1;
        let before = self.with.len();
        for table in query.with.iter().flat_map(|with| &with.cte_tables) {
            let name = folded(&table.alias.name);
            // A recursive one reads itself: what it is called is known, what it has is not yet.
            self.with.push((name.clone(), None));
            let columns = self.query(&table.query)?;
            self.with.pop();
            self.with.push((name, columns.map(|columns| renamed(columns, Some(&table.alias)))));
        }
        let found = self.body(&query.body);
        self.with.truncate(before);
        self.depth -= 1;
        found
    }

    fn body(&mut self, body: &SetExpr) -> Result<Option<Vec<Known>>, SqlError> {
        // The first SELECT names the columns; a chain of them leans to the left.
        let mut body = body;
        while let SetExpr::SetOperation { left, .. } = body {
            body = left;
        }
        match body {
            SetExpr::Select(select) => self.select(select),
            SetExpr::Query(query) => self.query(query),
            SetExpr::Values(values) => {
                let first = values.rows.first().map(|row| &row.content);
                let cells = first.into_iter().flatten().enumerate();
                Ok(Some(
                    cells.map(|(at, cell)| self.known(&format!("COLUMN{}", at + 1), cell, &[])).collect(),
                ))
            }
            _ => Ok(None),
        }
    }

    fn known(&self, name: &str, expr: &Expr, sources: &[Source]) -> Known {
        let (kind, nullable) = self.expr(expr, sources, 0);
        Known { name: name.to_owned(), kind, nullable, unnamed: false }
    }

    fn select(&mut self, select: &ast::Select) -> Result<Option<Vec<Known>>, SqlError> {
        let mut sources = Vec::new();
        for from in &select.from {
            self.sources(from, &mut sources)?;
        }
        let mut found: Vec<Known> = Vec::new();
        for item in &select.projection {
            match item {
                SelectItem::UnnamedExpr(expr) => {
                    let mut known = match named(expr) {
                        Some(name) => self.known(&name, expr, &sources),
                        None => Known {
                            unnamed: true,
                            ..self.known(&expr.to_string().to_uppercase(), expr, &sources)
                        },
                    };
                    self.settle(expr, &sources, &found, &mut known)?;
                    found.push(known);
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    let mut known = self.known(&folded(alias), expr, &sources);
                    self.settle(expr, &sources, &found, &mut known)?;
                    found.push(known);
                }
                SelectItem::ExprWithAliases { .. } => return Ok(None),
                SelectItem::Wildcard(options) => {
                    if sources.iter().any(|source| source.open) {
                        return Ok(None);
                    }
                    let all = sources.iter().flat_map(|source| source.columns.iter().cloned());
                    found.extend(starred(all.collect(), options));
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
                    let alias = path(name).pop().unwrap_or_default();
                    match sources.iter().find(|source| source.alias == alias) {
                        Some(source) if !source.open => {
                            found.extend(starred(source.columns.clone(), options));
                        }
                        _ => return Ok(None),
                    }
                }
                SelectItem::QualifiedWildcard(..) => return Ok(None),
            }
        }
        Ok(Some(found))
    }

    /// A bare name that no source has is an alias of this SELECT, or wrong.
    fn settle(
        &self,
        expr: &Expr,
        sources: &[Source],
        before: &[Known],
        known: &mut Known,
    ) -> Result<(), SqlError> {
        let Expr::Identifier(ident) = expr else { return Ok(()) };
        let name = folded(ident);
        if sources.is_empty() || column(sources, None, &name).is_some() {
            return Ok(());
        }
        if let Some(alias) = before.iter().find(|it| it.name == name) {
            known.kind = alias.kind.clone();
            known.nullable = alias.nullable;
            return Ok(());
        }
        let pseudo = name.contains('$') || ["LEVEL", "CONNECT_BY_ROOT"].contains(&name.as_str());
        if self.depth > 1 || pseudo || sources.iter().any(|source| source.open) {
            return Ok(());
        }
        let start = ident.span.start;
        let mut error = unknown_column(&name);
        error.message = error.message.replace(
            "error line 1 at position 7",
            &format!("error line {} at position {}", start.line, start.column.saturating_sub(1)),
        );
        Err(error)
    }

    fn sources(&mut self, from: &TableWithJoins, into: &mut Vec<Source>) -> Result<(), SqlError> {
        self.factor(&from.relation, into)?;
        for join in &from.joins {
            self.factor(&join.relation, into)?;
        }
        Ok(())
    }

    fn factor(&mut self, factor: &TableFactor, into: &mut Vec<Source>) -> Result<(), SqlError> {
        match factor {
            TableFactor::Table { name, alias, args: None, .. } => {
                let path = path(name);
                let given = self.with.iter().rev().find(|(it, _)| path.len() == 1 && *it == path[0]);
                let columns = match given {
                    Some((_, columns)) => columns.clone(),
                    None => (self.look)(&path),
                };
                into.push(source(path.last().map_or("", String::as_str), alias.as_ref(), columns));
            }
            TableFactor::Derived { subquery, alias, .. } => {
                let columns = self.query(subquery)?;
                into.push(source("", alias.as_ref(), columns));
            }
            TableFactor::NestedJoin { table_with_joins, .. } => self.sources(table_with_joins, into)?,
            TableFactor::Table { alias, .. }
            | TableFactor::TableFunction { alias, .. }
            | TableFactor::Function { alias, .. }
            | TableFactor::Pivot { alias, .. }
            | TableFactor::Unpivot { alias, .. }
            | TableFactor::MatchRecognize { alias, .. } => into.push(source("", alias.as_ref(), None)),
            _ => into.push(Source { open: true, ..Source::default() }),
        }
        Ok(())
    }
}

/// The name that a column of the result gets without an alias.
fn named(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(ident) => Some(folded(ident)),
        Expr::CompoundIdentifier(parts) => parts.last().map(folded),
        _ => None,
    }
}

fn column<'s>(sources: &'s [Source], alias: Option<&str>, name: &str) -> Option<&'s Known> {
    let of = |source: &&Source| alias.is_none_or(|alias| source.alias == alias);
    sources.iter().filter(of).flat_map(|source| &source.columns).find(|column| column.name == name)
}

pub(super) fn known_column(sources: &[Source], alias: Option<&str>, name: &str) -> (DataType, bool) {
    column(sources, alias, name).map_or((variant(), true), |it| (it.kind.clone(), it.nullable))
}

/// What FROM calls a source; an alias may name its columns, too.
fn source(name: &str, alias: Option<&TableAlias>, columns: Option<Vec<Known>>) -> Source {
    let open = columns.is_none();
    let columns = renamed(columns.unwrap_or_default(), alias);
    Source { alias: alias.map_or_else(|| name.to_owned(), |alias| folded(&alias.name)), columns, open }
}

fn renamed(mut columns: Vec<Known>, alias: Option<&TableAlias>) -> Vec<Known> {
    for (column, name) in columns.iter_mut().zip(alias.iter().flat_map(|alias| &alias.columns)) {
        column.name = folded(&name.name);
        column.unnamed = false;
    }
    columns
}

/// `*` with EXCLUDE and RENAME.
fn starred(mut columns: Vec<Known>, options: &WildcardAdditionalOptions) -> Vec<Known> {
    match &options.opt_exclude {
        Some(ast::ExcludeSelectItem::Single(name)) => {
            columns.retain(|column| Some(&column.name) != path(name).last());
        }
        Some(ast::ExcludeSelectItem::Multiple(names)) => {
            columns.retain(|column| !names.iter().any(|name| path(name).last() == Some(&column.name)));
        }
        None => {}
    }
    let renames = match &options.opt_rename {
        Some(ast::RenameSelectItem::Single(one)) => std::slice::from_ref(one),
        Some(ast::RenameSelectItem::Multiple(many)) => many.as_slice(),
        None => &[],
    };
    for rename in renames {
        for column in columns.iter_mut().filter(|column| column.name == folded(&rename.ident)) {
            column.name = folded(&rename.alias);
        }
    }
    columns
}
