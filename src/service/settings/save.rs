//! Writing the next version, and with it those that follow from it.
use std::collections::BTreeMap;

use serde_json::json;
use sqlx::PgConnection;

use super::plan::{Standing, Step, Tree};
use crate::{
    App,
    domain::{
        actor::Actor,
        approval::{Approver, Resilience, part_of},
        audit::{Event, Kind},
        change_request::{Line, Outcome, Proposed, Write},
        fault::FieldError,
        id::{RoleId, ScopeId, SettingsId},
        notice::change::{NewTerms, PutBack},
        permission::Permission,
        settings::{Declared, Field, Fields, Settings},
        text::Justification,
    },
    error::Error,
    service::{access, approval, change_request, notice, reach},
    store::{self, Change, settings::Next},
};

/// What an administrator wants the terms of a role at a scope to be.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Save {
    /// The role.
    pub role: RoleId,
    /// The scope.
    pub scope: ScopeId,
    /// What the scope says itself; all else is inherited.
    pub own: Declared,
    /// The number of the version there that the author has seen, 0 if there was none: if there is a newer one, nothing is
    /// written.
    pub after: i32,
    /// The name of the template that it comes from.
    pub template: Option<String>,
    /// Why.
    pub reason: Justification,
}

impl Save {
    /// Everything that the organisation says about a role, keeping nobody from saying otherwise below.
    #[must_use]
    pub fn whole(role: RoleId, settings: &Settings, after: i32, reason: &Justification) -> Self {
        Self {
            role,
            scope: ScopeId::ROOT,
            own: Declared::whole(settings.clone()),
            after,
            template: None,
            reason: reason.clone(),
        }
    }
}

/// A version that was written.
#[derive(Clone, Debug)]
pub struct Written {
    /// Which.
    pub id: SettingsId,
    /// Its number.
    pub number: i32,
    /// How many scopes below got a new version because of it.
    pub below: usize,
}

/// What was written in a change that is not committed yet.
pub(super) struct Laid {
    /// The version at the scope itself.
    pub(super) id: SettingsId,
    /// What the scope enforced until now.
    pub(super) enforced_before: Fields,
    /// What became others: the scope itself first, then those below.
    pub(super) steps: Vec<Step>,
    /// The versions written, one for each step.
    pub(super) versions: Vec<SettingsId>,
}

/// Terms that became others because something above them did.
#[derive(Clone, Copy, Debug)]
pub struct Rewritten {
    /// The role.
    pub role: RoleId,
    /// The scope.
    pub scope: ScopeId,
    /// Whether they ask for less than before.
    pub weakened: bool,
    /// Whether the role is privileged.
    pub privileged: bool,
}

/// Writes the next version of the terms of a role at a scope, and at every scope below whose terms follow from it. It counts
/// for what is asked from now on; what waits is judged by the stricter of its own terms and these, and closed if that leaves
/// nobody who may decide it.
///
/// Weaker terms of a privileged role wait for a second administrator; so do those of any role that their author could come
/// to hold more easily by it.
pub async fn save(app: &App, actor: &Actor, save: &Save) -> Result<Outcome<Written>, Error> {
    let saved = store::retried(|| save_once(app, actor, save)).await;
    app.wake.everything();
    saved
}

async fn save_once(app: &App, actor: &Actor, save: &Save) -> Result<Outcome<Written>, Error> {
    let mut change = match Change::begin(&app.database, actor).await {
        Err(Error::Repeated(before)) => return repeated(app, before).await,
        begun => begun?,
    };
    let manage = Permission::ManageSettings;
    access::authorise_at_place(change.connection(), actor, manage, save.scope).await?;
    if actor.principal().is_some() && weakens(change.connection(), save).await? {
        return ask(app, actor, change, save).await;
    }
    match write_within(app, &mut change, actor, save).await {
        Err(Error::Widens(_)) => {
            drop(change);
            ask(app, actor, Change::begin(&app.database, actor).await?, save).await
        }
        written => {
            let written = written?;
            change.made(written.id.0).await?;
            change.commit_recorded().await?;
            Ok(Outcome::Done(written))
        }
    }
}

/// Lets terms that their author may not write alone wait for somebody else's word.
async fn ask(
    app: &App,
    actor: &Actor,
    mut change: Change,
    save: &Save,
) -> Result<Outcome<Written>, Error> {
    if actor.user().is_none() {
        return Err(Error::NotAllowed(
            "these terms are weaker than before: a person has to ask for that, and another one to agree".to_owned(),
        ));
    }
    let proposed = weaker(&mut change, actor, save).await?;
    change_request::propose(app, change, proposed).await.map(Outcome::Waits)
}

/// What the same form or request made when it was sent before.
async fn repeated(app: &App, made: uuid::Uuid) -> Result<Outcome<Written>, Error> {
    match change_request::repeated(app, made, SettingsId(made)).await? {
        Outcome::Waits(id) => Ok(Outcome::Waits(id)),
        Outcome::Done(id) => {
            let version = store::settings::version(&mut *app.database.acquire().await?, id).await?;
            Ok(Outcome::Done(Written { id, number: version.number, below: 0 }))
        }
    }
}

/// Weaker terms, right in themselves, as a change that waits for somebody else's word.
async fn weaker(change: &mut Change, actor: &Actor, save: &Save) -> Result<Proposed, Error> {
    let Save { role, scope, .. } = *save;
    access::authorise_at_place(change.connection(), actor, Permission::ManageSettings, scope)
        .await?;
    let standing = Standing::read(change.connection(), role, scope).await?;
    let (here, _) = judge(change, &standing, save).await?;
    let difference = here.before.difference(&here.after);
    Ok(Proposed {
        permission: Permission::ManageSettings,
        scope,
        role: Some(role),
        subject: None,
        difference: difference.into_iter().map(Line::from).collect(),
        reason: save.reason.clone(),
        expires_at: None,
        write: Write::SaveSettings {
            role,
            scope,
            own: Box::new(save.own.clone()),
            after: save.after,
            template: save.template.clone(),
        },
    })
}

/// What an administrator wants to be inherited again.
#[derive(Clone, Debug)]
pub struct Reset {
    /// The role.
    pub role: RoleId,
    /// The scope.
    pub scope: ScopeId,
    /// The field; none for all of them.
    pub field: Option<Field>,
    /// The number of the version there that the author has seen.
    pub after: i32,
    /// Why.
    pub reason: Justification,
}

/// What saves a reset: the version that says the same but for the fields that are reset.
pub async fn reset(app: &App, actor: &Actor, reset: &Reset) -> Result<Save, Error> {
    let mut connection = app.database.acquire().await?;
    access::authorise_at_place(&mut connection, actor, Permission::ManageSettings, reset.scope)
        .await?;
    store::role::one(&mut connection, reset.role).await?;
    let mut own = Standing::read(&mut connection, reset.role, reset.scope).await?.declared;
    if let Some(field) = reset.field {
        own.own.remove(&field);
        own.enforced.remove(&field);
    } else {
        own.own.clear();
        own.enforced.clear();
    }
    Ok(Save {
        role: reset.role,
        scope: reset.scope,
        own,
        after: reset.after,
        template: None,
        reason: reset.reason.clone(),
    })
}

/// The same within a change that is somebody else's to commit: authorises, judges, writes and records.
pub async fn write_within(
    app: &App,
    change: &mut Change,
    actor: &Actor,
    save: &Save,
) -> Result<Written, Error> {
    let laid = lay_down(change, actor, save).await?;
    tell(app, change, save, &laid).await?;
    approval::fail_undecidable(app, change, save.role).await?;
    Ok(Written { id: laid.id, number: save.after + 1, below: laid.steps.len() - 1 })
}

/// Tells administrators what changed.
async fn tell(app: &App, change: &mut Change, save: &Save, laid: &Laid) -> Result<(), Error> {
    let Some((here, below)) = laid.steps.split_first() else { return Ok(()) };
    let role = store::role::one(change.connection(), save.role).await?;
    let differences = here.before.difference(&here.after);
    let ids: Vec<_> =
        [&here.before, &here.after].into_iter().flat_map(Settings::identifiers).collect();
    let names = store::settings::approver_names(change.connection(), &ids).await?;
    let link = format!("{}/roles/{}/settings?scope={}", app.public_url, save.role, save.scope);
    let stricter = laid.steps.iter().filter(|step| step.strengthens());
    let stricter: Vec<_> = stricter.map(|step| step.place.id).collect();
    let at = change.at();
    let put_back =
        store::settings::weakened_lately(change.connection(), save.role, &stricter, at).await?;
    let by = notice::by(change);
    let terms = NewTerms {
        by: &by,
        role: &role.name,
        scope: &here.place.name,
        below: below.len(),
        weaker: here.weakens() || below.iter().any(Step::weakens),
        put_back,
        differences: &differences,
        names: &names,
        reason: save.reason.as_str(),
        link: &link,
    };
    notice::settings_changed(app, change, (save.role, save.scope), &terms).await
}

/// The same for what is only tried, to be asked of somebody else if it can be done: its author may gain by it, since they
/// don't decide.
pub(in crate::service) async fn try_within(
    app: &App,
    change: &mut Change,
    actor: &Actor,
    save: &Save,
) -> Result<(), Error> {
    lay(change, actor, save, true).await?;
    approval::fail_undecidable(app, change, save.role).await
}

/// Whether this would weaken the terms of a privileged role, at the scope or anywhere below: what a second administrator
/// should look at. Nothing is judged besides.
pub async fn weakens(connection: &mut PgConnection, save: &Save) -> Result<bool, Error> {
    if !store::role::one(connection, save.role).await?.privileged {
        return Ok(false);
    }
    let standing = Standing::read(connection, save.role, save.scope).await?;
    let (here, below) = standing.with(&save.own)?;
    Ok(here.weakens() || below.iter().any(Step::weakens))
}

/// Judges and writes, but leaves waiting requests as they are.
pub(super) async fn lay_down(
    change: &mut Change,
    actor: &Actor,
    save: &Save,
) -> Result<Laid, Error> {
    lay(change, actor, save, false).await
}

async fn lay(
    change: &mut Change,
    actor: &Actor,
    save: &Save,
    may_gain: bool,
) -> Result<Laid, Error> {
    let Save { role, scope, .. } = *save;
    access::authorise_at_place(change.connection(), actor, Permission::ManageSettings, scope)
        .await?;
    store::settings::lock(change, role).await?;
    change.settle().await?;
    let standing = Standing::read(change.connection(), role, scope).await?;
    let (here, below) = judge(change, &standing, save).await?;
    let weakened = here.weakens() || below.iter().any(Step::weakens);
    if weakened && !may_gain {
        reach::refuse_easing(change, role, scope).await?;
    }
    let id =
        write_step(change, role, &here, None, (save.reason.as_str(), save.template.as_deref()))
            .await?;
    let mut versions = vec![id];
    let reason = format!("Follows version {} at {}", here.number + 1, here.place.name);
    for step in &below {
        versions.push(write_step(change, role, step, Some(id), (&reason, None)).await?);
    }
    let steps = std::iter::once(here).chain(below).collect();
    Ok(Laid { id, enforced_before: standing.declared.enforced, steps, versions })
}

/// Refuses whatever is wrong with it, as saving would; nothing is written, and it may change nothing. For a form of which a
/// part could not be read: the rest is judged all the same.
pub async fn examine(app: &App, actor: &Actor, save: &Save) -> Result<(), Error> {
    let Save { role, scope, .. } = *save;
    let actor = Actor { idempotency: None, ..actor.clone() };
    let mut change = Change::begin(&app.database, &actor).await?;
    access::authorise_at_place(change.connection(), &actor, Permission::ManageSettings, scope)
        .await?;
    let standing = Standing::read(change.connection(), role, scope).await?;
    weigh(&mut change, &standing, save).await.map(drop)
}

/// What it leads to, unless something is wrong with it or it changes nothing.
async fn judge(
    change: &mut Change,
    standing: &Standing,
    save: &Save,
) -> Result<(Step, Vec<Step>), Error> {
    let (here, below) = weigh(change, standing, save).await?;
    if here.declared.says_the_same(&standing.declared) {
        return Err(Error::Conflict("nothing has changed".to_owned()));
    }
    Ok((here, below))
}

/// What it leads to, unless something is wrong with it or with that: then all of it is told at once.
async fn weigh(
    change: &mut Change,
    standing: &Standing,
    save: &Save,
) -> Result<(Step, Vec<Step>), Error> {
    if standing.number != save.after {
        return Err(Error::Conflict(
            "somebody else has changed these settings meanwhile: look at theirs first".to_owned(),
        ));
    }
    let mut faults = Vec::new();
    if save.reason.is_empty() {
        faults.push(FieldError::new("reason", "write why the settings change"));
    }
    let is_root = save.scope == ScopeId::ROOT;
    faults.extend(save.own.faults(is_root, &standing.locked, &standing.declared.own));
    let mut next = save.own.clone();
    // What is set aside here stays as it was: whoever cannot change it cannot have meant to.
    for field in &standing.locked {
        field.copy(&standing.declared.settings, &mut next.settings);
    }
    let (here, below) = standing.with(&next)?;
    faults.extend(faults_of(change, (save.role, save.scope), &here.after).await?);
    for step in &below {
        faults.extend(new_faults(change, save.role, step).await?);
    }
    if faults.is_empty() { Ok((here, below)) } else { Err(Error::Invalid(faults)) }
}

/// What is wrong with the terms of `role` at `scope`: by themselves, and for want of people who can agree.
async fn faults_of(
    change: &mut Change,
    (role, scope): (RoleId, ScopeId),
    settings: &Settings,
) -> Result<Vec<FieldError>, Error> {
    let at = change.at();
    let connection = change.connection();
    let privileged = store::role::one(connection, role).await?.privileged;
    let mut faults = settings.faults(privileged);
    let terms = &settings.activation;
    if !terms.requires_approval || terms.stages.is_empty() {
        return Ok(faults);
    }
    for (_, number) in terms.stages.iter().zip(1..).filter(|(stage, _)| stage.approvers.is_empty())
    {
        let message = format!("stage {number} names nobody who approves");
        faults.push(FieldError::new("stages", message).at(part_of(number, "approvers")));
    }
    let resilience =
        store::settings::resilience(connection, &terms.stages, (role, scope), at).await?;
    let mut message = match resilience {
        Resilience::Enough => return Ok(faults),
        Resilience::Nobody => "too few people can approve: nobody could activate this role as it stands",
        Resilience::OnePerson => {
            "name one more person who can approve: as it is, nobody can approve what one of them asks for, and one absence \
             stops everybody"
        }
    }
    .to_owned();
    let managers = terms.stages.iter().any(|stage| stage.approvers.contains(&Approver::Manager));
    if managers {
        let without = store::settings::without_manager(connection, role, scope, at).await?;
        if !without.is_empty() {
            message = format!(
                "{message}. These are eligible and have no manager: {}",
                without.join(", ")
            );
        }
    }
    faults.push(FieldError::new("stages", message));
    Ok(faults)
}

/// What is wrong with the terms of a scope below that was not wrong with them before.
async fn new_faults(
    change: &mut Change,
    role: RoleId,
    step: &Step,
) -> Result<Vec<FieldError>, Error> {
    let before = faults_of(change, (role, step.place.id), &step.before).await?;
    let after = faults_of(change, (role, step.place.id), &step.after).await?;
    let new = after.into_iter().filter(|fault| before.iter().all(|old| old.field != fault.field));
    Ok(new
        .map(|fault| {
            FieldError::new(fault.field, format!("at {}: {}", step.place.name, fault.message))
        })
        .collect())
}

/// Writes the version of one step and records it.
async fn write_step(
    change: &mut Change,
    role: RoleId,
    step: &Step,
    because: Option<SettingsId>,
    (reason, template): (&str, Option<&str>),
) -> Result<SettingsId, Error> {
    let next = Next {
        role,
        scope: step.place.id,
        after: step.number,
        declared: &step.declared,
        effective: &step.after,
        template,
        because,
        reason,
    };
    let id = store::settings::write(change, &next).await?;
    if step.strengthens() {
        let (at, place) = (change.at(), step.place.id);
        let connection = change.connection();
        let weak = store::settings::weakened_lately(connection, role, &[place], at).await?;
        if let Some(PutBack { since, begun }) = weak {
            let event = Event::new(Kind::SettingsPutBack).role(role, place).target(id.0);
            change.record(&event.detail(json!({ "weak_since": since, "begun": begun }))).await?;
        }
    }
    let event =
        Event::new(Kind::SettingsChanged).role(role, step.place.id).target(id.0).detail(json!({
            "version": step.number + 1,
            "difference": step.before.difference(&step.after),
            "own": names(&step.declared.own),
            "enforced": names(&step.declared.enforced),
            "reason": reason,
            "because": because,
            "template": template,
            "weakened": step.weakens(),
        }));
    change.record(&event).await?;
    Ok(id)
}

fn names(fields: &Fields) -> Vec<&'static str> {
    fields.iter().map(|field| field.name()).collect()
}

/// Writes the terms in force at `scope` and below it anew, of one role or of all, after something else than terms has
/// changed there: a place was moved. Closes what nobody may decide any more. Says which terms became others.
pub async fn recompute_below(
    app: &App,
    change: &mut Change,
    role: Option<RoleId>,
    scope: ScopeId,
    why: &Justification,
) -> Result<Vec<Rewritten>, Error> {
    let roles = match role {
        Some(role) => vec![role],
        None => store::settings::roles_to_recompute(change.connection(), scope).await?,
    };
    let mut rewritten = Vec::new();
    for role in roles {
        store::settings::lock(change, role).await?;
        let privileged = store::role::one(change.connection(), role).await?.privileged;
        let tree = Tree::read(change.connection(), role, scope).await?;
        for step in tree.steps(scope, true, None)? {
            let faults = new_faults(change, role, &step).await?;
            if !faults.is_empty() {
                return Err(Error::Invalid(faults));
            }
            write_step(change, role, &step, None, (why.as_str(), None)).await?;
            rewritten.push(Rewritten {
                role,
                scope: step.place.id,
                weakened: step.weakens(),
                privileged,
            });
        }
        approval::fail_undecidable(app, change, role).await?;
    }
    Ok(rewritten)
}

/// The terms in force at `scope` of the privileged roles for which one of `places` says something.
pub(in crate::service) async fn privileged_terms(
    connection: &mut PgConnection,
    scope: ScopeId,
    places: &[ScopeId],
) -> Result<BTreeMap<RoleId, Settings>, Error> {
    let mut terms = BTreeMap::new();
    for role in store::settings::privileged_roles_at(connection, places).await? {
        terms.insert(role, store::settings::current(connection, role, scope).await?.settings);
    }
    Ok(terms)
}
