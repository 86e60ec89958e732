//! The program: parses the command line and calls [`snowfence_conformance::cli`].

use std::process::ExitCode;

use clap::Parser as _;
use snowfence_conformance::cli::{self, Cli};

fn main() -> ExitCode {
    cli::main(&Cli::parse())
}
