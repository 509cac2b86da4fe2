//! Reminds holders, and those who may give them more time, that assignments end: each end once at each of its moments,
//! however many servers there are.
use std::collections::BTreeMap;

use crate::{
    App,
    domain::{
        actor::Actor,
        id::{RoleId, ScopeId},
        notice::{
            assignment::{self, Ending, more_time_link},
            occasion::{Audience, Occasion},
        },
        reminder::ReminderKind,
    },
    error::Error,
    service::{
        channel,
        notice::{self, News, Whom},
    },
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

/// Tells each holder, and each administrator about all that they may give more time for, in one mail.
async fn tell(
    app: &App,
    change: &mut Change,
    kind: ReminderKind,
    due: &[Due],
) -> Result<(), Error> {
    let occasion = match kind {
        ReminderKind::TwoWeeks => Occasion::EndsInTwoWeeks,
        ReminderKind::OneDay => Occasion::EndsInADay,
        ReminderKind::Ended => Occasion::AssignmentEnded,
    };
    channel::endings(app, change, kind == ReminderKind::Ended, due).await?;
    let mut together: BTreeMap<(RoleId, ScopeId), Vec<&Due>> = BTreeMap::new();
    for due in due {
        let ending = ending(due);
        let link = more_time_link(&app.public_url, due.assignment);
        let news = News {
            occasion,
            place: Some((due.role, due.scope)),
            thread: Some(due.assignment.0),
            author: None,
            pressing: false,
            alone: true,
            to: &[(Audience::Requester, vec![due.principal])],
            letter: &|_| assignment::ends(&ending, kind, &link),
            link: &link,
        };
        notice::tell(app, change, &news).await?;
        together.entry((due.role, due.scope)).or_default().push(due);
    }
    tell_administrators(app, change, (kind, occasion), together).await
}

/// One mail to each administrator, about everything in the batch that is theirs, and to each further address of a rule.
async fn tell_administrators(
    app: &App,
    change: &mut Change,
    (kind, occasion): (ReminderKind, Occasion),
    together: BTreeMap<(RoleId, ScopeId), Vec<&Due>>,
) -> Result<(), Error> {
    let link = format!("{}/assignments/expiring", app.public_url);
    let link = if kind == ReminderKind::Ended { format!("{link}?state=over") } else { link };
    let mut theirs: BTreeMap<Whom, Vec<&Due>> = BTreeMap::new();
    for (place, due) in together {
        for whom in notice::administrators(change, occasion, place).await? {
            let is_own = |due: &&&Due| whom == Whom::Account(due.principal);
            let others: Vec<_> = due.iter().filter(|due| !is_own(due)).copied().collect();
            theirs.entry(whom).or_default().extend(others);
        }
    }
    theirs.retain(|_, due| !due.is_empty());
    for (whom, due) in theirs {
        let endings: Vec<_> = due.iter().map(|due| ending(due)).collect();
        let endings: Vec<_> = endings.iter().collect();
        let letter = assignment::others_end(&endings, kind, &link);
        notice::tell_one(app, change, &whom, (occasion, &letter, &link)).await?;
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
