//! What is told of emergencies and their reviews.
use super::request::tell_of;
use crate::{
    App,
    domain::{
        emergency::ReviewVerdict,
        id::PrincipalId,
        notice::{
            emergency,
            occasion::{Audience, Occasion},
            request::Asked,
        },
        time::Instant,
    },
    error::Error,
    service::{
        channel,
        notice::{author, by},
    },
    store::{self, Change, emergency::Told, settings::Nominee},
};

/// Whoever would have been asked, beside whoever it was.
fn passed_over(told: &Told, skipped: &[Nominee]) -> Vec<PrincipalId> {
    let others = skipped.iter().filter(|it| it.person != told.person);
    others.map(|it| it.principal).collect()
}

/// To the approvers who were passed over, to administrators and to whoever it was: access was taken in an emergency.
pub(in crate::service) async fn emergency_used(
    app: &App,
    change: &mut Change,
    told: &Told,
    skipped: &[Nominee],
    ends_at: Instant,
) -> Result<(), Error> {
    let request = store::request::one(change.connection(), told.request).await?;
    channel::emergency(app, change, &request, ends_at).await?;
    let to = [
        (Audience::Requester, vec![told.principal]),
        (Audience::Approvers, passed_over(told, skipped)),
    ];
    let letter = |to, asked: &Asked<'_>| emergency::used(asked, (ends_at, told.due_at), to);
    tell_of(app, change, &request, (Occasion::EmergencyUsed, None), &to, &letter).await
}

/// To whoever it was: somebody has looked at it.
pub(in crate::service) async fn emergency_reviewed(
    app: &App,
    change: &mut Change,
    told: &Told,
    verdict: ReviewVerdict,
    note: &str,
) -> Result<(), Error> {
    let request = store::request::one(change.connection(), told.request).await?;
    let reviewer = by(change);
    let to = [(Audience::Requester, vec![told.principal])];
    let letter = |_, asked: &Asked<'_>| emergency::reviewed(asked, &reviewer, (verdict, note));
    let how = (Occasion::EmergencyReviewed, author(change));
    tell_of(app, change, &request, how, &to, &letter).await
}

/// To everybody who was told of it: nobody has looked at it in time.
pub(in crate::service) async fn emergency_overdue(
    app: &App,
    change: &mut Change,
    told: &Told,
    skipped: &[Nominee],
) -> Result<(), Error> {
    let request = store::request::one(change.connection(), told.request).await?;
    let to = [(Audience::Approvers, passed_over(told, skipped))];
    // Whoever it was cannot review it, even if they administer the place.
    let how = (Occasion::EmergencyOverdue, Some(told.person));
    let letter = |_, asked: &Asked<'_>| emergency::overdue(asked, told.due_at);
    tell_of(app, change, &request, how, &to, &letter).await
}
