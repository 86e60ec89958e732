//! What the person at the terminal reads. Colour on a terminal only; anstream sees to that.

use std::{
    fmt::Display,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use anstream::println;
use anstyle::{AnsiColor, Style};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GREEN: Style = AnsiColor::Green.on_default();
const CYAN: Style = AnsiColor::Cyan.on_default().bold();

/// Whether the last line was blank: there are never two.
static BLANK: AtomicBool = AtomicBool::new(false);

/// A blank line, unless there is one.
pub(crate) fn blank() {
    if !BLANK.swap(true, Ordering::Relaxed) {
        println!();
    }
}

fn line(text: impl Display) {
    BLANK.store(false, Ordering::Relaxed);
    println!("{text}");
}

/// Begins a part.
pub(crate) fn heading(text: impl Display) {
    blank();
    line(format_args!("{BOLD}── {text}{BOLD:#}"));
    blank();
}

/// A line of explanation.
pub(crate) fn note(text: impl Display) {
    line(text);
}

/// Something that goes on.
pub(crate) fn progress(text: impl Display) {
    line(format_args!("{DIM}… {text}{DIM:#}"));
}

/// A command, as one would type it.
pub(crate) fn command(text: impl Display) {
    blank();
    line(format_args!("{CYAN}$ {text}{CYAN:#}"));
}

/// What a command has printed.
pub(crate) fn output(text: &str) {
    line(text.trim_end());
}

/// Something that was expected, and seen.
pub(crate) fn seen(text: impl Display) {
    line(format_args!("{GREEN}✓{GREEN:#} {text}"));
}

/// The last line of all.
pub(crate) fn done(text: impl Display, after: Duration) {
    blank();
    line(format_args!("{BOLD}{text}{BOLD:#} {DIM}({}){DIM:#}", duration(after)));
}

/// `4 s`, `2 min 05 s`.
pub(crate) fn duration(length: Duration) -> String {
    match length.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

/// Whether colours are shown: then programs whose output is passed on may use them, too.
pub(crate) fn in_colour() -> bool {
    anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
}

/// Without colours, to look for something in it.
pub(crate) fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        assert_eq!(duration(Duration::from_secs(9)), "9 s");
        assert_eq!(duration(Duration::from_secs(125)), "2 min 05 s");
    }
}
