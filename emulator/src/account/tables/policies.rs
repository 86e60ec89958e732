//! Policies on tables: which hang on what, and who may hang them there (docs: security-row-intro,
//! security-column-ddm-intro). They are kept and shown; no row is hidden and no value masked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::Account;
use super::super::access::Access;
use super::super::grants::Securable;
use super::super::select::unknown_column;
use super::record::Table;
use crate::context::Context;
use crate::error::SqlError;
use crate::sql::ObjectKind;
use crate::sql::columns::Masking;
use crate::sql::table::RowAccess;

/// A policy and the columns that are its arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attachment {
    pub(crate) policy: Securable,
    pub(crate) columns: Vec<String>,
}

/// The policies of a table or a view.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TablePolicies {
    pub(crate) row_access: Option<Attachment>,
    /// By column.
    pub(crate) masking: BTreeMap<String, Attachment>,
}

impl TablePolicies {
    pub(crate) fn each(&self) -> impl Iterator<Item = &Attachment> {
        self.row_access.iter().chain(self.masking.values())
    }

    pub(crate) fn each_mut(&mut self, mut change: impl FnMut(&mut Securable)) {
        let all = self.row_access.iter_mut().chain(self.masking.values_mut());
        all.for_each(|attachment| change(&mut attachment.policy));
    }

    /// A column is called otherwise now.
    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        if let Some(attachment) = self.masking.remove(from) {
            self.masking.insert(to.to_owned(), attachment);
        }
        let all = self.row_access.iter_mut().chain(self.masking.values_mut());
        for name in all.flat_map(|attachment| &mut attachment.columns).filter(|name| *name == from) {
            to.clone_into(name);
        }
    }

    /// Is the column an argument of one of them?
    pub(crate) fn use_column(&self, name: &str) -> bool {
        self.each().any(|attachment| attachment.columns.iter().any(|column| column == name))
    }
}

impl Account {
    /// The tables on which a policy hangs.
    pub(crate) fn tables_with(&self, policy: Securable) -> Vec<Securable> {
        let mut found = Vec::new();
        for database in self.databases.iter() {
            for schema in database.schemas.iter() {
                let with = |table: &&Table| table.policies.each().any(|it| it.policy == policy);
                let tables = schema.tables.iter().filter(with);
                found.extend(tables.map(|it| Securable::Table(database.head.id, schema.head.id, it.head.id)));
            }
        }
        found
    }

    /// The masking policy that a column gets. Its own column is its first argument.
    pub(crate) fn masking_for(
        &self,
        context: &Context,
        access: &Access,
        column: &str,
        said: &Masking,
    ) -> Result<Attachment, SqlError> {
        let policy = self.policy(context, access, ObjectKind::MaskingPolicy, &said.policy)?;
        let columns = if said.using.is_empty() { vec![column.to_owned()] } else { said.using.clone() };
        Ok(Attachment { policy, columns })
    }

    pub(crate) fn row_access_for(
        &self,
        context: &Context,
        access: &Access,
        said: &RowAccess,
        table: &Table,
    ) -> Result<Attachment, SqlError> {
        let policy = self.policy(context, access, ObjectKind::RowAccessPolicy, &said.policy)?;
        if let Some(name) = said.on.iter().find(|name| table.place(name).is_none()) {
            return Err(unknown_column(name));
        }
        Ok(Attachment { policy, columns: said.on.clone() })
    }

    /// A policy that the role may hang somewhere: with OWNERSHIP or APPLY of it, or APPLY … POLICY on the account.
    pub(crate) fn policy(
        &self,
        context: &Context,
        access: &Access,
        kind: ObjectKind,
        path: &[String],
    ) -> Result<Securable, SqlError> {
        let on = self.securable(context, access, kind, path)?;
        if !self.global(access, &format!("APPLY {}", kind.singular())) {
            self.need(access, on, &["APPLY"])?;
        }
        Ok(on)
    }
}
