//! `latchkey serve`: runs the server.
use std::net::SocketAddr;

use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;

use super::{Failure, installation::Installation};
use crate::{
    config::Config,
    gateway::mail::Mailer,
    http::{self, server},
    service::{
        first_start, role,
        witness::{self, Witnessed},
    },
    store::database::{Condition, Schema},
    worker,
};

/// Runs the server until it is told to stop.
pub(super) async fn serve(config: Config) -> Result<(), Failure> {
    let shutdown = stop_on_signal()?;
    allow_many_connections();
    // The address is taken first: if it is not free, nothing has been changed yet.
    let listener = listen(config.listen).await?;
    let installation = Installation::start(config).await?;
    let outcome = run(&installation, listener, shutdown).await;
    installation.stop().await;
    outcome
}

pub(super) async fn run(
    installation: &Installation,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> Result<(), Failure> {
    let config = &installation.config;
    let metrics = match config.metrics.listen {
        Some(address) => Some(listen(address).await?),
        None => None,
    };
    let app = installation.ready_app().await?;
    let mailer = Mailer::new(config).map_err(|problem| Failure::Usage(problem.to_string()))?;
    match witness::check(&app).await? {
        Witnessed::Held(_) => {}
        Witnessed::Quarantined => eprintln!(
            "The database was put back to an earlier state. Nothing that was activated is in force until an emergency account signs \
             in and begins a new epoch."
        ),
        Witnessed::Nowhere => tracing::warn!(
            "nothing outside of the database knows where the audit log ends: set witness.file"
        ),
    }
    role::name_organisation(&app, &config.organisation_name).await?;
    println!("Latchkey is at {}", config.public_url);
    if let Some(folder) = mailer.folder() {
        println!("No mail server is set: mails are written as files into {}", folder.display());
    }
    if let Some(first) = first_start::link(&app).await? {
        println!(
            "Nobody is here yet. Set up the first administrator, \"admin\", with this link; it works once:"
        );
        println!("  {}", first.link);
    }
    let workers = worker::start(&app, mailer, &shutdown);
    let database_ended = watch_database(installation, &shutdown);
    let measured = async {
        if let Some(listener) = metrics {
            let router = server::limited(http::metrics::router(app.clone()), &config.http);
            server::serve(listener, router, &config.http, shutdown.clone()).await;
        }
    };
    let router = http::router(app.clone(), config);
    tokio::join!(server::serve(listener, router, &config.http, shutdown.clone()), measured);
    workers.close();
    workers.wait().await;
    app.database.close().await;
    app.worker_database.close().await;
    if database_ended.is_cancelled() {
        return Err(Failure::Failed(
            "the private database ended by itself; see server.log beside it".into(),
        ));
    }
    Ok(())
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address)
        .await
        .map_err(|failure| Failure::Failed(format!("cannot listen on {address}: {failure}")))
}

/// Each connection is an open file, and many systems allow a process a thousand unless it asks for more.
fn allow_many_connections() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(failure) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%failure, "no more connections at once than the system allows without being asked");
    }
}

/// Why one must not serve on this database, if one must not.
pub(super) fn refusal(config: &Config, is_private: bool, condition: &Condition) -> Option<String> {
    let Condition { role, missing_durability, .. } = condition;
    if !missing_durability.is_empty() {
        let names = missing_durability.join(", ");
        return Some(format!("the database could lose what was committed: switch on {names}"));
    }
    if condition.may_rewrite_history && !config.database.allow_superuser {
        return Some(format!(
            "the database role {role} could rewrite history: it is a superuser, passes row security or owns the tables. \
             Use the application's role in database.url (docs/operating.md), or set database.allow_superuser"
        ));
    }
    match condition.schema {
        Schema::Current | Schema::Newer => None,
        Schema::Empty | Schema::Older(_) if is_private => None,
        Schema::Empty => Some("the database is empty: run `latchkey migrate` first".into()),
        Schema::Older(missing) => Some(format!(
            "the schema is {missing} migration(s) behind: run `latchkey migrate` first"
        )),
        Schema::Different(version) => {
            Some(format!("migration {version} of this database is not the one of this program"))
        }
    }
}

/// Stops the server when the private database is gone; whatever restarts the program then restarts both.
fn watch_database(installation: &Installation, shutdown: &CancellationToken) -> CancellationToken {
    let Some(private) = &installation.private else { return CancellationToken::new() };
    let ended = private.ended();
    let (watched, shutdown) = (ended.clone(), shutdown.clone());
    tokio::spawn(async move {
        watched.cancelled().await;
        shutdown.cancel();
    });
    ended
}

/// Told to stop once, the server finishes what has begun; told twice, it ends at once.
pub(super) fn stop_on_signal() -> Result<CancellationToken, Failure> {
    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        for exit in [false, true] {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if exit {
                std::process::exit(130);
            }
            tracing::info!("stopping; once more to stop at once");
            stop.cancel();
        }
    });
    Ok(shutdown)
}
