//! Policies on data, as they hang on objects and on columns: one shape for all that carries them, and one list.

use serde::{Deserialize, Serialize};

use super::Account;
use super::access::Access;
use super::grants::Securable;
use crate::context::Context;
use crate::error::SqlError;
use crate::sql::ObjectKind;
use crate::sql::policy::{Attach, PolicyChange};

/// A policy on an object, or on one of its columns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    pub policy: Securable,
    pub column: Option<String>,
    /// The columns that the policy is given.
    pub arguments: Vec<String>,
}

impl Attachment {
    /// A column is called otherwise now.
    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        for name in self.column.iter_mut().chain(&mut self.arguments).filter(|name| *name == from) {
            to.clone_into(name);
        }
    }

    /// Is it on the column, or given it?
    pub(crate) fn uses(&self, name: &str) -> bool {
        self.column.as_deref() == Some(name) || self.arguments.iter().any(|argument| argument == name)
    }
}

/// The masking policy of a column.
pub(crate) fn masking<'a>(attachments: &'a [Attachment], column: &str) -> Option<&'a Attachment> {
    let is = |it: &&Attachment| {
        it.column.as_deref() == Some(column) && it.policy.kind() == ObjectKind::MaskingPolicy
    };
    attachments.iter().find(is)
}

impl Account {
    /// Everything that a policy on data hangs on: tables, views and their like, tags.
    pub(crate) fn attachments(&self) -> impl Iterator<Item = (Securable, &Attachment)> {
        let views = self.views().flat_map(|(on, view)| view.policies.iter().map(move |it| (on, it)));
        let others = self.databases.iter().flat_map(|database| {
            database.schemas.iter().flat_map(|schema| {
                let (database, within) = (database.head.id, schema.head.id);
                let tables = schema.tables.iter().flat_map(move |table| {
                    let on = Securable::Table(database, within, table.head.id);
                    table.policies.iter().map(move |it| (on, it))
                });
                tables.chain(schema.tags_here.iter().flat_map(move |tag| {
                    let on = Securable::Tag(database, within, tag.head.id);
                    tag.policies.iter().map(move |it| (on, it))
                }))
            })
        });
        views.chain(others)
    }

    /// Is the policy in use?
    pub(crate) fn is_attached(&self, policy: Securable) -> bool {
        self.attachments().any(|(_, it)| it.policy == policy)
    }

    /// The policy that a statement puts on an object with these columns, or on one of them.
    ///
    /// # Errors
    ///
    /// `002003` when it is absent, `003001` without APPLY, `000904` for a column that is not there.
    pub(crate) fn attachment(
        &self,
        context: &Context,
        access: &Access,
        attach: &Attach,
        column: Option<&str>,
        columns: &[String],
    ) -> Result<Attachment, SqlError> {
        let policy = self.securable(context, access, attach.kind, &attach.policy)?;
        let global = format!("APPLY {}", attach.kind.singular());
        if !self.may(access, policy, &["APPLY"]) && !self.global(access, &global) {
            return Err(SqlError::denied(attach.kind.lower(), self.name_of(policy)));
        }
        let named = attach.columns.iter().map(String::as_str).chain(column);
        if let Some(name) = named.into_iter().find(|name| !columns.iter().any(|column| column == name)) {
            return Err(super::select::unknown_column(name));
        }
        // The first column after USING is the masked one itself.
        let skip = usize::from(attach.kind == ObjectKind::MaskingPolicy);
        let arguments = attach.columns.iter().skip(skip).cloned().collect();
        Ok(Attachment { policy, column: column.map(ToOwned::to_owned), arguments })
    }

    /// What ALTER does to the policies of an object with these columns, or of one of them.
    ///
    /// # Errors
    ///
    /// Those of [`Self::attachment`] and [`Self::attach`]; `003549` when there is nothing to take away.
    pub(crate) fn change_policies(
        &self,
        (context, access): (&Context, &Access),
        attachments: &mut Vec<Attachment>,
        change: &PolicyChange,
        column: Option<&str>,
        (whom, columns): (&str, &[String]),
    ) -> Result<(), SqlError> {
        let count = attachments.len();
        let (kind, taken) = match change {
            PolicyChange::Exchange { drop, add } => {
                let kind = ObjectKind::RowAccessPolicy;
                if let Some(path) = drop {
                    let policy = self.securable(context, access, kind, path)?;
                    attachments.retain(|it| it.policy != policy);
                }
                let taken = drop.is_none() || attachments.len() < count;
                if let Some(add) = add.as_ref().filter(|_| taken) {
                    let new = self.attachment(context, access, add, None, columns)?;
                    Self::attach(attachments, new, false)?;
                }
                (kind, taken)
            }
            PolicyChange::DropAllRowAccess => {
                attachments.retain(|it| it.policy.kind() != ObjectKind::RowAccessPolicy);
                (ObjectKind::RowAccessPolicy, true)
            }
            PolicyChange::Set(attach, force) => {
                let new = self.attachment(context, access, attach, column, columns)?;
                Self::attach(attachments, new, *force)?;
                (attach.kind, true)
            }
            PolicyChange::Unset(kind) => {
                attachments.retain(|it| it.column.as_deref() != column || it.policy.kind() != *kind);
                (*kind, attachments.len() < count)
            }
        };
        let whom = column.map_or_else(|| whom.to_owned(), |column| format!("column {column}"));
        if taken { Ok(()) } else { Err(Self::not_attached(kind, &whom)) }
    }

    /// Puts an attachment among those that are there: one of a kind, on an object and on each of its columns.
    ///
    /// # Errors
    ///
    /// `003529` for a second masking policy on a column; the number for other kinds is unverified.
    pub(crate) fn attach(
        attachments: &mut Vec<Attachment>,
        new: Attachment,
        force: bool,
    ) -> Result<(), SqlError> {
        let kind = new.policy.kind();
        let same = |it: &Attachment| it.policy.kind() == kind && it.column == new.column;
        if let Some(held) = attachments.iter().find(|it| same(it))
            && !force
            && (held.policy != new.policy || kind == ObjectKind::RowAccessPolicy)
        {
            return Err(if new.column.is_some() {
                let words = kind.singular().to_lowercase();
                SqlError::new(
                    3529,
                    "42601",
                    format!(
                        "Specified column already attached to another {words}. A column cannot be attached to multiple \
                         {words}s. Please drop the current association in order to attach a new {words}."
                    )
                    .replace("policys", "policies"),
                )
            } else {
                let kind = kind.granted_on();
                SqlError::new(
                    3558,
                    "23001",
                    format!("Object already has a {kind} (only one {kind} is allowed at a time)."),
                )
            });
        }
        attachments.retain(|it| !same(it));
        attachments.push(new);
        Ok(())
    }
}
