//! A plan as Markdown, for a comment on a pull request.
//!
//! Values stand in `<code>` with every character escaped that Markdown or HTML could read, or in fences that are
//! longer than any run of backticks inside, so that no value leaves its place or calls anybody.

use std::fmt::Write as _;

use super::{
    Entry, Report, Row, Verb, adopted_together,
    terminal::{Options, names, value},
    text::{long_difference, shown, shown_sql},
};
use crate::plan::{Change, Risk, Target};

/// GitHub refuses comments above 65,536 characters.
const LIMIT: usize = 60_000;

/// A heading with the summary, a table of the changes, then what is too long for a table.
pub fn render(report: &Report, options: Options) -> String {
    let mut out = format!("### Snowfence\n\n{}\n", report.summary());
    let mut lines = vec![];
    for entry in &report.entries {
        let (adopted, others) = adopted_together(entry.rows());
        lines.extend((!adopted.is_empty()).then(|| (together(entry, &adopted), None)));
        lines.extend(others.into_iter().map(|row| (table_row(&row), Some(row))));
    }
    let mut details = vec![];
    if !lines.is_empty() {
        out.push_str("\n| | Object | Resource | Changes |\n|---|---|---|---|\n");
    }
    for (n, (line, row)) in lines.iter().enumerate() {
        if out.len() + line.len() > LIMIT {
            let _ = writeln!(out, "\n… and {} more. Run `snowfence plan` to see all.", lines.len() - n);
            return out;
        }
        out.push_str(line);
        let Some(row) = row else { continue };
        details.extend(long_values(row));
        if options.show_sql {
            details.extend(statements(row));
        }
    }
    let told = |title: &str, why: fn(&Entry) -> Vec<&String>| {
        let told =
            report.entries.iter().flat_map(|entry| why(entry).into_iter().map(move |why| (entry, why)));
        let lines: Vec<_> =
            told.map(|(entry, why)| format!("- {}: {}\n", code(&entry.to_string()), code(why))).collect();
        (!lines.is_empty())
            .then(|| format!("\n**{title}:**\n\n"))
            .into_iter()
            .chain(lines)
            .collect::<Vec<_>>()
    };
    let first = [
        told("Not planned", |entry| entry.fault.iter().chain(&entry.blocked).collect()),
        told("Notes", |entry| entry.warnings.iter().collect()),
        told("Waiting", |entry| entry.waiting.iter().collect()),
    ];
    let grants: Vec<_> = report.grants.iter().map(|grant| shown_sql(grant, "") + ";").collect();
    let grants = (!grants.is_empty()).then(|| {
        let text = grants.join("\n");
        let fence = fence(&text);
        format!("\n**{}**\n\n{fence}sql\n{text}\n{fence}\n", super::LACKING)
    });
    let details: Vec<String> = grants.into_iter().chain(first.into_iter().flatten()).chain(details).collect();
    let mut left = details.len();
    for part in details {
        if out.len() + part.len() > LIMIT {
            let _ = writeln!(out, "\n… {left} more parts are left out. Run `snowfence plan` to see all.");
            break;
        }
        out.push_str(&part);
        left -= 1;
    }
    out
}

/// Many objects that become ours and stay as they are.
fn together(entry: &Entry, adopted: &[&Target]) -> String {
    format!(
        "| `{}` | {} objects | {} | adopted: {} |\n",
        Verb::Adopt.sign(),
        adopted.len(),
        code(&entry.to_string()),
        code(&names(adopted.iter().copied(), 100))
    )
}

fn table_row(row: &Row<'_>) -> String {
    let sign = if row.held.is_some() { "!" } else { row.verb.sign() };
    let mut cells = vec![];
    if let Some(why) = row.held {
        cells.push(format!("held: {}", code(why)));
    }
    if row.adopted {
        cells.push("adopted".to_owned());
    }
    for change in row.changes() {
        cells.push(format!("{}: {}{}", code(&change.path), from_to(change), risk(change)));
    }
    if !row.step.used_by.is_empty() {
        cells.push(format!("used by: {}", code(&names(row.step.used_by.iter(), 10))));
    }
    if cells.is_empty() {
        cells.push(row.verb.will_be().to_owned());
    }
    format!(
        "| `{sign}` | {} | {} | {} |\n",
        code(&row.step.on.to_string()),
        code(&row.entry.to_string()),
        cells.join("<br>")
    )
}

fn from_to(change: &Change) -> String {
    if long_difference(change).is_some() {
        return "see below".to_owned();
    }
    let to = change.to.as_ref().map(|value| value.shown.as_str());
    let to = code(&value(to, "(Snowflake's default)"));
    match &change.from {
        Some(from) => format!("{} → {to}", code(&value(Some(&from.shown), ""))),
        None => to,
    }
}

fn risk(change: &Change) -> &'static str {
    match change.risk {
        Risk::Safe => "",
        Risk::Disruptive => " (disruptive)",
        Risk::Destructive => " (**destructive**)",
    }
}

fn long_values(row: &Row<'_>) -> Vec<String> {
    let parts = row.changes().iter().filter_map(|change| {
        let lines = long_difference(change)?;
        let text: Vec<_> = lines
            .iter()
            .map(|line| match line.sign {
                '@' => line.text.clone(),
                sign => format!("{sign}{}", shown(&line.text)),
            })
            .collect();
        let title = format!("{} {}", code(&row.step.on.to_string()), code(&change.path));
        Some(folded(&title, "diff", &text.join("\n")))
    });
    parts.collect()
}

fn statements(row: &Row<'_>) -> Option<String> {
    let text: Vec<_> = row.statements().map(|statement| shown_sql(statement, "") + ";").collect();
    if text.is_empty() {
        return None;
    }
    Some(folded(&format!("SQL for {}", code(&row.step.on.to_string())), "sql", &text.join("\n")))
}

fn folded(title: &str, language: &str, text: &str) -> String {
    let fence = fence(text);
    format!("\n<details><summary>{title}</summary>\n\n{fence}{language}\n{text}\n{fence}\n\n</details>\n")
}

/// A fence longer than any run of backticks in the text.
fn fence(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    "`".repeat(longest.max(2) + 1)
}

/// A text that stays in its cell and means nothing to Markdown or HTML.
fn code(text: &str) -> String {
    let text = shown(text);
    let mut out = String::with_capacity(text.len() + 13);
    out.push_str("<code>");
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let inside_word =
            c == '_' && before.is_alphanumeric() && chars.peek().is_some_and(|next| next.is_alphanumeric());
        if c.is_ascii_punctuation() && !inside_word && !matches!(c, '-' | ',') {
            // Writing to a String cannot fail.
            let _ = write!(out, "&#{};", c as u32);
        } else {
            out.push(c);
        }
        before = c;
    }
    out.push_str("</code>");
    out
}
