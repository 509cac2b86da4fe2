//! Tables written as JSON: an array of objects, or an object on each line.
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Value, value::RawValue};

use super::{Format, Lines, MOST_COLUMNS, MOST_ROWS, Row, Sheet, Unreadable};

/// An object with its fields in their order.
struct Object(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Object;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Object(fields))
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

/// Reads an array of objects.
pub(super) fn read_array(text: &str) -> Result<Sheet, Unreadable> {
    let parts: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| {
        let line = i32::try_from(error.line()).unwrap_or(i32::MAX);
        Unreadable::NotJson { line, reason: plain(&error) }
    })?;
    let mut lines = Lines::of(text);
    let objects = parts.into_iter().map(|part| {
        // The parts lie in the text.
        let offset = part.get().as_ptr().addr() - text.as_ptr().addr();
        (lines.at(offset), part.get())
    });
    tabulated(Format::Json, objects)
}

/// Reads an object on each line.
pub(super) fn read_lines(text: &str) -> Result<Sheet, Unreadable> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    tabulated(Format::JsonLines, lines)
}

/// Objects as a table: a column for each name that any of them has.
fn tabulated<'a>(
    format: Format,
    objects: impl Iterator<Item = (i32, &'a str)>,
) -> Result<Sheet, Unreadable> {
    let mut columns: Vec<String> = Vec::new();
    let mut found = Vec::new();
    for (line, text) in objects {
        if found.len() == MOST_ROWS {
            return Err(Unreadable::TooManyRows);
        }
        let object = serde_json::from_str::<Object>(text)
            .map_err(|error| format!("it is no JSON object: {}", plain(&error)));
        for (name, _) in object.iter().flat_map(|object| &object.0) {
            if !columns.contains(name) {
                columns.push(name.clone());
            }
        }
        if columns.len() > MOST_COLUMNS {
            return Err(Unreadable::TooManyColumns);
        }
        found.push((line, object));
    }
    let rows = found
        .into_iter()
        .map(|(line, object)| Row {
            line,
            cells: object.and_then(|Object(fields)| cells(&columns, &fields)),
        })
        .collect();
    Ok(Sheet { format, columns, rows })
}

fn cells(columns: &[String], fields: &[(String, Value)]) -> Result<Vec<String>, String> {
    columns
        .iter()
        .map(|column| {
            let mut values = fields.iter().filter(|(name, _)| name == column);
            let (first, more) = (values.next(), values.next());
            match (first.map(|(_, value)| value), more) {
                (_, Some(_)) => Err(format!("{column} is there twice")),
                (None | Some(Value::Null), None) => Ok(String::new()),
                (Some(Value::String(text)), None) => Ok(text.trim().to_owned()),
                (Some(value @ (Value::Bool(_) | Value::Number(_))), None) => Ok(value.to_string()),
                (Some(Value::Array(_) | Value::Object(_)), None) => {
                    Err(format!("{column} is a list or an object: text or a number is wanted"))
                }
            }
        })
        .collect()
}

/// What serde says, without where: its lines are not those of the file.
fn plain(error: &serde_json::Error) -> String {
    let said = error.to_string();
    said.rsplit_once(" at line ").map_or(said.as_str(), |(said, _)| said).to_owned()
}
