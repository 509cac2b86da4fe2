//! `latchkey admin`: one-time links for administrators, made by whoever has a shell on the server.
use clap::Subcommand;

use super::{Failure, installation::Installation};
use crate::{
    App,
    config::Config,
    domain::text::{DisplayName, Email, UserName},
    service::person::{self, Invited},
    store::person::NewPerson,
};

/// What can be done for administrators without signing in.
#[derive(Debug, Subcommand)]
pub(super) enum Admin {
    /// Create an account that is Global Administrator for good, and print its one-time link.
    #[command(
        after_help = "Example:\n  latchkey admin invite --name 'Ada Lovelace' --user-name ada --email ada@example.org"
    )]
    Invite {
        /// Their name.
        #[arg(long, value_parser = DisplayName::parse)]
        name: DisplayName,
        /// The name to sign in with.
        #[arg(long, value_parser = UserName::parse)]
        user_name: UserName,
        /// Their mail address.
        #[arg(long, value_parser = Email::parse)]
        email: Email,
        /// Keep the account for emergencies: every sign-in alarms all administrators.
        #[arg(long)]
        break_glass: bool,
    },
    /// Print a one-time link with which somebody sets up their sign-in anew.
    #[command(after_help = "Example:\n  latchkey admin recover ada")]
    Recover {
        /// The name that they sign in with.
        #[arg(value_parser = UserName::parse)]
        user_name: UserName,
    },
}

/// Makes a one-time link and prints it.
pub(super) async fn admin(config: Config, wanted: Admin) -> Result<(), Failure> {
    // Who recovers an account has one; who invites the first may have nothing yet.
    let installation = match wanted {
        Admin::Invite { .. } => Installation::join(config).await?,
        Admin::Recover { .. } => Installation::existing(config).await?,
    };
    let outcome = async {
        let app = installation.ready_app().await?;
        let outcome = issue(&app, wanted).await;
        app.database.close().await;
        app.worker_database.close().await;
        outcome
    }
    .await;
    installation.stop().await;
    let Invited { link, .. } = outcome?;
    println!("{link}");
    Ok(())
}

async fn issue(app: &App, wanted: Admin) -> Result<Invited, Failure> {
    Ok(match wanted {
        Admin::Invite { name, user_name, email, break_glass } => {
            let new = NewPerson { name, user_name, email, break_glass };
            person::invite_administrator(app, &new).await?
        }
        Admin::Recover { user_name } => person::recover(app, &user_name).await?,
    })
}
