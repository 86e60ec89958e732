//! Which object a name stands for.

use super::Account;
use super::access::Access;
use super::answer::{display, quoted};
use super::grants::Securable;
use super::store::{Id, Object};
use crate::context::Context;
use crate::error::SqlError;
use crate::sql::ObjectKind;

impl Account {
    pub(crate) fn role_id(&self, name: &str) -> Result<Id, SqlError> {
        self.roles.id(name).ok_or_else(|| SqlError::absent("Role", quoted(name)))
    }

    /// The object that a statement names, when the role sees it.
    pub(crate) fn securable(
        &self,
        context: &Context,
        access: &Access,
        kind: ObjectKind,
        path: &[String],
    ) -> Result<Securable, SqlError> {
        let absent = || SqlError::absent(kind.noun(), display(path));
        let single = || path.last().filter(|_| path.len() == 1).ok_or_else(absent);
        match kind {
            ObjectKind::Account | ObjectKind::Session => Ok(Securable::Account),
            ObjectKind::Warehouse => self.warehouse_id(access, path).map(Securable::Warehouse),
            ObjectKind::ResourceMonitor => self.monitor_id(access, path).map(Securable::ResourceMonitor),
            ObjectKind::Database => {
                self.database(access, single()?).map(|database| Securable::Database(database.head.id))
            }
            ObjectKind::Schema => {
                self.schema_id(context, access, path).map(|(database, id)| Securable::Schema(database, id))
            }
            ObjectKind::Role => self.roles.id(single()?).map(Securable::Role).ok_or_else(absent),
            ObjectKind::User => self.users.id(single()?).map(Securable::User).ok_or_else(absent),
            ObjectKind::Table | ObjectKind::Tag => {
                let ((database, schema), name) = self.in_schema(context, access, path)?;
                let holder = self.schema((database, schema))?;
                let on = match kind {
                    ObjectKind::Table => {
                        holder.tables.id(&name).map(|id| Securable::Table(database, schema, id))
                    }
                    _ => holder.tags_here.id(&name).map(|id| Securable::Tag(database, schema, id)),
                };
                on.filter(|on| self.sees(access, *on)).ok_or_else(absent)
            }
        }
    }

    /// The head of any object.
    pub(crate) fn head_of(&mut self, on: Securable) -> Option<&mut super::Head> {
        let schema = |account: &mut Self, database: Id, schema: Id| {
            account.databases.by_id(database).and_then(|it| it.schemas.by_id(schema)).is_some()
        };
        match on {
            Securable::Account => None,
            Securable::Warehouse(id) => self.warehouses.by_id_mut(id).map(Object::head_mut),
            Securable::ResourceMonitor(id) => self.monitors.by_id_mut(id).map(Object::head_mut),
            Securable::Database(id) => self.databases.by_id_mut(id).map(Object::head_mut),
            Securable::Role(id) => self.roles.by_id_mut(id).map(Object::head_mut),
            Securable::User(id) => self.users.by_id_mut(id).map(Object::head_mut),
            Securable::Schema(database, id) => {
                self.databases.by_id_mut(database)?.schemas.by_id_mut(id).map(Object::head_mut)
            }
            Securable::Table(database, within, id) => {
                schema(self, database, within).then_some(())?;
                self.databases
                    .by_id_mut(database)?
                    .schemas
                    .by_id_mut(within)?
                    .tables
                    .by_id_mut(id)
                    .map(Object::head_mut)
            }
            Securable::Tag(database, within, id) => {
                schema(self, database, within).then_some(())?;
                self.databases
                    .by_id_mut(database)?
                    .schemas
                    .by_id_mut(within)?
                    .tags_here
                    .by_id_mut(id)
                    .map(Object::head_mut)
            }
        }
    }
}
