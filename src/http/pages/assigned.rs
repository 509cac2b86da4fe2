//! Assignments as rows of a list, wherever there is one.
use super::{
    say::{self, Reader},
    terms::place,
    view::{
        Who,
        role::AssignmentRow,
        status::{Kind, Status},
    },
};
use crate::{
    domain::{
        assignment::{AssignmentEnd, AssignmentKind, AssignmentOrigin},
        principal::PrincipalKind,
    },
    http::language::tell,
    service::assignment::Told,
};

/// How an assignment stands.
#[must_use]
pub fn status(told: &Told, reader: &Reader) -> Status {
    if told.ended_at.is_some() {
        return ended(told.end_reason);
    }
    if told.disabled {
        let what = if told.holder_kind == PrincipalKind::ServicePrincipal {
            tell!("assignment-application-disabled")
        } else {
            tell!("word-account-disabled")
        };
        return Status::new(Kind::Ended, what);
    }
    if told.starts_at > reader.now {
        return Status::new(
            Kind::Scheduled,
            tell!("word-starts", starts_at = reader.instant(told.starts_at).text),
        );
    }
    match (told.kind, told.ends_at) {
        (_, Some(end)) if end <= reader.now => Status::new(Kind::Ended, ""),
        (AssignmentKind::Active, Some(end)) => {
            let kind = if reader.soon(end) { Kind::Ending } else { Kind::Active };
            Status::new(kind, tell!("word-left", end = reader.left(end)))
        }
        (AssignmentKind::Active, None) => Status::new(Kind::Active, ""),
        (AssignmentKind::Eligible, _) => Status::new(Kind::Eligible, ""),
    }
}

fn ended(reason: Option<AssignmentEnd>) -> Status {
    let kind = match reason {
        None
        | Some(
            AssignmentEnd::Expired
            | AssignmentEnd::Deactivated
            | AssignmentEnd::Converted
            | AssignmentEnd::Replaced,
        ) => Kind::Ended,
        Some(_) => Kind::Revoked,
    };
    Status::new(kind, reason.map(why_ended).unwrap_or_default())
}

/// Why an assignment is over, in a few words; nothing if its time was up.
#[must_use]
pub fn why_ended(reason: AssignmentEnd) -> String {
    match reason {
        AssignmentEnd::Expired => String::new(),
        AssignmentEnd::Deactivated => tell!("assignment-by-its-holder"),
        AssignmentEnd::Removed => tell!("assignment-by-an-administrator"),
        AssignmentEnd::Replaced => tell!("assignment-extended"),
        AssignmentEnd::Converted => tell!("assignment-converted"),
        AssignmentEnd::EligibilityEnded => tell!("assignment-eligibility-ended"),
        AssignmentEnd::PrincipalDisabled => tell!("word-account-disabled"),
        AssignmentEnd::MembershipEnded => tell!("assignment-left-the-group"),
        AssignmentEnd::ScopeMoved => tell!("assignment-place-moved"),
        AssignmentEnd::ScopeRetired => tell!("assignment-place-retired"),
        AssignmentEnd::RoleRetired => tell!("assignment-role-retired"),
        AssignmentEnd::TicketClosed => tell!("assignment-ticket-closed"),
        AssignmentEnd::Restored => tell!("assignment-database-put-back"),
    }
}

/// How an assignment came about.
#[must_use]
pub fn origin(told: &Told) -> String {
    match told.origin {
        AssignmentOrigin::Assigned => tell!("word-assigned"),
        AssignmentOrigin::Activated if told.emergency => tell!("word-activated-in-an-emergency"),
        AssignmentOrigin::Activated => tell!("word-activated"),
    }
}

/// An assignment as a row.
#[must_use]
pub fn row(told: &Told, reader: &Reader) -> AssignmentRow {
    AssignmentRow {
        id: told.id.to_string(),
        link: format!("/assignments/{}", told.id),
        who: Who {
            name: told.holder.clone(),
            initials: say::initials(&told.holder),
            ..Who::default()
        },
        kind: match told.holder_kind {
            PrincipalKind::Group => tell!("word-group"),
            PrincipalKind::ServicePrincipal => tell!("word-application"),
            PrincipalKind::User => told.account.clone(),
        },
        role: told.role_name.clone(),
        scope: place(told.scope, &told.scope_name),
        status: status(told, reader),
        how: origin(told),
        from: reader.instant(told.starts_at),
        until: told.ended_at.or(told.ends_at).map(|end| reader.instant(end)),
    }
}
