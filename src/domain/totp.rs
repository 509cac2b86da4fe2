//! Time-based codes (RFC 6238): which one counts, and when.
use std::str::FromStr;

use super::{percent, time::Instant};

/// How long a code is shown, in seconds.
const STEP_SECONDS: i64 = 30;
/// How many digits a code has.
const DIGITS: u8 = 6;

/// A code as somebody typed it: six digits, with or without spaces.
#[derive(Clone, PartialEq, Eq)]
pub struct Code([u8; DIGITS as usize]);

/// What was typed is not six digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a code is six digits")]
pub struct NotACode;

impl FromStr for Code {
    type Err = NotACode;

    fn from_str(text: &str) -> Result<Self, NotACode> {
        let mut digits = [0; DIGITS as usize];
        let mut places = digits.iter_mut();
        for byte in text.bytes().filter(|byte| !matches!(byte, b' ' | b'\t')) {
            if !byte.is_ascii_digit() {
                return Err(NotACode);
            }
            *places.next().ok_or(NotACode)? = byte;
        }
        places.next().is_none().then_some(Self(digits)).ok_or(NotACode)
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Code")
    }
}

/// The number of a half minute since 1970: what a code stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step(pub i64);

impl Step {
    /// The step that an instant falls into.
    #[must_use]
    pub fn at(instant: Instant) -> Self {
        Self(instant.timestamp().as_second().div_euclid(STEP_SECONDS))
    }

    const fn previous(self) -> Self {
        Self(self.0 - 1)
    }
}

/// Why a code does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is not the code of this or the previous half minute.
    #[error("this code is not the current one")]
    Wrong,
    /// It, or a later one, was accepted before.
    #[error("this code was used already; wait for the next one")]
    Used,
}

/// Finds the step that a code proves. Only the current and the previous step count, and only one after the last
/// that was accepted: the steps are compared, never the digits, so no other spelling makes a used code new.
///
/// # Errors
/// [`Refusal::Used`] if the code is right but spent, else [`Refusal::Wrong`].
pub fn accept(
    seed: &[u8],
    code: &Code,
    now: Instant,
    last_accepted: Option<Step>,
) -> Result<Step, Refusal> {
    let current = Step::at(now);
    // Both are worked out in any case, so that the time taken says nothing.
    let steps = [current, current.previous()].map(|step| (step, is_code_of(seed, code, step)));
    let matched = steps.iter().filter(|(_, is)| *is).map(|(step, _)| *step).max();
    match (matched, last_accepted) {
        (None, _) => Err(Refusal::Wrong),
        (Some(step), Some(last)) if step <= last => Err(Refusal::Used),
        (Some(step), _) => Ok(step),
    }
}

/// Compares in constant time.
fn is_code_of(seed: &[u8], code: &Code, step: Step) -> bool {
    let (Ok(seconds), Ok(digits)) =
        (u64::try_from(step.0 * STEP_SECONDS), std::str::from_utf8(&code.0))
    else {
        return false;
    };
    generator(seed).check(digits, seconds).is_some()
}

/// The code of a step, as an authenticator app shows it.
#[must_use]
pub fn code_at(seed: &[u8], now: Instant) -> String {
    let seconds = u64::try_from(now.timestamp().as_second()).unwrap_or_default();
    generator(seed).generate(seconds).to_string()
}

/// SHA-1, six digits, 30 seconds: the only combination that every authenticator app understands.
fn generator(seed: &[u8]) -> totp_rs::Totp {
    totp_rs::Builder::new()
        .with_algorithm(totp_rs::Algorithm::SHA1)
        .with_digits(DIGITS)
        .with_step_duration(STEP_SECONDS.unsigned_abs())
        .with_skew(0)
        .with_secret(seed)
        .build_noncompliant()
}

/// The seed as people type it into an app that has no camera.
#[must_use]
pub fn seed_text(seed: &[u8]) -> String {
    data_encoding::BASE32_NOPAD.encode(seed)
}

/// The seed that was typed as [`seed_text`] shows it; none if that is no such text.
#[must_use]
pub fn seed_from_text(text: &str) -> Option<Vec<u8>> {
    data_encoding::BASE32_NOPAD.decode(text.as_bytes()).ok()
}

/// The address that an authenticator app reads from the picture.
#[must_use]
pub fn address(seed: &[u8], issuer: &str, account: &str) -> String {
    let (issuer, account) = (percent::encode(issuer), percent::encode(account));
    format!(
        "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}",
        seed_text(seed)
    )
}

/// A picture of an address as an `<svg>` element to put into a page. It needs no style and no script.
#[must_use]
pub fn picture(address: &str) -> Option<String> {
    use std::fmt::Write as _;
    /// The light border that the standard asks for, in modules.
    const QUIET: usize = 4;
    let code = qrcode::QrCode::with_error_correction_level(address, qrcode::EcLevel::M).ok()?;
    let width = code.width();
    let mut path = String::with_capacity(width * width * 6);
    for (position, colour) in code.to_colors().into_iter().enumerate() {
        if colour == qrcode::Color::Dark {
            let (x, y) = (position % width + QUIET, position / width + QUIET);
            let _ = write!(path, "M{x} {y}h1v1h-1z");
        }
    }
    let side = width + 2 * QUIET;
    Some(format!(
        r##"<svg class="qr" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" role="img" aria-label="QR code for your authenticator app" shape-rendering="crispEdges"><rect width="{side}" height="{side}" fill="#fff"/><path d="{path}" fill="#000"/></svg>"##
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SEED: &[u8] = b"12345678901234567890";

    fn at(second: i64) -> Instant {
        Instant::new(jiff::Timestamp::from_second(second).unwrap())
    }

    #[test]
    fn the_codes_are_those_of_rfc_6238() {
        // Appendix B, SHA-1, the last six of its eight digits.
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code_at(SEED, at(second)), code);
            let accepted = accept(SEED, &code.parse().unwrap(), at(second), None);
            assert_eq!(accepted, Ok(Step(second / 30)));
        }
    }

    #[test]
    fn only_the_current_and_the_previous_step_count() {
        let now = at(1_800_000_015);
        for (steps, counts) in [(-2, false), (-1, true), (0, true), (1, false), (2, false)] {
            let shown = now.plus_seconds(30 * steps);
            let code = code_at(SEED, shown).parse().unwrap();
            assert_eq!(accept(SEED, &code, now, None).is_ok(), counts, "{steps} steps away");
        }
    }

    #[test]
    fn a_step_counts_once_and_no_earlier_one_after_it() {
        let now = at(1_800_000_015);
        let current: Code = code_at(SEED, now).parse().unwrap();
        let previous: Code = code_at(SEED, now.plus_seconds(-30)).parse().unwrap();
        let step = accept(SEED, &current, now, None).unwrap();
        assert_eq!(accept(SEED, &current, now, Some(step)), Err(Refusal::Used));
        assert_eq!(accept(SEED, &previous, now, Some(step)), Err(Refusal::Used));
        let before = accept(SEED, &previous, now, None).unwrap();
        assert_eq!(accept(SEED, &current, now, Some(before)), Ok(step));
    }

    #[test]
    fn digits_are_read_strictly_and_spaces_forgiven() {
        for text in ["287082", "287 082", " 287082 ", "2 8 7 0 8 2"] {
            assert_eq!(text.parse::<Code>().unwrap(), Code(*b"287082"), "{text:?}");
        }
        for text in [
            "",
            "28708",
            "2870822",
            "+287082",
            "-28708",
            "287o82",
            "２８７０８２",
            "28 70 82 1",
            "287.082",
            "0x2870",
            "287082\0",
            "٢٨٧٠٨٢",
        ] {
            assert_eq!(text.parse::<Code>(), Err(NotACode), "{text:?}");
        }
    }

    #[test]
    fn the_address_is_quoted() {
        let address = address(SEED, "Ex & Co", "ada:é@example.org");
        assert_eq!(
            address,
            "otpauth://totp/Ex%20%26%20Co:ada%3A%C3%A9%40example.org\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Ex%20%26%20Co&algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn the_picture_is_one_element() {
        let picture = picture(&address(SEED, "Latchkey", "ada@example.org")).unwrap();
        assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>"));
        assert!(picture.len() < 40_000, "{}", picture.len());
        assert!(picture_of_nothing_too_long().is_none());
    }

    fn picture_of_nothing_too_long() -> Option<String> {
        picture(&"x".repeat(5_000))
    }

    proptest! {
        #[test]
        fn of_any_two_codes_the_second_never_counts_unless_later(
            first in 1_700_000_000_i64..1_900_000_000,
            wait in 0_i64..120,
            age in 0_i64..2,
        ) {
            let shown = at(first - 30 * age);
            let code: Code = code_at(SEED, shown).parse().unwrap();
            let step = accept(SEED, &code, at(first), None).unwrap();
            prop_assert!(accept(SEED, &code, at(first + wait), Some(step)).is_err());
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".*") {
            let _ = text.parse::<Code>();
        }
    }
}
