//! Looking for people, groups, applications, roles and places; everybody finds what they may see, and nothing else.
use crate::{
    App,
    domain::{
        actor::{Actor, TokenScope},
        permission::Permission,
        search::{self, Found},
    },
    error::Error,
    service::{access, application::may_list},
    store::{self, search::Sight},
};

pub use crate::store::search::{Hit, Position};

/// How many of each kind are told together.
pub const EACH: i64 = 6;

/// How many of one kind a page has.
pub const PAGE: i64 = 50;

/// What is looked for.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// A part of the name.
    pub asked: String,
    /// Things of this kind alone; a few of each if none is given.
    pub kind: Option<Found>,
    /// What comes after this one.
    pub after: Option<Position>,
}

/// What was found, by kind.
#[derive(Clone, Debug, Default)]
pub struct Finding {
    /// What there is.
    pub hits: Vec<Hit>,
    /// The kinds of which there is more.
    pub more: Vec<Found>,
}

/// What the asker may see of what is looked for.
pub async fn find(app: &App, actor: &Actor, wish: &Wish) -> Result<Finding, Error> {
    let principal = access::principal(actor, TokenScope::Read)?;
    let Some(asked) = search::asked(&wish.asked) else { return Ok(Finding::default()) };
    let mut connection = app.database.acquire().await?;
    let sight = Sight {
        principal,
        person: actor.user().map(|user| user.person),
        people: access::seen(&mut connection, actor, Permission::ReadPeople).await?,
        roles: access::seen(&mut connection, actor, Permission::ReadRoles).await?,
        applications: may_list(&access::permissions(&mut connection, actor).await?),
    };
    let each = if wish.kind.is_some() { PAGE } else { EACH };
    let wanted = store::search::Wanted {
        asked: &asked,
        kind: wish.kind,
        after: wish.after.as_ref(),
        each: each + 1,
    };
    let found = store::search::find(&mut connection, &sight, &wanted).await?;
    let mut finding = Finding::default();
    for (kind, _) in Found::ALL {
        let mut hits: Vec<_> = found.iter().filter(|hit| hit.kind == kind).cloned().collect();
        let most = usize::try_from(each).unwrap_or(usize::MAX);
        if hits.len() > most {
            hits.truncate(most);
            finding.more.push(kind);
        }
        finding.hits.extend(hits);
    }
    Ok(finding)
}
