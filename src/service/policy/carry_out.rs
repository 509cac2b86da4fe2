//! Doing the steps of a plan, each by the function that the pages use.
use std::collections::{BTreeSet, HashMap};

use sqlx::PgConnection;

use super::snapshot::laid_over;
use crate::{
    App,
    domain::{
        actor::Actor,
        fault::FieldError,
        id::{PrincipalId, RoleId, ScopeId},
        permission::Permission,
        policy::{At, OwnTerms, Step, Which, Write},
        settings::{Declared, Field},
        text::Justification,
    },
    error::Error,
    service::{
        access,
        assignment::{self, Assign, Dates, Proof},
        group::{self, NewGroup},
        role::{self, RoleChange},
        scope::{self, NewScope},
        settings::{self, NewTemplate, Save},
    },
    store::{self, Change},
};

/// The steps of one plan while they are done.
pub(super) struct CarryingOut<'all> {
    app: &'all App,
    actor: &'all Actor,
    reason: &'all Justification,
    /// Whether a code was given for the whole.
    pub(super) proved: bool,
    /// Whether a second administrator does this, who has agreed to it.
    pub(super) agreed: bool,
    /// Whether something was refused since whoever does it may not do it, rather than for what it is.
    pub(super) lacks_rights: bool,
    /// The steps that would widen what their author can come to hold; none stands for all of them together.
    pub(super) widening: Vec<Option<At>>,
    /// The steps that make the terms of a privileged role weaker. Unless a second administrator does them, they are only tried.
    pub(super) weaker: Vec<(Option<At>, RoleId)>,
    /// Everybody who gets something.
    pub(super) holders: BTreeSet<PrincipalId>,
    roles: HashMap<At, RoleId>,
    scopes: HashMap<At, ScopeId>,
    groups: HashMap<At, PrincipalId>,
}

impl<'all> CarryingOut<'all> {
    pub(super) fn new(app: &'all App, actor: &'all Actor, reason: &'all Justification) -> Self {
        Self {
            app,
            actor,
            reason,
            proved: false,
            agreed: false,
            lacks_rights: false,
            widening: Vec::new(),
            weaker: Vec::new(),
            holders: BTreeSet::new(),
            roles: HashMap::new(),
            scopes: HashMap::new(),
            groups: HashMap::new(),
        }
    }

    /// Does them all. If some are refused, the others are still tried, so that every reason is told; then nothing holds.
    pub(super) async fn all(&mut self, change: &mut Change, steps: &[Step]) -> Result<(), Error> {
        let mut refused = Vec::new();
        for step in steps {
            change.mark().await?;
            match self.step(change, step).await {
                Ok(()) => {}
                // It can be done, by somebody who gains nothing by it.
                Err(Error::Widens(_)) if !self.agreed => {
                    self.widening.push(step.at);
                    change.undo().await?;
                }
                Err(error) => {
                    self.lacks_rights |= matches!(
                        error,
                        Error::Forbidden(_) | Error::NotAllowed(_) | Error::Widens(_)
                    );
                    refused.extend(reasons(step, error)?);
                    change.undo().await?;
                }
            }
            change.unmark().await?;
        }
        if refused.is_empty() { Ok(()) } else { Err(Error::Invalid(refused)) }
    }

    async fn step(&mut self, change: &mut Change, step: &Step) -> Result<(), Error> {
        match &step.write {
            Write::CreateRole { .. } | Write::ChangeRole { .. } | Write::RetireRole { .. } => {
                self.role_step(change, step).await
            }
            Write::CreateScope { .. }
            | Write::ChangeScope { .. }
            | Write::MoveScope { .. }
            | Write::RetireScope { .. } => self.scope_step(change, step).await,
            Write::CreateGroup { .. } | Write::ChangeGroup { .. } => {
                self.group_step(change, step).await
            }
            Write::CreateTemplate { .. }
            | Write::ChangeTemplate { .. }
            | Write::RetireTemplate { .. } => self.template_step(change, &step.write).await,
            Write::SaveTerms { role, scope, after, own } => {
                self.terms(change, step.at, (*role, *scope), (*after, own)).await
            }
            Write::Assign { .. }
            | Write::SetDates { .. }
            | Write::Convert { .. }
            | Write::Unassign { .. } => self.assignment_step(change, &step.write).await,
        }
    }

    async fn role_step(&mut self, change: &mut Change, step: &Step) -> Result<(), Error> {
        match &step.write {
            Write::CreateRole(new) => {
                let id = role::create_within(change, self.actor, new).await?;
                self.roles.extend(step.at.map(|at| (at, id)));
                Ok(())
            }
            Write::ChangeRole { role: id, to } => {
                let told = store::role::one(change.connection(), *id).await?;
                let from = role::definition(&told)?;
                if from.privileged && !to.privileged && !self.agreed {
                    self.weaker.push((step.at, *id));
                }
                let wanted = RoleChange { role: *id, to: to.clone(), reason: self.reason.clone() };
                role::change_within(change, self.actor, &wanted, &from).await
            }
            Write::RetireRole { role: id } => {
                role::retire_within(change, self.actor, *id, self.reason).await.map(drop)
            }
            _ => Ok(()),
        }
    }

    async fn scope_step(&mut self, change: &mut Change, step: &Step) -> Result<(), Error> {
        match &step.write {
            Write::CreateScope { parent, kind, name, description } => {
                let parent = self.scope(*parent)?;
                let (name, description) = (name.clone(), description.clone());
                let new = NewScope { parent, kind: *kind, name, description };
                let id = scope::create_within(change, self.actor, &new).await?;
                self.scopes.extend(step.at.map(|at| (at, id)));
                Ok(())
            }
            Write::ChangeScope { scope: id, kind, name, description } => {
                let (before, _) = store::role::scope(change.connection(), *id).await?;
                if before != *kind {
                    return Err(Error::Conflict(
                        "a place stays of the kind that it was made as: make another one"
                            .to_owned(),
                    ));
                }
                scope::rename_within(change, self.actor, *id, name, description).await
            }
            Write::MoveScope { scope: id, parent } => {
                let parent = self.scope(*parent)?;
                let (app, actor) = (self.app, self.actor);
                let effect =
                    scope::relocate_within(app, change, actor, *id, parent, self.reason).await?;
                match effect.waits() {
                    Some(_) if !self.agreed => self.widening.push(step.at),
                    Some(why) if effect.gains => return Err(Error::Widens(why)),
                    Some(_) | None => {}
                }
                Ok(())
            }
            Write::RetireScope { scope: id } => {
                scope::retire_within(self.app, change, self.actor, *id, self.reason).await.map(drop)
            }
            _ => Ok(()),
        }
    }

    async fn group_step(&mut self, change: &mut Change, step: &Step) -> Result<(), Error> {
        match &step.write {
            Write::CreateGroup { parent, name, description } => {
                let parent = self.scope(*parent)?;
                let new = NewGroup { name: name.clone(), description: description.clone(), parent };
                let id = group::create_within(change, self.actor, &new).await?;
                let wanted = store::group::Wanted { id: Some(id), ..Default::default() };
                let made = store::group::list(change.connection(), &wanted).await?.pop();
                let scope = made.ok_or(Error::NotFound("group"))?.scope;
                self.groups.extend(step.at.map(|at| (at, id)));
                self.scopes.extend(step.at.map(|at| (at, scope)));
                Ok(())
            }
            Write::ChangeGroup { group: id, name, description } => {
                group::rename_within(change, self.actor, *id, name, description).await
            }
            _ => Ok(()),
        }
    }

    async fn template_step(&mut self, change: &mut Change, write: &Write) -> Result<(), Error> {
        match write {
            Write::CreateTemplate { name, description, terms } => {
                let settings = laid_over(role::first_terms(true), &self.known(terms)?);
                let (name, description) = (name.clone(), description.clone());
                let new = NewTemplate { name, description, settings };
                settings::create_within(change, self.actor, &new).await.map(drop)
            }
            Write::ChangeTemplate { template, after, name, description, terms } => {
                let before = store::settings::template(change.connection(), *template).await?;
                let settings = laid_over(before.settings, &self.known(terms)?);
                let (name, description) = (name.clone(), description.clone());
                let new = NewTemplate { name, description, settings };
                settings::change_within(change, self.actor, (*template, *after), &new).await
            }
            Write::RetireTemplate { template } => {
                settings::retire_within(change, self.actor, *template).await
            }
            _ => Ok(()),
        }
    }

    async fn terms(
        &mut self,
        change: &mut Change,
        at: Option<At>,
        (role, scope): (Which<RoleId>, Which<ScopeId>),
        (after, own): (i32, &OwnTerms<Which<PrincipalId>, Which<RoleId>>),
    ) -> Result<(), Error> {
        let (role, scope) = (self.role(role)?, self.scope(scope)?);
        let own = self.known(own)?;
        let (own, is_said) = declared(change.connection(), role, scope, &own).await?;
        let may = Permission::ManageSettings;
        access::authorise_at(change.connection(), self.actor, may, scope).await?;
        if is_said {
            // A new role may begin with exactly these.
            return Ok(());
        }
        let reason = self.reason.clone();
        let save = Save { role, scope, own, after, template: None, reason };
        if self.agreed || !settings::weakens(change.connection(), &save).await? {
            return settings::write_within(self.app, change, self.actor, &save).await.map(drop);
        }
        self.weaker.push((at, role));
        settings::try_within(self.app, change, self.actor, &save).await
    }

    async fn assignment_step(&mut self, change: &mut Change, write: &Write) -> Result<(), Error> {
        let (app, actor) = (self.app, self.actor);
        let proof = if self.proved { Proof::OfTheWhole } else { Proof::None };
        let because =
            |reason: &Option<Justification>| reason.clone().unwrap_or_else(|| self.reason.clone());
        match write {
            Write::Assign { holder, role, scope, kind, from, until, reason } => {
                let holder = self.holder(*holder)?;
                self.holders.insert(holder);
                let wanted = Assign {
                    principals: vec![holder],
                    role: self.role(*role)?,
                    scope: self.scope(*scope)?,
                    kind: *kind,
                    starts_at: *from,
                    ends_at: *until,
                    justification: because(reason),
                };
                assignment::assign_within(app, change, &wanted, holder, proof).await.map(drop)
            }
            Write::SetDates { assignment: id, from, until, reason } => {
                self.holders
                    .insert(store::assignment::one(change.connection(), *id).await?.principal);
                let reason = because(reason);
                let how = (&reason, proof);
                assignment::update_within(app, change, actor, *id, (*from, *until), how).await
            }
            Write::Convert { assignment: id, to, from, until, reason } => {
                let reason = because(reason);
                let how = (&reason, proof);
                let dates = Some(Dates { from: *from, until: *until });
                let wanted = (*id, *to, dates);
                let made = assignment::convert_within(app, change, actor, wanted, how).await?;
                self.holders
                    .insert(store::assignment::one(change.connection(), made).await?.principal);
                Ok(())
            }
            Write::Unassign { assignment: id } => {
                assignment::remove_within(app, change, actor, *id, (self.reason, proof)).await
            }
            _ => Ok(()),
        }
    }

    fn role(&self, which: Which<RoleId>) -> Result<RoleId, Error> {
        found(which, &self.roles)
    }

    fn scope(&self, which: Which<ScopeId>) -> Result<ScopeId, Error> {
        found(which, &self.scopes)
    }

    fn holder(&self, which: Which<PrincipalId>) -> Result<PrincipalId, Error> {
        found(which, &self.groups)
    }

    fn known(
        &self,
        terms: &OwnTerms<Which<PrincipalId>, Which<RoleId>>,
    ) -> Result<OwnTerms<PrincipalId, RoleId>, Error> {
        terms.map(|which| self.holder(*which).ok(), |which| self.role(*which).ok()).ok_or_else(
            || Error::Conflict("it names a group or role that is refused itself".to_owned()),
        )
    }
}

/// What a place is to say about a role, over what is in force there; and whether it says that already.
async fn declared(
    connection: &mut PgConnection,
    role: RoleId,
    scope: ScopeId,
    own: &OwnTerms<PrincipalId, RoleId>,
) -> Result<(Declared, bool), Error> {
    let in_force = store::settings::current(connection, role, scope).await?;
    let before = in_force.declared();
    let named = |name: &&'static str| Field::named(name);
    let declared = Declared {
        settings: laid_over(before.settings.clone(), own),
        // The organisation inherits nothing: what is not said anew stays its own.
        own: if scope == ScopeId::ROOT {
            Field::all()
        } else {
            own.values.keys().filter_map(named).collect()
        },
        enforced: own.enforced.iter().filter_map(named).collect(),
    };
    let is_said = in_force.scope == scope && declared.says_the_same(&before);
    Ok((declared, is_said))
}

/// Whether a step makes the terms of a privileged role weaker, or the role privileged no longer, as far as that can be told
/// before it is done: not if it rests on what an earlier one makes.
pub(super) async fn weaker(connection: &mut PgConnection, write: &Write) -> Result<bool, Error> {
    let (role, scope, after, own) = match write {
        Write::SaveTerms { role: Which::Known(role), scope: Which::Known(scope), after, own } => {
            (role, scope, after, own)
        }
        Write::ChangeRole { role, to } if !to.privileged => {
            return Ok(store::role::one(connection, *role).await?.privileged);
        }
        _ => return Ok(false),
    };
    let Some(own) = own.map(|which| which.known(), |which| which.known()) else { return Ok(false) };
    let (own, _) = declared(connection, *role, *scope, &own).await?;
    let reason = Justification::default();
    let save = Save { role: *role, scope: *scope, own, after: *after, template: None, reason };
    settings::weakens(connection, &save).await
}

/// What is there, or was made by an earlier step.
fn found<Id: Copy>(which: Which<Id>, made: &HashMap<At, Id>) -> Result<Id, Error> {
    match which {
        Which::Known(id) => Ok(id),
        Which::New(at) => made.get(&at).copied().ok_or_else(|| {
            let (file, line) = (at.file.name(), at.line);
            Error::Conflict(format!(
                "it needs what line {line} of {file} makes, which is refused itself"
            ))
        }),
    }
}

/// Why a step is refused, as told with the row that asks for it. What is no refusal ends everything.
fn reasons(step: &Step, error: Error) -> Result<Vec<FieldError>, Error> {
    let messages = match error {
        Error::Invalid(faults) => faults.into_iter().map(|fault| fault.message).collect(),
        Error::Refused(_)
        | Error::NotFound(_)
        | Error::Forbidden(_)
        | Error::NotAllowed(_)
        | Error::Conflict(_)
        | Error::StepUp(_) => vec![error.to_string()],
        other => return Err(other),
    };
    let field = step.at.map_or("prune", |at| at.file.name());
    let line = step.at.map_or_else(String::new, |at| format!("line {}, ", at.line));
    let told = |message| FieldError::new(field, format!("{line}{step}: {message}"));
    Ok(messages.into_iter().map(told).collect())
}
