//! Mattermost: Markdown, with every sign that means something there written so that it means nothing.
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Announcement, OPEN};

pub(super) fn message(told: &Announcement) -> Value {
    let mut text = format!("**{}**\n", escape(&told.title));
    for (label, value) in &told.facts {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "- {}: {}", escape(label), escape(value));
    }
    let _ = write!(text, "\n[{OPEN}]({})", told.link);
    json!({ "text": text })
}

/// A stroke before each sign of Markdown. What makes a mention, a hashtag or a link by itself is parted by a space of no width.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.replace("://", ":\u{200b}//").replace("www.", "www\u{200b}.").chars() {
        if matches!(
            c,
            '\\' | '`'
                | '*'
                | '_'
                | '{'
                | '}'
                | '['
                | ']'
                | '('
                | ')'
                | '#'
                | '+'
                | '-'
                | '!'
                | '|'
                | '~'
                | '<'
                | '>'
                | '$'
        ) {
            escaped.push('\\');
        }
        escaped.push(c);
        if matches!(c, '@' | '#' | ':') {
            escaped.push('\u{200b}');
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{super::tests::evil, *};

    #[test]
    fn nothing_that_people_write_is_markdown_a_mention_or_a_link() {
        let message = message(&evil());
        let text = message["text"].as_str().unwrap();
        assert_eq!(text.matches("](").count(), 1, "{text}");
        assert!(text.ends_with("\n[Open in Latchkey](https://pim.example/requests/1)"), "{text}");
        assert!(text.contains(r"\[Approve\]\(https:"), "{text}");
        assert!(text.contains("@\u{200b}all") && !text.contains("@all"), "{text}");
        assert!(text.contains(r"\<script\>") && text.contains(r"\`c\`"), "{text}");
        assert_eq!(text.matches("https://").count(), 1, "{text}");
        assert_eq!(text.lines().count(), 4, "{text}");
    }
}
