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

use super::{record, seal, world};
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

/// A second implementation, by the description alone.
#[tokio::test]
async fn the_program_in_the_documentation_verifies_a_copy() {
    let (world, auditor) = world().await;
    let text = copy(&world, &auditor, &Filter::default(), Format::JsonLines).await;
    let edited = text.replacen("A test", "A rest", 1);
    let manual = include_str!("../../docs/audit.md");
    let program = manual.split("```python\n").nth(1).unwrap().split("```").next().unwrap();
    let python = std::env::var_os("LATCHKEY_TEST_PYTHON").expect("run script/test");
    let mut said = Vec::new();
    for copy in [&text, &edited] {
        let file = std::env::temp_dir().join(format!("latchkey-copy-{}", uuid::Uuid::now_v7()));
        std::fs::write(&file, copy).unwrap();
        let run = std::process::Command::new(&python).args(["-c", program]).arg(&file).output();
        let run = run.unwrap();
        std::fs::remove_file(&file).unwrap();
        said.push((
            run.status.success(),
            String::from_utf8([run.stdout, run.stderr].concat()).unwrap(),
        ));
    }
    let count = text.lines().count();
    let whole = format!("{count} events are as they were sealed; the last is number {count}\n");
    assert_eq!(said[0], (true, whole));
    assert!(!said[1].0 && said[1].1.contains("was changed after it was sealed"), "{said:?}");
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
                'system', 'Latchkey', json_build_object('number', n, 'filling', repeat('x', (n % 7) * 1000))
             from generate_series(1, 5000) n",
        )
        .await;
    world.advance_seconds(1).await;
    seal(&world).await;
    for format in [Format::Csv, Format::JsonLines] {
        let export = audit::export(&world.app, &auditor, &Filter::default(), format).await.unwrap();
        let pieces: Vec<Vec<u8>> = export.into_pieces().try_collect().await.unwrap();
        assert!(pieces.len() > 3, "{}", pieces.len());
        assert!(pieces.iter().all(|piece| piece.len() < 2200 * 1024));
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
