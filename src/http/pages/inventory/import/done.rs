//! An import that is closed.
use super::{
    super::super::{
        page::{Answer, Opened, Page, show},
        say::Reader,
        view::{
            Fact, Pages,
            frame::Section,
            inventory::{ImportDone, ImportedRow},
        },
    },
    Begin, outcome, said, word,
};
use crate::{
    domain::inventory,
    http::language::tell,
    service::inventory::import::{self, PAGE, Row, RowOutcome, State, Told},
};

/// Draws it.
pub(super) async fn draw(page: &Page, told: &Told, begin: &Begin) -> Answer {
    let (outcome_wanted, name) = match begin.outcome.as_str() {
        "left_out" => (RowOutcome::LeftOut, "left_out"),
        "already" => (RowOutcome::Already, "already"),
        _ => (RowOutcome::Made, "made"),
    };
    let after = begin.after.parse().unwrap_or_default();
    let rows = if told.state == State::Done {
        import::rows(&page.app, &page.actor, told.id, Some(outcome_wanted), after).await?
    } else {
        Vec::new()
    };
    let Opened { frame, reader, .. } = page.open(Section::Inventory).await?;
    let link = format!("/inventory/imports/{}", told.id);
    let is_full = i64::try_from(rows.len()).unwrap_or(i64::MAX) >= PAGE;
    let next = rows.last().filter(|_| is_full);
    show(&ImportDone {
        file: told.file_name.clone(),
        state: word(told.state),
        sentence: outcome(told),
        facts: facts(told, &reader),
        outcome: name,
        outcomes: if told.state == State::Done {
            [
                ("made", told.made, tell!("inventory-made")),
                ("already", told.already, tell!("inventory-there-already")),
                ("left_out", told.left_out, tell!("inventory-left-out")),
            ]
            .into_iter()
            .map(|(name, count, words)| {
                (format!("{link}?outcome={name}"), words, count.unwrap_or_default(), name)
            })
            .collect()
        } else {
            Vec::new()
        },
        pages: Pages {
            first: String::new(),
            next: next
                .map(|last| format!("{link}?outcome={name}&after={}", last.line))
                .unwrap_or_default(),
        },
        rows: rows.iter().map(imported).collect(),
        frame,
    })
}

fn imported(row: &Row) -> ImportedRow {
    ImportedRow {
        line: row.line,
        said: said(&row.said.0),
        notes: row.notes.iter().map(|note| super::told(note)).collect(),
        link: row.assignment.map(|id| format!("/assignments/{id}")).unwrap_or_default(),
    }
}

fn facts(told: &Told, reader: &Reader) -> Vec<Fact> {
    let mut facts = vec![
        Fact::new(tell!("word-by"), told.by_name.clone()),
        Fact::at(tell!("inventory-handed-in"), reader.instant(told.created_at)),
    ];
    if let Some(closed) = told.closed_at {
        facts.push(Fact::at(tell!("inventory-closed"), reader.instant(closed)));
    }
    facts.push(Fact::new(tell!("inventory-rows"), told.rows_read.to_string()));
    facts.push(Fact::new("SHA-256", data_encoding::HEXLOWER.encode(&told.digest)));
    let mapping = told.mapping.as_ref().map(|mapping| &mapping.0);
    for (field, name, _) in inventory::Field::ALL {
        if let Some(column) = mapping.and_then(|mapping| mapping.column(field)) {
            let label = super::label(name);
            facts.push(Fact::new(tell!("inventory-from", label = label), column.to_owned()));
        }
    }
    facts
}
