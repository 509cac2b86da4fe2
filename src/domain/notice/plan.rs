//! Who is told now, who later, and who not: decided from the rules, the people and their preferences alone.
use std::collections::BTreeSet;

use jiff::tz::TimeZone;

use super::{
    occasion::{Audience, Cell, Occasion},
    preference::{Preferences, When},
    rule::Rule,
};
use crate::domain::{
    id::{PersonId, PrincipalId},
    text::Email,
    time::Instant,
};

/// Somebody who may be told.
#[derive(Clone, Debug)]
pub struct Recipient {
    /// By which account.
    pub principal: PrincipalId,
    /// Who that is.
    pub person: PersonId,
    /// Their address.
    pub address: String,
    /// How they want to be told.
    pub preferences: Preferences,
    /// Their clock.
    pub zone: TimeZone,
}

/// One audience, its rule and who is in it.
#[derive(Clone, Debug)]
pub struct Told<'a> {
    /// Which audience.
    pub audience: Audience,
    /// Its rule.
    pub rule: Rule,
    /// Whether this asks something of it.
    pub asks: bool,
    /// Who is in it.
    pub recipients: Vec<&'a Recipient>,
}

/// Who is told in the end: each person once, and each further address once.
#[derive(Clone, Debug, Default)]
pub struct Plan<'a> {
    /// The people, in which part, and when.
    pub people: Vec<(&'a Recipient, Audience, When)>,
    /// The further addresses, and in which part.
    pub addresses: Vec<(Email, Audience)>,
}

/// Who is told of something that `author` did: never the author, and nobody twice, whatever parts and accounts somebody has.
#[must_use]
pub fn plan<'a>(
    occasion: Occasion,
    audiences: &[Told<'a>],
    author: Option<PersonId>,
    now: Instant,
) -> Plan<'a> {
    let mut plan = Plan::default();
    let (mut seen, mut addresses) = (BTreeSet::new(), BTreeSet::new());
    let open = |told: &&Told<'_>| told.rule.lets_through(told.asks);
    // Whoever has two parts is told in the one that asks something of them.
    let asking = audiences.iter().filter(|told| told.asks);
    let others = audiences.iter().filter(|told| !told.asks);
    for told in asking.chain(others).filter(open) {
        let recipients = told.recipients.iter().filter(|_| told.rule.default_recipients);
        for recipient in recipients.filter(|recipient| Some(recipient.person) != author) {
            let preferences = &recipient.preferences;
            let when = preferences.when(occasion, told.asks, now, &recipient.zone);
            if let Some(when) = when
                && seen.insert(recipient.person)
            {
                addresses.insert(recipient.address.to_lowercase());
                plan.people.push((recipient, told.audience, when));
            }
        }
    }
    for told in audiences.iter().filter(open) {
        let cell = Cell { occasion, audience: told.audience };
        for address in told.rule.recipients.iter().filter(|_| cell.takes_others()) {
            if addresses.insert(address.as_str().to_lowercase()) {
                plan.addresses.push((address.clone(), told.audience));
            }
        }
    }
    plan
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        super::{preference::Way, rule::Level},
        *,
    };

    fn now() -> Instant {
        "2026-01-15T11:30:00Z".parse().unwrap()
    }

    fn recipient(account: u128, person: u128, preferences: Preferences) -> Recipient {
        Recipient {
            principal: PrincipalId(uuid::Uuid::from_u128(account)),
            person: PersonId(uuid::Uuid::from_u128(person)),
            address: format!("{person}@example.org"),
            preferences,
            zone: TimeZone::UTC,
        }
    }

    fn on() -> Rule {
        Rule { default_recipients: true, ..Rule::default() }
    }

    fn told<'a>(audience: Audience, rule: Rule, asks: bool, who: &[&'a Recipient]) -> Told<'a> {
        Told { audience, rule, asks, recipients: who.to_vec() }
    }

    #[test]
    fn one_mail_for_each_person_and_none_for_whoever_did_it() {
        let ada = recipient(1, 1, Preferences::default());
        let ada_again = recipient(2, 1, Preferences::default());
        let bob = recipient(3, 2, Preferences::default());
        let audiences = [
            told(Audience::Requester, on(), false, &[&ada]),
            told(Audience::Administrators, on(), false, &[&ada_again, &bob]),
        ];
        let both = plan(Occasion::Ended, &audiences, None, now());
        let parts: Vec<_> =
            both.people.iter().map(|(who, part, _)| (who.person.0.as_u128(), *part)).collect();
        assert_eq!(parts, [(1, Audience::Requester), (2, Audience::Administrators)]);
        let author = Some(bob.person);
        assert_eq!(plan(Occasion::Ended, &audiences, author, now()).people.len(), 1);
    }

    #[test]
    fn whoever_has_two_parts_is_told_in_the_one_that_asks_something() {
        let mut preferences = Preferences::default();
        preferences.ways.insert(Occasion::Lapsed, Way::Never);
        let ada = recipient(1, 1, preferences);
        let audiences = [
            told(Audience::Administrators, on(), false, &[&ada]),
            told(Audience::Requester, on(), true, &[&ada]),
        ];
        let plan = plan(Occasion::Lapsed, &audiences, None, now());
        assert_eq!(plan.people.len(), 1);
        assert_eq!((plan.people[0].1, plan.people[0].2), (Audience::Requester, When::Now));
    }

    #[test]
    fn further_addresses_are_told_by_the_rule_and_not_twice() {
        let ada = recipient(1, 1, Preferences::default());
        let addresses = ["soc@example.org", "1@Example.org"].map(|it| Email::parse(it).unwrap());
        let rule = Rule { recipients: addresses.into(), ..on() };
        let audiences = [
            told(Audience::Requester, on(), false, &[&ada]),
            told(Audience::Administrators, rule.clone(), false, &[]),
        ];
        let told_of = plan(Occasion::Ended, &audiences, None, now());
        assert_eq!(told_of.addresses.len(), 1, "Ada has it already");
        let urgent = Rule { level: Level::ActionNeeded, ..rule.clone() };
        let quiet = [told(Audience::Administrators, urgent, false, &[])];
        assert!(plan(Occasion::Ended, &quiet, None, now()).addresses.is_empty());
        let wanted = [told(Audience::Approvers, rule, true, &[&ada])];
        let wanted = plan(Occasion::ApprovalWanted, &wanted, None, now());
        assert_eq!((wanted.people.len(), wanted.addresses.len()), (1, 0));
    }

    proptest! {
        /// Whatever the rules and preferences are: nobody twice, never the author, and what asks something always now.
        #[test]
        fn nobody_twice_and_what_asks_never_waits(
            parts in proptest::collection::vec((0..3_usize, 1..6_u128, any::<bool>(), any::<bool>()), 0..12),
            occasion in 0..Occasion::ALL.len(),
            way in 0..3_usize,
            author in 1..6_u128,
        ) {
            let occasion = Occasion::ALL[occasion].0;
            let mut preferences = Preferences::default();
            preferences.ways.insert(occasion, Way::ALL[way].0);
            let people: Vec<_> = (1..6).map(|id| recipient(id, id, preferences.clone())).collect();
            let audiences: Vec<_> = parts
                .iter()
                .map(|(audience, person, default_recipients, asks)| {
                    let rule = Rule { default_recipients: *default_recipients, ..Rule::default() };
                    let who = &people[usize::try_from(*person).unwrap() - 1];
                    told(Audience::ALL[*audience].0, rule, *asks, &[who])
                })
                .collect();
            let author = PersonId(uuid::Uuid::from_u128(author));
            let plan = plan(occasion, &audiences, Some(author), now());
            let told: BTreeSet<_> = plan.people.iter().map(|(who, ..)| who.person).collect();
            prop_assert_eq!(told.len(), plan.people.len());
            prop_assert!(!told.contains(&author));
            for audience in audiences.iter().filter(|one| one.asks && one.rule.default_recipients) {
                for who in audience.recipients.iter().filter(|who| who.person != author) {
                    let found = plan.people.iter().find(|(told, ..)| told.person == who.person);
                    prop_assert!(found.is_some_and(|(_, _, when)| *when == When::Now));
                }
            }
        }
    }
}
