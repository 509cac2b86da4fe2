//! Tells administrators of terms that ask for an approval which nobody can give any more: somebody left, a membership ran out,
//! a manager was taken away. No change that would cause it at once is let through, but time is.
use serde_json::json;

use crate::{
    App,
    domain::{
        actor::Actor,
        approval::Resilience,
        audit::{Event, Kind},
        time::Duration,
    },
    error::Error,
    service::notice,
    store::{
        self, Change,
        notice::Course,
        survivability::{MOST, Wanted},
    },
};

/// How often it is looked for.
const EVERY: Duration = Duration::minutes(10);

/// Looks for them, if nobody has lately, and tells of those that are new.
pub(in crate::service) async fn alarm(app: &App) -> Result<(), Error> {
    let mut connection = app.worker_database.acquire().await?;
    let last = store::notice::through(&mut connection, Course::UnreachableApprovals).await?;
    if store::now(&mut connection).await? < last + EVERY {
        return Ok(());
    }
    drop(connection);
    let mut change = Change::begin(&app.worker_database, &Actor::system()).await?;
    if store::notice::lock(&mut change, Course::UnreachableApprovals).await?.is_none() {
        return Ok(());
    }
    let now = change.settle().await?;
    let wanted = Wanted { lacking: true, ..Wanted::default() };
    let most = usize::try_from(MOST).unwrap_or(usize::MAX);
    let lacking = store::survivability::approvals(change.connection(), wanted, most).await?;
    let nobody = lacking.iter().filter(|terms| terms.resilience == Resilience::Nobody);
    let ids: Vec<_> = nobody.map(|terms| terms.settings).collect();
    let new = store::survivability::note_unreachable(&mut change, &ids).await?;
    for terms in lacking.iter().filter(|terms| new.contains(&terms.settings)) {
        notice::approval_unreachable(app, &mut change, terms).await?;
        let event = Event::new(Kind::ApprovalUnreachable)
            .role(terms.role, terms.scope)
            .detail(json!({ "settings": terms.settings }));
        change.record(&event).await?;
    }
    store::notice::advance(&mut change, Course::UnreachableApprovals, now).await?;
    change.commit_recorded().await?;
    if !new.is_empty() {
        app.wake.everything();
    }
    Ok(())
}
