//! Reading the log: by filter, page by page, and everybody's own.
use latchkey::{
    domain::{
        actor::Actor,
        audit::{Event, Filter, Kind, Outcome},
        id::RequestId,
        time::Duration,
    },
    error::Error,
    service::audit,
};

use super::{happen, record, world};

#[tokio::test]
async fn pages_follow_one_another_without_gap_or_repeat() {
    let (world, auditor) = world().await;
    world.advance(Duration::minutes(1)).await;
    happen(&world, world.principal("vera"), 7).await;
    let all = audit::events(&world.app, &auditor, &Filter::default(), None, 200).await.unwrap();
    assert_eq!(all.next, None);
    let (mut read, mut cursor) = (Vec::new(), None);
    loop {
        let page =
            audit::events(&world.app, &auditor, &Filter::default(), cursor, 4).await.unwrap();
        assert!(page.entries.len() <= 4);
        read.extend(page.entries);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(read, all.entries);
    assert!(
        read.is_sorted_by(|one, other| (one.at, one.id) > (other.at, other.id)),
        "newest first"
    );
}

#[tokio::test]
async fn every_filter_narrows_the_list() {
    let (world, auditor) = world().await;
    let (ada, vera) = (world.principal("ada"), world.principal("vera"));
    let request = RequestId::new();
    let role = world.role_id("Auditor");
    world.advance(Duration::minutes(1)).await;
    let start = world.now().await;
    world.advance(Duration::minutes(1)).await;
    let event = Event::refused(Kind::ActivationRefused)
        .subject(ada)
        .role(role, latchkey::domain::id::ScopeId::ROOT)
        .request(request);
    record(&world, &auditor, &event).await;
    world.advance(Duration::minutes(1)).await;
    record(&world, &Actor::system(), &Event::new(Kind::ActivationEnded).request(request)).await;

    let count = async |filter: Filter| {
        audit::events(&world.app, &auditor, &filter, None, 200).await.unwrap().entries.len()
    };
    let any = Filter::default();
    let all = count(any).await;
    assert!(all > 20);
    assert_eq!(count(Filter { from: Some(start), until: None, ..any }).await, 2);
    let before = Filter { until: Some(start + Duration::minutes(2)), from: Some(start), ..any };
    assert_eq!(count(before).await, 1);
    assert_eq!(count(Filter { actor: Some(vera), ..any }).await, 1);
    assert_eq!(count(Filter { subject: Some(ada), ..any }).await, 21);
    assert_eq!(count(Filter { role: Some(role), outcome: Some(Outcome::Refused), ..any }).await, 1);
    assert_eq!(count(Filter { kind: Some(Kind::PersonChanged), ..any }).await, 20);
    assert_eq!(count(Filter { outcome: Some(Outcome::Failure), ..any }).await, 0);
    assert_eq!(count(Filter { request: Some(request), ..any }).await, 2);
    assert_eq!(count(Filter { request: Some(request), actor: Some(vera), ..any }).await, 1);

    let story = audit::story(&world.app, &auditor, request).await.unwrap();
    let kinds: Vec<_> = story.iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!(kinds, ["activation.refused", "activation.ended"], "oldest first");
    let unknown = audit::story(&world.app, &auditor, RequestId::new()).await;
    assert!(matches!(unknown, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn everybody_reads_their_own_and_nothing_else() {
    let (world, auditor) = world().await;
    let ada = world.actor("ada").await;
    let from_afar = Actor { address: Some([192, 0, 2, 7].into()), ..auditor };
    let about_ada = Event::new(Kind::PersonChanged).subject(world.principal("ada"));
    record(&world, &from_afar, &about_ada).await;
    record(&world, &from_afar, &Event::new(Kind::PersonChanged)).await;
    let own = Actor { address: Some([192, 0, 2, 8].into()), ..ada.clone() };
    record(&world, &own, &about_ada).await;

    let refused = audit::events(&world.app, &ada, &Filter::default(), None, 50).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))));
    let mine = audit::mine(&world.app, &ada, None, 50).await.unwrap().entries;
    assert_eq!(mine.len(), 22);
    for entry in &mine {
        let is_own = entry.actor == Some(world.principal("ada"));
        assert!(is_own || entry.subject == Some(world.principal("ada")));
        assert_eq!(entry.address.is_some(), is_own, "where others were is theirs");
        assert!(is_own || entry.session.is_none());
    }
    let nobody = Actor { who: latchkey::domain::actor::Who::Anonymous, ..ada };
    assert!(audit::mine(&world.app, &nobody, None, 50).await.is_err());
    assert!(audit::events(&world.app, &nobody, &Filter::default(), None, 50).await.is_err());
}
