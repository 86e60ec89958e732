//! Who speaks, and in which session state: what a front door knows before a statement is parsed.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::rows::{ColumnType, Rows};

/// Where the results of earlier statements are.
pub trait Results: std::fmt::Debug + Send + Sync {
    /// The rows of a statement of this user, if they are still kept.
    fn rows(&self, query_id: &str, user: &str) -> Option<Rows>;
}

/// The value of a session variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    pub kind: ColumnType,
    /// As [`Rows`](crate::rows::Rows) writes cells.
    pub value: Option<String>,
}

/// The state that surrounds one statement. The SQL API makes one for each request; the drivers' door keeps one
/// for each session. Names are as stored (already folded), never quoted.
#[derive(Clone, Debug, Default)]
pub struct Context {
    pub user: String,
    /// The primary role. Privileges are those of this role and of the roles granted to it.
    pub role: Option<String>,
    pub secondary_roles_all: bool,
    /// The only role that the credential allows: no other can be taken, nor secondary ones.
    pub only_role: Option<String>,
    pub warehouse: Option<String>,
    pub database: Option<String>,
    pub schema: Option<String>,
    /// Session parameters that were set, upper-case name to value (`QUERY_TAG`, `TIMEZONE`, …).
    pub parameters: BTreeMap<String, String>,
    /// Session variables, upper-case name to what SET gave them.
    pub variables: BTreeMap<String, Variable>,
    /// The transaction that BEGIN opened, as CURRENT_TRANSACTION() names it.
    pub transaction: Option<i64>,
    /// The transaction in which rows were changed last.
    pub wrote: Option<i64>,
    /// The client as it names itself in `User-Agent`.
    pub client: String,
    pub session_id: u64,
    pub query_id: String,
    /// For RESULT_SCAN.
    pub results: Option<Arc<dyn Results>>,
}

impl Context {
    /// Takes over what a statement changed, and nothing else: others may have changed the session meanwhile.
    pub(crate) fn follow(&mut self, before: &Self, after: Self) {
        if before.role != after.role {
            self.role = after.role;
        }
        if before.secondary_roles_all != after.secondary_roles_all {
            self.secondary_roles_all = after.secondary_roles_all;
        }
        if before.warehouse != after.warehouse {
            self.warehouse = after.warehouse;
        }
        if (&before.database, &before.schema) != (&after.database, &after.schema) {
            (self.database, self.schema) = (after.database, after.schema);
        }
        if before.transaction != after.transaction {
            self.transaction = after.transaction;
        }
        if before.wrote != after.wrote {
            self.wrote = after.wrote;
        }
        merge(&mut self.parameters, &before.parameters, after.parameters);
        merge(&mut self.variables, &before.variables, after.variables);
        self.query_id = after.query_id;
    }
}

/// What went, and what is new or another.
fn merge<T: PartialEq>(
    here: &mut BTreeMap<String, T>,
    before: &BTreeMap<String, T>,
    after: BTreeMap<String, T>,
) {
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        here.remove(name);
    }
    for (name, value) in after {
        if before.get(&name) != Some(&value) {
            here.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_statements_at_once_keep_what_both_changed() {
        let start = Context {
            role: Some("A".into()),
            parameters: [("GONE".into(), "1".into()), ("KEPT".into(), "1".into())].into(),
            ..Context::default()
        };
        let mut session = start.clone();
        let mut one = Context { role: Some("B".into()), ..start.clone() };
        one.parameters.remove("GONE");
        let mut two = Context { warehouse: Some("W".into()), ..start.clone() };
        two.parameters.insert("NEW".into(), "2".into());
        two.variables.insert("V".into(), Variable { kind: ColumnType::Fixed, value: Some("1".into()) });
        two.transaction = Some(7);
        session.follow(&start, one);
        session.follow(&start, two);
        assert_eq!((session.role.as_deref(), session.warehouse.as_deref()), (Some("B"), Some("W")));
        assert_eq!((session.variables.len(), session.transaction), (1, Some(7)));
        let parameters = [("KEPT".to_owned(), "1".to_owned()), ("NEW".to_owned(), "2".to_owned())];
        assert_eq!(session.parameters, parameters.into());
    }
}
