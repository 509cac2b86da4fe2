//! The summaries of the day and of the week: sent once, by whichever server comes first.
use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use crate::{
    App,
    domain::{
        actor::Actor,
        change_notice::change_link,
        id::{PrincipalId, ScopeId},
        notice::{
            letter::Letter,
            occasion::Occasion,
            request_link,
            summary::{self, Changed, Ranked, Waiting, Week},
        },
        permission::Permission,
        time::{Duration, Instant},
    },
    error::Error,
    service::{change_request, due::Tried, notice::readers},
    store::{
        self, Change,
        notice::{Course, Outgoing},
    },
};

/// How many roles, terms and eligibilities a summary of the week lists each.
const LISTED: i64 = 10;
/// How many roles with the most holders it lists.
const TOP: i64 = 5;

/// Sends the summaries that are due and were not sent; each whatever becomes of the other.
pub(in crate::service) async fn send(app: &App, tried: &mut Tried) -> Result<(), Error> {
    let mut connection = app.worker_database.acquire().await?;
    let now = store::now(&mut connection).await?;
    let due = [
        (Course::DailySummary, app.summaries.last_daily(now)),
        (Course::WeeklySummary, app.summaries.last_weekly(now)),
    ];
    let mut waiting = Vec::new();
    for (course, due) in due {
        let Some(due) = due else { continue };
        if store::notice::through(&mut connection, course).await? < due {
            waiting.push((course, due));
        }
    }
    drop(connection);
    for (course, due) in waiting {
        let sent = send_one(app, course, due).await;
        if tried.note(&format!("{course:?}"), sent) {
            app.wake.outbox().notify_one();
        }
    }
    Ok(())
}

/// Sends one of them. False if another server has sent it, or is at it.
async fn send_one(app: &App, course: Course, due: Instant) -> Result<bool, Error> {
    let mut change = Change::begin(&app.worker_database, &Actor::system()).await?;
    let Some(through) = store::notice::lock(&mut change, course).await? else { return Ok(false) };
    if through >= due {
        return Ok(false);
    }
    change.settle().await?;
    let letters = if course == Course::WeeklySummary {
        weekly(app, &mut change, due).await?
    } else {
        daily(app, &mut change).await?
    };
    let who: Vec<_> = letters.iter().map(|(principal, _)| *principal).collect();
    let people = readers(change.connection(), app, &who).await?;
    let mails: Vec<_> = letters
        .iter()
        .filter_map(|(principal, letter)| people.get(principal).map(|person| (person, letter)))
        .filter(|((recipient, _), _)| {
            course != Course::WeeklySummary || recipient.preferences.weekly
        })
        .map(|((recipient, reader), letter)| Outgoing {
            recipient: Some(recipient.principal),
            address: recipient.address.clone(),
            mail: letter.mail(Occasion::Summary, reader),
            thread: None,
            not_before: None,
        })
        .collect();
    store::notice::send(&mut change, &mails).await?;
    store::notice::advance(&mut change, course, due).await?;
    change.commit_recorded().await?;
    Ok(true)
}

/// What the week was like, for each person who administers a place; one letter for a person and place.
async fn weekly(
    app: &App,
    change: &mut Change,
    due: Instant,
) -> Result<Vec<(PrincipalId, Letter)>, Error> {
    let at = change.at();
    let permission = Permission::ManageAssignments;
    let administrators =
        store::summary::administrators(change.connection(), permission, at).await?;
    let link = format!("{}/posture", app.public_url);
    let mut weeks: BTreeMap<ScopeId, Letter> = BTreeMap::new();
    let mut letters = Vec::with_capacity(administrators.len());
    let everybody: Vec<_> = administrators.iter().map(|one| one.principal).collect();
    let people = readers(change.connection(), app, &everybody).await?;
    let mut told = BTreeSet::new();
    for administrator in administrators {
        let person = people.get(&administrator.principal).map(|(one, _)| one.person);
        if !told.insert((person, administrator.scope)) {
            continue;
        }
        let letter = match weeks.entry(administrator.scope) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(free) => {
                let week = week(app, change, administrator.scope, due).await?;
                free.insert(summary::week(&week, &link))
            }
        };
        letters.push((administrator.principal, letter.clone()));
    }
    Ok(letters)
}

/// The week before `due` below a place.
async fn week(app: &App, change: &mut Change, scope: ScopeId, due: Instant) -> Result<Week, Error> {
    let at = change.at();
    let span = (due.plus_seconds(-Duration::days(7).seconds()), due);
    let connection = change.connection();
    let figures = store::summary::figures(connection, scope, span).await?;
    let top = store::summary::top_roles(connection, scope, at, TOP).await?;
    let settings = store::summary::changed_settings(connection, scope, span, LISTED).await?;
    let (unused, unused_count) = store::summary::unused(connection, scope, at, LISTED).await?;
    let url = &app.public_url;
    Ok(Week {
        place: figures.place,
        people: figures.people,
        activations: figures.activations,
        permanent: figures.permanent,
        eligible: figures.eligible,
        active: figures.active,
        top: top
            .into_iter()
            .map(|one| Ranked {
                role: one.name,
                holders: one.holders,
                link: format!("{url}/roles/{}/assignments", one.role),
            })
            .collect(),
        settings: settings
            .into_iter()
            .map(|one| Changed {
                role: one.role_name,
                scope: one.scope_name,
                by: one.by.unwrap_or_else(|| "Latchkey".to_owned()),
                link: format!("{url}/roles/{}/settings?scope={}", one.role, one.scope),
            })
            .collect(),
        unused,
        unused_count,
    })
}

/// What waits for somebody, and what was gathered for them: each line with its page.
type Day = (Vec<Waiting>, Vec<(String, String)>);

/// What waits for each person, and what they wanted to be told once a day.
async fn daily(app: &App, change: &mut Change) -> Result<Vec<(PrincipalId, Letter)>, Error> {
    let mut days: BTreeMap<PrincipalId, Day> = BTreeMap::new();
    for (who, waiting) in waiting(app, change).await? {
        days.entry(who).or_default().0.push(waiting);
    }
    let who: Vec<_> = days.keys().copied().collect();
    let people = readers(change.connection(), app, &who).await?;
    days.retain(|who, _| people.get(who).is_some_and(|(one, _)| one.preferences.daily));
    for gathered in store::notice::take_gathered(change).await? {
        days.entry(gathered.recipient).or_default().1.push((gathered.line, gathered.link));
    }
    let letter = |(waiting, gathered): Day| summary::day(&waiting, &gathered, &app.public_url);
    Ok(days.into_iter().map(|(who, day)| (who, letter(day))).collect())
}

/// Everything that waits for somebody's decision, with whose, soonest to lapse first.
async fn waiting(app: &App, change: &mut Change) -> Result<Vec<(PrincipalId, Waiting)>, Error> {
    let at = change.at();
    let connection = change.connection();
    let mut found = Vec::new();
    for id in store::summary::pending_requests(connection, at).await? {
        let told = store::request::one(connection, id).await?;
        let Some(decide_by) = told.expires_at else { continue };
        let waiting = Waiting {
            author: told.requester,
            what: told.role_name.into(),
            scope: told.scope_name,
            decide_by,
            link: request_link(&app.public_url, id),
        };
        for decider in store::request::deciders(connection, id, at).await? {
            if decider.person != told.person {
                found.push((decider.principal, waiting.clone()));
            }
        }
    }
    for id in store::summary::pending_changes(connection, at).await? {
        let told = store::change_request::one(connection, id).await?;
        let waiting = Waiting {
            author: told.author_name.clone(),
            what: crate::domain::notice::change::what(&change_request::about(&told, "")).into(),
            scope: told.scope_name.clone(),
            decide_by: told.expires_at,
            link: change_link(&app.public_url, id),
        };
        for decider in store::change_request::deciders(connection, id, at).await? {
            found.push((decider.principal, waiting.clone()));
        }
    }
    found.sort_by_key(|(_, waiting)| waiting.decide_by);
    Ok(found)
}
