//! What an account is founded with.

use std::collections::BTreeMap;

use super::database::DatabaseRole;
use super::models::ROLES;
use super::store::Store;
use super::{Account, Database, FOUNDED, Grant, Grantee, Id, Role, SYSTEM_ROLES, Securable, User};
use crate::sql;

/// The system's roles and those that inherit them.
const HIERARCHY: [(&str, &str); 3] =
    [("SYSADMIN", "ACCOUNTADMIN"), ("SECURITYADMIN", "ACCOUNTADMIN"), ("USERADMIN", "SECURITYADMIN")];

/// What the system's roles below ACCOUNTADMIN may do on the account.
const GIVEN: [(&str, &str); 5] = [
    ("SYSADMIN", "CREATE DATABASE"),
    ("SYSADMIN", "CREATE WAREHOUSE"),
    ("SECURITYADMIN", "MANAGE GRANTS"),
    ("USERADMIN", "CREATE ROLE"),
    ("USERADMIN", "CREATE USER"),
];

/// Two letters and five digits that follow from the names.
pub(super) fn locator(organization: &str, account: &str) -> String {
    let hash = format!("{organization}.{account}")
        .to_uppercase()
        .bytes()
        .fold(17_u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let letter = |shift: u32| char::from(b'A' + ((hash >> shift) % 26) as u8);
    format!("{}{}{:05}", letter(8), letter(24), hash % 100_000)
}

impl Account {
    /// The system's roles and their hierarchy, the database SNOWFLAKE, and OPERATOR.
    pub(super) fn found(&mut self) {
        for name in SYSTEM_ROLES {
            let head = self.new_head(name, None, FOUNDED);
            self.roles.put(Role { head, tags: BTreeMap::new() });
        }
        let role = |account: &Self, name: &str| account.roles.id(name).unwrap_or(Id(0));
        for (name, parent) in HIERARCHY {
            let (on, to) = (Securable::Role(role(self, name)), Grantee::Role(role(self, parent)));
            self.found_grant(on, "USAGE", to);
        }
        for privilege in sql::privileges::ACCOUNT {
            let admin = Grantee::Role(role(self, "ACCOUNTADMIN"));
            self.found_grant(Securable::Account, privilege, admin);
        }
        for (name, privilege) in GIVEN {
            self.found_grant(Securable::Account, privilege, Grantee::Role(role(self, name)));
        }
        let head = self.new_head("SNOWFLAKE", None, FOUNDED);
        let id = head.id;
        self.databases.put(Database {
            head,
            transient: false,
            parameters: BTreeMap::new(),
            tags: BTreeMap::new(),
            schemas: Store::default(),
            roles: Store::default(),
            dropped: Vec::new(),
        });
        self.found_grant(Securable::Database(id), "USAGE", Grantee::Role(role(self, "ACCOUNTADMIN")));
        self.found_models(id);
        let head = self.new_head("OPERATOR", self.roles.id("USERADMIN"), FOUNDED);
        let user = head.id;
        self.users.put(User::new(head));
        for name in ["ACCOUNTADMIN", "SYSADMIN"] {
            self.found_grant(Securable::Role(role(self, name)), "USAGE", Grantee::User(user));
        }
    }

    /// The functions of Cortex are everybody's.
    fn found_models(&mut self, system: Id) {
        let Some(public) = self.roles.id("PUBLIC").map(Grantee::Role) else { return };
        self.found_grant(Securable::Account, "USE AI FUNCTIONS", public);
        for name in ROLES {
            let head = self.new_head(name, None, FOUNDED);
            let role = Securable::DatabaseRole(system, head.id);
            if let Some(database) = self.databases.by_id_mut(system) {
                database.roles.put(DatabaseRole { head, tags: BTreeMap::new() });
            }
            if name == ROLES[0] {
                self.found_grant(role, "USAGE", public);
            }
        }
    }

    fn found_grant(&mut self, on: Securable, privilege: &str, to: Grantee) {
        self.grants.put(Grant {
            on,
            privilege: privilege.to_owned(),
            to,
            with_grant_option: on == Securable::Account,
            by: None,
            created_on: FOUNDED,
        });
    }
}
