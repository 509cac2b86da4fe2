//! What saving would change, and for whom: the very change is made, looked at, and undone.
use super::{
    plan::Step,
    save::{Laid, Save, lay_down},
};
use crate::{
    App,
    domain::{
        actor::Actor,
        notice::rule::Notices,
        settings::{Difference, Field, NeverAsked, Settings},
    },
    error::Error,
    service::role::Told,
    store::{
        self, Change,
        settings::{OutOfTerms, Waiting},
    },
};

/// What saving would change, and for whom.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The role.
    pub role: Told,
    /// What becomes others at the scope itself.
    pub difference: Vec<Difference>,
    /// What becomes others at scopes below, by their names.
    pub below: Vec<(String, Vec<Difference>)>,
    /// The fields that ask for less than before, at the scope or below it.
    pub weaker: Vec<Field>,
    /// The fields that ask for more.
    pub stricter: Vec<Field>,
    /// The fields that nobody below may change from now on.
    pub newly_enforced: Vec<Field>,
    /// The fields that may be changed below again.
    pub no_longer_enforced: Vec<Field>,
    /// How many are eligible and may activate on the new terms.
    pub eligible: i64,
    /// How many have activated the role there; they keep what they have.
    pub running: i64,
    /// The assignments that the terms no longer allow to be made as they are; they stay.
    pub out_of_terms: Vec<OutOfTerms>,
    /// The names behind the identifiers of approvers.
    pub names: super::Names,
    /// Who is told of what there, from then on.
    pub notices: Notices,
    /// The waiting requests that are judged by the stricter of their own terms and these, or closed.
    pub waiting: Vec<Waiting>,
    /// The stages that nobody would ever be asked in, at the scope or below it, each with the name of its place.
    pub never_asked: Vec<(String, NeverAsked)>,
}

/// What `save` would do, with everything that may be said against it. Nothing of it remains.
pub async fn preview(app: &App, actor: &Actor, save: &Save) -> Result<Preview, Error> {
    let actor = Actor { idempotency: None, ..actor.clone() };
    store::retried(|| look_ahead(app, &actor, save)).await
}

async fn look_ahead(app: &App, actor: &Actor, save: &Save) -> Result<Preview, Error> {
    let mut change = Change::begin(&app.database, actor).await?;
    let allowed_before =
        store::settings::out_of_terms(change.connection(), save.role, save.scope).await?;
    let Laid { steps, versions, enforced_before, .. } = lay_down(&mut change, actor, save).await?;
    let connection = change.connection();
    let out_of_terms = store::settings::out_of_terms(connection, save.role, save.scope).await?;
    let of_old =
        |one: &OutOfTerms| allowed_before.iter().any(|before| before.assignment == one.assignment);
    let named: Vec<_> = steps
        .iter()
        .flat_map(|step| [&step.before, &step.after])
        .flat_map(Settings::identifiers)
        .collect();
    let enforced = steps.first().map(|step| step.declared.enforced.clone()).unwrap_or_default();
    let preview = Preview {
        notices: steps.first().map(|step| step.after.notices.clone()).unwrap_or_default(),
        role: store::role::one(connection, save.role).await?,
        difference: Vec::new(),
        below: Vec::new(),
        weaker: fields(steps.iter().flat_map(|step| step.before.weaker_in(&step.after))),
        stricter: fields(steps.iter().flat_map(|step| step.after.weaker_in(&step.before))),
        newly_enforced: enforced.difference(&enforced_before).copied().collect(),
        no_longer_enforced: enforced_before.difference(&enforced).copied().collect(),
        eligible: store::settings::eligible_under(connection, save.role, &versions).await?,
        running: store::settings::running_under(connection, save.role, &versions).await?,
        out_of_terms: out_of_terms.into_iter().filter(|one| !of_old(one)).collect(),
        names: store::settings::approver_names(connection, &named).await?,
        waiting: store::settings::waiting_under(connection, save.role, &versions).await?,
        never_asked: steps.iter().flat_map(never_asked).collect(),
    };
    // Dropped here: nothing of it remains.
    drop(change);
    let mut differences =
        steps.into_iter().map(|step| (step.place.name, step.before.difference(&step.after)));
    let (_, difference) = differences.next().unwrap_or_default();
    Ok(Preview { difference, below: differences.collect(), ..preview })
}

fn never_asked(step: &Step) -> impl Iterator<Item = (String, NeverAsked)> {
    let stages = step.after.activation.never_asked();
    stages.into_iter().map(move |stage| (step.place.name.clone(), stage))
}

/// Each field once, in their order.
fn fields(all: impl Iterator<Item = Field>) -> Vec<Field> {
    all.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
}
