//! Every page there is, with real content behind it, as those who may see it, in every form.
use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;
use latchkey::{
    domain::{
        approval::{Agreement, Stage},
        id::{AssignmentId, RoleId, ScopeId},
        settings::Field,
        sign_in::LinkPurpose,
        text::Justification,
        time::Duration,
    },
    http::pages,
    secret::Token,
    service::{
        activation::{Reasons, Requested},
        assignment, deputy,
        inventory::{conversion, import},
        remark, role,
        settings::{self, NewTemplate, Save},
    },
};

use super::{Site, activation::careful};
use crate::support::{
    World,
    applications::Pair,
    approved_by,
    credentials::{Credentials, PASSWORD},
    http::EVERY_SCOPE,
};

/// Not a page, but a file.
const FILES: [&str; 2] = ["/audit/export", "/policy/files/{file}"];

/// A page: its route, an address of it, who looks at it, and something that it tells them.
pub(super) type Stop = (&'static str, &'static str, &'static str, &'static str);

/// What everybody may look at, or whoever is signed in, and who looks at it.
pub(super) const EVERYBODY: [Stop; 25] = [
    ("/", "/", "ada", "Pending and scheduled 2"),
    ("/", "/", "hugo", "Standing access, always on"),
    ("/account", "/account", "ada", "Check access"),
    ("/account/authenticator", "/account/authenticator", "ada", "Replace your authenticator"),
    ("/account/deputies", "/account/deputies", "ada", "Nobody stands in for you"),
    ("/account/deputies", "/account/deputies", "bob", "Surgery, and two weeks at sea"),
    ("/account/deputies", "/account/deputies", "hugo", "Whatever waits for them waits for you too"),
    ("/account/password", "/account/password", "ada", "Your other sessions end"),
    ("/account/recovery-codes", "/account/recovery-codes", "ada", "New recovery codes"),
    ("/account/tokens/new", "/account/tokens/new", "ada", "What it may do"),
    (
        "/activations/new",
        "/activations/new?assignment={first}&assignment={second}",
        "ada",
        "When access ends",
    ),
    (
        "/activations/{activation}/extend",
        "/activations/{activation}/extend",
        "ada",
        "More time joins on",
    ),
    ("/requests", "/requests", "ada", "Activate Night Watch"),
    ("/requests/{request}", "/requests/{request}", "ada", "Expires unless somebody decides"),
    ("/activations/new", "/activations/new?assignment={urgent}", "ada", "This is an emergency"),
    ("/approvals", "/approvals", "bob", "Waiting for you 2"),
    ("/requests/{request}", "/requests/{request}", "bob", "Your decision"),
    ("/requests/{request}", "/requests/{staged}", "bob", "Which ledger is it"),
    ("/requests/{request}", "/requests/{emergency}", "bob", "Review this emergency"),
    ("/programs", "/programs", "hugo", "Idempotency-Key"),
    ("/search", "/search", "hugo", "What are you looking for"),
    (
        "/inventory/conversions/{conversion}/try",
        "/inventory/conversions/{conversion}/try",
        "hugo",
        "A try gives nothing",
    ),
    ("/", "/", "ada", "More time is asked for"),
    (
        "/assignments/{assignment}/more-time",
        "/assignments/{first}/more-time",
        "ada",
        "Ask for more time with Release Manager",
    ),
    ("/applications/{application}", "/applications/{application}", "hugo", "New secret"),
];

/// What auditors and administrators may look at, and who of them does.
pub(super) const SOME: [Stop; 81] = [
    ("/inventory", "/inventory", "grace", "Turn what is chosen into eligibility"),
    ("/inventory", "/inventory?privileged=yes", "eve", "Privileged, permanent"),
    ("/inventory", "/inventory?list=applications", "eve", "Release Pipeline"),
    ("/inventory", "/inventory", "frida", "Backup Operator"),
    ("/inventory/imports", "/inventory/imports", "grace", "1 assignment made"),
    ("/inventory/imports/new", "/inventory/imports/new", "grace", "Or paste it here"),
    (
        "/inventory/imports/{import}",
        "/inventory/imports/{draft}",
        "grace",
        "there is no role of that name",
    ),
    (
        "/inventory/imports/{import}",
        "/inventory/imports/{import}?outcome=left_out",
        "eve",
        "nobody of that name",
    ),
    ("/inventory/conversions", "/inventory/conversions", "grace", "Waits for its holder to try it"),
    ("/requests", "/requests?view=all", "eve", "hugo · Activate"),
    ("/requests/{request}", "/requests/{request}", "eve", "INC-4821"),
    ("/requests/{request}", "/requests/{emergency}", "hugo", "Somebody has to review it by"),
    ("/roles", "/roles", "grace", "Northern Region"),
    ("/roles", "/roles", "eve", "Payroll Reader"),
    ("/roles/new", "/roles/new", "grace", "careful terms"),
    ("/roles/{role}", "/roles/{role}", "grace", "Eligible 3"),
    ("/roles/{role}", "/roles/{role}?state=active", "eve", "ivy"),
    ("/roles/{role}", "/roles/{role}?state=expired", "grace", "Nothing has expired"),
    ("/roles/{role}/activity", "/roles/{role}/activity", "eve", "bob denied hugo’s"),
    ("/roles/{role}/assignments/new", "/roles/{role}/assignments/new", "grace", "Maximiliane"),
    ("/roles/{role}/change", "/roles/{role}/change", "grace", "Change Database Operator"),
    ("/roles/{role}/retire", "/roles/{role}/retire", "grace", "end at once"),
    ("/roles/{role}/settings", "/roles/{role}/settings", "grace", "In plain words"),
    ("/roles/{role}/settings", "/roles/{vault}/settings", "eve", "Others must approve"),
    ("/roles/{role}/settings/edit", "/roles/{vault}/settings/edit", "grace", "Stage 2"),
    (
        "/roles/{role}/settings/edit",
        "/roles/{role}/settings/edit",
        "grace",
        "Saving makes version 3",
    ),
    (
        "/roles/{role}/settings",
        "/roles/{plain}/settings?scope={folder}",
        "eve",
        "Set here, version 1",
    ),
    (
        "/roles/{role}/settings/edit",
        "/roles/{plain}/settings/edit?scope={folder}",
        "grace",
        "Change settings at Finance",
    ),
    (
        "/roles/{role}/settings/reset",
        "/roles/{plain}/settings/reset?scope={folder}&field=maximum",
        "grace",
        "Longest activation: inherit again",
    ),
    ("/settings/templates", "/settings/templates", "eve", "Small company baseline"),
    ("/policy", "/policy", "grace", "Show the plan"),
    (
        "/settings/templates/new",
        "/settings/templates/new?role={role}",
        "grace",
        "It names no approvers",
    ),
    (
        "/settings/templates/{template}",
        "/settings/templates/{template}",
        "eve",
        "It ships with Latchkey",
    ),
    ("/settings/templates/{template}", "/settings/templates/{own}", "grace", "Save the template"),
    ("/settings/apply", "/settings/apply", "grace", "Choose single settings instead"),
    (
        "/settings/apply",
        "/settings/apply?role={role}&role={plain}&template={template}",
        "grace",
        "Look before you apply",
    ),
    ("/assignments/{assignment}", "/assignments/{first}", "grace", "Make active"),
    ("/assignments/{assignment}", "/assignments/{activation}", "eve", "Nothing to change here"),
    ("/assignments/expiring", "/assignments/expiring", "grace", "Release Manager of the Northern"),
    (
        "/assignments/bulk",
        "/assignments/bulk?operation=extend&assignment={first}&assignment={second}",
        "grace",
        "This is what would",
    ),
    ("/changes/{change}", "/changes/{wish}", "grace", "Agree and carry out"),
    ("/changes/{change}", "/changes/{change}", "grace", "Nobody yet"),
    ("/approvals", "/approvals", "grace", "Extensions asked for 1"),
    ("/requests", "/requests", "grace", "Changes that need another’s word 1"),
    ("/people", "/people", "grace", "ada-admin"),
    ("/people", "/people?search=nobody", "eve", "Nobody found"),
    ("/people/invite", "/people/invite", "grace", "Emergency account"),
    ("/people/invite", "/people/invite?same_person_as={person}", "grace", "Another account of ada"),
    ("/people/{person}", "/people/{person}", "grace", "Recent activity"),
    ("/people/{person}", "/people/{person}", "eve", "Other accounts"),
    ("/people/{person}/extent", "/people/{person}/extent", "grace", "Every role at every place"),
    ("/people/{person}/extent", "/people/{grace}/extent?effort=gift", "eve", "only another"),
    ("/people/{person}", "/people/{grace}", "eve", "Only if somebody else gives it"),
    ("/overview", "/overview", "grace", "Is everything all right"),
    ("/overview", "/overview", "frida", "How the places that you look after stand"),
    ("/overview/holders", "/overview/holders", "eve", "The oldest come first"),
    ("/overview/holders", "/overview/holders?view=active", "grace", "Network Operator"),
    ("/search", "/search?q=op", "grace", "Database Operator"),
    ("/groups", "/groups", "grace", "New group"),
    ("/groups/{group}", "/groups/{group}", "grace", "May activate membership 1"),
    ("/resources", "/resources", "grace", "Finance"),
    ("/resources", "/resources", "frida", "Ledger"),
    ("/resources/{scope}", "/resources/{ledger}", "grace", "Held above, and counting here"),
    (
        "/resources/{scope}/move",
        "/resources/{ledger}/move?to={sales}",
        "grace",
        "no longer count here",
    ),
    ("/resources/{scope}/retire", "/resources/{finance}/retire", "grace", "These go with it"),
    ("/activations/new", "/activations/new?assignment={placed}", "hugo", "Less is safer"),
    ("/applications", "/applications", "grace", "Release Pipeline"),
    ("/applications", "/applications?search=nothing", "eve", "Nothing found"),
    ("/applications/new", "/applications/new", "grace", "Who answers for it"),
    ("/applications/{application}", "/applications/{application}", "grace", "Ed25519 (EdDSA)"),
    ("/applications/{application}", "/applications/{application}", "eve", "Getting a token"),
    (
        "/applications/{application}/edit",
        "/applications/{application}/edit",
        "grace",
        "What it holds and signs in with stays",
    ),
    (
        "/applications/{application}/secrets/new",
        "/applications/{application}/secrets/new?name=first",
        "hugo",
        "Earlier ones go on working",
    ),
    (
        "/applications/{application}/keys/new",
        "/applications/{application}/keys/new",
        "hugo",
        "In PEM",
    ),
    ("/audit", "/audit", "eve", "is chained"),
    ("/account/notices", "/account/notices", "eve", "Quiet hours"),
    ("/deliveries", "/deliveries", "eve", "What became of every notice"),
    ("/quarantine", "/quarantine", "eve", "All is well"),
    ("/deliveries", "/deliveries?lane=mail&address=nobody%40example.org", "grace", "Nothing here"),
    ("/audit", "/audit?outcome=refused&from=2020-01-01", "eve", "against the rules"),
    ("/audit/stories/{request}", "/audit/stories/{request}", "eve", "of this request 1"),
];

/// What those see who are not signed in yet, in the order in which they come there.
const GATE: [&str; 6] = [
    "/invitation/{token}",
    "/recovery/{token}",
    "/welcome",
    "/sign-in",
    "/sign-in/code",
    "/problems/{problem}",
];

#[test]
fn no_page_is_left_out() {
    let looked_at: BTreeSet<&str> =
        EVERYBODY.iter().chain(&SOME).map(|(route, ..)| *route).chain(GATE).chain(FILES).collect();
    let routes = pages::routes();
    let there_are: BTreeSet<&str> = routes
        .list()
        .iter()
        .filter(|(method, _)| *method == Method::GET)
        .map(|(_, path)| *path)
        .collect();
    assert_eq!(looked_at, there_are, "a page that nobody looks at, or one that is not there");
}

#[tokio::test]
async fn pages_for_everybody_are_right_in_every_form() {
    look_at(&EVERYBODY, "everybody").await;
}

// In two, so that they run side by side.
#[tokio::test]
async fn the_first_half_of_the_pages_for_some_is_right_in_every_form() {
    look_at(&SOME[..SOME.len() / 2], "first").await;
}

#[tokio::test]
async fn the_second_half_of_the_pages_for_some_is_right_in_every_form() {
    look_at(&SOME[SOME.len() / 2..], "second").await;
}

async fn look_at(pages: &[Stop], name: &str) {
    let Some(site) = Site::start().await else { return };
    let company = Company::found(&site).await;
    let browser = site.browser().await;
    let mut faults = Vec::new();
    for (number, (_, path, reader, words)) in pages.iter().enumerate() {
        site.hand(&browser, &company.sessions[reader]).await;
        let path = company.fill(path);
        browser.visit(&path).await;
        let stands_on = browser.path().await;
        assert_eq!(path.split('?').next(), Some(stands_on.as_str()), "{reader} is sent elsewhere");
        browser.sees(words).await;
        let picture = format!("every-{name}-{:02}-{reader}", number + 1);
        faults.extend(browser.faults(&picture).await);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    site.world.check_invariants().await;
}

#[tokio::test]
async fn pages_before_signing_in_are_right_in_every_form() {
    let Some(site) = Site::start().await else { return };
    let ada = site.person("ada").await;
    site.world.person("ivy").await;
    let browser = site.browser().await;
    let recovery = site.world.link("ada", LinkPurpose::Recovery).await;
    let invitation = site.world.link("ivy", LinkPurpose::Invitation).await;

    browser.visit(&format!("/recovery/{}", *recovery.reveal())).await;
    browser.look("every-gate-1-recovery").await;
    browser.visit(&format!("/invitation/{}", *invitation.reveal())).await;
    browser.look("every-gate-2-invitation").await;
    browser.press("Begin").await;
    browser.sees("Choose a password").await;
    browser.look("every-gate-3-password").await;
    browser.fill("password", PASSWORD).await;
    browser.fill("again", PASSWORD).await;
    browser.press("Continue").await;
    browser.sees("Set up your authenticator").await;
    browser.look("every-gate-4-authenticator").await;
    browser.visit("/sign-in").await;
    browser.look("every-gate-5-sign-in").await;
    browser.fill("user_name", &ada.name).await;
    browser.fill("password", PASSWORD).await;
    browser.press("Continue").await;
    browser.sees("One more step").await;
    browser.look("every-gate-6-code").await;
    browser.visit("/problems/refused").await;
    browser.sees("The rules say no").await;
    browser.look("every-gate-7-problem").await;
    browser.visit("/invitation/none").await;
    browser.look("every-gate-8-dead-link").await;
}

/// People, roles and what happened between them; and what stands in the place of the parameters in paths.
pub(super) struct Company {
    pub(super) sessions: BTreeMap<&'static str, Token>,
    things: BTreeMap<&'static str, String>,
}

impl Company {
    pub(super) async fn found(site: &Site) -> Self {
        let world = &site.world;
        let ada = site.person("ada").await;
        world.people(["bob", "eve", "grace", "hugo", "ivy", "Maximiliane Wolkenstein"]).await;
        world.second_account("ada-admin", "ada").await;
        world.active("grace", "Global Administrator").await;
        world.active("eve", "Auditor").await;
        let first = roles(world).await;
        let group = group(world).await;
        let [finance, ledger, sales, placed] = places(world).await;
        let (activation, request) = requests(world).await;
        let application = application(world).await;
        world.access_token("ada", &EVERY_SCOPE).await;
        let conversion = conversion(world).await;
        let (draft, import) = imports(world).await;
        let second = world.eligibility("ada", "Backup Operator").await;
        let mut sessions = BTreeMap::from([("ada", session(ada))]);
        for name in ["bob", "eve", "grace", "hugo", "frida"] {
            sessions.insert(name, world.signed_in(name).await.1);
        }
        let (change, wish) = changes(world, first).await;
        let [urgent, staged, emergency] = approvals(world).await;
        let things = BTreeMap::from([
            ("change", change),
            ("wish", wish),
            ("first", first.to_string()),
            ("second", second.to_string()),
            ("activation", activation.to_string()),
            ("request", request.request.to_string()),
            ("urgent", urgent),
            ("staged", staged),
            ("emergency", emergency),
            ("vault", world.role_id("Vault Keeper").to_string()),
            ("role", world.role_id("Database Operator").to_string()),
            ("person", world.principal("ada").to_string()),
            ("grace", world.principal("grace").to_string()),
            ("group", group),
            ("conversion", conversion),
            ("draft", draft),
            ("import", import),
            ("finance", finance),
            ("ledger", ledger),
            ("sales", sales),
            ("placed", placed),
            ("plain", world.role_id("Payroll Reader").to_string()),
            ("folder", terms_of_a_folder(world).await),
            ("template", "00000000-0000-8000-a000-000000000001".to_owned()),
            ("own", template(world).await),
            ("application", application),
        ]);
        Self { sessions, things }
    }

    /// The path with things in the place of its parameters.
    pub(super) fn fill(&self, path: &str) -> String {
        self.things.iter().fold(path.to_owned(), |path, (name, thing)| {
            path.replace(&format!("{{{name}}}"), thing)
        })
    }
}

fn session(credentials: Credentials) -> Token {
    credentials.signed_in.session
}

/// Roles of every sort, for ada and others. Gives back one that can be activated.
async fn roles(world: &World) -> AssignmentId {
    let bob = world.principal("bob");
    world
        .role("Database Operator", |settings| {
            careful(settings);
            settings.activation.requires_approval = true;
            settings.activation.stages = approved_by([bob]);
        })
        .await;
    world
        .settings("Database Operator", |settings| {
            settings.activation.requires_approval = true;
            settings.activation.requires_ticket = true;
            settings.activation.stages = approved_by([bob]);
        })
        .await;
    for role in ["Backup Operator", "Network Operator", "Payroll Reader", "Night Watch"] {
        world.role(role, |_| ()).await;
        world.eligible("ada", role).await;
    }
    world.role("Release Manager of the Northern Region", careful).await;
    for name in ["ada", "hugo", "Maximiliane Wolkenstein"] {
        world.eligible(name, "Database Operator").await;
    }
    world.eligible_for("ada", "Release Manager of the Northern Region", Duration::hours(3)).await;
    world.active("ivy", "Database Operator").await;
    world.eligibility("ada", "Release Manager of the Northern Region").await
}

/// A folder with terms of its own.
async fn terms_of_a_folder(world: &World) -> String {
    let folder = world.scope_id("Finance");
    let (grace, role) = (world.actor("grace").await, world.role_id("Payroll Reader"));
    let shown = settings::show(&world.app, &grace, role, folder).await.unwrap();
    let mut own = shown.declared;
    own.own = [Field::Maximum, Field::RequiresTicket].into();
    own.settings.activation.maximum = Duration::hours(2);
    let reason = Justification::parse("Finance works in short strokes.").unwrap();
    let save = Save { role, scope: folder, own, after: 0, template: None, reason };
    settings::save(&world.app, &grace, &save).await.unwrap();
    folder.to_string()
}

/// A template of one's own.
async fn template(world: &World) -> String {
    let new = NewTemplate {
        name: "Night shift".parse().unwrap(),
        description: "For those who are woken.".parse().unwrap(),
        settings: role::first_terms(true),
    };
    let grace = world.actor("grace").await;
    settings::create(&world.app, &grace, &new).await.unwrap().to_string()
}

/// A change that waits for a second administrator, and a wish for more time.
async fn changes(world: &World, ends_soon: AssignmentId) -> (String, String) {
    let (grace, role) = (world.actor("grace").await, world.role_id("Database Operator"));
    let shown = settings::show(&world.app, &grace, role, ScopeId::ROOT).await.unwrap().current;
    let mut next = shown.settings;
    next.activation.requires_ticket = false;
    next.activation.stages = approved_by(["hugo", "ivy"].map(|name| world.principal(name)));
    let why = Justification::parse("Nobody writes tickets at night.").unwrap();
    let save = Save::whole(role, &next, shown.number, &why);
    let saved = settings::save(&world.app, &grace, &save).await;
    let Ok(settings::Outcome::Waits(change)) = saved else { panic!("{saved:?}") };
    let (ada, end) = (world.actor("ada").await, world.now().await + Duration::days(30));
    let why = Justification::parse("The release slipped by a month.").unwrap();
    let wish = assignment::ask_for_more_time(&world.app, &ada, ends_soon, end, &why).await;
    (change.to_string(), wish.expect("it may be asked for").to_string())
}

/// A group with members of every sort.
async fn group(world: &World) -> String {
    let group = world.group("Approvers", &["bob", "hugo"]).await;
    let scope: ScopeId = sqlx::query_scalar("select id from scopes where group_id = $1")
        .bind(group)
        .fetch_one(&world.owner)
        .await
        .expect("a group has a place of its own");
    for (kind, name, role) in
        [("active", "grace", RoleId::OWNER), ("eligible", "ivy", RoleId::MEMBER)]
    {
        world.assign(kind, world.principal(name), (role, scope), (None, None)).await;
    }
    group.to_string()
}

/// Standing access of hugo's on its way to eligibility, and some days of history.
async fn conversion(world: &World) -> String {
    world.role("Ledger Keeper", careful).await;
    let standing = world.active("hugo", "Ledger Keeper").await;
    let why = Justification::parse("Once a quarter is enough.").unwrap();
    let actor = world.actor("grace").await;
    let begun = conversion::start(&world.app, &actor, &[standing], &why, None).await.unwrap();
    world
        .execute(
            "insert into access_history
             select (now() - number * interval '1 day')::date, now(), 10 + number, 30, 60 - number, 7
             from generate_series(1, 40) as number on conflict do nothing",
        )
        .await;
    begun.into_iter().next().unwrap().outcome.unwrap().to_string()
}

/// A file that was handed in, and one that was imported.
async fn imports(world: &World) -> (String, String) {
    let actor = world.actor("grace").await;
    let file = |rows: &str| format!("user,role,where,until\n{rows}");
    let rows = file("bob,Night Watch,,\nbob,Captain,,\nada,Payroll Reader,The moon,2041-01-01\n");
    let draft = import::upload(
        &world.app,
        &actor,
        "standing access of the northern region.csv",
        rows.as_bytes(),
    );
    let draft = draft.await.unwrap();
    let rows = file("bob,Payroll Reader,,\nnobody,Payroll Reader,,\n");
    let done = import::upload(&world.app, &actor, "today.csv", rows.as_bytes()).await.unwrap();
    import::confirm(&world.app, &actor, done, true, None).await.unwrap();
    (draft.to_string(), done.to_string())
}

/// A tree of places: somebody looks after a part of it, and somebody is eligible there.
async fn places(world: &World) -> [String; 4] {
    world.person("frida").await;
    let finance = world.scope("Finance", ScopeId::ROOT, "folder").await;
    let ledger = world.scope("Ledger", finance, "system").await;
    world.scope("Books of the fiscal year", ledger, "resource").await;
    let sales = world.scope("Sales", ScopeId::ROOT, "folder").await;
    world.give("active", "frida", "Privileged Role Administrator", finance).await;
    let placed = world.give("eligible", "hugo", "Backup Operator", finance).await;
    world.give("active", "ivy", "Backup Operator", ledger).await;
    [finance, ledger, sales]
        .map(|id| id.to_string())
        .into_iter()
        .chain([placed.to_string()])
        .collect::<Vec<_>>()
        .try_into()
        .expect("there are four")
}

/// An application that holds a role and has everything to sign in with. Its owners are hugo and ivy.
async fn application(world: &World) -> String {
    let application = world.register("grace", "Release Pipeline", &["hugo", "ivy"]).await.unwrap();
    let (_, secret) = world.make_secret("hugo", application).await.unwrap();
    world.add_key("hugo", application, &Pair::ed25519().public_pem()).await.unwrap();
    let (revoked, _) = world.make_secret("ivy", application).await.unwrap();
    let ivy = world.actor("ivy").await;
    latchkey::service::application::revoke(&world.app, &ivy, application, revoked).await.unwrap();
    let here = (world.role_id("Network Operator"), ScopeId::ROOT);
    world.assign("active", application, here, (None, None)).await;
    world.token_of(application, &secret, "read").await;
    application.to_string()
}

/// Requests of every sort by ada. Gives back what runs, and what waits.
async fn requests(world: &World) -> (AssignmentId, Requested) {
    let hour = Duration::hours(1);
    let running = world.activate("ada", "Network Operator", hour).await.unwrap();
    world.activate("ada", "Payroll Reader", Duration::minutes(10)).await.unwrap();
    world.activate_later("ada", "Night Watch", hour, Duration::days(30)).await.unwrap();
    let ended = world.activate("hugo", "Database Operator", hour).await;
    assert!(ended.is_err(), "it takes a ticket");
    let reasons = Reasons {
        starts_at: None,
        justification: Justification::parse(
            "The nightly export hangs since the last release, and the finance team needs it before nine.",
        )
        .unwrap(),
        ticket_number: "INC-4821".parse().unwrap(),
        ticket_system: "Jira".parse().unwrap(),
        emergency: false,
    };
    let actor = world.actor("hugo").await;
    let wish = world.wish("hugo", "Database Operator", hour).await;
    let denied = world.ask(&actor, wish, &reasons, None).await.unwrap();
    world.deny("bob", denied.request).await.unwrap();
    let actor = world.actor("ada").await;
    let wish = world.wish("ada", "Database Operator", hour).await;
    let waiting = world.ask(&actor, wish, &reasons, None).await.unwrap();
    (running.assignment.expect("it runs"), waiting)
}

/// A request that goes through stages and is talked about, an emergency that somebody has to review, and somebody who stands in
/// for an approver. Gives back an eligibility that allows emergencies, that request, and that emergency.
async fn approvals(world: &World) -> [String; 3] {
    let people = |names: [&str; 2]| approved_by(names.map(|name| world.principal(name)));
    let (first, second) = (people(["bob", "ivy"]), people(["grace", "eve"]));
    let first = Stage { agree: Agreement::People(2), ..first[0].clone() };
    world
        .role("Vault Keeper", |terms| {
            terms.activation.requires_approval = true;
            terms.activation.stages = vec![first.clone(), second[0].clone()];
        })
        .await;
    world
        .role("Night Desk", |terms| {
            terms.activation.requires_approval = true;
            terms.activation.stages = vec![first.clone()];
            terms.activation.allows_emergency = true;
        })
        .await;
    for (name, role) in
        [("Maximiliane Wolkenstein", "Vault Keeper"), ("ada", "Night Desk"), ("hugo", "Night Desk")]
    {
        world.eligible(name, role).await;
    }
    let hour = Duration::hours(1);
    let asked = world.activate("Maximiliane Wolkenstein", "Vault Keeper", hour).await.unwrap();
    let (bob, ivy) = (world.actor("bob").await, world.actor("ivy").await);
    let text = "Which ledger is it, and does it have to be today?".parse().unwrap();
    remark::comment(&world.app, &bob, asked.request, &text).await.unwrap();
    remark::claim(&world.app, &ivy, asked.request, false).await.unwrap();
    let why = "The desk is on fire, and nobody answers the telephone.";
    let reasons = Reasons {
        justification: Justification::parse(why).unwrap(),
        emergency: true,
        ..Reasons::default()
    };
    let (hugo, wish) = (world.actor("hugo").await, world.wish("hugo", "Night Desk", hour).await);
    let emergency = world.ask(&hugo, wish, &reasons, None).await.unwrap();
    let away = deputy::Wanted {
        deputy: "hugo".to_owned(),
        starts_at: None,
        ends_at: world.now().await + Duration::days(14),
        reason: "Surgery, and two weeks at sea".parse().unwrap(),
    };
    let code = world.fresh_code("bob").await;
    deputy::name(&world.app, &bob, &away, &code).await.unwrap();
    let urgent = world.eligibility("ada", "Night Desk").await;
    [urgent.to_string(), asked.request.to_string(), emergency.request.to_string()]
}
