//! A plan for a terminal. Styled with ANSI codes; who writes it strips them where they don't belong.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::{
    Entry, Report, Row, Verb, adopted_together,
    text::{DiffLine, long_difference, shown, shown_sql},
};
use crate::plan::{Change, Risk, Target};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const RED: Style = AnsiColor::Red.on_default();
const GREEN: Style = AnsiColor::Green.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const CYAN: Style = AnsiColor::Cyan.on_default();
const MAGENTA: Style = AnsiColor::Magenta.on_default();

/// Before the further lines of a statement: no line of a plan of ours begins so far to the right.
const INDENT: &str = "           ";

/// What is shown besides the changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The statements of each step, one a line.
    pub show_sql: bool,
}

/// The plan, its summary last.
pub fn render(report: &Report, options: Options) -> String {
    let mut out = String::new();
    for entry in &report.entries {
        let (adopted, others) = adopted_together(entry.rows());
        together(&mut out, entry, &adopted);
        for row in &others {
            step(&mut out, row, options);
        }
        problems(&mut out, entry, entry.fault.as_slice(), (RED, "can't be planned"));
        problems(&mut out, entry, &entry.blocked, (RED, "can't be planned in part"));
        problems(&mut out, entry, &entry.warnings, (YELLOW, "note"));
        problems(&mut out, entry, entry.waiting.as_slice(), (YELLOW, "waits"));
    }
    if !report.grants.is_empty() {
        let _ = writeln!(out, "{YELLOW}  !{YELLOW:#} {BOLD}{}{BOLD:#}\n", super::LACKING);
        for grant in &report.grants {
            let _ = writeln!(out, "{};", shown_sql(grant, ""));
        }
        out.push('\n');
    }
    let _ = writeln!(out, "{BOLD}{}{BOLD:#}", report.summary());
    out
}

/// The colour that goes with a sign.
pub fn style(verb: Verb) -> Style {
    match verb {
        Verb::Create => GREEN,
        Verb::Update => YELLOW,
        Verb::Replace | Verb::Delete => RED,
        Verb::Adopt => CYAN,
    }
}

fn step(out: &mut String, row: &Row<'_>, options: Options) {
    let style = if row.held.is_some() { MAGENTA } else { style(row.verb) };
    let sign = if row.held.is_some() { "!" } else { row.verb.sign() };
    let _ = write!(
        out,
        "{style}{sign:>3}{style:#} {BOLD}{}{BOLD:#} {}",
        shown(&row.step.on.to_string()),
        row.verb.will_be()
    );
    if row.adopted {
        let _ = write!(out, ", adopted");
    }
    if row.held.is_some() {
        let _ = write!(out, " {MAGENTA}once it may{MAGENTA:#}");
    }
    let _ = writeln!(out, "  {DIM}({}){DIM:#}", shown(&row.entry.to_string()));
    changes(out, row);
    if !row.step.used_by.is_empty() {
        let _ =
            writeln!(out, "      {YELLOW}used by:{YELLOW:#} {}", shown(&names(row.step.used_by.iter(), 10)));
    }
    if let Some(why) = row.held {
        let _ = writeln!(out, "      {MAGENTA}held:{MAGENTA:#} {}", shown(why));
    }
    if options.show_sql {
        for statement in row.statements() {
            let _ = writeln!(out, "      {DIM}sql:{DIM:#} {}", shown_sql(statement, INDENT));
        }
    }
    out.push('\n');
}

/// Many objects that become ours and stay as they are.
fn together(out: &mut String, entry: &Entry, adopted: &[&Target]) {
    if adopted.is_empty() {
        return;
    }
    let (many, sign) = (adopted.len(), Verb::Adopt.sign());
    let _ = writeln!(
        out,
        "{CYAN}{sign:>3}{CYAN:#} {BOLD}{many} objects{BOLD:#} exist and are adopted  {DIM}({}){DIM:#}\n      {}\n",
        shown(&entry.to_string()),
        shown(&names(adopted.iter().copied(), 100))
    );
}

/// Objects, the first of them by name.
pub(super) fn names<'a>(all: impl ExactSizeIterator<Item = &'a Target>, most: usize) -> String {
    let many = all.len();
    let mut names: Vec<String> = all.take(most).map(ToString::to_string).collect();
    if many > names.len() {
        names.push(format!("and {} more", many - names.len()));
    }
    names.join(", ")
}

fn changes(out: &mut String, row: &Row<'_>) {
    let width = |change: &Change| shown(&change.path).chars().count();
    let widest =
        row.changes().iter().filter(|c| long_difference(c).is_none()).map(width).max().unwrap_or_default();
    for change in row.changes() {
        let path = shown(&change.path);
        if let Some(lines) = long_difference(change) {
            let _ = writeln!(out, "      {path}:{}", risk(row, change));
            for line in &lines {
                difference(out, line);
            }
            continue;
        }
        let pad = " ".repeat(widest - width(change));
        let _ = write!(out, "      {path}:{pad} ");
        let to = change.to.as_ref().map(|value| value.shown.as_str());
        match (row.verb, &change.from) {
            (Verb::Create, None) => {
                let _ = write!(out, "{}", value(to, "(Snowflake's default)"));
            }
            (_, from) => {
                let from = from.as_ref().map(|value| value.shown.as_str());
                let _ = write!(
                    out,
                    "{RED}{}{RED:#} → {GREEN}{}{GREEN:#}",
                    value(from, "(not set)"),
                    value(to, "(Snowflake's default)")
                );
            }
        }
        let _ = writeln!(out, "{}", risk(row, change));
    }
}

/// A value in its line. What could be taken for our own words, or for nothing, is quoted.
pub(super) fn value(text: Option<&str>, nothing: &str) -> String {
    match text {
        None => nothing.to_owned(),
        Some(text)
            if text.is_empty() || text.starts_with('(') || text.trim() != text || text.contains('→') =>
        {
            format!("\"{}\"", shown(text))
        }
        Some(text) => shown(text).into_owned(),
    }
}

fn risk(row: &Row<'_>, change: &Change) -> String {
    match change.risk {
        Risk::Safe => String::new(),
        _ if row.verb == Verb::Create => String::new(),
        Risk::Disruptive => format!("  {YELLOW}# disruptive{YELLOW:#}"),
        Risk::Destructive => format!("  {RED}# destructive{RED:#}"),
    }
}

fn difference(out: &mut String, line: &DiffLine) {
    let text = shown(&line.text);
    let _ = match line.sign {
        '+' => writeln!(out, "        {GREEN}+{text}{GREEN:#}"),
        '-' => writeln!(out, "        {RED}-{text}{RED:#}"),
        '@' => writeln!(out, "        {CYAN}{text}{CYAN:#}"),
        _ => writeln!(out, "         {text}"),
    };
}

/// What is told of a resource, each on a line of its own.
fn problems(out: &mut String, entry: &Entry, all: &[String], (style, what): (Style, &str)) {
    if all.is_empty() {
        return;
    }
    let name = entry.to_string();
    let _ = writeln!(out, "{style}  !{style:#} {BOLD}{}{BOLD:#} {style}{what}{style:#}", shown(&name));
    for why in all {
        let _ = writeln!(out, "      {}", shown(why));
    }
    out.push('\n');
}
