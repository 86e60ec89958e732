//! Text from outside, made harmless, and differences between long texts.

use std::{borrow::Cow, fmt::Write as _};

use similar::{ChangeTag, TextDiff};

use crate::plan::Change;

/// A value longer than this is shown as a difference of lines, in characters.
const LONG: usize = 72;

/// A text of one line that a terminal prints as it is: control characters, line breaks, marks that reorder or hide
/// text, and what has no shape come out as escapes (`\n`, `\u{202e}`).
pub fn shown(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    // `escape_debug` also escapes these three, which harm nobody.
    for part in text.split_inclusive(['"', '\'', '\\']) {
        let plain = part.trim_end_matches(['"', '\'', '\\']);
        out.extend(plain.escape_debug());
        out.push_str(&part[plain.len()..]);
    }
    Cow::Owned(out)
}

/// A statement as a terminal prints it. It stays the same statement: lines break where its own do, each behind
/// `indent`, and inside a string constant Snowflake reads `\n` and `\u001b` as the characters that they stand for.
pub fn shown_sql(statement: &str, indent: &str) -> String {
    let mut out = String::with_capacity(statement.len());
    let mut place = Place::Code;
    let mut rest = statement.chars();
    while let Some(c) = rest.next() {
        let begins = |mark: char| c == mark && rest.as_str().starts_with(mark);
        let next = match (place, c) {
            (Place::Code, '\'' | '"') => Place::Quoted(c),
            (Place::Code, _) if begins('$') => Place::Body,
            (Place::Code, _) if begins('-') || begins('/') => Place::Comment,
            (Place::Quoted(mark), _) if c == mark => Place::Code,
            (Place::Body, _) if begins('$') => Place::Code,
            (Place::Comment, '\n') => Place::Code,
            (same, _) => same,
        };
        if matches!((place, c), (Place::Quoted('\''), '\\')) {
            // What it escapes does not end the constant.
            out.push(c);
            if let Some(c) = rest.next() {
                one(c, &mut out);
            }
            continue;
        }
        match c {
            '\n' if !matches!(place, Place::Quoted(_)) => {
                out.push('\n');
                out.push_str(indent);
            }
            '\t' if !matches!(place, Place::Quoted(_)) => out.push_str("    "),
            c => one(c, &mut out),
        }
        if next != place && matches!((place, next), (Place::Code, Place::Body) | (Place::Body, Place::Code)) {
            out.extend(rest.next());
        }
        place = next;
    }
    out
}

/// Where in a statement a character stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Code,
    /// In a constant, or in a name.
    Quoted(char),
    /// Between `$$`.
    Body,
    /// To the end of the line.
    Comment,
}

fn one(c: char, out: &mut String) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '"' | '\'' | '\\' => out.push(c),
        // A letter before it: a combining mark after a letter is text, alone it is not.
        c if format!("a{c}").escape_debug().count() > 2 => {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
        c => out.push(c),
    }
}

/// A line of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffLine {
    /// `+`, `-`, a blank, or `@` for the head of a hunk.
    pub sign: char,
    /// Without its line break; as it came in.
    pub text: String,
}

/// The difference of two long or many-lined values, line by line with three lines around; `None` when the values
/// fit in one line.
pub fn long_difference(change: &Change) -> Option<Vec<DiffLine>> {
    let from = change.from.as_ref().map_or("", |value| value.shown.as_str());
    let to = change.to.as_ref().map_or("", |value| value.shown.as_str());
    let long = |text: &str| text.contains('\n') || text.chars().nth(LONG).is_some();
    if !long(from) && !long(to) {
        return None;
    }
    let difference = TextDiff::from_lines(from, to);
    let mut lines = vec![];
    for hunk in difference.unified_diff().context_radius(3).iter_hunks() {
        if !from.is_empty() && !to.is_empty() {
            lines.push(DiffLine { sign: '@', text: hunk.header().to_string().trim_end().to_owned() });
        }
        for line in hunk.iter_changes() {
            let sign = match line.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            let text = line.value();
            lines.push(DiffLine { sign, text: text.strip_suffix('\n').unwrap_or(text).to_owned() });
        }
    }
    Some(lines)
}
