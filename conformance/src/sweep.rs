//! Dropping what a run made.

use std::{collections::BTreeSet, fmt};

use snowfence::{
    snowflake::{Client, ClientError, RunOptions, Statement},
    values::ident::Ident,
};

use crate::{names::Prefix, safety::ACCOUNT_LEVEL};

/// So often everything is tried: what one round drops can be what kept something else.
const ROUNDS: usize = 3;

/// An object at the level of the account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Object {
    pub kind: &'static str,
    pub name: String,
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}

/// What is left, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Left {
    pub objects: Vec<(Object, String)>,
    /// Kinds that could not be looked for, and why.
    pub unseen: Vec<(&'static str, String)>,
    pub dropped: usize,
}

impl Left {
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty() && self.unseen.is_empty()
    }
}

/// The objects of the account whose names begin with the prefix, and the kinds that can't be looked for.
pub async fn find(client: &Client, prefix: &Prefix) -> (BTreeSet<Object>, Vec<(&'static str, String)>) {
    let mut found = BTreeSet::new();
    let mut unseen = vec![];
    for (kind, plural) in ACCOUNT_LEVEL {
        let show = Statement::new("SHOW").keyword(plural).keyword("LIKE").literal(&format!("{prefix}%"));
        match client.run(&show, &RunOptions::default()).await {
            Ok(outcome) => {
                let names = outcome
                    .rows
                    .iter()
                    .filter_map(|row| row.text("name").map(str::to_owned))
                    .collect::<Vec<_>>();
                found.extend(
                    names.into_iter().filter(|name| prefix.owns(name)).map(|name| Object { kind, name }),
                );
            }
            Err(error) => unseen.push((kind, error.to_string())),
        }
    }
    (found, unseen)
}

/// Drops everything whose name begins with the prefix. What a role owned is only seen when the role is gone, so it
/// looks again until nothing is found, or nothing more can be dropped.
pub async fn sweep(client: &Client, prefix: &Prefix) -> Left {
    let mut left = Left::default();
    for _ in 0..ROUNDS {
        let (found, unseen) = find(client, prefix).await;
        let before = left.dropped;
        left = Left { unseen, dropped: before, objects: vec![] };
        for (kind, _) in ACCOUNT_LEVEL {
            for object in found.iter().filter(|object| object.kind == kind) {
                match drop(client, object).await {
                    Ok(()) => left.dropped += 1,
                    Err(error) => left.objects.push((object.clone(), error.to_string())),
                }
            }
        }
        if left.dropped == before {
            break;
        }
    }
    left
}

async fn drop(client: &Client, object: &Object) -> Result<(), ClientError> {
    let Ok(name) = Ident::exact(&object.name) else { return Ok(()) };
    let statement = Statement::new("DROP").keyword(object.kind).keyword("IF EXISTS").ident(&name);
    client.run(&statement, &RunOptions::default()).await.map(|_| ())
}
