//! Who gets or loses something.

use super::super::Account;
use super::super::access::Access;
use super::super::answer::quoted;
use super::super::grants::{Grantee, Securable};
use super::super::store::Id;
use crate::context::Context;
use crate::error::SqlError;
use crate::sql::ObjectKind;
use crate::sql::grant::Recipient;

impl Account {
    /// Whom a statement names.
    pub(crate) fn recipient(
        &self,
        context: &Context,
        access: &Access,
        recipient: &Recipient,
    ) -> Result<Grantee, SqlError> {
        let one = std::slice::from_ref;
        Ok(match recipient {
            Recipient::Role(name) => Grantee::Role(self.role_id(name)?),
            Recipient::DatabaseRole(path) => {
                match self.securable(context, access, ObjectKind::DatabaseRole, path)? {
                    Securable::DatabaseRole(_, id) => Grantee::Role(id),
                    _ => return Err(SqlError::impossible()),
                }
            }
            Recipient::User(name) => {
                Grantee::User(self.users.id(name).ok_or_else(|| SqlError::absent("User", quoted(name)))?)
            }
            Recipient::Share(name) => match self.securable(context, access, ObjectKind::Share, one(name))? {
                Securable::Plain(_, id) => Grantee::Share(id),
                _ => return Err(SqlError::impossible()),
            },
            // The only application that there is.
            Recipient::Application(name) => {
                let database = self.databases.get(name).filter(|database| database.head.owner.is_none());
                let database = database.ok_or_else(|| SqlError::absent("Application", quoted(name)))?;
                Grantee::Application(database.head.id)
            }
        })
    }

    /// The role or database role that a statement names.
    pub(crate) fn grantee_role(
        &self,
        context: &Context,
        access: &Access,
        recipient: &Recipient,
    ) -> Result<Id, SqlError> {
        match self.recipient(context, access, recipient)? {
            Grantee::Role(id) => Ok(id),
            _ => Err(SqlError::unsupported("this grant to other than roles")),
        }
    }

    /// A database role gets privileges on its own database and on what is in it alone.
    pub(super) fn near(&self, to: Id, on: Securable) -> Result<(), SqlError> {
        let Some((database, role)) = self.database_role(to) else { return Ok(()) };
        if on.database() == Some(database.head.id) {
            return Ok(());
        }
        Err(SqlError::new(
            3086,
            "42601",
            format!(
                "SQL compilation error:\nDatabase role '{}' cannot be granted privileges on {} '{}', which is not in its database.",
                quoted(&role.head.name),
                on.kind().singular(),
                self.name_of(on)
            ),
        ))
    }
}
