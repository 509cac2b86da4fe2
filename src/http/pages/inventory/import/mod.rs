//! Bringing in what is held elsewhere: the file, the mapping, the preview, what came of it.
use axum::{
    extract::Path,
    response::{IntoResponse as _, Redirect},
};
use axum_extra::extract::Query;
use serde::Deserialize;

use super::super::{
    faults::Faults,
    page::{Answer, Opened, Page, answer, id, show},
    say::Reader,
    view::{
        Pages,
        form::Field,
        frame::Section,
        inventory::{ImportRow, Imports, NewImport},
    },
};
use crate::{
    domain::{
        id::{ImportId, PrincipalId},
        inventory::Said,
        language::recognise,
    },
    http::{
        csrf::ProtectedParts,
        language::{tell, translate},
    },
    service::inventory::import::{self, PAGE, State, Told},
};

mod done;
mod draft;
mod preview;

pub use draft::{confirm, discard, map};

/// Where a page of a list begins, in the address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Begin {
    before: String,
    after: String,
    outcome: String,
}

/// The imports.
pub async fn list(page: Page, Query(begin): Query<Begin>) -> Answer {
    let found = import::list(&page.app, &page.actor, begin.before.parse().ok()).await?;
    let Opened { frame, reader, .. } = page.open(Section::Inventory).await?;
    let may_import = import::may(&page.app, &page.actor).await?;
    let is_full = i64::try_from(found.len()).unwrap_or(i64::MAX) >= PAGE;
    let next = found.last().filter(|_| is_full);
    show(&Imports {
        may_import,
        pages: Pages {
            first: String::new(),
            next: next
                .map(|last| format!("/inventory/imports?before={}", last.id))
                .unwrap_or_default(),
        },
        rows: found.iter().map(|told| row(told, page.user.principal, &reader)).collect(),
        frame,
    })
}

/// What is to be noted about a row, with the column before it that it is about.
fn told(note: &str) -> String {
    match note.split_once(": ") {
        Some((column, rest)) if recognise(note).is_none() => {
            format!("{column}: {}", translate(rest))
        }
        _ => translate(note),
    }
}

/// What a field of the mapping is called.
fn label(name: &str) -> String {
    tell!(&format!("inventory-field-{}", name.replace('_', "-")))
}

fn row(told: &Told, account: PrincipalId, reader: &Reader) -> ImportRow {
    let goes_on = told.state != State::Draft || told.created_by == account;
    ImportRow {
        link: if goes_on { format!("/inventory/imports/{}", told.id) } else { String::new() },
        file: told.file_name.clone(),
        state: word(told.state),
        by: told.by_name.clone(),
        at: reader.instant(told.created_at),
        outcome: outcome(told),
    }
}

fn word(state: State) -> String {
    match state {
        State::Draft => tell!("inventory-draft"),
        State::Done => tell!("word-done"),
        State::Discarded => tell!("inventory-thrown-away"),
    }
}

fn number(count: Option<i32>) -> usize {
    count.and_then(|count| usize::try_from(count).ok()).unwrap_or_default()
}

/// What came of an import, in a sentence.
fn outcome(told: &Told) -> String {
    if told.state != State::Done {
        return tell!("inventory-rows-counted", rows = number(Some(told.rows_read)));
    }
    let mut said = vec![
        tell!("inventory-assignments-made", made = number(told.made)),
        tell!("inventory-there-already-of", already = number(told.already)),
    ];
    let more = [
        (number(told.left_out), "inventory-count-left-out"),
        (number(told.shortened), "inventory-count-shortened"),
        (number(told.roles_made), "inventory-count-new-roles"),
        (number(told.scopes_made), "inventory-count-new-places"),
    ];
    said.extend(
        more.iter().filter(|(count, _)| *count > 0).map(|(count, key)| tell!(key, count = count)),
    );
    said.join(", ")
}

/// The form that takes a file.
pub async fn new(page: Page) -> Answer {
    draw_new(&page, Faults::default(), "").await
}

async fn draw_new(page: &Page, mut faults: Faults, text: &str) -> Answer {
    import::refuse_others(&page.app, &page.actor).await?;
    let Opened { frame, .. } = page.open(Section::Inventory).await?;
    let status = faults.status();
    let view = NewImport {
        file: faults.take("file", ""),
        text: Field::new(text),
        problems: faults.rest(),
        frame,
    };
    answer(status, &view)
}

/// Takes a file, or what was pasted.
pub async fn create(page: Page, ProtectedParts(parts): ProtectedParts) -> Answer {
    let file = parts.iter().find(|part| part.name == "file" && !part.bytes.is_empty());
    let text = parts.iter().find(|part| part.name == "text");
    let pasted = text.map(|part| String::from_utf8_lossy(&part.bytes)).unwrap_or_default();
    let (name, bytes) = match file {
        Some(file) => (file.file_name.clone().unwrap_or_default(), file.bytes.as_ref()),
        None => (tell!("inventory-pasted-list"), pasted.as_bytes()),
    };
    if bytes.is_empty() {
        return draw_new(
            &page,
            Faults::field("file", tell!("inventory-choose-a-file-or-paste")),
            "",
        )
        .await;
    }
    match import::upload(&page.app, &page.actor, &name, bytes).await {
        Ok(id) => Ok(Redirect::to(&format!("/inventory/imports/{id}")).into_response()),
        Err(error) => {
            let shown = if pasted.len() < 100_000 { pasted.as_ref() } else { "" };
            draw_new(&page, Faults::of(error)?, shown).await
        }
    }
}

/// One import: its mapping and preview, or what came of it.
pub async fn one(page: Page, Path(import): Path<String>, Query(begin): Query<Begin>) -> Answer {
    let id: ImportId = id(&import, "import")?;
    let told = import::show(&page.app, &page.actor, id).await?;
    if told.state == State::Draft && told.created_by == page.user.principal {
        draft::draw(&page, id, Faults::default(), None).await
    } else {
        done::draw(&page, &told, &begin).await
    }
}

/// What a row says, in one line.
fn said(said: &Said) -> String {
    [&said.principal, &said.role, &said.scope]
        .into_iter()
        .filter(|text| !text.is_empty())
        .map(|text| text.chars().take(80).collect::<String>())
        .collect::<Vec<_>>()
        .join(" · ")
}
