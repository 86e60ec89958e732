//! What hangs on a table or view: a row access policy, masking policies of its columns, values of tags.
//!
//! Only DESCRIBE shows masking policies, and nothing shows the others without a warehouse. So what hangs there is kept
//! in the record, and changed when the spec changes; that somebody else changed it is seen for masking policies alone.
//! A change is recorded as begun (`? …`) before it is sent and as made after it: what was refused never counts as
//! made. A row access policy can't be set twice, so its statement goes out under a request of its own, which Snowflake
//! executes at most once, however often it is sent.
//! Source: <https://docs.snowflake.com/en/sql-reference/sql/alter-table>,
//! <https://docs.snowflake.com/en/user-guide/security-row-using>,
//! <https://docs.snowflake.com/en/user-guide/security-column-ddm-use>.

mod compare;
mod recorded;

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

pub(super) use compare::ColumnsNow;

use super::{
    names::Directory,
    object::{Kind, created, name, text},
};
use crate::{
    api::pipeline::{
        shared::{AttachedMaskingPolicy, AttachedRowAccessPolicy},
        text::{Name, Word},
    },
    engine::{
        fault::Fault,
        ownership::Claimant,
        record::{BEGUN, UNDER},
    },
    plan::{Change, Effect, Note, Sql, Target, step::SentIntent},
    snowflake::Statement,
    values::{full_name::FullName, ident::Ident},
};

/// What a spec wants to hang on an object.
pub(super) struct Attachments {
    kind: &'static Kind,
    name: FullName,
    row_access: Option<RowAccess>,
    masks: Vec<Mask>,
    tags: BTreeMap<FullName, String>,
    /// The policies and tags, which come first.
    pub needs: Vec<Target>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RowAccess {
    policy: FullName,
    columns: Vec<Ident>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mask {
    column: Ident,
    policy: FullName,
    using: Vec<Ident>,
}

/// The fields of a spec that say it.
pub(super) struct Said<'a> {
    pub row_access: Option<&'a AttachedRowAccessPolicy>,
    pub masks: Vec<(&'a Name, &'a AttachedMaskingPolicy)>,
    pub tags: &'a BTreeMap<String, Word>,
    /// Whether there is such a column; a view may not know.
    pub has: &'a dyn Fn(&Ident) -> bool,
}

impl Attachments {
    pub fn read(
        kind: &'static Kind,
        full: &FullName,
        directory: &Directory,
        path: &str,
        said: &Said<'_>,
    ) -> Result<Self, Fault> {
        let mut needs = vec![];
        let mut resolve = |kind: &'static str, text: &str, field: &str| {
            let (other, target) = directory.resolve(&[kind], text, full, field)?;
            needs.extend(target);
            Ok::<_, Fault>(other)
        };
        let column = |field: &str, text: &str| {
            let column = name(field, text)?;
            if (said.has)(&column) {
                return Ok(column);
            }
            let object = kind.word.to_ascii_lowercase();
            Err(Fault::Refused(format!("spec.{field}: the {object} has no column {}", column.to_spec())))
        };
        let columns = |field: &str, all: &[Name]| {
            all.iter().map(|text| column(field, text)).collect::<Result<Vec<_>, Fault>>()
        };
        let row_access = match said.row_access {
            Some(one) => Some(RowAccess {
                policy: resolve("ROW ACCESS POLICY", &one.name, &format!("{path}.rowAccessPolicy.name"))?,
                columns: columns(&format!("{path}.rowAccessPolicy.columns"), &one.columns)?,
            }),
            None => None,
        };
        let mut masks = vec![];
        for (masked, one) in &said.masks {
            let field = format!("{path}.columns.{masked}.maskingPolicy");
            let mask = Mask {
                column: column(&field, masked)?,
                policy: resolve("MASKING POLICY", &one.name, &format!("{field}.name"))?,
                using: columns(&format!("{field}.using"), &one.using)?,
            };
            if mask.using.first().is_some_and(|first| *first != mask.column) {
                return Err(Fault::Refused(format!(
                    "spec.{field}.using: the first of them is the masked column itself: begin with {}",
                    mask.column.to_spec()
                )));
            }
            masks.push(mask);
        }
        let mut tags = BTreeMap::new();
        for (tag, value) in said.tags {
            tags.insert(resolve("TAG", tag, &format!("{path}.tags"))?, value.0.clone());
        }
        Ok(Self { kind, name: full.clone(), row_access, masks, tags, needs })
    }

    /// Behind a column of CREATE and ADD COLUMN: `WITH MASKING POLICY …`.
    pub fn on_column(&self, statement: Statement, column: &Ident) -> Statement {
        match self.masks.iter().find(|mask| mask.column == *column) {
            Some(mask) => mask.says(statement.keyword("WITH MASKING POLICY")),
            None => statement,
        }
    }

    /// At the end of a CREATE: `WITH ROW ACCESS POLICY … WITH TAG (…)`.
    pub fn on_object(&self, mut statement: Statement) -> Statement {
        if let Some(policy) = &self.row_access {
            statement = policy.says(statement.keyword("WITH ROW ACCESS POLICY"));
        }
        if self.tags.is_empty() {
            return statement;
        }
        statement
            .keyword("WITH TAG")
            .list(&self.tags, |statement, (tag, value)| statement.full_name(tag).keyword("=").literal(value))
    }

    /// What CREATE sets.
    pub fn fields(&self) -> Vec<Change> {
        let policy = self.row_access.iter().map(|policy| created(ROW_ACCESS, text(policy.to_string())));
        let masks = self.masks.iter().map(|mask| created(mask.path(), text(mask.shown())));
        let tags = self.tags.iter().map(|(tag, value)| created(tag_path(tag), text(value.as_str())));
        policy.chain(masks).chain(tags).collect()
    }

    /// As the record has it.
    fn names(&self) -> BTreeSet<String> {
        let policy = self.row_access.iter().map(|policy| format!("ROW ACCESS POLICY {policy}"));
        let masks = self.masks.iter().map(Mask::recorded);
        let tags = self.tags.iter().map(|(tag, value)| format!("TAG {tag} = {value}"));
        policy.chain(masks).chain(tags).collect()
    }

    /// DESCRIBE, which alone tells the masking policies: read where one is wanted or recorded.
    pub fn description(&self, attached: &BTreeSet<String>) -> Option<Statement> {
        let is_mask = |name: &String| name.trim_start_matches(BEGUN).starts_with("MASKING POLICY ");
        if self.masks.is_empty() && !attached.iter().any(is_mask) {
            return None;
        }
        let words = if self.kind.word == "VIEW" { "DESCRIBE VIEW" } else { "DESCRIBE TABLE" };
        Some(Statement::new(words).of_kind(self.kind.word).full_name(&self.name))
    }
    /// Whether the record says that all is as it is wanted.
    pub fn settled(&self, attached: &BTreeSet<String>) -> bool {
        let nothing = self.row_access.is_none() && self.masks.is_empty() && self.tags.is_empty();
        if nothing { attached.is_empty() } else { *attached == self.names() }
    }

    /// The notes before and after the statement that creates the object with all of this. `recorded`: what an object
    /// that it replaces has, or what an earlier sending of the same creation may have set.
    pub fn around_creation(
        &self,
        on: &Target,
        recorded: &BTreeSet<String>,
        again: bool,
    ) -> (Option<Effect>, Option<Effect>) {
        let note = |names| Effect::Remember(Note::Attached { on: on.clone(), names });
        let wanted = self.names();
        if wanted.is_empty() && recorded.is_empty() {
            return (None, None);
        }
        let begun: BTreeSet<String> = wanted.iter().map(|name| format!("{BEGUN}{name}")).collect();
        // Which of two texts was executed under one request is not known: both stay, as begun.
        let other = again && recorded.iter().any(|name| name.starts_with(BEGUN) && !begun.contains(name));
        let before = recorded.union(&begun).cloned().collect();
        (Some(note(before)), (!other).then(|| note(wanted)))
    }
}

/// In the place of a row access policy that is being removed.
const NO_POLICY: &str = "NO ROW ACCESS POLICY";

const ROW_ACCESS: &str = "rowAccessPolicy";

fn tag_path(tag: &FullName) -> String {
    format!("tags.{tag}")
}

impl RowAccess {
    fn says(&self, statement: Statement) -> Statement {
        statement.full_name(&self.policy).keyword("ON").list(&self.columns, Statement::ident)
    }
}

impl std::fmt::Display for RowAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ON ({})", self.policy, listed(&self.columns))
    }
}

impl Mask {
    fn path(&self) -> String {
        format!("columns.{}.maskingPolicy", self.column.to_spec())
    }
    fn says(&self, statement: Statement) -> Statement {
        let statement = statement.full_name(&self.policy);
        if self.using.is_empty() {
            return statement;
        }
        statement.keyword("USING").list(&self.using, Statement::ident)
    }
    /// As the record has it, once it hangs there.
    fn recorded(&self) -> String {
        format!("MASKING POLICY {self}")
    }
    /// The same, or as it is recorded of one that may hang there.
    fn begun_unless(&self, sure: bool) -> String {
        if sure { self.recorded() } else { format!("{BEGUN}{}", self.recorded()) }
    }
    fn shown(&self) -> String {
        let using = Some(listed(&self.using)).filter(|all| !all.is_empty());
        self.policy.to_string() + &using.map(|all| format!(" USING ({all})")).unwrap_or_default()
    }
}

impl std::fmt::Display for Mask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ON {}", self.policy, self.column.to_spec())?;
        match self.using.as_slice() {
            [] => Ok(()),
            using => write!(f, " USING ({})", listed(using)),
        }
    }
}

fn listed(columns: &[Ident]) -> String {
    columns.iter().map(Ident::to_spec).collect::<Vec<_>>().join(", ")
}

/// What is done about attachments, and what the record says meanwhile.
#[derive(Debug, Default)]
pub(super) struct Attaching {
    /// What is there or was begun, but for a row access policy that is changed now.
    before: BTreeSet<String>,
    /// A row access policy that is set, swapped or removed.
    once: Option<Once>,
    /// The rest: what may be sent twice.
    changes: Vec<Change>,
    statements: Vec<Statement>,
    after: BTreeSet<String>,
}

#[derive(Debug)]
struct Once {
    change: Change,
    /// What comes before it, and may be sent twice.
    first: Option<Statement>,
    statement: Statement,
    /// What hangs there once it is done; `None`: none does.
    becomes: Option<RowAccess>,
    /// The request under which it was sent before.
    request: Option<Uuid>,
}

/// The same as parts of steps.
#[derive(Default)]
pub(super) struct Parts {
    /// What is recorded before all.
    pub begun: Option<Effect>,
    /// What belongs to the step of the object.
    pub changes: Vec<Change>,
    pub effects: Vec<Effect>,
    /// What comes in a step after it: a note between statements would be taken for one of what is coming.
    pub rest: Option<(Vec<Change>, Vec<Effect>)>,
}

impl Attaching {
    fn writes(&self) -> bool {
        self.once.is_some() || !self.statements.is_empty()
    }

    pub fn parts(self, on: &Target, recorded: &BTreeSet<String>, claimant: &Claimant<'_>) -> Parts {
        let note = |names: &BTreeSet<String>| {
            Effect::Remember(Note::Attached { on: on.clone(), names: names.clone() })
        };
        let writes = self.writes();
        let mut before = self.before;
        let mut rest: Vec<Effect> = self.statements.into_iter().map(Effect::sql).collect();
        let alone = rest.is_empty();
        if writes || self.after != *recorded {
            rest.push(note(&self.after));
        }
        let Some(once) = self.once else {
            let begun = (writes && before != *recorded).then(|| note(&before));
            return Parts { begun, changes: self.changes, effects: rest, rest: None };
        };
        let intent = match once.request {
            Some(request_id) => SentIntent { request_id, again: true },
            // Not the request under which the object itself would be replaced.
            None => claimant.fresh_intent(&Target::new("ATTACHMENT", on.to_string())),
        };
        let becomes = once.becomes.as_ref().map(|policy| format!("ROW ACCESS POLICY {policy}"));
        let mut done = before.clone();
        done.retain(|name| !name.trim_start_matches(BEGUN).starts_with("ROW ACCESS POLICY "));
        done.extend(becomes.clone());
        let what = becomes.as_deref().unwrap_or(NO_POLICY);
        before.insert(format!("{BEGUN}{what}{UNDER}{}", intent.request_id));
        // What was begun before and is sent again is recorded already.
        let begun = (before != *recorded).then(|| note(&before));
        let mut effects: Vec<Effect> = once.first.into_iter().map(Effect::sql).collect();
        effects.push(Effect::Sql(Sql { statement: once.statement, intent: Some(intent) }));
        let mut parts = Parts { begun: begun.clone(), changes: vec![once.change], effects, rest: None };
        if alone {
            parts.effects.append(&mut rest);
        } else {
            parts.effects.push(note(&done));
            rest.splice(0..0, begun);
            parts.rest = Some((self.changes, rest));
        }
        parts
    }
}
