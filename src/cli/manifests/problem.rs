//! What is wrong with a manifest, and how that is shown.

use std::fmt::{self, Display};

use annotate_snippets::{AnnotationKind, Group, Level, Origin as At, Renderer, Snippet};

use super::tree::Place;
use crate::plan::render::text::shown;

/// How many problems are shown; the number of the others is.
const SHOWN: usize = 50;
/// A longer line is not shown: it is JSON without line breaks, and its field is named anyway. In characters.
const LONGEST_LINE: usize = 300;

/// Where a manifest comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The file as it was named, or `standard input`.
    pub file: String,
    /// The document in the file, from 1.
    pub document: usize,
    /// The line on which the resource begins, from 1.
    pub line: usize,
}

impl Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} (document {})", shown(&self.file), self.line, self.document)
    }
}

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub file: String,
    /// The document in the file, from 1; 0 when the file could not be read at all.
    pub document: usize,
    /// Line and column, from 1; 0 when unknown.
    pub line: usize,
    pub column: usize,
    /// The resource, as far as it is known: `SnowflakeWarehouse team-a/wh`.
    pub resource: Option<String>,
    /// The field, as `spec.triggers[0].do`; empty when it is about the document.
    pub field: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// The line's text and the length of what is marked, in characters; none where a Secret may stand.
    pub excerpt: Option<(String, usize)>,
}

impl Problem {
    /// About a file that could not be read.
    pub(super) fn file(file: &str, message: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            document: 0,
            line: 0,
            column: 0,
            resource: None,
            field: String::new(),
            message: message.into(),
            help: None,
            excerpt: None,
        }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// With the line that it is about, from the text of the whole file.
    pub(super) fn excerpt(mut self, text: &str, place: Place) -> Self {
        let line = text.lines().nth(self.line.saturating_sub(1)).unwrap_or_default();
        if self.line > 0 && line.chars().nth(LONGEST_LINE).is_none() {
            self.excerpt = Some((line.to_owned(), place.len));
        }
        self
    }

    /// The place, the line with a mark below, and what to do.
    pub fn render(&self, renderer: &Renderer) -> String {
        let title = match self.field.as_str() {
            "" => shown(&self.message).into_owned(),
            field => format!("{}: {}", shown(field), shown(&self.message)),
        };
        let file = shown(&self.file).into_owned();
        let harmless = self.excerpt.as_ref().map(|(line, len)| (harmless(line), *len));
        let mut group = Group::with_title(Level::ERROR.primary_title(title));
        match &harmless {
            Some((line, len)) => {
                let mark = mark(line, self.column, *len);
                let snippet = Snippet::source(line.as_str()).line_start(self.line).path(file.as_str());
                group = group.element(snippet.annotation(AnnotationKind::Primary.span(mark)));
            }
            None if self.line > 0 => {
                group =
                    group.element(At::path(file.as_str()).line(self.line).char_column(self.column.max(1)));
            }
            None => group = group.element(At::path(file.as_str())),
        }
        if self.document > 0 {
            let resource = self.resource.as_deref().map_or(String::new(), |r| format!(", {}", shown(r)));
            group = group.element(Level::NOTE.message(format!("in document {}{resource}", self.document)));
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(shown(help).into_owned()));
        }
        renderer.render(&[group])
    }
}

/// The same number of characters, none of which a terminal acts upon.
fn harmless(line: &str) -> String {
    let keep = |c: char| c == '\t' || !c.is_control() && shown(&format!("a{c}")).chars().count() == 2;
    line.chars().map(|c| if keep(c) { c } else { '\u{fffd}' }).collect()
}

/// The bytes of a line that are marked: at least one character, at most to its end.
fn mark(line: &str, column: usize, len: usize) -> std::ops::Range<usize> {
    let byte = |n: usize| line.char_indices().nth(n).map_or(line.len(), |(at, _)| at);
    let start = column.saturating_sub(1);
    byte(start)..byte(start.saturating_add(len.max(1)))
}

/// All that is wrong with the manifests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadManifests(pub Vec<Problem>);

impl BadManifests {
    /// The problems, one below the other.
    pub fn render(&self, renderer: &Renderer) -> String {
        let mut parts: Vec<_> = self.0.iter().take(SHOWN).map(|problem| problem.render(renderer)).collect();
        if self.0.len() > SHOWN {
            parts.push(format!("… and {} more", self.0.len() - SHOWN));
        }
        parts.join("\n\n")
    }
}

impl Display for BadManifests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(&Renderer::plain()))
    }
}

impl std::error::Error for BadManifests {}
