//! The command line of Latchkey; everything else is in the library.
use std::process::ExitCode;

fn main() -> ExitCode {
    latchkey::command::run()
}
