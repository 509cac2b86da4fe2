//! Plays three weeks of a small company through the services that everybody else uses, with the clock moved back.
mod clearing;
mod founding;

use std::collections::BTreeMap;

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    company::{self, EMPLOYEES, EPISODES, Employee, Episode, FIRST, Outcome},
    estate,
};
use crate::{
    App,
    domain::{
        actor::{Actor, User, Via, Who},
        approval::{Approver, Conditions, Stage},
        assignment::AssignmentKind,
        id::{PersonId, PrincipalId, RequestId, RoleId, ScopeId, SessionId},
        request::Verdict,
        settings::Settings,
        sign_in::LinkPurpose,
        text::{
            Description, DisplayName, Email, Justification, Name, TicketNumber, TicketSystem,
            UserName,
        },
        time::{Duration, Instant},
        totp,
    },
    error::Error,
    secret::{RecoveryCode, Token},
    service::{
        activation::{self, Reasons, Wish},
        approval::{self, Answer},
        assignment, change_request, deputy, due, enrolment, overview, person, role, settings,
        sign_in::{self, Visitor},
    },
    store::{self, person::NewPerson},
};

/// How far back the story begins.
const DAYS: i64 = 21;
const DAY: i64 = 86_400;
/// Nobody signs in for the story more often than this: passwords take their time.
const SIGNED_IN_FOR: i64 = 3 * DAY;

/// Somebody of the demo, with what they sign in with.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[expect(clippy::struct_field_names, reason = "the human being behind the account")]
pub(super) struct Person {
    pub(super) user_name: String,
    pub(super) name: String,
    pub(super) what: String,
    pub(super) password: String,
    /// The authenticator's seed, as apps take it.
    pub(super) seed: String,
    principal: PrincipalId,
    person: PersonId,
}

/// The story while it is told.
pub(super) struct Story<'a> {
    app: &'a App,
    owner: &'a mut PgConnection,
    now: Instant,
    today: Instant,
    /// When each was last seen to sign in.
    here: BTreeMap<String, Instant>,
    people: BTreeMap<&'static str, Person>,
    roles: BTreeMap<String, RoleId>,
    /// Groups and applications.
    holders: BTreeMap<&'static str, PrincipalId>,
    /// Places, and groups as the places that they are.
    places: BTreeMap<&'static str, ScopeId>,
}

/// When the story ends, which is now, and when it begins.
pub(super) async fn span(owner: &mut PgConnection) -> Result<(Instant, Instant), Error> {
    let today = store::demo::real_time(owner).await?;
    Ok((today, today.plus_seconds(-DAYS * DAY)))
}

/// Tells the whole story, and gives back who is in it.
pub(super) async fn play(
    app: &App,
    owner: &mut PgConnection,
    (today, beginning): (Instant, Instant),
) -> Result<Vec<Person>, Error> {
    let mut story = Story {
        app,
        owner,
        now: beginning,
        today,
        here: BTreeMap::new(),
        people: BTreeMap::new(),
        roles: BTreeMap::new(),
        holders: BTreeMap::new(),
        places: BTreeMap::new(),
    };
    story.found().await?;
    for day in 1..DAYS {
        story
            .day(today.plus_seconds((day - DAYS) * DAY), usize::try_from(day).unwrap_or(0))
            .await?;
    }
    story.today().await?;
    store::demo::release_clock(story.owner).await?;
    let first = story.people.remove(FIRST.user_name);
    let order: Vec<_> =
        EMPLOYEES.iter().filter_map(|employee| story.people.remove(employee.user_name)).collect();
    Ok(first.into_iter().chain(order).collect())
}

impl Story<'_> {
    /// Moves the clock, and lets happen what is due by then.
    async fn at(&mut self, instant: Instant) -> Result<(), Error> {
        self.now = self.now.max(instant);
        store::demo::set_clock(self.owner, self.now).await?;
        due::run(self.app).await.map(drop)
    }

    async fn later(&mut self, seconds: i64) -> Result<(), Error> {
        self.at(self.now.plus_seconds(seconds)).await
    }

    /// A new code of somebody's authenticator; whoever was not here for some days signs in first.
    async fn code(&mut self, who: &str) -> Result<String, Error> {
        let recently = self.now.plus_seconds(-SIGNED_IN_FOR);
        if self.here.get(who).is_none_or(|here| *here < recently) {
            let password = SecretString::from(self.person(who)?.password.clone());
            let code = self.fresh_code(who).await?;
            let waiting = sign_in::begin(self.app, &visitor(), who, &password).await?;
            sign_in::finish(self.app, &visitor(), &waiting, &code).await?;
            self.here.insert(who.to_owned(), self.now);
        }
        self.fresh_code(who).await
    }

    /// The code before may have been used, so half a minute passes first.
    async fn fresh_code(&mut self, who: &str) -> Result<String, Error> {
        self.later(31).await?;
        let seed = totp::seed_from_text(&self.person(who)?.seed).ok_or(Error::NotFound("seed"))?;
        Ok(totp::code_at(&seed, self.now))
    }

    fn person(&self, who: &str) -> Result<&Person, Error> {
        self.people.get(who).ok_or(Error::NotFound("person"))
    }

    /// Somebody at their browser.
    fn actor(&self, who: &str) -> Result<Actor, Error> {
        let person = self.person(who)?;
        let user = User {
            principal: person.principal,
            person: person.person,
            name: person.name.clone(),
            via: Via::Session(SessionId::new()),
        };
        Ok(Actor {
            who: Who::User(user),
            address: Some(std::net::IpAddr::from([192, 0, 2, 10])),
            correlation: Uuid::now_v7(),
            idempotency: None,
        })
    }

    fn role(&self, name: &str) -> Result<RoleId, Error> {
        self.roles.get(name).copied().ok_or(Error::NotFound("role"))
    }

    /// The beginning: the first administrator, everybody else, the roles, their terms, and who is eligible.
    async fn found(&mut self) -> Result<(), Error> {
        self.at(self.now).await?;
        role::name_organisation(self.app, company::ORGANISATION).await?;
        let invited = person::invite_administrator(self.app, &new_person(&FIRST)?).await?;
        self.enrol(&FIRST, invited).await?;
        for employee in &EMPLOYEES {
            self.later(60).await?;
            let invitation =
                person::Invitation { person: new_person(employee)?, same_person_as: None };
            let invited = person::invite(self.app, &self.actor("ada")?, &invitation).await?;
            self.enrol(employee, invited).await?;
        }
        self.make_roles().await?;
        self.make_places().await?;
        self.make_groups().await?;
        self.make_programs().await?;
        for terms in &company::TERMS {
            self.later(90).await?;
            self.set_terms(terms).await?;
        }
        self.set_folder_terms().await?;
        for given in &estate::GIVEN {
            self.give(given).await?;
        }
        self.step_down().await
    }

    /// The first administrator gives up her standing power, now that others are there.
    async fn step_down(&mut self) -> Result<(), Error> {
        self.later(3600).await?;
        let mine = overview::my_access(self.app, &self.actor("ada")?).await?;
        for held in mine.active {
            let why = justification("Nobody needs to be an administrator all day")?;
            assignment::convert(
                self.app,
                &self.actor("ada")?,
                held.id,
                AssignmentKind::Eligible,
                &why,
                None,
            )
            .await?;
        }
        Ok(())
    }

    async fn enrol(&mut self, employee: &Employee, invited: person::Invited) -> Result<(), Error> {
        let visitor = visitor();
        let token = invited.link.rsplit('/').next().unwrap_or_default();
        let secret: Token =
            enrolment::open(self.app, &visitor, LinkPurpose::Invitation, token).await?;
        let shown = enrolment::show(self.app, &secret).await?;
        let password = SecretString::from(RecoveryCode::random().reveal().to_lowercase());
        let seed =
            totp::seed_from_text(&shown.authenticator.seed).ok_or(Error::NotFound("seed"))?;
        let code = totp::code_at(&seed, self.now);
        enrolment::choose_password(self.app, &visitor, &secret, &password).await?;
        enrolment::accept(self.app, &visitor, &secret, &code).await?;
        let told =
            store::person::one(&mut *self.app.database.acquire().await?, invited.principal).await?;
        let person = Person {
            user_name: employee.user_name.to_owned(),
            name: employee.name.to_owned(),
            what: employee.what.to_owned(),
            password: password.expose_secret().to_owned(),
            seed: shown.authenticator.seed,
            principal: told.principal,
            person: told.person,
        };
        self.here.insert(person.user_name.clone(), self.now);
        self.people.insert(employee.user_name, person);
        Ok(())
    }

    async fn make_roles(&mut self) -> Result<(), Error> {
        for own in &company::ROLES {
            self.later(120).await?;
            let new = role::Definition {
                name: Name::parse(own.name).map_err(|error| Error::invalid("name", error))?,
                description: Description::parse(own.description)
                    .map_err(|error| Error::invalid("description", error))?,
                privileged: own.privileged,
                scope_kinds: crate::domain::role::ScopeKind::USUAL.to_vec(),
                permissions: crate::domain::permission::Permissions::default(),
            };
            role::create(self.app, &self.actor("ada")?, &new).await?;
        }
        for told in role::list(self.app, &self.actor("ada")?).await? {
            self.roles.insert(told.name, told.id);
        }
        // It is seen at the groups, not among the roles.
        self.roles.insert("Member".to_owned(), RoleId::MEMBER);
        Ok(())
    }

    async fn set_terms(&mut self, terms: &company::Terms) -> Result<(), Error> {
        let role = self.role(terms.role)?;
        let ada = self.actor("ada")?;
        let before = settings::show(self.app, &ada, role, ScopeId::ROOT).await?.current;
        let mut next: Settings = before.settings;
        next.activation.maximum = terms.maximum;
        next.activation.requires_justification = terms.justification;
        next.activation.requires_ticket = terms.ticket;
        next.activation.requires_approval = !terms.approvers.is_empty();
        let mut approvers = Vec::new();
        for name in terms.approvers {
            approvers.push(Approver::Principal(self.holder(name)?));
        }
        let skipped_if =
            Conditions { no_longer_than: terms.skipped_up_to, ..Conditions::default() };
        let stage = Stage { skipped_if, ..Stage::of(approvers) };
        next.activation.stages = if terms.approvers.is_empty() { Vec::new() } else { vec![stage] };
        next.activation.allows_emergency = terms.emergency.is_some();
        if let Some(longest) = terms.emergency {
            next.activation.emergency_maximum = longest;
        }
        let why = justification(
            "Our terms: as short as the work takes, a second pair of eyes on what can hurt",
        )?;
        let save = settings::Save::whole(role, &next, before.number, &why);
        match settings::save(self.app, &ada, &save).await {
            // The terms that it began with are those already.
            Ok(_) | Err(Error::Conflict(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// One day: three or four episodes, none at the weekend.
    async fn day(&mut self, date: Instant, day: usize) -> Result<(), Error> {
        let midnight = date.plus_seconds(-date.timestamp().as_second().rem_euclid(DAY));
        self.clear_up(midnight, day).await?;
        let zoned = date.timestamp().to_zoned(jiff::tz::TimeZone::UTC);
        if matches!(zoned.weekday(), jiff::civil::Weekday::Saturday | jiff::civil::Weekday::Sunday)
        {
            return Ok(());
        }
        let morning = midnight.plus_seconds(8 * 3600);
        for nth in 0..3 + day % 2 {
            let turn = day * 3 + nth;
            if let Some(episode) = EPISODES.get(turn % EPISODES.len()) {
                let start = i64::try_from(nth * 7200 + (turn * 397) % 2400).unwrap_or(0);
                self.at(morning.plus_seconds(start)).await?;
                self.episode(episode, turn).await?;
            }
        }
        Ok(())
    }

    async fn episode(&mut self, episode: &Episode, turn: usize) -> Result<(), Error> {
        let Some(request) = self.ask(episode, turn, None).await? else { return Ok(()) };
        if let Some(approver) = episode.approver {
            self.later(i64::try_from(240 + (turn * 131) % 900).unwrap_or(300)).await?;
            self.decide(approver, request, episode.outcome == Outcome::Denied).await?;
        }
        match episode.outcome {
            Outcome::RanOut | Outcome::Denied | Outcome::Unanswered => Ok(()),
            Outcome::Cancelled => {
                self.later(600).await?;
                crate::service::request::cancel(self.app, &self.actor(episode.who)?, request).await
            }
            Outcome::Done => {
                self.later(1200).await?;
                let actor = self.actor(episode.who)?;
                let role = self.role(episode.role)?;
                let mine = overview::my_access(self.app, &actor).await?;
                match mine.active.iter().find(|held| held.role == role) {
                    Some(held) => activation::deactivate(self.app, &actor, held.id).await,
                    None => Ok(()),
                }
            }
        }
    }

    /// Asks for a role; none if the rules say no, which is part of the story.
    async fn ask(
        &mut self,
        episode: &Episode,
        turn: usize,
        starts_at: Option<Instant>,
    ) -> Result<Option<RequestId>, Error> {
        let code = self.code(episode.who).await?;
        let actor = self.actor(episode.who)?;
        let role = self.role(episode.role)?;
        let mine = overview::my_access(self.app, &actor).await?;
        let Some(eligible) = mine.eligible.iter().find(|eligible| eligible.assignment.role == role)
        else {
            return Ok(None);
        };
        let ticket = if episode.ticket.is_empty() {
            String::new()
        } else {
            format!("{}{turn}", episode.ticket)
        };
        let reasons = Reasons {
            starts_at,
            // The shop is released twice a week.
            justification: justification(
                &episode.why.replace("4.12", &format!("4.{}", 3 + turn / 6)),
            )?,
            ticket_number: TicketNumber::parse(&ticket).unwrap_or_default(),
            ticket_system: if ticket.is_empty() {
                TicketSystem::default()
            } else {
                TicketSystem::parse("Jira").unwrap_or_default()
            },
            emergency: episode.emergency,
        };
        let wish = Wish {
            chosen: activation::Chosen::whole(eligible.assignment.id),
            duration: Duration::minutes(episode.minutes),
        };
        let outcomes =
            activation::activate(self.app, &actor, &[wish], &reasons, Some(&code)).await?;
        match outcomes.into_iter().next().map(|fulfilment| fulfilment.outcome) {
            Some(Ok(requested)) => Ok(Some(requested.request)),
            Some(Err(Error::Refused(_))) | None => Ok(None),
            Some(Err(error)) => Err(error),
        }
    }

    async fn decide(&mut self, approver: &str, request: RequestId, no: bool) -> Result<(), Error> {
        let code = self.code(approver).await?;
        let answer = Answer {
            verdict: if no { Verdict::Deny } else { Verdict::Approve },
            granted: None,
            justification: justification(if no {
                "Support asks the owner of the data first"
            } else {
                "Planned, and the ticket says the same"
            })?,
        };
        approval::decide(self.app, &self.actor(approver)?, request, &answer, &code).await.map(drop)
    }

    /// Last night somebody could not wait, which somebody else has to review; and somebody is away from today.
    async fn last_night(&mut self) -> Result<(), Error> {
        self.at(self.today.plus_seconds(-8 * 3600)).await?;
        let emre = Episode {
            minutes: 90,
            why: "Check-out is down for everybody: roll the shop back to 4.13",
            emergency: true,
            ..blank("emre", "Deployment Operator")
        };
        self.ask(&emre, 0, None).await?;
        let away = deputy::Wanted {
            deputy: "chloe".to_owned(),
            starts_at: None,
            ends_at: self.today + Duration::days(5),
            reason: Description::parse("Holiday")
                .map_err(|error| Error::invalid("reason", error))?,
        };
        let code = self.code("ben").await?;
        deputy::name(self.app, &self.actor("ben")?, &away, &code).await?;
        // It has ended by then, on time.
        self.at(self.today.plus_seconds(-6 * 3600)).await
    }

    /// Today: something runs, something waits, something is planned.
    async fn today(&mut self) -> Result<(), Error> {
        let today = self.today;
        self.last_night().await?;
        self.at(today.plus_seconds(-1800)).await?;
        let hugo = Episode {
            minutes: 60,
            why: "Release 4.14 of the shop",
            ..blank("hugo", "Deployment Operator")
        };
        self.ask(&hugo, 0, None).await?;
        let daniel = Episode {
            ticket: "OPS-23",
            minutes: 90,
            why: "Orders are stuck: release the lock that last night's import left behind",
            ..blank("daniel", "Production Database Operator")
        };
        self.ask(&daniel, 17, None).await?;
        let jonas = Episode {
            ticket: "NET-3",
            minutes: 60,
            why: "Move the office to the new uplink",
            ..blank("jonas", "Firewall Operator")
        };
        self.ask(&jonas, 41, None).await?;
        let emre = Episode {
            minutes: 45,
            why: "Release 4.15, in the maintenance window",
            ..blank("emre", "Deployment Operator")
        };
        self.ask(&emre, 0, Some(today + Duration::hours(20))).await?;
        self.leave_waiting().await?;
        self.at(today).await
    }
}

fn blank(who: &'static str, role: &'static str) -> Episode {
    Episode {
        who,
        role,
        minutes: 30,
        why: "",
        ticket: "",
        approver: None,
        emergency: false,
        outcome: Outcome::RanOut,
    }
}

/// Makes sure that all of it was done, and nothing waits.
fn done(assigned: Vec<assignment::Assigned>) -> Result<(), Error> {
    assigned.into_iter().try_for_each(|assigned| match assigned.outcome? {
        change_request::Outcome::Done(_) => Ok(()),
        change_request::Outcome::Waits(_) => {
            Err(Error::Conflict("this was to be done, and waits".to_owned()))
        }
    })
}

fn justification(text: &str) -> Result<Justification, Error> {
    Justification::parse(text).map_err(|error| Error::invalid("justification", error))
}

/// A browser that nobody is signed in with.
fn visitor() -> Visitor {
    Visitor {
        actor: Actor { who: Who::Anonymous, ..Actor::system() },
        user_agent: "Mozilla/5.0 (demo)".to_owned(),
        device: None,
    }
}

fn new_person(employee: &Employee) -> Result<NewPerson, Error> {
    let email = format!("{}@harbour-quay.example", employee.user_name);
    Ok(NewPerson {
        name: DisplayName::parse(employee.name).map_err(|error| Error::invalid("name", error))?,
        user_name: UserName::parse(employee.user_name)
            .map_err(|error| Error::invalid("user_name", error))?,
        email: Email::parse(&email).map_err(|error| Error::invalid("email", error))?,
        break_glass: employee.break_glass,
    })
}
