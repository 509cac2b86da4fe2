//! A page that draws a form again says so first: in its title, and at its top, where each fault leads to its field.
//!
//! It is read off the page as it was drawn, since that alone knows which fault stands beside which field; so it is done here
//! for every form. What people have typed cannot pass for one of these marks: it stands there escaped.
use askama::Template as _;
use axum::http::StatusCode;

use super::view::problem::{Fault, Refused};
use crate::{error::Error, http::language::tell};

/// Where frames leave room for it.
const ROOM: &str = "<!-- refused -->";
/// How a fault beside a field begins; what follows is the name of the field.
const FAULT: &str = "<p class=\"error\" id=\"";
/// How a note about a form as a whole begins.
const WHOLE: &str = "<div class=\"note note-bad\" role=\"alert\" tabindex=\"-1\"";

/// Lets a page begin there.
const FOCUS: &str = " autofocus";

/// Whether an answer with that status draws a form again.
#[must_use]
pub fn is_form(status: StatusCode) -> bool {
    status.is_client_error() && status != StatusCode::NOT_FOUND
}

/// The same page, telling in its title and at its top what is to be mended, and beginning where that has to be done.
pub fn tell(page: &str) -> Result<String, Error> {
    let faults: Vec<_> = page.match_indices(FAULT).filter_map(|(at, _)| fault(page, at)).collect();
    let mark = match faults.iter().find(|fault| fault.is_field) {
        Some(first) => format!(" id=\"{}\"", first.target),
        None => WHOLE.to_owned(),
    };
    let page = page.replacen(&mark, &format!("{mark}{FOCUS}"), 1);
    let page = page.replacen("<title>", &format!("<title>{}: ", tell!("frame-error")), 1);
    if faults.is_empty() {
        return Ok(page);
    }
    let note = Refused { title: tell!("frame-to-be-mended", count = faults.len()), faults };
    let note = note
        .render()
        .map_err(|error| Error::Internal(format!("a page could not be drawn: {error}")))?;
    Ok(page.replacen(ROOM, &note, 1))
}

/// The fault that begins there.
fn fault(page: &str, at: usize) -> Option<Fault> {
    let (before, from) = page.split_at_checked(at)?;
    let (input, rest) = from.strip_prefix(FAULT)?.split_once("-error\"")?;
    let (said, _) = rest.split_once("<span>")?.1.split_once("</span>")?;
    let ids = [input.to_owned(), format!("{input}-list")];
    let field = ids.into_iter().find(|id| page.contains(&format!(" id=\"{id}\"")));
    Some(Fault {
        name: name_of(before, input).to_owned(),
        said: said.to_owned(),
        is_field: field.is_some(),
        target: field.unwrap_or_else(|| format!("{input}-error")),
    })
}

/// What a field is called: by its label, else by the legend of the fields that it belongs to; may be empty.
fn name_of<'a>(before: &'a str, input: &str) -> &'a str {
    let label = before.rsplit_once(&format!(" for=\"{input}\">"));
    let legend = before
        .rsplit_once("<legend class=\"label\">")
        .filter(|(_, since)| !since.contains("</fieldset>"));
    let name = label.or(legend).and_then(|(_, name)| name.split('<').next());
    name.unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<title>Activate</title><!-- refused --><form>
<label class="label" for="why">Why <span class="optional">optional</span></label><textarea id="why"></textarea>
<p class="error" id="why-error"><svg></svg><span>Write less than &quot;this&quot;.</span></p>
<fieldset><legend class="label">Who</legend><div class="pick-list" id="who-list" tabindex="-1"></div>
<p class="error" id="who-error"><svg></svg><span>Choose somebody.</span></p></fieldset>
<p class="error" id="emergency-error"><svg></svg><span>Confirm it.</span></p></form>"#;

    #[test]
    fn each_fault_is_told_at_the_top_and_leads_to_its_field() {
        let page = super::tell(PAGE).unwrap();
        assert!(page.starts_with("<title>Error: Activate</title>"), "{page}");
        assert!(page.contains("Please fix 3 things."), "{page}");
        for link in [
            r##"<a href="#why">Why: Write less than &quot;this&quot;.</a>"##,
            r##"<a href="#who-list">Who: Choose somebody.</a>"##,
            r##"<a href="#emergency-error">Confirm it.</a>"##,
        ] {
            assert!(page.contains(link), "{link}\n{page}");
        }
        assert_eq!(page.matches("autofocus").count(), 1, "{page}");
        assert!(page.contains(r#"id="why" autofocus"#), "{page}");
    }

    #[test]
    fn what_is_wrong_with_the_whole_is_where_one_begins() {
        let note = format!("<title>T</title>{ROOM}{WHOLE}>");
        let page = super::tell(&note).unwrap();
        assert_eq!(page, format!("<title>Error: T</title>{ROOM}{WHOLE} autofocus>"));
    }

    #[test]
    fn only_forms_are_drawn_again() {
        assert!(is_form(StatusCode::UNPROCESSABLE_ENTITY) && is_form(StatusCode::CONFLICT));
        assert!(!is_form(StatusCode::OK) && !is_form(StatusCode::NOT_FOUND));
    }
}
