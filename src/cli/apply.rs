//! `snowfence apply`: the plan, a question, and then what the plan says.

use std::{collections::HashSet, fmt::Write as _, process::ExitCode, sync::Mutex};

use futures::{StreamExt as _, stream};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{
    Error,
    args::{Apply, Output},
    plan::{self, Item},
    show,
};
use crate::{
    engine::{execute::Outcome, fault::Fault},
    plan::{
        Step, Target,
        render::{Ended, Report, Row, Verb, terminal, text::shown},
    },
};

/// The subcommand. Exit code 1 when anything was not done.
pub(super) async fn run(args: &Apply) -> Result<ExitCode, Error> {
    if args.output == Output::Markdown {
        return Err(Error::Usage("apply writes text or json; plan writes markdown, too".into()));
    }
    let json = args.output == Output::Json;
    let mut items = plan::prepare(&args.files, &args.access, plan::Record::None).await?;
    let mut report = plan::report(&items);
    if !json {
        plan::write(&report, Output::Text, args.show_sql)?;
    }
    let summary = report.summary();
    if summary.has_changes() {
        if !args.yes && !agreed(json)? {
            show::note("Nothing was changed.");
            return Ok(ExitCode::FAILURE);
        }
        execute(&mut items, &mut report, args).await?;
    }
    if json {
        plan::write(&report, Output::Json, args.show_sql)?;
    } else if summary.has_changes() {
        show::out(&conclusion(&report))?;
    }
    let undone =
        |row: Row<'_>| row.ended.is_some_and(|ended| matches!(ended, Ended::Failed(_) | Ended::Skipped(_)));
    let lacks = items.iter().filter_map(|item| item.planned.as_ref().ok());
    let lacks = lacks.flat_map(|(planned, _)| &planned.blocked);
    let lacks = lacks.into_iter().any(|(_, fault)| matches!(fault, Fault::Lacking { .. }));
    let failed = lacks || summary.failed > 0 || report.rows().any(undone);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn agreed(json: bool) -> Result<bool, Error> {
    if json || !show::can_ask() {
        let why = if json { "the output is JSON" } else { "there is no terminal to ask on" };
        return Err(Error::Usage(format!("{why}: to make these changes, add --yes")));
    }
    show::ask("Make these changes?")
}

/// Kind after kind, in the order of their dependence; the objects of one kind at once.
async fn execute(items: &mut [Item], report: &mut Report, args: &Apply) -> Result<(), Error> {
    let bar = progress(report);
    let mut stuck = HashSet::new();
    let mut rest = items.iter_mut().zip(&mut report.entries).peekable();
    while let Some((item, _)) = rest.peek() {
        let kind = item.resource.object_kind();
        let mut of_kind = vec![];
        while let Some(next) = rest.next_if(|(item, _)| item.resource.object_kind() == kind) {
            of_kind.push(next);
        }
        let before = stuck.clone();
        let failed = Mutex::new(None);
        let tasks = stream::iter(of_kind).map(|(item, entry)| {
            let (mut stuck, bar, failed, tag) = (before.clone(), &bar, &failed, tag(item));
            async move {
                let Ok((planned, session)) = &mut item.planned else {
                    // Others must not build on what could not be planned.
                    return item.resource.target().into_iter().collect();
                };
                // What is never told of did not come to its turn.
                let mut ended: Vec<Option<Ended>> = vec![None; planned.steps.len()];
                let result = planned
                    .execute(session, &tag, &mut stuck, |n, step, outcome| {
                        let now = end_of(outcome);
                        if args.output == Output::Text {
                            bar.suspend(|| tell(step, &now, &tag))
                                .unwrap_or_else(|error| keep(failed, error));
                        }
                        bar.inc(u64::from(step.writes()));
                        if let Some(place) = ended.get_mut(n) {
                            *place = Some(now);
                        }
                    })
                    .await;
                let fault = result.err().map(|fault| {
                    stuck.insert(planned.target.clone());
                    Ended::Failed(fault.to_string())
                });
                let all = ended.into_iter().map(|ended| ended.or_else(|| fault.clone()));
                entry.ended = all.map_while(|ended| ended).collect();
                stuck
            }
        });
        let all: Vec<HashSet<Target>> = tasks.buffer_unordered(usize::from(args.concurrency)).collect().await;
        stuck.extend(all.into_iter().flatten());
        if let Some(error) = failed.into_inner().unwrap_or_default() {
            // Whoever reads our output has gone. What was begun was brought to its end.
            return Err(error);
        }
    }
    bar.finish_and_clear();
    Ok(())
}

fn keep(first: &Mutex<Option<Error>>, error: Error) {
    if let Ok(mut first) = first.lock() {
        first.get_or_insert(error);
    }
}

/// The query tag: which resource a statement is for.
fn tag(item: &Item) -> String {
    let (namespace, name) = item.resource.key();
    format!("snowfence {}/{namespace}/{name}", item.resource.kind())
}

fn end_of(outcome: &Outcome) -> Ended {
    match outcome {
        Outcome::Done => Ended::Done,
        Outcome::Held(_) => Ended::Held,
        Outcome::Skipped(target) => Ended::Skipped(format!("{target} comes first, and was not done")),
        Outcome::Failed(fault) => Ended::Failed(advice(fault)),
    }
}

fn advice(fault: &Fault) -> String {
    match fault {
        Fault::Snowflake(error) if error.is_privilege() => {
            format!("{fault}; grant the role what is missing, or use another role")
        }
        other => other.to_string(),
    }
}

/// A line of standard output for each step that was carried out.
fn tell(step: &Step, ended: &Ended, tag: &str) -> Result<(), Error> {
    if !step.writes() {
        return Ok(());
    }
    let verb = Verb::of(&step.action).unwrap_or(Verb::Update);
    let on = shown(&step.on.to_string()).into_owned();
    let text = match ended {
        Ended::Done => {
            let style = terminal::style(verb);
            format!("{style}{on} {}{style:#}\n", verb.was())
        }
        Ended::Held => format!("{on} is held\n"),
        Ended::Skipped(why) => format!("{on} skipped: {}\n", shown(why)),
        Ended::Failed(why) => {
            tracing::debug!(tag, why, "step failed");
            let red = anstyle::AnsiColor::Red.on_default();
            format!("{red}{on} failed:{red:#} {}\n", shown(why))
        }
    };
    show::out(&text)
}

/// `Applied: 2 created, 1 changed, 0 deleted.`
fn conclusion(report: &Report) -> String {
    let count = |verb: Option<Verb>, word: &str| {
        let is = |row: &Row<'_>| {
            verb.is_none_or(|verb| row.verb == verb) && row.ended.is_some_and(|ended| ended.word() == word)
        };
        report.rows().filter(is).count()
    };
    let done = |verb| count(Some(verb), "done");
    let mut text = format!(
        "\nApplied: {} created, {} changed, {} deleted",
        done(Verb::Create),
        done(Verb::Update) + done(Verb::Replace),
        done(Verb::Delete)
    );
    let others = ["failed", "skipped", "held"].map(|word| (count(None, word), word));
    for (n, word) in others.into_iter().chain([(report.summary().failed, "not planned")]) {
        if n > 0 {
            // Writing to a String cannot fail.
            let _ = write!(text, ", {n} {word}");
        }
    }
    text + ".\n"
}

fn progress(report: &Report) -> ProgressBar {
    let steps = report.rows().filter(|row| row.held.is_none() && row.step.writes()).count() as u64;
    let bar = ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::stderr());
    match ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
