//! Tickets: looked up before access is given, and access that ends with them.
use latchkey::{
    config,
    domain::{
        id::RequestId,
        text::{TicketNumber, TicketSystem},
        time::Duration,
    },
    error::Error,
    gateway,
    service::{
        activation::{self, Reasons, Requested},
        ticket,
    },
};
use serde_json::{Value, json};

use crate::support::{Mood, Receiver, World};

/// A ticket system that asks this receiver.
fn system(receiver: &Receiver, more: &Value) -> config::TicketSystem {
    let mut values = json!({
        "pattern": "INC-[0-9]+",
        "link": "https://tickets.example.org/browse/{number}",
        "lookup_url": format!("{}/issue/{{number}}", receiver.url),
        "token": "a token for tickets",
        "open_pointer": "/state",
        "open_values": ["open"],
        "assignee_pointer": "/assignee",
        "allow_private_networks": true,
        "allow_http": true,
    });
    for (name, value) in more.as_object().unwrap() {
        values[name] = value.clone();
    }
    serde_json::from_value(values).unwrap()
}

/// A world with a ticket system, and a role that asks for a ticket.
async fn world(receiver: &Receiver, more: Value) -> World {
    world_with(vec![("jira".to_owned(), system(receiver, &more))]).await
}

/// The same with these ticket systems.
async fn world_with(systems: Vec<(String, config::TicketSystem)>) -> World {
    let mut world = World::new().await;
    let systems = systems.into_iter().collect();
    world.app.ticket_systems = gateway::ticket::all(&systems).unwrap().into();
    world.person("ada").await;
    world.role("Operator", |settings| settings.activation.requires_ticket = true).await;
    world.role("Reader", |_| {}).await;
    world.eligible("ada", "Operator").await;
    world.eligible("ada", "Reader").await;
    world
}

fn says(receiver: &Receiver, state: &str, assignee: &str) {
    let answer = json!({ "state": state, "assignee": assignee });
    receiver.set(Mood::Answer(200, answer.to_string()));
}

async fn activate(
    world: &World,
    role: &str,
    number: &str,
    system: &str,
) -> Result<Requested, Error> {
    let actor = world.actor("ada").await;
    let wish = world.wish("ada", role, Duration::hours(1)).await;
    let reasons = Reasons {
        ticket_number: number.parse::<TicketNumber>().unwrap(),
        ticket_system: system.parse::<TicketSystem>().unwrap(),
        ..Reasons::default()
    };
    let mut done = activation::activate(&world.app, &actor, &[wish], &reasons, None).await?;
    done.remove(0).outcome
}

async fn wrong(world: &World, number: &str, system: &str) -> (String, String) {
    match activate(world, "Operator", number, system).await {
        Err(Error::Invalid(mut faults)) => {
            let fault = faults.remove(0);
            (fault.field.to_string(), fault.message.clone())
        }
        outcome => panic!("{outcome:?}"),
    }
}

async fn verified(world: &World, request: RequestId) -> Option<String> {
    ticket::verified(&world.app, request).await.unwrap().map(|(_, found)| found.state)
}

#[tokio::test]
async fn a_ticket_must_be_one_of_a_known_system() {
    let receiver = Receiver::start().await;
    let world = world(&receiver, json!({})).await;
    says(&receiver, "open", "");
    let (field, message) = wrong(&world, "INC-1", "elsewhere").await;
    assert_eq!((field.as_str(), message.as_str()), ("ticket_system", "choose one of: jira"));
    assert_eq!(wrong(&world, "INC-1 or so", "jira").await.0, "ticket_number");
    assert_eq!(wrong(&world, "INC-1/../../admin", "jira").await.0, "ticket_number");
    assert!(receiver.asked().is_empty(), "nobody is asked about what cannot be a ticket");

    let given = activate(&world, "Operator", "INC-1", "jira").await.unwrap();
    assert_eq!(verified(&world, given.request).await.as_deref(), Some("open"));
    let asked = receiver.asked().remove(0);
    assert_eq!(
        (asked.path.as_str(), asked.header("authorization")),
        ("/issue/INC-1", "Bearer a token for tickets")
    );
    let link = ticket::link(&world.app, "jira", "INC-1");
    assert_eq!(link.as_deref(), Some("https://tickets.example.org/browse/INC-1"));
    assert_eq!(ticket::link(&world.app, "jira", "javascript:alert(1)"), None);
}

#[tokio::test]
async fn a_role_that_asks_for_a_ticket_takes_none_that_is_closed_foreign_or_unknown() {
    let receiver = Receiver::start().await;
    let world = world(&receiver, json!({ "assignee_must_be_requester": true })).await;
    says(&receiver, "done", "ada@example.org");
    assert!(wrong(&world, "INC-1", "jira").await.1.contains("jira says \"done\""));
    says(&receiver, "open", "eve@example.org");
    assert!(wrong(&world, "INC-1", "jira").await.1.contains("assigned to somebody else"));
    receiver.set(Mood::Answer(404, String::new()));
    assert!(wrong(&world, "INC-1", "jira").await.1.contains("knows no such ticket"));
    for (status, text) in [(500, "{}"), (200, "no json"), (302, ""), (200, "{}")] {
        receiver.set(Mood::Answer(status, text.to_owned()));
        let (field, message) = wrong(&world, "INC-1", "jira").await;
        assert_eq!(field, "ticket_number", "{message}");
    }
    assert_eq!(world.count("select count(*) from requests").await, 0);
    // A role that asks for no ticket is not refused for one, but nothing was verified.
    let given = activate(&world, "Reader", "INC-1", "jira").await.unwrap();
    assert_eq!(verified(&world, given.request).await, None);
    says(&receiver, "open", "Ada@Example.org");
    assert!(activate(&world, "Operator", "INC-1", "jira").await.is_ok());
}

#[tokio::test]
async fn access_ends_when_its_ticket_is_closed_and_its_holder_is_told() {
    let receiver = Receiver::start().await;
    let world = world(&receiver, json!({ "ends_access": true })).await;
    says(&receiver, "open", "");
    activate(&world, "Operator", "INC-1", "jira").await.unwrap();
    assert_eq!(ticket::end_closed(&world.app).await.unwrap(), 0);
    for mood in [Mood::Answer(500, String::new()), Mood::Answer(404, String::new())] {
        receiver.set(mood);
        assert_eq!(ticket::end_closed(&world.app).await.unwrap(), 0, "doubt ends nothing");
    }
    assert!(world.holds("ada", "Operator").await);
    says(&receiver, "done", "");
    assert_eq!(ticket::end_closed(&world.app).await.unwrap(), 1);
    assert!(!world.holds("ada", "Operator").await);
    assert_eq!(ticket::end_closed(&world.app).await.unwrap(), 0);
    let reason: String =
        sqlx::query_scalar("select end_reason::text from assignments where origin = 'activated'")
            .fetch_one(&world.owner)
            .await
            .unwrap();
    assert_eq!(reason, "ticket_closed");
    let told = "select count(*) from outbox where subject like 'Ended: Operator at %' \
                and body like '%because its ticket was closed%Ticket: INC-1 · jira%'";
    assert_eq!(world.count(told).await, 1);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_system_that_does_not_answer_holds_up_no_other() {
    let (hanging, other) = (Receiver::start().await, Receiver::start().await);
    let ends_access = json!({ "ends_access": true });
    let world = world_with(vec![
        ("a hanging one".to_owned(), system(&hanging, &ends_access)),
        ("jira".to_owned(), system(&other, &ends_access)),
    ])
    .await;
    says(&hanging, "open", "");
    says(&other, "open", "");
    activate(&world, "Operator", "INC-1", "a hanging one").await.unwrap();
    activate(&world, "Reader", "INC-1", "jira").await.unwrap();
    hanging.set(Mood::Hang);
    says(&other, "done", "");
    let app = world.app.clone();
    let round = tokio::spawn(async move { ticket::end_closed(&app).await });
    let ended = "select count(*) from assignments where end_reason = 'ticket_closed'";
    let ending = async {
        while world.count(ended).await == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let patience = std::time::Duration::from_secs(8);
    tokio::time::timeout(patience, ending).await.expect("the other system is asked beside it");
    assert!(!round.is_finished(), "the first one still hangs");
    assert!(world.holds("ada", "Operator").await, "doubt ends nothing");
    round.abort();
    world.check_invariants().await;
}

#[tokio::test]
async fn a_system_that_cannot_be_asked_is_asked_once_in_a_round() {
    let receiver = Receiver::start().await;
    let world = world(&receiver, json!({ "ends_access": true })).await;
    says(&receiver, "open", "");
    activate(&world, "Operator", "INC-1", "jira").await.unwrap();
    activate(&world, "Reader", "INC-2", "jira").await.unwrap();
    let before = receiver.asked().len();
    receiver.set(Mood::Answer(500, String::new()));
    assert_eq!(ticket::end_closed(&world.app).await.unwrap(), 0);
    assert_eq!(receiver.asked().len(), before + 1);
    says(&receiver, "done", "");
    assert_eq!(ticket::end_closed(&world.app).await.unwrap(), 2);
    world.check_invariants().await;
}

#[tokio::test]
async fn access_that_cannot_be_ended_holds_up_no_other() {
    let receiver = Receiver::start().await;
    let world = world(&receiver, json!({ "ends_access": true })).await;
    says(&receiver, "open", "");
    for role in ["Operator", "Reader"] {
        activate(&world, role, "INC-1", "jira").await.unwrap();
    }
    world
        .execute(
            "create function refuse() returns trigger language plpgsql as $$
             begin
                 if (select name from roles where id = new.role_id) = 'Operator' then
                     raise exception 'not this one';
                 end if;
                 return new;
             end $$;
             create trigger refuse before update on assignments
                 for each row execute function refuse()",
        )
        .await;
    says(&receiver, "done", "");
    assert_eq!(ticket::end_closed(&world.app).await.unwrap(), 1);
    assert!(world.holds("ada", "Operator").await && !world.holds("ada", "Reader").await);
    world.execute("drop trigger refuse on assignments").await;
    assert_eq!(ticket::end_closed(&world.app).await.unwrap(), 1);
    world.check_invariants().await;
}
