//! Putting an eligible assignment beside a standing one.
use serde_json::json;

use super::{about, facts, tell_holder};
use crate::{
    App,
    domain::{
        actor::{Actor, TokenScope},
        assignment::{AssignmentKind, AssignmentOrigin},
        audit::Kind,
        id::{AssignmentId, ConversionId},
        notice::assignment::conversion_started,
        step_up::Act,
        text::Justification,
    },
    error::Error,
    service::{
        access,
        assignment::{self, Assign, Proof},
        reach, step_up,
    },
    store::{self, Change, assignment::Locked},
};

/// How many can be begun with at once.
const MOST: usize = 100;

/// What became of one of several.
#[derive(Debug)]
pub struct Begun {
    /// The standing assignment.
    pub assignment: AssignmentId,
    /// The conversion, or why there is none. One refusal does not stop the others.
    pub outcome: Result<ConversionId, Error>,
}

/// Begins to turn standing assignments into eligibility: each gets an eligible one beside it, which its holder can try.
pub async fn start(
    app: &App,
    actor: &Actor,
    assignments: &[AssignmentId],
    reason: &Justification,
    code: Option<&str>,
) -> Result<Vec<Begun>, Error> {
    access::user(actor, TokenScope::Administer)?;
    if assignments.is_empty() || assignments.len() > MOST {
        return Err(Error::invalid("assignments", "choose between one and a hundred"));
    }
    let code = code.filter(|code| !code.trim().is_empty());
    let mut acts = Vec::with_capacity(assignments.len());
    if code.is_some() && !assignment::all_repeated(app, actor, assignments).await? {
        for id in assignments {
            acts.push(act(app, actor, *id).await);
        }
    }
    let wanted: Vec<_> = acts.iter().flatten().cloned().collect();
    let mut proofs = match code {
        Some(code) if !wanted.is_empty() => {
            let plain = Actor { idempotency: None, ..actor.clone() };
            step_up::verify(app, &plain, code, &wanted).await?
        }
        Some(_) | None => Vec::new(),
    }
    .into_iter();
    acts.resize(assignments.len(), None);
    let mut begun = Vec::with_capacity(assignments.len());
    for (id, act) in assignments.iter().zip(&acts) {
        let proof = act.as_ref().and_then(|act| proofs.next().map(|proof| (proof, act)));
        let proof = proof.map_or(Proof::None, |(proof, act)| Proof::Given(proof, act));
        let outcome = start_one(app, &assignment::part(actor, id), *id, reason, proof).await;
        begun.push(Begun { assignment: *id, outcome });
    }
    Ok(begun)
}

/// What a code proves for one assignment; none if the terms ask for none, or it can't be converted at all.
async fn act(app: &App, actor: &Actor, id: AssignmentId) -> Option<Act> {
    let mut connection = app.database.acquire().await.ok()?;
    let told = store::assignment::one(&mut connection, id).await.ok()?;
    let (act, needs_proof) =
        assignment::terms_of(&mut connection, actor, &told, AssignmentKind::Eligible).await.ok()?;
    needs_proof.then_some(act)
}

async fn start_one(
    app: &App,
    actor: &Actor,
    id: AssignmentId,
    reason: &Justification,
    proof: Proof<'_>,
) -> Result<ConversionId, Error> {
    let mut change = match Change::begin(&app.database, actor).await {
        Err(Error::Repeated(before)) => return Ok(ConversionId(before)),
        begun => begun?,
    };
    let user = access::user(actor, TokenScope::Administer)?;
    let locked = assignment::lock(&mut change, actor, id).await?;
    if locked.kind != AssignmentKind::Active || locked.origin != AssignmentOrigin::Assigned {
        return Err(Error::Conflict(
            "only standing access can be turned into eligibility".to_owned(),
        ));
    }
    if locked.starts_at > change.at() {
        return Err(Error::Conflict(
            "this access has not begun: make it eligible at once instead".to_owned(),
        ));
    }
    let (eligible, made) = eligibility(&mut change, &locked, reason, proof).await?;
    let conversion =
        store::inventory::conversion::begin(&mut change, user.principal, id, (eligible, made))
            .await?;
    let link = format!("{}/inventory/conversions/{conversion}/try", app.public_url);
    let facts = facts(user, &locked, reason.as_str(), &link);
    tell_holder(app, &mut change, &locked, &facts, conversion_started).await?;
    change.made(conversion.0).await?;
    let event = about(Kind::ConversionStarted, &locked, conversion).detail(json!({
        "eligible": eligible, "eligible_made": made, "justification": reason,
    }));
    change.record(&event).await?;
    change.commit_recorded().await?;
    app.wake.everything();
    Ok(conversion)
}

/// The eligible assignment that is to stay: one that is there already, or a new one for as long as the terms allow; and
/// whether it was made for this.
///
/// Of what the actor themself could come to hold by it, it is never for longer than the standing one: then it would give.
async fn eligibility(
    change: &mut Change,
    locked: &Locked,
    reason: &Justification,
    proof: Proof<'_>,
) -> Result<(AssignmentId, bool), Error> {
    let (principal, role, scope) = (locked.principal, locked.role, locked.scope);
    match store::inventory::conversion::eligible_beside(change, principal, role, scope).await? {
        Some((there, true)) => return Ok((there, false)),
        Some((_, false)) => {
            return Err(Error::Conflict(
                "an eligibility for this role is to begin later: change its start first".to_owned(),
            ));
        }
        None => {}
    }
    let version = store::settings::current(change.connection(), role, scope).await?;
    let terms = &version.settings.eligible;
    let longest = (!terms.may_be_permanent).then(|| change.at() + terms.maximum);
    let people = change.actor().people().to_vec();
    let own = reach::acts_for(change.connection(), &people).await?.contains(&principal);
    let wanted = Assign {
        principals: vec![principal],
        role,
        scope,
        kind: AssignmentKind::Eligible,
        starts_at: None,
        ends_at: longest.into_iter().chain(locked.ends_at.filter(|_| own)).min(),
        justification: reason.clone(),
    };
    let made = assignment::make_eligible_beside(change, &wanted, principal, proof).await?;
    Ok((made, true))
}
