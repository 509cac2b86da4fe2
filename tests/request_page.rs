//! The page of a request: what is typed there stays, and it leads back to where its reader came from.
use std::fmt::Write as _;

use axum::{body::Body, http::Request};
use latchkey::domain::{id::RequestId, percent, time::Duration};

use crate::support::{World, approved_by};

const ROLE: &str = "Database operator";

/// A request of Ada's that waits for Bob.
async fn waiting() -> (World, RequestId) {
    let world = World::new().await;
    world.people(["ada", "bob"]).await;
    let approver = world.principal("bob");
    world
        .role(ROLE, |terms| {
            terms.activation.requires_approval = true;
            terms.activation.stages = approved_by([approver]);
        })
        .await;
    world.eligible("ada", ROLE).await;
    let asked = world.activate("ada", ROLE, Duration::hours(1)).await.unwrap();
    (world, asked.request)
}

async fn read(world: &World, name: &str, request: RequestId) -> String {
    let (_, session) = world.signed_in(name).await;
    let read = Request::get(format!("/requests/{request}"))
        .header("cookie", format!("__Host-latchkey={}", &*session.reveal()))
        .body(Body::empty());
    let answer = world.send(read.unwrap()).await;
    assert_eq!(answer.status, 200);
    String::from_utf8(answer.body.to_vec()).unwrap()
}

/// Presses a button of Bob's with these fields filled in.
async fn press(
    world: &World,
    request: RequestId,
    button: &str,
    fields: &[(&str, &str)],
) -> (u16, String) {
    let (_, session) = world.signed_in("bob").await;
    let mut body = format!("csrf={}", world.app.keys.form_token(&session.hash()));
    for (name, value) in fields {
        write!(body, "&{name}={}", percent::encode(value)).unwrap();
    }
    let sent = Request::post(format!("/requests/{request}/{button}"))
        .header("cookie", format!("__Host-latchkey={}", &*session.reveal()))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(body));
    let answer = world.send(sent.unwrap()).await;
    (answer.status, String::from_utf8(answer.body.to_vec()).unwrap())
}

#[tokio::test]
async fn what_was_typed_for_the_decision_stays_whatever_else_is_done() {
    let (world, request) = waiting().await;
    let draft = [("justification", "I have read the log."), ("duration", "30 min")];
    let (status, page) = press(&world, request, "claim", &draft).await;
    assert_eq!(status, 200, "{page}");
    assert!(page.contains("You are looking at it."), "{page}");
    assert!(page.contains(">I have read the log.</textarea>"), "{page}");
    assert!(page.contains("value=\"30 min\""), "{page}");
    let written = [draft[0], ("comment", "Which server is it?")];
    let (status, page) = press(&world, request, "comment", &written).await;
    assert_eq!(status, 200, "{page}");
    assert!(page.contains(">I have read the log.</textarea>"), "{page}");
    assert!(page.contains(">Which server is it?</blockquote>"), "{page}");
    assert!(!page.contains(">Which server is it?</textarea>"), "it was sent: {page}");
    let (status, page) = press(&world, request, "release", &[("duration", "1 h")]).await;
    assert_eq!(status, 303, "nothing was typed: {page}");
    world.check_invariants().await;
}

#[tokio::test]
async fn an_approver_goes_back_to_approvals_before_and_after_and_what_was_denied_is_over() {
    let (world, request) = waiting().await;
    let approvals = "class=\"back\" href=\"/approvals\"";
    let requests = "class=\"back\" href=\"/requests\"";
    let page = read(&world, "bob", request).await;
    assert!(page.contains(approvals) && page.contains("name=\"comment\""), "{page}");
    world.deny("bob", request).await.unwrap();
    let page = read(&world, "bob", request).await;
    assert!(page.contains(approvals) && !page.contains("name=\"comment\""), "{page}");
    let page = read(&world, "ada", request).await;
    assert!(page.contains(requests) && !page.contains("name=\"comment\""), "{page}");
    world.check_invariants().await;
}
