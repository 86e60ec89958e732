//! What reaches the terminal.

use std::io::{self, IsTerminal as _, Write as _};

use anstream::{AutoStream, ColorChoice};

use super::{args::Color, error::Error, manifests::BadManifests};
use crate::plan::render::text::shown;

/// Decides about colour for all that follows.
pub(super) fn choose(color: Color) {
    match color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    }
    .write_global();
}

/// Styled text to standard output, without its styles where they don't belong.
pub(super) fn out(text: &str) -> Result<(), Error> {
    let mut out = AutoStream::auto(io::stdout().lock());
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.map_err(Error::io("standard output"))
}

/// A remark to standard error.
pub(super) fn note(text: &str) {
    // Nobody may be listening; the remark is not what the program is for.
    let _ = writeln!(anstream::stderr(), "{}", shown(text));
}

/// The error that ends the program.
pub(super) fn error(error: &Error) {
    let mut stderr = anstream::stderr();
    let _ = match error {
        Error::Manifests(bad) => manifests(&mut stderr, bad),
        other => {
            let red = anstyle::AnsiColor::Red.on_default().bold();
            writeln!(stderr, "{red}error:{red:#} {}", shown(&other.to_string()))
        }
    };
}

fn manifests(stderr: &mut impl io::Write, bad: &BadManifests) -> io::Result<()> {
    writeln!(stderr, "{}\n", bad.render(&annotate_snippets::Renderer::styled()))?;
    let count = bad.0.len();
    writeln!(
        stderr,
        "{count} error{} in the manifests; nothing was read from Snowflake.",
        if count == 1 { "" } else { "s" }
    )
}

/// Whether somebody can be asked.
pub(super) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks; only y and yes are a yes.
pub(super) fn ask(question: &str) -> Result<bool, Error> {
    let mut stderr = anstream::stderr();
    write!(stderr, "{question} [y/N] ").and_then(|()| stderr.flush()).map_err(Error::io("standard error"))?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(Error::io("standard input"))?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
