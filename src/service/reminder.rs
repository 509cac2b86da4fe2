//! Reminds holders, and those who may give them more time, that assignments end: each end once at each of its moments,
//! however many servers there are.
use std::collections::{BTreeMap, btree_map::Entry};

use crate::{
    App,
    domain::{
        actor::Actor,
        change_notice::{self, Ending},
        id::PrincipalId,
        reminder::ReminderKind,
    },
    error::Error,
    service::assignment,
    store::{self, Change, reminder::Due},
};

/// How many ends are told of in one transaction.
const BATCH: i64 = 500;

/// Reminds everybody who is due.
pub(in crate::service) async fn remind(app: &App) -> Result<(), Error> {
    let kinds = store::reminder::due(&mut *app.worker_database.acquire().await?).await?;
    for kind in kinds {
        while batch(app, kind).await? {}
    }
    Ok(())
}

/// Sends one batch of reminders. Whether there may be more.
async fn batch(app: &App, kind: ReminderKind) -> Result<bool, Error> {
    let mut change = Change::begin(&app.worker_database, &Actor::system()).await?;
    let Some(through) = store::reminder::lock(&mut change, kind).await? else { return Ok(false) };
    change.settle().await?;
    let due = match kind.before() {
        Some(before) => {
            store::reminder::take_ending(&mut change, kind, before.seconds(), through, BATCH)
                .await?
        }
        None => store::reminder::take_ended(&mut change, through, BATCH).await?,
    };
    let full = i64::try_from(due.len()).is_ok_and(|taken| taken >= BATCH);
    if !full {
        store::reminder::advance(&mut change, kind).await?;
    }
    let told = !due.is_empty();
    tell(app, &mut change, kind, &due).await?;
    change.commit_recorded().await?;
    if told {
        app.wake.outbox().notify_one();
    }
    Ok(full)
}

/// Writes the mails: one to each holder, and one to each administrator about all that they may give more time for.
async fn tell(
    app: &App,
    change: &mut Change,
    kind: ReminderKind,
    due: &[Due],
) -> Result<(), Error> {
    let over = kind == ReminderKind::Ended;
    let at = change.at();
    let endings: Vec<_> = due.iter().map(ending).collect();
    let mut administrators = BTreeMap::new();
    let mut theirs: BTreeMap<PrincipalId, Vec<&Ending>> = BTreeMap::new();
    for (due, ending) in due.iter().zip(&endings) {
        let link = change_notice::more_time_link(&app.public_url, due.assignment);
        let mail = change_notice::ends(ending, over, &link);
        let thread = Some(due.assignment.0);
        store::outbox::enqueue(change, due.principal, &mail, thread).await?;
        let them = match administrators.entry(due.scope) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let permission = assignment::permission(due.scope_kind);
                let connection = change.connection();
                place.insert(
                    store::reminder::administrators(connection, permission, due.scope, at).await?,
                )
            }
        };
        for administrator in them.iter() {
            if *administrator != due.principal {
                theirs.entry(*administrator).or_default().push(ending);
            }
        }
    }
    let link = format!("{}/assignments/expiring", app.public_url);
    let link = if over { format!("{link}?state=over") } else { link };
    for (administrator, endings) in theirs {
        let mail = change_notice::others_end(&endings, over, &link);
        store::outbox::enqueue(change, administrator, &mail, None).await?;
    }
    Ok(())
}

fn ending(due: &Due) -> Ending {
    Ending {
        holder: due.holder.clone(),
        role: due.role_name.clone(),
        scope: due.scope_name.clone(),
        kind: due.kind,
        ends_at: due.ends_at,
    }
}
