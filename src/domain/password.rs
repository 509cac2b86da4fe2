//! What makes a password good enough.
use std::fmt;

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// The fewest characters: NIST SP 800-63B-4 section 3.1.1.2 for a password that may stand alone.
pub const FEWEST_CHARACTERS: usize = 15;
/// The most characters. NIST asks for at least 64.
pub const MOST_CHARACTERS: usize = 256;
/// The most bytes, which bounds the work that one password can cause.
pub const MOST_BYTES: usize = 1_024;

/// How many guesses a password must withstand, as a power of ten.
///
/// The counters at sign-in allow some tens of thousands of guesses a year against one account, for which 10⁶ would
/// do. 10¹⁰ is meant for a stolen table together with its pepper: at the thousand guesses a second that a rack of
/// graphics cards makes of our argon2id, four months for each password.
const FEWEST_GUESSES_LOG10: f64 = 10.0;

/// A password that may be used: long enough, not guessable, in Unicode's composed form.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

/// Why a password may not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Too few characters.
    #[error(
        "a password needs at least {FEWEST_CHARACTERS} characters; this one has {characters}. Several words in a \
         row are easy to remember"
    )]
    TooShort {
        /// How many it has.
        characters: usize,
    },
    /// Too many characters or bytes.
    #[error("a password has at most {MOST_CHARACTERS} characters and {MOST_BYTES} bytes")]
    TooLong,
    /// A program would guess it soon.
    #[error("this password is easy to guess: {because}")]
    Guessable {
        /// What makes it so.
        because: String,
    },
}

impl Password {
    /// Judges a password that somebody chose. Nothing is trimmed and no kinds of characters are asked for.
    ///
    /// `words` are those that an attacker would try first: the person's names and address, the organisation, the
    /// product.
    pub fn choose(text: &str, words: &[&str]) -> Result<Self, Refusal> {
        if text.len() > MOST_BYTES {
            return Err(Refusal::TooLong);
        }
        let text = Zeroizing::new(text.nfc().collect::<String>());
        let characters = text.chars().count();
        if characters < FEWEST_CHARACTERS {
            return Err(Refusal::TooShort { characters });
        }
        if characters > MOST_CHARACTERS || text.len() > MOST_BYTES {
            return Err(Refusal::TooLong);
        }
        match guessable(&text, words) {
            Some(because) => Err(Refusal::Guessable { because }),
            None => Ok(Self(text)),
        }
    }

    /// The text, for hashing.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password")
    }
}

/// Says why a password would be guessed soon, if it would.
fn guessable(text: &str, words: &[&str]) -> Option<String> {
    let known = known_words(words);
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let estimate = zxcvbn::zxcvbn(text, &known);
    if estimate.guesses_log10() >= FEWEST_GUESSES_LOG10 {
        return None;
    }
    let warning = estimate.feedback().and_then(zxcvbn::feedback::Feedback::warning);
    let folded = text.to_lowercase();
    let because = match (
        warning,
        known.iter().filter(|word| folded.contains(**word)).max_by_key(|word| word.len()),
    ) {
        (_, Some(word)) => format!("it is made of words that stand close to you, such as “{word}”"),
        (Some(warning), None) => plain(warning).to_owned(),
        (None, None) => "it is made of few and common parts; add a word or two".to_owned(),
    };
    Some(because)
}

/// The words and their parts that are worth a look, folded.
fn known_words(words: &[&str]) -> Vec<String> {
    let folded = words.iter().map(|word| word.nfc().collect::<String>().to_lowercase());
    let mut known: Vec<String> = folded
        .flat_map(|word| {
            let parts: Vec<_> =
                word.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect();
            [vec![word], parts].concat()
        })
        .chain(["latchkey".to_owned()])
        .filter(|word| word.chars().count() > 2)
        .collect();
    known.sort();
    known.dedup();
    known
}

/// A warning in our words.
const fn plain(warning: zxcvbn::feedback::Warning) -> &'static str {
    use zxcvbn::feedback::Warning as W;
    match warning {
        W::StraightRowsOfKeysAreEasyToGuess | W::ShortKeyboardPatternsAreEasyToGuess => {
            "it follows the keys of a keyboard"
        }
        W::RepeatsLikeAaaAreEasyToGuess | W::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess => {
            "it repeats the same part"
        }
        W::ThisIsATop10Password | W::ThisIsATop100Password | W::ThisIsACommonPassword => {
            "it is on the list of common passwords"
        }
        W::ThisIsSimilarToACommonlyUsedPassword => "it is nearly a common password",
        W::SequencesLikeAbcAreEasyToGuess => "it counts up or down",
        W::RecentYearsAreEasyToGuess | W::DatesAreOftenEasyToGuess => "it is made around a date",
        W::AWordByItselfIsEasyToGuess => "it is little more than one word",
        W::NamesAndSurnamesByThemselvesAreEasyToGuess | W::CommonNamesAndSurnamesAreEasyToGuess => {
            "it is made of common names"
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WORDS: [&str; 3] = ["Ada Lovelace", "ada.lovelace@example.org", "Example Works"];

    #[test]
    fn length_is_counted_in_characters_after_composing() {
        let short = Password::choose("tüßÄ quilt 9fog", &[]);
        assert!(short.is_ok(), "15 characters, more bytes: {short:?}");
        let decomposed = "x7 blue u\u{308}\u{301}ber";
        assert!(matches!(Password::choose(decomposed, &[]), Err(Refusal::TooShort { .. })));
        assert_eq!(
            Password::choose("14 characters!", &[]).unwrap_err(),
            Refusal::TooShort { characters: 14 }
        );
    }

    #[test]
    fn length_has_an_end() {
        let most: String =
            (0..MOST_CHARACTERS).map(|i| char::from(b"kwzpqmxvtyrdbn"[i * i % 14])).collect();
        assert!(Password::choose(&most, &[]).is_ok());
        assert_eq!(Password::choose(&format!("{most}x"), &[]).unwrap_err(), Refusal::TooLong);
        let wide = "🗝".repeat(256);
        assert!(wide.len() <= MOST_BYTES);
        assert!(!matches!(Password::choose(&wide, &[]), Err(Refusal::TooLong)));
        assert_eq!(Password::choose(&"🗝".repeat(257), &[]).unwrap_err(), Refusal::TooLong);
    }

    #[test]
    fn what_is_guessed_first_is_refused_and_says_why() {
        let table = [
            ("password12345678", ""),
            ("aaaaaaaaaaaaaaaaaaaa", "repeats"),
            ("qwertyuiopasdfghjkl", ""),
            ("123456789012345678", ""),
            ("latchkeylatchkey", "latchkey"),
            ("Latchkey2026!!!", "latchkey"),
            ("adalovelace2026", "lovelace"),
            ("ExampleWorks2026", "example"),
            ("ada.lovelace@example.org", "ada"),
        ];
        for (text, says) in table {
            let refusal = Password::choose(text, &WORDS).unwrap_err();
            let Refusal::Guessable { because } = &refusal else { panic!("{text}: {refusal}") };
            assert!(because.contains(says), "{text}: {because}");
        }
    }

    #[test]
    fn ordinary_long_passwords_are_taken_as_they_are() {
        for text in [
            "correct horse battery staple",
            "seven lanterns under a bridge",
            " spaces at both ends stay ",
            "kQ7vX0pL2mZ9wRb4",
            "größere Fledermäuse schlafen",
        ] {
            assert_eq!(Password::choose(text, &WORDS).unwrap().reveal(), text);
        }
    }

    #[test]
    fn nothing_shows_a_password_by_accident() {
        let password = Password::choose("seven lanterns under a bridge", &[]).unwrap();
        assert!(!format!("{password:?}").contains("lantern"));
    }

    proptest! {
        #[test]
        fn any_text_is_judged_without_panic(text in ".{0,40}") {
            let _ = Password::choose(&text, &WORDS);
        }
    }
}
