//! The command line of the testbed; see `snowfence-testbed --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    snowfence_testbed::cli::main()
}
