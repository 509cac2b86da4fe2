//! Whether an activation would be granted, if nothing of the role were held.
use super::{
    Chosen, Reasons,
    submit::{facts, lock},
};
use crate::{
    domain::{
        activation::{Decision, Intent, Refusal, decide},
        actor::User,
        id::AssignmentId,
        time::Duration,
    },
    error::Error,
    service::approval::{self, Wish},
    store::{self, Change, activation::Surroundings},
};

/// Judges, within a change, what `user` would ask for by an eligibility. Nothing comes of it but the refusals; none if it
/// would work.
pub(in crate::service) async fn trial(
    change: &mut Change,
    user: &User,
    eligibility: AssignmentId,
    (duration, reasons): (Duration, &Reasons),
    proved: bool,
) -> Result<Vec<Refusal>, Error> {
    let held = lock(change, Chosen::whole(eligibility), user).await?;
    let version = store::settings::current(change.connection(), held.role, held.scope).await?;
    let around = Surroundings {
        running: None,
        standing: false,
        standing_from: None,
        open_request: false,
        ..store::activation::surroundings(change, &held, None).await?
    };
    let wish = Wish { duration, starts_at: None, extends: None, ticket_verified: false };
    let prospect = approval::prospect(change, &version, (user, &held), wish).await?;
    let ask = reasons.ask(duration);
    let facts = facts(&held, &around, proved, &prospect);
    Ok(match decide(Intent::Activate, &ask, &version.settings.activation, &facts) {
        Decision::Refuse(refusals) => refusals,
        Decision::AwaitApproval { .. } | Decision::Schedule { .. } | Decision::Activate(_) => {
            Vec::new()
        }
    })
}
