//! Recovery codes: what stands in for a lost phone.
use std::fmt;

use zeroize::Zeroizing;

use super::TokenHash;

/// Crockford's base-32 alphabet: no I, L, O or U, so that handwriting is read back right.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// 23 characters of 5 bits are 115 bits: above the 112 from which ASVS 5.0 accepts a plain hash.
const LENGTH: usize = 23;

/// How many characters stand between two dashes.
const GROUP: usize = 6;

/// A code of 115 random bits that works once in place of a time-based code.
#[derive(Clone)]
pub struct RecoveryCode(Zeroizing<[u8; LENGTH]>);

impl RecoveryCode {
    /// How many codes a person is given at once.
    pub const COUNT: usize = 10;

    /// Makes a new code.
    #[must_use]
    pub fn random() -> Self {
        let mut digits: [u8; LENGTH] = super::random();
        for digit in &mut digits {
            *digit &= 0b1_1111;
        }
        Self(Zeroizing::new(digits))
    }

    /// Makes the set that a person is given.
    #[must_use]
    pub fn random_set() -> Vec<Self> {
        std::iter::repeat_with(Self::random).take(Self::COUNT).collect()
    }

    /// Reads a code as people type it: case, spaces and dashes do not matter, and O, I and L are read as 0 and 1.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        // Longer than any honest way of writing one: refused before any work.
        if text.len() > 4 * LENGTH {
            return None;
        }
        let mut digits = Zeroizing::new([0; LENGTH]);
        let mut places = digits.iter_mut();
        for character in text.chars().filter(|c| !matches!(c, ' ' | '-' | '\t' | '\u{a0}')) {
            *places.next()? = value(character)?;
        }
        places.next().is_none().then_some(Self(digits))
    }

    /// The code as it is shown to its holder, once, in groups that are easy to copy.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(LENGTH + LENGTH / GROUP));
        for (position, digit) in self.0.iter().enumerate() {
            if position > 0 && position % GROUP == 0 {
                text.push('-');
            }
            let letter = ALPHABET.get(usize::from(*digit)).copied().unwrap_or_default();
            text.push(char::from(letter));
        }
        text
    }

    /// The hash under which the code is stored and looked up.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash::over("recovery-code", self.0.as_slice())
    }
}

/// The five bits that a character stands for.
fn value(character: char) -> Option<u8> {
    let folded = match character.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let position = ALPHABET.iter().position(|letter| char::from(*letter) == folded)?;
    u8::try_from(position).ok()
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RecoveryCode")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_code_is_23_characters_in_groups() {
        let text = RecoveryCode::random().reveal();
        let lengths: Vec<_> = text.split('-').map(str::len).collect();
        assert_eq!(lengths, [6, 6, 6, 5]);
    }

    #[test]
    fn a_set_has_ten_different_codes() {
        let hashes: HashSet<_> =
            RecoveryCode::random_set().iter().map(RecoveryCode::hash).collect();
        assert_eq!(hashes.len(), RecoveryCode::COUNT);
    }

    #[test]
    fn handwriting_is_forgiven() {
        let code = RecoveryCode::random();
        let text = code.reveal();
        let written = [
            text.to_lowercase(),
            text.replace('-', ""),
            text.replace('-', " "),
            format!("  {} ", text.replace('0', "o").replace('1', "l")),
            text.replace('1', "I"),
        ];
        for written in written {
            let read = RecoveryCode::parse(&written).map(|code| code.hash());
            assert_eq!(read, Some(code.hash()));
        }
    }

    #[test]
    fn every_prefix_extension_and_other_letter_is_refused_or_another_code() {
        let code = RecoveryCode::random();
        let text = code.reveal().replace('-', "");
        for length in 0..text.len() {
            assert!(RecoveryCode::parse(&text[..length]).is_none());
        }
        assert!(RecoveryCode::parse(&format!("{text}0")).is_none());
        for position in 0..text.len() {
            for letter in ALPHABET {
                let mut changed = text.clone().into_bytes();
                if changed[position] == *letter {
                    continue;
                }
                changed[position] = *letter;
                let changed = String::from_utf8(changed).unwrap();
                assert_ne!(RecoveryCode::parse(&changed).unwrap().hash(), code.hash());
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".*") {
            let _ = RecoveryCode::parse(&text);
        }
    }
}
