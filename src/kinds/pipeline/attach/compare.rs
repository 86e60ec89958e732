//! What differs between what hangs on an object and what is to.

use std::collections::BTreeSet;

use super::{Attaching, Attachments, BEGUN, Mask, Once, ROW_ACCESS, RowAccess, recorded::Recorded, tag_path};
use crate::{
    kinds::pipeline::object::{Losing, There, Update, changed},
    plan::{Change, Risk},
    snowflake::Statement,
    values::{full_name::FullName, ident::Ident},
};

const POLICY_ON_ROWS: &str = "ROW ACCESS POLICY ";

/// The columns that an object has, once what is done to them is done.
#[derive(Debug, Default)]
pub(in super::super) struct ColumnsNow {
    /// Those that are there already, by their new names.
    pub present: Vec<Ident>,
    /// From, to.
    pub renamed: Vec<(Ident, Ident)>,
    /// The same of those that were renamed before, as far as the former name is gone: a record may still have that.
    pub followed: Vec<(Ident, Ident)>,
    /// Those that are dropped once they may, and whether what is wanted on one can hang on it until then.
    pub going: Vec<(Ident, bool)>,
}

impl ColumnsNow {
    fn name(&self, recorded: &Ident) -> Ident {
        let to = self.renamed.iter().chain(&self.followed).find(|(from, _)| from == recorded);
        to.map_or_else(|| recorded.clone(), |(_, to)| to.clone())
    }
    fn goes(&self, column: &Ident) -> bool {
        self.going.iter().any(|(going, _)| going == column)
    }
    /// Whether another one takes its place, on which what is wanted comes along.
    fn waits(&self, column: &Ident) -> bool {
        self.going.iter().any(|(going, takes)| going == column && !takes)
    }
}

impl Attachments {
    fn alter(&self) -> Statement {
        Statement::new("ALTER").of_kind(self.kind.word).keyword(self.kind.word).full_name(&self.name)
    }

    fn alter_column(&self, column: &Ident) -> Statement {
        self.alter().keyword("ALTER COLUMN").ident(column)
    }

    /// What is to be done, as a part of an update. Masking policies of columns that are not there yet come with
    /// ADD COLUMN.
    pub fn compare(&self, there: &There<'_>, columns: &ColumnsNow, update: &mut Update) {
        update.managed.extend(self.fields().into_iter().map(|change| change.path));
        let still = columns.renamed.is_empty() && columns.going.is_empty();
        if there.description.is_none() && still && self.settled(&there.entry.attached) {
            return;
        }
        let mut known = Recorded::read(&there.entry.attached);
        // A policy follows its columns when they are renamed.
        let all = known.row_access.iter_mut().chain(&mut known.maybe);
        for column in all.flat_map(|policy| &mut policy.columns) {
            *column = columns.name(column);
        }
        for (mask, _) in &mut known.masks {
            mask.column = columns.name(&mask.column);
            mask.using = mask.using.iter().map(|column| columns.name(column)).collect();
        }
        let before = there.entry.attached.clone();
        let mut work = Attaching { before, after: self.names(), ..Attaching::default() };
        self.compare_row_access(there, &known, &mut work);
        self.compare_masks(there, &known, columns, &mut work);
        self.compare_tags(there, &known, &mut work);
        self.keep_masks(there, &known, columns, &mut work, update.losing.as_mut());
        if work.writes() || work.after != there.entry.attached {
            update.attaching = Some(work);
        }
    }

    fn compare_row_access(&self, there: &There<'_>, known: &Recorded, work: &mut Attaching) {
        let wanted = self.row_access.as_ref();
        let is = known.row_access.first();
        let (from, to, request) = match &known.under {
            // What was begun comes to its end first, whatever is wanted now: then it is known what is there.
            Some((request, to)) => (is, to.as_ref(), Some(*request)),
            None => (is, wanted, None),
        };
        let unsure = !known.maybe.is_empty() || known.row_access.len() > 1;
        if there.ignores(ROW_ACCESS) || (there.unrecorded && is.is_none()) {
            // It stays as it is recorded.
            work.after.retain(|name| !name.contains(POLICY_ON_ROWS));
            let recorded = there.entry.attached.iter().filter(|name| name.contains(POLICY_ON_ROWS));
            work.after.extend(recorded.cloned());
            return;
        }
        if from == to && request.is_none() && !unsure {
            return;
        }
        let drop_all = self.alter().keyword("DROP ALL ROW ACCESS POLICIES");
        let shown = from.map(ToString::to_string).or_else(|| unsure.then(|| "not known".to_owned()));
        let becomes = to.map(ToString::to_string);
        let change = changed(ROW_ACCESS, shown.as_deref(), becomes.as_deref(), Risk::Safe);
        let add = |statement: Statement, policy: &RowAccess| {
            policy.says(statement.keyword("ADD ROW ACCESS POLICY"))
        };
        let drop =
            |policy: &RowAccess| self.alter().keyword("DROP ROW ACCESS POLICY").full_name(&policy.policy);
        // A creation was sent twice with different policies: which one it made is not known. The object is new.
        let (first, from) = if unsure { (Some(drop_all.clone()), None) } else { (None, from) };
        let statement = match (from, to) {
            // One statement, so that no moment is without a policy.
            (Some(from), Some(to)) => add(drop(from).keyword(","), to),
            (None, Some(to)) => add(self.alter(), to),
            (Some(from), None) => drop(from),
            (None, None) => drop_all,
        };
        let first = first.filter(|first| *first != statement);
        work.once = Some(Once { change, first, statement, becomes: to.cloned(), request });
        // The driver adds what is begun; what was begun under an earlier request goes on under that.
        work.before.retain(|name| !(name.starts_with(BEGUN) && name.contains(super::UNDER)));
        if request.is_some() {
            work.after.retain(|name| !name.starts_with(POLICY_ON_ROWS));
            work.after.extend(to.map(|policy| format!("ROW ACCESS POLICY {policy}")));
        }
    }

    fn compare_masks(&self, there: &There<'_>, known: &Recorded, columns: &ColumnsNow, work: &mut Attaching) {
        let here = |mask: &Mask| columns.present.contains(&mask.column) && !columns.waits(&mask.column);
        for mask in self.masks.iter().filter(|mask| here(mask)) {
            let of_column = || known.masks.iter().filter(|(other, _)| other.column == mask.column);
            let shown = described(there, columns, &mask.column);
            let is = of_column().find(|(_, sure)| *sure).map(|(other, _)| other);
            let alike = match (&shown, is) {
                (None, is) => is == Some(mask) && of_column().count() == 1,
                (Some(shown), Some(is)) => is == mask && shown.as_ref() == Some(&mask.policy),
                // Taken over with the policy on it. What it is given can't be seen.
                (Some(shown), None) => mask.using.is_empty() && shown.as_ref() == Some(&mask.policy),
            };
            if alike {
                continue;
            }
            // Its arguments fit once another column has come.
            if mask.using.iter().any(|column| columns.waits(column)) {
                work.after.remove(&mask.recorded());
                work.after.extend(of_column().map(|(other, sure)| other.begun_unless(*sure)));
                continue;
            }
            if there.ignores(&mask.path()) {
                work.after.remove(&mask.recorded());
                continue;
            }
            let from = match &shown {
                Some(shown) => shown.as_ref().map(ToString::to_string),
                None => is.map(Mask::shown),
            };
            let change = changed(mask.path(), from.as_deref(), Some(&mask.shown()), Risk::Safe);
            let statement = mask.says(self.alter_column(&mask.column).keyword("SET MASKING POLICY"));
            // FORCE puts it in the place of another one in one statement.
            let another = from.is_some() || of_column().next().is_some();
            let statement = if another { statement.keyword("FORCE") } else { statement };
            work.push(change, statement);
            work.before.insert(mask.begun_unless(false));
        }
        for (mask, _) in known.masks.iter().filter(|(mask, _)| here(mask)) {
            let wanted = self.masks.iter().any(|other| other.column == mask.column);
            let shown = described(there, columns, &mask.column);
            // Somebody else's, or none, is none of ours.
            let gone = shown.is_some_and(|shown| shown.as_ref() != Some(&mask.policy));
            if wanted || gone || there.ignores(&mask.path()) {
                continue;
            }
            let change = changed(mask.path(), Some(&mask.shown()), None, Risk::Safe);
            work.push(change, self.alter_column(&mask.column).keyword("UNSET MASKING POLICY"));
        }
    }

    /// A column that goes keeps its policy until then: while it waits, nobody sees what was hidden. Snowflake drops no
    /// column that has one, so it is taken off right before; where the DROP did not follow, it is set again.
    fn keep_masks(
        &self,
        there: &There<'_>,
        known: &Recorded,
        columns: &ColumnsNow,
        work: &mut Attaching,
        losing: Option<&mut Losing>,
    ) {
        let (mut changes, mut statements, mut taken_off) = (vec![], vec![], BTreeSet::new());
        let mut done = work.after.clone();
        for (column, takes) in &columns.going {
            let wanted = self.masks.iter().find(|mask| mask.column == *column);
            let hangs = if *takes { wanted } else { self.kept(there, known, columns, column, work) };
            let Some(mask) = hangs.filter(|mask| !there.ignores(&mask.path())) else { continue };
            if !takes {
                done.remove(&mask.recorded());
                let to = wanted.map(Mask::shown);
                changes.push(changed(mask.path(), Some(&mask.shown()), to.as_deref(), Risk::Safe));
            }
            statements.push(self.alter_column(column).keyword("UNSET MASKING POLICY"));
            taken_off.insert(mask.recorded());
        }
        let Some(losing) = losing.filter(|_| !columns.going.is_empty()) else { return };
        let come = self.masks.iter().filter(|mask| columns.goes(&mask.column));
        done.extend(come.map(Mask::recorded));
        // What is taken off may hang there or not until all is done.
        let unsure =
            |name: &String| if taken_off.contains(name) { format!("{BEGUN}{name}") } else { name.clone() };
        let begun: BTreeSet<String> = work.after.iter().map(unsure).collect();
        losing.changes.splice(0..0, changes);
        losing.statements.splice(0..0, statements);
        if begun != done {
            losing.attached = Some([begun, done]);
        }
    }

    /// The policy that stays on a column until that goes. What was taken off here is set again.
    fn kept<'k>(
        &self,
        there: &There<'_>,
        known: &'k Recorded,
        columns: &ColumnsNow,
        column: &Ident,
        work: &mut Attaching,
    ) -> Option<&'k Mask> {
        let all = || known.masks.iter().filter(|(mask, _)| mask.column == *column);
        if let Some(wanted) = self.masks.iter().find(|mask| mask.column == *column) {
            work.after.remove(&wanted.recorded());
        }
        match described(there, columns, column) {
            // Not read: it is as it is recorded.
            None => {
                work.after.extend(all().map(|(mask, sure)| mask.begun_unless(*sure)));
                all().map(|(mask, _)| mask).next()
            }
            // Somebody else's is none of ours.
            Some(Some(shown)) => {
                let (mask, _) = all().find(|(mask, _)| mask.policy == shown)?;
                work.after.insert(mask.recorded());
                Some(mask)
            }
            // What was taken off here is only begun; what is sure was taken off by somebody else.
            Some(None) => {
                let (mask, _) = all().find(|(_, sure)| !sure)?;
                if there.ignores(&mask.path()) {
                    return None;
                }
                let change = changed(mask.path(), None, Some(&mask.shown()), Risk::Safe);
                work.push(change, mask.says(self.alter_column(column).keyword("SET MASKING POLICY")));
                work.after.insert(mask.recorded());
                Some(mask)
            }
        }
    }

    fn compare_tags(&self, there: &There<'_>, known: &Recorded, work: &mut Attaching) {
        let is = |tag: &FullName| known.tags.get(tag).and_then(Option::as_deref);
        let differ = self.tags.iter().filter(|(tag, value)| is(tag) != Some(value.as_str()));
        let leaves = |tag: &FullName| there.unrecorded || there.ignores(&tag_path(tag));
        let (left, set): (Vec<_>, Vec<_>) = differ.partition(|(tag, _)| leaves(tag));
        for (tag, value) in left {
            work.after.remove(&format!("TAG {tag} = {value}"));
        }
        let gone: Vec<_> = known.tags.keys().filter(|tag| !self.tags.contains_key(*tag)).collect();
        let comma = |n: usize, statement: Statement| if n == 0 { statement } else { statement.keyword(",") };
        if !set.is_empty() {
            let mut statement = self.alter().keyword("SET TAG");
            for (n, (tag, value)) in set.iter().enumerate() {
                statement = comma(n, statement).full_name(tag).keyword("=").literal(value);
                work.changes.push(changed(tag_path(tag), is(tag), Some(value), Risk::Safe));
                work.before.insert(format!("{BEGUN}TAG {tag} = {value}"));
            }
            work.statements.push(statement);
        }
        if !gone.is_empty() {
            let mut statement = self.alter().keyword("UNSET TAG");
            for (n, tag) in gone.iter().enumerate() {
                statement = comma(n, statement).full_name(tag);
                work.changes.push(changed(tag_path(tag), is(tag), None, Risk::Safe));
            }
            work.statements.push(statement);
        }
    }
}

impl Attaching {
    fn push(&mut self, change: Change, statement: Statement) {
        self.changes.push(change);
        self.statements.push(statement);
    }
}

/// The policy that DESCRIBE shows on a column; `None`: it was not read, or is not understood.
#[allow(clippy::option_option)] // not read, read and none, read
fn described(there: &There<'_>, columns: &ColumnsNow, column: &Ident) -> Option<Option<FullName>> {
    let from = columns.renamed.iter().find(|(_, to)| to == column).map_or(column, |(from, _)| from);
    let mut rows = there.description?.iter();
    let row = rows.find(|row| row.text("name") == Some(from.as_str()))?;
    match row.text("policy name").filter(|text| !text.is_empty()) {
        Some(text) => FullName::parse(text).ok().map(Some),
        None => Some(None),
    }
}
