//! Text inside addresses.
use std::fmt::Write as _;

/// Writes everything but letters, digits and `-._~` as `%XX`, so that it can stand anywhere in an address.
#[must_use]
pub fn encode(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

/// Reads a value as forms encode it: `+` for a space, `%XX` for a byte. None if it is no text.
#[must_use]
pub fn decode(text: &str) -> Option<String> {
    let digit = |letter: Option<u8>| char::from(letter?).to_digit(16);
    let mut bytes = Vec::with_capacity(text.len());
    let mut letters = text.bytes();
    while let Some(letter) = letters.next() {
        bytes.push(match letter {
            b'+' => b' ',
            b'%' => {
                let byte = digit(letters.next())? << 4 | digit(letters.next())?;
                u8::try_from(byte).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_the_part_that_it_stands_in() {
        assert_eq!(encode("/a?b=c&d#e \u{e9}"), "%2Fa%3Fb%3Dc%26d%23e%20%C3%A9");
        assert_eq!(encode("a-Z.0_~"), "a-Z.0_~");
    }

    #[test]
    fn what_was_encoded_is_read_back() {
        let text = "/a?b=c&d#e + 100 % \u{e9}";
        assert_eq!(decode(&encode(text)).as_deref(), Some(text));
        assert_eq!(decode("a+b").as_deref(), Some("a b"));
        for bad in ["%", "%4", "%zz", "%ff"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
