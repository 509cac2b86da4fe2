//! Logs: one line an event on standard error, for people or for programs.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal, Write, stderr},
};

use tracing_subscriber::{EnvFilter, filter::ParseError};

use crate::config::{Log, LogFormat};

/// Starts logging. Only the first call in a process has an effect.
pub fn start(log: &Log) -> Result<(), ParseError> {
    let filter = EnvFilter::builder().parse(&log.filter)?;
    let colours = stderr().is_terminal();
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colours)
        .with_writer(move || OneLine { output: stderr(), colours });
    // A second start fails, and is of no consequence: the first one still writes.
    drop(match log.format {
        LogFormat::Text => builder.with_target(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    });
    Ok(())
}

/// Writes each event as one line without control characters, whatever others wrote stands in it.
struct OneLine<Output> {
    output: Output,
    /// Whether colours are ours.
    colours: bool,
}

impl<Output: Write> Write for OneLine<Output> {
    /// Takes a whole event: nothing comes in pieces.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let mut line = escaped(text.trim_end_matches('\n'), self.colours);
        line.push('\n');
        self.output.write_all(line.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

/// The text with an escape, as JSON writes it too, instead of whatever would end a line or steer a terminal.
fn escaped(text: &str, colours: bool) -> String {
    let mut line = String::with_capacity(text.len() + 1);
    for letter in text.chars() {
        let steers = letter.is_control()
            || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if steers && !(colours && letter == '\u{1b}') {
            // Writing into a string cannot fail.
            let _ = write!(line, "\\u{:04x}", u32::from(letter));
        } else {
            line.push(letter);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_whatever_stands_in_it() {
        let mut line = OneLine { output: Vec::new(), colours: false };
        line.write_all(b"one \"a\\nb\"\r\ntwo\x1b[31m\xe2\x80\xa8three\n").unwrap();
        let said = String::from_utf8(line.output).unwrap();
        assert_eq!(said, "one \"a\\nb\"\\u000d\\u000atwo\\u001b[31m\\u2028three\n");
        assert_eq!(escaped("\u{1b}[2mgrey", true), "\u{1b}[2mgrey");
    }
}
