//! Says on standard error what takes long: the build of Kubernetes, the first time.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// How much is said, and how. Standard output is never written to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Progress {
    /// A line that moves where standard error is a terminal, else [`Progress::Plain`].
    #[default]
    Auto,
    /// A line at the beginning and the end of each step, and every 30 seconds in between.
    Plain,
    /// Nothing.
    Silent,
}

/// Between two lines of [`Progress::Plain`].
const REMIND: Duration = Duration::from_secs(30);

impl Progress {
    /// Says a line.
    pub(crate) fn say(self, line: &str) {
        if self != Self::Silent {
            // Not eprintln: the test harness would keep it back until the test has ended.
            let _ = writeln!(std::io::stderr(), "snowfence-testbed: {line}");
        }
    }

    /// Begins a step: `what`, and how long it takes at most, as a guess.
    pub(crate) fn step(self, what: String, estimate: Duration) -> Step {
        let bar = (self == Self::Auto && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::new_spinner();
            let style = "snowfence-testbed: {spinner} {prefix}, {elapsed} {wide_msg}";
            if let Ok(style) = ProgressStyle::with_template(style) {
                bar.set_style(style);
            }
            bar.set_prefix(what.clone());
            bar.set_message(format!("of about {}", duration(estimate)));
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        if bar.is_none() {
            self.say(&format!("{what}, about {}", duration(estimate)));
        }
        Step { progress: self, what, estimate, begin: Instant::now(), said: Instant::now(), bar }
    }
}

/// A step under way.
pub(crate) struct Step {
    progress: Progress,
    what: String,
    estimate: Duration,
    begin: Instant,
    said: Instant,
    bar: Option<ProgressBar>,
}

impl Step {
    /// Called often; `detail` is what is being done now, or empty.
    pub(crate) fn tick(&mut self, detail: &str) {
        let of = format!("of about {}", duration(self.estimate));
        if let Some(bar) = &self.bar {
            bar.set_message(if detail.is_empty() { of } else { format!("{of}: {detail}") });
        } else if self.said.elapsed() >= REMIND {
            self.said = Instant::now();
            self.progress.say(&format!("{}, {} {of}", self.what, duration(self.begin.elapsed())));
        }
    }

    /// The step has succeeded.
    pub(crate) fn done(self) {
        let line = format!("{}: done in {}", self.what, duration(self.begin.elapsed()));
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        self.progress.say(&line);
    }
}

impl Drop for Step {
    /// After a failure: leaves no half line.
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// `45 s`, `3 min 7 s`.
pub(crate) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64().round() as u64;
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        let texts = [4, 60, 187].map(|seconds| duration(Duration::from_secs(seconds)));
        assert_eq!(texts, ["4 s", "1 min", "3 min 7 s"]);
    }
}
