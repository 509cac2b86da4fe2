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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_the_part_that_it_stands_in() {
        assert_eq!(encode("/a?b=c&d#e \u{e9}"), "%2Fa%3Fb%3Dc%26d%23e%20%C3%A9");
        assert_eq!(encode("a-Z.0_~"), "a-Z.0_~");
    }
}
