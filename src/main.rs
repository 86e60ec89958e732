//! The program: parses the command line and calls [`snowfence::cli`].

use std::process::ExitCode;

use clap::Parser as _;
use snowfence::cli::{self, args::Cli};

fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => cli::main(cli),
        // clap would end with 2, which says that there are changes (--detailed-exitcode).
        Err(refused) => {
            let _ = refused.print();
            if refused.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
        }
    }
}
