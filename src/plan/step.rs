//! Steps and effects: a plan is a list of steps in the order of their dependence.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display};

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::property::{Change, Risk};
use crate::{snowflake::Statement, values::literal::hexadecimal};

/// An object of Snowflake, as a plan names it: Snowflake's word for the kind, and the name as SHOW prints it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Target {
    pub kind: &'static str,
    pub name: String,
}

impl Target {
    pub fn new(kind: &'static str, name: impl Into<String>) -> Self {
        Self { kind, name: name.into() }
    }
}

impl Target {
    /// What an entry of a spec is called, from which no name in Snowflake follows: its place in the spec is its name.
    pub const ENTRY: &'static str = "ENTRY";

    /// What is wrong with it, in one sentence. What is wrong with an entry says itself where that stands.
    pub fn says(&self, why: impl Display) -> String {
        if self.kind == Self::ENTRY { why.to_string() } else { format!("{self}: {why}") }
    }
}

impl Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.to_ascii_lowercase(), self.name)
    }
}

/// One object's part of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub on: Target,
    /// Steps that must be done before; when one is held or fails, this one is skipped.
    pub after: Vec<Target>,
    pub action: Action,
    pub effects: Vec<Effect>,
    /// Why it must wait for an approval although its changes alone would not have to.
    pub hold: Option<Hold>,
    /// The steps that it goes around.
    pub around: Around,
    /// What of the same resource refers to an object that loses something.
    pub used_by: Vec<Target>,
}

/// A pair of steps with one target that stops something before other steps change it, and lets it go on afterwards.
/// Neither is carried out when all those steps wait.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Around {
    /// It goes around nothing.
    #[default]
    Nothing,
    /// It comes before the steps on these.
    Before(Vec<Target>),
    /// It comes after them, and is carried out also when they fail; not when the step before them did.
    After(Vec<Target>),
    /// It is one of those between; what stops for it is this. What Snowflake refused is not tried again unchanged, for
    /// that would be stopped each time.
    Within(Target),
}

impl Around {
    /// The targets of the steps between; `None`: it goes around nothing.
    pub fn between(&self) -> Option<&[Target]> {
        match self {
            Self::Nothing | Self::Within(_) => None,
            Self::Before(between) | Self::After(between) => Some(between),
        }
    }
}

/// A reason to wait that lies outside the changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Many objects vanished at once: the role may have lost sight of them.
    VisibilityLost,
    /// It holds data or an offset, and its entry has left the spec: it is kept until its end is approved.
    Orphaned,
    /// It held data, and is not there any more: an empty one in its place would bar the way back (UNDROP).
    Vanished,
}

/// What a step does to its object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Create(Vec<Change>),
    Update(Vec<Change>),
    /// Dropped and created anew, for Snowflake has no other way.
    Replace(Vec<Change>),
    Delete(Risk),
    /// Only the record changes.
    Note,
}

impl Action {
    pub fn risk(&self) -> Risk {
        match self {
            Self::Create(_) | Self::Note => Risk::Safe,
            Self::Replace(_) => Risk::Destructive,
            Self::Update(changes) => changes.iter().map(|change| change.risk).max().unwrap_or_default(),
            Self::Delete(risk) => *risk,
        }
    }
    pub fn changes(&self) -> &[Change] {
        match self {
            Self::Create(changes) | Self::Update(changes) | Self::Replace(changes) => changes,
            Self::Delete(_) | Self::Note => &[],
        }
    }
}

/// Every outward act of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    Sql(Sql),
    Remember(Note),
}

/// A statement, and how it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sql {
    pub statement: Statement,
    /// The creation that this statement carries out: its `requestId`, and whether it may have been sent before.
    pub intent: Option<SentIntent>,
}

/// How a statement that carries out an intent is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentIntent {
    pub request_id: Uuid,
    /// It may have been executed already (a crash, a lost answer): `retry=true` keeps Snowflake from doing it twice.
    pub again: bool,
}

impl Effect {
    pub fn sql(statement: Statement) -> Self {
        Self::Sql(Sql { statement, intent: None })
    }
}

/// A change of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// About to create, under this request.
    Intent { on: Target, request_id: Uuid, managed: BTreeSet<String>, grants: BTreeSet<String> },
    /// The creation succeeded; its identity is still to be read.
    Created { on: Target },
    /// The creation was refused: nothing is ours.
    NotCreated { on: Target },
    /// It is ours, and this is who it is.
    Identity { on: Target, created_on: String, owner: Option<String>, adopted: bool },
    /// The fields that are managed.
    Managed { on: Target, fields: BTreeSet<String> },
    /// The grants that were given here.
    Grants { on: Target, grants: BTreeSet<String> },
    /// The objects that it was attached to here.
    Attached { on: Target, names: BTreeSet<String> },
    /// About to be renamed.
    Renaming { from: Target, to: Target },
    /// It ran and is suspended for a change, so it is to be resumed; or it has been.
    Resume { on: Target, wanted: bool },
    /// It has another name now.
    Renamed { from: Target, to: Target },
    /// What was sent last of the part that SHOW lacks (a body, parameters), as a short hash.
    Sent { on: Target, hash: String },
    /// What Snowflake refused while this was stopped for it: hashes of steps with Snowflake's words.
    Refused { on: Target, steps: BTreeMap<String, String> },
    /// It is no longer ours, or no longer there.
    Forget { on: Target },
}

impl Step {
    /// A step that changes the record alone.
    pub fn note(on: Target, note: Note) -> Self {
        Self::new(on, Action::Note, vec![Effect::Remember(note)])
    }
    /// A step that comes after none.
    pub fn new(on: Target, action: Action, effects: Vec<Effect>) -> Self {
        Self { on, after: vec![], action, effects, hold: None, around: Around::Nothing, used_by: vec![] }
    }
    /// A short text that stands for its statements.
    pub fn hash(&self) -> String {
        let mut sha = Sha256::new();
        for statement in self.statements() {
            sha.update(statement.as_str());
            sha.update([0]);
        }
        hexadecimal(&sha.finalize()[..6])
    }
    /// Whether anything outside the record changes.
    pub fn writes(&self) -> bool {
        self.effects.iter().any(|effect| matches!(effect, Effect::Sql(_)))
    }
    /// The statements, in order.
    pub fn statements(&self) -> impl Iterator<Item = &Statement> {
        self.effects.iter().filter_map(|effect| match effect {
            Effect::Sql(sql) => Some(&sql.statement),
            Effect::Remember(_) => None,
        })
    }
}
