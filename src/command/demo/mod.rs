//! `latchkey demo`: a made-up company with three weeks of history, and nothing to configure.
mod company;
mod estate;
mod story;

use std::{
    fs::{self, File},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use tokio::net::TcpListener;

use self::story::Person;
use super::{Failure, installation::Installation, serve};
use crate::{
    config::Config,
    domain::{time::Instant, totp},
    store,
};

/// Where the demo is kept within the data folder.
const FOLDER: &str = "demo";
/// Who is in the demo and how they sign in; its presence says that the story was told to its end.
const PEOPLE: &str = "people.json";

/// Runs the demo until it is told to stop. The second start finds everything as it was left.
pub(super) async fn demo(config: Config) -> Result<(), Failure> {
    let shutdown = serve::stop_on_signal()?;
    let listener = TcpListener::bind(config.listen).await.map_err(|failure| {
        Failure::Failed(format!("cannot listen on {}: {failure}", config.listen))
    })?;
    let config = in_its_own_folder(config)?;
    let installation = Installation::start(config).await?;
    let outcome = match people(&installation).await {
        Ok(people) => {
            introduce(&installation.config, &people);
            serve::run(&installation, listener, shutdown).await
        }
        Err(failure) => Err(failure),
    };
    installation.stop().await;
    outcome
}

/// Prints the code that a demo person's authenticator shows now.
pub(super) fn code(config: &Config, user_name: &str) -> Result<(), Failure> {
    let people = read(&config.data_folder.join(FOLDER).join(PEOPLE))?.ok_or_else(|| {
        Failure::Usage("there is no demo yet: run `latchkey demo` first".to_owned())
    })?;
    let person = people
        .iter()
        .find(|person| person.user_name == user_name)
        .ok_or_else(|| Failure::Usage(format!("nobody in the demo is called {user_name}")))?;
    let seed = totp::seed_from_text(&person.seed)
        .ok_or_else(|| Failure::Failed(format!("{PEOPLE} is damaged")))?;
    #[expect(
        clippy::disallowed_methods,
        reason = "this stands in for the phone in somebody's hand, not for the server"
    )]
    let now = Instant::new(jiff::Timestamp::now());
    println!("{}", totp::code_at(&seed, now));
    Ok(())
}

/// The demo never touches an installation: it has a folder, and so a database, of its own. Nor does it tell anybody outside of its
/// made-up people, whatever the settings say.
fn in_its_own_folder(config: Config) -> Result<Config, Failure> {
    let mut config = Config { data_folder: config.data_folder.join(FOLDER), ..config };
    config.database.url = None;
    config.database.owner_url = None;
    config.smtp.host = None;
    config.channels.clear();
    config.ticket_systems.clear();
    company::ORGANISATION.clone_into(&mut config.organisation_name);
    let begun = config.data_folder.join("postgres");
    if begun.exists() && !config.data_folder.join(PEOPLE).exists() {
        println!("An earlier demo was not made to its end; it is made anew.");
        fs::remove_dir_all(&begun)?;
    }
    Ok(config)
}

/// Who is in the demo; its story is played first if nobody is.
async fn people(installation: &Installation) -> Result<Vec<Person>, Failure> {
    let path = installation.config.data_folder.join(PEOPLE);
    if let Some(people) = read(&path)? {
        installation.migrate().await?;
        return Ok(people);
    }
    println!("Making a company with three weeks of history …");
    let mut owner = installation.owner().await?;
    let (today, beginning) = story::span(&mut owner).await?;
    store::demo::migrate_at(&mut owner, beginning).await?;
    let app = installation.app().await?;
    let people = story::play(&app, &mut owner, (today, beginning)).await?;
    app.database.close().await;
    app.worker_database.close().await;
    write(&path, &people)?;
    Ok(people)
}

fn read(path: &PathBuf) -> Result<Option<Vec<Person>>, Failure> {
    match fs::read(path) {
        Err(failure) if failure.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(failure) => Err(failure.into()),
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|failure| Failure::Failed(format!("{}: {failure}", path.display()))),
    }
}

/// Written whole or not at all.
fn write(path: &Path, people: &[Person]) -> Result<(), Failure> {
    let bytes = serde_json::to_vec_pretty(people)
        .map_err(|failure| Failure::Failed(failure.to_string()))?;
    let unfinished = path.with_extension("unfinished");
    let mut file =
        File::options().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    Ok(fs::rename(unfinished, path)?)
}

/// Says where the demo is and how to sign in. These secrets are made up for it and open nothing else.
fn introduce(config: &Config, people: &[Person]) {
    println!("\n{} is at {}\n", company::ORGANISATION, config.public_url);
    println!("  {:<14} {:<30} {:<34} what for", "user name", "password", "authenticator (base 32)");
    for person in people {
        println!(
            "  {:<14} {:<30} {:<34} {}",
            person.user_name, person.password, person.seed, person.what
        );
    }
    let program = std::env::args().next().unwrap_or_else(|| "latchkey".to_owned());
    // Asked elsewhere, it looks for the people of another demo.
    let folder = config.data_folder.parent().filter(|it| *it != Config::default().data_folder);
    let folder = folder.map(|it| format!("LATCHKEY_DATA_FOLDER={} ", it.display()));
    let folder = folder.unwrap_or_default();
    println!("\n  A code for anybody:   {folder}{program} demo code ada");
    println!("  Mails are files in:   {}", config.data_folder.join("mail").display());
    println!("  To begin anew:        delete {}", config.data_folder.display());
    println!("  To stop:              Ctrl-C\n");
}
