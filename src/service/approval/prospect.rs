//! How a request would go through the stages of its approval, seen before it is made.
use std::collections::BTreeMap;

use sqlx::PgConnection;

use crate::{
    domain::{
        actor::User,
        approval::{self, Circumstances, Stage, StageState, Standing},
        id::{AssignmentId, PrincipalId, RequestId},
        time::{Duration, Instant},
    },
    error::Error,
    store::{
        self, Change,
        activation::Eligibility,
        settings::{Nominee, Version},
    },
};

/// What of a request its way through the stages hangs by.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// For how long.
    pub duration: Duration,
    /// From when; at once if none.
    pub starts_at: Option<Instant>,
    /// The activation that goes on by it, if it is for more time: a rule about length counts the whole.
    pub extends: Option<AssignmentId>,
    /// Whether its ticket was looked up, is good and is theirs.
    pub ticket_verified: bool,
}

/// How a request would go through the stages.
#[derive(Clone, Debug, Default)]
pub struct Prospect {
    /// The stages as the request would begin them; none if nobody has to approve.
    pub standings: Vec<Standing>,
    /// Why each of those is skipped that is; empty for the others.
    pub explanations: Vec<String>,
    /// Who may decide in the stages, beside the requester.
    pub approvers: Vec<Nominee>,
    /// The names of the groups that people are on call in.
    pub names: BTreeMap<uuid::Uuid, String>,
    /// Whether there are people enough who can agree in all stages that are not skipped.
    pub attainable: bool,
}

impl Prospect {
    /// Writes the stages of a request down as it begins them.
    pub async fn write_down(&self, change: &mut Change, request: RequestId) -> Result<(), Error> {
        store::request::open_stages(change, request, &self.standings, &self.explanations).await
    }

    /// Who is asked in the stage that opens, at first.
    pub fn asked(&self) -> impl Iterator<Item = &Nominee> {
        let open = self.standings.iter().find(|stage| stage.state == StageState::Open);
        let open = open.map(|stage| stage.number);
        self.approvers
            .iter()
            .filter(move |it| Some(it.candidate.stage) == open && !it.candidate.escalation)
    }
}

/// Looks how what `user` asks for by an eligibility would go through the stages of `version`.
pub async fn prospect(
    change: &mut Change,
    version: &Version,
    (user, held): (&User, &Eligibility),
    wish: Wish,
) -> Result<Prospect, Error> {
    let terms = &version.settings.activation;
    if !terms.requires_approval {
        return Ok(Prospect { attainable: true, ..Prospect::default() });
    }
    let at = change.at();
    let connection = change.connection();
    let starts_at = wish.starts_at.unwrap_or(at).max(at);
    let mut groups = store::group::groups_of(connection, user.principal, at).await?;
    if starts_at > at {
        // On call now and when it begins.
        let then = store::group::groups_of(connection, user.principal, starts_at).await?;
        groups.retain(|group| then.contains(group));
    }
    let circumstances = Circumstances {
        duration: whole(connection, wish, at).await?,
        starts_at,
        groups,
        ticket_verified: wish.ticket_verified,
    };
    let standings = approval::begin(&terms.stages, &circumstances, at);
    let who = (Some(user.person), held.scope);
    let approvers: Vec<_> = store::settings::candidates(connection, &terms.stages, who, at)
        .await?
        .into_iter()
        .filter(|approver| approver.person != user.person)
        .collect();
    let asked: Vec<(usize, &Stage)> = standings
        .iter()
        .zip(&terms.stages)
        .filter(|(standing, _)| standing.state != StageState::Skipped)
        .map(|(standing, stage)| (standing.number, stage))
        .collect();
    let candidates: Vec<_> = approvers.iter().map(|it| it.candidate.clone()).collect();
    let attainable = approval::attainable(&asked, &candidates, Some(user.person));
    let on_call = terms.stages.iter().filter_map(|stage| stage.skipped_if.on_call);
    let on_call: Vec<_> = on_call.map(|group| group.0).collect();
    let names = store::settings::approver_names(change.connection(), &on_call).await?;
    let explanations = explain(&names, &standings, &terms.stages);
    Ok(Prospect { standings, explanations, approvers, names, attainable })
}

/// For how long access goes on without a gap.
async fn whole(connection: &mut PgConnection, wish: Wish, at: Instant) -> Result<Duration, Error> {
    let Some(extended) = wish.extends else { return Ok(wish.duration) };
    let since = store::activation::unbroken_since(connection, extended).await?;
    let before = at.since(since).as_secs().max(0);
    let minutes = (before + wish.duration.seconds()).unsigned_abs().div_ceil(60);
    let seconds = i64::try_from(minutes * 60).unwrap_or(i64::MAX);
    // Longer than can be counted is longer than any rule allows.
    Ok(Duration::from_seconds(seconds).unwrap_or(Duration::days(36_500)))
}

/// Why each stage is skipped that is.
fn explain(
    names: &BTreeMap<uuid::Uuid, String>,
    standings: &[Standing],
    stages: &[Stage],
) -> Vec<String> {
    let name = |id: &PrincipalId| names.get(&id.0).cloned().unwrap_or_else(|| id.to_string());
    let told = standings.iter().zip(stages).map(|(standing, stage)| match standing.state {
        StageState::Skipped => stage.skipped_if.to_words(name).chars().take(1000).collect(),
        _ => String::new(),
    });
    told.collect()
}
