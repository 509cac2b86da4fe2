//! `latchkey export`, `plan` and `apply`: policy as files.
use std::{
    ffi::OsStr,
    fs,
    io::{self, Write as _, stdout},
    path::{Path, PathBuf},
};

use clap::Args;
use serde_json::json;

use super::{Failure, installation::Installation};
use crate::{
    App,
    config::Config,
    domain::{
        actor::Actor,
        change_notice::change_link,
        fault::FieldError,
        policy::{File, Files, Plan, WAITS},
        text::Justification,
    },
    error::Error,
    service::{
        access_token,
        policy::{self, Apply},
    },
};

/// More is no token.
const LONGEST_TOKEN: usize = 1000;

/// As whom.
#[derive(Debug, Args)]
pub(super) struct Whom {
    /// A file with an access token of a person or an application: this is done with exactly its owner's rights.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// The token itself.
    #[arg(
        long,
        env = "LATCHKEY_TOKEN",
        hide = true,
        hide_env_values = true,
        conflicts_with = "token_file"
    )]
    token: Option<String>,
}

/// What `export` is told.
#[derive(Debug, Args)]
pub(super) struct ExportArguments {
    /// The folder to write the files into; otherwise they go to standard output, one after the other.
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
    #[command(flatten)]
    whom: Whom,
}

/// What `plan` is told.
#[derive(Debug, Args)]
pub(super) struct PlanArguments {
    /// The folder with the files.
    folder: PathBuf,
    /// Take away and retire what is in none of the files.
    #[arg(long)]
    prune: bool,
    /// Say it for programs.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    whom: Whom,
}

/// What `apply` is told.
#[derive(Debug, Args)]
pub(super) struct ApplyArguments {
    /// The folder with the files.
    folder: PathBuf,
    /// Take away and retire what is in none of the files.
    #[arg(long)]
    prune: bool,
    /// Why, for the record.
    #[arg(long, value_parser = Justification::parse, default_value = "Applied from policy files")]
    reason: Justification,
    /// A code from the token owner's authenticator, if the terms of a role ask for one.
    #[arg(long)]
    code: Option<String>,
    /// The digest of the plan that was looked at; if it would be another by now, nothing is done.
    #[arg(long, value_name = "DIGEST")]
    plan: Option<String>,
    #[command(flatten)]
    whom: Whom,
}

/// The three commands.
#[derive(Debug)]
pub(super) enum Policy {
    Export(ExportArguments),
    Plan(PlanArguments),
    Apply(ApplyArguments),
}

/// Does what is wanted.
pub(super) async fn policy(config: Config, wanted: Policy) -> Result<(), Failure> {
    // What can be refused without a database is.
    let files = match &wanted {
        Policy::Export(_) => Files::new(),
        Policy::Plan(PlanArguments { folder, .. })
        | Policy::Apply(ApplyArguments { folder, .. }) => read_folder(folder)?,
    };
    let installation = Installation::existing(config).await?;
    let outcome = async {
        let app = installation.ready_app().await?;
        let outcome = match wanted {
            Policy::Export(arguments) => export(&app, &arguments).await,
            Policy::Plan(arguments) => plan(&app, &arguments, &files).await,
            Policy::Apply(arguments) => apply(&app, arguments, files).await,
        };
        app.database.close().await;
        app.worker_database.close().await;
        outcome
    }
    .await;
    installation.stop().await;
    outcome
}

impl Whom {
    async fn actor(&self, app: &App) -> Result<Actor, Failure> {
        let text = match (&self.token_file, &self.token) {
            (Some(file), _) => fs::read_to_string(file)
                .map_err(|failure| Failure::Failed(format!("{}: {failure}", file.display())))?,
            (None, Some(token)) => token.clone(),
            // Whoever has a shell here has the database in their hands, and may look.
            (None, None) => return Ok(Actor::operator()),
        };
        let text = text.trim();
        let unknown = || Failure::Refused("this token is not valid, or no longer".to_owned());
        if text.len() > LONGEST_TOKEN {
            return Err(unknown());
        }
        let who = access_token::authenticate(app, text).await.map_err(|error| match error {
            Error::Unauthenticated => unknown(),
            other => other.into(),
        })?;
        Ok(Actor { who, ..Actor::operator() })
    }
}

fn read_folder(folder: &Path) -> Result<Files, Failure> {
    let mut files = Files::new();
    let failed = |path: &Path, failure: &io::Error| {
        Failure::Failed(format!("{}: {failure}", path.display()))
    };
    // Files of other names are not left aside: one that is misspelt would say nothing, unseen.
    for entry in fs::read_dir(folder).map_err(|failure| failed(folder, &failure))? {
        let path = entry.map_err(|failure| failed(folder, &failure))?.path();
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        if path.extension().is_some_and(|kind| kind == "toml") {
            let text = fs::read_to_string(&path).map_err(|failure| failed(&path, &failure))?;
            files.insert(name.to_owned(), text);
        }
    }
    if files.is_empty() {
        let names: Vec<_> = File::ALL.iter().map(|(_, name)| *name).collect();
        let text = format!("{}: there is none of {}", folder.display(), names.join(", "));
        return Err(Failure::Failed(text));
    }
    Ok(files)
}

/// Everything that is wrong, one below the other.
fn all(faults: &[FieldError], heading: &str) -> String {
    faults.iter().fold(heading.to_owned(), |text, fault| {
        format!("{text}\n  {}, {}", fault.field, fault.message)
    })
}

async fn export(app: &App, arguments: &ExportArguments) -> Result<(), Failure> {
    let actor = arguments.whom.actor(app).await?;
    let files = policy::export(app, &actor).await?;
    let Some(folder) = &arguments.output else {
        let mut output = stdout().lock();
        for (name, text) in &files {
            writeln!(output, "# {name}\n{text}")?;
        }
        return Ok(output.flush()?);
    };
    fs::create_dir_all(folder)?;
    for (name, text) in &files {
        fs::write(folder.join(name), text)?;
    }
    println!("{} files are in {}.", files.len(), folder.display());
    Ok(())
}

async fn plan(app: &App, arguments: &PlanArguments, files: &Files) -> Result<(), Failure> {
    let actor = arguments.whom.actor(app).await?;
    let plan = match policy::plan(app, &actor, files, arguments.prune).await {
        Err(Error::Invalid(faults)) => {
            let heading = "the files can't be understood:";
            return Err(Failure::Failed(all(&faults, heading)));
        }
        // Whoever only looks must not take a refusal for a difference.
        planned => planned.map_err(|error| Failure::Failed(Failure::from(error).to_string()))?,
    };
    if arguments.json {
        println!("{}", for_programs(&plan));
    } else {
        print!("{plan}");
        if !plan.is_empty() {
            println!("Apply exactly this with --plan {}", plan.digest());
        }
    }
    if plan.is_empty() { Ok(()) } else { Err(Failure::Differs) }
}

fn for_programs(plan: &Plan) -> serde_json::Value {
    let steps: Vec<_> = plan
        .steps
        .iter()
        .map(|step| {
            json!({
                "verb": step.verb,
                "noun": step.noun,
                "name": step.name,
                "fields": step.lines,
                "file": step.at.map(|at| at.file.name()),
                "line": step.at.map(|at| at.line),
                "weaker": step.weaker,
            })
        })
        .collect();
    json!({ "digest": plan.digest(), "steps": steps, "unlisted": plan.unlisted, "over": plan.over })
}

async fn apply(app: &App, arguments: ApplyArguments, files: Files) -> Result<(), Failure> {
    let actor = arguments.whom.actor(app).await?;
    if actor.principal().is_none() {
        return Err(Failure::Usage(
            "an apply takes an access token that may administer, with --token-file or in LATCHKEY_TOKEN: it is done with \
             the rights of its owner"
                .to_owned(),
        ));
    }
    let ApplyArguments { prune, reason, code, plan, .. } = arguments;
    let wanted = Apply { files, prune, reason, code, seen: plan };
    match policy::apply(app, &actor, &wanted).await {
        Ok(applied) => {
            print!("{}", applied.plan);
            if let Some(change) = applied.waits {
                println!("{WAITS}\n{}", change_link(&app.public_url, change));
                return Err(Failure::Waits);
            }
            if !applied.plan.is_empty() {
                println!("All of it is done.");
            }
            Ok(())
        }
        Err(Error::Invalid(faults)) => {
            Err(Failure::Refused(all(&faults, "nothing was applied, because of this:")))
        }
        Err(error) => Err(error.into()),
    }
}
