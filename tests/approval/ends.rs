//! A request ends once, whatever happens in whichever order, or at once.
use std::sync::Arc;

use latchkey::{
    domain::{
        approval::Stage,
        id::RequestId,
        request::{RequestState, Verdict},
        settings::Authentication,
        time::Duration,
    },
    error::Error,
    service::{person, request},
};

use super::{
    HOUR, given_by,
    stages::{ROLE, asked, say, set, staged},
};
use crate::support::{World, reason};

/// What can happen to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Approve,
    Deny,
    Cancel,
    Lapse,
    TakeAway,
    Disable,
}

use Act::{Approve, Cancel, Deny, Disable, Lapse, TakeAway};

const ACTS: [Act; 6] = [Approve, Deny, Cancel, Lapse, TakeAway, Disable];

impl Act {
    /// Where a request that waited stands after it.
    fn leads_to(self) -> RequestState {
        match self {
            Approve => RequestState::Granted,
            Deny => RequestState::Denied,
            Cancel => RequestState::Cancelled,
            Lapse => RequestState::Expired,
            TakeAway | Disable => RequestState::Failed,
        }
    }

    async fn carry_out(self, world: &World, by: &str, request: RequestId) -> Result<(), Error> {
        match self {
            Approve => say(world, by, request, Verdict::Approve).await.map(drop),
            Deny => say(world, by, request, Verdict::Deny).await.map(drop),
            Cancel => {
                // By an administrator: the requester may be disabled by now.
                let root = world.actor("root").await;
                request::cancel(&world.app, &root, request).await
            }
            Lapse => {
                world.advance(Duration::days(1)).await;
                world.run_due().await;
                Ok(())
            }
            TakeAway => {
                let eligibility = world.eligibility("ada", ROLE).await;
                world.take_away("root", eligibility).await
            }
            Disable => {
                let (root, ada) = (world.actor("root").await, world.principal("ada"));
                person::disable(&world.app, &root, ada, &reason()).await
            }
        }
    }
}

/// Bob and eve decide without a code.
fn without_code(world: &World) -> Vec<Stage> {
    vec![Stage { authentication: Authentication::None, ..world.stage(&["bob", "eve"]) }]
}

#[tokio::test]
async fn whatever_comes_second_finds_the_request_as_the_first_left_it() {
    for first in ACTS {
        for second in ACTS {
            let world = staged(without_code).await;
            let request = asked(&world, HOUR).await;
            first.carry_out(&world, "bob", request).await.unwrap();
            let state = world.state(request).await;
            let cancelled = matches!(first, TakeAway | Disable) && state == RequestState::Cancelled;
            assert!(cancelled || state == first.leads_to(), "{first:?}: {state:?}");
            let decisions = world.count("select count(*) from decisions").await;
            let late = second.carry_out(&world, "eve", request).await;
            if matches!(second, Approve | Deny | Cancel) {
                assert!(late.is_err(), "{second:?} after {first:?}");
            }
            assert_eq!(world.state(request).await, state, "{second:?} after {first:?}");
            let after = world.count("select count(*) from decisions").await;
            assert_eq!(after, decisions, "{second:?} after {first:?}");
            world.check_invariants().await;
        }
    }
}

/// How many requesters there are, and how often each of them asks.
const REQUESTERS: usize = 10;
const ROUNDS: usize = 100;

#[tokio::test]
async fn of_a_thousand_pairs_that_approve_and_take_back_at_once_each_has_one_winner() {
    let world = staged(|_| Vec::new()).await;
    set(&world, without_code).await;
    let mut names = Vec::new();
    for number in 0..REQUESTERS {
        let name = format!("requester-{number}");
        world.person(&name).await;
        world.eligible(&name, ROLE).await;
        names.push(name);
    }
    let world = Arc::new(world);
    let mut running = tokio::task::JoinSet::new();
    for name in names {
        let world = Arc::clone(&world);
        running.spawn(async move {
            let mut approvals = 0;
            for _ in 0..ROUNDS {
                let request = world.activate(&name, ROLE, HOUR).await.unwrap().request;
                let requester = world.actor(&name).await;
                let (approved, cancelled) = tokio::join!(
                    say(&world, "bob", request, Verdict::Approve),
                    request::cancel(&world.app, &requester, request)
                );
                match (approved, cancelled) {
                    (Ok(RequestState::Granted), Err(Error::Refused(_) | Error::Conflict(_))) => {
                        approvals += 1;
                        world.deactivate(&name, given_by(&world, request).await).await.unwrap();
                    }
                    (Err(Error::Refused(_) | Error::Conflict(_)), Ok(())) => {}
                    both => panic!("one wins: {both:?}"),
                }
            }
            approvals
        });
    }
    let approvals: i64 = running.join_all().await.into_iter().sum();
    let (requests, twice) = (
        world.count("select count(*) from requests").await,
        world
            .count(
                "select count(*) from requests
                 where 1 <> (
                     select count(*) from audit_events
                     where request_id = requests.id and kind in ('request.approved', 'request.cancelled')
                 )",
            )
            .await,
    );
    assert_eq!((requests, twice), (1000, 0), "each has one word that ended it");
    assert_eq!(world.count("select count(*) from decisions").await, approvals);
    world.check_invariants().await;
}
