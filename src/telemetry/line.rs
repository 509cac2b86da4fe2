//! A line of the log: an event, in which whatever others wrote ends no line and steers no terminal.
use std::{
    error::Error,
    fmt::{self, Debug, Write as _},
    io::{self, Write},
};

use tracing::{
    Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer,
    field::RecordFields,
    fmt::{self as lines, FormatFields, format::Writer},
    registry::LookupSpan,
};

use crate::config::LogFormat;

/// Writes each event as one line to what `output` gives; with colours if that is a terminal, and the line is for people.
pub(super) fn layer<Registry, Output>(
    format: LogFormat,
    is_terminal: bool,
    output: impl Fn() -> Output + Send + Sync + 'static,
) -> Box<dyn Layer<Registry> + Send + Sync>
where
    Registry: Subscriber + for<'span> LookupSpan<'span>,
    Output: Write + 'static,
{
    let colours = is_terminal && format == LogFormat::Text;
    let layer = lines::layer()
        .with_ansi(colours)
        .with_writer(move || OneLine { output: output(), colours });
    match format {
        LogFormat::Text => layer.with_target(false).fmt_fields(Fields).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
    }
}

/// Writes each event as one line without control characters, whatever others wrote stands in it.
struct OneLine<Output> {
    output: Output,
    /// Whether there may be colours. Then values were escaped before, by [`Fields`]: only ours are left.
    colours: bool,
}

impl<Output: Write> Write for OneLine<Output> {
    /// Takes a whole event: nothing comes in pieces.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let mut line = String::with_capacity(text.len() + 1);
        for letter in text.trim_end_matches('\n').chars() {
            if self.colours && letter == ESCAPE {
                line.push(letter);
            } else {
                // Writing into a string cannot fail.
                let _ = write_letter(&mut line, letter);
            }
        }
        line.push('\n');
        self.output.write_all(line.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

const ESCAPE: char = '\u{1b}';

/// Writes a letter; with an escape, as JSON has it too, if it would end a line or steer a terminal.
fn write_letter(output: &mut impl fmt::Write, letter: char) -> fmt::Result {
    let steers =
        letter.is_control() || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if steers { write!(output, "\\u{:04x}", u32::from(letter)) } else { output.write_char(letter) }
}

/// Escapes all that is written into it.
struct Escaped<'a, Output>(&'a mut Output);

impl<Output: fmt::Write> fmt::Write for Escaped<'_, Output> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|letter| write_letter(self.0, letter))
    }
}

/// Writes fields for people: `name=value`, where the name may have a colour and nothing in the value can give itself one.
struct Fields;

impl<'writer> FormatFields<'writer> for Fields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut written = Written { writer, is_first: true, outcome: Ok(()) };
        fields.record(&mut written);
        written.outcome
    }
}

struct Written<'writer> {
    writer: Writer<'writer>,
    is_first: bool,
    outcome: fmt::Result,
}

impl Written<'_> {
    fn field(&mut self, name: &str, value: fmt::Arguments<'_>) -> fmt::Result {
        if !std::mem::take(&mut self.is_first) {
            self.writer.write_char(' ')?;
        }
        if name != "message" {
            if self.writer.has_ansi_escapes() {
                write!(self.writer, "\u{1b}[3m{name}\u{1b}[0m\u{1b}[2m=\u{1b}[0m")?;
            } else {
                write!(self.writer, "{name}=")?;
            }
        }
        Escaped(&mut self.writer).write_fmt(value)
    }

    fn note(&mut self, name: &str, value: fmt::Arguments<'_>) {
        if self.outcome.is_ok() {
            self.outcome = self.field(name, value);
        }
    }
}

impl Visit for Written<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.note(field.name(), format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.note(field.name(), format_args!("{value}"));
        } else {
            self.record_debug(field, &value);
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.note(field.name(), format_args!("{value}"));
        let mut causes = Vec::new();
        let mut cause = value.source();
        while let Some(inner) = cause {
            causes.push(inner.to_string());
            cause = inner.source();
        }
        if !causes.is_empty() {
            let name = format!("{}.sources", field.name());
            self.note(&name, format_args!("[{}]", causes.join(", ")));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is written while `says` says it.
    fn written(format: LogFormat, is_terminal: bool, says: impl FnOnce()) -> String {
        let page = Page::default();
        let pages = page.clone();
        let layer = layer(format, is_terminal, move || pages.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), says);
        String::from_utf8(page.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn an_event_is_one_line_whatever_stands_in_it() {
        let mut line = OneLine { output: Vec::new(), colours: false };
        line.write_all(b"one \"a\\nb\"\r\ntwo\x1b[31m\xe2\x80\xa8three\n").unwrap();
        let said = String::from_utf8(line.output).unwrap();
        assert_eq!(said, "one \"a\\nb\"\\u000d\\u000atwo\\u001b[31m\\u2028three\n");
    }

    #[derive(Debug, thiserror::Error)]
    #[error("outer\u{1b}[8m")]
    struct Outer(#[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("inner\u{9b}8m")]
    struct Inner;

    #[test]
    fn a_terminal_is_steered_by_nobody_else() {
        const FOREIGN: &str = "\u{1b}[2J\u{1b}]0;title\u{7}\r\nforged\u{9b}31m";
        let says = || {
            let span =
                tracing::info_span!("request", shown = %FOREIGN, later = tracing::field::Empty);
            span.record("later", tracing::field::display(FOREIGN));
            let _entered = span.entered();
            let error = Outer(Inner);
            tracing::info!(
                shown = %FOREIGN, text = FOREIGN, debugged = ?FOREIGN,
                error = &error as &dyn Error,
                "said {FOREIGN}"
            );
        };
        let ours = ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[2m", "\u{1b}[3m", "\u{1b}[32m"];
        for (format, is_terminal) in
            [(LogFormat::Text, true), (LogFormat::Text, false), (LogFormat::Json, true)]
        {
            let line = written(format, is_terminal, says);
            let colours = is_terminal && format == LogFormat::Text;
            assert_eq!(line.contains("\u{1b}[3mshown\u{1b}[0m"), colours, "{line:?}");
            let plain = ours.iter().fold(line.clone(), |line, colour| line.replace(colour, ""));
            let plain = plain.strip_suffix('\n').unwrap();
            assert!(!plain.contains(char::is_control), "{plain:?}");
            assert!(plain.contains("outer"), "{plain:?}");
            assert!(plain.matches("forged").count() >= 6, "{plain:?}");
        }
    }

    #[test]
    fn a_line_for_people_says_what_happened_and_why() {
        let says = || {
            let span = tracing::info_span!("request", method = "GET");
            let _entered = span.entered();
            tracing::warn!(status = 503, name = "a b", error = &Outer(Inner) as &dyn Error, "said");
        };
        let line = written(LogFormat::Text, false, says);
        let end = "WARN request{method=\"GET\"}: said status=503 name=\"a b\" error=outer\\u001b[8m \
                   error.sources=[inner\\u009b8m]\n";
        assert!(line.ends_with(end), "{line:?}");
    }
}
