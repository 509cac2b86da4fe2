//! Tables with a comma, a semicolon or a tab between cells.
use super::{Format, Lines, MOST_COLUMNS, MOST_ROWS, Row, Sheet, Unreadable};

/// The character between cells: whichever of the three the first line has most of, outside quotes.
fn delimiter(text: &str) -> u8 {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let mut quoted = false;
    let mut counts = [(b',', 0_u32), (b';', 0), (b'\t', 0)];
    for byte in first.bytes() {
        quoted ^= byte == b'"';
        if let Some((_, count)) = counts.iter_mut().find(|(mark, _)| *mark == byte && !quoted) {
            *count += 1;
        }
    }
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or_default();
    counts.iter().find(|(_, count)| *count == most).map_or(b',', |(mark, _)| *mark)
}

/// Reads such a table; its first line has the names of the columns.
pub(super) fn read_csv(text: &str) -> Result<Sheet, Unreadable> {
    let mut lines = Lines::of(text);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(text))
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut columns: Option<Vec<String>> = None;
    let mut rows = Vec::new();
    for record in reader.records() {
        // The text is UTF-8 and lengths may differ: nothing is left that could fail.
        let Ok(record) = record else { break };
        let offset = record.position().map_or(0, csv::Position::byte);
        let line = lines.at(usize::try_from(offset).unwrap_or(usize::MAX));
        let cells: Vec<_> = record.iter().map(|cell| cell.trim().to_owned()).collect();
        let Some(columns) = &columns else {
            columns = Some(named(cells)?);
            continue;
        };
        if cells.iter().all(String::is_empty) {
            continue;
        }
        if rows.len() == MOST_ROWS {
            return Err(Unreadable::TooManyRows);
        }
        rows.push(Row { line, cells: fitted(cells, columns.len()) });
    }
    Ok(Sheet { format: Format::Csv, columns: columns.unwrap_or_default(), rows })
}

/// The names of the columns; what has none is called by its place.
fn named(cells: Vec<String>) -> Result<Vec<String>, Unreadable> {
    if cells.len() > MOST_COLUMNS {
        return Err(Unreadable::TooManyColumns);
    }
    let mut names: Vec<String> = Vec::with_capacity(cells.len());
    for (index, cell) in cells.into_iter().enumerate() {
        let name = if cell.is_empty() { format!("Column {}", index + 1) } else { cell };
        if names.contains(&name) {
            return Err(Unreadable::TwiceNamed(name));
        }
        names.push(name);
    }
    Ok(names)
}

/// As many cells as there are columns; empty ones too many at the end are nothing.
fn fitted(mut cells: Vec<String>, columns: usize) -> Result<Vec<String>, String> {
    while cells.len() > columns && cells.last().is_some_and(String::is_empty) {
        cells.pop();
    }
    if cells.len() == columns {
        Ok(cells)
    } else {
        Err(format!(
            "it has {} cells and there are {columns} columns: is a quote or a separator missing?",
            cells.len()
        ))
    }
}
