//! What has just been done: named in the address after a form was sent, said at the top of the page that follows.
use super::view::frame::Flash;

/// Something that was done. Only these can be said, so that no address can put words into our mouth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    Activated,
    Asked,
    Scheduled,
    Extended,
    Deactivated,
    Cancelled,
    Approved,
    Denied,
    Assigned,
    Updated,
    Removed,
    Converted,
    SettingsSaved,
    TemplateSaved,
    TemplateRetired,
    PolicyApplied,
    ChangeWaits,
    ChangeAgreed,
    ChangeDeclined,
    ChangeWithdrawn,
    MoreTimeAsked,
    RoleMade,
    RoleChanged,
    RoleRetired,
    GroupMade,
    PlaceMade,
    PlaceMoved,
    PlaceRetired,
    Renamed,
    MembersAdded,
    MemberRemoved,
    PersonDisabled,
    PersonEnabled,
    PersonAccessEnded,
    PasswordChanged,
    AuthenticatorReplaced,
    SessionEnded,
    TokenRevoked,
    SignedOut,
    SignedOutEverywhere,
    Verified,
    Imported,
    Discarded,
    ConversionsStarted,
    Rehearsed,
    ConversionFinished,
    ConversionAbandoned,
    ApplicationRegistered,
    ApplicationChanged,
    ApplicationDisabled,
    ApplicationEnabled,
    OwnersChanged,
    KeyAdded,
    CredentialRevoked,
}

impl Done {
    const ALL: [(Self, &'static str, &'static str); 54] = [
        (Self::Activated, "activated", "It is active now. It ends by itself."),
        (
            Self::Asked,
            "asked",
            "Your request waits for approval. You get a mail when it is decided.",
        ),
        (Self::Scheduled, "scheduled", "It is scheduled and starts by itself."),
        (Self::Extended, "extended", "You have more time, without a gap."),
        (Self::Deactivated, "deactivated", "That access has ended."),
        (Self::Cancelled, "cancelled", "The request was taken back."),
        (Self::Approved, "approved", "You approved the request."),
        (Self::Denied, "denied", "You denied the request."),
        (Self::Assigned, "assigned", "The role is assigned."),
        (Self::Updated, "updated", "The assignment is changed."),
        (Self::Removed, "removed", "The assignment is removed, and what rested on it has ended."),
        (Self::Converted, "converted", "The assignment is converted."),
        (Self::SettingsSaved, "settings-saved", "The settings are saved as a new version."),
        (
            Self::TemplateSaved,
            "template-saved",
            "The template is saved. Roles keep the terms that they have.",
        ),
        (
            Self::TemplateRetired,
            "template-retired",
            "The template is out of use. Roles keep the terms that they have.",
        ),
        (
            Self::PolicyApplied,
            "policy-applied",
            "All of it is done: everything is as the files say.",
        ),
        (
            Self::ChangeWaits,
            "change-waits",
            "Nobody does this alone, so it waits for a second administrator.",
        ),
        (Self::ChangeAgreed, "change-agreed", "You agreed, and it is carried out."),
        (Self::ChangeDeclined, "change-declined", "You declined it. Its author is told why."),
        (Self::ChangeWithdrawn, "change-withdrawn", "The change was taken back."),
        (
            Self::MoreTimeAsked,
            "more-time-asked",
            "Your wish waits for a decision. You get a mail when it is decided.",
        ),
        (Self::RoleMade, "role-made", "The role is made. Look at its settings, then assign it."),
        (Self::RoleChanged, "role-changed", "The role is changed, for everybody who has it."),
        (Self::RoleRetired, "role-retired", "The role is retired, and nobody holds it any more."),
        (Self::GroupMade, "group-made", "The group is made. Add people to it."),
        (Self::PlaceMade, "place-made", "It is there now. Roles can be held at it."),
        (Self::PlaceMoved, "place-moved", "It lies there now, with all that is in it."),
        (Self::PlaceRetired, "place-retired", "It is retired, and nobody holds anything there."),
        (Self::Renamed, "renamed", "The name is saved."),
        (Self::MembersAdded, "members-added", "They belong to the group now."),
        (Self::MemberRemoved, "member-removed", "The membership has ended, and what rested on it."),
        (
            Self::PersonDisabled,
            "person-disabled",
            "The account is disabled and all its access has ended.",
        ),
        (
            Self::PersonEnabled,
            "person-enabled",
            "The account works again, with the assignments that are still open.",
        ),
        (
            Self::PersonAccessEnded,
            "person-access-ended",
            "All access of this account has ended. It can sign in again, and activate what it is eligible for.",
        ),
        (
            Self::PasswordChanged,
            "password-changed",
            "Your password is changed. Your other sessions have ended.",
        ),
        (
            Self::AuthenticatorReplaced,
            "authenticator-replaced",
            "Your new authenticator counts from now on. Your other sessions have ended.",
        ),
        (Self::SessionEnded, "session-ended", "That session has ended."),
        (Self::TokenRevoked, "token-revoked", "The token no longer works."),
        (Self::SignedOut, "signed-out", "You are signed out."),
        (Self::SignedOutEverywhere, "signed-out-everywhere", "You are signed out everywhere."),
        (Self::Verified, "verified", "The audit trail was verified."),
        (Self::Imported, "imported", "The import is done."),
        (Self::Discarded, "discarded", "The file is thrown away."),
        (
            Self::ConversionsStarted,
            "conversions-started",
            "They are eligible beside their standing access now, and were asked to try it.",
        ),
        (
            Self::Rehearsed,
            "rehearsed",
            "It works. You still hold the role; an administrator ends that when it is time.",
        ),
        (
            Self::ConversionFinished,
            "conversion-finished",
            "The standing access has ended. The eligibility stays.",
        ),
        (
            Self::ConversionAbandoned,
            "conversion-abandoned",
            "The standing access stays, and everything is as it was.",
        ),
        (
            Self::ApplicationRegistered,
            "application-registered",
            "The application is registered. Make a secret or add a key, then give it roles.",
        ),
        (Self::ApplicationChanged, "application-changed", "The application is changed."),
        (
            Self::ApplicationDisabled,
            "application-disabled",
            "The application is disabled, and its tokens have ended.",
        ),
        (
            Self::ApplicationEnabled,
            "application-enabled",
            "The application works again, with what it holds.",
        ),
        (Self::OwnersChanged, "owners-changed", "The owners are changed."),
        (
            Self::KeyAdded,
            "key-added",
            "The key is registered. Assertions that it signed count from now on.",
        ),
        (
            Self::CredentialRevoked,
            "credential-revoked",
            "It no longer works, and the tokens that were got with it have ended.",
        ),
    ];

    /// Its name in addresses.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(done, ..)| *done == self).map_or("", |(_, name, _)| name)
    }

    /// What an address says was done.
    #[must_use]
    pub fn of(query: &str) -> Option<Self> {
        let name = query.split('&').find_map(|pair| pair.strip_prefix("done="))?;
        Self::ALL.iter().find(|(_, known, _)| *known == name).map(|(done, ..)| *done)
    }
}

impl From<Done> for Flash {
    fn from(done: Done) -> Self {
        let text =
            Done::ALL.iter().find(|(known, ..)| *known == done).map_or("", |(.., text)| text);
        Self { kind: "good", text: text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_we_say_can_be_said() {
        for (done, name, _) in Done::ALL {
            assert_eq!(Done::of(&format!("state=active&done={name}")), Some(done));
            assert_eq!(done.name(), name);
        }
        assert_eq!(Done::of("done=you+have+won"), None);
        assert_eq!(Done::of(""), None);
    }
}
