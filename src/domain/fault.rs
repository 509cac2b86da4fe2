//! What is wrong with something that was sent.

/// One field of what was sent, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// The field's name.
    pub field: &'static str,
    /// What is wrong and what to do.
    pub message: String,
    /// The way from the field to the part of it that is wrong, such as `[0].timeout`; empty if that is the whole. For forms,
    /// which have an input for each part.
    #[serde(skip)]
    pub part: String,
}

impl FieldError {
    /// Something is wrong with a field.
    #[must_use]
    pub fn new(field: &'static str, message: impl Into<String>) -> Self {
        Self { field, message: message.into(), part: String::new() }
    }

    /// The same with a part of the field.
    #[must_use]
    pub fn at(self, part: impl Into<String>) -> Self {
        Self { part: part.into(), ..self }
    }

    /// The way to what is wrong: `stages[0].timeout`.
    #[must_use]
    pub fn way(&self) -> String {
        format!("{}{}", self.field, self.part)
    }
}
