//! The command line: one file for each thing that an operator can ask for.
//!
//! Whoever may run it has the keys and the database in their hands, so it asks for no sign-in; but to apply policy files,
//! which is done with somebody's rights.
mod admin;
mod audit;
mod check;
mod demo;
mod failure;
mod healthcheck;
mod installation;
mod migrate;
mod policy;
mod serve;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

pub use self::failure::Failure;
use self::policy::Policy;
use crate::{config::Config, telemetry};

const AFTER_HELP: &str = "\
Exit codes: 0 it worked; 1 it failed; 2 the arguments or settings are wrong; 3 it was refused; 4 somebody else must
agree first.

Examples:
  latchkey demo                          look around, with made-up people and no configuration
  latchkey serve                         run it, with a PostgreSQL of its own in the data folder
  latchkey --config latchkey.toml check  see what the settings amount to before running it
";

/// Privileged access that is asked for, approved, and ends on time.
#[derive(Debug, Parser)]
#[command(name = "latchkey", version, after_help = AFTER_HELP, propagate_version = false)]
struct CommandLine {
    /// The file with the settings; every one of them has a default.
    #[arg(long, global = true, value_name = "FILE", env = "LATCHKEY_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show Latchkey with a made-up company, three weeks of history and nothing to configure.
    ///
    /// Everything is kept in the folder `demo` of the data folder, with a PostgreSQL of its own; delete it to begin anew.
    #[command(after_help = "Examples:\n  latchkey demo\n  latchkey demo code ada")]
    Demo {
        #[command(subcommand)]
        what: Option<DemoCommand>,
    },
    /// Run the server.
    ///
    /// Without `database.url` it runs a PostgreSQL of its own in the data folder and brings that up to date. With one,
    /// it refuses to start on an older schema (see `latchkey migrate`), as a role that could rewrite history, or where
    /// what was committed could be lost.
    Serve,
    /// Bring the database to the schema of this program.
    ///
    /// Uses `database.owner_url`, or the private database. Run it before `serve` when you upgrade.
    Migrate,
    /// Explain the settings and try what they lead to; changes nothing.
    #[command(after_help = "Examples:\n  latchkey check\n  latchkey check --settings")]
    Check {
        /// Only list every setting with its environment variable.
        #[arg(long)]
        settings: bool,
    },
    /// Let an administrator in, without any other sign-in.
    #[command(subcommand)]
    Admin(admin::Admin),
    /// Verify the audit log or take a copy of it.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Write roles, places, groups, settings and assignments as files that people read and compare.
    #[command(after_help = "Example:\n  latchkey export --output policy")]
    Export(policy::ExportArguments),
    /// Show the difference between policy files and what there is; changes nothing.
    ///
    /// Exit codes: 0 there is none; 2 there is some; 1 it could not be told.
    #[command(
        after_help = "Examples:\n  latchkey plan policy\n  latchkey plan policy --prune --json"
    )]
    Plan(policy::PlanArguments),
    /// Make it as policy files say: all of it, or nothing.
    ///
    /// It is done with the rights of the token's owner, by the rules of the pages. Exit codes: 0 it is done; 4 it waits for a
    /// second administrator; 3 it is refused, with every reason why.
    #[command(
        after_help = "Examples:\n  latchkey apply policy --token-file token --reason CHG-12\n  LATCHKEY_TOKEN=… latchkey apply policy --plan 5f2c…"
    )]
    Apply(policy::ApplyArguments),
    /// Ask the server on this machine whether it is ready; for containers and load balancers.
    Healthcheck,
    /// Print the version.
    Version,
}

#[derive(Debug, Subcommand)]
enum DemoCommand {
    /// Print the code that a demo person's authenticator shows now.
    Code {
        /// The person's user name.
        user_name: String,
    },
}

/// Runs what the command line asks for.
#[must_use]
pub fn run() -> ExitCode {
    let line = CommandLine::parse();
    match carry_out(line) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("latchkey: {failure}");
            failure.exit_code()
        }
    }
}

fn carry_out(CommandLine { config, command }: CommandLine) -> Result<(), Failure> {
    match command {
        Command::Version => {
            println!("latchkey {}", env!("CARGO_PKG_VERSION"));
            return Ok(());
        }
        Command::Check { settings: true } => {
            check::list_settings();
            return Ok(());
        }
        Command::Demo { .. }
        | Command::Serve
        | Command::Migrate
        | Command::Check { .. }
        | Command::Admin(_)
        | Command::Audit(_)
        | Command::Export(_)
        | Command::Plan(_)
        | Command::Apply(_)
        | Command::Healthcheck => {}
    }
    let config = Config::load(config.as_deref())?;
    if let Command::Demo { what: Some(DemoCommand::Code { user_name }) } = &command {
        return demo::code(&config, user_name);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let serves = matches!(command, Command::Serve | Command::Demo { .. });
    let traces = serves.then(|| telemetry::traces(&config.traces, runtime.handle())).flatten();
    telemetry::start(&config.log, traces.as_ref())
        .map_err(|problem| Failure::Usage(format!("log.filter: {problem}")))?;
    // The only provider there is, so it cannot be another one's turn.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let outcome = runtime.block_on(async {
        match command {
            Command::Demo { .. } => demo::demo(config).await,
            Command::Serve => serve::serve(config).await,
            Command::Migrate => migrate::migrate(config).await,
            Command::Check { .. } => check::check(config).await,
            Command::Admin(wanted) => admin::admin(config, wanted).await,
            Command::Audit(wanted) => audit::audit(config, wanted).await,
            Command::Export(wanted) => policy::policy(config, Policy::Export(wanted)).await,
            Command::Plan(wanted) => policy::policy(config, Policy::Plan(wanted)).await,
            Command::Apply(wanted) => policy::policy(config, Policy::Apply(wanted)).await,
            Command::Healthcheck => healthcheck::healthcheck(&config).await,
            Command::Version => Ok(()),
        }
    });
    if let Some(traces) = traces {
        traces.stop();
    }
    outcome
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_holds_together() {
        super::CommandLine::command().debug_assert();
    }
}
