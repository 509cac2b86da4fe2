//! Standing access, worst first.
use axum_extra::extract::Query;
use serde::Deserialize;

use super::{
    super::{
        faults::Faults,
        page::{Answer, Opened, Page, answer, new_key},
        say::{self, Reader},
        scope::choice,
        terms::place,
        view::{
            Pages, Who,
            form::{Choice, Field},
            frame::Section,
            inventory::{Filter as Fields, Inventory, Standing},
        },
    },
    chart,
};
use crate::{
    domain::{
        id::AssignmentId, percent, permission::Permission, principal::PrincipalKind, text,
        time::Instant,
    },
    error::Error,
    http::language::{tell, translate},
    service::{
        self,
        inventory::{
            conversion, history,
            standing::{self, Filter, List, MOST_COUNTED, Position},
        },
        scope,
    },
};

/// So many days are drawn.
const DRAWN: i64 = 180;

/// What is looked for, in the address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    list: String,
    role: String,
    scope: String,
    privileged: String,
    permanent: String,
    after: String,
}

impl Wanted {
    fn filter(&self) -> Filter {
        let yes = |text: &str| match text {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        };
        Filter {
            list: self.kind(),
            role: self.role.parse().ok(),
            scope: self.scope.parse().ok(),
            privileged: yes(&self.privileged),
            permanent: yes(&self.permanent),
            after: position(&self.after),
        }
    }

    fn kind(&self) -> List {
        match self.list.as_str() {
            "applications" => List::Applications,
            "break_glass" => List::BreakGlass,
            _ => List::People,
        }
    }

    /// The filter as the query of an address, without where the page begins.
    #[expect(clippy::format_collect, reason = "a short list, once a page")]
    fn query(&self) -> String {
        [
            ("list", &self.list),
            ("role", &self.role),
            ("scope", &self.scope),
            ("privileged", &self.privileged),
            ("permanent", &self.permanent),
        ]
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}&", percent::encode(value)))
        .collect()
    }
}

/// Where a page begins, as it stands in addresses.
fn position(text: &str) -> Option<Position> {
    let mut parts = text.split('.');
    let rank = parts.next()?.parse().ok()?;
    let last_here = match parts.next()? {
        "never" => None,
        micros => Some(Instant::new(jiff::Timestamp::from_microsecond(micros.parse().ok()?).ok()?)),
    };
    let assignment: AssignmentId = parts.next()?.parse().ok()?;
    Some(Position { rank, last_here, assignment })
}

fn said(position: Position) -> String {
    let at = position
        .last_here
        .map_or_else(|| "never".to_owned(), |at| at.timestamp().as_microsecond().to_string());
    format!("{}.{at}.{}", position.rank, position.assignment)
}

/// Standing access, worst first.
pub async fn list(page: Page, Query(wanted): Query<Wanted>) -> Answer {
    draw(&page, &wanted, Faults::default(), &Chosen::default()).await
}

/// What was chosen and said, if it has to be put right.
#[derive(Debug, Default)]
pub struct Chosen {
    /// The assignments.
    pub assignments: Vec<String>,
    /// Why.
    pub reason: String,
}

/// Draws the list, with what is wrong with what was chosen.
pub async fn draw(page: &Page, wanted: &Wanted, mut faults: Faults, chosen: &Chosen) -> Answer {
    let found = standing::list(&page.app, &page.actor, &wanted.filter()).await?;
    let counts = standing::counts(&page.app, &page.actor).await?;
    let days = match history::list(&page.app, &page.actor, DRAWN).await {
        // It is of the whole organisation, and not for those who look after a part of it.
        Err(Error::Forbidden(_)) => Vec::new(),
        days => days?,
    };
    let under_way = conversion::under_way(&page.app, &page.actor).await?;
    let Opened { frame, somewhere, reader, .. } = page.open(Section::Inventory).await?;
    let may_convert = somewhere.allow(Permission::ManageAssignments);
    let query = wanted.query();
    let status = faults.status();
    let view = Inventory {
        list: match wanted.kind() {
            List::People => "people",
            List::Applications => "applications",
            List::BreakGlass => "break_glass",
        },
        counts: [counts.privileged, counts.other, counts.applications, counts.break_glass]
            .map(counted),
        chart: chart::draw(&days),
        filter: fields(page, wanted).await?,
        rows: found
            .rows
            .iter()
            .map(|row| Standing {
                chosen: chosen.assignments.contains(&row.told.assignment.to_string()),
                ..tell(row, &reader, may_convert && wanted.kind() == List::People)
            })
            .collect(),
        pages: Pages {
            first: if wanted.after.is_empty() {
                String::new()
            } else {
                format!("/inventory?{}", query.trim_end_matches('&'))
            },
            next: found
                .next
                .map(|next| format!("/inventory?{query}after={}", said(next)))
                .unwrap_or_default(),
        },
        may_convert,
        idempotency_key: new_key(),
        under_way,
        reason: faults.take("justification", &chosen.reason),
        problems: faults.rest(),
        frame,
    };
    answer(status, &view)
}

/// A number that is counted no further than some point.
fn counted(number: i64) -> String {
    if number > MOST_COUNTED {
        tell!("inventory-more-than", most_counted = MOST_COUNTED)
    } else {
        number.to_string()
    }
}

fn tell(row: &standing::Standing, reader: &Reader, may_convert: bool) -> Standing {
    let told = &row.told;
    let link = match told.holder_kind {
        PrincipalKind::User => format!("/people/{}", told.principal),
        PrincipalKind::Group => format!("/groups/{}", told.principal),
        PrincipalKind::ServicePrincipal => format!("/applications/{}", told.principal),
    };
    Standing {
        id: told.assignment.to_string(),
        who: Who {
            name: told.holder.clone(),
            initials: say::initials(&told.holder),
            detail: told.account.clone(),
            link,
        },
        kind: match told.holder_kind {
            PrincipalKind::User => told.account.clone(),
            PrincipalKind::Group => tell!("word-group"),
            PrincipalKind::ServicePrincipal => tell!("word-application"),
        },
        role: told.role_name.clone(),
        scope: place(told.scope, &told.scope_name),
        score: row.score.points,
        reasons: reasons(&row.score.reasons),
        seen: told.last_here.map(|at| reader.ago(at)),
        until: told.ends_at.map(|end| reader.instant(end)),
        under_way: told.conversion.is_some(),
        may_choose: may_convert && told.conversion.is_none(),
        chosen: false,
        link: format!("/assignments/{}", told.assignment),
    }
}

fn reasons(reasons: &[String]) -> String {
    let reasons: Vec<_> = reasons.iter().map(|reason| translate(reason)).collect();
    text::capital(&reasons.join(", "))
}

async fn fields(page: &Page, wanted: &Wanted) -> Result<Fields, Error> {
    let with_any = |any: String, choices: Vec<Choice>| {
        std::iter::once(Choice::new("", any)).chain(choices).collect::<Vec<_>>()
    };
    let roles = service::role::list(&page.app, &page.actor).await?;
    let roles = roles.into_iter().map(|role| Choice::new(role.id.to_string(), role.name)).collect();
    let places = scope::choices(&page.app, &page.actor, Permission::ReadRoles, None).await?;
    Ok(Fields {
        role: Field::new(&wanted.role),
        roles: with_any(tell!("word-any-role"), roles),
        scope: Field::new(&wanted.scope),
        scopes: with_any(tell!("inventory-anywhere"), places.iter().map(choice).collect()),
        privileged: Field::new(&wanted.privileged),
        privileges: vec![
            Choice::new("", tell!("inventory-all-roles")),
            Choice::new("yes", tell!("word-privileged")),
            Choice::new("no", tell!("inventory-others")),
        ],
        permanent: Field::new(&wanted.permanent),
        ends: vec![
            Choice::new("", tell!("inventory-with-or-without-end")),
            Choice::new("yes", tell!("inventory-permanent")),
            Choice::new("no", tell!("word-ends-by-itself")),
        ],
        used: [&wanted.role, &wanted.scope, &wanted.privileged, &wanted.permanent]
            .iter()
            .any(|field| !field.is_empty()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_a_page_is_read_back() {
        for last_here in [None, Some("2026-11-22T09:00:00.000123Z".parse().unwrap())] {
            let here = Position { rank: 3, last_here, assignment: AssignmentId::new() };
            assert_eq!(position(&said(here)), Some(here));
        }
        for text in ["", "3", "3.never", "x.never.y"] {
            assert_eq!(position(text), None);
        }
    }
}
