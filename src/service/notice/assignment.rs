//! What is told of assignments.
use crate::{
    App,
    domain::{
        assignment::AssignmentKind,
        id::{AssignmentId, PrincipalId, RoleId, ScopeId},
        notice::{
            assignment::{self, Administered},
            letter::Letter,
            occasion::{Audience, Occasion},
        },
        principal::PrincipalKind,
    },
    error::Error,
    service::{
        channel,
        notice::{News, author, by, ended, tell},
    },
    store::{self, Change},
};

/// What an administrator did with an assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::service) enum Deed {
    /// It was made.
    Given,
    /// It got other dates.
    Changed,
    /// It was taken away, or ended before its time.
    Taken,
}

/// To the holder, and to administrators: an assignment was given, changed or taken.
pub(in crate::service) async fn administered(
    app: &App,
    change: &mut Change,
    id: AssignmentId,
    reason: &str,
    act: Deed,
) -> Result<(), Error> {
    let told = store::assignment::one(change.connection(), id).await?;
    if act == Deed::Taken && told.request.is_some() {
        return ended(app, change, &told, reason).await;
    }
    let name = by(change);
    if act == Deed::Given {
        channel::assignment(app, change, &told, ("assignment.given", &name, reason)).await?;
    }
    let link = app.public_url.to_string();
    let facts = Administered {
        by: &name,
        holder: &told.holder,
        role: &told.role_name,
        scope: &told.scope_name,
        reason,
        link: &link,
    };
    let occasion = match (act, told.kind) {
        (Deed::Given, AssignmentKind::Eligible) => Occasion::AssignedEligible,
        (Deed::Given, AssignmentKind::Active) => Occasion::AssignedActive,
        (Deed::Changed, _) => Occasion::AssignmentChanged,
        (Deed::Taken, _) => Occasion::AssignmentRemoved,
    };
    let holders =
        if told.holder_kind == PrincipalKind::User { vec![told.principal] } else { Vec::new() };
    let news = News {
        occasion,
        place: Some((told.role, told.scope)),
        thread: Some(id.0),
        author: author(change),
        pressing: false,
        alone: false,
        to: &[(Audience::Requester, holders)],
        letter: &|audience| match act {
            Deed::Given => assignment::given(&facts, told.kind, told.ends_at, audience),
            Deed::Changed => assignment::changed(&facts, told.ends_at, audience),
            Deed::Taken => assignment::removed(&facts, audience),
        },
        link: &link,
    };
    tell(app, change, &news).await
}

/// To whoever acts for a holder, by these accounts: standing access is becoming eligibility.
pub(in crate::service) async fn converted(
    app: &App,
    change: &mut Change,
    (role, scope): (RoleId, ScopeId),
    accounts: Vec<PrincipalId>,
    (facts, letter): (&Administered<'_>, fn(&Administered<'_>) -> Letter),
) -> Result<(), Error> {
    let news = News {
        occasion: Occasion::Conversion,
        place: Some((role, scope)),
        thread: None,
        // Whoever tries it is told as well: what comes of it is somebody else's to do.
        author: None,
        pressing: false,
        alone: false,
        to: &[(Audience::Requester, accounts)],
        letter: &|_| letter(facts),
        link: facts.link,
    };
    tell(app, change, &news).await
}
