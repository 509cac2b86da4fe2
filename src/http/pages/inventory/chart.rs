//! How standing access went, drawn by the server.
use super::super::view::inventory::{Chart, ChartDay};
use crate::http::language::tell;
use crate::service::inventory::history::Day;

/// The drawing's size, in its own units.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 150.0;
/// So many days are told as numbers.
const TOLD: usize = 31;

/// The drawing; none before there are two days.
#[must_use]
pub fn draw(days: &[Day]) -> Option<Chart> {
    let (first, last) = (days.first()?, days.last()?);
    if days.len() < 2 {
        return None;
    }
    let values = |of: fn(&Day) -> i64| days.iter().map(of).collect::<Vec<_>>();
    let privileged = values(|day| day.standing_privileged);
    let other = values(|day| day.standing_other);
    let eligible = values(|day| day.eligible);
    let top = privileged.iter().chain(&other).chain(&eligible).copied().max().unwrap_or(0).max(1);
    Some(Chart {
        privileged: points(&privileged, top),
        other: points(&other, top),
        eligible: points(&eligible, top),
        top,
        sentence: tell!(
            "inventory-standing-access-to-privileged-roles",
            standing_privileged = first.standing_privileged,
            standing_privileged_2 = last.standing_privileged,
            standing_other = first.standing_other,
            standing_other_2 = last.standing_other,
            eligible = first.eligible,
            eligible_2 = last.eligible
        ),
        from: first.day.clone(),
        to: last.day.clone(),
        days: days.iter().rev().take(TOLD).map(tell).collect(),
    })
}

fn tell(day: &Day) -> ChartDay {
    ChartDay {
        day: day.day.clone(),
        privileged: day.standing_privileged,
        other: day.standing_other,
        eligible: day.eligible,
        activations: day.activations_day_before,
    }
}

/// The points of a line, evenly from left to right.
#[expect(clippy::cast_precision_loss, reason = "a pixel more or less")]
fn points(values: &[i64], top: i64) -> String {
    let step = WIDTH / (values.len().max(2) - 1) as f64;
    let place = |(index, value): (usize, &i64)| {
        let across = step * index as f64;
        let down = HEIGHT - HEIGHT * (*value as f64 / top as f64);
        format!("{across:.1},{down:.1}")
    };
    values.iter().enumerate().map(place).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Instant;

    fn day(day: &str, privileged: i64) -> Day {
        Day {
            day: day.to_owned(),
            taken_at: Instant::new(jiff::Timestamp::UNIX_EPOCH),
            standing_privileged: privileged,
            standing_other: 0,
            eligible: 5,
            activations_day_before: 1,
        }
    }

    #[test]
    fn a_line_goes_from_the_first_day_to_the_last() {
        let days = [day("2026-11-20", 10), day("2026-11-21", 5), day("2026-11-22", 0)];
        let chart = draw(&days).unwrap();
        assert_eq!(chart.privileged, "0.0,0.0 360.0,75.0 720.0,150.0");
        assert_eq!((chart.top, chart.days.len()), (10, 3));
        assert_eq!(chart.days[0].day, "2026-11-22", "the newest number stands first");
        assert!(chart.sentence.contains("from 10 to 0"));
    }

    #[test]
    fn one_day_is_no_line() {
        assert!(draw(&[]).is_none());
        assert!(draw(&[day("2026-11-22", 1)]).is_none());
    }
}
