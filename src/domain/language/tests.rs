use super::*;
use crate::domain::time::Instant;

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

#[test]
fn every_file_of_the_catalogue_can_be_read_and_no_key_comes_twice() {
    assert_eq!(faults(), &[] as &[String]);
}

#[test]
fn every_text_is_in_both_languages_and_asks_for_the_same_values() {
    let (english, danish) = (keys(Language::English), keys(Language::Danish));
    for (key, values) in &english {
        assert_eq!(danish.get(key), Some(values), "{key} in Danish");
    }
    for key in danish.keys() {
        assert!(english.contains_key(key), "{key} is in Danish only");
    }
}

#[test]
fn one_moment_is_told_in_the_zone_and_the_language_of_each_reader() {
    let winter = at("2026-01-15T13:00:00Z");
    assert_eq!(
        Reader::new(Language::English, "Europe/Copenhagen").instant(winter),
        "15 Jan 2026, 14:00 CET"
    );
    assert_eq!(
        Reader::new(Language::Danish, "Europe/Copenhagen").instant(winter),
        "15. jan. 2026 kl. 14:00 CET"
    );
    assert_eq!(
        Reader::new(Language::English, "America/New_York").instant(winter),
        "15 Jan 2026, 08:00 EST"
    );
    let summer = at("2026-07-15T12:00:00Z");
    assert_eq!(
        Reader::new(Language::English, "Europe/Copenhagen").instant(summer),
        "15 Jul 2026, 14:00 CEST"
    );
    assert_eq!(
        Reader::new(Language::Danish, "America/New_York").instant(summer),
        "15. juli 2026 kl. 08:00 EDT"
    );
}

#[test]
fn the_hour_that_comes_twice_in_autumn_is_told_apart_by_its_zone() {
    let reader = Reader::new(Language::English, "Europe/Copenhagen");
    assert_eq!(reader.instant(at("2026-10-25T00:30:00Z")), "25 Oct 2026, 02:30 CEST");
    assert_eq!(reader.instant(at("2026-10-25T01:30:00Z")), "25 Oct 2026, 02:30 CET");
}

#[test]
fn what_is_near_is_told_by_its_day() {
    let now = at("2026-11-22T14:05:00Z");
    let (english, danish) = (
        Reader::new(Language::English, "Europe/Berlin"),
        Reader::new(Language::Danish, "Europe/Berlin"),
    );
    for (moment, in_english, in_danish) in [
        ("2026-11-22T15:42:00Z", "today 16:42", "i dag kl. 16:42"),
        ("2026-11-22T23:30:00Z", "tomorrow 00:30", "i morgen kl. 00:30"),
        ("2026-11-21T08:00:00Z", "yesterday 09:00", "i går kl. 09:00"),
        ("2026-11-03T08:12:00Z", "3 Nov, 09:12", "3. nov. kl. 09:12"),
        ("2027-01-31T08:12:00Z", "31 Jan 2027", "31. jan. 2027"),
    ] {
        assert_eq!(english.around_now(at(moment), now), in_english);
        assert_eq!(danish.around_now(at(moment), now), in_danish);
    }
    assert_eq!(
        english.exactly(at("2026-11-22T15:42:00Z")),
        "Sunday 22 November 2026, 16:42:00 CET"
    );
    assert_eq!(
        danish.exactly(at("2026-11-22T15:42:00Z")),
        "søndag den 22. november 2026 kl. 16:42:00 CET"
    );
}

#[test]
fn durations_numbers_and_lists_follow_the_language() {
    let (english, danish) = (Reader::english(), Reader::new(Language::Danish, "UTC"));
    let long = Duration::minutes(150);
    assert_eq!(
        (english.duration(long), danish.duration(long)),
        ("2 h 30 min".to_owned(), "2 t 30 min".to_owned())
    );
    assert_eq!(danish.duration(Duration::days(14)), "14 dage");
    assert_eq!(
        (english.number(1_234_567), danish.number(1_234_567)),
        ("1,234,567".to_owned(), "1.234.567".to_owned())
    );
    assert_eq!(english.any_of(&["Ada", "Grace", "Alan"]), "Ada, Grace or Alan");
    assert_eq!(danish.all_of(&["Ada", "Grace", "Alan"]), "Ada, Grace og Alan");
}

#[test]
fn a_duration_is_said_in_english_as_it_prints() {
    for minutes in [5, 45, 60, 150, 1440, 2880, 20_160, 1500] {
        let duration = Duration::minutes(minutes);
        assert_eq!(Reader::english().duration(duration), duration.to_string());
    }
}

#[test]
fn a_browser_gets_the_language_that_it_wants_most_among_those_there_are() {
    for (header, language) in [
        ("da", Some(Language::Danish)),
        ("da-DK,da;q=0.9,en;q=0.8", Some(Language::Danish)),
        ("en-GB,en;q=0.9,da;q=0.8", Some(Language::English)),
        ("de, da;q=0.4, en;q=0.7", Some(Language::English)),
        ("fr;q=1, DA;q=0.1", Some(Language::Danish)),
        ("da;q=0, en", Some(Language::English)),
        ("de, fr", None),
        ("*", None),
        ("", None),
        (";;;,,q=,da;q=nan,en;q=7", None),
    ] {
        assert_eq!(wished(header), language, "{header}");
    }
}

#[test]
fn a_zone_exists_or_is_none() {
    assert_eq!(TimeZoneName::parse("europe/copenhagen").unwrap().as_str(), "Europe/Copenhagen");
    for text in ["Mars/Olympus", "", "../../etc/passwd", "CET-1CEST", "Local time", &"a".repeat(65)]
    {
        assert_eq!(TimeZoneName::parse(text), None, "{text}");
    }
    assert_eq!(Reader::new(Language::English, "Mars/Olympus").zone_name(), "UTC");
    assert!(TimeZoneName::offered().contains(&"America/New_York".to_owned()));
}

#[test]
fn values_carry_no_invisible_marks() {
    let text = Reader::english().text("time-ago", &[("span", "2 h".into())]);
    assert_eq!(text, "2 h ago");
}

#[test]
fn what_stands_around_a_value_can_be_had_apart() {
    let (before, after) = Reader::english().around("time-ends", &[]);
    assert_eq!((before.as_str(), after.as_str()), ("ends ", ""));
}

#[test]
fn what_no_language_has_is_said_by_its_key_and_breaks_nothing() {
    assert_eq!(Reader::new(Language::Danish, "UTC").text("no-such-text", &[]), "no-such-text");
}

#[test]
fn what_the_rules_say_is_told_in_the_language_and_the_zone_of_the_reader() {
    let danish = Reader::new(Language::Danish, "Europe/Copenhagen");
    for (english, in_danish) in [
        (
            "Choose a duration between 5 min and 2 h 30 min.",
            "Vælg en varighed mellem 5 min og 2 t 30 min.",
        ),
        (
            "You hold this role already, until 15 Jan 2026, 13:00 UTC. Extend it, or end it first.",
            "Du har allerede denne rolle, indtil 15. jan. 2026 kl. 14:00 CET. Forlæng den, eller afslut den først.",
        ),
        ("Grace Hopper is an owner already", "Grace Hopper er allerede ejer"),
        ("this user name is taken", "dette brugernavn er optaget"),
        ("at Production: nothing has changed", "på Production: intet er ændret"),
        ("what another program says", "what another program says"),
    ] {
        assert_eq!(danish.translate(english), in_danish);
    }
    let english = Reader::new(Language::English, "America/New_York");
    assert_eq!(
        english.translate("Choose a start between now and 15 Jan 2026, 13:00 UTC."),
        "Choose a start between now and 15 Jan 2026, 08:00 EST."
    );
}

#[test]
fn every_error_of_the_catalogue_is_found_by_its_own_english() {
    for (key, values) in keys(Language::English).iter().filter(|(key, _)| key.starts_with("error-"))
    {
        let arguments: Vec<_> =
            values.iter().map(|name| (&*name.clone().leak(), Argument::from("x7"))).collect();
        let said = Reader::english().text(key, &arguments);
        let found = recognise(&said).map(|message| message.to_string());
        assert_eq!(found, Some(said), "{key}");
    }
}
