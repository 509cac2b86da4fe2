//! `latchkey audit`: verifies the audit log, or a copy of it, and takes copies away.
use std::{
    fs::File,
    io::{BufReader, Write, stdin, stdout},
    path::{Path, PathBuf},
    pin::pin,
};

use clap::{Subcommand, ValueEnum};
use futures_util::StreamExt as _;

use super::{Failure, installation::Installation};
use crate::{
    App,
    config::Config,
    domain::{actor::Actor, time::Instant},
    service::audit::{self, Filter, Format, Head},
};

/// What can be done with the audit log.
#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// Walk along the chain of events and name the first one that was changed.
    ///
    /// Prints where the chain ends. Note that somewhere else: given back as --witness later, it also shows whether the end
    /// of the log was cut off or all of it was written anew.
    #[command(
        after_help = "Examples:\n  latchkey audit verify\n  latchkey audit verify --witness 4711:5ab…\n  \
        latchkey audit verify --copy audit.jsonl"
    )]
    Verify {
        /// An end of the chain, as printed before; the chain must contain it.
        #[arg(long, value_name = "NUMBER:HASH")]
        witness: Option<Head>,
        /// Verify this copy instead of the database, which is not touched; - is standard input.
        #[arg(long, value_name = "FILE", conflicts_with = "witness")]
        copy: Option<PathBuf>,
        /// The copy's format; otherwise its name tells.
        #[arg(long, requires = "copy")]
        format: Option<FileFormat>,
    },
    /// Write a copy of the log that can be verified without the database.
    #[command(
        after_help = "Example:\n  latchkey audit export --from 2026-01-01T00:00:00Z --output audit.jsonl"
    )]
    Export {
        /// The copy's format; otherwise the name of the file tells.
        #[arg(long)]
        format: Option<FileFormat>,
        /// Only events from this instant on.
        #[arg(long, value_name = "TIME")]
        from: Option<Instant>,
        /// Only events before this instant.
        #[arg(long, value_name = "TIME")]
        until: Option<Instant>,
        /// The file to write; otherwise standard output.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// A format of copies.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum FileFormat {
    /// For spreadsheets.
    Csv,
    /// For programs: one JSON object a line.
    Jsonl,
}

impl FileFormat {
    /// The one that was asked for, or that a file's name tells, or JSON lines.
    fn choose(asked: Option<Self>, file: Option<&Path>) -> Format {
        let is_csv = file.and_then(Path::extension).is_some_and(|extension| extension == "csv");
        match asked {
            Some(Self::Csv) => Format::Csv,
            None if is_csv => Format::Csv,
            Some(Self::Jsonl) | None => Format::JsonLines,
        }
    }
}

/// Does with the audit log what is wanted.
pub(super) async fn audit(config: Config, wanted: Audit) -> Result<(), Failure> {
    if let Audit::Verify { copy: Some(file), format, .. } = wanted {
        let format = FileFormat::choose(format, Some(&file));
        return tokio::task::spawn_blocking(move || verify_copy(&file, format))
            .await
            .map_err(|failure| Failure::Failed(failure.to_string()))?;
    }
    let installation = Installation::existing(config).await?;
    let outcome = async {
        let app = installation.ready_app().await?;
        let outcome = match wanted {
            Audit::Verify { witness, .. } => verify(&app, witness).await,
            Audit::Export { format, from, until, output } => {
                let filter = Filter { from, until, ..Filter::default() };
                let format = FileFormat::choose(format, output.as_deref());
                export(&app, &filter, format, output.as_deref()).await
            }
        };
        app.database.close().await;
        app.worker_database.close().await;
        outcome
    }
    .await;
    installation.stop().await;
    outcome
}

async fn verify(app: &App, witness: Option<Head>) -> Result<(), Failure> {
    let found = audit::verify(app, &Actor::operator(), witness).await?;
    if let Some(bad) = found.first_bad {
        return Err(Failure::Failed(format!("the audit log was tampered with at {bad}")));
    }
    println!("The audit log is whole: {} events, sealed one after the other.", found.sealed);
    if found.unsealed > 0 {
        println!("{} more are not sealed yet.", found.unsealed);
    }
    println!("It ends at {}", found.head);
    Ok(())
}

fn verify_copy(file: &Path, format: Format) -> Result<(), Failure> {
    let copied = if file == Path::new("-") {
        audit::verify_copy(stdin().lock(), format)
    } else {
        let opened = File::open(file)
            .map_err(|failure| Failure::Failed(format!("{}: {failure}", file.display())))?;
        audit::verify_copy(BufReader::new(opened), format)
    };
    let copied = copied.map_err(|failure| Failure::Failed(failure.to_string()))?;
    if let Some(flaw) = copied.first_bad {
        let bad = audit::FirstBad::from(flaw);
        return Err(Failure::Failed(format!("the copy was tampered with at {bad}")));
    }
    println!("The copy is as it was sealed: {} events.", copied.events);
    if copied.unsealed > 0 {
        println!(
            "{} of them were not sealed when it was made; nothing proves them.",
            copied.unsealed
        );
    }
    if copied.pieces > 1 {
        println!(
            "It has {} pieces of the chain; what lies between them is not in it.",
            copied.pieces
        );
    }
    if let Some(last) = copied.last {
        println!(
            "It ends at {last}; `latchkey audit verify --witness` tells whether the log contains that."
        );
    }
    Ok(())
}

async fn export(
    app: &App,
    filter: &Filter,
    format: Format,
    output: Option<&Path>,
) -> Result<(), Failure> {
    let mut writer: Box<dyn Write> = match output {
        Some(path) => Box::new(
            File::create(path)
                .map_err(|failure| Failure::Failed(format!("{}: {failure}", path.display())))?,
        ),
        None => Box::new(stdout().lock()),
    };
    let copy = audit::export(app, &Actor::operator(), filter, format).await?;
    let mut pieces = pin!(copy.into_pieces());
    while let Some(piece) = pieces.next().await {
        writer.write_all(&piece?)?;
    }
    Ok(writer.flush()?)
}
