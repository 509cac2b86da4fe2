//! The chain: in commit order, by one sealer at a time, and nobody can change it unseen.
use std::{collections::BTreeSet, time::Duration};

use latchkey::{
    domain::{
        actor::Actor,
        audit::{Event, Kind},
    },
    error::Error,
    service::audit::{self, Head, Sealed},
    store::Change,
    worker,
};
use tokio_util::sync::CancellationToken;

use super::{happen, record, seal, world};
use crate::support::World;

/// Says what the walk along the chain found, after `tampering` by somebody who owns the database.
async fn after(tampering: &'static str) -> Option<(i64, String)> {
    let (world, auditor) = world().await;
    assert_eq!(audit::verify(&world.app, &auditor, None).await.unwrap().first_bad, None);
    let sql = format!(
        "set session_replication_role = replica; {tampering}; reset session_replication_role"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&world.owner).await.unwrap();
    let found = audit::verify(&world.app, &auditor, None).await.unwrap();
    assert_eq!(audit::last_verification(&world.app, &auditor).await.unwrap().unwrap(), found);
    found.first_bad.map(|bad| (bad.sequence, bad.problem))
}

fn bad(sequence: i64, problem: &str) -> Option<(i64, String)> {
    Some((sequence, problem.to_owned()))
}

#[tokio::test]
async fn an_edited_event_is_named() {
    let edits = after(
        "update audit_events set actor_name = actor_name || '.'
         where id = (select event_id from audit_seals where sequence = 9)",
    );
    assert_eq!(edits.await, bad(9, "it was changed after it was sealed"));
    let detail = after(
        "update audit_events set detail = (detail::text || ' ')::json
         where id = (select event_id from audit_seals where sequence = 9)",
    );
    assert_eq!(detail.await, bad(9, "it was changed after it was sealed"));
    let sealed_at = after(
        "update audit_seals set sealed_at = sealed_at + interval '1 microsecond' where sequence = 9",
    );
    assert_eq!(sealed_at.await, bad(9, "it was changed after it was sealed"));
}

#[tokio::test]
async fn removed_events_are_named() {
    let last = after(
        "delete from audit_seals where sequence > (select max(sequence) - 3 from audit_seals)",
    );
    let (sequence, problem) = last.await.unwrap();
    assert!(sequence > 20, "{sequence}");
    assert_eq!(problem, "it is missing");
    let events = after(
        "delete from audit_events where id in (select event_id from audit_seals where sequence in (7, 8))",
    );
    assert_eq!(events.await, bad(7, "its number and hash are there, but the event is gone"));
    let both = after(
        "delete from audit_events where id = (select event_id from audit_seals where sequence = 7);
         delete from audit_seals where sequence = 7",
    );
    assert_eq!(both.await, bad(7, "it is missing"));
}

#[tokio::test]
async fn renumbered_events_are_named() {
    let closed_up = after(
        "delete from audit_seals where sequence = 7;
         update audit_seals set sequence = sequence + 1000000 where sequence > 7;
         update audit_seals set sequence = sequence - 1000001 where sequence > 1000000",
    );
    assert_eq!(closed_up.await, bad(7, "it does not follow the event before it"));
    let swapped = after(
        "update audit_seals set sequence = 1000000 where sequence = 7;
         update audit_seals set sequence = 7 where sequence = 8;
         update audit_seals set sequence = 8 where sequence = 1000000",
    );
    assert_eq!(swapped.await, bad(7, "it does not follow the event before it"));
}

/// Whoever also moves the remembered end back is found by whoever has noted an end before.
#[tokio::test]
async fn a_noted_end_shows_what_the_chain_alone_cannot() {
    let (world, auditor) = world().await;
    let noted = audit::head(&world.app, &auditor).await.unwrap();
    assert_eq!(noted.to_string().parse::<Head>(), Ok(noted));
    world
        .execute(
            "set session_replication_role = replica;
             delete from audit_seals where sequence > (select sequence - 3 from audit_head);
             update audit_head set (sequence, hash)
                = (select sequence, hash from audit_seals order by sequence desc limit 1);
             reset session_replication_role",
        )
        .await;
    let alone = audit::verify(&world.app, &auditor, None).await.unwrap();
    assert_eq!(alone.first_bad, None);
    let found = audit::verify(&world.app, &auditor, Some(noted)).await.unwrap().first_bad.unwrap();
    assert_eq!((found.sequence, found.problem.as_str()), (noted.sequence - 2, "it is missing"));
    let forged = Head { sequence: 5, hash: [1; 32] };
    let found = audit::verify(&world.app, &auditor, Some(forged)).await.unwrap().first_bad.unwrap();
    assert_eq!(found.sequence, 5);
}

#[tokio::test]
async fn the_program_itself_cannot_change_the_log() {
    let (world, _) = world().await;
    for sql in [
        "update audit_events set actor_name = 'x'",
        "delete from audit_events",
        "truncate audit_events cascade",
        "update audit_seals set hash = previous_hash",
        "delete from audit_seals",
        "delete from audit_head",
        "alter table audit_events disable trigger all",
        "set session_replication_role = replica",
    ] {
        let tried = sqlx::query(sql).execute(&world.app.database).await;
        let code = tried.unwrap_err().into_database_error().unwrap().code().unwrap().into_owned();
        assert_eq!(code, "42501", "{sql}");
    }
}

#[tokio::test]
async fn numbers_follow_commits() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    seal(&world).await;
    let event = |kind| Event::new(kind).subject(ada);

    // An early event is committed late, and numbered after those that could be seen before it.
    let mut early = Change::begin(&world.app.database, &Actor::system()).await.unwrap();
    early.record(&event(Kind::TokenCreated)).await.unwrap();
    world.advance_seconds(1).await;
    happen(&world, ada, 3).await;
    seal(&world).await;
    early.commit(&event(Kind::TokenRevoked)).await.unwrap();
    seal(&world).await;

    let kinds: Vec<String> = sqlx::query_scalar(
        "select kind from audit_seals join audit_events on id = event_id order by sequence desc limit 5",
    )
    .fetch_all(&world.owner)
    .await
    .unwrap();
    let expected =
        ["token.revoked", "token.created", "person.changed", "person.changed", "person.changed"];
    let (kinds, expected) = (kinds.iter().collect::<BTreeSet<_>>(), expected.map(str::to_owned));
    assert_eq!(kinds, expected.iter().collect());
    let last_two = world
        .count(
            "select count(*) from audit_seals join audit_events on id = event_id
             where kind like 'token.%' and sequence > (select sequence - 2 from audit_head)",
        )
        .await;
    assert_eq!(last_two, 2, "what was committed last has the highest numbers");
    let falling = world
        .count(
            "select count(*) from (
                select sealed_at < lag(sealed_at) over (order by sequence) as fell from audit_seals
             ) as steps where fell",
        )
        .await;
    assert_eq!(falling, 0);
}

#[tokio::test]
async fn two_sealers_and_many_writers_make_one_chain() {
    let world = World::new().await;
    world.run_clock().await;
    let [ada, _] = world.people(["ada", "vera"]).await;
    world.active("vera", "Auditor").await;
    let stop = CancellationToken::new();
    let sealers: Vec<_> =
        (0..2).map(|_| tokio::spawn(worker::seal::run(world.app.clone(), stop.clone()))).collect();
    let writers = (0..8).map(|_| async {
        for _ in 0..25 {
            let event = Event::new(Kind::PersonChanged).subject(ada);
            let mut change = Change::begin(&world.app.database, &Actor::system()).await.unwrap();
            change.record(&event).await.unwrap();
            tokio::task::yield_now().await;
            change.commit(&event).await.unwrap();
            world.app.wake.audit().notify_one();
        }
    });
    futures_util::future::join_all(writers).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let left = world
        .count(
            "select count(*) from audit_events where id not in (select event_id from audit_seals)",
        )
        .await;
    assert_eq!(left, 0, "everything is sealed soon");
    stop.cancel();
    futures_util::future::join_all(sealers).await;
    let auditor = world.actor("vera").await;
    let found = audit::verify(&world.app, &auditor, None).await.unwrap();
    assert_eq!(found.first_bad, None);
    assert!(found.sealed > 400);
    assert_eq!((found.unsealed, found.oldest_unsealed_age), (0, None));
}

#[tokio::test]
async fn one_sealer_at_a_time() {
    let (world, _) = world().await;
    let ada = world.principal("ada");
    happen(&world, ada, 1).await;
    let mut other = world.app.database.begin().await.unwrap();
    let turn = latchkey::store::audit::take_turn(&mut other).await.unwrap();
    assert!(turn.is_some());
    assert_eq!(audit::seal(&world.app, false).await.unwrap(), Sealed::NotOurTurn);
    drop(other);
    let sealed = loop {
        let sealed = audit::seal(&world.app, false).await.unwrap();
        if sealed != Sealed::NotOurTurn {
            break sealed;
        }
    };
    assert_eq!(sealed, Sealed::All(1), "the turn ends with its transaction");
}

/// A database that was restored elsewhere has transactions with lower numbers than its own history.
#[tokio::test]
async fn a_restored_log_is_sealed_on() {
    for restored in [
        "update audit_events set transaction_id = '9000000000000000000'::xid8
         where id not in (select event_id from audit_seals);
         update audit_head set settled_before = '8999999999999999999'",
        "update audit_events set transaction_id = '9000000000000000000'::xid8
         where id not in (select event_id from audit_seals)",
    ] {
        let (world, auditor) = world().await;
        let ada = world.principal("ada");
        happen(&world, ada, 2).await;
        let sql = format!(
            "set session_replication_role = replica; {restored}; reset session_replication_role"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&world.owner).await.unwrap();
        assert_eq!(audit::seal(&world.app, true).await.unwrap(), Sealed::All(2));
        happen(&world, ada, 3).await;
        assert_eq!(audit::seal(&world.app, false).await.unwrap(), Sealed::All(3));
        let found = audit::verify(&world.app, &auditor, None).await.unwrap();
        assert_eq!((found.first_bad, found.unsealed), (None, 0));
    }
}

#[tokio::test]
async fn only_auditors_verify() {
    let (world, _) = world().await;
    let ada = world.actor("ada").await;
    let refused = audit::verify(&world.app, &ada, None).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))));
    assert!(audit::last_verification(&world.app, &ada).await.is_err());
    record(&world, &ada, &Event::new(Kind::PersonChanged)).await;
    let waiting = audit::waiting(&world.app).await.unwrap();
    assert_eq!(waiting.unsealed, 1);
    world.advance_seconds(7).await;
    let waiting = audit::waiting(&world.app).await.unwrap();
    assert_eq!(waiting.oldest, Some(Duration::from_secs(7)));
}
