//! Verifies a copy of the log by itself, whole or in part, in whatever order it comes.
use std::collections::BTreeMap;

use crate::domain::audit::{Entry, Flaw, Head, Problem, SealedEvent, hash};

/// What a copy was found to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// How many events it holds.
    pub events: u64,
    /// How many of them were not yet sealed when it was made: nothing proves them.
    pub unsealed: u64,
    /// How many pieces of the chain it holds, each without a gap. One in a copy of everything.
    pub pieces: u64,
    /// The number of the first sealed event in it.
    pub first: Option<i64>,
    /// The last sealed event in it: compare its hash with what the server, or an older copy, says.
    pub last: Option<Head>,
    /// The first event that is not as it was sealed.
    pub first_bad: Option<Flaw>,
}

/// A piece of the chain without a gap; its first number is the key.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// What its first event says is the hash before it.
    before: [u8; 32],
    last: Head,
}

/// Verifies event after event. It remembers pieces, not events.
#[derive(Clone, Debug, Default)]
pub struct CopyCheck {
    pieces: BTreeMap<i64, Piece>,
    events: u64,
    unsealed: u64,
    first_bad: Option<Flaw>,
}

impl CopyCheck {
    /// Takes the next event of the copy.
    pub fn add(&mut self, entry: &Entry) {
        self.events += 1;
        let Some(seal) = entry.seal else {
            self.unsealed += 1;
            return;
        };
        let sequence = seal.sequence;
        let sealed = SealedEvent { sequence, sealed_at: seal.sealed_at, entry };
        if hash(&seal.previous, &sealed) != seal.hash {
            self.found(sequence, entry, Problem::Altered);
        }
        let begins = sequence == 1 && seal.previous != [0; 32];
        let before =
            self.pieces.range(..=sequence).next_back().map(|(first, piece)| (*first, *piece));
        let after = sequence.checked_add(1).and_then(|next| Some((next, *self.pieces.get(&next)?)));
        if before.is_some_and(|(_, piece)| piece.last.sequence >= sequence) {
            self.found(sequence, entry, Problem::Twice);
            return;
        }
        let joined =
            before.filter(|(_, piece)| piece.last.sequence.checked_add(1) == Some(sequence));
        if begins || joined.is_some_and(|(_, piece)| piece.last.hash != seal.previous) {
            self.found(sequence, entry, Problem::NotLinked);
        }
        if let Some((next, piece)) = after {
            if piece.before != seal.hash {
                self.note(Flaw { sequence: next, event: None, problem: Problem::NotLinked });
            }
            self.pieces.remove(&next);
        }
        let first = joined.map_or(sequence, |(first, _)| first);
        let before = joined.map_or(seal.previous, |(_, piece)| piece.before);
        let last = after.map_or(Head { sequence, hash: seal.hash }, |(_, piece)| piece.last);
        self.pieces.insert(first, Piece { before, last });
    }

    /// Says what was found.
    #[must_use]
    pub fn finish(self) -> Copied {
        Copied {
            events: self.events,
            unsealed: self.unsealed,
            pieces: self.pieces.len() as u64,
            first: self.pieces.keys().next().copied(),
            last: self.pieces.values().next_back().map(|piece| piece.last),
            first_bad: self.first_bad,
        }
    }

    fn found(&mut self, sequence: i64, entry: &Entry, problem: Problem) {
        self.note(Flaw { sequence, event: Some(entry.id), problem });
    }

    fn note(&mut self, flaw: Flaw) {
        if self.first_bad.is_none_or(|first| flaw.sequence < first.sequence) {
            self.first_bad = Some(flaw);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::{Format, chain::tests::sealed, read_csv_record, read_json_line};

    fn entries(count: i64) -> Vec<Entry> {
        sealed(count).into_iter().map(|(seal, entry)| Entry { seal: Some(seal), ..entry }).collect()
    }

    fn check<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Copied {
        let mut check = CopyCheck::default();
        entries.into_iter().for_each(|entry| check.add(entry));
        check.finish()
    }

    #[test]
    fn a_whole_copy_is_one_piece_in_any_order() {
        let whole = entries(9);
        let copied = check(&whole);
        assert_eq!((copied.events, copied.pieces, copied.first), (9, 1, Some(1)));
        assert_eq!(copied.last.unwrap().sequence, 9);
        assert_eq!(copied.first_bad, None);
        assert_eq!(check(whole.iter().rev()), copied);
        let mixed: Vec<_> =
            [4, 0, 8, 2, 1, 7, 3, 6, 5].iter().map(|place| &whole[*place]).collect();
        assert_eq!(check(mixed), copied);
    }

    #[test]
    fn a_part_is_several_pieces() {
        let copied = check(entries(9).iter().filter(|entry| entry.seal.unwrap().sequence % 3 != 0));
        assert_eq!((copied.events, copied.pieces, copied.first_bad), (6, 3, None));
    }

    #[test]
    fn the_first_bad_event_is_named() {
        let bad = |change: fn(&mut Vec<Entry>)| {
            let mut copy = entries(9);
            change(&mut copy);
            check(&copy).first_bad.map(|flaw| (flaw.sequence, flaw.problem))
        };
        assert_eq!(bad(|copy| copy[6].detail.push(' ')), Some((7, Problem::Altered)));
        assert_eq!(bad(|copy| copy.push(copy[4].clone())), Some((5, Problem::Twice)));
        let rehashed = bad(|copy| {
            copy[3].actor_name = "Somebody else".to_owned();
            let mut seal = copy[3].seal.unwrap();
            let (sequence, sealed_at) = (seal.sequence, seal.sealed_at);
            seal.hash = hash(&seal.previous, &SealedEvent { sequence, sealed_at, entry: &copy[3] });
            copy[3].seal = Some(seal);
        });
        assert_eq!(rehashed, Some((5, Problem::NotLinked)));
    }

    #[test]
    fn every_format_comes_back_to_the_byte() {
        let mut entries = entries(3);
        entries[0].actor_name = "=cmd|' /C calc'!A0".to_owned();
        entries[0].detail = r#"{"reason":"a, \"b\"\n=1"}"#.to_owned();
        entries[1].detail = "{\n  \"spread\": true\n}".to_owned();
        entries[1].address = Some("2001:db8::/48".parse().unwrap());
        entries[2].detail = "\"text\"".to_owned();
        entries[2].seal = None;
        let (mut table, mut lines) = (Vec::new(), Vec::new());
        Format::Csv.write_heading(&mut table);
        Format::JsonLines.write_heading(&mut lines);
        for entry in &entries {
            Format::Csv.write(entry, &mut table);
            Format::JsonLines.write(entry, &mut lines);
        }
        let from_lines: Vec<_> = String::from_utf8(lines)
            .unwrap()
            .lines()
            .map(|line| read_json_line(line).unwrap())
            .collect();
        assert_eq!(from_lines, entries);
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&*table);
        let from_table: Vec<_> = (0..)
            .zip(reader.records())
            .filter_map(|(number, record)| read_csv_record(number, &record.unwrap()).unwrap())
            .collect();
        assert_eq!(from_table, entries);
    }
}
