//! One command on the account.

use super::Account;
use super::access::Access;
use super::answer::{display, executed, status};
use super::grants::Securable;
use super::store::Object;
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::Rows;
use crate::sql::kind::Place;
use crate::sql::{Command, ObjectKind, Path};

impl Account {
    pub(crate) fn run(
        &mut self,
        context: &mut Context,
        command: &Command,
        now: i64,
    ) -> Result<Rows, SqlError> {
        match command {
            Command::CreateWarehouse(create) => self.create_warehouse(context, create, now),
            Command::AlterWarehouse(alter) => self.alter_warehouse(context, alter, now),
            Command::CreateMonitor(create) => self.create_monitor(context, create, now),
            Command::AlterMonitor(alter) => self.alter_monitor(context, alter, now),
            Command::CreateContainer(create) => self.create_container(context, create, now),
            Command::AlterContainer(alter) => self.alter_container(context, alter),
            Command::CreateTable(create) => self.create_table(context, create, now),
            Command::AlterTable(alter) => self.alter_table(context, alter, now),
            Command::CreateStream(create) => self.create_stream(context, create, now),
            Command::AlterStream(alter) => self.alter_stream(context, alter),
            Command::CreateSequence(create) => self.create_sequence(context, create, now),
            Command::AlterSequence(alter) => self.alter_sequence(context, alter),
            Command::CreateTag(create) => self.create_tag(context, create, now),
            Command::AlterTag(alter) => self.alter_tag(context, alter),
            Command::CreateRole(create) => self.create_role(context, create, now),
            Command::AlterRole(alter) => self.alter_role(context, alter),
            Command::CreateDatabaseRole(create) => self.create_database_role(context, create, now),
            Command::AlterDatabaseRole(alter) => self.alter_database_role(context, alter),
            Command::CreatePlain(create) => self.create_plain(context, create, now),
            Command::AlterPlain(alter) => self.alter_plain(context, alter),
            Command::CreateAlert(create) => self.create_alert(context, create, now),
            Command::AlterAlert(alter) => self.alter_alert(context, alter),
            Command::ExecuteAlert(path) => self.execute_alert(context, path),
            Command::CreateRoutine(create) => self.create_routine(context, create, now),
            Command::AlterRoutine(alter) => self.alter_routine(context, alter),
            Command::CallProcedure(call) => self.call_procedure(context, call),
            Command::CreateTask(create) => self.create_task(context, create, now),
            Command::AlterTask(alter) => self.alter_task(context, alter, now),
            Command::ExecuteTask(execute) => self.execute_task(context, execute, now),
            Command::CreateView(create) => self.create_view(context, create, now),
            Command::AlterView(alter) => self.alter_view(context, alter, now),
            Command::CreatePolicy(create) => self.create_policy(context, create, now),
            Command::AlterPolicy(alter) => self.alter_policy(context, alter),
            Command::List(path) => self.list_stage(context, path),
            Command::CreateUser(create) => self.create_user(context, create, now),
            Command::AlterUser(alter) => self.alter_user(context, alter, now),
            Command::Drop { kind, path, if_exists } => {
                self.drop_object(context, *kind, path, *if_exists, now)
            }
            Command::Undrop { kind: ObjectKind::Tag, path } => self.undrop_tag(context, path, now),
            Command::Undrop { kind, path } => self.undrop(context, *kind, path, now),
            Command::Comment { kind, path, if_exists, text } => {
                self.comment_on(context, *kind, path, *if_exists, text)
            }
            Command::Grant(grant) => self.grant(context, grant, now),
            Command::Revoke(revoke) => self.revoke(context, revoke),
            Command::GrantRole(grant) => self.grant_role(context, grant, now),
            Command::RevokeRole(revoke) => self.revoke_role(context, revoke),
            Command::Use(change) => self.use_statement(context, change),
            Command::AlterSession(change) => Ok(Self::alter_session(context, change)),
            Command::SetVariables(variables) => self.set_variables(context, variables, now),
            Command::UnsetVariables(names) => Ok(Self::unset_variables(context, names)),
            Command::Transaction(what) => Ok(Self::transaction(context, *what, now)),
            Command::AlterAccount(change) => self.alter_account(context, change),
            Command::Describe { kind, path } => {
                let access = self.access(context)?;
                match kind {
                    ObjectKind::Warehouse => self.describe_warehouse(&access, path),
                    ObjectKind::User => self.describe_user(&access, context, path, now),
                    ObjectKind::Stream => self.describe_stream(context, &access, path, now),
                    ObjectKind::Sequence => self.describe_sequence(context, &access, path),
                    ObjectKind::Task | ObjectKind::Alert => {
                        self.describe_plain(context, &access, *kind, path)
                    }
                    ObjectKind::Procedure | ObjectKind::Function => {
                        self.describe_routine(context, &access, *kind, path)
                    }
                    ObjectKind::View | ObjectKind::MaterializedView | ObjectKind::DynamicTable => {
                        self.describe_view(context, *kind, path)
                    }
                    ObjectKind::Stage
                    | ObjectKind::FileFormat
                    | ObjectKind::Pipe
                    | ObjectKind::CortexSearchService
                    | ObjectKind::Integration
                    | ObjectKind::NotificationIntegration => self.describe_staged(context, *kind, path),
                    ObjectKind::PasswordPolicy => self.describe_password_policy(context, path),
                    kind if crate::sql::policy::is_one(*kind) => self.describe_policy(context, *kind, path),
                    kind => self.describe_container(context, &access, *kind, path),
                }
            }
            Command::Show(show) => self.show(context, show, now),
            Command::CommentColumn(comment) => self.comment_on_column(context, comment),
            Command::Inspect(inspection) => self.inspect_tables(context, inspection),
            Command::SelectInformationSchema(query) => self.select_information_schema(context, query, now),
            Command::Select(select) => self.select(context, select, now),
            Command::Query(query) => self.query(context, query, now),
            Command::Insert(insert) => self.insert(context, insert, now),
            Command::Update(update) => self.update(context, update, now),
            Command::Delete(delete) => self.delete(context, delete, now),
            Command::Truncate(truncate) => self.truncate(context, truncate, now),
            Command::Call(item) => self.call(context, item, now),
        }
    }

    fn drop_object(
        &mut self,
        context: &mut Context,
        kind: ObjectKind,
        path: &Path,
        if_exists: bool,
        now: i64,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let name = path.last().cloned().unwrap_or_default();
        let on = match self.securable(context, &access, kind, path) {
            Ok(on) => on,
            // IF EXISTS is about the object; what it is in must be there.
            Err(_) if if_exists && self.has_container(context, &access, kind, path)? => {
                return Ok(status(format!("Drop statement executed successfully ({name} already dropped).")));
            }
            Err(error) => return Err(error),
        };
        self.drop_on(context, &access, on, now)?;
        Ok(status(format!("{name} successfully dropped.")))
    }

    /// Is there a place where an object of this name would be? `002003` when it has none.
    fn has_container(
        &self,
        context: &Context,
        access: &Access,
        kind: ObjectKind,
        path: &Path,
    ) -> Result<bool, SqlError> {
        match kind.place() {
            Place::Top => {}
            Place::Database => drop(self.schema_place(context, access, path)?),
            Place::Schema => drop(self.in_schema(context, access, path)?),
        }
        Ok(true)
    }

    fn drop_on(
        &mut self,
        context: &mut Context,
        access: &Access,
        on: Securable,
        now: i64,
    ) -> Result<(), SqlError> {
        match on {
            Securable::Account => Err(SqlError::unsupported("DROP ACCOUNT")),
            Securable::Warehouse(id) => {
                self.need(access, on, &[])?;
                let Some(warehouse) = self.warehouses.remove(id) else { return Ok(()) };
                self.forget(on);
                self.aborted.extend(warehouse.running);
                for other in self.warehouses.iter_mut() {
                    if other.fallback == Some(id) {
                        other.fallback = None;
                    }
                }
                if context.warehouse.as_ref() == Some(&warehouse.head.name) {
                    context.warehouse = None;
                }
                Ok(())
            }
            Securable::ResourceMonitor(id) => {
                self.need(access, on, &[])?;
                self.drop_monitor(id);
                Ok(())
            }
            Securable::Database(_) | Securable::Schema(..) => self.drop_container(context, access, on, now),
            Securable::Table(..) => self.drop_in_schema(access, on),
            Securable::Tag(..) => self.drop_tag(access, on, now),
            Securable::Role(id) => self.drop_role_statement(access, id),
            Securable::DatabaseRole(database, id) => self.drop_database_role_statement(access, database, id),
            Securable::Plain(..) | Securable::Inside(..) => self.drop_plain(access, on, now),
            Securable::User(id) => {
                self.need(access, on, &[])?;
                if self.users.by_id(id).is_some_and(|user| user.head().name == context.user) {
                    return Err(SqlError::denied("user", self.name_of(on)));
                }
                self.drop_user(id);
                Ok(())
            }
        }
    }

    fn comment_on(
        &mut self,
        context: &Context,
        kind: ObjectKind,
        path: &Path,
        if_exists: bool,
        text: &str,
    ) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        let on = match self.securable(context, &access, kind, path) {
            Ok(on) => on,
            Err(_) if if_exists => return Ok(executed()),
            Err(error) => return Err(error),
        };
        let needs: &[&str] = match kind {
            ObjectKind::Warehouse | ObjectKind::Database | ObjectKind::Schema => &["MODIFY"],
            _ => &[],
        };
        self.need(&access, on, needs)?;
        match self.head_of(on) {
            Some(head) => text.clone_into(&mut head.comment),
            None => return Err(SqlError::absent(kind.noun(), display(path))),
        }
        Ok(executed())
    }
}
