//! Trying a new eligibility before the standing access goes.
use serde_json::json;

use super::{over, step};
use crate::{
    App,
    domain::{
        activation::Refusal,
        actor::{Actor, TokenScope, User},
        audit::{Event, Kind, Outcome},
        id::ConversionId,
        inventory::Step,
        notice::assignment::{Administered, conversion_tried},
        settings::{ActivationTerms, Authentication},
        step_up::Act,
        time::Duration,
    },
    error::Error,
    service::{
        access,
        activation::{self, Reasons},
        notice, step_up,
    },
    store::{
        self, Change,
        inventory::conversion::{Told, Wanted},
    },
};

/// What the form for a try shows.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The conversion.
    pub told: Told,
    /// The terms of activating.
    pub terms: ActivationTerms,
}

/// What a try of the actor's asks for. Only holders and members of the holding group may try.
pub async fn trial(app: &App, actor: &Actor, id: ConversionId) -> Result<Trial, Error> {
    let user = access::user(actor, TokenScope::Activate)?;
    let mut connection = app.database.acquire().await?;
    let told = mine(&mut connection, user, id).await?;
    let version = store::settings::current(&mut connection, told.role, told.scope).await?;
    Ok(Trial { told, terms: version.settings.activation })
}

async fn mine(
    connection: &mut sqlx::PgConnection,
    user: &User,
    id: ConversionId,
) -> Result<Told, Error> {
    let wanted =
        Wanted { ids: Some(&[id]), for_account: Some(user.principal), ..Wanted::default() };
    store::inventory::conversion::list(connection, wanted, 1)
        .await?
        .pop()
        .ok_or(Error::NotFound("conversion"))
}

/// Tries the new eligibility: judged like an activation, as if the standing access were not there. It gives nothing; if all
/// is well, the standing access can go.
pub async fn rehearse(
    app: &App,
    actor: &Actor,
    id: ConversionId,
    duration: Duration,
    reasons: &Reasons,
    code: Option<&str>,
) -> Result<(), Error> {
    // A repeat uses up no code.
    if let Err(Error::Repeated(_)) = Change::begin(&app.database, actor).await {
        return Ok(());
    }
    let Trial { told, terms } = trial(app, actor, id).await?;
    refuse_another_try(&told)?;
    let act = Act::Rehearse { conversion: id, duration };
    let asked_for = terms.authentication == Authentication::Mfa;
    let proof = step_up::prove(app, actor, code.filter(|_| asked_for), &act).await?;
    let mut change = match Change::begin(&app.database, actor).await {
        Err(Error::Repeated(_)) => return Ok(()),
        begun => begun?,
    };
    let user = access::user(actor, TokenScope::Activate)?;
    let wish = (duration, reasons);
    let refusals =
        activation::trial(&mut change, user, told.eligible, wish, proof.is_some()).await?;
    let told = store::inventory::conversion::lock(&mut change, id).await?;
    refuse_another_try(&told)?;
    if let Some(proof) = proof {
        store::mfa_proof::spend(&mut change, proof, &act, id.0).await?;
    }
    let event = Event::new(Kind::ConversionTried)
        .subject(told.principal)
        .role(told.role, told.scope)
        .assignment(told.eligible)
        .target(id.0);
    if refusals.is_empty() {
        store::inventory::conversion::note_try(&mut change, id, user.principal).await?;
        tell_of_try(app, &mut change, user, &told).await?;
        change.made(id.0).await?;
        change
            .commit(&event.detail(json!({ "duration": duration, "mfa": proof.is_some() })))
            .await?;
        app.wake.everything();
        Ok(())
    } else {
        let rules: Vec<_> = refusals.iter().map(Refusal::rule).collect();
        let event = Event { outcome: Outcome::Refused, ..event };
        change.commit(&event.detail(json!({ "rules": rules }))).await?;
        app.wake.audit().notify_one();
        Err(Error::Refused(refusals))
    }
}

fn refuse_another_try(told: &Told) -> Result<(), Error> {
    match step(told) {
        Step::Started => Ok(()),
        Step::Tried => Err(Error::Conflict("this was tried already, and it works".to_owned())),
        Step::Finished | Step::Abandoned | Step::Overtaken => Err(over()),
    }
}

async fn tell_of_try(
    app: &App,
    change: &mut Change,
    user: &User,
    told: &Told,
) -> Result<(), Error> {
    let link = format!("{}/inventory/conversions", app.public_url);
    let facts = Administered {
        by: &user.name,
        holder: &told.holder,
        role: &told.role_name,
        scope: &told.scope_name,
        reason: "",
        link: &link,
    };
    let mut accounts =
        store::inventory::conversion::accounts_behind(change, told.principal).await?;
    accounts.push(told.started_by);
    let place = (told.role, told.scope);
    notice::converted(app, change, place, accounts, (&facts, conversion_tried)).await
}
