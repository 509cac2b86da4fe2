//! The chain: each event's hash covers everything that it says and the hash before it, so that no event can be changed,
//! removed or moved without every later hash being wrong.
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Entry, Flaw, Problem, Seal};
use crate::domain::time::Instant;

/// What the hashed bytes begin with: says what they are, and that the fields follow in the order of this version.
const VERSION: &[u8] = b"latchkey audit event 1";

/// An event together with its number and the time at which it got it.
#[derive(Clone, Copy, Debug)]
pub struct SealedEvent<'a> {
    /// Its number.
    pub sequence: i64,
    /// When it was numbered.
    pub sealed_at: Instant,
    /// The event.
    pub entry: &'a Entry,
}

/// The hash of an event that follows `previous`: SHA-256 over every field.
///
/// Each field is a zero byte if it is absent; otherwise a one, its length as four bytes, highest first, and its bytes.
/// Numbers and times (microseconds since 1970) are eight bytes, highest first; identifiers sixteen; texts are UTF-8; an
/// address is its bytes and one for the length of its prefix.
#[must_use]
pub fn hash(previous: &[u8; 32], event: &SealedEvent<'_>) -> [u8; 32] {
    let entry = event.entry;
    let mut fields = Fields(Vec::with_capacity(512 + entry.detail.len()));
    fields.bytes(VERSION);
    fields.bytes(previous);
    fields.number(event.sequence);
    fields.instant(event.sealed_at);
    fields.bytes(entry.id.0.as_bytes());
    fields.number(entry.transaction);
    fields.instant(entry.at);
    fields.text(&entry.kind);
    fields.text(entry.outcome.name());
    fields.text(entry.actor_kind.name());
    fields.id(entry.actor.map(|id| id.0));
    fields.id(entry.actor_person.map(|id| id.0));
    fields.text(&entry.actor_name);
    fields.id(entry.subject.map(|id| id.0));
    fields.name(entry.subject_name.as_deref());
    fields.id(entry.role.map(|id| id.0));
    fields.name(entry.role_name.as_deref());
    fields.id(entry.scope.map(|id| id.0));
    fields.name(entry.scope_name.as_deref());
    fields.id(entry.request.map(|id| id.0));
    fields.id(entry.assignment.map(|id| id.0));
    fields.id(entry.target);
    fields.id(entry.session.map(|id| id.0));
    fields.address(entry.address);
    fields.id(entry.correlation);
    fields.text(&entry.detail);
    Sha256::digest(&fields.0).into()
}

struct Fields(Vec<u8>);

impl Fields {
    fn bytes(&mut self, bytes: &[u8]) {
        // The table's limits keep every field far below four gigabytes.
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.0.push(1);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(bytes);
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn number(&mut self, number: i64) {
        self.bytes(&number.to_be_bytes());
    }

    fn instant(&mut self, at: Instant) {
        self.number(at.timestamp().as_microsecond());
    }

    fn id(&mut self, id: Option<Uuid>) {
        self.optional(id.as_ref().map(Uuid::as_bytes).map(<[u8; 16]>::as_slice));
    }

    fn name(&mut self, name: Option<&str>) {
        self.optional(name.map(str::as_bytes));
    }

    fn address(&mut self, address: Option<ipnet::IpNet>) {
        let bytes = address.map(|network| {
            let mut bytes = match network.addr() {
                std::net::IpAddr::V4(address) => address.octets().to_vec(),
                std::net::IpAddr::V6(address) => address.octets().to_vec(),
            };
            bytes.push(network.prefix_len());
            bytes
        });
        self.optional(bytes.as_deref());
    }

    fn optional(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => self.bytes(bytes),
            None => self.0.push(0),
        }
    }
}

/// Where the chain ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The last number given.
    pub sequence: i64,
    /// The last hash.
    pub hash: [u8; 32],
}

/// A chain, followed or made from its beginning up to some event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    head: Head,
    sealed_at: Option<Instant>,
}

impl Default for Chain {
    /// The chain before its first event.
    fn default() -> Self {
        Self::from(Head { sequence: 0, hash: [0; 32] }, None)
    }
}

impl Chain {
    /// The chain that ends at `head`, whose last event was sealed then.
    #[must_use]
    pub fn from(head: Head, sealed_at: Option<Instant>) -> Self {
        Self { head, sealed_at }
    }

    /// Where it ends.
    #[must_use]
    pub fn head(&self) -> Head {
        self.head
    }

    /// Adds an event, and says what its seal is. Times of sealing never fall, and none is before its event.
    pub fn seal(&mut self, entry: &Entry, now: Instant) -> Seal {
        let sealed_at = self.sealed_at.map_or(now, |last| last.max(now)).max(entry.at);
        let sequence = self.head.sequence + 1;
        let previous = self.head.hash;
        let hash = hash(&previous, &SealedEvent { sequence, sealed_at, entry });
        *self = Self::from(Head { sequence, hash }, Some(sealed_at));
        Seal { sequence, sealed_at, previous, hash }
    }

    /// Follows the chain by one event, or says why it does not continue with it. `entry` is none if it is gone.
    pub fn follow(&mut self, seal: &Seal, entry: Option<&Entry>) -> Result<(), Flaw> {
        let expected = self.head.sequence + 1;
        if seal.sequence != expected {
            return Err(Flaw { sequence: expected, event: None, problem: Problem::NumberMissing });
        }
        let flaw =
            |problem| Flaw { sequence: expected, event: entry.map(|entry| entry.id), problem };
        let entry = entry.ok_or_else(|| flaw(Problem::EventMissing))?;
        if seal.previous != self.head.hash {
            return Err(flaw(Problem::NotLinked));
        }
        let sealed = SealedEvent { sequence: seal.sequence, sealed_at: seal.sealed_at, entry };
        if hash(&seal.previous, &sealed) != seal.hash {
            return Err(flaw(Problem::Altered));
        }
        if self.sealed_at.is_some_and(|last| seal.sealed_at < last) {
            return Err(flaw(Problem::TimeFell));
        }
        *self = Self::from(Head { sequence: expected, hash: seal.hash }, Some(seal.sealed_at));
        Ok(())
    }

    /// Says whether the chain, followed to its last event, ends where `head` says.
    pub fn ends_at(&self, head: &Head) -> Result<(), Flaw> {
        let flaw = |sequence, problem| Err(Flaw { sequence, event: None, problem });
        match self.head.sequence.cmp(&head.sequence) {
            std::cmp::Ordering::Less => flaw(self.head.sequence + 1, Problem::NumberMissing),
            std::cmp::Ordering::Greater => flaw(head.sequence + 1, Problem::BeyondHead),
            std::cmp::Ordering::Equal if self.head.hash != head.hash => {
                flaw(head.sequence, Problem::NotHead)
            }
            std::cmp::Ordering::Equal => Ok(()),
        }
    }
}

impl std::fmt::Display for Head {
    /// `42:` and the hash: to be noted, and compared later.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.sequence, data_encoding::HEXLOWER.encode(&self.hash))
    }
}

/// A text that is no end of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write the end of a chain as its number, a colon and 64 hexadecimal digits")]
pub struct NoHead;

impl std::str::FromStr for Head {
    type Err = NoHead;

    fn from_str(text: &str) -> Result<Self, NoHead> {
        let (sequence, hash) = text.trim().split_once(':').ok_or(NoHead)?;
        let hash =
            data_encoding::HEXLOWER_PERMISSIVE.decode(hash.as_bytes()).map_err(|_| NoHead)?;
        Ok(Self {
            sequence: sequence.parse().map_err(|_| NoHead)?,
            hash: hash.try_into().map_err(|_| NoHead)?,
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::{
        audit::{ActorKind, Outcome},
        id::EventId,
    };

    /// An event in which every field is set or not as the numbers say.
    pub(in crate::domain::audit) fn entry(number: u128) -> Entry {
        let id = |part: u128| Uuid::from_u128(number << 64 | part);
        Entry {
            id: EventId(id(1)),
            transaction: 4711,
            at: "2026-11-22T08:00:00.000001Z".parse().unwrap(),
            kind: "activation.started".to_owned(),
            outcome: Outcome::Success,
            actor_kind: ActorKind::User,
            actor: Some(crate::domain::id::PrincipalId(id(2))),
            actor_person: Some(crate::domain::id::PersonId(id(3))),
            actor_name: "Ada Lovelace".to_owned(),
            subject: Some(crate::domain::id::PrincipalId(id(2))),
            subject_name: Some("Ada Lovelace".to_owned()),
            role: Some(crate::domain::id::RoleId(id(4))),
            role_name: Some("Produktion „Ä“".to_owned()),
            scope: None,
            scope_name: None,
            request: Some(crate::domain::id::RequestId(id(5))),
            assignment: None,
            target: None,
            session: None,
            address: Some("192.0.2.7/32".parse().unwrap()),
            correlation: Some(id(6)),
            detail: r#"{"ends_at":"2026-11-22T10:00:00Z"}"#.to_owned(),
            seal: None,
        }
    }

    pub(in crate::domain::audit) fn sealed(count: i64) -> Vec<(Seal, Entry)> {
        let mut chain = Chain::default();
        let now: Instant = "2026-11-22T09:00:00Z".parse().unwrap();
        (1..=count)
            .map(|number| {
                let entry = entry(u128::try_from(number).unwrap());
                (chain.seal(&entry, now.plus_seconds(number)), entry)
            })
            .collect()
    }

    fn follow(events: &[(Seal, Entry)]) -> Result<Chain, Flaw> {
        let mut chain = Chain::default();
        for (seal, entry) in events {
            chain.follow(seal, Some(entry))?;
        }
        Ok(chain)
    }

    /// If this fails, copies that auditors hold can no longer be verified: make a new version instead.
    #[test]
    fn hashes_never_change() {
        let entry = entry(7);
        let event = SealedEvent {
            sequence: 42,
            sealed_at: "2026-11-22T08:00:00.25Z".parse().unwrap(),
            entry: &entry,
        };
        let text = data_encoding::HEXLOWER.encode(&hash(&[9; 32], &event));
        assert_eq!(text, "72e26d37538ae0103256422c348a4336617520fe3ac2192e61fecda01df2f2d2");
    }

    #[test]
    fn every_field_is_hashed() {
        let one = entry(7);
        let changes: [fn(&mut Entry); 23] = [
            |entry| entry.id = EventId(Uuid::nil()),
            |entry| entry.transaction += 1,
            |entry| entry.at = entry.at.plus_seconds(1),
            |entry| entry.kind.push('x'),
            |entry| entry.outcome = Outcome::Failure,
            |entry| entry.actor_kind = ActorKind::System,
            |entry| entry.actor = None,
            |entry| entry.actor_person = None,
            |entry| entry.actor_name.clear(),
            |entry| entry.subject = None,
            |entry| entry.subject_name = Some(String::new()),
            |entry| entry.subject_name = None,
            |entry| entry.role = None,
            |entry| entry.role_name = None,
            |entry| entry.scope = Some(crate::domain::id::ScopeId::ROOT),
            |entry| entry.scope_name = Some(String::new()),
            |entry| entry.request = None,
            |entry| entry.assignment = Some(crate::domain::id::AssignmentId(Uuid::nil())),
            |entry| entry.target = Some(Uuid::nil()),
            |entry| entry.session = Some(crate::domain::id::SessionId(Uuid::nil())),
            |entry| entry.address = Some("192.0.2.7/31".parse().unwrap()),
            |entry| entry.correlation = None,
            |entry| entry.detail.push(' '),
        ];
        let sealed_at: Instant = "2026-11-22T08:00:00.25Z".parse().unwrap();
        let of = |previous: u8, sequence, sealed_at, entry: &Entry| {
            hash(&[previous; 32], &SealedEvent { sequence, sealed_at, entry })
        };
        let mut hashes = vec![
            of(9, 42, sealed_at, &one),
            of(8, 42, sealed_at, &one),
            of(9, 43, sealed_at, &one),
            of(9, 42, sealed_at.plus_seconds(1), &one),
        ];
        for change in changes {
            let mut other = one.clone();
            change(&mut other);
            hashes.push(of(9, 42, sealed_at, &other));
        }
        let count = hashes.len();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), count);
    }

    #[test]
    fn what_belongs_to_one_field_cannot_move_to_the_next() {
        let mut one = entry(7);
        let mut other = entry(7);
        one.kind = "ab".to_owned();
        one.actor_name = "c".to_owned();
        other.kind = "a".to_owned();
        other.actor_name = "bc".to_owned();
        let of = |entry| hash(&[0; 32], &SealedEvent { sequence: 1, sealed_at: one.at, entry });
        assert_ne!(of(&one), of(&other));
    }

    #[test]
    fn a_chain_names_its_first_flaw() {
        let whole = sealed(5);
        let head = follow(&whole).unwrap().head();
        assert_eq!(follow(&whole).unwrap().ends_at(&head), Ok(()));
        let problem = |events: &[(Seal, Entry)]| match follow(events) {
            Ok(chain) => chain.ends_at(&head).err().map(|flaw| (flaw.sequence, flaw.problem)),
            Err(flaw) => Some((flaw.sequence, flaw.problem)),
        };
        let with = |change: fn(&mut Vec<(Seal, Entry)>)| {
            let mut events = whole.clone();
            change(&mut events);
            problem(&events)
        };
        assert_eq!(problem(&whole), None);
        assert_eq!(with(|events| events[2].1.detail.push(' ')), Some((3, Problem::Altered)));
        assert_eq!(with(|events| events.truncate(3)), Some((4, Problem::NumberMissing)));
        assert_eq!(
            with(|events| drop(events.remove(1))),
            Some((2, Problem::NumberMissing)),
            "a number is missing"
        );
        let renumbered = with(|events| {
            events.remove(1);
            for (number, (seal, _)) in (1..).zip(events) {
                seal.sequence = number;
            }
        });
        assert_eq!(renumbered, Some((2, Problem::NotLinked)));
        let swapped = with(|events| {
            let (one, other) = (events[2].1.clone(), events[3].1.clone());
            events[2].1 = other;
            events[3].1 = one;
        });
        assert_eq!(swapped, Some((3, Problem::Altered)));
    }

    #[test]
    fn times_of_sealing_never_fall() {
        let now: Instant = "2026-11-22T09:00:00Z".parse().unwrap();
        let mut chain = Chain::default();
        let first = chain.seal(&entry(1), now);
        let second = chain.seal(&entry(2), now.plus_seconds(-3600));
        assert_eq!(second.sealed_at, first.sealed_at, "the clock went back");
        let late = Entry { at: now.plus_seconds(60), ..entry(3) };
        assert_eq!(chain.seal(&late, now).sealed_at, late.at, "never before the event");
    }
}
