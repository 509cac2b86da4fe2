//! Clearing up: standing access is brought in as it was found, and goes step by step; and what waits for somebody today.
use super::{Story, blank, justification};
use crate::{
    command::demo::{company::Episode, estate},
    domain::{
        assignment::AssignmentKind,
        change_request::{Amended, Answer, Outcome},
        id::{AssignmentId, ChangeRequestId, ConversionId, ScopeId},
        settings::Settings,
        text::{TicketNumber, TicketSystem},
        time::{Duration, Instant},
    },
    error::Error,
    service::{
        activation::Reasons,
        assignment::{self, Filter},
        change_request,
        inventory::{conversion, history, import},
        overview,
        settings::{self, Apply, Given},
    },
};

/// An hour before the others begin.
const EARLY: i64 = 7 * 3600;

impl Story<'_> {
    /// Counts the day, and does what was planned for it.
    pub(super) async fn clear_up(&mut self, midnight: Instant, day: usize) -> Result<(), Error> {
        self.at(midnight.plus_seconds(300)).await?;
        history::note(self.app).await?;
        self.at(midnight.plus_seconds(EARLY)).await?;
        match day {
            1 => {
                self.administer(&["ada", "ben"]).await?;
                self.let_mail_stand().await?;
                self.bring_in().await
            }
            3 => self.begin(&[("ines", "Mail Administrator"), ("daniel", "Backup Operator")]).await,
            4 => self.attempt("daniel").await,
            5 => self.attempt("ines").await,
            6 => self.finish("ines").await,
            8 => self.give_template().await,
            10 => self.finish("daniel").await,
            16 => {
                self.begin(&[("jonas", "Backup Operator"), ("farah", "Mail Administrator")]).await
            }
            17 => self.attempt("jonas").await,
            _ => Ok(()),
        }
    }

    /// Lets administrators activate what they administer with.
    pub(super) async fn administer(&mut self, who: &[&'static str]) -> Result<(), Error> {
        for who in who {
            let wish = Episode {
                minutes: 45,
                why: "Clearing up standing access",
                ..blank(who, "Privileged Role Administrator")
            };
            self.ask(&wish, 0, None).await?;
        }
        Ok(())
    }

    /// The terms of a privileged role let nobody hold it without an end. What was found does: two people have to agree that
    /// it may stay for now.
    async fn let_mail_stand(&mut self) -> Result<(), Error> {
        let change = self
            .weaken("ada", "Mail Administrator", "", |terms| {
                terms.active.may_be_permanent = true;
            })
            .await?;
        let answer = Answer {
            agree: true,
            reason: justification(
                "Better on the list than out of sight; it goes within the month",
            )?,
            amended: Amended::default(),
        };
        let code = self.code("ben").await?;
        change_request::decide(self.app, &self.actor("ben")?, change, &answer, &code).await
    }

    /// Asks for weaker terms of a privileged role, which wait for a second administrator.
    async fn weaken(
        &mut self,
        by: &str,
        role: &str,
        place: &str,
        set: impl FnOnce(&mut Settings),
    ) -> Result<ChangeRequestId, Error> {
        self.later(120).await?;
        let actor = self.actor(by)?;
        let (role, scope) = (self.role(role)?, self.place(place)?);
        let here = settings::show(self.app, &actor, role, scope).await?;
        let mut own = here.declared;
        set(&mut own.settings);
        let why = if scope == ScopeId::ROOT {
            "Two people hold it for good in the old directory: bring that in, then turn it into eligibility"
        } else {
            "Moving the office to the new uplink takes an afternoon, not an hour"
        };
        let save = settings::Save {
            role,
            scope,
            own,
            after: here.number,
            template: None,
            reason: justification(why)?,
        };
        match settings::save(self.app, &actor, &save).await? {
            Outcome::Waits(id) => Ok(id),
            Outcome::Done(_) => Err(Error::Conflict("weaker terms did not wait".to_owned())),
        }
    }

    /// Imports what the old directory said.
    async fn bring_in(&mut self) -> Result<(), Error> {
        self.later(300).await?;
        let until = self.today.plus_seconds(120 * super::DAY).timestamp();
        let until = until.to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
        let file = estate::OLD_DIRECTORY.replace("+120", &until);
        let ada = self.actor("ada")?;
        let id = import::upload(self.app, &ada, "old-directory.csv", file.as_bytes()).await?;
        let code = self.code("ada").await?;
        import::confirm(self.app, &ada, id, false, Some(&code)).await.map(drop)
    }

    async fn begin(&mut self, standing: &[(&'static str, &'static str)]) -> Result<(), Error> {
        self.administer(&["ada"]).await?;
        let ada = self.actor("ada")?;
        let mut chosen: Vec<AssignmentId> = Vec::new();
        for (who, role) in standing {
            let filter = Filter {
                principal: Some(self.person(who)?.principal),
                role: Some(self.role(role)?),
                kind: Some(AssignmentKind::Active),
                ..Filter::default()
            };
            let held = assignment::list(self.app, &ada, filter).await?;
            chosen.extend(held.iter().map(|held| held.id));
        }
        let why = justification("Needed once a quarter: eligible is enough")?;
        for begun in conversion::start(self.app, &ada, &chosen, &why, None).await? {
            begun.outcome?;
        }
        Ok(())
    }

    async fn attempt(&mut self, who: &'static str) -> Result<(), Error> {
        let code = self.code(who).await?;
        let actor = self.actor(who)?;
        let reasons = Reasons {
            starts_at: None,
            justification: justification("Trying whether it works for me")?,
            ticket_number: TicketNumber::parse("OPS-2209").unwrap_or_default(),
            ticket_system: TicketSystem::parse("Jira").unwrap_or_default(),
            emergency: false,
        };
        for told in conversion::to_try(self.app, &actor).await? {
            let (id, duration) = (told.id, Duration::minutes(60));
            conversion::rehearse(self.app, &actor, id, duration, &reasons, Some(&code)).await?;
        }
        Ok(())
    }

    async fn finish(&mut self, who: &'static str) -> Result<(), Error> {
        self.administer(&["ada"]).await?;
        let ada = self.actor("ada")?;
        let holder = self.person(who)?.principal;
        let open = conversion::list(self.app, &ada, Some(true), None).await?;
        let theirs: Vec<ConversionId> =
            open.iter().filter(|told| told.principal == holder).map(|told| told.id).collect();
        for id in theirs {
            let why = justification("Tried, and it works")?;
            conversion::finish(self.app, &ada, id, &why).await?;
        }
        Ok(())
    }

    /// Gives a role that can hurt everybody the strict terms that ship with Latchkey.
    async fn give_template(&mut self) -> Result<(), Error> {
        self.administer(&["ada"]).await?;
        let ada = self.actor("ada")?;
        let templates = settings::templates(self.app, &ada).await?;
        let strict = templates.iter().find(|template| template.name == "Strict");
        let strict = strict.ok_or(Error::NotFound("template"))?.id;
        let apply = Apply {
            roles: vec![self.role("Backup Operator")?],
            scope: ScopeId::ROOT,
            given: Given::Template(strict),
            approvers: [self.holder("Platform leads")?].into(),
            reason: justification("Whoever reads the vault reads everything")?,
        };
        let seen = std::collections::BTreeMap::new();
        for applied in settings::apply(self.app, &ada, &apply, &seen).await? {
            applied.outcome?;
        }
        Ok(())
    }

    /// What waits for an administrator today.
    pub(super) async fn leave_waiting(&mut self) -> Result<(), Error> {
        let ada = Episode {
            minutes: 480,
            why: "Assignments that end, and what waits",
            ..blank("ada", "Privileged Role Administrator")
        };
        self.ask(&ada, 0, None).await?;
        self.administer(&["ben"]).await?;
        self.weaken("ben", "Firewall Operator", "Data centre", |terms| {
            terms.activation.maximum = Duration::hours(3);
        })
        .await?;
        let liam = self.actor("liam")?;
        let mine = overview::my_access(self.app, &liam).await?;
        let why = justification("The clean-up of the order archive takes until the new year")?;
        for eligible in &mine.eligible {
            let (id, until) = (eligible.assignment.id, self.today.plus_seconds(50 * super::DAY));
            assignment::ask_for_more_time(self.app, &liam, id, until, &why).await?;
        }
        let list = estate::PAYROLL_LIST.as_bytes();
        import::upload(self.app, &self.actor("ada")?, "payroll-2026.csv", list).await.map(drop)
    }
}
