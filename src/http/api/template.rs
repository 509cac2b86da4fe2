//! Terms by name, and giving terms to several roles.
use std::collections::{BTreeMap, BTreeSet};

use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::answer::{Created, Page, created};
use crate::{
    App,
    domain::{
        assignment::AssignmentKind,
        id::{
            AssignmentId, ChangeRequestId, PrincipalId, RequestId, RoleId, ScopeId, SettingsId,
            TemplateId,
        },
        settings::{Difference, Field, Fields, NeverAsked, Settings},
        text::{Description, Justification, Name},
        time::{Duration, Instant},
    },
    error::Error,
    http::{
        Web,
        actor::Bearer,
        extract::{Json, Path},
        problem::{ApiError, Problem},
    },
    service::settings::{
        self, Applied, Apply, Given, NewTemplate, Outcome, Preview, Proposal, Template,
    },
};

pub(super) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, change))
        .routes(routes!(retire))
        .routes(routes!(apply))
}

/// Terms by name.
#[derive(Serialize, ToSchema)]
struct SettingsTemplate {
    /// Which.
    id: TemplateId,
    /// Its name.
    name: String,
    /// What it is for.
    description: String,
    /// Whether it ships with Latchkey, and stays as it is.
    built_in: bool,
    /// How often it was changed, and once more.
    version: i32,
    /// The terms. They name no approvers.
    settings: Settings,
    /// When it was made.
    created_at: Instant,
    /// When it was retired.
    retired_at: Option<Instant>,
}

impl From<Template> for SettingsTemplate {
    fn from(template: Template) -> Self {
        Self {
            id: template.id,
            name: template.name,
            description: template.description,
            built_in: template.built_in,
            version: template.version,
            settings: template.settings,
            created_at: template.created_at,
            retired_at: template.retired_at,
        }
    }
}

/// The templates in use, those that ship with Latchkey first.
#[utoipa::path(
    get, path = "/settings/templates", tag = "roles",
    responses((status = OK, body = Page<SettingsTemplate>, description = "The templates"))
)]
async fn list(
    State(app): State<App>,
    Bearer(actor): Bearer,
) -> Result<Json<Page<SettingsTemplate>>, ApiError> {
    let templates = settings::templates(&app, &actor).await?;
    Ok(Json(Page::whole(templates.into_iter().map(SettingsTemplate::from).collect())))
}

/// One template, in use or retired.
#[utoipa::path(
    get, path = "/settings/templates/{id}", tag = "roles",
    params(("id" = TemplateId, Path, description = "The template")),
    responses((status = OK, body = SettingsTemplate, description = "The template"))
)]
async fn show(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<TemplateId>,
) -> Result<Json<SettingsTemplate>, ApiError> {
    Ok(Json(settings::template(&app, &actor, id).await?.into()))
}

/// A template to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewTemplateTerms {
    /// Its name.
    name: Name,
    /// What it is for.
    #[serde(default)]
    #[schema(required = false)]
    description: Description,
    /// The terms, without approvers: those are chosen when it is applied.
    settings: Settings,
}

/// Makes a template.
#[utoipa::path(
    post, path = "/settings/templates", tag = "roles", request_body = NewTemplateTerms,
    responses((status = CREATED, body = Created, description = "The template"))
)]
async fn create(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Json(body): Json<NewTemplateTerms>,
) -> Result<(StatusCode, Json<Created>), ApiError> {
    let NewTemplateTerms { name, description, settings } = body;
    let new = NewTemplate { name, description, settings };
    Ok(created(settings::create(&app, &actor, &new).await?.0))
}

/// What becomes of a template.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NextTemplate {
    /// Its name.
    name: Name,
    /// What it is for.
    #[serde(default)]
    #[schema(required = false)]
    description: Description,
    /// The terms, without approvers.
    settings: Settings,
    /// The number of the version that one has seen: if there is a newer one, nothing is written.
    after: i32,
}

/// Changes a template. Roles that were given its terms before keep them.
#[utoipa::path(
    put, path = "/settings/templates/{id}", tag = "roles", request_body = NextTemplate,
    params(("id" = TemplateId, Path, description = "The template")),
    responses((status = NO_CONTENT, description = "It is changed"))
)]
async fn change(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<TemplateId>,
    Json(body): Json<NextTemplate>,
) -> Result<StatusCode, ApiError> {
    let NextTemplate { name, description, settings, after } = body;
    let new = NewTemplate { name, description, settings };
    settings::change(&app, &actor, id, after, &new).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a template out of use. Roles that were given its terms keep them.
#[utoipa::path(
    post, path = "/settings/templates/{id}/retire", tag = "roles",
    params(("id" = TemplateId, Path, description = "The template")),
    responses((status = NO_CONTENT, description = "It is retired"))
)]
async fn retire(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Path(id): Path<TemplateId>,
) -> Result<StatusCode, ApiError> {
    settings::retire(&app, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is given to which roles: the terms of a template, or some fields.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TermsForRoles {
    /// The roles.
    #[schema(min_items = 1, max_items = 100)]
    roles: Vec<RoleId>,
    /// The scope; the whole organisation if left out.
    scope: Option<ScopeId>,
    /// The template whose terms are given.
    template: Option<TemplateId>,
    /// Or terms, of which `fields` are given.
    settings: Option<Settings>,
    /// Which of `settings` are given.
    #[serde(default)]
    #[schema(required = false)]
    fields: Fields,
    /// Who may approve, for a template that asks for approval.
    #[serde(default)]
    #[schema(required = false)]
    approvers: BTreeSet<PrincipalId>,
    /// The number of the version that one has seen, by role: if there is a newer one, that role is refused.
    #[serde(default)]
    #[schema(required = false)]
    seen: BTreeMap<RoleId, i32>,
    /// Why. Not needed for a preview.
    #[serde(default)]
    #[schema(required = false)]
    reason: Justification,
    /// Only says what would change, and for whom.
    #[serde(default)]
    #[schema(required = false)]
    preview: bool,
}

impl TermsForRoles {
    fn read(self) -> Result<(Apply, BTreeMap<RoleId, i32>), Error> {
        let given = match (self.template, self.settings) {
            (Some(template), None) => Given::Template(template),
            (None, Some(settings)) => {
                Given::Fields { settings: Box::new(settings), fields: self.fields }
            }
            (Some(_), Some(_)) | (None, None) => {
                return Err(Error::invalid("template", "say either a template or settings"));
            }
        };
        let reason = if self.preview && self.reason.is_empty() {
            Justification::parse("To be seen before it is done").unwrap_or_default()
        } else {
            self.reason
        };
        let apply = Apply {
            roles: self.roles,
            scope: self.scope.unwrap_or(ScopeId::ROOT),
            given,
            approvers: self.approvers,
            reason,
        };
        Ok((apply, self.seen))
    }
}

/// What became of each role, or would.
#[derive(Serialize, ToSchema)]
struct TermsOutcomes {
    /// By the identifiers of the roles.
    outcomes: Vec<TermsOutcome>,
}

/// What became of one role, or would.
#[derive(Serialize, ToSchema)]
struct TermsOutcome {
    /// The role.
    role: RoleId,
    /// Its name.
    name: String,
    /// The version that was written.
    version: Option<SettingsId>,
    /// The change request, if the terms are weaker than before and wait for a second administrator.
    change_request: Option<ChangeRequestId>,
    /// In a preview, the number of the version that it is about, to be sent back as `seen`.
    after: Option<i32>,
    /// In a preview, the fields that stay as they are, because they are enforced above.
    locked: Vec<Field>,
    /// In a preview, what would change and for whom.
    impact: Option<TermsImpact>,
    /// Why it was not written, or would not be.
    problem: Option<Problem>,
}

/// What would change, and for whom.
#[derive(Serialize, ToSchema)]
struct TermsImpact {
    /// What becomes others at the scope itself.
    difference: Vec<Difference>,
    /// What becomes others at scopes below.
    below: Vec<TermsBelow>,
    /// The fields that ask for less than before.
    weaker: Vec<Field>,
    /// The fields that ask for more.
    stricter: Vec<Field>,
    /// The fields that nobody below may change from now on.
    newly_enforced: Vec<Field>,
    /// The fields that may be changed below again.
    no_longer_enforced: Vec<Field>,
    /// How many are eligible and may activate on the new terms.
    eligible: i64,
    /// How many have activated the role there; they keep what they have.
    running: i64,
    /// The assignments that the terms no longer allow to be made as they are; they stay.
    out_of_terms: Vec<TermsKept>,
    /// The requests that wait there.
    waiting: Vec<TermsWaiting>,
    /// The stages of the approval that nobody would ever be asked in, because no activation is longer than what they are
    /// skipped for.
    never_asked: Vec<TermsNeverAsked>,
}

/// What becomes others at a scope below.
#[derive(Serialize, ToSchema)]
struct TermsBelow {
    /// Its name.
    scope_name: String,
    /// What becomes others.
    difference: Vec<Difference>,
}

/// An assignment that the terms no longer allow to be made as it is.
#[derive(Serialize, ToSchema)]
struct TermsKept {
    /// Which.
    assignment: AssignmentId,
    /// Eligible or active.
    kind: AssignmentKind,
    /// The name of whose it is.
    holder: String,
    /// The name of the place where it is held.
    scope_name: String,
    /// When it ends; none if for good.
    ends_at: Option<Instant>,
}

/// A request that waits.
#[derive(Serialize, ToSchema)]
struct TermsWaiting {
    /// Which.
    request: RequestId,
    /// The name of whose it is.
    requester: String,
    /// Whether it would be closed, because nobody could decide it any more.
    closed: bool,
}

/// A stage of an approval that nobody would ever be asked in.
#[derive(Serialize, ToSchema)]
struct TermsNeverAsked {
    /// The name of the place.
    scope_name: String,
    /// The stage, counted from 1.
    stage: usize,
    /// The longest activation there.
    longest: Duration,
    /// The longest for which the stage is skipped.
    skipped_up_to: Duration,
}

impl From<Preview> for TermsImpact {
    fn from(preview: Preview) -> Self {
        let below = |(scope_name, difference)| TermsBelow { scope_name, difference };
        let kept = |kept: settings::OutOfTerms| TermsKept {
            assignment: kept.assignment,
            kind: kept.kind,
            holder: kept.holder,
            scope_name: kept.place,
            ends_at: kept.ends_at,
        };
        let waits = |waiting: settings::Waiting| TermsWaiting {
            request: waiting.request,
            requester: waiting.requester,
            closed: waiting.undecidable,
        };
        let never = |(scope_name, never): (String, NeverAsked)| TermsNeverAsked {
            scope_name,
            stage: never.stage,
            longest: never.longest,
            skipped_up_to: never.skipped_up_to,
        };
        Self {
            difference: preview.difference,
            below: preview.below.into_iter().map(below).collect(),
            weaker: preview.weaker,
            stricter: preview.stricter,
            newly_enforced: preview.newly_enforced,
            no_longer_enforced: preview.no_longer_enforced,
            eligible: preview.eligible,
            running: preview.running,
            out_of_terms: preview.out_of_terms.into_iter().map(kept).collect(),
            waiting: preview.waiting.into_iter().map(waits).collect(),
            never_asked: preview.never_asked.into_iter().map(never).collect(),
        }
    }
}

impl From<Proposal> for TermsOutcome {
    fn from(proposal: Proposal) -> Self {
        let (impact, problem) = match proposal.outcome {
            Ok(preview) => (Some(preview.into()), None),
            Err(error) => (None, Some(Problem::from(&error))),
        };
        Self {
            role: proposal.role,
            name: proposal.name,
            version: None,
            change_request: None,
            after: Some(proposal.after),
            locked: proposal.locked,
            impact,
            problem,
        }
    }
}

impl From<Applied> for TermsOutcome {
    fn from(applied: Applied) -> Self {
        let (version, change_request, problem) = match applied.outcome {
            Ok(Outcome::Done(written)) => (Some(written.id), None, None),
            Ok(Outcome::Waits(change)) => (None, Some(change), None),
            Err(error) => (None, None, Some(Problem::from(&error))),
        };
        Self {
            role: applied.role,
            name: applied.name,
            version,
            change_request,
            after: None,
            locked: Vec::new(),
            impact: None,
            problem,
        }
    }
}

/// Gives the terms of a template, or some fields, to several roles; each by itself, so that some may be refused.
#[utoipa::path(
    post, path = "/settings/apply", tag = "roles", request_body = TermsForRoles,
    responses(
        (status = OK, body = TermsOutcomes, description = "All went well, or would"),
        (status = MULTI_STATUS, body = TermsOutcomes, description = "Some were refused, or would be")
    )
)]
async fn apply(
    State(app): State<App>,
    Bearer(actor): Bearer,
    Json(body): Json<TermsForRoles>,
) -> Result<(StatusCode, Json<TermsOutcomes>), ApiError> {
    let preview = body.preview;
    let (wanted, seen) = body.read()?;
    let outcomes: Vec<_> = if preview {
        let proposals = settings::propose(&app, &actor, &wanted).await?;
        proposals.into_iter().map(TermsOutcome::from).collect()
    } else {
        let applied = settings::apply(&app, &actor, &wanted, &seen).await?;
        applied.into_iter().map(TermsOutcome::from).collect()
    };
    let all = outcomes.iter().all(|outcome| outcome.problem.is_none());
    let status = if all { StatusCode::OK } else { StatusCode::MULTI_STATUS };
    Ok((status, Json(TermsOutcomes { outcomes })))
}
