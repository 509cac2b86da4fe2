//! Who is told of what: by the rules of a role, by what people chose, each once.
use latchkey::{
    domain::{
        approval::Agreement,
        id::{RequestId, ScopeId},
        language::Wishes,
        notice::{
            occasion::{Cell, Occasion},
            preference::{Preferences, QuietHours, Way},
            rule::{Notices, Rule},
        },
        settings::{Declared, Field, Settings},
        text::Email,
        time::Duration,
    },
    service::{
        language,
        notice::{self, Counted},
        request,
        settings::{self, Outcome, Save},
    },
};

use crate::{
    change_request::mails,
    support::{World, approved_by, reason},
};

const ROLE: &str = "Database operator";
const EASY: &str = "Reader";
const HOUR: Duration = Duration::hours(1);

/// Ada and Alan may activate a role that Bob and Eve approve, and one that nobody does; root and deputy administer; mallory
/// could after activating.
async fn world() -> World {
    let world = World::new().await;
    world.people(["ada", "alan", "bob", "eve", "root", "deputy", "mallory"]).await;
    for name in ["root", "deputy"] {
        world.active(name, "Global Administrator").await;
    }
    world.eligible("mallory", "Privileged Role Administrator").await;
    let approvers = [world.principal("bob"), world.principal("eve")];
    world
        .role(ROLE, |terms| {
            terms.activation.requires_approval = true;
            terms.activation.stages = approved_by(approvers);
        })
        .await;
    world.role(EASY, |_| ()).await;
    for name in ["ada", "alan"] {
        world.eligible(name, ROLE).await;
        world.eligible(name, EASY).await;
    }
    world.run_due().await;
    world
}

/// Everybody who was told something since, with what; the summary of the week aside.
async fn told(world: &World) -> Vec<(String, String)> {
    let told = sqlx::query_as(
        "select split_part(address, '@', 1), subject from outbox
         where body <> 'seen' and subject not like 'Your week%' order by address, created_at, id",
    )
    .fetch_all(&world.owner)
    .await
    .unwrap();
    world.execute("update outbox set body = 'seen'").await;
    told
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(who, what)| ((*who).to_owned(), (*what).to_owned())).collect()
}

async fn asked(world: &World) -> RequestId {
    world.activate("ada", ROLE, HOUR).await.unwrap().request
}

/// Writes rules for a role at a place, as root.
async fn rules(world: &World, role: &str, scope: ScopeId, set: &[(&str, Rule)], enforce: bool) {
    let mut notices = Notices::default();
    for (cell, rule) in set {
        notices.set(cell.parse().unwrap(), rule.clone());
    }
    let (root, role) = (world.actor("root").await, world.role_id(role));
    let shown = settings::show(&world.app, &root, role, scope).await.unwrap();
    let settings = Settings { notices, ..shown.current.settings };
    let own = if scope == ScopeId::ROOT { Field::all() } else { [Field::Notices].into() };
    let enforced = if enforce { [Field::Notices].into() } else { [].into() };
    let own = Declared { settings, own, enforced };
    let after = shown.number;
    let save = Save { role, scope, own, after, template: None, reason: reason() };
    let saved = settings::save(&world.app, &root, &save).await.unwrap();
    assert!(matches!(saved, Outcome::Done(_)), "it is not weaker");
    told(world).await;
}

fn on() -> Rule {
    Rule { default_recipients: true, ..Rule::default() }
}

fn to(addresses: &[&str]) -> Rule {
    let recipients = addresses.iter().map(|text| Email::parse(text).unwrap()).collect();
    Rule { recipients, ..on() }
}

async fn choose(world: &World, name: &str, chosen: &Preferences) {
    notice::choose(&world.app, &world.actor(name).await, chosen).await.unwrap();
}

fn way(occasion: Occasion, way: Way) -> Preferences {
    Preferences { ways: [(occasion, way)].into(), ..Preferences::default() }
}

#[tokio::test]
async fn each_occasion_is_told_to_those_whom_it_concerns_and_nobody_twice() {
    let world = world().await;
    let request = asked(&world).await;
    let wanted = "Approve? ada: Database operator, 1 h";
    assert_eq!(told(&world).await, pairs(&[("bob", wanted), ("eve", wanted)]));

    world.approve("bob", request).await.unwrap();
    let activated = "Activated: ada, Database operator at Organisation, 1 h";
    assert_eq!(
        told(&world).await,
        pairs(&[
            ("ada", "Approved: Database operator at Organisation, 1 h"),
            ("deputy", activated),
            ("eve", "Handled by bob: ada, Database operator – approved"),
            ("root", activated),
        ])
    );

    world.advance(Duration::minutes(55)).await;
    world.run_due().await;
    assert_eq!(
        told(&world).await,
        pairs(&[("ada", "5 minutes left: Database operator at Organisation")])
    );
    world.advance(Duration::minutes(5)).await;
    world.run_due().await;
    world.run_due().await;
    assert_eq!(told(&world).await, pairs(&[("ada", "Ended: Database operator at Organisation")]));

    let again = asked(&world).await;
    told(&world).await;
    world.deny("eve", again).await.unwrap();
    assert_eq!(
        told(&world).await,
        pairs(&[
            ("ada", "Denied: Database operator at Organisation"),
            ("bob", "Handled by eve: ada, Database operator – denied"),
        ])
    );
    asked(&world).await;
    told(&world).await;
    world.advance(Duration::hours(24)).await;
    world.run_due().await;
    assert_eq!(
        told(&world).await,
        pairs(&[("ada", "Nobody decided in time: Database operator at Organisation")])
    );
    world.check_invariants().await;
}

#[tokio::test]
async fn whoever_acts_is_not_told_of_it_and_unprivileged_roles_flood_nobody() {
    let world = world().await;
    world.activate("ada", EASY, HOUR).await.unwrap();
    let activated = "Activated: ada, Reader at Organisation, 1 h";
    assert_eq!(told(&world).await, pairs(&[("deputy", activated), ("root", activated)]));
    world.mark_privileged(EASY, false).await;
    world.activate("alan", EASY, HOUR).await.unwrap();
    assert_eq!(told(&world).await, []);
    let given = sqlx::query_scalar::<_, uuid::Uuid>(
        "select id from assignments where origin = 'activated' and principal_id = $1 and ended_at is null",
    )
    .bind(world.principal("alan"))
    .fetch_one(&world.owner)
    .await
    .unwrap();
    world.take_away("root", latchkey::domain::id::AssignmentId(given)).await.unwrap();
    assert_eq!(told(&world).await, pairs(&[("alan", "Ended: Reader at Organisation")]));
}

#[tokio::test]
async fn rules_are_inherited_enforced_and_add_addresses() {
    let world = world().await;
    let folder = world.scope("Finance", ScopeId::ROOT, "folder").await;
    let cell = "ended.administrators";
    rules(&world, EASY, ScopeId::ROOT, &[(cell, to(&["soc@example.org"]))], false).await;
    world.activate("ada", EASY, HOUR).await.unwrap();
    told(&world).await;
    world.advance(HOUR).await;
    world.run_due().await;
    world.run_due().await;
    let ended = "Ended: ada, Reader at Organisation";
    assert_eq!(
        told(&world).await,
        pairs(&[
            ("ada", "Ended: Reader at Organisation"),
            ("deputy", ended),
            ("root", ended),
            ("soc", ended),
        ])
    );
    let of = async |scope| {
        let root = world.actor("root").await;
        let cells = notice::preview(&world.app, &root, (world.role_id(EASY), scope), None).await;
        let cells = cells.unwrap();
        let cell: Cell = cell.parse().unwrap();
        cells.into_iter().find(|counted| counted.cell == cell).unwrap()
    };
    assert_eq!(of(folder).await.addresses, 1, "inherited");
    rules(&world, EASY, folder, &[(cell, on())], false).await;
    assert_eq!(of(folder).await.addresses, 0, "said otherwise");
    rules(&world, EASY, ScopeId::ROOT, &[(cell, to(&["a@example.org", "b@example.org"]))], true)
        .await;
    assert_eq!(of(folder).await.addresses, 2, "enforced");
}

#[tokio::test]
async fn silence_towards_administrators_of_a_privileged_role_takes_a_second_word() {
    let world = world().await;
    let (root, role) = (world.actor("root").await, world.role_id(EASY));
    let shown = settings::show(&world.app, &root, role, ScopeId::ROOT).await.unwrap();
    let mut next = shown.current.settings;
    next.notices.set("activated.administrators".parse().unwrap(), Rule::default());
    let save = Save::whole(role, &next, shown.number, &reason());
    let saved = settings::save(&world.app, &root, &save).await.unwrap();
    assert!(matches!(saved, Outcome::Waits(_)));
    assert_eq!(mails(&world, "deputy").await, ["Your word? root: weaker settings of Reader"]);
}

#[tokio::test]
async fn what_asks_nothing_comes_as_somebody_chose_and_what_asks_comes_at_once() {
    let world = world().await;
    let night = QuietHours { from: "00:00".parse().unwrap(), to: "23:59".parse().unwrap() };
    choose(&world, "ada", &Preferences { quiet_hours: Some(night), ..Preferences::default() })
        .await;
    choose(&world, "eve", &way(Occasion::Handled, Way::Never)).await;
    let request = asked(&world).await;
    assert_eq!(told(&world).await.len(), 2, "both are asked to decide");
    world.approve("bob", request).await.unwrap();
    let waits = "select count(*) from outbox where address = 'ada@example.org'
        and next_attempt_at::time = '23:59' and created_at < next_attempt_at";
    assert_eq!(world.count(waits).await, 1, "until the quiet hours are over");
    assert!(mails(&world, "eve").await.iter().all(|subject| !subject.starts_with("Handled")));

    choose(&world, "deputy", &way(Occasion::Activated, Way::Daily)).await;
    told(&world).await;
    world.activate("alan", EASY, HOUR).await.unwrap();
    let who: Vec<_> = told(&world).await.into_iter().map(|(who, _)| who).collect();
    assert_eq!(who, ["root"]);
    let choice = Preferences {
        ways: [(Occasion::ApprovalWanted, Way::Never)].into(),
        ..Preferences::default()
    };
    let refused = notice::choose(&world.app, &world.actor("bob").await, &choice).await;
    assert!(refused.is_err(), "nobody hides from what they are asked");
    // One day later it is in the summary.
    world.advance(Duration::days(1)).await;
    tokio::join!(world.run_due(), world.run_due());
    let summaries = "select count(*) from outbox where subject = 'Your summary: 1 to know'";
    assert_eq!(world.count(summaries).await, 1);
    assert_eq!(world.count("select count(*) from gathered_notices").await, 0);
    world.check_invariants().await;
}

#[tokio::test]
async fn five_minutes_are_told_once_by_several_servers_and_not_of_short_access() {
    let world = world().await;
    world.activate("ada", EASY, HOUR).await.unwrap();
    world.activate("alan", EASY, Duration::minutes(15)).await.unwrap();
    told(&world).await;
    let wait = latchkey::service::due::wait(&world.app).await.unwrap().unwrap();
    assert!(wait <= std::time::Duration::from_mins(15));
    for _ in 0..3 {
        world.advance(Duration::minutes(20)).await;
        tokio::join!(world.run_due(), world.run_due(), world.run_due());
    }
    let soon = "select count(*) from outbox where subject like '5 minutes left%'";
    assert_eq!(world.count(soon).await, 0, "it was slept through, and it is over");
    world.activate("ada", EASY, HOUR).await.unwrap();
    world.advance(Duration::minutes(54)).await;
    world.run_due().await;
    assert_eq!(world.count(soon).await, 0, "not before its time");
    world.advance(Duration::minutes(1)).await;
    tokio::join!(world.run_due(), world.run_due(), world.run_due());
    world.run_due().await;
    assert_eq!(world.count(soon).await, 1);
    let link = "select count(*) from outbox where subject like '5 minutes left%' and body ~ '/activations/[0-9a-f-]+/extend'";
    assert_eq!(world.count(link).await, 1);
}

#[tokio::test]
async fn summaries_are_sent_once_and_can_be_switched_off() {
    let world = world().await;
    world.activate("alan", EASY, HOUR).await.unwrap();
    choose(&world, "deputy", &Preferences { weekly: false, ..Preferences::default() }).await;
    told(&world).await;
    world.advance(Duration::days(7)).await;
    asked(&world).await;
    told(&world).await;
    tokio::join!(world.run_due(), world.run_due(), world.run_due());
    world.run_due().await;
    let weekly: Vec<(String, String)> = sqlx::query_as(
        "select split_part(address, '@', 1), subject from outbox where subject like 'Your week%' and body <> 'seen' order by address",
    )
    .fetch_all(&world.owner)
    .await
    .unwrap();
    let week = "Your week: 1 person activated roles, 2 made permanent";
    // Whoever could administer after activating is told as well.
    assert_eq!(weekly, pairs(&[("mallory", week), ("root", week)]));
    world.advance(Duration::hours(20)).await;
    tokio::join!(world.run_due(), world.run_due());
    let daily: Vec<_> = told(&world)
        .await
        .into_iter()
        .filter(|(_, what)| what == "1 request waits for you")
        .map(|(who, _)| who)
        .collect();
    assert!(daily == ["bob", "eve"] || daily.is_empty(), "{daily:?}");
}

/// What the preview counts is what is sent, whatever the rules and the choices are.
#[tokio::test]
async fn the_preview_counts_whom_it_tells() {
    let world = world().await;
    let cell: Cell = "activated.administrators".parse().unwrap();
    let eligible_too = Rule { eligible_too: true, ..on() };
    for (number, (rule, chosen)) in [
        (on(), Preferences::default()),
        (to(&["soc@example.org", "root@example.org"]), Preferences::default()),
        (eligible_too.clone(), Preferences::default()),
        (eligible_too, way(Occasion::Activated, Way::Never)),
        (on(), way(Occasion::Activated, Way::Daily)),
    ]
    .into_iter()
    .enumerate()
    {
        choose(&world, "deputy", &chosen).await;
        rules(
            &world,
            EASY,
            ScopeId::ROOT,
            &[(cell_name(), rule), ("lapsed.approvers", on())],
            number % 2 == 1,
        )
        .await;
        let root = world.actor("root").await;
        let place = (world.role_id(EASY), ScopeId::ROOT);
        let counted: Vec<Counted> = notice::preview(&world.app, &root, place, None).await.unwrap();
        let counted = counted.into_iter().find(|counted| counted.cell == cell).unwrap();
        let name = if number % 2 == 0 { "ada" } else { "alan" };
        let started = world.activate(name, EASY, HOUR).await.unwrap();
        let sent = told(&world).await.len();
        let expected = counted.people.unwrap() - counted.in_summary + counted.addresses;
        assert_eq!(sent, expected, "{number}: {counted:?}");
        world.deactivate(name, started.assignment.unwrap()).await.unwrap();
    }
}

fn cell_name() -> &'static str {
    "activated.administrators"
}

#[tokio::test]
async fn administrators_read_in_their_own_language_how_the_terms_of_a_role_changed() {
    let world = world().await;
    let frida = world.person("frida").await;
    let approvers = [world.principal("bob"), world.principal("eve"), frida];
    world
        .settings(ROLE, |terms| {
            terms.activation.requires_approval = true;
            terms.activation.stages = approved_by(approvers);
        })
        .await;
    let danish = Wishes::read("da", "Europe/Copenhagen").unwrap();
    language::choose(&world.app, &world.actor("deputy").await, &danish).await.unwrap();
    let (root, role) = (world.actor("root").await, world.role_id(ROLE));
    let shown = settings::show(&world.app, &root, role, ScopeId::ROOT).await.unwrap();
    let mut changed = shown.current.settings;
    changed.activation.maximum = HOUR;
    changed.activation.stages[0].agree = Agreement::People(2);
    let save = Save::whole(role, &changed, shown.number, &reason());
    settings::save(&world.app, &root, &save).await.unwrap();
    let body: String = sqlx::query_scalar(
        "select body from outbox where recipient_id = $1 order by created_at desc, id desc limit 1",
    )
    .bind(world.principal("deputy"))
    .fetch_one(&world.owner)
    .await
    .unwrap();
    for said in ["Længste aktivering: 8 t → 1 t", "Hvem godkender: ", "2 af bob, eve, frida"] {
        assert!(body.contains(said), "{said}: {body}");
    }
}

#[tokio::test]
async fn approvers_who_want_to_know_are_told_that_nobody_decided_in_time() {
    let world = world().await;
    rules(&world, ROLE, ScopeId::ROOT, &[("lapsed.approvers", on())], false).await;
    asked(&world).await;
    world.run_due().await;
    told(&world).await;
    world.advance(Duration::days(2)).await;
    world.run_due().await;
    let lapsed = told(&world)
        .await
        .into_iter()
        .filter(|(_, what)| what.starts_with("Nobody decided in time"));
    let who: Vec<_> = lapsed.map(|(who, _)| who).collect();
    assert_eq!(who, ["ada", "bob", "eve"]);
}

#[tokio::test]
async fn whoever_was_asked_is_told_that_it_was_taken_back() {
    let world = world().await;
    let request = asked(&world).await;
    told(&world).await;
    request::cancel(&world.app, &world.actor("ada").await, request).await.unwrap();
    let back = "Taken back: ada, Database operator at Organisation";
    assert_eq!(told(&world).await, pairs(&[("bob", back), ("eve", back)]));
    let threads = "select count(distinct thread_id) from outbox where address = 'bob@example.org'
        and (subject like 'Taken back%' or subject like 'Approve?%')";
    assert_eq!(world.count(threads).await, 1, "beside the mail that asked");
    // By an administrator as well, and only to who wants to know.
    choose(&world, "eve", &way(Occasion::TakenBack, Way::Never)).await;
    let request = asked(&world).await;
    told(&world).await;
    request::cancel(&world.app, &world.actor("root").await, request).await.unwrap();
    assert_eq!(told(&world).await, pairs(&[("bob", back)]));
}
