//! How the reader is told what asks nothing of them.
use super::{
    done::Done,
    faults::Faults,
    page::{Answer, Page, Posted, answer, done},
    settings::form::Pairs,
    view::{
        form::Choice,
        frame::Section,
        notice::{MyNotices, OccasionRow},
    },
};
use crate::{
    domain::{
        language::Reader,
        notice::{
            occasion::Occasion,
            preference::{Preferences, QuietHours, Way},
        },
        time::TimeOfDay,
    },
    http::language::reader_now,
    service::notice,
};

/// What the reader has chosen.
pub async fn mine(page: Page) -> Answer {
    let chosen = notice::mine(&page.app, &page.actor).await?;
    let mut pairs = Pairs::default();
    for (occasion, way) in &chosen.ways {
        pairs.say(&format!("way:{}", occasion.name()), way.name());
    }
    if let Some(quiet) = chosen.quiet_hours {
        pairs.say("quiet_from", quiet.from.to_string());
        pairs.say("quiet_to", quiet.to.to_string());
    }
    for (name, wanted) in [("daily", chosen.daily), ("weekly", chosen.weekly)] {
        if wanted {
            pairs.say(name, "on");
        }
    }
    draw(&page, Faults::default(), &pairs).await
}

async fn draw(page: &Page, mut faults: Faults, pairs: &Pairs) -> Answer {
    let status = faults.status();
    let opened = page.open(Section::Account).await?;
    let reader = reader_now();
    let view = MyNotices {
        zone: reader.text("notices-mine-occasions-help", &[("zone", reader.zone_name().into())]),
        quiet_from: faults.take("quiet_from", pairs.one("quiet_from")),
        quiet_to: faults.take("quiet_to", pairs.one("quiet_to")),
        daily: pairs.has("daily"),
        weekly: pairs.has("weekly"),
        rows: Occasion::ALL
            .iter()
            .filter(|(occasion, _)| occasion.is_chosen())
            .map(|(occasion, name)| row(&reader, pairs, *occasion, name))
            .collect(),
        problems: faults.rest(),
        frame: opened.frame,
    };
    answer(status, &view)
}

fn row(reader: &Reader, pairs: &Pairs, occasion: Occasion, name: &'static str) -> OccasionRow {
    let chosen = Way::named(pairs.one(&format!("way:{name}"))).unwrap_or_default();
    let choice = |way: Way| {
        let key = match way {
            Way::AtOnce => "notices-at-once",
            Way::Daily => "notices-daily",
            Way::Never => "notices-never",
        };
        Choice::new(way.name(), reader.text(key, &[])).chosen(way == chosen)
    };
    OccasionRow {
        name,
        label: reader.say(&occasion.title()),
        choices: Way::ALL
            .iter()
            .map(|(way, _)| *way)
            .filter(|way| !(occasion.passes() && *way == Way::Daily))
            .map(choice)
            .collect(),
    }
}

/// Keeps what the reader chooses.
pub async fn choose(posted: Posted<Pairs>) -> Answer {
    let Posted { page, form: pairs } = posted;
    let reader = reader_now();
    let chosen = match read(&reader, &pairs) {
        Ok(chosen) => chosen,
        Err(faults) => return draw(&page, faults, &pairs).await,
    };
    match notice::choose(&page.app, &page.actor, &chosen).await {
        Ok(()) => done("/account/notices", Done::NoticesChosen),
        Err(error) => draw(&page, Faults::of(error)?, &pairs).await,
    }
}

fn read(reader: &Reader, pairs: &Pairs) -> Result<Preferences, Faults> {
    let mut faults = Faults::default();
    let mut time = |name: &str| {
        let text = pairs.one(name).trim();
        let is_empty = text.is_empty();
        ((!is_empty).then(|| faults.read::<TimeOfDay>(name, text)).flatten(), is_empty)
    };
    let ((from, no_from), (to, no_to)) = (time("quiet_from"), time("quiet_to"));
    if no_from != no_to {
        let name = if no_from { "quiet_from" } else { "quiet_to" };
        faults.note(name, reader.text("notices-both-fault", &[]));
    }
    if faults.status() != axum::http::StatusCode::OK {
        return Err(faults);
    }
    let ways = Occasion::ALL.iter().filter(|(occasion, _)| occasion.is_chosen()).filter_map(
        |(occasion, name)| {
            let way = Way::named(pairs.one(&format!("way:{name}")))?;
            (way != Way::AtOnce).then_some((*occasion, way))
        },
    );
    Ok(Preferences {
        ways: ways.collect(),
        quiet_hours: from.zip(to).map(|(from, to)| QuietHours { from, to }),
        daily: pairs.has("daily"),
        weekly: pairs.has("weekly"),
    })
}
