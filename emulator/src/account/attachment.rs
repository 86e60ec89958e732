//! Policies on data, as they hang on objects and on columns: one shape for all that carries them, and one list.

use serde::{Deserialize, Serialize};

use super::Account;
use super::access::Access;
use super::grants::Securable;
use crate::context::Context;
use crate::error::SqlError;
use crate::sql::ObjectKind;
use crate::sql::policy::Attach;

/// A policy on an object, or on one of its columns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    pub policy: Securable,
    pub column: Option<String>,
    /// The columns that the policy is given.
    pub arguments: Vec<String>,
}

/// The error of a column that the object does not have.
fn no_column(name: &str) -> SqlError {
    super::select::unknown_column(name)
}

impl Account {
    /// Everything that a policy on data hangs on. Whatever else carries attachments adds its own here.
    pub(crate) fn attachments(&self) -> impl Iterator<Item = (Securable, &Attachment)> {
        let views = self.views().flat_map(|(on, view)| view.policies.iter().map(move |it| (on, it)));
        views.chain(self.tag_attachments())
    }

    fn tag_attachments(&self) -> impl Iterator<Item = (Securable, &Attachment)> {
        self.databases.iter().flat_map(|database| {
            database.schemas.iter().flat_map(|schema| {
                let (database, within) = (database.head.id, schema.head.id);
                schema.tags_here.iter().flat_map(move |tag| {
                    let on = Securable::Tag(database, within, tag.head.id);
                    tag.policies.iter().map(move |it| (on, it))
                })
            })
        })
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
            return Err(no_column(name));
        }
        // The first column after USING is the masked one itself.
        let skip = usize::from(attach.kind == ObjectKind::MaskingPolicy);
        let arguments = attach.columns.iter().skip(skip).cloned().collect();
        Ok(Attachment { policy, column: column.map(ToOwned::to_owned), arguments })
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
