//! What has just been done: named in the address after a form was sent, said at the top of the page that follows.
use super::view::frame::Flash;
use crate::http::language::tell;

/// Something that was done. Only these can be said, so that no address can put words into our mouth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    Activated,
    EmergencyTaken,
    Asked,
    Scheduled,
    Extended,
    Deactivated,
    Cancelled,
    Approved,
    Agreed,
    Commented,
    Claimed,
    Released,
    Nudged,
    Reviewed,
    DecidedSeveral,
    DeputyNamed,
    DeputyEnded,
    ManagerSet,
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
    NoticesChosen,
    AuthenticatorReplaced,
    LanguageChosen,
    SessionEnded,
    TokenRevoked,
    SignedOut,
    SignedOutEverywhere,
    SessionOver,
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
    Resent,
    Tested,
    EpochBegun,
}

impl Done {
    const ALL: [(Self, &'static str, &'static str); 71] = [
        (Self::Activated, "activated", "done-it-is-active-now-it"),
        (Self::EmergencyTaken, "emergency-taken", "done-it-is-active-without-approval"),
        (Self::Asked, "asked", "done-your-request-waits-for-approval"),
        (Self::Scheduled, "scheduled", "done-it-is-scheduled-and-starts"),
        (Self::Extended, "extended", "done-you-have-more-time-without"),
        (Self::Deactivated, "deactivated", "done-that-access-has-ended"),
        (Self::Cancelled, "cancelled", "done-the-request-was-taken-back"),
        (Self::Approved, "approved", "done-you-approved-the-request"),
        (Self::Agreed, "agreed", "done-you-agreed-others-still"),
        (Self::Commented, "commented", "done-sent"),
        (Self::Claimed, "claimed", "done-the-others-see-that-you"),
        (Self::Released, "released", "done-the-others-see-that-you-left"),
        (Self::Nudged, "nudged", "done-they-have-been-asked-again"),
        (Self::Reviewed, "reviewed", "done-you-have-reviewed-the-emergency"),
        (Self::DecidedSeveral, "decided-several", "done-you-decided-those-that-you"),
        (Self::DeputyNamed, "deputy-named", "done-they-have-been-told"),
        (Self::DeputyEnded, "deputy-ended", "done-they-no-longer-stand-in"),
        (Self::ManagerSet, "manager-set", "done-the-manager-is-saved"),
        (Self::Denied, "denied", "done-you-denied-the-request"),
        (Self::Assigned, "assigned", "done-the-role-is-assigned"),
        (Self::Updated, "updated", "done-the-assignment-is-changed"),
        (Self::Removed, "removed", "done-the-assignment-is-removed-and"),
        (Self::Converted, "converted", "done-the-assignment-is-converted"),
        (Self::SettingsSaved, "settings-saved", "done-the-settings-are-saved-as"),
        (Self::TemplateSaved, "template-saved", "done-the-template-is-saved-roles"),
        (Self::TemplateRetired, "template-retired", "done-the-template-is-out-of"),
        (Self::PolicyApplied, "policy-applied", "done-all-of-it-is-done"),
        (Self::ChangeWaits, "change-waits", "done-nobody-does-this-alone-so"),
        (Self::ChangeAgreed, "change-agreed", "done-you-agreed-and-it-is"),
        (Self::ChangeDeclined, "change-declined", "done-you-declined-it-its-author"),
        (Self::ChangeWithdrawn, "change-withdrawn", "done-the-change-was-taken-back"),
        (Self::MoreTimeAsked, "more-time-asked", "done-your-wish-waits-for-a"),
        (Self::RoleMade, "role-made", "done-the-role-is-made-look"),
        (Self::RoleChanged, "role-changed", "done-the-role-is-changed-for"),
        (Self::RoleRetired, "role-retired", "done-the-role-is-retired-and"),
        (Self::GroupMade, "group-made", "done-the-group-is-made-add"),
        (Self::PlaceMade, "place-made", "done-it-is-there-now-roles"),
        (Self::PlaceMoved, "place-moved", "done-it-lies-there-now-with"),
        (Self::PlaceRetired, "place-retired", "done-it-is-retired-and-nobody"),
        (Self::Renamed, "renamed", "done-the-name-is-saved"),
        (Self::MembersAdded, "members-added", "done-they-belong-to-the-group"),
        (Self::MemberRemoved, "member-removed", "done-the-membership-has-ended-and"),
        (Self::PersonDisabled, "person-disabled", "done-the-account-is-disabled-and"),
        (Self::PersonEnabled, "person-enabled", "word-the-account-works-again-with"),
        (Self::PersonAccessEnded, "person-access-ended", "done-all-access-of-this-account"),
        (Self::PasswordChanged, "password-changed", "done-your-password-is-changed-your"),
        (Self::Resent, "resent", "done-it-is-in-line-again"),
        (Self::Tested, "tested", "done-a-test-is-in-line"),
        (Self::EpochBegun, "epoch-begun", "done-a-new-epoch-has-begun"),
        (Self::NoticesChosen, "notices-chosen", "done-notices-chosen"),
        (
            Self::AuthenticatorReplaced,
            "authenticator-replaced",
            "done-your-new-authenticator-counts-from",
        ),
        (Self::LanguageChosen, "language-chosen", "done-pages-and-mails-go-by-that"),
        (Self::SessionEnded, "session-ended", "done-that-session-has-ended"),
        (Self::TokenRevoked, "token-revoked", "done-the-token-no-longer-works"),
        (Self::SignedOut, "signed-out", "done-you-are-signed-out"),
        (Self::SignedOutEverywhere, "signed-out-everywhere", "done-you-are-signed-out-everywhere"),
        (Self::SessionOver, "session-over", "done-your-session-is-over"),
        (Self::Verified, "verified", "done-the-audit-trail-was-verified"),
        (Self::Imported, "imported", "done-the-import-is-done"),
        (Self::Discarded, "discarded", "done-the-file-is-thrown-away"),
        (Self::ConversionsStarted, "conversions-started", "done-they-are-eligible-beside-their"),
        (Self::Rehearsed, "rehearsed", "done-it-works-you-still-hold"),
        (Self::ConversionFinished, "conversion-finished", "done-the-standing-access-has-ended"),
        (Self::ConversionAbandoned, "conversion-abandoned", "done-the-standing-access-stays-and"),
        (
            Self::ApplicationRegistered,
            "application-registered",
            "done-the-application-is-registered-make",
        ),
        (Self::ApplicationChanged, "application-changed", "done-the-application-is-changed"),
        (Self::ApplicationDisabled, "application-disabled", "done-the-application-is-disabled-and"),
        (Self::ApplicationEnabled, "application-enabled", "done-the-application-works-again-with"),
        (Self::OwnersChanged, "owners-changed", "done-the-owners-are-changed"),
        (Self::KeyAdded, "key-added", "done-the-key-is-registered-assertions"),
        (Self::CredentialRevoked, "credential-revoked", "done-it-no-longer-works-and"),
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
        let kind = if done == Done::SessionOver { "info" } else { "good" };
        Self { kind, text: tell!(text) }
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
