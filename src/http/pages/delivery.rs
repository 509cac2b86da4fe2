//! The way of notices: what became of each, sending one again, and trying whether a way works.
use axum::extract::Path;
use axum_extra::extract::Query;
use serde::Deserialize;
use uuid::Uuid;

use super::{
    done::Done,
    page::{Answer, Opened, Page, Posted, done, id, new_key, place_in_time, show},
    request::Nothing,
    say::Reader,
    view::{
        Pages,
        delivery::{Deliveries, Filter, Lane as LaneRow, Row},
        form::{Choice, Field},
        frame::Section,
    },
};
use crate::{
    domain::{
        channel::MAIL,
        delivery::{State, Wait},
        percent,
        permission::Permission,
    },
    http::language::{tell, translate},
    service::delivery::{self, Delivery, Lane},
};

/// What is looked for, in the address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    notice: String,
    lane: String,
    state: String,
    event: String,
    address: String,
    after: String,
}

impl Wanted {
    fn wish(&self) -> delivery::Wanted {
        let given = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
        delivery::Wanted {
            // What is no identifier is that of no notice.
            id: given(&self.notice).map(|id| id.parse().unwrap_or_default()),
            lane: given(&self.lane),
            state: State::named(&self.state),
            event: given(&self.event),
            address: given(&self.address),
        }
    }

    /// The filter as the query of an address, without where the page begins.
    fn query(&self) -> String {
        [
            ("notice", &self.notice),
            ("lane", &self.lane),
            ("state", &self.state),
            ("event", &self.event),
            ("address", &self.address),
        ]
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", percent::encode(value)))
        .collect::<Vec<_>>()
        .join("&")
    }
}

/// The notices, and the ways by which they leave.
pub async fn list(page: Page, Query(wanted): Query<Wanted>) -> Answer {
    let after = place_in_time::<Uuid>(&wanted.after);
    let (found, next) = delivery::list(&page.app, &page.actor, &wanted.wish(), after).await?;
    let lanes = delivery::lanes(&page.app, &page.actor).await?;
    let events = delivery::events(&page.app, &page.actor).await?;
    let Opened { frame, reader, permissions, .. } = page.open(Section::Deliveries).await?;
    let may_act = permissions.allow(Permission::ManageSettings);
    let query = wanted.query();
    let address = |more: String| {
        format!("/deliveries?{query}{}{more}", if query.is_empty() { "" } else { "&" })
    };
    show(&Deliveries {
        filter: filter(&wanted, &lanes, &events),
        rows: found.iter().map(|notice| row(notice, &lanes, &reader)).collect(),
        lanes: lanes.iter().map(|lane| lane_row(lane, &reader)).collect(),
        pages: Pages {
            first: if after.is_some() { format!("/deliveries?{query}") } else { String::new() },
            next: next.map(|(at, id)| address(format!("after={at}~{id}"))).unwrap_or_default(),
        },
        again: if wanted.notice.is_empty() {
            String::new()
        } else {
            format!("/deliveries?{query}")
        },
        may_act,
        key: new_key(),
        query,
        frame,
    })
}

fn filter(wanted: &Wanted, lanes: &[Lane], events: &[String]) -> Filter {
    let with_any = |any: String, choices: Vec<Choice>| {
        std::iter::once(Choice::new("", any)).chain(choices).collect::<Vec<_>>()
    };
    let lanes = lanes.iter().map(|lane| Choice::new(lane.name.clone(), lane.name.clone()));
    let states = State::ALL.iter().map(|(state, name)| Choice::new(*name, word(*state)));
    let events = events.iter().map(|event| Choice::new(event.clone(), event.clone()));
    Filter {
        lane: Field::new(&wanted.lane),
        lanes: with_any(tell!("delivery-any-way"), lanes.collect()),
        state: Field::new(&wanted.state),
        states: with_any(tell!("delivery-any-state"), states.collect()),
        event: Field::new(&wanted.event),
        events: with_any(tell!("delivery-any-event"), events.collect()),
        address: Field::new(&wanted.address),
        used: !wanted.query().is_empty(),
    }
}

fn lane_row(lane: &Lane, reader: &Reader) -> LaneRow {
    let is_mail = lane.name == MAIL;
    let (tone, state, since) = match (lane.failing_since, lane.succeeded_at) {
        _ if !lane.configured => ("bad", tell!("delivery-not-configured-any-more"), None),
        (Some(since), _) => ("bad", tell!("delivery-nothing-gets-through-since"), Some(since)),
        (None, Some(at)) => ("good", tell!("delivery-works-last"), Some(at)),
        (None, None) => ("", tell!("delivery-not-used-yet"), None),
    };
    let kind = lane.kind.map_or("", |kind| kind.label());
    LaneRow {
        what: match (is_mail, lane.kind) {
            (true, _) => tell!("delivery-to-each-person"),
            (false, Some(_)) if lane.secrets > 1 => {
                let (host, secrets) = (lane.host.clone(), lane.secrets);
                tell!("delivery-at-signed", kind = kind, host = host, secrets = secrets)
            }
            (false, Some(_)) => tell!("delivery-at", kind = kind, host = lane.host.clone()),
            (false, None) => String::new(),
        },
        wants: match (is_mail, lane.events.is_empty()) {
            (true, _) => tell!("delivery-what-concerns-each"),
            (false, true) if lane.configured => tell!("delivery-everything"),
            _ => lane.events.join(", "),
        },
        tone,
        state,
        since: since.map(|at| reader.instant(at)),
        error: lane.last_error.as_deref().map(translate).unwrap_or_default(),
        backlog: match (lane.waiting, lane.given_up) {
            (0, 0) => tell!("delivery-nothing"),
            (waiting, 0) => tell!("delivery-waiting-many", waiting = waiting),
            (0, given_up) => tell!("delivery-given-up-many", given_up = given_up),
            (waiting, given_up) => {
                tell!("delivery-waiting-and-given-up", waiting = waiting, given_up = given_up)
            }
        },
        test: if lane.configured {
            format!("/deliveries/ways/{}/test", lane.name)
        } else {
            String::new()
        },
        test_word: if is_mail {
            tell!("delivery-mail-me-a-test")
        } else {
            tell!("delivery-send-a-test")
        },
        name: lane.name.clone(),
    }
}

/// Where a notice stands, in a word.
fn word(state: State) -> String {
    match state {
        State::Waiting => tell!("delivery-waiting"),
        State::BeingSent => tell!("delivery-being-sent"),
        State::Sent => tell!("delivery-sent"),
        State::Retrying => tell!("delivery-will-be-tried-again"),
        State::GivenUp => tell!("delivery-given-up"),
    }
}

/// Why a notice has not gone out, as far as that is known.
fn why(notice: &Delivery, lanes: &[Lane]) -> String {
    let failed = notice.last_error.as_deref().map(translate);
    let last = failed.map(|why| tell!("delivery-last-try-failed", why = why));
    match notice.waits_for {
        Some(Wait::Turn) => last.unwrap_or_else(|| tell!("delivery-goes-out-at-its-turn")),
        Some(Wait::QuietHours) => tell!("delivery-quiet-hours"),
        Some(Wait::EarlierOne) => tell!("delivery-an-earlier-one-goes-first"),
        Some(Wait::Channel) => tell!("delivery-its-channel-is-not-configured"),
        Some(Wait::Way) => {
            let name = notice.channel.as_deref().unwrap_or(MAIL);
            let lane = lanes.iter().find(|lane| lane.name == name);
            let said = lane.and_then(|lane| lane.last_error.as_deref()).map(translate);
            said.map_or_else(
                || tell!("delivery-nothing-gets-through"),
                |why| tell!("delivery-nothing-gets-through-because", why = why),
            )
        }
        Some(Wait::AnotherTry) | None => last.unwrap_or_default(),
    }
}

fn row(notice: &Delivery, lanes: &[Lane], reader: &Reader) -> Row {
    let (tone, when) = match (notice.state, notice.waits_for) {
        (State::Sent, _) => ("good", notice.sent_at),
        (State::GivenUp, _) | (_, Some(Wait::Channel)) => ("bad", None),
        (_, Some(Wait::AnotherTry | Wait::Way)) => ("warn", notice.next_attempt_at),
        (State::Waiting | State::BeingSent | State::Retrying, _) => ("", notice.next_attempt_at),
    };
    let state = match notice.waits_for {
        None | Some(Wait::AnotherTry) => word(notice.state),
        Some(_) if when.is_some() => tell!("delivery-waiting-until"),
        Some(_) => word(State::Waiting),
    };
    let again = matches!(notice.state, State::GivenUp | State::Retrying | State::Waiting);
    Row {
        at: reader.instant(notice.at),
        event: notice.event.clone().unwrap_or_else(|| tell!("delivery-a-notice")),
        to: notice.channel.clone().or_else(|| notice.address.clone()).unwrap_or_default(),
        state,
        tone,
        when: when.map(|at| reader.instant(at)),
        attempts: notice.attempts,
        why: why(notice, lanes),
        resend: if again { format!("/deliveries/{}/resend", notice.id) } else { String::new() },
    }
}

/// Where to come back to.
#[derive(Deserialize)]
pub struct Back {
    #[serde(default)]
    back: String,
}

/// Puts a notice in line again.
pub async fn resend(Path(notice): Path<String>, posted: Posted<Back>) -> Answer {
    let Posted { page, form } = posted;
    delivery::resend(&page.app, &page.actor, id(&notice, "notice")?).await?;
    // Only names and values of our own filter: nothing in it can lead elsewhere, or end the header that it stands in.
    let foreign = |letter: char| letter.is_control() || matches!(letter, '#' | '\\');
    done(&format!("/deliveries?{}", form.back.replace(foreign, "")), Done::Resent)
}

/// Tries whether a way works, and leads to the notice that tells.
pub async fn test(Path(lane): Path<String>, posted: Posted<Nothing>) -> Answer {
    let Posted { page, .. } = posted;
    let notice = delivery::test(&page.app, &page.actor, &lane).await?;
    done(&format!("/deliveries?notice={notice}"), Done::Tested)
}
