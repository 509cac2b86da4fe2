//! Microsoft Teams: an adaptive card of text runs, which show every sign as it is, and one button that opens our page.
use serde_json::{Value, json};

use super::{Announcement, OPEN};

pub(super) fn message(told: &Announcement) -> Value {
    let runs = |runs: Value| json!({ "type": "RichTextBlock", "inlines": runs });
    let mut body = vec![runs(json!([
        { "type": "TextRun", "text": told.title, "weight": "bolder", "size": "medium" }
    ]))];
    body.extend(told.facts.iter().map(|(label, value)| {
        runs(json!([
            { "type": "TextRun", "text": format!("{label}: "), "weight": "bolder" },
            { "type": "TextRun", "text": value },
        ]))
    }));
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "fallbackText": told.title,
                "body": body,
                "actions": [{ "type": "Action.OpenUrl", "title": OPEN, "url": told.link }],
            },
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::evil;

    #[test]
    fn everything_that_people_write_is_a_text_run_and_the_only_action_opens_our_page() {
        let told = evil();
        let message = super::message(&told);
        let card = &message["attachments"][0]["content"];
        assert_eq!(card["body"][0]["inlines"][0]["text"], told.title);
        assert_eq!(card["body"][1]["inlines"][1]["text"], told.facts[0].1);
        for block in card["body"].as_array().unwrap() {
            assert_eq!(block["type"], "RichTextBlock", "a TextBlock would read Markdown");
            for run in block["inlines"].as_array().unwrap() {
                assert_eq!(run["type"], "TextRun");
                assert!(run.get("selectAction").is_none());
            }
        }
        let actions = card["actions"].as_array().unwrap();
        assert_eq!(actions.len(), 1);
        assert_eq!(actions[0]["type"], "Action.OpenUrl");
        assert_eq!(actions[0]["url"], "https://pim.example/requests/1");
    }
}
