//! The program: parses the command line and calls [`snowfence::cli`].

use std::process::ExitCode;

use clap::Parser as _;
use snowfence::cli;

fn main() -> ExitCode {
    cli::main(cli::args::Cli::parse())
}
