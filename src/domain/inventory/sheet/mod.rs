//! Reading a table of today's assignments from whatever it was exported as: CSV, a JSON array, or JSON Lines.
//!
//! Cells are text and nothing else: what looks like a formula is a name that nobody has.
mod delimited;
mod objects;

use delimited::read_csv;
use objects::{read_array, read_lines};

/// The largest file.
pub const MOST_BYTES: usize = 10 * 1024 * 1024;
/// The most rows.
pub const MOST_ROWS: usize = 50_000;
/// The most columns.
const MOST_COLUMNS: usize = 200;

/// What a file was written as.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    sqlx::Type,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "import_format", rename_all = "snake_case")]
#[schema(as = ImportFormat)]
pub enum Format {
    /// Comma, semicolon or tab between cells.
    Csv,
    /// An array of objects.
    Json,
    /// An object on each line.
    JsonLines,
}

/// A table: named columns, and rows with as many cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// What it was written as.
    pub format: Format,
    /// The names of the columns, each once.
    pub columns: Vec<String>,
    /// The rows in their order.
    pub rows: Vec<Row>,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The line that it begins on, counted from 1.
    pub line: i32,
    /// A cell for each column, or why there is none.
    pub cells: Result<Vec<String>, String>,
}

/// Why a file can't be read at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Nothing is in it.
    #[error("there is nothing in it")]
    Empty,
    /// It is too large.
    #[error("it is larger than 10 MiB: import it in parts")]
    TooLarge,
    /// It is not UTF-8.
    #[error("line {0} is not UTF-8: save it as CSV in UTF-8")]
    NotText(i32),
    /// Too many rows.
    #[error("it has more than 50000 rows: import it in parts")]
    TooManyRows,
    /// Too many columns.
    #[error("it has more than 200 columns: is it the right file?")]
    TooManyColumns,
    /// No row.
    #[error("there is no row in it below the names of the columns")]
    NoRows,
    /// Two columns of one name.
    #[error("the column {0} is there twice: give each column a name of its own")]
    TwiceNamed(String),
    /// It is not the JSON that it looks like.
    #[error("line {line} is not JSON: {reason}")]
    NotJson {
        /// Where.
        line: i32,
        /// Why.
        reason: String,
    },
}

impl Sheet {
    /// Reads a file. Whatever is in it, it is read or refused.
    pub fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        if bytes.len() > MOST_BYTES {
            return Err(Unreadable::TooLarge);
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            Unreadable::NotText(line_at(bytes.get(..error.valid_up_to()).unwrap_or_default()))
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let sheet = match text.trim_start().chars().next() {
            None => return Err(Unreadable::Empty),
            Some('[') => read_array(text)?,
            Some('{') => read_lines(text)?,
            Some(_) => read_csv(text)?,
        };
        if sheet.rows.is_empty() {
            return Err(Unreadable::NoRows);
        }
        Ok(sheet)
    }
}

/// The line that comes after `before`, counted from 1.
fn line_at(before: &[u8]) -> i32 {
    let lines = before.split(|byte| *byte == b'\n').count();
    i32::try_from(lines).unwrap_or(i32::MAX)
}

/// Counts lines along a text, forwards only.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: i32,
}

impl Lines<'_> {
    fn of(text: &str) -> Lines<'_> {
        Lines { text: text.as_bytes(), at: 0, line: 1 }
    }

    /// The line of what comes at `offset`, or after the line breaks there.
    fn at(&mut self, offset: usize) -> i32 {
        let rest = self.text.get(offset..).unwrap_or_default();
        let blank = rest.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
        let until = offset + blank;
        if let Some(passed) = self.text.get(self.at..until) {
            self.line += line_at(passed) - 1;
            self.at = until;
        }
        self.line
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sheet(text: &str) -> Sheet {
        Sheet::read(text.as_bytes()).unwrap()
    }

    fn row(line: i32, cells: &[&str]) -> Row {
        Row { line, cells: Ok(cells.iter().map(ToString::to_string).collect()) }
    }

    #[test]
    fn the_separator_is_found_by_looking() {
        for separator in [",", ";", "\t"] {
            let text = ["user", "role\nada", "Operator, \"night\""].join(separator);
            let text = text.replace("Operator, \"night\"", "\"Operator, \"\"night\"\"\"");
            let sheet = sheet(&text);
            assert_eq!(sheet.columns, ["user", "role"], "{separator:?}");
            assert_eq!(sheet.rows, [row(2, &["ada", "Operator, \"night\""])], "{separator:?}");
        }
    }

    #[test]
    fn lines_are_counted_over_quoted_breaks_blank_lines_carriage_returns_and_a_mark_at_the_start() {
        let sheet =
            sheet("\u{feff}user,why\r\nada,\"two\r\nlines\"\r\n\r\n\r\nbob,one\r\n,\r\neve,x\r\n");
        assert_eq!(sheet.columns, ["user", "why"]);
        assert_eq!(
            sheet.rows,
            [row(2, &["ada", "two\r\nlines"]), row(6, &["bob", "one"]), row(8, &["eve", "x"])]
        );
    }

    #[test]
    fn what_looks_like_a_formula_is_text() {
        let sheet = sheet("user,role\n\"=HYPERLINK(\"\"http://x\"\")\",@SUM(A1)\n+1,-2\n");
        assert_eq!(sheet.rows[0], row(2, &["=HYPERLINK(\"http://x\")", "@SUM(A1)"]));
        assert_eq!(sheet.rows[1], row(3, &["+1", "-2"]));
    }

    #[test]
    fn a_row_with_too_few_or_too_many_cells_is_told_by_its_line() {
        let sheet = sheet("user,role\nada\nbob,Operator,more\neve,Operator,,\n");
        assert!(sheet.rows[0].cells.as_ref().unwrap_err().contains("1 cells"));
        assert!(sheet.rows[1].cells.as_ref().unwrap_err().contains("3 cells"));
        assert_eq!(
            sheet.rows[2],
            row(4, &["eve", "Operator"]),
            "empty cells at the end are nothing"
        );
    }

    #[test]
    fn json_comes_as_an_array_or_by_lines() {
        let array = sheet(
            "\n[\n {\"user\": \"ada\", \"n\": 1.5},\n {\"role\": \"Operator\", \"user\": null, \"on\": true}\n]",
        );
        assert_eq!(array.format, Format::Json);
        assert_eq!(array.columns, ["user", "n", "role", "on"]);
        assert_eq!(
            array.rows,
            [row(3, &["ada", "1.5", "", ""]), row(4, &["", "", "Operator", "true"])]
        );
        let lines =
            sheet("{\"user\": \"ada\"}\n\n{\"user\": [1]}\nnot json\n{\"user\":1,\"user\":2}\n");
        assert_eq!(lines.format, Format::JsonLines);
        assert_eq!(lines.rows[0], row(1, &["ada"]));
        for (index, line, said) in
            [(1, 3, "list or an object"), (2, 4, "no JSON object"), (3, 5, "there twice")]
        {
            assert_eq!(lines.rows[index].line, line);
            assert!(lines.rows[index].cells.as_ref().unwrap_err().contains(said));
        }
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        for (bytes, said) in [
            (b"".as_slice(), "nothing"),
            (b" \n\n", "nothing"),
            (b"user,role\n", "no row"),
            (b"[]", "no row"),
            (b"user,user\na,b\n", "there twice"),
            (b"user\n\xff\xfe\n", "line 2"),
            (b"[{\"user\": 1},\n oops]", "line 2"),
        ] {
            let error = Sheet::read(bytes).unwrap_err().to_string();
            assert!(error.contains(said), "{bytes:?}: {error}");
        }
        assert_eq!(Sheet::read(&vec![b'a'; MOST_BYTES + 1]), Err(Unreadable::TooLarge));
        let many = format!("user\n{}", "ada\n".repeat(MOST_ROWS + 1));
        assert_eq!(Sheet::read(many.as_bytes()), Err(Unreadable::TooManyRows));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = Sheet::read(&bytes);
        }

        #[test]
        fn anything_that_looks_like_a_table_is_read_or_refused(
            text in "[\\[{]?[\"',;\t\r\n a-c{}:\\[\\]=\u{feff}ä0-9]{0,200}",
        ) {
            if let Ok(sheet) = Sheet::read(text.as_bytes()) {
                let lines = i32::try_from(text.lines().count()).unwrap();
                let mut last = 0;
                for row in sheet.rows {
                    prop_assert!(row.line > 0 && row.line <= lines.max(1));
                    prop_assert!(row.line >= last);
                    last = row.line;
                    if let Ok(cells) = row.cells {
                        prop_assert_eq!(cells.len(), sheet.columns.len());
                    }
                }
            }
        }

        #[test]
        fn what_a_spreadsheet_writes_is_read_back(
            cells in prop::collection::vec(("[a-z]{1,6}", "[ -~äß\n]{0,20}"), 1..20),
        ) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(["user", "why"]).unwrap();
            for (user, why) in &cells {
                writer.write_record([user, why]).unwrap();
            }
            let sheet = Sheet::read(&writer.into_inner().unwrap()).unwrap();
            let read: Vec<_> = sheet.rows.into_iter().map(|row| row.cells.unwrap()).collect();
            let written: Vec<_> = cells
                .iter()
                .map(|(user, why)| vec![user.clone(), why.trim().to_owned()])
                .collect();
            prop_assert_eq!(read, written);
        }
    }
}
