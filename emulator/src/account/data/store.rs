//! The rows of one table, and what happened to them: streams read the difference between two versions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::answer::Cell;
use crate::error::SqlError;

/// The most rows and the most bytes of text that a table holds here.
const MOST_ROWS: usize = 100_000;
const MOST_BYTES: usize = 64 << 20;
/// How many changes of rows and how many statements a table remembers.
const LOG: usize = 200_000;
const MOMENTS: usize = 1_000;

pub(crate) type Values = Vec<Cell>;

/// One row, before and after one statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Change {
    version: u64,
    row: u64,
    before: Option<Values>,
    after: Option<Values>,
}

/// A statement that changed rows: where its version ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Moment {
    version: u64,
    at: i64,
    query_id: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Data {
    rows: BTreeMap<u64, Values>,
    next_row: u64,
    version: u64,
    log: Vec<Change>,
    /// Of versions before this one the log knows no more.
    reaches_to: u64,
    moments: Vec<Moment>,
    /// The next value of a column that counts by itself.
    counters: BTreeMap<String, i64>,
}

/// What a statement does to one row.
#[derive(Clone, Debug)]
pub(crate) enum Edit {
    Insert(Values),
    Update(u64, Values),
    Delete(u64),
}

/// A row of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Delta {
    pub(crate) values: Values,
    pub(crate) inserted: bool,
    pub(crate) update: bool,
    pub(crate) row: u64,
}

fn size(values: &Values) -> usize {
    values.iter().map(|cell| 16 + cell.as_ref().map_or(0, String::len)).sum()
}

impl Data {
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.rows.values().map(size).sum()
    }

    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = (u64, &Values)> {
        self.rows.iter().map(|(row, values)| (*row, values))
    }

    /// The rows alone, as a clone has them.
    pub(crate) fn without_history(&self) -> Self {
        Self {
            rows: self.rows.clone(),
            next_row: self.next_row,
            counters: self.counters.clone(),
            ..Self::default()
        }
    }

    /// Carries out one statement's edits: all of them, or none when the table would grow too large.
    pub(crate) fn apply(&mut self, edits: Vec<Edit>, now: i64, query_id: &str) -> Result<(), SqlError> {
        let added: usize = edits.iter().map(|edit| usize::from(matches!(edit, Edit::Insert(_)))).sum();
        let grown: usize = edits
            .iter()
            .map(|edit| match edit {
                Edit::Insert(values) | Edit::Update(_, values) => size(values),
                Edit::Delete(_) => 0,
            })
            .sum();
        if self.rows.len() + added > MOST_ROWS || (grown > 0 && self.bytes() + grown > MOST_BYTES) {
            return Err(SqlError::unsupported(format!(
                "tables of more than {MOST_ROWS} rows or {} MiB",
                MOST_BYTES >> 20
            )));
        }
        if edits.is_empty() {
            return Ok(());
        }
        self.version += 1;
        let version = self.version;
        for edit in edits {
            let (row, after) = match edit {
                Edit::Insert(values) => {
                    self.next_row += 1;
                    (self.next_row, Some(values))
                }
                Edit::Update(row, values) => (row, Some(values)),
                Edit::Delete(row) => (row, None),
            };
            let before = match &after {
                Some(values) => self.rows.insert(row, values.clone()),
                None => self.rows.remove(&row),
            };
            self.log.push(Change { version, row, before, after });
        }
        self.moments.push(Moment { version, at: now, query_id: query_id.to_owned() });
        if self.moments.len() > MOMENTS {
            self.moments.remove(0);
        }
        if self.log.len() > LOG {
            let reaches_to = self.log[self.log.len() - LOG / 2].version;
            self.log.retain(|change| change.version > reaches_to);
            self.reaches_to = reaches_to;
        }
        Ok(())
    }

    /// The version before or after a statement; nothing when it changed no row here.
    pub(crate) fn version_of(&self, query_id: &str, before: bool) -> Option<u64> {
        let moment = self.moments.iter().find(|moment| moment.query_id == query_id)?;
        Some(moment.version - u64::from(before))
    }

    /// The version at a time; `before`: just before it.
    pub(crate) fn version_at(&self, at: i64, before: bool) -> u64 {
        let past = |moment: &&Moment| if before { moment.at < at } else { moment.at <= at };
        let oldest = self.moments.first().map_or(self.version, |moment| moment.version - 1);
        self.moments.iter().rev().find(past).map_or(oldest, |moment| moment.version)
    }

    /// What changed since a version; nothing when the log does not reach back so far.
    pub(crate) fn since(&self, version: u64, append_only: bool) -> Option<Vec<Delta>> {
        if version < self.reaches_to {
            return None;
        }
        let changes = self.log.iter().filter(|change| change.version > version);
        if append_only {
            // An insert stays one, whatever became of the row (docs: streams-intro).
            let inserts = changes.filter(|change| change.before.is_none());
            return Some(
                inserts
                    .filter_map(|change| {
                        let values = change.after.clone()?;
                        Some(Delta { values, inserted: true, update: false, row: change.row })
                    })
                    .collect(),
            );
        }
        let mut net: BTreeMap<u64, (Option<&Values>, Option<&Values>)> = BTreeMap::new();
        for change in changes {
            let entry = net.entry(change.row).or_insert((change.before.as_ref(), None));
            entry.1 = change.after.as_ref();
        }
        let mut found = Vec::new();
        for (row, (before, after)) in net {
            if before == after {
                continue;
            }
            let update = before.is_some() && after.is_some();
            let delta = |values: &Values, inserted| Delta { values: values.clone(), inserted, update, row };
            found.extend(after.map(|values| delta(values, true)));
            found.extend(before.map(|values| delta(values, false)));
        }
        Some(found)
    }

    /// The rows that were there at a version; nothing when the log does not reach back so far.
    pub(crate) fn at(&self, version: u64) -> Option<Vec<(u64, Values)>> {
        if version < self.reaches_to {
            return None;
        }
        let mut rows = self.rows.clone();
        for change in self.log.iter().rev().filter(|change| change.version > version) {
            match &change.before {
                Some(values) => rows.insert(change.row, values.clone()),
                None => rows.remove(&change.row),
            };
        }
        Some(rows.into_iter().collect())
    }

    fn each_mut(&mut self) -> impl Iterator<Item = &mut Values> {
        let logged = self.log.iter_mut().flat_map(|change| change.before.iter_mut().chain(&mut change.after));
        self.rows.values_mut().chain(logged)
    }

    pub(crate) fn add_column(&mut self, value: Cell) {
        self.each_mut().for_each(|values| values.push(value.clone()));
    }

    pub(crate) fn drop_column(&mut self, at: usize) {
        self.each_mut().for_each(|values| {
            values.remove(at);
        });
    }

    pub(crate) fn has_null(&self, at: usize) -> bool {
        self.rows.values().any(|values| values.get(at).is_none_or(Option::is_none))
    }

    /// How many digits the longest number of a column has before its point.
    pub(crate) fn longest_number(&self, at: usize) -> u64 {
        let digits = |cell: &Cell| {
            let text = cell.as_deref().unwrap_or_default();
            text.split('.').next().unwrap_or_default().trim_start_matches('-').trim_start_matches('0').len()
        };
        let longest = self.rows.values().filter_map(|values| values.get(at)).map(digits).max();
        longest.unwrap_or_default() as u64
    }

    /// Where the columns that count are, to go back there when a statement fails.
    pub(crate) fn counters(&self) -> BTreeMap<String, i64> {
        self.counters.clone()
    }

    pub(crate) fn restore(&mut self, counters: BTreeMap<String, i64>) {
        self.counters = counters;
    }

    /// The next value of a column that counts by itself.
    pub(crate) fn count(&mut self, column: &str, start: i64, increment: i64) -> i64 {
        let next = self.counters.entry(column.to_owned()).or_insert(start);
        let value = *next;
        *next = next.saturating_add(increment);
        value
    }
}
