//! What a session may change: USE, ALTER SESSION; and ALTER ACCOUNT with SHOW PARAMETERS, which read the same table.

use std::collections::BTreeMap;

use super::Account;
use super::access::Access;
use super::answer::{Cell, display, executed, table, text};
use super::grants::{Grantee, Securable};
use super::plain::Detail;
use super::warehouse::{PARAMETERS as WAREHOUSE_PARAMETERS, Stored};
use crate::context::Context;
use crate::error::SqlError;
use crate::rows::{ColumnType, Rows};
use crate::sql::parameters::{PARAMETERS, Parameter};
use crate::sql::property::{Setting, Value};
use crate::sql::session::{Change, Use};
use crate::sql::show::Within;
use crate::sql::{ObjectKind, Path};

impl Account {
    pub(crate) fn use_statement(&self, context: &mut Context, change: &Use) -> Result<Rows, SqlError> {
        match change {
            Use::Role(name) => {
                if self.roles.id(name).is_none() {
                    return Err(SqlError::impossible());
                }
                let allowed = context.only_role.as_ref().is_none_or(|only| only == name);
                if !allowed || !self.roles_of(&context.user).contains(name) {
                    return Err(SqlError::new(
                        3013,
                        "42501",
                        format!(
                            "SQL access control error:\nRequested role '{name}' is not assigned to the executing user. Specify another role to activate."
                        ),
                    ));
                }
                context.role = Some(name.clone());
            }
            // docs: user-guide/programmatic-access-tokens, ROLE_RESTRICTION: secondary roles do not count.
            Use::SecondaryRoles { all } => context.secondary_roles_all = *all && context.only_role.is_none(),
            Use::Warehouse(name) => {
                let access = self.access(context)?;
                let id = self
                    .warehouse_id(&access, std::slice::from_ref(name))
                    .map_err(|_| SqlError::impossible())?;
                self.need(&access, Securable::Warehouse(id), &["USAGE", "OPERATE", "MODIFY", "MONITOR"])?;
                context.warehouse = Some(name.clone());
            }
            Use::Database(path) => self.use_database(context, path)?,
            Use::Schema(path) => self.use_schema(context, path)?,
            Use::Either(path) => match path.len() {
                1 => self.use_database(context, path)?,
                _ => self.use_schema(context, path)?,
            },
        }
        Ok(executed())
    }

    fn use_database(&self, context: &mut Context, path: &Path) -> Result<(), SqlError> {
        let access = self.access(context)?;
        let name = path.last().filter(|_| path.len() == 1).ok_or_else(SqlError::impossible)?;
        let database = self.database(&access, name).map_err(|_| SqlError::impossible())?;
        context.database = Some(name.clone());
        let public = database.schemas.get("PUBLIC");
        context.schema = public
            .filter(|schema| self.sees(&access, Securable::Schema(database.head.id, schema.head.id)))
            .map(|schema| schema.head.name.clone());
        Ok(())
    }

    fn use_schema(&self, context: &mut Context, path: &Path) -> Result<(), SqlError> {
        let access = self.access(context)?;
        let (database, schema) = match path.as_slice() {
            [schema] => (context.database.clone().ok_or_else(super::container::no_database)?, schema),
            [database, schema] => (database.clone(), schema),
            _ => return Err(SqlError::impossible()),
        };
        let holder = self.database(&access, &database).map_err(|_| SqlError::impossible())?;
        let found = holder.schemas.get(schema).ok_or_else(SqlError::impossible)?;
        if !self.sees_schema(&access, holder.head.id, found) {
            return Err(SqlError::impossible());
        }
        context.database = Some(database);
        context.schema = Some(schema.clone());
        Ok(())
    }

    pub(crate) fn alter_session(context: &mut Context, change: &Change) -> Rows {
        match change {
            Change::Set(settings) => {
                for Setting { property, value } in settings {
                    match Stored::from(value).cell() {
                        Some(value) => context.parameters.insert(property.name.to_owned(), value),
                        None => context.parameters.remove(property.name),
                    };
                }
            }
            Change::Unset(properties) => {
                for property in properties {
                    context.parameters.remove(property.name);
                }
            }
            Change::SetPolicy { .. } | Change::UnsetPolicy(..) => {}
        }
        executed()
    }

    pub(crate) fn alter_account(&mut self, context: &Context, change: &Change) -> Result<Rows, SqlError> {
        let access = self.access(context)?;
        if !self.is_account_admin(&access) {
            return Err(SqlError::denied("account", &self.locator));
        }
        match change {
            Change::Set(settings) => {
                let mut parameters = self.parameters.clone();
                let (monitor, settings): (Vec<&Setting>, Vec<&Setting>) =
                    settings.iter().partition(|setting| setting.property.name == "RESOURCE_MONITOR");
                let settings: Vec<Setting> = settings.into_iter().cloned().collect();
                self.set_parameters(&mut parameters, &settings, false)?;
                if let Some(setting) = monitor.first() {
                    match &setting.value {
                        Value::Path(path) => self.set_account_monitor(&access, Some(path))?,
                        _ => self.set_account_monitor(&access, None)?,
                    }
                }
                self.parameters = parameters;
            }
            Change::SetPolicy { kind, reach, policy, force } => {
                let held = (self.policy_for(*kind, *reach), *force);
                let policy = self.attachable(context, &access, *kind, policy, held)?;
                self.set_policy((*kind, *reach), Some(policy));
            }
            // Of the account it is no error when there was none.
            Change::UnsetPolicy(kind, reach) => self.set_policy((*kind, *reach), None),
            Change::Unset(properties) => {
                for property in properties {
                    if property.name == "RESOURCE_MONITOR" {
                        self.set_account_monitor(&access, None)?;
                    }
                    self.parameters.remove(property.name);
                }
            }
        }
        Ok(executed())
    }

    /// SHOW PARAMETERS: where the value comes from is `level`, empty for a default.
    pub(crate) fn show_parameters(
        &self,
        context: &Context,
        access: &Access,
        within: &Within,
        keep: impl Fn(&str) -> bool,
    ) -> Result<Rows, SqlError> {
        use ColumnType::Text;
        let mut rows = table(&[
            ("key", Text),
            ("value", Text),
            ("default", Text),
            ("level", Text),
            ("description", Text),
            ("type", Text),
        ]);
        let account = Level { name: "ACCOUNT", values: self.parameters.clone() };
        let (kind, levels) = match within {
            Within::Unsaid | Within::Session => {
                let set = context.parameters.iter();
                let values = set.map(|(name, value)| (name.clone(), Stored::Text(value.clone()))).collect();
                let user =
                    self.users.get(&context.user).map(|user| user.parameters.clone()).unwrap_or_default();
                let user = Level { name: "USER", values: user };
                (ObjectKind::Session, vec![Level { name: "SESSION", values }, user, account])
            }
            Within::Account | Within::On(_) => (ObjectKind::Account, vec![account]),
            Within::Object(kind, path) => {
                (*kind, self.parameter_levels(context, access, *kind, path.as_ref(), account)?)
            }
        };
        let carried: Vec<&'static str> = match within {
            Within::Object(ObjectKind::Warehouse, path) => {
                let path = path.clone().unwrap_or_else(|| context.warehouse.iter().cloned().collect());
                let warehouse = self.warehouses.by_id(self.warehouse_id(access, &path)?);
                WAREHOUSE_PARAMETERS
                    .into_iter()
                    .filter(|name| warehouse.is_some_and(|warehouse| warehouse.carries(name)))
                    .collect()
            }
            _ => PARAMETERS
                .iter()
                .filter(|parameter| parameter.carried_by(kind))
                .map(|parameter| parameter.property.name)
                .collect(),
        };
        for name in carried.into_iter().filter(|name| keep(name)) {
            rows.rows.push(Self::parameter_row(name, &levels));
        }
        Ok(rows)
    }

    fn parameter_row(name: &str, levels: &[Level]) -> Vec<Cell> {
        let parameter = crate::sql::parameters::parameter(name);
        let default = parameter.map_or("", |parameter| parameter.default);
        let set = levels.iter().find_map(|level| Some((level.values.get(name)?.cell()?, level.name)));
        let (value, level) = set.unwrap_or_else(|| (default.to_owned(), ""));
        vec![
            text(name),
            text(value),
            text(default),
            text(level),
            text(name.to_lowercase().replace('_', " ")),
            text(parameter.map_or("STRING", Parameter::type_name)),
        ]
    }

    fn parameter_levels(
        &self,
        context: &Context,
        access: &Access,
        kind: ObjectKind,
        path: Option<&Path>,
        account: Level,
    ) -> Result<Vec<Level>, SqlError> {
        let current = |name: &Option<String>| name.clone().map(|name| vec![name]);
        let path = match (path, kind) {
            (Some(path), _) => Some(path.clone()),
            (None, ObjectKind::Warehouse) => current(&context.warehouse),
            (None, ObjectKind::User) => Some(vec![context.user.clone()]),
            (None, ObjectKind::Database) => current(&context.database),
            (None, _) => current(&context.schema),
        };
        let path = path.ok_or_else(SqlError::impossible)?;
        match self.securable(context, access, kind, &path)? {
            on @ Securable::Warehouse(id) => {
                self.need(access, on, &["USAGE", "OPERATE", "MODIFY", "MONITOR"])?;
                let warehouse = self.warehouses.by_id(id).ok_or_else(SqlError::impossible)?;
                let mut values = warehouse.settings.clone();
                let fallback = warehouse.fallback.and_then(|id| self.warehouses.by_id(id));
                if let Some(fallback) = fallback {
                    values.insert("FALLBACK_WAREHOUSE".into(), Stored::Text(fallback.head.name.clone()));
                }
                Ok(vec![Level { name: "WAREHOUSE", values }, account])
            }
            Securable::Database(id) => {
                let database = self.databases.by_id(id).ok_or_else(SqlError::impossible)?;
                Ok(vec![Level { name: "DATABASE", values: database.parameters.clone() }, account])
            }
            Securable::Schema(database, id) => {
                let schema = self.schema((database, id))?.parameters.clone();
                let database = self.databases.by_id(database).ok_or_else(SqlError::impossible)?;
                Ok(vec![
                    Level { name: "SCHEMA", values: schema },
                    Level { name: "DATABASE", values: database.parameters.clone() },
                    account,
                ])
            }
            on @ Securable::Table(database, schema, _) => {
                let values = self.table_at(on).map(|table| table.parameters.clone()).unwrap_or_default();
                let schema = self.schema((database, schema))?.parameters.clone();
                let database = self.databases.by_id(database).ok_or_else(SqlError::impossible)?;
                Ok(vec![
                    Level { name: "TABLE", values },
                    Level { name: "SCHEMA", values: schema },
                    Level { name: "DATABASE", values: database.parameters.clone() },
                    account,
                ])
            }
            on @ Securable::User(id) => {
                let user = self.users.by_id(id).ok_or_else(SqlError::impossible)?;
                if user.head.name != context.user {
                    self.need(access, on, &["MONITOR"])?;
                }
                Ok(vec![Level { name: "USER", values: user.parameters.clone() }, account])
            }
            on @ Securable::Inside(..) => {
                self.need(access, on, &["USAGE", "OPERATE", "MONITOR"])?;
                let own = self.inside_parameters(on).ok_or_else(SqlError::impossible)?;
                let mut levels = vec![own];
                if let Some(place @ (database, _)) = on.schema() {
                    let values = self.schema(place)?.parameters.clone();
                    levels.push(Level { name: "SCHEMA", values });
                    let database = self.databases.by_id(database).ok_or_else(SqlError::impossible)?;
                    levels.push(Level { name: "DATABASE", values: database.parameters.clone() });
                }
                levels.push(account);
                Ok(levels)
            }
            _ => Err(SqlError::absent(kind.noun(), display(&path))),
        }
    }

    /// The parameters of an object of a schema, for the kinds that carry some.
    fn inside_parameters(&self, on: Securable) -> Option<Level> {
        let Securable::Inside(kind, database, schema, id) = on else { return None };
        match &self.plain_in(kind, Some((database, schema)))?.by_id(id)?.detail {
            Detail::Task(task) => Some(Level { name: "TASK", values: task.parameters.clone() }),
            Detail::Routine(routine) => {
                let name = if kind == ObjectKind::Procedure { "PROCEDURE" } else { "FUNCTION" };
                Some(Level { name, values: routine.parameters.clone() })
            }
            _ => None,
        }
    }

    /// The user's roles that USE SECONDARY ROLES ALL adds to the primary one, by name.
    pub(crate) fn secondary_roles(&self, context: &Context) -> Vec<String> {
        if !context.secondary_roles_all {
            return Vec::new();
        }
        let Some(user) = self.users.id(&context.user) else { return Vec::new() };
        let mut names: Vec<String> =
            self.grants.roles_of(Grantee::User(user)).map(|id| self.role_name(Some(id)).to_owned()).collect();
        names.sort();
        names
    }
}

/// One place where a parameter may be set; the first that has it wins.
struct Level {
    name: &'static str,
    values: BTreeMap<String, Stored>,
}
