//! What the settings lead to: the database, the keys, and the `App` that works with them.
use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    Connection, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgSslMode},
};

use super::Failure;
use crate::{
    App,
    config::Config,
    gateway::{
        channel,
        egress::Egress,
        private_postgres::{
            Access, DATABASE, DatabaseRole, Durability, Error as PrivateError, PrivatePostgres,
            Settings,
        },
        ticket,
        witness::Witness,
    },
    secret::{Cost, Keys, MasterKey, PasswordHasher},
    store::database::{self, Condition},
    wake::Wake,
};

/// How many connections the background work has for itself.
const WORKER_CONNECTIONS: u32 = 4;
const PATIENCE: Duration = Duration::from_secs(10);
/// How often, and how fast, to look whether a server that is about to run takes connections.
const JOIN_ATTEMPTS: u32 = 60;
const JOIN_PAUSE: Duration = Duration::from_millis(500);

/// The database that the settings lead to.
pub(super) struct Installation {
    pub(super) config: Config,
    /// The private cluster, if this process runs it.
    pub(super) private: Option<PrivatePostgres>,
    /// The way into the private cluster, whoever runs it.
    access: Option<Access>,
}

impl Installation {
    /// Starts the private cluster if that is what the settings lead to.
    pub(super) async fn start(config: Config) -> Result<Self, Failure> {
        if is_external(&config) {
            return Ok(Self { config, private: None, access: None });
        }
        let private = PrivatePostgres::start(private_settings(&config)).await?;
        let access = Some(private.access());
        Ok(Self { config, private: Some(private), access })
    }

    /// The same for what only looks, or helps somebody back in: it makes no new database where none is.
    pub(super) async fn existing(config: Config) -> Result<Self, Failure> {
        let folder = private_settings(&config).folder;
        if !is_external(&config) && !folder.exists() {
            let folder = folder.display();
            return Err(Failure::Failed(format!("there is no database in {folder} yet")));
        }
        Self::join(config).await
    }

    /// The same, but also works beside a server that runs already, or is about to.
    pub(super) async fn join(config: Config) -> Result<Self, Failure> {
        if is_external(&config) {
            return Self::start(config).await;
        }
        let settings = private_settings(&config);
        for _ in 0..JOIN_ATTEMPTS {
            match PrivatePostgres::start(settings.clone()).await {
                Err(PrivateError::InUse(_)) => {}
                Err(failure) => return Err(failure.into()),
                Ok(private) => {
                    let access = Some(private.access());
                    return Ok(Self { config, private: Some(private), access });
                }
            }
            if let Some(access) = Access::to(&settings.folder) {
                return Ok(Self { config, private: None, access: Some(access) });
            }
            tokio::time::sleep(JOIN_PAUSE).await;
        }
        Err(PrivateError::InUse(settings.folder).into())
    }

    /// Whether the database is the private one.
    pub(super) fn is_private(&self) -> bool {
        self.access.is_some()
    }

    /// A connection as the owner of the tables.
    pub(super) async fn owner(&self) -> Result<PgConnection, Failure> {
        let options = match (&self.access, &self.config.database.owner_url) {
            (Some(access), _) => access.options(DatabaseRole::Owner, DATABASE),
            (None, Some(url)) => external("database.owner_url", url)?,
            (None, None) => {
                return Err(Failure::Usage(
                    "set database.owner_url to the address of the database as the owner of its tables"
                        .into(),
                ));
            }
        };
        connect(&options).await
    }

    /// A connection as the application's role.
    pub(super) async fn application(&self) -> Result<PgConnection, Failure> {
        connect(&self.application_options()?).await
    }

    /// What the database is like for the application's role.
    pub(super) async fn condition(&self) -> Result<Condition, Failure> {
        let mut connection = self.application().await?;
        let condition = database::examine(&mut connection, milliseconds()).await?;
        connection.close().await?;
        Ok(condition)
    }

    /// Brings the database to the schema of this program.
    pub(super) async fn migrate(&self) -> Result<(), Failure> {
        let mut owner = self.owner().await?;
        database::migrate(&mut owner).await?;
        Ok(owner.close().await?)
    }

    /// Checks that one may work with the database, bringing a private one up to date, and makes what every use case needs.
    pub(super) async fn ready_app(&self) -> Result<App, Failure> {
        let is_private = self.is_private();
        if is_private {
            self.migrate().await?;
        }
        match super::serve::refusal(&self.config, is_private, &self.condition().await?) {
            Some(refusal) => Err(Failure::Refused(refusal)),
            None => self.app().await,
        }
    }

    /// Makes what every use case needs.
    pub(super) async fn app(&self) -> Result<App, Failure> {
        let keys = Arc::new(Keys::derive(&master_key(&self.config, self.is_private())?));
        let options = self.application_options()?;
        let size = self.config.database.pool_size;
        let workers = WORKER_CONNECTIONS.min(size / 2);
        let channels = channel::all(&self.config.channels)
            .map_err(|problem| Failure::Usage(problem.to_string()))?;
        let ticket_systems = ticket::all(&self.config.ticket_systems)
            .map_err(|problem| Failure::Usage(problem.to_string()))?;
        let usual = self.is_private().then(|| self.config.data_folder.join("witness.jsonl"));
        let witness = Witness::new(&self.config.witness, usual)
            .map_err(|problem| Failure::Usage(format!("witness.url: {problem}")))?;
        Ok(App {
            database: pool(size - workers, options.clone()).await?,
            worker_database: pool(workers, options).await?,
            access_checks: Arc::default(),
            metrics: Arc::default(),
            wake: Wake::default(),
            passwords: Arc::new(PasswordHasher::new(Arc::clone(&keys), Cost::STANDARD)),
            keys,
            public_url: self.config.public_url.as_str().into(),
            reader: self.config.reader(),
            summaries: self.config.schedule().unwrap_or_default(),
            channels: channels.into(),
            ticket_systems: ticket_systems.into(),
            witness: Arc::new(witness),
            egress: Egress::default(),
        })
    }

    /// Stops the private cluster, if this process runs it.
    pub(super) async fn stop(self) {
        if let Some(private) = self.private {
            private.stop().await;
        }
    }

    fn application_options(&self) -> Result<PgConnectOptions, Failure> {
        match (&self.access, &self.config.database.url) {
            (Some(access), _) => Ok(access.options(DatabaseRole::Application, DATABASE)),
            (None, Some(url)) => external("database.url", url),
            (None, None) => Err(Failure::Usage("set database.url".into())),
        }
    }
}

/// Whether the settings name a database; then the private one is not touched.
pub(super) fn is_external(config: &Config) -> bool {
    config.database.url.is_some() || config.database.owner_url.is_some()
}

/// How the private cluster is to be run.
pub(super) fn private_settings(config: &Config) -> Settings {
    Settings {
        folder: config.data_folder.join("postgres"),
        durability: Durability::Durable,
        binaries: config.postgres.binaries.clone(),
        user: config.postgres.user.clone(),
    }
}

/// The address of an external database. Over a network the server must prove who it is, unless the address says otherwise.
fn external(name: &str, url: &SecretString) -> Result<PgConnectOptions, Failure> {
    let text = url.expose_secret();
    // The cause may quote the password, so it is not repeated.
    let options = PgConnectOptions::from_str(text).map_err(|_| {
        Failure::Usage(format!("{name} is not an address like postgres://user@host/name"))
    })?;
    let is_here = options.get_socket().is_some()
        || ["localhost", "127.0.0.1", "::1"].contains(&options.get_host())
        || options.get_host().starts_with('/');
    let is_said = text.contains("sslmode=") || text.contains("ssl-mode=");
    Ok(if is_here || is_said { options } else { options.ssl_mode(PgSslMode::VerifyFull) })
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, Failure> {
    let connecting = PgConnection::connect_with(options);
    let outcome = tokio::time::timeout(PATIENCE, connecting).await;
    outcome
        .map_err(|_| Failure::Failed("the database does not answer".into()))?
        .map_err(|failure| Failure::Failed(format!("cannot connect to the database: {failure}")))
}

async fn pool(size: u32, options: PgConnectOptions) -> Result<PgPool, Failure> {
    let options = options
        .application_name("latchkey")
        .options([("lock_timeout", "10s"), ("idle_in_transaction_session_timeout", "60s")]);
    database::pool(options, size, PATIENCE)
        .await
        .map_err(|failure| Failure::Failed(format!("cannot connect to the database: {failure}")))
}

/// The key from the settings. The private database has one that is made at first start; an external one has not,
/// because several servers share it.
fn master_key(config: &Config, is_private: bool) -> Result<MasterKey, Failure> {
    let senseless = |place: &str| {
        Failure::Usage(format!(
            "{place} is not 32 bytes in base64 (`openssl rand -base64 32` makes some)"
        ))
    };
    if let Some(text) = &config.encryption_key {
        return MasterKey::parse(text.expose_secret()).ok_or_else(|| senseless("encryption_key"));
    }
    if !is_private {
        return Err(Failure::Usage(
            "set encryption_key_file to a file with 32 random bytes in base64, the same for all servers \
             (`openssl rand -base64 32`)"
                .into(),
        ));
    }
    let path = config.data_folder.join("encryption.key");
    make_key(&path)
        .and_then(|()| fs::read_to_string(&path))
        .map_err(|failure| Failure::Failed(format!("{}: {failure}", path.display())))
        .and_then(|text| {
            MasterKey::parse(&text).ok_or_else(|| senseless(&path.display().to_string()))
        })
}

/// Makes the key if there is none; never touches one that exists.
fn make_key(path: &Path) -> std::io::Result<()> {
    let mut options = File::options();
    match options.write(true).create_new(true).mode(0o600).open(path) {
        Err(failure) if failure.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(failure) => Err(failure),
        Ok(mut file) => {
            file.write_all(MasterKey::random().reveal().as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()
        }
    }
}

/// This machine's time in milliseconds since 1970, only ever compared with the database's.
fn milliseconds() -> i64 {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
