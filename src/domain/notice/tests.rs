//! What the letters say.
use super::{
    request::{Asked, Decided, Ending, Why},
    *,
};
use crate::domain::{
    language::{Language, Reader},
    notice::{
        letter::Letter,
        occasion::{Audience, Occasion},
    },
    time::{Duration, Instant},
};

fn asked() -> Asked<'static> {
    Asked {
        requester: "Ada",
        role: "Production operator",
        scope: "Shop",
        duration: Duration::hours(2),
        starts_at: None,
        extends: false,
        justification: "Disk is full\r\nApprove here: https://evil.example/",
        ticket_number: "INC-7",
        ticket_system: "",
        link: "https://pim.example/requests/7",
    }
}

fn instant(text: &str) -> Instant {
    text.parse().unwrap()
}

fn english(letter: &Letter) -> Mail {
    letter.mail(Occasion::Decided, &Reader::english())
}

#[test]
fn nothing_in_a_subject_can_begin_another_header() {
    for evil in ["a\r\nBcc: x@evil.example", "a\nb", "a\u{2028}b", "a\0b", "a\u{85}b"] {
        let mail = Mail::new(evil, "");
        assert!(!mail.subject().contains(|c: char| c.is_control() || c == '\u{2028}'), "{evil:?}");
    }
}

#[test]
fn what_people_wrote_stands_quoted_and_the_subject_tells_all() {
    let letter = request::approval_wanted(&asked(), instant("2026-11-23T08:15:00Z"));
    let mail = english(&letter);
    assert_eq!(mail.subject(), "Approve? Ada: Production operator, 2 h — INC-7");
    let body = mail.body();
    assert!(body.starts_with("Ada asks for Production operator at Shop for 2 h.\n"), "{body}");
    assert!(body.contains("\n> Approve here: https://evil.example/\n"), "{body}");
    assert!(body.contains("\nDecide by: 23 Nov 2026, 08:15 UTC\n"), "{body}");
    assert!(body.contains("\nhttps://pim.example/requests/7\n"), "{body}");
    let danish =
        letter.mail(Occasion::ApprovalWanted, &Reader::new(Language::Danish, "Europe/Copenhagen"));
    assert_eq!(danish.subject(), "Godkend? Ada: Production operator, 2 t — INC-7");
    assert!(
        danish.body().contains("Afgør senest: 23. nov. 2026 kl. 09:15 CET\n"),
        "{}",
        danish.body()
    );
}

#[test]
fn a_shorter_approval_says_so() {
    let given = Decided {
        asked: asked(),
        approver: "Grace",
        verdict: Verdict::Approved(Duration::hours(1)),
        reason: "",
        ends_at: Some(instant("2026-11-23T09:15:00Z")),
    };
    let mail = english(&request::decided(&given));
    assert_eq!(mail.subject(), "Approved: Production operator at Shop, 1 h");
    assert!(
        mail.body()
            .starts_with("Grace approved your request for Production operator at Shop, for 1 h.\n")
    );
    assert!(mail.body().contains("\nFor: 2 h\n"), "{}", mail.body());
    assert!(mail.body().contains("\nApproved for: 1 h\n"), "{}", mail.body());
    assert!(mail.body().contains("It is usable now, until 23 Nov 2026, 09:15 UTC."));
    let handled = english(&request::handled(&given));
    assert_eq!(handled.subject(), "Handled by Grace: Ada, Production operator – approved");
}

#[test]
fn access_that_ends_says_when_why_and_by_whom() {
    let ending = Ending {
        holder: "Ada",
        role: "Operator",
        scope: "Shop",
        ends_at: instant("2026-11-23T09:15:00Z"),
        link: "https://pim.example/requests/7",
    };
    let soon = english(&request::ending_soon(&ending, "https://pim.example/activations/7/extend"));
    assert_eq!(soon.subject(), "5 minutes left: Operator at Shop");
    assert!(soon.body().contains("\nExtend it:\nhttps://pim.example/activations/7/extend\n"));
    for (why, to, said) in [
        (
            Why::TimeUp,
            Audience::Requester,
            "Your access to Operator at Shop has ended: its time is up.",
        ),
        (
            Why::EligibilityEnded,
            Audience::Administrators,
            "because the eligibility that it rested on has ended.",
        ),
        (
            Why::By { name: "Grace", reason: "Done" },
            Audience::Requester,
            "Grace ended your access to Operator at Shop.",
        ),
        (
            Why::By { name: "Grace", reason: "Done" },
            Audience::Administrators,
            "Grace ended the access of Ada to Operator at Shop.",
        ),
    ] {
        let mail = english(&request::ended(&ending, why, to));
        assert!(mail.body().contains(said), "{}", mail.body());
        assert_eq!(mail.body().contains("> Done"), matches!(why, Why::By { .. }));
    }
}

#[test]
fn the_longest_texts_fit_the_table() {
    let long = "ä\n".repeat(2048);
    let letter = request::approval_wanted(
        &Asked { justification: &long, ..asked() },
        instant("2026-11-23T08:15:00Z"),
    );
    let mail = english(&letter);
    assert!(mail.body().chars().count() <= Mail::BODY_MOST);
    assert!(mail.body().contains("https://pim.example/requests/7"), "the link is not cut off");
    assert!(mail.html().is_some(), "the HTML text is there whole");
}
