//! Policy files: taking them away, looking at what differs, and applying them.
use axum::{
    extract::Path,
    http::{StatusCode, header},
    response::IntoResponse as _,
};
use serde::Deserialize;

use super::{
    done::Done,
    faults::Faults,
    page::{Answer, Opened, Page, Posted, answer, done, new_key},
    say::{self, Reader},
    view::{
        form::Field,
        frame::Section,
        policy::{
            File as FileView, Last, Plan as PlanView, Policy as View, Sign, Step as StepView,
        },
        settings::Change,
    },
};
use crate::{
    domain::{
        permission::Permission,
        policy::{File, Files, Line, Noun, Plan, Step, Verb, WAITS},
        text::{Justification, sentence},
    },
    error::Error,
    http::language::{tell, translate},
    service::policy::{self, Applied, Apply, Standing},
};

/// What is to be compared or applied.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    roles: String,
    scopes: String,
    groups: String,
    settings: String,
    assignments: String,
    prune: String,
    reason: String,
    code: String,
    plan: String,
}

impl Wanted {
    fn text(&self, file: File) -> &str {
        match file {
            File::Roles => &self.roles,
            File::Scopes => &self.scopes,
            File::Groups => &self.groups,
            File::Settings => &self.settings,
            File::Assignments => &self.assignments,
        }
    }

    /// The files that say something.
    fn files(&self) -> Files {
        let said = File::ALL.iter().filter(|(file, _)| !self.text(*file).trim().is_empty());
        said.map(|(file, name)| ((*name).to_owned(), self.text(*file).replace("\r\n", "\n")))
            .collect()
    }

    fn prunes(&self) -> bool {
        !self.prune.is_empty()
    }
}

/// How things stand.
pub async fn one(page: Page) -> Answer {
    draw(&page, &Wanted::default(), None, Faults::default(), Vec::new()).await
}

/// One file, as everything is now.
pub async fn file(page: Page, Path(name): Path<String>) -> Answer {
    if File::named(&name).is_none() {
        return Err(Error::NotFound("file").into());
    }
    // For those who may look at the page.
    let mut files = policy::standing(&page.app, &page.actor).await?.files;
    let text = files.remove(&name).unwrap_or_default();
    let headers = [
        (header::CONTENT_TYPE, "application/toml; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, text).into_response())
}

/// What it takes to make it so.
pub async fn plan(posted: Posted<Wanted>) -> Answer {
    let Posted { page, form } = posted;
    match policy::plan(&page.app, &page.actor, &form.files(), form.prunes()).await {
        Ok(plan) => draw(&page, &form, Some(plan), Faults::default(), Vec::new()).await,
        Err(Error::Invalid(faults)) => {
            let problems = faults.iter().map(told).collect();
            draw(&page, &form, None, Faults::default(), problems).await
        }
        Err(error) => Err(error.into()),
    }
}

fn told(fault: &crate::domain::fault::FieldError) -> String {
    match File::named(fault.field) {
        Some(_) => format!("{}, {}", fault.field, fault.message),
        None => sentence(&fault.message),
    }
}

/// Applies.
pub async fn apply(posted: Posted<Wanted>) -> Answer {
    let Posted { page, form } = posted;
    let mut faults = Faults::default();
    let reason = faults.read::<Justification>("reason", &form.reason).unwrap_or_default();
    let wanted = Apply {
        files: form.files(),
        prune: form.prunes(),
        reason,
        code: Some(form.code.clone()).filter(|code| !code.trim().is_empty()),
        seen: Some(form.plan.clone()),
    };
    let error = match policy::apply(&page.app, &page.actor, &wanted).await {
        Ok(Applied { waits: Some(change), .. }) => {
            return done(&format!("/changes/{change}"), Done::ChangeWaits);
        }
        Ok(_) => return done("/policy", Done::PolicyApplied),
        Err(error) => error,
    };
    let planned = policy::plan(&page.app, &page.actor, &wanted.files, wanted.prune).await.ok();
    match error {
        Error::Invalid(fields) if fields.iter().all(|fault| fault.field != "reason") => {
            let problems = fields.iter().map(told).collect();
            draw(&page, &form, planned, Faults::default(), problems).await
        }
        error => draw(&page, &form, planned, Faults::of(error)?, Vec::new()).await,
    }
}

async fn draw(
    page: &Page,
    form: &Wanted,
    plan: Option<Plan>,
    mut faults: Faults,
    mut problems: Vec<String>,
) -> Answer {
    let standing = policy::standing(&page.app, &page.actor).await?;
    let Opened { frame, permissions, reader, .. } = page.open(Section::Roles).await?;
    let status =
        if problems.is_empty() { faults.status() } else { StatusCode::UNPROCESSABLE_ENTITY };
    let (reason, code) = (faults.take("reason", &form.reason), faults.take("code", ""));
    problems.extend(faults.rest());
    let manages = [
        Permission::ManageRoles,
        Permission::ManageScopes,
        Permission::ManageGroups,
        Permission::ManageSettings,
        Permission::ManageAssignments,
    ];
    let view = View {
        problems,
        files: files(form),
        prune: form.prunes(),
        plan: plan.map(|plan| drawn(&plan)),
        may_apply: manages.iter().any(|permission| permissions.allow(*permission)),
        reason,
        code,
        last: last(standing, &reader),
        frame,
    };
    answer(status, &view)
}

fn last(standing: Standing, reader: &Reader) -> Option<Last> {
    let (drift, unclear) = match &standing.drift {
        Ok(drift) => (drift.steps.iter().map(step).collect(), Vec::new()),
        Err(faults) => (Vec::new(), faults.iter().map(told).collect()),
    };
    standing.last.map(|last| Last {
        audit: format!("/audit?from={}", last.applied_at.timestamp().strftime("%Y-%m-%d")),
        by: last.actor_name,
        at: reader.instant(last.applied_at),
        reason: last.reason,
        did: match last.steps {
            1 => tell!("policy-one-change"),
            count => tell!("policy-changes", count = count),
        },
        drift,
        unclear,
    })
}

fn files(form: &Wanted) -> Vec<FileView> {
    let view = |(file, name): &(File, &'static str)| FileView {
        name,
        tells: match file {
            File::Roles => tell!("policy-the-roles-of-the-organisation"),
            File::Scopes => tell!("policy-folders-systems-and-resources"),
            File::Groups => tell!("policy-groups-and-where-they-lie"),
            File::Settings => tell!("policy-templates-and-the-terms-of"),
            File::Assignments => tell!("policy-who-holds-what-and-who"),
        },
        input: name.strip_suffix(".toml").unwrap_or(name),
        wanted: Field::new(form.text(*file)),
    };
    File::ALL.iter().map(view).collect()
}

fn drawn(plan: &Plan) -> PlanView {
    let unlisted = plan.unlisted.iter().map(|it| match it.kept {
        Some(why) => format!("{} {}: {}", noun(it.noun), it.name, translate(why)),
        None => format!("{} {}", noun(it.noun), it.name),
    });
    PlanView {
        steps: plan.steps.iter().map(step).collect(),
        unlisted: unlisted.collect(),
        digest: plan.digest(),
        waits: if plan.steps.iter().any(|step| step.weaker) {
            translate(WAITS)
        } else {
            String::new()
        },
        key: new_key(),
    }
}

fn noun(noun: Noun) -> String {
    tell!(&format!("policy-noun-{noun}"))
}

fn step(step: &Step) -> StepView {
    let at = step.at.map(|at| tell!("policy-line", file = at.file.name(), line = at.line));
    let is_kept = matches!(step.verb, Verb::Change | Verb::Move);
    let side = |value: &str| match value {
        "" if is_kept => tell!("policy-none"),
        value => value.to_owned(),
    };
    let change = |line: &Line| Change {
        setting: say::capital(&line.field),
        before: side(&line.before),
        after: side(&line.after),
    };
    StepView {
        sign: match step.verb {
            Verb::Create => Sign::Made,
            Verb::Change | Verb::Move => Sign::Changed,
            Verb::Retire | Verb::Remove => Sign::Taken,
        },
        what: tell!(
            "policy-step",
            verb = tell!(&format!("policy-verb-{}", step.verb)),
            noun = noun(step.noun),
            name = step.name,
        ),
        at: at.unwrap_or_default(),
        weaker: step.weaker,
        fields: step.lines.iter().map(change).collect(),
    }
}
