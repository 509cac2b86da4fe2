//! The facts of an event, short enough to be kept: nobody hides by doing so much at once that it can't be written down.
use serde_json::{Map, Value};

/// The most that the facts of an event take up as text, in bytes. The database, which puts a space after every comma and colon,
/// refuses an event of more than 65,536.
const MOST: usize = 40 * 1024;
/// Where shortening begins: so many items of a list, and so many characters of a text.
const ITEMS: usize = 512;
const CHARACTERS: usize = 4096;

/// The facts as they are, if there are not too many of them. Otherwise lists and texts are cut as far as it takes, each says
/// that more follow, and `shortened` says so of the whole.
#[must_use]
pub(super) fn fitted(facts: Value) -> Value {
    if size(&facts) <= MOST {
        return facts;
    }
    let (mut items, mut characters) = (ITEMS, CHARACTERS);
    loop {
        let mut shorter = cut(&facts, items, characters);
        if let Value::Object(fields) = &mut shorter {
            fields.insert("shortened".to_owned(), Value::Bool(true));
        }
        if size(&shorter) <= MOST || (items, characters) == (1, 1) {
            return shorter;
        }
        (items, characters) = ((items / 2).max(1), (characters / 2).max(1));
    }
}

fn size(facts: &Value) -> usize {
    facts.to_string().len()
}

fn cut(facts: &Value, items: usize, characters: usize) -> Value {
    let more = |all: usize| Value::String(format!("… and {} more", all - items));
    match facts {
        Value::String(text) if text.chars().count() > characters => {
            Value::String(text.chars().take(characters).chain(['…']).collect())
        }
        Value::Array(list) => {
            let kept = list.iter().take(items).map(|item| cut(item, items, characters));
            kept.chain((list.len() > items).then(|| more(list.len()))).collect()
        }
        Value::Object(fields) => {
            // The facts of an event have few names of their own; what has many is a list by another name.
            let kept = fields.iter().take(items.max(FEW));
            let mut kept: Map<_, _> =
                kept.map(|(name, value)| (name.clone(), cut(value, items, characters))).collect();
            if fields.len() > items.max(FEW) {
                kept.insert("…".to_owned(), Value::from(fields.len() - kept.len()));
            }
            Value::Object(kept)
        }
        other => other.clone(),
    }
}

/// So many fields are kept in any case.
const FEW: usize = 16;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_short_enough_stays_as_it_is() {
        let facts = json!({ "reason": "x".repeat(4096), "names": ["Ada", "Ben"] });
        assert_eq!(fitted(facts.clone()), facts);
    }

    #[test]
    fn what_is_too_much_is_cut_and_says_so() {
        let names: Vec<_> =
            (0..5000).map(|number| format!("Somebody with number {number}")).collect();
        let facts = fitted(json!({ "to": names, "stage": 1 }));
        assert_eq!((&facts["shortened"], &facts["stage"]), (&json!(true), &json!(1)));
        let kept = facts["to"].as_array().unwrap();
        assert_eq!(kept.first().unwrap(), "Somebody with number 0");
        let told = kept.last().unwrap().as_str().unwrap();
        assert_eq!(told, format!("… and {} more", 5000 - (kept.len() - 1)));
    }

    #[test]
    fn nothing_is_too_much() {
        let text = "æ\u{1}\"".repeat(3000);
        let list: Vec<_> = (0..300).map(|number| json!({ "id": number, "why": text })).collect();
        let many: Map<_, _> = (0..9000).map(|n| (format!("field {n}"), json!([1, 2, 3]))).collect();
        for facts in [
            json!({ "steps": list }),
            json!({ "before": text.repeat(20), "many": many }),
            json!(list),
        ] {
            assert!(size(&fitted(facts)) <= MOST);
        }
    }
}
