//! In which language and in which time zone an answer is written: as the person has chosen, else as the browser says, else
//! as the organisation is set.
//!
//! It is a property of the request, like its id in the log, and kept beside it in the same way: whatever puts words on a page
//! asks here instead of being handed a reader through every call.
use std::cell::RefCell;

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};

use crate::domain::language::{Argument, Reader, TimeZoneName, Wishes, wished};

/// The cookie in which a script tells the browser's time zone.
const ZONE: &str = "zone";

tokio::task_local! {
    static READER: RefCell<Reader>;
}

/// Lets the answer be written for whoever reads it, and says so in its headers.
pub(super) async fn choose<Answered: Future<Output = Response>>(
    organisation: &Reader,
    request: Request,
    inside: impl FnOnce(Request) -> Answered,
) -> Response {
    let reader = RefCell::new(asked(request.headers(), organisation));
    READER
        .scope(reader, async {
            let mut response = inside(request).await;
            let headers = response.headers_mut();
            headers.append(header::VARY, HeaderValue::from_static("Accept-Language, Cookie"));
            let tag = reader_now().language.tag();
            headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(tag));
            response
        })
        .await
}

/// What a browser says of its reader, and what it leaves open as the organisation has it.
fn asked(headers: &HeaderMap, organisation: &Reader) -> Reader {
    let languages = headers.get_all(header::ACCEPT_LANGUAGE).iter();
    let languages: Vec<_> = languages.filter_map(|value| value.to_str().ok()).collect();
    let wishes =
        Wishes { language: wished(&languages.join(",")), time_zone: browser_zone(headers) };
    wishes.reader(organisation)
}

/// The time zone that a script on an earlier page found in the browser.
#[must_use]
pub fn browser_zone(headers: &HeaderMap) -> Option<TimeZoneName> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let zone = cookies
        .flat_map(|cookies| cookies.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(ZONE)?.strip_prefix('='))?;
    TimeZoneName::parse(&zone.replace("%2F", "/").replace("%2B", "+"))
}

/// Does something as it is done for a page of this reader.
#[cfg(test)]
pub async fn reading_as<T>(reader: Reader, made: impl Future<Output = T>) -> T {
    READER.scope(RefCell::new(reader), made).await
}

/// Goes by what the person has chosen, now that it is known who asks.
pub fn prefer(wishes: &Wishes) {
    let known = READER.try_with(|reader| {
        let preferred = wishes.reader(&reader.borrow());
        *reader.borrow_mut() = preferred;
    });
    // Outside a page nobody is asked: there is nothing to prefer.
    known.unwrap_or_default();
}

/// Whoever reads this answer; English in UTC outside a page.
#[must_use]
pub fn reader_now() -> Reader {
    READER.try_with(|reader| reader.borrow().clone()).unwrap_or_default()
}

/// The text of a key for whoever reads this answer.
#[must_use]
pub fn text(key: &str, arguments: &[(&'static str, Argument)]) -> String {
    READER
        .try_with(|reader| reader.borrow().text(key, arguments))
        .unwrap_or_else(|_| Reader::english().text(key, arguments))
}

/// What was said in English, for whoever reads this answer.
#[must_use]
pub fn translate(english: &str) -> String {
    reader_now().translate(english)
}

/// The text of `key`, with its values by name, for whoever reads the page that is being made.
macro_rules! tell {
    ($key:expr $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::http::language::text(
            $key,
            &[$((stringify!($name), $crate::domain::language::Argument::from(&$value))),*],
        )
    };
}

pub(crate) use tell;
