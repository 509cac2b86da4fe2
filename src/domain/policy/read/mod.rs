//! Reading the files: everything that is wrong with all of them is told at once.
mod row;

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use self::row::{Lines, Row};
use super::document::{
    AssignmentRow, At, Document, Fault, File, GroupRow, RoleRow, Rows, ScopeRow, TemplateRow,
    TermsRow,
};
use crate::domain::text::Description;

/// Reads the files by their names, or says all that is wrong with them. Files of other names are left aside.
pub fn read(files: &BTreeMap<String, String>) -> Result<Document, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut document = Document::default();
    for (file, name) in File::ALL {
        let Some(text) = files.get(name) else { continue };
        let mut reading = Reading { file, text, lines: Lines::of(text), faults: &mut faults };
        match file {
            File::Roles => document.roles = Some(reading.file_of("role", role)),
            File::Scopes => document.scopes = Some(reading.file_of("scope", scope)),
            File::Groups => document.groups = Some(reading.file_of("group", group)),
            File::Assignments => {
                document.assignments = Some(reading.file_of("assignment", assignment));
            }
            File::Settings => {
                let (prune, mut tables) = reading.tables(&["template", "settings"]);
                let said = tables.pop().unwrap_or_default();
                let templates = tables.pop().unwrap_or_default();
                document.templates = Some(Rows { prune, rows: reading.rows(templates, template) });
                document.terms = Some(Rows { prune, rows: reading.rows(said, terms) });
            }
        }
    }
    faults.sort();
    if faults.is_empty() { Ok(document) } else { Err(faults) }
}

/// A table of a file, and its line.
type Found<'text> = (usize, DeTable<'text>);

/// One file while it is read.
struct Reading<'text, 'faults> {
    file: File,
    text: &'text str,
    lines: Lines,
    faults: &'faults mut Vec<Fault>,
}

impl<'text> Reading<'text, '_> {
    fn line(&self, offset: usize) -> usize {
        self.lines.at(offset)
    }

    fn fault(&mut self, offset: usize, key: &str, message: String) {
        let at = At { file: self.file, line: self.line(offset) };
        self.faults.push(Fault { at, key: key.to_owned(), message });
    }

    fn file_of<T>(
        &mut self,
        key: &'static str,
        read: impl Fn(&mut Row<'_, 'text>) -> Option<T>,
    ) -> Rows<T> {
        let (prune, mut tables) = self.tables(&[key]);
        let found = tables.pop().unwrap_or_default();
        Rows { prune, rows: self.rows(found, read) }
    }

    /// Whether the file prunes, and its tables by these keys.
    fn tables(&mut self, keys: &[&str]) -> (bool, Vec<Vec<Found<'text>>>) {
        let (table, broken) = DeTable::parse_recoverable(self.text);
        for error in broken {
            let offset = error.span().map_or(0, |span| span.start);
            self.fault(offset, "", error.message().to_owned());
        }
        let mut prune = false;
        let mut tables: Vec<Vec<Found<'text>>> = keys.iter().map(|_| Vec::new()).collect();
        for (key, value) in table.into_inner() {
            let (start, span) = (key.span().start, value.span());
            let name = key.into_inner();
            let wanted = keys.iter().position(|wanted| *wanted == name);
            match (value.into_inner(), wanted.and_then(|wanted| tables.get_mut(wanted))) {
                (DeValue::Boolean(value), _) if name == "prune" => prune = value,
                (_, None) if name == "prune" => {
                    self.fault(span.start, "prune", "write true or false".to_owned());
                }
                (DeValue::Array(rows), Some(found)) => {
                    for row in rows {
                        let offset = row.span().start;
                        let line = self.line(offset);
                        match row.into_inner() {
                            DeValue::Table(table) => found.push((line, table)),
                            _ => self.fault(offset, &name, format!("write [[{name}]] tables")),
                        }
                    }
                }
                (_, Some(_)) => {
                    self.fault(start, &name, format!("write [[{name}]], with two brackets"));
                }
                (_, None) => {
                    let message =
                        format!("unknown key: this file has [[{}]] and prune", keys.join("]], [["));
                    self.fault(start, &name, message);
                }
            }
        }
        (prune, tables)
    }

    fn rows<T>(
        &mut self,
        found: Vec<Found<'text>>,
        read: impl Fn(&mut Row<'_, 'text>) -> Option<T>,
    ) -> Vec<(At, T)> {
        let mut rows = Vec::with_capacity(found.len());
        for (line, table) in found {
            let at = At { file: self.file, line };
            let mut row = Row::new(at, &self.lines, &table);
            let read = read(&mut row);
            let faults = row.finish();
            if faults.is_empty() {
                rows.extend(read.map(|read| (at, read)));
            } else {
                self.faults.extend(faults);
            }
        }
        rows
    }
}

fn role(row: &mut Row<'_, '_>) -> Option<RoleRow> {
    let (id, name) = (row.text("id"), row.required("name"));
    let (description, privileged) = (row.text("description"), row.flag("privileged"));
    let (held_at, permissions) = (row.kinds_of_place("held_at"), row.permissions("permissions"));
    if privileged.is_none() {
        row.missing("privileged");
    }
    let read =
        RoleRow { id, name: name?, description, privileged: privileged?, held_at, permissions };
    for fault in read.definition(Description::default()).faults() {
        let key = if fault.field == "scope_kinds" { "held_at" } else { fault.field };
        row.fault(key, fault.message);
    }
    Some(read)
}

fn scope(row: &mut Row<'_, '_>) -> Option<ScopeRow> {
    let (id, path) = (row.text("id"), row.required::<super::Path>("path"));
    if path.as_ref().is_some_and(|path| path.0.is_empty()) {
        row.fault("path", "the organisation is there always: list what lies in it".to_owned());
    }
    let (kind, description) = (row.required("kind"), row.text("description"));
    let row::PlaceKind(kind) = kind?;
    Some(ScopeRow { id, path: path?, kind, description })
}

fn group(row: &mut Row<'_, '_>) -> Option<GroupRow> {
    let (id, name) = (row.text("id"), row.required("name"));
    let (description, lies_in) = (row.text("description"), row.text("lies_in"));
    Some(GroupRow { id, name: name?, description, lies_in: lies_in.unwrap_or_default() })
}

fn template(row: &mut Row<'_, '_>) -> Option<TemplateRow> {
    let (id, name) = (row.text("id"), row.required("name"));
    let (description, terms) = (row.text("description"), row.terms());
    Some(TemplateRow { id, name: name?, description, terms })
}

fn terms(row: &mut Row<'_, '_>) -> Option<TermsRow> {
    let (role, scope) = (row.required("role"), row.required("scope"));
    let (mut own, enforced) = (row.terms(), row.enforced());
    for field in enforced.iter().filter(|field| !own.values.contains_key(*field)) {
        row.fault("enforced", format!("{field} is not set here, so it cannot be enforced below"));
    }
    own.enforced = enforced;
    Some(TermsRow { role: role?, scope: scope?, own })
}

fn assignment(row: &mut Row<'_, '_>) -> Option<AssignmentRow> {
    let (id, holder) = (row.text("id"), row.required("holder"));
    let (role, scope, kind) = (row.required("role"), row.required("scope"), row.required("kind"));
    let (from, until, reason) = (row.instant("from"), row.instant("until"), row.text("reason"));
    if let (Some(from), Some(until)) = (from, until)
        && until <= from
    {
        row.fault("until", "this comes after from".to_owned());
    }
    let row::HeldAs(kind) = kind?;
    Some(AssignmentRow {
        id,
        holder: holder?,
        role: role?,
        scope: scope?,
        kind,
        from,
        until,
        reason,
    })
}
