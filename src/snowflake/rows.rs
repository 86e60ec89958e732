//! The rows of an answer.
use std::{fmt, sync::Arc};

use crate::values::map::{Map, with_room};

const NULL: u32 = u32::MAX;

/// The rows of a SHOW, DESC or SELECT: text or NULL, by column name.
///
/// All text lies in one string; a cell that repeats the one above it costs four bytes. 9,500 warehouses take
/// a few megabytes.
#[derive(Clone)]
pub struct Rows {
    columns: Arc<Columns>,
    /// The texts, one after another; `ends[n]` is where the n-th ends.
    text: String,
    ends: Vec<u32>,
    /// Row by row the number of the text, or `NULL`.
    cells: Vec<u32>,
    len: usize,
}

#[derive(Default)]
struct Columns {
    names: Vec<Box<str>>,
    by_name: Map<Box<str>, usize>,
}

/// One row.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    rows: &'a Rows,
    first: usize,
}

/// The answer holds more text than [`Rows`] can (4 GiB).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the result has more text than fits into memory")]
pub struct TooLarge;

impl Rows {
    /// No rows, of these columns. Names are compared in lower case; of equal ones the first counts.
    pub fn new<N: AsRef<str>>(columns: impl IntoIterator<Item = N>) -> Self {
        let names: Vec<Box<str>> =
            columns.into_iter().map(|name| name.as_ref().to_ascii_lowercase().into()).collect();
        let mut by_name = with_room(names.len());
        for (n, name) in names.iter().enumerate() {
            by_name.entry(name.clone()).or_insert(n);
        }
        Self {
            columns: Arc::new(Columns { names, by_name }),
            text: String::new(),
            ends: vec![],
            cells: vec![],
            len: 0,
        }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The columns' names in lower case, in order.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = &str> {
        self.columns.names.iter().map(|name| &**name)
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = Row<'_>> + DoubleEndedIterator {
        (0..self.len).map(|n| self.at(n))
    }

    /// The n-th row, counted from 0.
    pub fn row(&self, n: usize) -> Option<Row<'_>> {
        (n < self.len).then(|| self.at(n))
    }

    pub fn first(&self) -> Option<Row<'_>> {
        self.row(0)
    }

    /// The bytes that the rows take.
    pub fn memory(&self) -> usize {
        self.text.capacity() + 4 * (self.ends.capacity() + self.cells.capacity())
    }

    /// Adds a row; cells that are missing are NULL, cells without a column are left out.
    pub fn push<'a>(&mut self, row: impl IntoIterator<Item = Option<&'a str>>) -> Result<(), TooLarge> {
        let mut cells = row.into_iter();
        for _ in 0..self.width() {
            self.push_cell(cells.next().flatten())?;
        }
        self.end_row();
        Ok(())
    }

    /// Adds the rows of a further partition, which has the same columns.
    pub(super) fn append(&mut self, more: &Self) -> Result<(), TooLarge> {
        for row in more.iter() {
            self.push((0..more.width()).map(|n| row.cell(n)))?;
        }
        Ok(())
    }

    pub(super) fn width(&self) -> usize {
        self.columns.names.len()
    }

    /// Adds the next cell of the row under way.
    pub(super) fn push_cell(&mut self, cell: Option<&str>) -> Result<(), TooLarge> {
        let Some(text) = cell else {
            self.cells.push(NULL);
            return Ok(());
        };
        if let Some(above) = self.cells.len().checked_sub(self.width()).map(|n| self.cells[n])
            && above != NULL
            && self.text_at(above) == text
        {
            self.cells.push(above);
            return Ok(());
        }
        let id = u32::try_from(self.ends.len()).map_err(|_| TooLarge)?;
        let end = u32::try_from(self.text.len() + text.len()).map_err(|_| TooLarge)?;
        if id == NULL {
            return Err(TooLarge);
        }
        self.text.push_str(text);
        self.ends.push(end);
        self.cells.push(id);
        Ok(())
    }

    pub(super) fn end_row(&mut self) {
        self.len += 1;
    }

    /// Gives back what was reserved in advance.
    pub(super) fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
        self.cells.shrink_to_fit();
    }

    fn at(&self, n: usize) -> Row<'_> {
        Row { rows: self, first: n * self.width() }
    }

    fn text_at(&self, id: u32) -> &str {
        let id = id as usize;
        let start = id.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start as usize..self.ends[id] as usize]
    }
}

impl Default for Rows {
    fn default() -> Self {
        Self::new(std::iter::empty::<&str>())
    }
}

impl<'a> Row<'a> {
    /// The cell of a column (name in lower case): `None` where there is no such column, `Some(None)` for NULL.
    pub fn get(&self, column: &str) -> Option<Option<&'a str>> {
        self.rows.columns.by_name.get(column).map(|n| self.cell(*n))
    }

    /// The text of a cell; `None` for NULL and where there is no such column.
    pub fn text(&self, column: &str) -> Option<&'a str> {
        self.get(column).flatten()
    }

    /// All cells with their columns, in order.
    pub fn cells(&self) -> impl Iterator<Item = (&'a str, Option<&'a str>)> + use<'a> {
        let row = *self;
        self.rows.columns.names.iter().enumerate().map(move |(n, name)| (&**name, row.cell(n)))
    }

    fn cell(&self, n: usize) -> Option<&'a str> {
        let id = self.rows.cells[self.first + n];
        (id != NULL).then(|| self.rows.text_at(id))
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.cells()).finish()
    }
}

#[cfg(test)]
mod tests;
