//! Policy as code: what there is as files, what differs from them, and making it as they say: by the same functions, under
//! the same rights and rules as on the pages, all of it or nothing.
mod carry_out;
mod snapshot;

use serde_json::json;
use sqlx::PgConnection;

use self::carry_out::CarryingOut;
use crate::{
    App,
    domain::{
        actor::{Actor, TokenScope},
        audit::{Event, Kind},
        fault::FieldError,
        id::{PolicyApplicationId, ProofId},
        permission::Permission,
        policy::{self, Document, Fault, Files, Plan},
        step_up::Act,
        text::Justification,
    },
    error::Error,
    service::{access, assignment, reach, step_up},
    store::{self, Change},
};

pub use crate::store::policy::Application;

/// Everything that whoever asks may see, as files.
pub async fn export(app: &App, actor: &Actor) -> Result<Files, Error> {
    let mut connection = app.database.acquire().await?;
    let (state, _) = snapshot::state(&mut connection, actor).await?;
    Ok(policy::write(&state))
}

/// What it takes to make it as the files say. Nothing is done.
pub async fn plan(app: &App, actor: &Actor, files: &Files, prune: bool) -> Result<Plan, Error> {
    let document = understand(files)?;
    let mut connection = app.database.acquire().await?;
    compare(&mut connection, actor, &document, prune).await
}

fn understand(files: &Files) -> Result<Document, Error> {
    if files.is_empty() {
        return Err(Error::invalid("files", "give at least one file"));
    }
    policy::read(files).map_err(|faults| Error::Invalid(faults.iter().map(told).collect()))
}

fn told(fault: &Fault) -> FieldError {
    let message = fault.to_string();
    let message = message.strip_prefix(fault.at.file.name()).unwrap_or(&message);
    let message = message.trim_start_matches(", ").to_owned();
    FieldError { field: fault.at.file.name(), message }
}

async fn compare(
    connection: &mut PgConnection,
    actor: &Actor,
    document: &Document,
    prune: bool,
) -> Result<Plan, Error> {
    let (state, now) = snapshot::state(connection, actor).await?;
    policy::difference(&state, document, prune, now)
        .map_err(|faults| Error::Invalid(faults.iter().map(told).collect()))
}

/// Files to be applied.
#[derive(Clone, Debug)]
pub struct Apply {
    /// The files.
    pub files: Files,
    /// Whether what is in none of them goes, whichever of them asks for that itself.
    pub prune: bool,
    /// Why.
    pub reason: Justification,
    /// A code from the administrator's authenticator, which some of it may ask for.
    pub code: Option<String>,
    /// The digest of the plan that was looked at: if it would be another by now, nothing is done.
    pub seen: Option<String>,
}

/// What became of files that were applied.
#[derive(Clone, Debug)]
pub struct Applied {
    /// What was done.
    pub plan: Plan,
    /// The record of it; none if there was nothing to do.
    pub id: Option<PolicyApplicationId>,
}

/// Makes it as the files say: all of it, or nothing, with every reason why not.
pub async fn apply(app: &App, actor: &Actor, wanted: &Apply) -> Result<Applied, Error> {
    if actor.user().is_some() {
        access::user(actor, TokenScope::Administer)?;
    }
    let document = understand(&wanted.files)?;
    let mut connection = app.database.acquire().await?;
    // Looked at first, so that no code is used up for nothing.
    let plan = compare(&mut connection, actor, &document, wanted.prune).await?;
    drop(connection);
    if wanted.seen.as_ref().is_some_and(|seen| *seen != plan.digest()) {
        return Err(changed());
    }
    if plan.is_empty() {
        return Ok(Applied { plan, id: None });
    }
    if wanted.reason.is_empty() {
        return Err(Error::invalid("reason", "write why"));
    }
    let act = Act::ApplyPolicy { plan: plan.digest() };
    let proof = step_up::prove(app, actor, wanted.code.as_deref(), &act).await?;
    let proof = proof.map(|proof| (proof, act));
    let planned = plan.digest();
    let applied =
        store::retried(|| apply_once(app, actor, wanted, (&document, &planned), proof.as_ref()))
            .await;
    app.wake.everything();
    applied
}

fn changed() -> Error {
    Error::Conflict(
        "what there is has changed since this plan was made: look at the plan again".to_owned(),
    )
}

async fn apply_once(
    app: &App,
    actor: &Actor,
    wanted: &Apply,
    (document, planned): (&Document, &str),
    proof: Option<&(ProofId, Act)>,
) -> Result<Applied, Error> {
    let mut change = match Change::begin(&app.database, actor).await {
        Err(Error::Repeated(before)) => {
            let id = Some(PolicyApplicationId(before));
            return Ok(Applied { plan: Plan::default(), id });
        }
        begun => begun?,
    };
    store::policy::lock(&mut change).await?;
    change.settle().await?;
    let plan = compare(change.connection(), actor, document, wanted.prune).await?;
    if plan.digest() != planned {
        return Err(changed());
    }
    let before = reach::before(&mut change, None).await?;
    let mut carrying_out = CarryingOut::new(app, actor, &wanted.reason, proof.is_some());
    carrying_out.all(&mut change, &plan.steps).await?;
    reach::refuse_gain(&mut change, before).await?;
    let id = PolicyApplicationId::new();
    if let Some((proof, act)) = proof {
        store::mfa_proof::spend(&mut change, *proof, act, id.0).await?;
    }
    let digest = policy::files_digest(&wanted.files);
    let steps = i32::try_from(plan.steps.len()).unwrap_or(i32::MAX);
    let kept = (wanted.prune, steps);
    store::policy::keep(&mut change, id, (&wanted.files, &digest), kept, wanted.reason.as_str())
        .await?;
    change.made(id.0).await?;
    let done: Vec<_> = plan.steps.iter().map(ToString::to_string).collect();
    let event = Event::new(Kind::PolicyApplied).target(id.0).detail(json!({
        "files": digest, "plan": planned, "prune": wanted.prune, "steps": done, "reason": wanted.reason,
    }));
    change.record(&event).await?;
    assignment::commit(change).await?;
    Ok(Applied { plan, id: Some(id) })
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
    let (state, now) = snapshot::state(&mut connection, actor).await?;
    let last = store::policy::last(&mut connection).await?;
    let drift = match &last {
        None => Ok(Plan::default()),
        Some(last) => policy::read(&last.files)
            .and_then(|document| policy::difference(&state, &document, last.prune, now))
            .map_err(|faults| faults.iter().map(told).collect()),
    };
    Ok(Standing { files: policy::write(&state), last, drift })
}
