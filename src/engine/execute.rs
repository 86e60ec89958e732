//! One interpreter for every effect.
//!
//! Notes change the record in memory; before a statement is sent, a changed record is written. So a crash between any
//! two effects leaves a record that knows at least what may have been done. What a plan is about to do is noted for
//! all its objects at once: a record of five hundred objects is not written five hundred times.

use std::{collections::HashSet, future::Future};

use super::fault::Fault;
use crate::{
    api::Record,
    plan::{Effect, Note, Sql, Step, Target, step::Around},
    snowflake::ClientError,
};

/// What reaches outside.
pub trait Hands: Send + Sync {
    /// Executes a statement. `tag` is the query tag that names the custom resource.
    fn sql(&self, sql: &Sql) -> impl Future<Output = Result<(), ClientError>> + Send;
    /// Writes the record, so that it survives.
    fn remember(&self, record: &Record) -> impl Future<Output = Result<(), Fault>> + Send;
    /// Whether to go on: asked before each step.
    fn may_go_on(&self) -> Result<(), Fault> {
        Ok(())
    }
}

/// What the gate says of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Run,
    /// Why it waits.
    Held(String),
}

/// What became of a step.
#[derive(Debug)]
pub enum Outcome {
    Done,
    Held(String),
    Failed(Fault),
    /// A step before it was held or failed.
    Skipped(Target),
}

/// Executes steps in order. A step whose predecessor is held or failed is skipped; all others go on. The record is
/// changed in place; the caller writes what changed after the last statement. `written` is the record as it was last
/// written. `stuck` names objects that are held or failed, before and after.
pub async fn execute(
    steps: &[Step],
    verdicts: &[Verdict],
    record: &mut Record,
    written: &mut Record,
    hands: &impl Hands,
    stuck: &mut HashSet<Target>,
    mut report: impl FnMut(&Step, &Outcome),
) -> Result<Vec<Outcome>, Fault> {
    let runs = |n: usize| verdicts.get(n) == Some(&Verdict::Run);
    let mut first = HashSet::new();
    let mut promised = vec![false; steps.len()];
    for (n, step) in steps.iter().enumerate().filter(|(n, step)| runs(*n) && before(step, stuck).is_none()) {
        // What an earlier step on the same object notes would undo what is foretold of a later one.
        promised[n] = first.insert(&step.on);
        foretold(step).filter(|_| promised[n]).for_each(|(_, note)| record.apply(note));
    }
    let mut outcomes = Vec::with_capacity(steps.len());
    for ((step, verdict), told) in steps.iter().zip(verdicts).zip(promised) {
        let outcome = match (before(step, stuck), verdict) {
            // It is itself what can't be done, and why is known.
            (Some(target), Verdict::Held(why)) if *target == step.on => Outcome::Held(why.clone()),
            (Some(target), _) => {
                // It was foretold and will not be sent now.
                if let Some(note) = foretold(step).find_map(|(_, note)| withdrawn(note)).filter(|_| told) {
                    record.apply(&note);
                }
                Outcome::Skipped(target.clone())
            }
            (None, Verdict::Held(why)) => Outcome::Held(why.clone()),
            (None, Verdict::Run) => match perform(step, told, record, written, hands).await {
                Ok(()) => Outcome::Done,
                // Somebody else writes the record, or leads: nothing more is done.
                Err(fault @ (Fault::RecordConflict | Fault::NotLeading | Fault::Kubernetes(_))) => {
                    return Err(fault);
                }
                Err(fault) => {
                    keep_refusal(step, &fault, record);
                    Outcome::Failed(fault)
                }
            },
        };
        if !matches!(outcome, Outcome::Done) {
            stuck.insert(step.on.clone());
        }
        report(step, &outcome);
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

/// What Snowflake will refuse again as long as it is the same: something would be stopped for it each time.
fn keep_refusal(step: &Step, fault: &Fault, record: &mut Record) {
    let (Around::Within(root), Some(error)) = (&step.around, fault.snowflake()) else { return };
    // A privilege may be given, and what is missing may come; a busy account is not busy for ever.
    if matches!(error.code.as_str(), "003001" | "002003" | "002043" | "000625" | "000604") {
        return;
    }
    let mut steps = record.entry(root).map(|entry| entry.refused.clone()).unwrap_or_default();
    let words: String = fault.to_string().chars().take(300).collect();
    steps.insert(step.hash(), words);
    record.apply(&Note::Refused { on: root.clone(), steps });
}

/// What keeps a step from being carried out. One that ends what another began is kept by that one alone.
fn before<'a>(step: &'a Step, stuck: &HashSet<Target>) -> Option<&'a Target> {
    let after = match step.around {
        Around::After(_) => &[],
        _ => step.after.as_slice(),
    };
    after.iter().chain([&step.on]).find(|target| stuck.contains(*target))
}

/// The notes of what a step is about to do: those that it begins with. To know of it earlier than it is done takes
/// nothing from anybody. What comes after a statement, a rename or an identity speaks of what they have made.
fn foretold(step: &Step) -> impl Iterator<Item = (usize, &Note)> {
    let promise = |effect| match effect {
        &Effect::Remember(
            ref note @ (Note::Intent { .. }
            | Note::Managed { .. }
            | Note::Grants { .. }
            | Note::Attached { .. }),
        ) if step.writes() => Some(note),
        _ => None,
    };
    step.effects.iter().map_while(promise).enumerate()
}

fn withdrawn(note: &Note) -> Option<Note> {
    match note {
        Note::Intent { on, .. } => Some(Note::NotCreated { on: on.clone() }),
        _ => None,
    }
}

async fn perform(
    step: &Step,
    told: bool,
    record: &mut Record,
    written: &mut Record,
    hands: &impl Hands,
) -> Result<(), Fault> {
    let told: HashSet<usize> = foretold(step).filter(|_| told).map(|(n, _)| n).collect();
    for (n, effect) in step.effects.iter().enumerate() {
        match effect {
            Effect::Remember(_) if told.contains(&n) => {}
            Effect::Remember(note) => record.apply(note),
            Effect::Sql(sql) => {
                hands.may_go_on()?;
                if record != written {
                    hands.remember(record).await?;
                    written.clone_from(record);
                }
                if let Err(error) = hands.sql(sql).await {
                    return Err(refused(&step.on, sql, error, record));
                }
                if sql.intent.is_some() {
                    // Nothing is lost when this does not survive: the same request, sent again, is executed once. So
                    // it is no reason to write the record before the next statement.
                    let created = Note::Created { on: step.on.clone() };
                    record.apply(&created);
                    written.apply(&created);
                }
            }
        }
    }
    Ok(())
}

/// A creation that Snowflake refused leaves nothing; one whose outcome is unknown stays an intent.
fn refused(on: &Target, sql: &Sql, error: ClientError, record: &mut Record) -> Fault {
    let Some(intent) = sql.intent else { return error.into() };
    let settled = matches!(
        error,
        ClientError::Snowflake(_)
            | ClientError::Cancelled(_)
            | ClientError::TimedOut { may_have_executed: false, .. }
    );
    if !settled {
        return error.into();
    }
    record.apply(&Note::NotCreated { on: on.clone() });
    if !error.is_object_exists() {
        return error.into();
    }
    if intent.again {
        return Fault::Conflict(format!(
            "{on} exists and was not created here: somebody else was first; set spec.adopt: true to take it over, or give it another name"
        ));
    }
    Fault::NotVisible(format!(
        "{on} exists, but the connection's role can't see it; grant the role a privilege on it and set spec.adopt: true, or give it another name"
    ))
}
