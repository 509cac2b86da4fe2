//! Finds words that would reach a reader without having been in the catalogue.

/// What is the same in every language: names of the product, of formats, and of what other programs call themselves.
const NAMES: [&str; 26] = [
    "Latchkey",
    "CSV",
    "JSON Lines",
    "OpenAPI",
    "SHA-256",
    "kid",
    "Edge",
    "Edg/",
    "Firefox/",
    "Chrome/",
    "Safari/",
    "Firefox",
    "Chrome",
    "Safari",
    "iPhone",
    "iPad",
    "Android",
    "Windows",
    "macOS",
    "Mac OS",
    "Linux",
    "JSON",
    "INC-4821",
    "Jira",
    "xxxxx-xxxxx",
    "v",
];

/// Samples of input, and what is only for the log or for the audit trail.
const SAMPLES: [&str; 19] = [
    "soc@example.org",
    "Europe/Copenhagen",
    // How stages are kept, which is read and not said.
    "scope owners",
    "holders of {}",
    "it begins within",
    "skipped if",
    "with {with}",
    "One of",
    "One for each of",
    "-----BEGIN PUBLIC KEY-----",
    "curl ",
    "Authorization: Bearer",
    "user,role,where",
    "a page could not be drawn",
    "the description could not be read",
    "a copy of the audit trail was cut off",
    "Only shown",
    "To be seen before it is done",
    "{days} days",
];

fn is_ours(text: &str) -> bool {
    let text = text.trim_matches(|letter: char| letter.is_whitespace() || letter == '·');
    let own = without(text, "{", "}");
    let has_words = own.chars().filter(|letter| letter.is_alphabetic()).count() > 1;
    // Attributes that a macro writes, ends of identifiers, and names of classes.
    let is_markup = text.contains("=\"")
        || text.starts_with('"')
        || text.starts_with('-') && !text.starts_with("---")
        || ["hidden", "gate-card-wide"].contains(&text);
    has_words
        && !is_markup
        && !NAMES.contains(&text)
        && !SAMPLES.iter().any(|sample| text.contains(sample))
}

/// Words in a template that stand outside every tag and expression, or in an attribute that people are told.
pub fn in_template(template: &str) -> impl Iterator<Item = String> {
    let plain = without(&without(&without(template, "{#", "#}"), "{%", "%}"), "{{", "}}");
    let code = without(&without(&plain, "<code", "</code>"), "<svg", "</svg>");
    let mut found = Vec::new();
    for attribute in ["aria-label", "title", "placeholder", "alt", "data-label"] {
        for (at, mark) in code.match_indices(&format!(" {attribute}=\"")) {
            let rest = &code[at + mark.len()..];
            found.push(rest.split('"').next().unwrap().to_owned());
        }
    }
    let text = without(&code, "<", ">");
    found.extend(text.split('\u{1}').map(|text| text.trim().to_owned()));
    // What is handed to a macro is text as well.
    for expression in between(template, "{{", "}}").chain(between(template, "{%", "%}")) {
        if !["extends", "import", "block", "include", "when"]
            .iter()
            .any(|word| expression.trim_start_matches('-').trim_start().starts_with(word))
        {
            found.extend(literals(&expression).filter(|text| is_sentence(text)));
        }
    }
    found.into_iter().filter(|text| is_ours(text) && !text.contains("=\\"))
}

/// Sentences between quotation marks in a source, but for those of its tests, attributes and comments.
pub fn in_source(source: &str) -> impl Iterator<Item = String> {
    let source = source.split("#[cfg(test)]").next().unwrap();
    let lines: Vec<_> = source
        .lines()
        .filter(|line| {
            let line = line.trim_start();
            !line.starts_with("//") && !line.starts_with("#[") && !line.contains("reason = \"")
        })
        .collect();
    let found: Vec<_> = literals(&lines.join("\n")).filter(|text| is_sentence(text)).collect();
    found.into_iter().filter(|text| {
        is_ours(text)
            && !text.contains("filename=")
            && !text.contains("\"cache\"")
            && !text.contains("charset=")
            && ![
                "place where you may assign this role",
                "kind of problem",
                "change request",
                "secret or key",
            ]
            .contains(&text.as_str())
    })
}

/// What is said in English when something cannot be done, with its values replaced.
pub fn refusals(source: &str) -> impl Iterator<Item = String> {
    const SAYS: [&str; 7] = [
        "Error::Conflict(",
        "Error::NotAllowed(",
        "Error::Widens(",
        "Error::StepUp(",
        "Error::invalid(",
        "#[error(",
        "Self::NotAllowed(",
    ];
    // Told to operators by commands and by the log, not on pages.
    const ELSEWHERE: [&str; 17] = [
        "write the end of a chain",
        "the copy cannot be read",
        "line Ada: Ada",
        "First administrator",
        "Ada, agreed to by Ada",
        "is inconsistent",
        "the database failed",
        "x7",
        "cannot be read",
        "the first line is not the heading",
        "it is missing",
        "its number",
        "it does not follow",
        "it was changed after",
        "it says that it was sealed",
        "it comes after what",
        "it is the last event",
    ];
    let source = source.split("#[cfg(test)]").next().unwrap();
    let mut found = Vec::new();
    for says in SAYS {
        for (at, mark) in source.match_indices(says) {
            let rest = &source[at + mark.len()..];
            let end = rest.find([';', '}']).unwrap_or(rest.len()).min(400);
            let rest: String = rest.chars().take(end.max(300)).collect();
            let Some(said) = literals(&rest).find(|text| is_sentence(text)) else { continue };
            let mut plain = said;
            while let (Some(open), Some(close)) = (plain.find('{'), plain.find('}')) {
                plain.replace_range(open..=close, "x7 h");
            }
            found.push(plain.replace("x7 h", "Ada"));
        }
    }
    found.into_iter().filter(|text| {
        !ELSEWHERE.iter().any(|other| text.starts_with(other) || text.ends_with(other))
    })
}

fn is_sentence(text: &str) -> bool {
    let words = text.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic));
    let starts_big = text.trim_start().chars().next().is_some_and(char::is_uppercase);
    let is_address = text.starts_with(['/', '?', '#', '&']) || text.contains("://");
    let is_class = text.split(' ').all(|word| {
        word.is_empty() || word.contains('-') || word == "button" || word == "gate-card-wide"
    });
    !is_address
        && !is_class
        && (words.count() > 1 || starts_big && text.chars().any(char::is_lowercase))
}

fn literals(code: &str) -> impl Iterator<Item = String> {
    let mut found = Vec::new();
    let mut inside: Option<String> = None;
    let mut letters = code.chars().peekable();
    while let Some(letter) = letters.next() {
        match (&mut inside, letter) {
            (Some(text), '\\') => match letters.next() {
                Some('\n') => while letters.next_if(|next| next.is_whitespace()).is_some() {},
                Some(next) => text.push(next),
                None => {}
            },
            (Some(_), '"') => found.extend(inside.take()),
            (Some(text), letter) => text.push(letter),
            (None, '"') => inside = Some(String::new()),
            (None, '\'') => {
                // A letter by itself, such as the quotation mark.
                if letters.clone().nth(1) == Some('\'') {
                    letters.next();
                    letters.next();
                }
            }
            (None, _) => {}
        }
    }
    found.into_iter()
}

fn between(text: &str, open: &str, close: &str) -> impl Iterator<Item = String> {
    let parts = text.split(open).skip(1).filter_map(|part| part.split_once(close));
    parts.map(|(inside, _)| inside.to_owned()).collect::<Vec<_>>().into_iter()
}

/// The text with a mark in the place of whatever stands between these.
fn without(text: &str, open: &str, close: &str) -> String {
    let mut left = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(open) {
        left.push_str(before);
        left.push('\u{1}');
        rest = after.split_once(close).map_or("", |(_, rest)| rest);
    }
    left.push_str(rest);
    left
}
