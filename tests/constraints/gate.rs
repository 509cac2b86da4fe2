//! What must be true for an activation to take effect, whatever the program thinks.
use super::{Lab, change, rows, rows::Row};

/// Bob's request for a role with the activation that it gives, in which `spoil` may change both.
pub(super) fn granted(role: &str, spoil: impl FnOnce(Row, Row) -> (Row, Row)) -> String {
    let end = if role == "guarded" { "instant() + interval '30 days'" } else { "'infinity'" };
    let maximum = if role == "guarded" { "14400" } else { "28800" };
    let place = |row: Row| {
        row.with("role_id", &format!("id('{role}')"))
            .with("eligibility_id", &format!("id('bob {role}')"))
            .with("settings_id", &format!("id('{role} terms')"))
            .with("maximum_seconds", maximum)
    };
    let (request, activation) =
        spoil(place(rows::request()), place(rows::activation()).with("eligibility_ends_at", end));
    format!("{} {}", request.sql(), activation.sql())
}

#[tokio::test]
async fn it_takes_an_enabled_user_with_a_live_eligibility() {
    let lab = Lab::new().await;
    // By the trigger `assignments_take_effect`; the request was made while all was well.
    let (request, activation) = (rows::request().sql(), rows::activation());
    lab.takes(format!("{request} {}", activation.sql())).await;
    let disable = "update sessions set ended_at = instant(); update principals set disabled_at = instant() where id = id('bob');
        select record('target', id('bob'));";
    lab.refuses(
        "assignments_need_an_enabled_user",
        format!("{request} {disable} {}", activation.sql()),
    )
    .await;
    let end = change("assignments", "bob operator", "ended_at = instant(), end_reason = 'removed'");
    lab.refuses(
        "assignments_need_a_live_eligibility",
        format!("{request} {end} {}", activation.sql()),
    )
    .await;
    for other in ["id('ada operator')", "id('bob proved')", "id('standing')"] {
        let activation = activation.clone().with("eligibility_id", other);
        lab.refuses(
            "assignments_need_a_live_eligibility",
            format!("{request} {}", activation.sql()),
        )
        .await;
    }
    let early = change("assignments", "bob operator", "starts_at = instant() + interval '1 hour'");
    lab.refuses(
        "assignments_need_a_live_eligibility",
        format!("{request} {early} {}", activation.sql()),
    )
    .await;
}

#[tokio::test]
async fn a_request_is_spent_once_and_a_role_is_activated_once() {
    let lab = Lab::new().await;
    let second = rows::activation()
        .with("id", "id('second')")
        .with("starts_at", "instant() + interval '2 hours'")
        .with("ends_at", "instant() + interval '3 hours'");
    let end =
        change("assignments", "new activation", "ended_at = instant(), end_reason = 'deactivated'");
    let first = granted("operator", |request, activation| (request, activation));
    lab.refuses("assignments_request_id_key", format!("{first} {end} {}", second.sql())).await;
    let other = rows::request().with("id", "id('other')").sql();
    let second = second.with("request_id", "id('other')");
    lab.refuses("assignments_one_activation", format!("{first} {other} {}", second.sql())).await;
    lab.takes(format!("{first} {other} {end} {}", second.sql())).await;
}

#[tokio::test]
async fn the_request_was_granted() {
    let lab = Lab::new().await;
    // By the trigger `assignments_gate`, at commit.
    let waits = granted("operator", |request, activation| {
        let pending = request.with("state", "'pending'").with("closed_at", "null");
        (pending.with("expires_at", "instant() + interval '1 day'"), activation)
    });
    lab.refuses("assignments_need_a_granted_request", waits).await;
}

#[tokio::test]
async fn nothing_starts_before_it_was_asked_for_or_wanted() {
    let lab = Lab::new().await;
    let starts = |asked: &'static str, wanted: &'static str| {
        granted("operator", move |request, activation| {
            (request.with("created_at", asked).with("starts_at", wanted), activation)
        })
    };
    lab.takes(starts("instant() - interval '1 hour'", "instant()")).await;
    lab.refuses("assignments_in_order", starts("instant() + interval '1 second'", "null")).await;
    lab.refuses("assignments_in_order", starts("instant()", "instant() + interval '1 second'"))
        .await;
}

#[tokio::test]
async fn it_lasts_no_longer_than_asked_granted_and_newly_allowed() {
    let lab = Lab::new().await;
    let longer = granted("operator", |request, activation| {
        (request, activation.with("ends_at", "instant() + interval '3601 seconds'"))
    });
    lab.refuses("assignments_within_newest_maximum", longer).await;
    let shortened = granted("operator", |request, activation| {
        (request.with("granted_seconds", "3540"), activation)
    });
    lab.refuses("assignments_within_newest_maximum", shortened).await;
    let fine = granted("operator", |request, activation| (request, activation));
    let stricter = rows::settings().with("activation_maximum_seconds", "1800").sql();
    lab.refuses("assignments_within_newest_maximum", format!("{stricter} {fine}")).await;
    let laxer = rows::settings().with("activation_maximum_seconds", "86400").sql();
    lab.takes(format!("{laxer} {fine}")).await;
}

#[tokio::test]
async fn what_asks_for_approval_was_approved() {
    let lab = Lab::new().await;
    lab.refuses(
        "assignments_need_approval",
        granted("guarded", |request, activation| (request, activation)),
    )
    .await;
    let newly_asked = rows::settings().with("activation_requires_approval", "true").sql();
    let fine = granted("operator", |request, activation| (request, activation));
    lab.refuses("assignments_need_approval", format!("{newly_asked} {fine}")).await;

    let settled = |decision: String| {
        let agreed = "update request_stages set state = 'agreed', settled_at = instant() where request_id = id('waiting');";
        let grant = change("requests", "waiting", "state = 'granted', closed_at = instant()");
        let activation = rows::activation()
            .with("principal_id", "id('ada')")
            .with("role_id", "id('guarded')")
            .with("settings_id", "id('guarded terms')")
            .with("request_id", "id('waiting')")
            .with("eligibility_id", "id('ada guarded')")
            .with("eligibility_ends_at", "instant() + interval '30 days'")
            .with("maximum_seconds", "14400");
        format!("{decision} {agreed} {grant} {}", activation.sql())
    };
    lab.refuses("assignments_need_approval", settled(String::new())).await;
    lab.takes(settled(rows::decision().sql())).await;
    // Whoever said yes was disabled, or is no approver any more, before it begins.
    let disabled = format!(
        "update sessions set ended_at = instant() where principal_id = id('bob'); {}",
        "update principals set disabled_at = instant() where id = id('bob'); select record('target', id('bob'));",
    );
    let said = rows::decision().sql();
    lab.refuses("assignments_need_approval", settled(format!("{said} {disabled}"))).await;
    let newest = |stages: &[(&'static str, &'static str)]| {
        let terms = rows::settings()
            .with("role_id", "id('guarded')")
            .with("activation_requires_approval", "true");
        let stages = stages.iter().map(|(position, agree)| {
            let stage = rows::stage().with("position", position).with("agree", agree);
            let eve = rows::approver().with("stage", position);
            let bob = rows::approver().with("stage", position).with("principal_id", "id('bob')");
            format!("{} {} {}", stage.sql(), eve.sql(), bob.sql())
        });
        format!("{} {}", terms.sql(), stages.collect::<String>())
    };
    let agreed = settled(rows::decision().sql());
    lab.takes(format!("{} {agreed}", newest(&[("1", "1")]))).await;
    for more in [newest(&[("1", "2")]), newest(&[("1", "null")]), newest(&[("1", "1"), ("2", "1")])]
    {
        lab.refuses("assignments_need_the_newest_approval", format!("{more} {agreed}")).await;
    }
    lab.refuses(
        "assignments_need_approval",
        settled(rows::decision().with("verdict", "'deny'").sql()),
    )
    .await;
}

#[tokio::test]
async fn what_asks_for_a_proof_was_proved() {
    let lab = Lab::new().await;
    let unproved = granted("proved", |request, activation| (request, activation));
    lab.refuses("assignments_need_a_proof", unproved).await;
    let spend = "update mfa_proofs set spent_for = id('new'), spent_at = instant() where id = id('bob proof');";
    let proved = granted("proved", |request, activation| {
        (request.with("proof_id", "id('bob proof')"), activation)
    });
    lab.takes(format!("{spend} {proved}")).await;
    let newly_asked = rows::settings().with("activation_authentication", "'mfa'").sql();
    let fine = granted("operator", |request, activation| (request, activation));
    lab.refuses("assignments_need_a_proof", format!("{newly_asked} {fine}")).await;
}

#[tokio::test]
async fn who_holds_power_is_a_comparison_with_the_clock() {
    let lab = Lab::new().await;
    let live = |after: &str, expected: i32| {
        format!(
            "select 1 / (count(*) = {expected})::integer
             from live_assignments(instant() + interval '{after}') where principal_id = id('ada');"
        )
    };
    lab.takes(live("0", 1)).await;
    lab.takes(live("59 minutes 59.999999 seconds", 1)).await;
    lab.takes(live("1 hour", 0)).await;
    lab.takes(live("-1 microsecond", 0)).await;
    // Without any clean-up, and whatever else is forgotten.
    let late =
        change("assignments", "ada operator", "starts_at = instant() + interval '10 minutes'");
    lab.takes(format!("{late} {} {}", live("0", 0), live("10 minutes", 1))).await;
}
