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
            "application disabled"
        } else {
            "account disabled"
        };
        return Status::new(Kind::Ended, what);
    }
    if told.starts_at > reader.now {
        return Status::new(
            Kind::Scheduled,
            format!("starts {}", reader.instant(told.starts_at).text),
        );
    }
    match (told.kind, told.ends_at) {
        (_, Some(end)) if end <= reader.now => Status::new(Kind::Ended, ""),
        (AssignmentKind::Active, Some(end)) => {
            let kind = if reader.soon(end) { Kind::Ending } else { Kind::Active };
            Status::new(kind, format!("{} left", reader.left(end)))
        }
        (AssignmentKind::Active, None) => Status::new(Kind::Active, ""),
        (AssignmentKind::Eligible, _) => Status::new(Kind::Eligible, ""),
    }
}

fn ended(reason: Option<AssignmentEnd>) -> Status {
    match reason {
        Some(AssignmentEnd::Removed) => Status::new(Kind::Revoked, ""),
        Some(AssignmentEnd::EligibilityEnded) => Status::new(Kind::Revoked, "eligibility ended"),
        Some(AssignmentEnd::PrincipalDisabled) => Status::new(Kind::Revoked, "account disabled"),
        Some(AssignmentEnd::MembershipEnded) => Status::new(Kind::Revoked, "left the group"),
        Some(AssignmentEnd::ScopeMoved) => Status::new(Kind::Revoked, "place moved"),
        Some(AssignmentEnd::ScopeRetired) => Status::new(Kind::Revoked, "place retired"),
        Some(AssignmentEnd::RoleRetired) => Status::new(Kind::Revoked, "role retired"),
        Some(AssignmentEnd::Converted) => Status::new(Kind::Ended, "converted"),
        Some(AssignmentEnd::Replaced) => Status::new(Kind::Ended, "extended"),
        Some(AssignmentEnd::Deactivated) => Status::new(Kind::Ended, "by its holder"),
        Some(AssignmentEnd::Expired) | None => Status::new(Kind::Ended, ""),
    }
}

/// How an assignment came about.
#[must_use]
pub fn origin(told: &Told) -> &'static str {
    match told.origin {
        AssignmentOrigin::Assigned => "Assigned",
        AssignmentOrigin::Activated => "Activated",
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
            PrincipalKind::Group => "Group".to_owned(),
            PrincipalKind::ServicePrincipal => "Application".to_owned(),
            PrincipalKind::User => told.account.clone(),
        },
        role: told.role_name.clone(),
        scope: place(told.scope, &told.scope_name),
        status: status(told, reader),
        how: origin(told).to_owned(),
        from: reader.instant(told.starts_at),
        until: told.ended_at.or(told.ends_at).map(|end| reader.instant(end)),
    }
}
