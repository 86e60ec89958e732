//! The report, for people.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use anstyle::{AnsiColor, Style};

use snowfence::plan::render::text::{shown, shown_sql};

use crate::{
    case::File,
    run::{CaseResult, FileResult, Run, Verdict},
};

const BOLD: Style = Style::new().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const GREEN: Style = AnsiColor::Green.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();

impl FileResult {
    fn count(&self, of: impl Fn(&Verdict) -> bool) -> usize {
        self.cases.iter().filter(|result| of(&result.verdict)).count()
    }

    pub fn matched(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::Matched(_)))
    }

    pub fn differ(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::Differs { .. }))
    }

    pub fn skipped(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::Skipped(_)))
    }
}

impl Run {
    /// Everything that was run is as the list says, and nothing is left.
    pub fn is_good(&self) -> bool {
        self.ended.is_none() && self.left.is_empty() && self.files.iter().all(|file| file.differ() == 0)
    }

    fn cases(&self) -> impl Iterator<Item = (&str, &CaseResult)> {
        self.files.iter().flat_map(|file| file.cases.iter().map(|result| (file.name.as_str(), result)))
    }

    /// The whole report, with styles. `emulated`: for an emulator, nothing is told about facts to settle.
    pub fn report(&self, emulated: bool) -> String {
        // What matters most stands last, where a terminal ends.
        let mut text = self.unverified(emulated);
        text += &self.skipped();
        text += &self.extra();
        text += &self.differences();
        text += "\n";
        text += &self.counts();
        text += &self.leftovers();
        text
    }

    // Writing to a String cannot fail, here and below.
    fn counts(&self) -> String {
        let width = self.files.iter().map(|file| file.name.len()).max().unwrap_or_default();
        let mut text = String::new();
        for file in &self.files {
            let style = if file.differ() > 0 { RED } else { GREEN };
            let _ = writeln!(
                text,
                "{:width$}  {style}{:>4} matched  {:>3} differ{style:#}  {:>3} skipped",
                file.name,
                file.matched(),
                file.differ(),
                file.skipped()
            );
        }
        text
    }

    fn differences(&self) -> String {
        let mut text = String::new();
        for (file, result) in self.cases() {
            let Verdict::Differs { statement, differences } = &result.verdict else { continue };
            let _ = writeln!(text, "\n{RED}differs{RED:#} {BOLD}{file}: {}{BOLD:#}", result.case.name);
            let _ = writeln!(text, "  statement  {}", shown_sql(statement, "             "));
            let _ = writeln!(text, "  source     {}", result.case.source);
            if let Some(reason) = &result.case.unverified {
                let _ = writeln!(text, "  unverified {reason}");
            }
            for difference in differences {
                let _ = writeln!(text, "  {}", difference.what);
                let _ = writeln!(text, "    expected {}", shown(&difference.expected));
                let _ = writeln!(text, "    seen     {}", shown(&difference.seen));
            }
        }
        text
    }

    fn skipped(&self) -> String {
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, result) in self.cases() {
            if let Verdict::Skipped(reason) = &result.verdict {
                *reasons.entry(reason).or_default() += 1;
            }
        }
        let lines = reasons.into_iter().map(|(reason, count)| format!("{count:>4}  {reason}"));
        section("skipped", lines)
    }

    fn unverified(&self, emulated: bool) -> String {
        let cases = self.cases().filter_map(|(file, result)| {
            let reason = result.case.unverified.as_deref()?;
            let outcome = match &result.verdict {
                _ if emulated => "",
                Verdict::Matched(_) => "confirmed: ",
                Verdict::Differs { .. } => "refuted: ",
                Verdict::Skipped(_) => "still open: ",
            };
            Some(format!("{outcome}{file}: {}: {reason}", result.case.name))
        });
        section("unverified, worth settling with an account", cases)
    }

    fn extra(&self) -> String {
        let mut columns: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (file, result) in self.cases() {
            if let Verdict::Matched(extra) = &result.verdict {
                for column in extra {
                    columns.entry(column).or_default().insert(file);
                }
            }
        }
        let lines = columns.into_iter().map(|(column, files)| {
            format!("{column} ({})", files.into_iter().collect::<Vec<_>>().join(", "))
        });
        section("columns that the list does not know", lines)
    }

    fn leftovers(&self) -> String {
        let left = &self.left;
        let mut text = section(
            "could not be dropped; do it by hand",
            left.objects.iter().map(|(object, error)| format!("{object}: {}", shown(error))),
        );
        text += &section(
            "could not be looked for after the run",
            left.unseen.iter().map(|(kind, error)| format!("{kind}: {}", shown(error))),
        );
        if let Some(reason) = &self.ended {
            let _ = writeln!(text, "\n{RED}ended early{RED:#}: {reason}");
        }
        if left.is_empty() {
            let _ = writeln!(text, "\nnothing is left of the run.");
        }
        text
    }
}

fn section(heading: &str, lines: impl IntoIterator<Item = String>) -> String {
    let mut lines = lines.into_iter().peekable();
    if lines.peek().is_none() {
        return String::new();
    }
    let mut text = format!("\n{YELLOW}{heading}{YELLOW:#}\n");
    for line in lines {
        let _ = writeln!(text, "  {line}");
    }
    text
}

/// The list itself: each case with its source.
pub fn listed(files: &[File]) -> String {
    let mut text = String::new();
    for file in files {
        let _ = writeln!(text, "{BOLD}{}{BOLD:#}", file.name);
        for case in &file.cases {
            let mark = if case.unverified.is_some() { " (unverified)" } else { "" };
            let _ = writeln!(text, "  {}{mark}\n    {}", case.name, case.source);
        }
    }
    text
}
