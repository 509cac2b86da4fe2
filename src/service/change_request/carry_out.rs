//! Carrying out what somebody else has agreed to: by the same functions as what is done directly, within the decision.
use crate::{
    App,
    domain::{
        actor::Actor,
        change_request::{Answer, Write},
        id::{ProofId, ScopeId},
        step_up::Act,
        text::Justification,
    },
    error::Error,
    service::{
        assignment::{self, Assign, Prolonged, Proof},
        policy::{self, Agreed},
        role::{self, RoleChange},
        scope,
        settings::{self, Save},
    },
    store::{self, Change, change_request::Locked},
};

/// Does what was asked for, as the decider, who must be allowed to at this moment.
pub(super) async fn carry_out(
    app: &App,
    change: &mut Change,
    actor: &Actor,
    (locked, answer): (&Locked, &Answer),
    proof: Option<&(ProofId, Act)>,
) -> Result<(), Error> {
    let reason = Justification::parse(&locked.reason)
        .map_err(|_| Error::Inconsistent { table: "change_requests", id: locked.id.0 })?;
    let proof = proof.map_or(Proof::None, |(proof, act)| Proof::Given(*proof, act));
    match &*locked.write {
        Write::SaveSettings { role, scope, own, after, template } => {
            let save = Save {
                role: *role,
                scope: *scope,
                own: (**own).clone(),
                after: *after,
                template: template.clone(),
                reason: by_both(locked, actor, reason),
            };
            settings::write_within(app, change, actor, &save).await.map(drop)
        }
        Write::Assign { principal, role, scope, kind, starts_at, ends_at, justification } => {
            let wanted = Assign {
                principals: vec![*principal],
                role: *role,
                scope: *scope,
                kind: *kind,
                starts_at: *starts_at,
                ends_at: *ends_at,
                justification: justification.clone(),
            };
            assignment::assign_within(app, change, &wanted, *principal, proof).await.map(drop)
        }
        Write::UpdateAssignment { assignment: id, starts_at, ends_at } => {
            let dates = (*starts_at, *ends_at);
            assignment::update_within(app, change, actor, *id, dates, (&reason, proof)).await
        }
        Write::ConvertAssignment { assignment: id, to } => {
            let how = (&reason, proof);
            assignment::convert_within(app, change, actor, (*id, *to, None), how).await.map(drop)
        }
        Write::MoveScope { scope, from, parent } => {
            relocate(app, change, actor, (*scope, *from, *parent), &reason).await
        }
        Write::ChangeRole { role, from, to } => {
            let wanted = RoleChange { role: *role, to: (**to).clone(), reason };
            role::change_within(change, actor, &wanted, from).await
        }
        Write::ApplyPolicy { files, prune, plan, .. } => {
            let reason = by_both(locked, actor, reason);
            let (author, author_name, prune) = (locked.author, &locked.author_name, *prune);
            let agreed = Agreed { files, prune, plan, author, author_name, reason };
            policy::carry_out(app, change, actor, &agreed).await
        }
        Write::ExtendAssignment { assignment: id, ends_at }
        | Write::RenewAssignment { assignment: id, ends_at } => {
            let ends_at = answer.amended.ends_at.unwrap_or(*ends_at);
            let prolonged = Prolonged { kind: answer.amended.kind, ends_at, reason: &reason };
            assignment::prolong_within(app, change, actor, (*id, &prolonged), proof).await.map(drop)
        }
    }
}

async fn relocate(
    app: &App,
    change: &mut Change,
    actor: &Actor,
    (id, from, parent): (ScopeId, ScopeId, ScopeId),
    reason: &Justification,
) -> Result<(), Error> {
    if store::scope::one(change.connection(), id).await?.parent != Some(from) {
        return Err(Error::Conflict("it was moved meanwhile".to_owned()));
    }
    let effect = scope::relocate_within(app, change, actor, id, parent, reason).await?;
    if effect.gains {
        return Err(Error::Widens(
            "you would gain by this change yourself: somebody who would not must decide it",
        ));
    }
    Ok(())
}

/// The reason for a version of the terms, with the names of both who wanted it; if it still fits.
fn by_both(locked: &Locked, actor: &Actor, reason: Justification) -> Justification {
    let decider = actor.user().map_or("Latchkey", |user| &user.name);
    let both = format!("{reason}\n(Asked for by {}, agreed to by {decider}.)", locked.author_name);
    Justification::parse(&both).unwrap_or(reason)
}
