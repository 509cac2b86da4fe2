//! How a conversion ends: the standing access goes, or everything stays as it was.
use serde_json::json;

use super::{about, facts, over, step, tell_holder};
use crate::{
    App,
    domain::{
        actor::{Actor, TokenScope, User},
        assignment::AssignmentEnd,
        audit::Kind,
        id::ConversionId,
        inventory::finishable,
        notice::assignment::{conversion_abandoned, conversion_finished},
        permission::Permission,
        text::Justification,
    },
    error::Error,
    service::{access, assignment, survivability},
    store::{self, Change, assignment::Locked, inventory::conversion::Told},
};

/// Ends the standing access; the eligibility stays. Refused until its holder has tried that.
pub async fn finish(
    app: &App,
    actor: &Actor,
    id: ConversionId,
    reason: &Justification,
) -> Result<(), Error> {
    let mut change = Change::begin(&app.database, actor).await?;
    let Taken { user, told, active, .. } = take(&mut change, actor, id).await?;
    finishable(step(&told), told.eligible_live)
        .map_err(|error| Error::Conflict(error.to_string()))?;
    let before = survivability::before(&mut change, &[active.principal]).await?;
    assignment::end(&mut change, &active, AssignmentEnd::Converted, reason).await?;
    survivability::refuse_loss(&mut change, &before).await?;
    store::inventory::conversion::finish(&mut change, id, user.principal).await?;
    let facts = facts(&user, &active, reason.as_str(), &app.public_url);
    tell_holder(app, &mut change, &active, &facts, conversion_finished).await?;
    change.made(id.0).await?;
    let event = about(Kind::ConversionFinished, &active, id);
    change.record(&event.detail(json!({ "justification": reason }))).await?;
    assignment::commit(change).await?;
    app.wake.everything();
    Ok(())
}

/// Gives a conversion up: the standing access stays, and an eligibility that was made for this goes.
pub async fn abandon(
    app: &App,
    actor: &Actor,
    id: ConversionId,
    reason: &Justification,
) -> Result<(), Error> {
    let mut change = Change::begin(&app.database, actor).await?;
    let Taken { user, told, active, eligible } = take(&mut change, actor, id).await?;
    if !step(&told).is_open() {
        return Err(over());
    }
    if told.eligible_made && !eligible.ended {
        let before = survivability::before(&mut change, &[eligible.principal]).await?;
        assignment::end(&mut change, &eligible, AssignmentEnd::Removed, reason).await?;
        survivability::refuse_loss(&mut change, &before).await?;
    }
    store::inventory::conversion::abandon(&mut change, id, user.principal).await?;
    let facts = facts(&user, &active, reason.as_str(), &app.public_url);
    tell_holder(app, &mut change, &active, &facts, conversion_abandoned).await?;
    change.made(id.0).await?;
    let event = about(Kind::ConversionAbandoned, &active, id);
    change.record(&event.detail(json!({ "justification": reason }))).await?;
    assignment::commit(change).await?;
    app.wake.everything();
    Ok(())
}

/// A conversion in an administrator's hand.
struct Taken {
    user: User,
    told: Told,
    active: Locked,
    eligible: Locked,
}

/// Takes a conversion in hand, for an administrator of its place: both assignments are locked first, as everywhere.
async fn take(change: &mut Change, actor: &Actor, id: ConversionId) -> Result<Taken, Error> {
    let user = access::user(actor, TokenScope::Administer)?.clone();
    let told = match store::inventory::conversion::one(change.connection(), id).await {
        Ok(told) => told,
        Err(error) => {
            let right = Permission::ManageAssignments;
            access::authorise_somewhere(change.connection(), actor, right).await?;
            return Err(error);
        }
    };
    let active = match assignment::lock(change, actor, told.active).await {
        Err(Error::NotFound(_)) => return Err(Error::NotFound("conversion")),
        active => active?,
    };
    let eligible = store::assignment::lock(change, told.eligible).await?;
    let told = store::inventory::conversion::lock(change, id).await?;
    change.settle().await?;
    Ok(Taken { user, told, active, eligible })
}
