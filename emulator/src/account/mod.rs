//! The account: its objects, and one function that executes a statement on them.
//!
//! A file for each kind of object; `store` keeps them, `grants` and `access` say who may do what, `answer` builds
//! results. Nothing here knows HTTP, a socket, a thread or a clock: the time comes with each statement.

mod access;
mod alert;
mod answer;
mod attachment;
mod container;
mod coverage;
mod data;
mod data_policy;
mod database;
mod database_role;
mod edition;
mod execute;
mod founding;
mod granting;
mod grants;
mod history;
mod information_schema;
mod models;
mod objects;
mod plain;
mod relation;
mod resource_monitor;
mod role;
mod routine;
mod select;
mod sequences;
mod session;
mod show;
mod staged;
mod store;
mod streams;
mod tables;
mod tags;
mod task;
#[cfg(test)]
mod tests;
mod user;
mod variables;
mod views;
mod warehouse;

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

pub use attachment::Attachment;
pub use coverage::Coverage;
pub use data_policy::Rule;
pub use database::{Database, DatabaseRole, Schema};
pub use edition::Edition;
pub use grants::{FutureGrant, Grant, Grantee, InheritedGrant, Securable};
pub use history::HistoryEntry;
use plain::Attached;
pub use plain::Plain;
pub use resource_monitor::{ResourceMonitor, Trigger, TriggerAction};
pub use role::Role;
pub(crate) use select::VERSION;
pub use store::{Head, Id};
pub use user::{ProgrammaticAccessToken, User, WorkloadIdentity};
pub use views::View;
pub(crate) use warehouse::no_warehouse;
pub use warehouse::{Stored, Warehouse, WarehouseType};

use crate::context::Context;
use crate::error::SqlError;
use crate::rows::Rows;
use crate::sql;
pub use crate::sql::kind::{ObjectKind, StatementKind, Verb};
use access::Access;
use store::{Object, Store};

/// What tests and ordered faults change about the account's behaviour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Knobs {
    /// The most rows that SHOW gives of a kind.
    pub(crate) row_limits: BTreeMap<ObjectKind, usize>,
    /// `running` and its like move from one SHOW to the next.
    pub(crate) restless: bool,
}

impl Default for Knobs {
    fn default() -> Self {
        let limit = 10_000;
        Self {
            row_limits: [(ObjectKind::Warehouse, limit), (ObjectKind::ResourceMonitor, limit)].into(),
            restless: false,
        }
    }
}

/// A notification that a resource monitor sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    pub monitor: String,
    pub percent: u32,
    pub action: TriggerAction,
    /// Milliseconds since 1970.
    pub sent_on: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Account {
    organization: String,
    name: String,
    locator: String,
    pub(crate) edition: Edition,
    last_created_on: i64,
    last_id: u64,
    warehouses: Store<Warehouse>,
    monitors: Store<ResourceMonitor>,
    databases: Store<Database>,
    dropped_databases: Vec<database::Dropped<Database>>,
    roles: Store<Role>,
    users: Store<User>,
    grants: grants::Grants,
    future: Vec<FutureGrant>,
    #[serde(default)]
    inherited: Vec<InheritedGrant>,
    /// Network policies, shares and their like.
    #[serde(default)]
    plain: BTreeMap<ObjectKind, Store<Plain>>,
    parameters: BTreeMap<String, Stored>,
    #[serde(default)]
    attached: Vec<Attached>,
    /// The monitor of the whole account.
    level_monitor: Option<Id>,
    knobs: Knobs,
    notifications: Vec<Notification>,
    history: VecDeque<HistoryEntry>,
    /// Of tasks, oldest first.
    #[serde(default)]
    runs: VecDeque<task::Run>,
    /// Statements that ABORT ALL QUERIES ended and that the door has not heard of yet.
    aborted: Vec<String>,
}

pub(crate) const SYSTEM_ROLES: [&str; 6] =
    ["ACCOUNTADMIN", "ORGADMIN", "PUBLIC", "SECURITYADMIN", "SYSADMIN", "USERADMIN"];

/// The system's objects are older than anything else: 1 January 2024.
const FOUNDED: i64 = 1_704_067_200_000;

impl Account {
    /// An account with the system roles, the database SNOWFLAKE and the user OPERATOR, who has ACCOUNTADMIN and
    /// SYSADMIN and no credential yet.
    pub fn new(organization: &str, account: &str, edition: Edition) -> Self {
        let mut new = Self {
            organization: organization.to_uppercase(),
            name: account.to_uppercase(),
            locator: founding::locator(organization, account),
            edition,
            last_created_on: FOUNDED,
            last_id: 0,
            warehouses: Store::default(),
            monitors: Store::default(),
            databases: Store::default(),
            dropped_databases: Vec::new(),
            roles: Store::default(),
            users: Store::default(),
            grants: grants::Grants::default(),
            future: Vec::new(),
            inherited: Vec::new(),
            plain: BTreeMap::new(),
            parameters: BTreeMap::new(),
            attached: Vec::new(),
            level_monitor: None,
            knobs: Knobs::default(),
            notifications: Vec::new(),
            history: VecDeque::new(),
            runs: VecDeque::new(),
            aborted: Vec::new(),
        };
        new.found();
        new
    }

    /// Parses and executes one statement: all of it, or, on an error, nothing.
    ///
    /// `now` is in nanoseconds since 1970. The context follows USE, ALTER SESSION and CREATE WAREHOUSE or DATABASE.
    ///
    /// # Errors
    ///
    /// As Snowflake gives them: `001003` syntax, `002003` absent or invisible, `002002` exists, `003001` privileges.
    pub fn execute(&mut self, context: &mut Context, sql: &str, now: i128) -> Result<Rows, SqlError> {
        let now = milliseconds(now);
        let command = sql::parse(sql)?;
        let (id, created_on) = (self.last_id, self.last_created_on);
        let kind = command.kind();
        Self::before_statement(context, kind)?;
        let result = self.run(context, &command, now);
        if kind.changes_rows() && result.is_ok() {
            context.wrote = context.transaction;
        }
        if result.is_err() {
            (self.last_id, self.last_created_on) = (id, created_on);
        }
        result
    }

    /// Splits a text into its statements; quotes, comments and `$$` are honoured.
    ///
    /// # Errors
    ///
    /// `001003` when a quote or a comment does not end.
    pub fn split(sql: &str) -> Result<Vec<String>, SqlError> {
        sql::split(sql)
    }

    /// What a statement is, without executing it.
    ///
    /// # Errors
    ///
    /// Those of the parser: `001003` and its like.
    pub fn inspect(sql: &str) -> Result<StatementKind, SqlError> {
        sql::parse(sql).map(|command| command.kind())
    }

    pub fn organization(&self) -> &str {
        &self.organization
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The older identifier, as CURRENT_ACCOUNT() gives it.
    pub fn locator(&self) -> &str {
        &self.locator
    }

    pub fn edition(&self) -> Edition {
        self.edition
    }

    pub fn user(&self, name: &str) -> Option<&User> {
        self.users.get(name)
    }

    pub fn users(&self) -> impl Iterator<Item = &User> {
        self.users.iter()
    }

    /// The user who signs in with this name (upper-case; names are compared without case).
    pub fn user_by_login(&self, login: &str) -> Option<&User> {
        let login = login.to_uppercase();
        self.users
            .get(&login)
            .filter(|user| user.login_name() == login)
            .or_else(|| self.users.iter().find(|user| user.login_name() == login))
    }

    /// The roles that a user may take, by name: granted directly or through roles, and PUBLIC.
    pub fn roles_of(&self, user: &str) -> Vec<String> {
        let Some(id) = self.users.id(user) else { return Vec::new() };
        let direct: Vec<Id> = self.grants.roles_of(Grantee::User(id)).collect();
        let mut names: Vec<String> = self
            .inherited(direct)
            .into_iter()
            .filter_map(|role| self.roles.by_id(role))
            .map(|role| role.head.name.clone())
            .collect();
        names.sort();
        names
    }

    pub fn warehouse(&self, name: &str) -> Option<&Warehouse> {
        self.warehouses.get(name)
    }

    /// A statement begins to run on a warehouse, which starts when it may.
    pub fn started(&mut self, query_id: &str, warehouse: &str, now: i128) {
        let Some(id) = self.warehouses.id(warehouse) else { return };
        if let Some(warehouse) = self.warehouses.by_id_mut(id) {
            let now = milliseconds(now);
            warehouse.settle(now);
            warehouse.start(now);
            warehouse.running.insert(query_id.to_owned());
        }
    }

    /// A statement has ended.
    pub fn ended(&mut self, query_id: &str, now: i128) {
        for warehouse in self.warehouses.iter_mut() {
            if warehouse.running.remove(query_id) {
                warehouse.last_used = milliseconds(now);
            }
        }
    }

    /// The statements that ABORT ALL QUERIES ended since the last call.
    pub fn take_aborted(&mut self) -> Vec<String> {
        std::mem::take(&mut self.aborted)
    }

    /// The most rows that SHOW gives of a kind from now on; those above are left out in silence.
    pub fn set_row_limit(&mut self, kind: ObjectKind, rows: usize) {
        self.knobs.row_limits.insert(kind, rows);
    }

    /// Makes the volatile columns of started warehouses move from second to second.
    pub fn set_restless(&mut self, restless: bool) {
        self.knobs.restless = restless;
    }

    /// What resource monitors sent, oldest first.
    pub fn notifications(&self) -> &[Notification] {
        &self.notifications
    }

    /// The next number and the next moment of creation.
    fn new_head(&mut self, name: &str, owner: Option<Id>, now: i64) -> Head {
        self.last_id += 1;
        self.last_created_on = now.max(self.last_created_on + 1);
        Head {
            id: Id(self.last_id),
            name: name.to_owned(),
            created_on: self.last_created_on,
            owner,
            comment: String::new(),
        }
    }

    /// For an object that the session's role creates.
    pub(crate) fn head(&mut self, name: &str, access: &Access, now: i64) -> Head {
        self.new_head(name, Some(access.role), now)
    }

    /// The name of a role or database role, or nothing for the system.
    pub(crate) fn role_name(&self, id: Option<Id>) -> &str {
        let Some(id) = id else { return "" };
        self.roles
            .by_id(id)
            .map(Object::head)
            .or_else(|| self.database_role(id).map(|(_, role)| &role.head))
            .map_or("", |head| head.name.as_str())
    }

    /// `ROLE` or `DATABASE_ROLE`; nothing for the system.
    pub(crate) fn role_type(&self, id: Option<Id>) -> &'static str {
        match id {
            Some(id) if self.roles.by_id(id).is_some() => "ROLE",
            Some(_) => "DATABASE_ROLE",
            None => "",
        }
    }

    /// An object has gone: its grants go, and nothing refers to it any more.
    fn forget(&mut self, on: Securable) {
        self.grants.forget_object(on);
        match on {
            Securable::Role(id) | Securable::DatabaseRole(_, id) => {
                self.grants.forget_grantee(Grantee::Role(id));
                self.future.retain(|future| future.to != id);
                self.inherited.retain(|inherited| inherited.to != id);
            }
            Securable::User(id) => self.grants.forget_grantee(Grantee::User(id)),
            Securable::Plain(ObjectKind::Share, id) => self.grants.forget_grantee(Grantee::Share(id)),
            _ => {}
        }
    }
}

fn milliseconds(nanoseconds: i128) -> i64 {
    (nanoseconds / 1_000_000).clamp(0, i128::from(i64::MAX / 4)) as i64
}
