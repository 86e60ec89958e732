//! An open connection: the client, the shared reads, and what is known of the account.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::fault::Fault;
use crate::{
    api::{
        AllowedNamespaces,
        connection::{Adoption, Allow},
    },
    snowflake::{Catalog, Client, catalog::Table},
};

/// Namespace and name of a `SnowflakeConnection`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionKey {
    pub namespace: String,
    pub name: String,
}

impl fmt::Display for ConnectionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// What Snowflake says of itself and of us, at sign-in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// `ORGANIZATION-ACCOUNT`.
    pub name: String,
    pub region: String,
    /// Major and minor version.
    pub version: String,
    pub edition: Option<String>,
    pub user: String,
    /// The role that statements run with.
    pub role: String,
    /// The user's other roles count as well: what is seen and may be done is more than the role's.
    pub secondary_roles: bool,
}

/// What a connection's spec says about what may be done with it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policy {
    pub adoption: Adoption,
    pub allowed_namespaces: Option<AllowedNamespaces>,
    pub allow: Vec<Allow>,
    pub resync: Duration,
    pub deep_resync: Duration,
}

/// An open connection. Shared by all resources that refer to it.
#[derive(Debug)]
pub struct Session {
    pub key: ConnectionKey,
    pub client: Client,
    pub catalog: Catalog,
    pub account: Account,
    pub policy: Policy,
    /// When each object was last changed here: no read from before serves it.
    floors: Mutex<HashMap<(&'static str, String), Instant>>,
    /// When something of each kind was last changed here.
    effects: Mutex<BTreeMap<&'static str, Instant>>,
    /// Whether many recorded objects were missing from an answer: kept for each answer.
    lost: Mutex<HashMap<&'static str, (Instant, bool)>>,
    opened: Instant,
}

/// How long a shared read waits for others who want it too.
pub const GATHER: Duration = Duration::from_millis(20);

impl Session {
    pub fn new(
        key: ConnectionKey,
        client: Client,
        gather: Duration,
        account: Account,
        policy: Policy,
    ) -> Self {
        let catalog = Catalog::new(client.clone(), gather);
        let (floors, effects, lost) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { key, client, catalog, account, policy, floors, effects, lost, opened: Instant::now() }
    }

    /// The earliest moment from which a read of the object may come.
    pub fn floor(&self, kind: &'static str, name: &str, as_of: Instant) -> Instant {
        let floors = self.floors.lock().unwrap_or_else(PoisonError::into_inner);
        floors.get(&(kind, name.to_owned())).map_or(as_of, |floor| as_of.max(*floor))
    }

    /// The last own change of the object; the session's beginning when there was none.
    pub fn last_effect(&self, kind: &'static str, name: &str) -> Instant {
        self.floor(kind, name, self.opened)
    }

    /// Notes that the object was changed, now.
    pub fn touched(&self, kind: &'static str, name: &str) {
        let now = Instant::now();
        let mut floors = self.floors.lock().unwrap_or_else(PoisonError::into_inner);
        floors.insert((kind, name.to_owned()), now);
        self.effects.lock().unwrap_or_else(PoisonError::into_inner).insert(kind, now);
    }

    /// When something of each kind was last changed here.
    pub fn effects(&self) -> BTreeMap<&'static str, Instant> {
        self.effects.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forgets an object that is no longer looked after.
    pub fn forget(&self, kind: &'static str, name: &str) {
        self.floors.lock().unwrap_or_else(PoisonError::into_inner).remove(&(kind, name.to_owned()));
        self.catalog.forget(kind, name);
    }

    /// Whether so many of the recorded objects are missing from this answer that the role has more likely lost sight
    /// of them: at least three, and at least one in four.
    pub fn visibility_lost(
        &self,
        kind: &'static str,
        table: &Table,
        recorded: impl FnOnce() -> Vec<String>,
    ) -> bool {
        let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((began, answer)) = lost.get(kind)
            && *began == table.began
        {
            return *answer;
        }
        let names = recorded();
        let missing = names.iter().filter(|name| table.get(name).is_none()).count();
        let answer = missing >= 3 && missing * 4 >= names.len();
        lost.insert(kind, (table.began, answer));
        answer
    }

    /// Whether the connection's `allow` lets resources of a namespace name this object.
    pub fn permits(&self, namespace: &str, what: Named<'_>) -> Result<(), Fault> {
        let entries =
            self.policy.allow.iter().filter(|allow| allow.namespaces.iter().any(|ns| ns == namespace));
        for allow in entries {
            let (patterns, kind, name) = match what {
                Named::Warehouse(name) => (&allow.warehouses, "warehouse", name),
                Named::ResourceMonitor(name) => (&allow.resource_monitors, "resource monitor", name),
                Named::Role(name) => (&allow.roles, "role", name),
                Named::Database(name) => (&allow.databases, "database", name),
            };
            if let Some(patterns) = patterns
                && !patterns.iter().any(|pattern| matches(pattern, name))
            {
                return Err(Fault::NotAllowed(format!(
                    "connection {} does not allow namespace {namespace} to name {kind} {name}: its spec.allow lists {}",
                    self.key,
                    patterns.join(", ")
                )));
            }
        }
        Ok(())
    }
}

/// A name that a spec uses.
#[derive(Clone, Copy, Debug)]
pub enum Named<'a> {
    Warehouse(&'a str),
    ResourceMonitor(&'a str),
    Role(&'a str),
    Database(&'a str),
}

/// `*` stands for any text. Linear in the name for each star.
pub fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns() {
        for (pattern, name, is) in [
            ("*", "ANY", true),
            ("TEAM_A_*", "TEAM_A_WH", true),
            ("TEAM_A_*", "TEAM_B_WH", false),
            ("*_WH", "X_WH", true),
            ("*_WH", "X_WH_2", false),
            ("A*B*C", "A-B-B-C", true),
            ("A*B*C", "A-C-B", false),
            ("EXACT", "EXACT", true),
            ("EXACT", "EXACTLY", false),
            ("AB*BA", "ABA", false),
        ] {
            assert_eq!(matches(pattern, name), is, "{pattern} {name}");
        }
    }
}
