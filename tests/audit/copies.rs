//! Copies: exactly what was filtered, safe in spreadsheets, and verified without the database.
use std::io::BufReader;

use futures_util::TryStreamExt;
use latchkey::{
    domain::{
        actor::Actor,
        audit::{Copied, Event, Filter, Format, Kind},
    },
    error::Error,
    service::audit,
};
use serde_json::json;

use super::{record, world};
use crate::support::World;

async fn copy(world: &World, auditor: &Actor, filter: &Filter, format: Format) -> String {
    let export = audit::export(&world.app, auditor, filter, format).await.unwrap();
    let pieces: Vec<Vec<u8>> = export.into_pieces().try_collect().await.unwrap();
    String::from_utf8(pieces.concat()).unwrap()
}

fn verify(copy: &str, format: Format) -> Copied {
    audit::verify_copy(BufReader::new(copy.as_bytes()), format).unwrap()
}

#[tokio::test]
async fn a_copy_verifies_without_the_database() {
    let (world, auditor) = world().await;
    for format in [Format::Csv, Format::JsonLines] {
        let text = copy(&world, &auditor, &Filter::default(), format).await;
        let head = audit::head(&world.app, &auditor).await.unwrap();
        let copied = verify(&text, format);
        assert_eq!(copied.first_bad, None);
        assert_eq!((copied.pieces, copied.first, copied.unsealed), (1, Some(1), 0), "{format:?}");
        assert_eq!(copied.last, Some(head), "{format:?}");
        let edited = text.replacen("A test", "A rest", 1);
        assert_ne!(edited, text);
        assert!(verify(&edited, format).first_bad.is_some(), "{format:?}");
        world.advance_seconds(1).await;
    }
}

#[tokio::test]
async fn a_copy_holds_what_was_filtered_and_is_recorded() {
    let (world, auditor) = world().await;
    let filter = Filter { kind: Some(Kind::PersonChanged), ..Filter::default() };
    let text = copy(&world, &auditor, &filter, Format::JsonLines).await;
    assert_eq!(text.lines().count(), 20);
    assert!(text.lines().all(|line| line.contains(r#""kind":"person.changed""#)));
    assert!(!text.contains("audit.exported"), "a copy tells of what was before it");
    let detail: serde_json::Value = sqlx::query_scalar(
        "select detail from audit_events where kind = 'audit.exported' and actor_name = 'vera'",
    )
    .fetch_one(&world.owner)
    .await
    .unwrap();
    assert_eq!(detail["format"], "json_lines");
    assert_eq!(detail["filter"]["kind"], "person.changed");
}

#[tokio::test]
async fn no_cell_of_a_copy_is_a_formula() {
    let (world, auditor) = world().await;
    world.execute("update persons set display_name = '=HYPERLINK(\"https://evil.example\")' where display_name = 'ada'").await;
    let ada = world.principal("ada");
    record(&world, &Actor::system(), &Event::new(Kind::PersonChanged).subject(ada)).await;
    world.advance_seconds(1).await;
    let text = copy(&world, &auditor, &Filter::default(), Format::Csv).await;
    assert!(text.contains(r#""'=HYPERLINK(""https://evil.example"")""#));
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    for record in reader.records() {
        for cell in &record.unwrap() {
            assert!(
                !cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']),
                "{cell:?}"
            );
        }
    }
    assert_eq!(verify(&text, Format::Csv).first_bad, None);
}

#[tokio::test]
async fn many_events_come_in_many_pieces_and_none_twice() {
    let (world, auditor) = world().await;
    world
        .execute(
            "insert into audit_events (id, at, kind, outcome, actor_kind, actor_name, detail)
             select gen_random_uuid(), instant() - (n / 700) * interval '1 second', 'person.changed', 'success',
                'system', 'Latchkey', json_build_object('number', n, 'filling', repeat('x', 600))
             from generate_series(1, 5000) n",
        )
        .await;
    world.advance_seconds(1).await;
    for format in [Format::Csv, Format::JsonLines] {
        let export = audit::export(&world.app, &auditor, &Filter::default(), format).await.unwrap();
        let pieces: Vec<Vec<u8>> = export.into_pieces().try_collect().await.unwrap();
        assert!(pieces.len() > 5, "{}", pieces.len());
        assert!(pieces.iter().all(|piece| piece.len() < 640 * 1024));
        let copied = verify(&String::from_utf8(pieces.concat()).unwrap(), format);
        assert_eq!((copied.first_bad, copied.pieces, copied.unsealed), (None, 1, 0));
        assert!(copied.events > 5000);
    }
}

#[tokio::test]
async fn only_auditors_take_copies() {
    let (world, _) = world().await;
    let ada = world.actor("ada").await;
    let refused = audit::export(&world.app, &ada, &Filter::default(), Format::Csv).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))));
}

#[tokio::test]
async fn the_largest_event_is_stored_and_taken_away_whole() {
    let (world, auditor) = world().await;
    let reason = "\u{1F512}\"\n".repeat(8000);
    record(&world, &auditor, &Event::new(Kind::PersonChanged).detail(json!({ "reason": reason })))
        .await;
    world.advance_seconds(1).await;
    for format in [Format::Csv, Format::JsonLines] {
        let text = copy(&world, &auditor, &Filter::default(), format).await;
        assert_eq!(verify(&text, format).first_bad, None, "{format:?}");
    }
}
