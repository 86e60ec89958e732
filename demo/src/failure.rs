//! Why a demo did not show what it should.

use std::{
    fmt::Display,
    io,
    path::{Path, PathBuf},
};

pub(crate) type Result<T> = std::result::Result<T, Failure>;

/// What was missing, and where to look.
#[derive(Debug, thiserror::Error)]
#[error("{what}{}", .log.as_deref().map(tail).unwrap_or_default())]
pub(crate) struct Failure {
    what: String,
    /// The log of the part that failed.
    log: Option<PathBuf>,
}

impl Failure {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), log: None }
    }

    /// With the last lines of a log.
    pub(crate) fn with_log(self, log: &Path) -> Self {
        Self { log: self.log.or_else(|| Some(log.to_owned())), ..self }
    }
}

/// Says during what something failed.
pub(crate) trait During<T> {
    fn during(self, what: impl Display) -> Result<T>;
}

impl<T, E: Display> During<T> for std::result::Result<T, E> {
    fn during(self, what: impl Display) -> Result<T> {
        self.map_err(|error| Failure::new(format!("{what}: {error}")))
    }
}

/// Fails, with what was expected, unless it was seen.
pub(crate) fn expect(seen: bool, what: impl Display, instead: &str) -> Result<()> {
    if seen {
        Ok(())
    } else {
        Err(Failure::new(format!("expected, but not seen: {what}\n{}", indented(instead))))
    }
}

impl From<snowfence_testbed::Error> for Failure {
    fn from(error: snowfence_testbed::Error) -> Self {
        Self::new(format!("the control plane: {error}"))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::new(error.to_string())
    }
}

/// The last lines of a log, under its name.
fn tail(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = crate::say::plain(&String::from_utf8_lossy(&text));
    let lines: Vec<&str> = text.lines().collect();
    let last = &lines[lines.len().saturating_sub(25)..];
    let name = log.file_name().unwrap_or_default().display();
    format!("\n\nThe last lines of {name}:\n{}", indented(&last.join("\n")))
}

fn indented(text: &str) -> String {
    if text.trim().is_empty() {
        return "  (nothing)".into();
    }
    let cut = text.trim_end().lines().map(|line| format!("  {}", line.chars().take(400).collect::<String>()));
    cut.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_ends_with_the_last_lines_of_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("operator.log");
        let lines: Vec<String> = (0..100).map(|n| format!("\u{1b}[32mline {n}\u{1b}[0m")).collect();
        std::fs::write(&log, lines.join("\n")).unwrap();
        let text = Failure::new("it was not seen").with_log(&log).to_string();
        assert!(
            text.starts_with("it was not seen\n\nThe last lines of operator.log:\n  line 75\n"),
            "{text}"
        );
        assert!(text.ends_with("  line 99"), "{text}");
    }

    #[test]
    fn what_came_instead_is_told() {
        let text = expect(false, "an empty plan", "1 to change\n").unwrap_err().to_string();
        assert_eq!(text, "expected, but not seen: an empty plan\n  1 to change");
        assert!(expect(true, "an empty plan", "").is_ok());
    }
}
