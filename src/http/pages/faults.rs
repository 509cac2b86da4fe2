//! What is wrong with a form, told beside its fields.
use axum::http::StatusCode;

use super::view::form::Field;
use crate::{
    domain::text::sentence,
    error::Error,
    http::{language::translate, problem::Problem},
};

/// What is wrong with a form: field by field, and with the whole of it.
#[derive(Debug)]
pub struct Faults {
    status: StatusCode,
    fields: Vec<(String, String)>,
    whole: Vec<String>,
}

impl Default for Faults {
    fn default() -> Self {
        Self { status: StatusCode::OK, fields: Vec::new(), whole: Vec::new() }
    }
}

impl Faults {
    /// What an error says about a form; an error that has nothing to do with it is passed on.
    pub fn of(error: Error) -> Result<Self, Error> {
        let mut faults = Self { status: StatusCode::UNPROCESSABLE_ENTITY, ..Self::default() };
        match error {
            Error::Refused(refusals) => {
                for refusal in refusals {
                    faults.add(refusal.field(), translate(&refusal.to_string()));
                }
            }
            Error::Invalid(fields) => {
                for field in fields {
                    faults.add(Some(&field.way()), sentence(&translate(&field.message)));
                }
            }
            Error::StepUp(message) => faults.add(Some("code"), translate(message)),
            Error::Conflict(message) => {
                faults.status = StatusCode::CONFLICT;
                faults.add(None, sentence(&translate(&message)));
            }
            Error::NotAllowed(_) | Error::Widens(_) => {
                faults.status = StatusCode::FORBIDDEN;
                faults.add(None, sentence(&translate(&error.to_string())));
            }
            Error::Busy { .. } => {
                faults.status = StatusCode::TOO_MANY_REQUESTS;
                faults.add(None, sentence(&translate(&error.to_string())));
            }
            other => return Err(other),
        }
        Ok(faults)
    }

    /// Adds what an error says about fields that could be read. Of those that could not nothing more is known.
    pub fn also(&mut self, error: Error) -> Result<(), Error> {
        let more = Self::of(error)?;
        let illegible: Vec<_> = self.fields.iter().map(|(field, _)| field.clone()).collect();
        let about = more.fields.into_iter().filter(|(field, _)| !illegible.contains(field));
        self.fields.extend(about);
        self.whole.extend(more.whole);
        Ok(())
    }

    /// One field that could not be read.
    #[must_use]
    pub fn field(name: &str, message: impl Into<String>) -> Self {
        let mut faults = Self { status: StatusCode::UNPROCESSABLE_ENTITY, ..Self::default() };
        faults.add(Some(name), sentence(&translate(&message.into())));
        faults
    }

    /// Adds one field that could not be read.
    pub fn note(&mut self, name: &str, message: impl Into<String>) {
        self.status = StatusCode::UNPROCESSABLE_ENTITY;
        self.add(Some(name), sentence(&translate(&message.into())));
    }

    /// Reads a field as the type that it has inside, and notes what is wrong if it cannot be.
    pub fn read<T>(&mut self, name: &str, text: &str) -> Option<T>
    where
        T: std::str::FromStr,
        T::Err: ToString,
    {
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.note(name, error.to_string());
                None
            }
        }
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.whole.is_empty()
    }

    /// The status of the answer that draws the form again.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// A field as it was typed, with what is wrong with it. What is left at the end is told of the whole.
    pub fn take(&mut self, name: &str, value: impl Into<String>) -> Field {
        let (mine, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.fields).into_iter().partition(|(field, _)| field == name);
        self.fields = rest;
        let said: Vec<_> = mine.into_iter().map(|(_, message)| message).collect();
        Field { value: value.into(), error: (!said.is_empty()).then(|| said.join(" ")) }
    }

    /// The same for a field to which the rules know another way. Why it cannot be read is told rather than what that leads to.
    pub fn take_at(&mut self, name: &str, way: &str, value: impl Into<String>) -> Field {
        let judged = self.take(way, "");
        let read = self.take(name, value);
        Field { error: read.error.or(judged.error), ..read }
    }

    /// What is wrong that no field of the form has taken.
    #[must_use]
    pub fn rest(self) -> Vec<String> {
        self.whole.into_iter().chain(self.fields.into_iter().map(|(_, message)| message)).collect()
    }

    fn add(&mut self, field: Option<&str>, message: String) {
        match field {
            Some(field) => self.fields.push((field.to_owned(), message)),
            None => self.whole.push(message),
        }
    }
}

/// Why a role of several was not given; what is broken inside is told to nobody.
pub fn reasons_of(error: &Error) -> Vec<String> {
    let problem = Problem::from(error);
    match problem.reasons.as_slice() {
        [] => vec![sentence(&translate(&problem.detail))],
        reasons => reasons.iter().map(|reason| translate(&reason.message)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{activation::Refusal, fault::FieldError, time::Duration};

    #[test]
    fn what_is_about_a_field_stands_beside_it_and_the_rest_above() {
        let mut faults = Faults::of(Error::Refused(vec![
            Refusal::Duration { shortest: Duration::minutes(5), longest: Duration::hours(4) },
            Refusal::AlreadyRequested,
            Refusal::ProofNeeded,
        ]))
        .unwrap();
        let duration = faults.take("duration", "12h");
        assert_eq!(duration.value, "12h");
        assert!(duration.error.unwrap().contains("between 5 min and 4 h"));
        assert_eq!(faults.take("duration", "").error, None);
        assert_eq!(faults.rest().len(), 2, "the code has no field on this form");
    }

    #[test]
    fn a_part_of_a_field_has_its_own_way_and_what_cannot_be_read_is_told_first() {
        let mut faults = Faults::default();
        faults.note("reason", "this is too long");
        faults.note("timeout_1", "write a duration");
        let fault = |field, part| FieldError::new(field, "said by the rules").at(part);
        faults
            .also(Error::Invalid(vec![
                fault("reason", ""),
                fault("stages", "[0].timeout"),
                fault("stages", "[0].agree"),
            ]))
            .unwrap();
        let timeout = faults.take_at("timeout_1", "stages[0].timeout", "soon");
        assert_eq!(timeout.error.as_deref(), Some("Write a duration."));
        let agree = faults.take_at("agree_1", "stages[0].agree", "1");
        assert_eq!(agree.error.as_deref(), Some("Said by the rules."));
        assert_eq!(faults.take("reason", "").error.as_deref(), Some("This is too long."));
        assert!(faults.rest().is_empty());
    }

    #[test]
    fn what_has_nothing_to_do_with_the_form_is_passed_on() {
        assert!(Faults::of(Error::NotFound("role")).is_err());
        assert!(Faults::of(Error::Unauthenticated).is_err());
    }

    #[test]
    fn messages_become_sentences() {
        assert_eq!(sentence("write why"), "Write why.");
        assert_eq!(sentence("Wait."), "Wait.");
    }
}
