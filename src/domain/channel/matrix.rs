//! Matrix: plain text, and the same in the few HTML elements that its programs show. Nobody is mentioned.
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Announcement, OPEN};

pub(super) fn message(told: &Announcement) -> Value {
    let mut plain = format!("{}\n", told.title);
    let mut html = format!("<p><strong>{}</strong></p>", escape(&told.title));
    if !told.facts.is_empty() {
        html.push_str("<ul>");
        for (label, value) in &told.facts {
            // Writing to a string cannot fail.
            let _ = writeln!(plain, "{label}: {value}");
            let _ = write!(html, "<li>{}: {}</li>", escape(label), escape(value));
        }
        html.push_str("</ul>");
    }
    plain.push_str(&told.link);
    let _ = write!(html, "<p><a href=\"{}\">{OPEN}</a></p>", escape(&told.link));
    json!({
        "msgtype": "m.notice",
        "body": plain,
        "format": "org.matrix.custom.html",
        "formatted_body": html,
        "m.mentions": {},
    })
}

fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::{super::tests::evil, *};

    #[test]
    fn nothing_that_people_write_is_html_or_a_mention() {
        let message = message(&evil());
        let html = message["formatted_body"].as_str().unwrap();
        assert!(!html.contains("<script") && !html.contains("<!channel"), "{html}");
        assert_eq!(html.matches("<a href").count(), 1, "{html}");
        assert!(html.contains("<a href=\"https://pim.example/requests/1\">Open in Latchkey</a>"));
        assert_eq!(message["m.mentions"], json!({}));
        assert!(message["body"].as_str().unwrap().ends_with("\nhttps://pim.example/requests/1"));
        assert_eq!(message["body"].as_str().unwrap().lines().count(), 3);
    }
}
