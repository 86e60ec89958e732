//! What a role needs for the steps of a plan and lacks: told before the first statement, as GRANTs to paste.
//!
//! Only what is proven is told. What a role holds it holds by itself, through the roles that are granted to it, and
//! through PUBLIC; where one of them can't be read, nothing is claimed. Whether an object is there on which the role
//! has no privilege at all can't be known: its grants are told, and Snowflake has the last word on it.
//! Source: <https://docs.snowflake.com/en/user-guide/security-access-control-overview>.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use tokio::time::Instant;

use super::{
    fault::Fault,
    managed::{Peers, Plan},
    session::{Session, matches},
};
use crate::{
    plan::{Action, Target},
    snowflake::{ClientError, Statement, catalog::Grantee},
    values::{full_name::FullName, ident::Ident},
};

/// What most accounts give to whoever creates them, and nobody takes from it.
const ADMIN: &str = "ACCOUNTADMIN";
/// How many roles are read for one: who has more of them is not told what they lack.
const MOST_ROLES: usize = 50;

/// A privilege, on some kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Privilege {
    /// Snowflake's word for what it is on: `ACCOUNT`, `SCHEMA`. `DATABASE ROLE`: the role itself is granted.
    pub on: &'static str,
    /// As GRANT names it.
    pub name: &'static str,
    /// Others on the same that do as well, with `*` for any text; of a database role, other such roles.
    pub or: &'static [&'static str],
    /// Whether Snowflake refuses the statement without it. Otherwise only what runs later fails.
    pub bars: bool,
}

/// A privilege on one object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    pub privilege: Privilege,
    /// `None`: the account.
    pub name: Option<FullName>,
}

impl Need {
    /// What it is on, as grants are listed.
    fn key(&self) -> (String, String) {
        let name = self.name.as_ref().map(ToString::to_string).unwrap_or_default();
        (self.privilege.on.to_owned(), name)
    }
    /// The statement that gives it to a role.
    fn grant(&self, role: &Ident) -> Statement {
        let grant = Statement::new("GRANT").of_kind("GRANTS");
        let grant = match (&self.name, self.privilege.on) {
            (Some(name), "DATABASE ROLE") => grant.keyword("DATABASE ROLE").full_name(name),
            (Some(name), on) => grant.keyword(self.privilege.name).keyword("ON").keyword(on).full_name(name),
            (None, on) => grant.keyword(self.privilege.name).keyword("ON").keyword(on),
        };
        grant.keyword("TO ROLE").ident(role)
    }
    /// `CREATE TABLE on schema D.S`.
    fn words(&self) -> String {
        match (&self.name, self.privilege.on) {
            (Some(name), "DATABASE ROLE") => format!("database role {name}"),
            (Some(name), on) => format!("{} on {} {name}", self.privilege.name, on.to_ascii_lowercase()),
            (None, _) => format!("{} on the account", self.privilege.name),
        }
    }
}

/// What a role holds, by itself and through the roles that are granted to it.
#[derive(Clone, Debug, Default)]
pub struct Held {
    pub roles: BTreeSet<String>,
    /// By kind and full name of the object. An empty name: on all of the kind in some place.
    privileges: BTreeMap<(String, String), BTreeSet<String>>,
    /// Why something was left unread.
    pub unread: Option<ClientError>,
}

impl Held {
    /// Reads role after role until it is `enough`.
    pub async fn of(session: &Session, role: &Ident, as_of: Instant, enough: impl Fn(&Self) -> bool) -> Self {
        let mut held = Self::default();
        let mut open: VecDeque<Grantee> = [Grantee::Role(role.clone())].into();
        held.roles.insert(role.as_str().to_owned());
        let mut is_public = false;
        for _ in 0..MOST_ROLES {
            let Some(grantee) = open.pop_front() else {
                // Everybody has it, and few need it.
                if is_public {
                    return held;
                }
                is_public = true;
                open.extend(Ident::exact("PUBLIC").map(Grantee::Role));
                continue;
            };
            match session.catalog.privileges(&grantee, false, as_of).await {
                Ok(all) => {
                    for ((kind, name), privileges) in &*all {
                        let privileges = privileges.iter().map(String::as_str);
                        open.extend(held.add(kind, name, privileges));
                    }
                }
                Err(error) => held.unread = held.unread.or(Some(error)),
            }
            if enough(&held) {
                return held;
            }
        }
        held.unread =
            held.unread.or_else(|| Some(ClientError::BadAnswer(format!("{role} has too many roles"))));
        held
    }

    /// Adds privileges on an object; the role that comes with them.
    fn add<'a>(
        &mut self,
        kind: &str,
        name: &str,
        privileges: impl Iterator<Item = &'a str>,
    ) -> Option<Grantee> {
        let all = self.privileges.entry((kind.to_owned(), name.to_owned())).or_default();
        all.extend(privileges.map(str::to_owned));
        if !all.contains("USAGE") {
            return None;
        }
        match kind {
            "ROLE" => {
                let role = Ident::from_spec(name).ok()?;
                self.roles.insert(role.as_str().to_owned()).then_some(Grantee::Role(role))
            }
            // Those of the system hold nothing on what users have, and not everybody may read them.
            "DATABASE ROLE" if !name.starts_with("SNOWFLAKE.") => {
                let role = FullName::parse(name).ok()?;
                self.roles.insert(format!("DATABASE ROLE {role}")).then_some(Grantee::DatabaseRole(role))
            }
            _ => None,
        }
    }

    pub fn on_account(&self, privilege: &str) -> bool {
        self.roles.contains(ADMIN)
            || self
                .privileges
                .iter()
                .any(|((kind, _), all)| kind == "ACCOUNT" && all.iter().any(|held| matches(privilege, held)))
    }

    /// Whether it holds one of these, or owns the object.
    pub fn on(&self, kind: &str, name: &str, privileges: &[&str]) -> bool {
        let is = |held: &String| {
            held == "OWNERSHIP" || privileges.iter().any(|privilege| matches(privilege, held))
        };
        [name, ""].iter().any(|name| {
            let all = self.privileges.get(&(kind.to_owned(), (*name).to_owned()));
            all.is_some_and(|all| all.iter().any(is))
        })
    }

    fn has(&self, need: &Need) -> bool {
        let Privilege { on, name, or, .. } = need.privilege;
        match on {
            "ACCOUNT" => [name].iter().chain(or).any(|privilege| self.on_account(privilege)),
            "DATABASE ROLE" => {
                let (_, own) = need.key();
                let has = |role: &str| self.on(on, role, &["USAGE"]);
                self.roles.contains(ADMIN) || has(&own) || or.iter().any(|role| has(role))
            }
            _ => {
                let all: Vec<&str> = [name].into_iter().chain(or.iter().copied()).collect();
                let (kind, of) = need.key();
                self.on(&kind, &of, &all) || (on == "WAREHOUSE" && self.on_account("MANAGE WAREHOUSES"))
            }
        }
    }

    /// Whether the object of a need is known to be there.
    fn sees(&self, need: &Need) -> bool {
        need.name.is_none() || self.privileges.get(&need.key()).is_some_and(|all| !all.is_empty())
    }
}

/// What a role lacks for a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lacking {
    /// Objects whose statements Snowflake would refuse, and why.
    pub barred: Vec<(Target, String)>,
    /// What gives the role all that it lacks.
    pub grants: Vec<Statement>,
}

/// Compares. `is_there` knows objects that others look after.
pub fn lacking(
    needs: &BTreeMap<Need, BTreeSet<Target>>,
    held: &Held,
    role: &Ident,
    is_there: impl Fn(&Need) -> bool,
) -> Lacking {
    let mut lacking = Lacking::default();
    if held.unread.is_some() {
        return lacking;
    }
    let mut barred: BTreeMap<&Target, Vec<String>> = BTreeMap::new();
    for (need, by) in needs.iter().filter(|(need, _)| !held.has(need)) {
        lacking.grants.push(need.grant(role));
        if need.privilege.bars && (held.sees(need) || is_there(need)) {
            for on in by {
                barred.entry(on).or_default().push(need.words());
            }
        }
    }
    let why = |all: Vec<String>| format!("role {} lacks {}", role.to_spec(), all.join(", "));
    lacking.barred = barred.into_iter().map(|(on, all)| (on.clone(), why(all))).collect();
    lacking
}

/// Tells in a plan what the role that carries it out lacks. Nothing is read for a plan that needs nothing.
pub async fn tell(
    plan: &mut Plan,
    role: Option<&Ident>,
    session: &Session,
    peers: &dyn Peers,
    as_of: Instant,
) {
    let account = session.account.name.as_str();
    let Ok(own) = Ident::exact(&session.account.role) else { return };
    let role = role.unwrap_or(&own);
    let mut needs: BTreeMap<Need, BTreeSet<Target>> = BTreeMap::new();
    let coming = coming(plan);
    let comes = |name: &FullName, on: &'static str| {
        let target = Target::new(on, name.to_string());
        coming.contains(&target)
            || (peers.wanted(&target, account) && peers.identity(&target, account).is_none())
    };
    for (need, on) in &plan.needs {
        // What is still to be made belongs to who makes it.
        let comes = need.name.as_ref().is_some_and(|name| {
            let within = name.parent().is_some_and(|parent| comes(&parent, "DATABASE"));
            within || comes(name, need.privilege.on)
        });
        // Its other roles count as well, but not for what is created, nor for what runs as its owner.
        let others = session.account.secondary_roles
            && !["CREATE ", "EXECUTE "].iter().any(|word| need.privilege.name.starts_with(word));
        if !comes && !others {
            needs.entry(need.clone()).or_default().insert(on.clone());
        }
    }
    if needs.is_empty() {
        return;
    }
    if *role != own {
        let held = Held::of(session, &own, as_of, |held| held.roles.contains(role.as_str())).await;
        if held.unread.is_none() && !held.roles.contains(role.as_str()) {
            let grant = Statement::new("GRANT ROLE").of_kind("GRANTS").ident(role);
            plan.grants.push(grant.keyword("TO ROLE").ident(&own));
        }
    }
    let held = Held::of(session, role, as_of, |held| needs.keys().all(|need| held.has(need))).await;
    let is_there = |need: &Need| {
        let target = need.name.as_ref().map(|name| Target::new(need.privilege.on, name.to_string()));
        target.is_some_and(|target| peers.identity(&target, account).is_some())
    };
    let Lacking { barred, grants } = lacking(&needs, &held, role, is_there);
    plan.grants.extend(grants);
    for (on, message) in barred {
        if !plan.blocked.iter().any(|(blocked, _)| *blocked == on) {
            plan.blocked.push((on, Fault::Lacking { reason: "PrivilegeMissing", message }));
        }
    }
}

/// What the plan itself makes.
fn coming(plan: &Plan) -> BTreeSet<Target> {
    let creations = plan.steps.iter().filter(|step| matches!(step.action, Action::Create(_)));
    creations.map(|step| step.on.clone()).collect()
}

/// The statements as a sentence of a condition or an event.
pub fn sentence(grants: &[Statement]) -> Option<String> {
    let all: Vec<_> = grants.iter().map(|grant| format!("{grant};")).collect();
    (!all.is_empty()).then(|| format!("the role lacks privileges; to give them: {}", all.join(" ")))
}

#[cfg(test)]
mod tests;
