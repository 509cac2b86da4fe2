//! What a person can do, now and at most: what they hold, what they may activate, and every role at every place that they could
//! come to hold, each with the steps that lead there.
use std::collections::BTreeMap;

use sqlx::PgConnection;

use crate::{
    App,
    domain::{
        actor::{Actor, TokenScope},
        extent::{self, Claim, Effort, Facts, Passage, Step, Way},
        id::{AssignmentId, PrincipalId, RoleId, ScopeId},
        permission::Permission,
        principal::PrincipalKind,
        time::Instant,
    },
    error::Error,
    service::access,
    store::{
        self,
        extent::{Carrier, Role, Told},
    },
};

/// How many a page of the list has.
pub const PAGE: usize = 100;

/// One step of the way to a role, with the names of what it leads through.
#[derive(Clone, Debug)]
pub enum Explained {
    /// To another account, an application or a group.
    Way {
        /// How.
        passage: Passage,
        /// Where to.
        into: PrincipalId,
        /// What that is called.
        name: String,
        /// Whether somebody else has to approve it.
        approval: bool,
    },
    /// A role is had there.
    Has {
        /// The assignment.
        assignment: AssignmentId,
        /// The role.
        role: String,
        /// Where: the names from the top; empty for the organisation.
        path: String,
        /// How.
        claim: Claim,
        /// Whether somebody else has to approve its activation.
        approval: bool,
    },
    /// That allows giving roles at this place; to oneself only somebody else can give it.
    Given {
        /// The place.
        scope: ScopeId,
        /// The names from the top; empty for the organisation.
        path: String,
    },
}

impl Explained {
    /// The step in words.
    #[must_use]
    pub fn words(&self) -> String {
        let needs =
            |approval: &bool| if *approval { ", which somebody else must approve" } else { "" };
        match self {
            Self::Way { passage, name, approval, .. } => match passage {
                Passage::OtherAccount => format!("signs in as {name} too"),
                Passage::SignsInAs => format!("can sign in as the application {name}"),
                Passage::Belongs => format!("belongs to {name}"),
                Passage::MayJoin => format!("may join {name}{}", needs(approval)),
                Passage::Owns => {
                    format!("looks after {name}, to which somebody else would have to add them")
                }
                Passage::MayOwn => {
                    format!("may look after {name}, to which somebody else would have to add them")
                }
            },
            Self::Has { role, claim, approval, .. } => match claim {
                Claim::Holds => format!("{role} is held"),
                Claim::MayActivate => format!("may activate {role}{}", needs(approval)),
                Claim::Later => format!("{role} begins later"),
            },
            Self::Given { path, .. } if path.is_empty() => {
                "gives roles everywhere: to them, only another administrator could".to_owned()
            }
            Self::Given { path, .. } => {
                format!("gives roles at {path}: to them, only another administrator could")
            }
        }
    }
}

/// Something that is held, or may be activated, at this moment.
#[derive(Clone, Debug)]
pub struct AtHand {
    /// The assignment.
    pub told: Told,
    /// The groups through which it is had, the outermost last; none if it is the account's own.
    pub through: Vec<String>,
    /// Until when, by it and by all that leads to it.
    pub until: Option<Instant>,
}

/// A role at a place that can be come by.
#[derive(Clone, Debug)]
pub struct Reached {
    /// The role.
    pub role: RoleId,
    /// Its name.
    pub role_name: String,
    /// Whether it is privileged.
    pub privileged: bool,
    /// Where; it counts there and below.
    pub scope: ScopeId,
    /// The names of that place and those above it; empty for the organisation.
    pub path: String,
    /// What it takes.
    pub effort: Effort,
    /// The steps that lead there.
    pub steps: Vec<Explained>,
}

/// Where a role stands in the list: those that take least first, then by name and place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Position(u8, String, String, RoleId, ScopeId);

impl Reached {
    /// Where it stands in the list.
    #[must_use]
    pub fn position(&self) -> Position {
        let (name, path) = (self.role_name.clone(), self.path.clone());
        Position(self.effort as u8, name, path, self.role, self.scope)
    }
}

/// An application that somebody can sign in as.
#[derive(Clone, Debug)]
pub struct Answered {
    /// Which.
    pub id: PrincipalId,
    /// What it is called.
    pub name: String,
}

/// What a person can do, now and at most.
#[derive(Clone, Debug, Default)]
pub struct Extent {
    /// What is held now.
    pub held: Vec<AtHand>,
    /// What may be activated now, and what begins later.
    pub eligible: Vec<AtHand>,
    /// Belonging to groups and looking after groups.
    pub groups: Vec<AtHand>,
    /// The places that are looked after, by a role that allows giving roles there.
    pub places: Vec<AtHand>,
    /// The applications that the person can sign in as.
    pub applications: Vec<Answered>,
    /// Every role at every place, those that take least first.
    pub reached: Vec<Reached>,
}

impl Extent {
    /// Whether there is nothing at all, as far as the asker may see it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.reached.is_empty() && self.groups.is_empty()
    }
}

/// Which of the roles are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Those that take this.
    pub effort: Option<Effort>,
    /// Those that come after this one.
    pub after: Option<Position>,
}

/// What somebody can do, with their name.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The person's name.
    pub name: String,
    /// What they can do.
    pub extent: Extent,
}

/// What `principal` can do, as far as the asker may see it. Everybody may see their own.
pub async fn show(app: &App, actor: &Actor, principal: PrincipalId) -> Result<Shown, Error> {
    let mut connection = app.database.acquire().await?;
    let places = places(&mut connection, actor, principal).await?;
    let name = store::person::one(&mut connection, principal).await?.name;
    let extent = read(&mut connection, principal, places.as_deref()).await?;
    if places.is_some() && extent.is_empty() {
        return Err(Error::NotFound("person"));
    }
    Ok(Shown { name, extent })
}

/// A page of the roles that somebody could come to hold.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The person's name.
    pub name: String,
    /// What is on the page, [`PAGE`] at most.
    pub rows: Vec<Reached>,
    /// Where the next page begins; none on the last one.
    pub next: Option<Position>,
}

/// The roles that `principal` could come to hold, page by page.
pub async fn list(
    app: &App,
    actor: &Actor,
    principal: PrincipalId,
    filter: &Filter,
) -> Result<Listed, Error> {
    let Shown { name, extent } = show(app, actor, principal).await?;
    let wanted = |reached: &Reached| {
        filter.effort.is_none_or(|effort| reached.effort == effort)
            && filter.after.as_ref().is_none_or(|after| reached.position() > *after)
    };
    let mut rows: Vec<_> = extent.reached.into_iter().filter(wanted).take(PAGE + 1).collect();
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let next = rows.last().filter(|_| more).map(Reached::position);
    Ok(Listed { name, rows, next })
}

/// Where the asker may look at this person: everywhere at themself, else where they may see people.
pub(super) async fn places(
    connection: &mut PgConnection,
    actor: &Actor,
    principal: PrincipalId,
) -> Result<Option<Vec<ScopeId>>, Error> {
    if access::principal(actor, TokenScope::Read)? == principal {
        return Ok(None);
    }
    let places = access::authorise_somewhere(connection, actor, Permission::ReadPeople).await?;
    Ok(places.limited())
}

/// Reads the facts and asks the rules.
pub(super) async fn read(
    connection: &mut PgConnection,
    account: PrincipalId,
    places: Option<&[ScopeId]>,
) -> Result<Extent, Error> {
    let mut carriers = store::extent::carriers(connection, account).await?;
    if places.is_some() {
        // Which other accounts somebody has, and which applications, is not a matter of a part of the organisation.
        carriers.retain(|carrier| carrier.way.is_none());
    }
    let ids: Vec<_> = carriers.iter().map(|carrier| carrier.id).collect();
    let told = store::extent::holdings(connection, &ids, places).await?;
    let giving = told.iter().filter(|told| told.holding.gives);
    let giving: std::collections::BTreeSet<_> = giving.map(|told| told.holding.scope).collect();
    let (roles, lies_in) = if giving.is_empty() {
        (Vec::new(), Vec::new())
    } else {
        let nesting = store::reach::nesting(connection, &giving).await?;
        let nesting = nesting.into_iter().filter(|(place, above)| place != above).collect();
        (store::extent::roles(connection).await?, nesting)
    };
    let facts = Facts {
        ways: carriers.iter().filter_map(|carrier| carrier.way).collect(),
        holdings: told.iter().map(|told| told.holding).collect(),
        giveable: roles.iter().map(|role| role.giveable.clone()).collect(),
        lies_in,
    };
    Ok(Teller::new(&carriers, &told, &roles).tell(account, &facts))
}

/// Puts names to what the rules say.
struct Teller<'a> {
    carriers: &'a [Carrier],
    names: BTreeMap<PrincipalId, &'a str>,
    told: BTreeMap<AssignmentId, &'a Told>,
    roles: BTreeMap<RoleId, (&'a str, bool)>,
    places: BTreeMap<ScopeId, (&'a str, bool)>,
    memberships: BTreeMap<(PrincipalId, PrincipalId), Option<Instant>>,
}

impl<'a> Teller<'a> {
    fn new(carriers: &'a [Carrier], told: &'a [Told], roles: &'a [Role]) -> Self {
        let mut memberships = BTreeMap::new();
        for told in told {
            if let Some(Way { passage: Passage::Belongs, from, into, .. }) = told.holding.way() {
                memberships.insert((from, into), told.ends_at);
            }
        }
        let held = told.iter().map(|it| (it.holding.role, (it.role_name.as_str(), it.privileged)));
        let given = roles.iter().map(|it| (it.giveable.role, (it.name.as_str(), it.privileged)));
        Self {
            carriers,
            names: carriers.iter().map(|it| (it.id, it.name.as_str())).collect(),
            told: told.iter().map(|it| (it.holding.assignment, it)).collect(),
            roles: given.chain(held).collect(),
            places: told
                .iter()
                .map(|it| (it.holding.scope, (it.path.as_str(), it.visible)))
                .collect(),
            memberships,
        }
    }

    fn tell(&self, account: PrincipalId, facts: &Facts) -> Extent {
        let mut extent = Extent {
            applications: self.applications(),
            reached: self.reached(account, facts),
            ..Extent::default()
        };
        for (held, path) in extent::at_hand(account, facts) {
            let Some(told) = self.told.get(&held.assignment).filter(|told| told.visible) else {
                continue;
            };
            let at_hand = self.at_hand(told, &path);
            if held.group.is_some() && held.way().is_some() {
                extent.groups.push(at_hand);
                continue;
            }
            if held.gives && held.claim == Claim::Holds {
                extent.places.push(at_hand.clone());
            }
            match held.claim {
                Claim::Holds => extent.held.push(at_hand),
                Claim::MayActivate | Claim::Later => extent.eligible.push(at_hand),
            }
        }
        extent
    }

    fn applications(&self) -> Vec<Answered> {
        let of = |it: &&Carrier| it.kind == PrincipalKind::ServicePrincipal;
        let told = |it: &Carrier| Answered { id: it.id, name: it.name.clone() };
        self.carriers.iter().filter(of).map(told).collect()
    }

    /// Everything but belonging to groups, which is a step and no power of its own.
    fn reached(&self, account: PrincipalId, facts: &Facts) -> Vec<Reached> {
        let mut reached: Vec<_> = extent::extent(account, facts)
            .into_iter()
            .filter(|reached| reached.role != RoleId::MEMBER)
            .filter_map(|reached| {
                let (role_name, privileged) = *self.roles.get(&reached.role)?;
                let (path, visible) = *self.places.get(&reached.scope)?;
                visible.then(|| Reached {
                    role: reached.role,
                    role_name: role_name.to_owned(),
                    privileged,
                    scope: reached.scope,
                    path: path.to_owned(),
                    effort: reached.effort,
                    steps: reached.steps.iter().map(|step| self.explain(step)).collect(),
                })
            })
            .collect();
        reached.sort_by_key(Reached::position);
        reached
    }

    fn name(&self, id: PrincipalId) -> String {
        self.names.get(&id).copied().unwrap_or_default().to_owned()
    }

    fn explain(&self, step: &Step) -> Explained {
        let path = |scope| self.places.get(&scope).map_or("", |(path, _)| path).to_owned();
        match *step {
            Step::Way(Way { passage, into, approval, .. }) => {
                Explained::Way { passage, into, name: self.name(into), approval }
            }
            Step::Has(held) => Explained::Has {
                assignment: held.assignment,
                role: self.roles.get(&held.role).map_or("", |(name, _)| name).to_owned(),
                path: path(held.scope),
                claim: held.claim,
                approval: held.approval,
            },
            Step::Given(scope) => Explained::Given { scope, path: path(scope) },
        }
    }

    fn at_hand(&self, told: &Told, path: &[Way]) -> AtHand {
        let ends = path.iter().filter_map(|way| self.memberships.get(&(way.from, way.into)));
        AtHand {
            told: told.clone(),
            through: path.iter().map(|way| self.name(way.into)).collect(),
            until: ends.copied().chain([told.ends_at]).flatten().min(),
        }
    }
}
