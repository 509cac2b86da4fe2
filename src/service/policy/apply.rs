//! Applying policy files: at once, or once a second administrator has agreed.
use serde_json::json;
use sqlx::PgConnection;

use super::{carry_out::CarryingOut, compare, seen, understand};
use crate::{
    App,
    domain::{
        actor::{Actor, TokenScope},
        audit::{Event, Kind},
        change_request::{Line, Proposed, Write},
        id::{ChangeRequestId, PolicyApplicationId, PrincipalId, ProofId, ScopeId},
        permission::Permission,
        policy::{self, Document, Files, Noun, Plan, Step},
        step_up::Act,
        text::Justification,
    },
    error::Error,
    service::{
        access::{self, Places},
        assignment, change_request, reach, step_up,
    },
    store::{self, Change, policy::Keep},
};

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
    /// What was done, or waits.
    pub plan: Plan,
    /// The record of it; none if there was nothing to do, or if it waits.
    pub id: Option<PolicyApplicationId>,
    /// What waits for a second administrator, since it makes a privileged role easier to get or widens what its author can come
    /// to hold. Nothing is done until they agree; then all of it is.
    pub waits: Option<ChangeRequestId>,
}

/// Makes it as the files say: all of it, or nothing, with every reason why not. What makes a privileged role easier to get, or
/// widens what its author can come to hold, waits, as a whole, for a second administrator.
pub async fn apply(app: &App, actor: &Actor, wanted: &Apply) -> Result<Applied, Error> {
    access::principal(actor, TokenScope::Administer)?;
    // A repeat uses up no code.
    if let Err(Error::Repeated(before)) = Change::begin(&app.database, actor).await {
        return repeated(app, before).await;
    }
    let document = understand(&wanted.files)?;
    let mut connection = app.database.acquire().await?;
    let places = seen(&mut connection, actor).await?;
    let plan = compare(&mut connection, &places, &document, wanted.prune).await?;
    if wanted.seen.as_ref().is_some_and(|seen| *seen != plan.digest()) {
        return Err(changed());
    }
    if plan.is_empty() {
        return Ok(Applied { plan, id: None, waits: None });
    }
    if let Some(waits) = waiting(&mut connection, actor, &plan).await? {
        return Ok(Applied { plan, id: None, waits: Some(waits) });
    }
    drop(connection);
    if wanted.reason.is_empty() {
        return Err(Error::invalid("reason", "write why"));
    }
    let act = Act::ApplyPolicy { plan: plan.digest() };
    let proof = step_up::prove(app, actor, wanted.code.as_deref(), &act).await?;
    let applying =
        Applying { app, actor, wanted, document, plan, proof: proof.map(|proof| (proof, act)) };
    let applied = store::retried(|| applying.once()).await;
    app.wake.everything();
    applied
}

/// What the same form or request led to when it was sent before.
async fn repeated(app: &App, made: uuid::Uuid) -> Result<Applied, Error> {
    let mut connection = app.database.acquire().await?;
    let waits = ChangeRequestId(made);
    let plan = Plan::default();
    match store::change_request::one(&mut connection, waits).await {
        Ok(_) => Ok(Applied { plan, id: None, waits: Some(waits) }),
        Err(Error::NotFound(_)) => {
            Ok(Applied { plan, id: Some(PolicyApplicationId(made)), waits: None })
        }
        Err(error) => Err(error),
    }
}

/// What the same person has asked for already.
async fn waiting(
    connection: &mut PgConnection,
    actor: &Actor,
    plan: &Plan,
) -> Result<Option<ChangeRequestId>, Error> {
    let Some(user) = actor.user() else { return Ok(None) };
    store::policy::waiting(connection, user.person, &plan.digest()).await
}

fn changed() -> Error {
    Error::Conflict(
        "what there is has changed since this plan was made: look at the plan again".to_owned(),
    )
}

/// Files that are applied as they were understood, if the plan is still the same.
struct Applying<'all> {
    app: &'all App,
    actor: &'all Actor,
    wanted: &'all Apply,
    document: Document,
    plan: Plan,
    proof: Option<(ProofId, Act)>,
}

impl Applying<'_> {
    async fn once(&self) -> Result<Applied, Error> {
        let Self { app, actor, wanted, .. } = *self;
        let mut change = match Change::begin(&app.database, actor).await {
            Err(Error::Repeated(before)) => return repeated(app, before).await,
            begun => begun?,
        };
        let places = seen(change.connection(), actor).await?;
        let plan = self.settled(&mut change, &places).await?;
        let mut carrying_out = CarryingOut::new(app, actor, &wanted.reason);
        carrying_out.proved = self.proof.is_some();
        whole(&mut change, &mut carrying_out, &plan.steps).await?;
        if !(carrying_out.widening.is_empty() && carrying_out.weaker.is_empty()) {
            // Everything else was found to be right; none of it is kept.
            assignment::judge(&mut change).await?;
            drop(change);
            return self.propose(&carrying_out).await;
        }
        let id = PolicyApplicationId::new();
        if let Some((proof, act)) = &self.proof {
            store::mfa_proof::spend(&mut change, *proof, act, id.0).await?;
        }
        let by = actor_name(actor);
        keep(
            &mut change,
            id,
            &plan,
            &Kept {
                files: &wanted.files,
                prune: wanted.prune,
                places: &places,
                by: &by,
                reason: &wanted.reason,
            },
        )
        .await?;
        change.made(id.0).await?;
        assignment::commit(change).await?;
        Ok(Applied { plan, id: Some(id), waits: None })
    }

    /// The plan, with nobody else applying anything meanwhile, if it is the one that was made before.
    async fn settled(&self, change: &mut Change, places: &Places) -> Result<Plan, Error> {
        store::policy::lock(change).await?;
        change.settle().await?;
        let plan = compare(change.connection(), places, &self.document, self.wanted.prune).await?;
        if plan.digest() == self.plan.digest() { Ok(plan) } else { Err(changed()) }
    }

    async fn propose(&self, tried: &CarryingOut<'_>) -> Result<Applied, Error> {
        let Self { app, actor, wanted, .. } = *self;
        if actor.user().is_none() {
            return Err(Error::NotAllowed(
                "this takes a second administrator's word: a person has to ask for that, and another one to agree"
                    .to_owned(),
            ));
        }
        let mut change = Change::begin(&app.database, actor).await?;
        let places = seen(change.connection(), actor).await?;
        let plan = self.settled(&mut change, &places).await?;
        // Another window may have asked for the same while this one tried it.
        if let Some(waits) = waiting(change.connection(), actor, &plan).await? {
            return Ok(Applied { plan, id: None, waits: Some(waits) });
        }
        let scope = match &places {
            Places::Below(places) if places.len() == 1 => places.first().copied(),
            Places::Below(_) | Places::Everywhere => None,
        };
        let proposed = Proposed {
            permission: needed(&plan, tried),
            scope: scope.unwrap_or(ScopeId::ROOT),
            role: None,
            subject: None,
            difference: plan.steps.iter().map(|step| line(step, tried)).collect(),
            reason: wanted.reason.clone(),
            expires_at: None,
            write: Write::ApplyPolicy {
                files: wanted.files.clone(),
                prune: wanted.prune,
                plan: plan.digest(),
                weaker: tried.weaker.iter().map(|(_, role)| *role).collect(),
                holders: tried.holders.clone(),
            },
        };
        let waits = change_request::propose(app, change, proposed).await?;
        Ok(Applied { plan, id: None, waits: Some(waits) })
    }
}

/// What whoever decides must be allowed at least, so that it is asked of those who can: what the steps take that make it wait.
fn needed(plan: &Plan, tried: &CarryingOut<'_>) -> Permission {
    let waits = |step: &&Step| {
        tried.weaker.iter().any(|(at, _)| *at == step.at) || tried.widening.contains(&step.at)
    };
    if plan.steps.iter().filter(waits).any(|step| step.noun == Noun::Role) {
        Permission::ManageRoles
    } else if tried.weaker.is_empty() {
        Permission::ManageAssignments
    } else {
        Permission::ManageSettings
    }
}

/// A step as one line of what would change, with its fields.
fn line(step: &Step, tried: &CarryingOut<'_>) -> Line {
    let weaker = tried.weaker.iter().any(|(at, _)| *at == step.at);
    let what = step.title();
    let field = if weaker { format!("{what} (weaker)") } else { what };
    let side = |value: fn(&policy::Line) -> &str| {
        let said = step.lines.iter().filter(|line| !value(line).is_empty());
        said.map(|line| format!("{}: {}", line.field.replace('_', " "), value(line)))
            .collect::<Vec<_>>()
            .join(", ")
    };
    Line::new(&field, side(|line| &line.before), side(|line| &line.after))
}

/// All steps. Neither one of them nor all together let a second administrator come to hold more; whether they do so for
/// their author is noted.
async fn whole(
    change: &mut Change,
    carrying_out: &mut CarryingOut<'_>,
    steps: &[Step],
) -> Result<(), Error> {
    let before = reach::before(change, None).await?;
    carrying_out.all(change, steps).await?;
    match reach::refuse_gain(change, before).await {
        Err(Error::Widens(_)) if !carrying_out.agreed => {
            carrying_out.widening.push(None);
            Ok(())
        }
        judged => judged,
    }
}

/// Files that a second administrator has agreed to.
pub(in crate::service) struct Agreed<'all> {
    /// The files.
    pub(in crate::service) files: &'all Files,
    /// Whether what is in none of them goes.
    pub(in crate::service) prune: bool,
    /// The digest of the plan that they agreed to.
    pub(in crate::service) plan: &'all str,
    /// Who wants it.
    pub(in crate::service) author: PrincipalId,
    /// Their name.
    pub(in crate::service) author_name: &'all str,
    /// Why, with the names of both.
    pub(in crate::service) reason: Justification,
}

/// Does within a decision what was agreed to, with the decider's rights, if it is still what they agreed to: the files are
/// compared with what their author may see.
pub(in crate::service) async fn carry_out(
    app: &App,
    change: &mut Change,
    actor: &Actor,
    agreed: &Agreed<'_>,
) -> Result<(), Error> {
    let document = understand(agreed.files)?;
    store::policy::lock(change).await?;
    change.settle().await?;
    let author = access::somewhere(change.connection(), agreed.author, Permission::ReadRoles).await;
    let places = author.map_err(|_| changed())?;
    let plan = compare(change.connection(), &places, &document, agreed.prune).await;
    // What was understood when it was planned and is not any more has changed.
    let plan =
        plan.map_err(|error| if matches!(error, Error::Invalid(_)) { changed() } else { error })?;
    if plan.digest() != agreed.plan {
        return Err(changed());
    }
    let mut carrying_out = CarryingOut::new(app, actor, &agreed.reason);
    // The decision itself was proved.
    (carrying_out.proved, carrying_out.agreed) = (true, true);
    let done = whole(change, &mut carrying_out, &plan.steps).await;
    if carrying_out.lacks_rights {
        // That this decider may not do it does not keep another one from it.
        return done.map_err(|error| Error::NotAllowed(error.to_string()));
    }
    done?;
    let by = format!("{}, agreed to by {}", agreed.author_name, actor_name(actor));
    let kept = Kept {
        files: agreed.files,
        prune: agreed.prune,
        places: &places,
        by: &by,
        reason: &agreed.reason,
    };
    keep(change, PolicyApplicationId::new(), &plan, &kept).await
}

fn actor_name(actor: &Actor) -> String {
    use crate::domain::actor::Who;
    match &actor.who {
        Who::User(user) => user.name.clone(),
        Who::Application(application) => application.name.clone(),
        Who::Operator => "The operator".to_owned(),
        Who::System | Who::Anonymous => "Latchkey".to_owned(),
    }
}

/// What is kept of an apply.
struct Kept<'all> {
    files: &'all Files,
    prune: bool,
    places: &'all Places,
    by: &'all str,
    reason: &'all Justification,
}

async fn keep(
    change: &mut Change,
    id: PolicyApplicationId,
    plan: &Plan,
    kept: &Kept<'_>,
) -> Result<(), Error> {
    let Kept { files, prune, places, by, reason } = *kept;
    let digest = policy::files_digest(files);
    let steps = i32::try_from(plan.steps.len()).unwrap_or(i32::MAX);
    let keep = Keep {
        files,
        digest: &digest,
        places: places.clone().limited(),
        prune,
        steps,
        by,
        reason: reason.as_str(),
    };
    store::policy::keep(change, id, &keep).await?;
    let done: Vec<_> = plan.steps.iter().map(ToString::to_string).collect();
    let event = Event::new(Kind::PolicyApplied).target(id.0).detail(json!({
        "files": digest, "plan": plan.digest(), "prune": prune, "steps": done, "reason": reason,
    }));
    change.record(&event).await
}
