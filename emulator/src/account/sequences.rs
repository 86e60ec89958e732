//! Sequences: made, altered, shown; and the values they give.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Account;
use super::access::Access;
use super::answer::{Cell, display, executed, number, status, table, text, time, yes};
use super::container::inside::taken;
use super::grants::Securable;
use super::plain::{Detail, Plain};
use super::store::{Head, Id};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::ColumnType::{Fixed, Text, TimestampLtz};
use crate::rows::{ColumnType, Rows};
use crate::sql::ObjectKind;
use crate::sql::sequence::{AlterSequence, CreateSequence, SequenceAction};

/// What a sequence is, besides its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sequence {
    pub(crate) next: i64,
    pub(crate) increment: i64,
    pub(crate) ordered: bool,
}

/// The columns of SHOW and DESCRIBE (docs: show-sequences).
const COLUMNS: &[(&str, ColumnType)] = &[
    ("name", Text),
    ("database_name", Text),
    ("schema_name", Text),
    ("next_value", Fixed),
    ("interval", Fixed),
    ("created_on", TimestampLtz),
    ("owner", Text),
    ("comment", Text),
    ("owner_role_type", Text),
    ("ordered", Text),
];

impl Account {
    pub(crate) fn create_sequence(
        &mut self,
        context: &Context,
        create: &CreateSequence,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let kind = ObjectKind::Sequence;
        let access = self.access(context)?;
        let (within, name) = self.in_schema(context, &access, &create.path)?;
        self.may_create_in(&access, Securable::Schema(within.0, within.1), "CREATE SEQUENCE")?;
        let on = |id: Id| Securable::Inside(kind, within.0, within.1, id);
        let before = self.plain_in(kind, Some(within)).and_then(|store| store.id(&name));
        if let Some(answer) = taken(create.how, before, &create.path, &name)? {
            return Ok(answer);
        }
        if let Some(before) = before {
            self.need(&access, on(before), &[])?;
        }
        let mut head = self.head(&name, &access, now);
        head.comment = create.comment.clone().unwrap_or_default();
        let made = Sequence { next: create.start, increment: create.increment, ordered: create.ordered };
        let id = head.id;
        self.put_inside(kind, within, (before, head));
        self.schema_mut(within)?.sequences.insert(id, made);
        self.grant_future(on(id), now);
        Ok(status(format!("Sequence {name} successfully created.")))
    }

    /// Puts an object of a schema under its name, in the place of one that had it.
    pub(crate) fn put_inside(
        &mut self,
        kind: ObjectKind,
        within: (Id, Id),
        (before, head): (Option<Id>, Head),
    ) {
        if let Some(before) = before {
            let on = Securable::Inside(kind, within.0, within.1, before);
            self.remove_inside(on);
            self.forget(on);
        }
        if let Ok(store) = self.plain_in_mut(kind, Some(within)) {
            store.put(Plain {
                head,
                properties: BTreeMap::new(),
                tags: BTreeMap::new(),
                detail: Detail::None,
            });
        }
    }

    fn remove_inside(&mut self, on: Securable) {
        let Securable::Inside(kind, database, schema, id) = on else { return };
        if let Ok(store) = self.plain_in_mut(kind, Some((database, schema))) {
            store.remove(id);
        }
        self.forget_inside(on);
    }

    /// What a stream or a sequence was goes with it.
    pub(crate) fn forget_inside(&mut self, on: Securable) {
        let Securable::Inside(kind, database, schema, id) = on else { return };
        let Ok(schema) = self.schema_mut((database, schema)) else { return };
        match kind {
            ObjectKind::Stream => drop(schema.streams.remove(&id)),
            ObjectKind::Sequence => drop(schema.sequences.remove(&id)),
            _ => {}
        }
    }

    pub(crate) fn alter_sequence(
        &mut self,
        context: &Context,
        alter: &AlterSequence,
    ) -> Result<Rows, SqlError> {
        let kind = ObjectKind::Sequence;
        let access = self.access(context)?;
        let on = match self.securable(context, &access, kind, &alter.path) {
            Ok(on) => on,
            Err(_) if alter.if_exists => return Ok(executed()),
            Err(error) => return Err(error),
        };
        self.need(&access, on, &[])?;
        let Securable::Inside(_, database, schema, id) = on else { return Err(SqlError::impossible()) };
        match &alter.action {
            SequenceAction::RenameTo(to) => {
                let (there, name) = self.in_schema(context, &access, to)?;
                self.may_create_in(&access, Securable::Schema(there.0, there.1), "CREATE SEQUENCE")?;
                let there_already = self.plain_in(kind, Some(there)).and_then(|store| store.id(&name));
                if there_already.is_some_and(|other| other != id) {
                    return Err(SqlError::exists(display(to)));
                }
                let from = self.schema_mut((database, schema))?;
                let moved = from.plain.get_mut(&kind).and_then(|store| store.remove(id));
                let sequence = from.sequences.remove(&id);
                let to = self.schema_mut(there)?;
                if let (Some(mut object), Some(sequence)) = (moved, sequence) {
                    object.head.name = name;
                    to.plain.entry(kind).or_default().put(object);
                    to.sequences.insert(id, sequence);
                }
                let moved = Securable::Inside(kind, there.0, there.1, id);
                if moved != on {
                    self.grants.move_object(on, moved);
                }
            }
            SequenceAction::Set { increment, ordered, comment } => {
                if let Some(sequence) = self.schema_mut((database, schema))?.sequences.get_mut(&id) {
                    sequence.increment = increment.unwrap_or(sequence.increment);
                    sequence.ordered = ordered.unwrap_or(sequence.ordered);
                }
                if let (Some(comment), Some(head)) = (comment, self.head_of(on)) {
                    head.comment.clone_from(comment);
                }
            }
            SequenceAction::UnsetComment => {
                if let Some(head) = self.head_of(on) {
                    head.comment.clear();
                }
            }
        }
        Ok(executed())
    }

    pub(crate) fn sequence_columns() -> Rows {
        table(COLUMNS)
    }

    pub(crate) fn sequence_row(&self, on: Securable, head: &Head) -> Vec<Cell> {
        let path = self.path_of(on);
        let sequence = self.sequence_at(on).copied();
        vec![
            text(&head.name),
            path.first().cloned(),
            path.get(1).cloned(),
            sequence.and_then(|it| number(it.next)),
            sequence.and_then(|it| number(it.increment)),
            time(head.created_on),
            text(self.role_name(head.owner)),
            text(&head.comment),
            text(self.role_type(head.owner)),
            yes(sequence.is_some_and(|it| it.ordered)),
        ]
    }

    pub(crate) fn describe_sequence(
        &self,
        context: &Context,
        access: &Access,
        path: &[String],
    ) -> Result<Rows, SqlError> {
        let on = self.securable(context, access, ObjectKind::Sequence, path)?;
        let mut rows = Self::sequence_columns();
        rows.rows.extend(self.head_at(on).map(|head| self.sequence_row(on, head)));
        Ok(rows)
    }

    fn sequence_at(&self, on: Securable) -> Option<&Sequence> {
        let Securable::Inside(_, database, schema, id) = on else { return None };
        self.schema((database, schema)).ok()?.sequences.get(&id)
    }
}

/// The values that a statement takes from sequences: they are taken for good once the statement succeeds.
#[derive(Debug, Default)]
pub(crate) struct Taken(RefCell<BTreeMap<Securable, i64>>);

impl Taken {
    pub(crate) fn next(
        &self,
        account: &Account,
        context: &Context,
        access: &Access,
        path: &[String],
    ) -> Result<i64, SqlError> {
        let on = account.securable(context, access, ObjectKind::Sequence, path)?;
        account.need(access, on, &["USAGE"])?;
        let sequence = account.sequence_at(on).ok_or_else(SqlError::impossible)?;
        let mut taken = self.0.borrow_mut();
        let next = taken.entry(on).or_insert(sequence.next);
        let value = *next;
        *next = next.saturating_add(sequence.increment);
        Ok(value)
    }

    pub(crate) fn keep(self, account: &mut Account) {
        for (on, next) in self.0.into_inner() {
            let Securable::Inside(_, database, schema, id) = on else { continue };
            if let Ok(schema) = account.schema_mut((database, schema))
                && let Some(sequence) = schema.sequences.get_mut(&id)
            {
                sequence.next = next;
            }
        }
    }
}
