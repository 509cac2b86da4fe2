//! Whom rules would tell, counted before they are saved: by the same rule of the domain that decides when it happens.
use std::{collections::BTreeSet, sync::Arc};

use sqlx::PgConnection;

use crate::{
    App,
    domain::{
        actor::Actor,
        id::{PrincipalId, RoleId, ScopeId},
        notice::{
            occasion::{Audience, Cell, Occasion, Topic},
            plan::{Recipient, Told, plan},
            preference::When,
            rule::{Notices, Rule},
        },
        permission::Permission,
        time::Instant,
    },
    error::Error,
    service::{
        access,
        notice::{administering, readers},
    },
    store::{self, notice::Place},
};

/// How many would be told in one cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Which cell.
    pub cell: Cell,
    /// Its rule.
    pub rule: Rule,
    /// Whether that is what ships.
    pub shipped: bool,
    /// How many people it tells; none if that is whoever it is about.
    pub people: Option<usize>,
    /// How many of them in the summary of the day.
    pub in_summary: usize,
    /// How many there are, told or not.
    pub candidates: usize,
    /// How many further addresses it tells.
    pub addresses: usize,
}

/// Whom rules for `role` at `scope` would tell: those in force, or `proposed` ones.
pub async fn preview(
    app: &App,
    actor: &Actor,
    (role, scope): (RoleId, ScopeId),
    proposed: Option<&Notices>,
) -> Result<Vec<Counted>, Error> {
    let mut connection = app.database.acquire().await?;
    store::settings::place(&mut connection, scope).await?;
    let permission =
        if proposed.is_some() { Permission::ManageSettings } else { Permission::ReadRoles };
    access::authorise_at(&mut connection, actor, permission, scope).await?;
    store::role::one(&mut connection, role).await?;
    let mut place = store::notice::place(&mut connection, role, scope).await?;
    if let Some(proposed) = proposed {
        let faults = proposed.faults();
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        place.notices.clone_from(proposed);
    }
    let now = store::now(&mut connection).await?;
    // The same people are in many cells, and there may be thousands of them: they are read once.
    let mut known: Vec<(Who, Arc<[Recipient]>)> = Vec::new();
    let mut counted = Vec::new();
    for cell in Cell::of_roles() {
        let wanted = place.notices.rule(cell, place.privileged);
        let who = who(cell, &wanted, &place);
        let before = known.iter().find(|(known, _)| *known == who);
        let people = if let Some((_, people)) = before {
            Arc::clone(people)
        } else {
            let found = find(&mut connection, who, (role, scope), now).await?;
            let people = readers(&mut connection, app, &found).await?;
            let people: Arc<[_]> = people.into_values().map(|(recipient, _)| recipient).collect();
            known.push((who, Arc::clone(&people)));
            people
        };
        counted.push(count((cell, wanted), &people, &place, now));
    }
    Ok(counted)
}

/// Who is in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    /// Whoever it is about.
    Concerned,
    /// Those who approve requests for the role.
    Approvers,
    /// Those who are allowed this; the eligible ones as well.
    Permitted(Permission, bool),
}

fn who(cell: Cell, rule: &Rule, place: &Place) -> Who {
    match cell.audience {
        Audience::Requester => Who::Concerned,
        Audience::Administrators => {
            Who::Permitted(administering(cell.occasion, place), rule.eligible_too)
        }
        Audience::Approvers => match cell.occasion {
            Occasion::MoreTimeWanted | Occasion::MoreTimeDecided => {
                Who::Permitted(administering(cell.occasion, place), false)
            }
            occasion if occasion.topic() == Topic::Changes => {
                Who::Permitted(Permission::ManageSettings, false)
            }
            _ => Who::Approvers,
        },
    }
}

async fn find(
    connection: &mut PgConnection,
    who: Who,
    (role, scope): (RoleId, ScopeId),
    now: Instant,
) -> Result<Vec<PrincipalId>, Error> {
    match who {
        Who::Concerned => Ok(Vec::new()),
        Who::Approvers => {
            let version = store::settings::current(connection, role, scope).await?;
            let stages = &version.settings.activation.stages;
            let named = store::settings::candidates(connection, stages, (None, scope), now).await?;
            let named: BTreeSet<_> = named.into_iter().map(|approver| approver.principal).collect();
            Ok(named.into_iter().collect())
        }
        Who::Permitted(permission, eligible_too) => {
            store::notice::permitted(connection, permission, scope, now, eligible_too).await
        }
    }
}

fn count((cell, rule): (Cell, Rule), people: &[Recipient], place: &Place, now: Instant) -> Counted {
    let told = |rule: Rule| {
        let recipients = people.iter().collect();
        [Told { audience: cell.audience, rule, asks: cell.asks(), recipients }]
    };
    let wanted = told(rule.clone());
    let everybody = told(Rule { default_recipients: true, ..Rule::default() });
    let planned = plan(cell.occasion, &wanted, None, now);
    let in_summary = planned.people.iter().filter(|(_, _, when)| *when == When::Summary).count();
    Counted {
        cell,
        shipped: rule == cell.shipped(place.privileged),
        people: (cell.audience != Audience::Requester).then_some(planned.people.len()),
        in_summary,
        candidates: plan(cell.occasion, &everybody, None, now).people.len(),
        addresses: planned.addresses.len(),
        rule,
    }
}
