//! Policy as code: what there is as files, what differs from them, and making it as they say: by the same functions, under
//! the same rights and rules as on the pages, all of it or nothing.
mod apply;
mod carry_out;
mod snapshot;

use sqlx::PgConnection;

use self::carry_out::weaker;
use crate::{
    App,
    domain::{
        actor::Actor,
        fault::FieldError,
        permission::Permission,
        policy::{self, Document, Fault, File, Files, Plan},
    },
    error::Error,
    service::access::{self, Places},
    store,
};

pub(super) use self::apply::{Agreed, carry_out};
pub use self::apply::{Applied, Apply, apply};
pub use crate::store::policy::Application;

/// Everything that whoever asks may see, as files.
pub async fn export(app: &App, actor: &Actor) -> Result<Files, Error> {
    let mut connection = app.database.acquire().await?;
    let seen = seen(&mut connection, actor).await?;
    let (state, _) = snapshot::state(&mut connection, &seen).await?;
    Ok(policy::write(&state))
}

/// What it takes to make it as the files say. Nothing is done.
pub async fn plan(app: &App, actor: &Actor, files: &Files, prune: bool) -> Result<Plan, Error> {
    let document = understand(files)?;
    let mut connection = app.database.acquire().await?;
    let seen = seen(&mut connection, actor).await?;
    let mut plan = compare(&mut connection, &seen, &document, prune).await?;
    for step in &mut plan.steps {
        step.weaker = weaker(&mut connection, &step.write).await?;
    }
    Ok(plan)
}

/// The places that files of this actor speak of.
async fn seen(connection: &mut PgConnection, actor: &Actor) -> Result<Places, Error> {
    access::authorise_somewhere(connection, actor, Permission::ReadRoles).await
}

/// Reads files, or says all that is wrong with them.
fn understand(files: &Files) -> Result<Document, Error> {
    if files.is_empty() {
        return Err(Error::invalid("files", "give at least one file"));
    }
    let known = || File::ALL.map(|(_, name)| name).join(", ");
    let unknown = files.keys().filter(|name| File::named(name).is_none()).map(|name| {
        FieldError::new("files", format!("{name} is no file of a policy: these are {}", known()))
    });
    let mut wrong: Vec<_> = unknown.collect();
    let read = policy::read(files);
    wrong.extend(read.as_ref().err().into_iter().flatten().map(told));
    match read {
        Ok(document) if wrong.is_empty() => Ok(document),
        _ => Err(Error::Invalid(wrong)),
    }
}

fn told(fault: &Fault) -> FieldError {
    let message = fault.to_string();
    let message = message.strip_prefix(fault.at.file.name()).unwrap_or(&message);
    let message = message.trim_start_matches(", ").to_owned();
    FieldError::new(fault.at.file.name(), message)
}

async fn compare(
    connection: &mut PgConnection,
    seen: &Places,
    document: &Document,
    prune: bool,
) -> Result<Plan, Error> {
    let (state, now) = snapshot::state(connection, seen).await?;
    policy::difference(&state, document, prune, now)
        .map_err(|faults| Error::Invalid(faults.iter().map(told).collect()))
}

/// How things stand, compared with what was applied last.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Everything that there is, as files.
    pub files: Files,
    /// What was applied last, if anything ever was.
    pub last: Option<Application>,
    /// What it would take to make it so again; or all that can no longer be understood of it.
    pub drift: Result<Plan, Vec<FieldError>>,
}

/// How things stand, for whoever may see roles in the whole organisation.
pub async fn standing(app: &App, actor: &Actor) -> Result<Standing, Error> {
    let mut connection = app.database.acquire().await?;
    access::authorise(&mut connection, actor, Permission::ReadRoles).await?;
    let (state, now) = snapshot::state(&mut connection, &Places::Everywhere).await?;
    let last = store::policy::last(&mut connection).await?;
    let drift = match &last {
        None => Ok(Plan::default()),
        Some(last) => {
            // Whoever applied it may have seen less: their files say nothing about the rest.
            let theirs = match &last.places {
                Some(places) => {
                    let seen = Places::Below(places.clone());
                    &snapshot::state(&mut connection, &seen).await?.0
                }
                None => &state,
            };
            policy::read(&last.files)
                .and_then(|document| policy::difference(theirs, &document, last.prune, now))
                .map_err(|faults| faults.iter().map(told).collect())
        }
    };
    Ok(Standing { files: policy::write(&state), last, drift })
}
