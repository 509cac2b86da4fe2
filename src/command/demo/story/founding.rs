//! The first day: what the company runs, and who gets what.
use super::{Story, done, justification};
use crate::{
    command::demo::estate::{self, Given},
    domain::{
        id::{PrincipalId, ScopeId},
        settings::{Authentication, Declared, Field, Settings},
        text::{Description, Name},
        time::Duration,
    },
    error::Error,
    service::{
        application::{self, NewApplication, NewSecret},
        assignment::{self, Assign},
        group,
        scope::{self, NewScope},
        settings,
    },
};

fn name(text: &str) -> Result<Name, Error> {
    Name::parse(text).map_err(|error| Error::invalid("name", error))
}

fn description(text: &str) -> Result<Description, Error> {
    Description::parse(text).map_err(|error| Error::invalid("description", error))
}

impl Story<'_> {
    /// The account, group or application of that name.
    pub(super) fn holder(&self, name: &str) -> Result<PrincipalId, Error> {
        match self.holders.get(name) {
            Some(holder) => Ok(*holder),
            None => Ok(self.person(name)?.principal),
        }
    }

    /// The place or group of that name; the organisation has none.
    pub(super) fn place(&self, name: &str) -> Result<ScopeId, Error> {
        if name.is_empty() {
            return Ok(ScopeId::ROOT);
        }
        self.places.get(name).copied().ok_or(Error::NotFound("place"))
    }

    pub(super) async fn make_places(&mut self) -> Result<(), Error> {
        for place in &estate::PLACES {
            self.later(40).await?;
            let new = NewScope {
                parent: self.place(place.inside)?,
                kind: place.kind,
                name: name(place.name)?,
                description: description(place.what)?,
            };
            let id = scope::create(self.app, &self.actor("ada")?, &new).await?;
            self.places.insert(place.name, id);
        }
        Ok(())
    }

    pub(super) async fn make_groups(&mut self) -> Result<(), Error> {
        let ada = self.actor("ada")?;
        for team in &estate::TEAMS {
            self.later(60).await?;
            let new = group::NewGroup {
                name: name(team.name)?,
                description: description(team.what)?,
                parent: ScopeId::ROOT,
            };
            let id = group::create(self.app, &ada, &new).await?;
            let members: Result<Vec<_>, _> =
                team.members.iter().map(|member| self.holder(member)).collect();
            let members = members?;
            if !members.is_empty() {
                let why = justification("That is their team")?;
                done(group::add(self.app, &ada, id, members, &why).await?)?;
            }
            let place = group::show(self.app, &ada, id).await?.group.scope;
            self.holders.insert(team.name, id);
            self.places.insert(team.name, place);
        }
        Ok(())
    }

    /// Registers the applications, each with a secret that one of its owners makes.
    pub(super) async fn make_programs(&mut self) -> Result<(), Error> {
        for program in &estate::PROGRAMS {
            self.later(60).await?;
            let owners: Result<Vec<_>, _> =
                program.owners.iter().map(|owner| self.holder(owner)).collect();
            let new = NewApplication {
                name: name(program.name)?,
                description: description(program.what)?,
                owners: owners?,
            };
            let id = application::register(self.app, &self.actor("ada")?, &new).await?;
            self.holders.insert(program.name, id);
            if let Some(owner) = program.owners.first() {
                let code = self.code(owner).await?;
                let called = name("On the build server")?;
                let secret = NewSecret { name: &called, days: 180, code: Some(&code) };
                application::make_secret(self.app, &self.actor(owner)?, id, &secret).await?;
            }
        }
        Ok(())
    }

    /// Gives what is given at the beginning, by the first administrator.
    pub(super) async fn give(&mut self, given: &Given) -> Result<(), Error> {
        // Nobody gives a role to themself: somebody kept for emergencies does it.
        let by = if given.who == "ada" { "break-glass-1" } else { "ada" };
        let code = self.code(by).await?;
        let wanted = Assign {
            principals: vec![self.holder(given.who)?],
            role: self.role(given.role)?,
            scope: self.place(given.place)?,
            kind: given.kind,
            starts_at: None,
            ends_at: given.days.map(|days| self.today.plus_seconds(days * super::DAY)),
            justification: justification("Their job asks for it now and then")?,
        };
        let code = Some(code.as_str());
        done(assignment::assign(self.app, &self.actor(by)?, &wanted, code).await?)
    }

    /// What two folders say otherwise than the organisation, and nobody below them may change.
    pub(super) async fn set_folder_terms(&mut self) -> Result<(), Error> {
        self.enforce("Deployment Operator", "Shop", Field::Authentication, |settings| {
            settings.activation.authentication = Authentication::Mfa;
        })
        .await?;
        self.enforce("Firewall Operator", "Data centre", Field::Maximum, |settings| {
            settings.activation.maximum = Duration::hours(1);
        })
        .await
    }

    async fn enforce(
        &mut self,
        role: &str,
        place: &str,
        field: Field,
        set: impl FnOnce(&mut Settings),
    ) -> Result<(), Error> {
        self.later(300).await?;
        let ada = self.actor("ada")?;
        let (role, scope) = (self.role(role)?, self.place(place)?);
        let here = settings::show(self.app, &ada, role, scope).await?;
        let mut terms = here.current.settings;
        set(&mut terms);
        let fields: std::collections::BTreeSet<_> = [field].into();
        let save = settings::Save {
            role,
            scope,
            own: Declared { settings: terms, own: fields.clone(), enforced: fields },
            after: here.number,
            template: None,
            reason: justification("What hangs by this place is worth more care")?,
        };
        settings::save(self.app, &ada, &save).await.map(drop)
    }
}
