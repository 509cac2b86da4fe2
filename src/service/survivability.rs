//! That somebody is left who can get in, and somebody who can say yes: refused where a change would end it.
use crate::{
    domain::{
        id::{PrincipalId, SettingsId},
        survivability::Footing,
    },
    error::Error,
    store::{self, Change, survivability::Wanted},
};

/// More terms than this do not hang by one account.
const MOST: usize = 1000;

/// What everything rested on before a change.
pub(super) struct Before {
    footing: Footing,
    settings: Vec<SettingsId>,
}

/// Looks before a change that takes something from these accounts or groups.
pub(super) async fn before(change: &mut Change, of: &[PrincipalId]) -> Result<Before, Error> {
    let mut footing = store::survivability::people(change.connection()).await?;
    let wanted = Wanted { naming: Some(of), ..Wanted::default() };
    footing.approvals = store::survivability::approvals(change.connection(), wanted, MOST).await?;
    let settings = footing.approvals.iter().map(|terms| terms.settings).collect();
    Ok(Before { footing, settings })
}

/// Refuses the change if it leaves nobody where somebody is needed. The refusal undoes it: nothing was committed.
pub(super) async fn refuse_loss(change: &mut Change, before: &Before) -> Result<(), Error> {
    if look_again(change, before).await? == before.footing {
        return Ok(());
    }
    // Two who go at once wait for one another here.
    store::survivability::lock(change).await?;
    match before.footing.refusal(&look_again(change, before).await?) {
        None => Ok(()),
        Some(why) => Err(Error::Conflict(why)),
    }
}

async fn look_again(change: &mut Change, before: &Before) -> Result<Footing, Error> {
    let mut after = store::survivability::people(change.connection()).await?;
    if !before.settings.is_empty() {
        let wanted = Wanted { settings: Some(&before.settings), ..Wanted::default() };
        after.approvals =
            store::survivability::approvals(change.connection(), wanted, MOST).await?;
    }
    Ok(after)
}
