//! Slack: blocks of plain text. The three signs by which Slack knows links and mentions are written as what they mean.
use serde_json::{Value, json};

use super::{Announcement, OPEN};

pub(super) fn message(told: &Announcement) -> Value {
    let plain = |text: &str| json!({ "type": "plain_text", "text": escape(text), "emoji": false });
    let mut blocks = vec![json!({ "type": "section", "text": plain(&told.title) })];
    blocks.extend(told.facts.iter().map(
        |(label, value)| json!({ "type": "section", "text": plain(&format!("{label}: {value}")) }),
    ));
    let link = format!("<{}|{OPEN}>", escape(&told.link));
    blocks.push(json!({ "type": "section", "text": { "type": "mrkdwn", "text": link } }));
    // Shown where blocks are not, such as on a lock screen.
    json!({ "text": escape(&told.title), "mrkdwn": false, "unfurl_links": false, "blocks": blocks })
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::super::tests::evil;

    #[test]
    fn nothing_that_people_write_is_a_link_or_a_mention() {
        let message = super::message(&evil());
        let blocks = message["blocks"].as_array().unwrap();
        assert_eq!(blocks.len(), 3);
        let (link, texts) = blocks.split_last().unwrap();
        for block in texts {
            assert_eq!(block["text"]["type"], "plain_text");
            assert!(!block["text"]["text"].as_str().unwrap().contains(['<', '>']));
        }
        assert!(!message["text"].as_str().unwrap().contains(['<', '>']));
        assert_eq!(link["text"]["text"], "<https://pim.example/requests/1|Open in Latchkey>");
        let all = message.to_string();
        assert!(all.contains("&lt;!channel&gt;") && all.contains("&amp;amp;"), "{all}");
    }
}
