//! What people do in tests, in one line each.
use latchkey::{
    domain::{
        actor::Actor,
        approval::{Approver, Stage},
        id::{AssignmentId, ChangeRequestId, PrincipalId, RequestId, ScopeId},
        request::{RequestState, Verdict},
        text::Justification,
        time::{Duration, Instant},
        totp,
    },
    error::Error,
    secret::{Purpose, Token, totp_seed},
    service::{
        access_check,
        activation::{self, Reasons, Requested, Wish},
        approval::{self, Answer},
        assignment,
        change_request::Outcome,
        due,
    },
};

use super::World;

impl World {
    /// The code that somebody's authenticator shows, and has not shown before: time moves on if it must.
    pub async fn fresh_code(&self, name: &str) -> String {
        let principal = self.principal(name);
        let known: Option<(Vec<u8>, i64)> = sqlx::query_as(
            "select secret, last_step from totp_credentials where principal_id = $1 and removed_at is null",
        )
        .bind(principal)
        .fetch_optional(&self.owner)
        .await
        .expect("the authenticator can be read");
        let (seed, last_step) = match known {
            Some((sealed, step)) => {
                let seed = self.app.keys.open(Purpose::TotpSeed, principal.0, &sealed);
                (seed.expect("the seed was sealed with these keys").to_vec(), step)
            }
            None => (self.add_authenticator(principal).await, 0),
        };
        let mut now = self.now().await;
        while totp::Step::at(now).0 <= last_step {
            self.advance_seconds(30).await;
            now = self.now().await;
        }
        totp::code_at(&seed, now)
    }

    async fn add_authenticator(&self, principal: PrincipalId) -> Vec<u8> {
        let seed = totp_seed();
        sqlx::query(
            "insert into totp_credentials (id, principal_id, secret, created_at, confirmed_at)
             values (gen_random_uuid(), $1, $2, instant(), instant())",
        )
        .bind(principal)
        .bind(self.app.keys.seal(Purpose::TotpSeed, principal.0, seed.as_slice()))
        .execute(&self.owner)
        .await
        .expect("the authenticator is the first");
        seed.to_vec()
    }

    /// What somebody is eligible for, by the role's name.
    pub async fn eligibility(&self, name: &str, role: &str) -> AssignmentId {
        let found = self.eligibility_or_none(name, role).await;
        found.expect("somebody made this person eligible")
    }

    /// The newest eligibility of somebody for a role, over or not, if there was ever one.
    pub async fn eligibility_or_none(&self, name: &str, role: &str) -> Option<AssignmentId> {
        sqlx::query_scalar(
            "select id from assignments where principal_id = $1 and role_id = $2 and kind = 'eligible'
             order by ended_at desc nulls first limit 1",
        )
        .bind(self.principal(name))
        .bind(self.role_id(role))
        .fetch_optional(&self.owner)
        .await
        .expect("the eligibility can be read")
    }

    /// Asks for a role with nothing but a duration.
    pub async fn activate(
        &self,
        name: &str,
        role: &str,
        duration: Duration,
    ) -> Result<Requested, Error> {
        self.ask(
            &self.actor(name).await,
            self.wish(name, role, duration).await,
            &Reasons::default(),
            None,
        )
        .await
    }

    /// Asks for a role from some time on.
    pub async fn activate_later(
        &self,
        name: &str,
        role: &str,
        duration: Duration,
        after: Duration,
    ) -> Result<Requested, Error> {
        let reasons = Reasons { starts_at: Some(self.now().await + after), ..Reasons::default() };
        self.ask(&self.actor(name).await, self.wish(name, role, duration).await, &reasons, None)
            .await
    }

    /// Asks for one role.
    pub async fn ask(
        &self,
        actor: &Actor,
        wish: Wish,
        reasons: &Reasons,
        code: Option<&str>,
    ) -> Result<Requested, Error> {
        let mut fulfilled = activation::activate(&self.app, actor, &[wish], reasons, code).await?;
        fulfilled.pop().expect("one wish has one outcome").outcome
    }

    /// A wish for a role that somebody is eligible for.
    pub async fn wish(&self, name: &str, role: &str, duration: Duration) -> Wish {
        let chosen = activation::Chosen::whole(self.eligibility(name, role).await);
        Wish { chosen, duration }
    }

    /// Ends what somebody has activated.
    pub async fn deactivate(&self, name: &str, activation: AssignmentId) -> Result<(), Error> {
        activation::deactivate(&self.app, &self.actor(name).await, activation).await
    }

    /// Approves a request as it is.
    pub async fn approve(&self, name: &str, request: RequestId) -> Result<(), Error> {
        self.decide(name, request, Verdict::Approve, None).await
    }

    /// Denies a request.
    pub async fn deny(&self, name: &str, request: RequestId) -> Result<(), Error> {
        self.decide(name, request, Verdict::Deny, None).await
    }

    /// Decides a request, with a fresh code.
    pub async fn decide(
        &self,
        name: &str,
        request: RequestId,
        verdict: Verdict,
        granted: Option<Duration>,
    ) -> Result<(), Error> {
        let code = self.fresh_code(name).await;
        let answer = Answer { verdict, granted, justification: reason() };
        approval::decide(&self.app, &self.actor(name).await, request, &answer, &code)
            .await
            .map(drop)
    }

    /// Takes somebody's eligibility for a role away.
    pub async fn take_away(
        &self,
        administrator: &str,
        assignment: AssignmentId,
    ) -> Result<(), Error> {
        assignment::remove(&self.app, &self.actor(administrator).await, assignment, &reason()).await
    }

    /// Lets the background work do all that is due. Says how much that was.
    pub async fn run_due(&self) -> usize {
        due::run(&self.app).await.expect("what is due can be done")
    }

    /// Where a request stands.
    pub async fn state(&self, request: RequestId) -> RequestState {
        sqlx::query_scalar("select state from requests where id = $1")
            .bind(request)
            .fetch_one(&self.owner)
            .await
            .expect("there is such a request")
    }

    /// Whether somebody holds a role in the whole organisation at this moment, by the answer that other programs get.
    pub async fn holds(&self, name: &str, role: &str) -> bool {
        self.holds_at(name, role, ScopeId::ROOT).await
    }

    /// Whether somebody holds a role at a place at this moment.
    pub async fn holds_at(&self, name: &str, role: &str, scope: ScopeId) -> bool {
        self.check(name, role, scope).await.allowed
    }

    /// What other programs are told when they ask, with somebody's own token, whether they hold a role at a place, and why.
    pub async fn check(&self, name: &str, role: &str, scope: ScopeId) -> access_check::Answer {
        let question = access_check::Question { principal: None, role: self.role_id(role), scope };
        let token = self.access_token(name, &["check_access"]).await;
        let token = Token::parse_bearer(&token).expect("it was made a moment ago");
        let answers = access_check::check(&self.app, &token, vec![question], true).await;
        let mut answers = answers.expect("everybody may ask about themself");
        answers.pop().expect("one question has one answer")
    }
}

/// Another end for an assignment.
pub fn until(ends_at: Option<Instant>, reason: &Justification) -> assignment::NewDates<'_> {
    assignment::NewDates { starts_at: None, ends_at, reason, code: None }
}

/// Why people in tests do things.
pub fn reason() -> Justification {
    Justification::parse("For a test").expect("it is a reason")
}

/// What was done at once. The test fails if it waits for somebody else's word.
pub fn done<T>(outcome: Result<Outcome<T>, Error>) -> Result<T, Error> {
    match outcome? {
        Outcome::Done(done) => Ok(done),
        Outcome::Waits(change) => panic!("it waits as {change}"),
    }
}

/// Makes sure that nothing was done, since it waits for somebody else's word.
pub fn waits<T: std::fmt::Debug>(outcome: Result<Outcome<T>, Error>) -> ChangeRequestId {
    match outcome {
        Ok(Outcome::Waits(change)) => change,
        other => panic!("it should wait: {other:?}"),
    }
}

/// The names of the rules that refused.
pub fn rules<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Vec<&'static str> {
    match outcome {
        Err(Error::Refused(refusals)) => {
            refusals.iter().map(latchkey::domain::activation::Refusal::rule).collect()
        }
        other => panic!("a refusal by the rules was expected: {other:?}"),
    }
}

/// One stage in which one of these decides, with a fresh code and no reason.
pub fn approved_by(approvers: impl IntoIterator<Item = PrincipalId>) -> Vec<Stage> {
    let approvers = approvers.into_iter().map(Approver::Principal);
    vec![Stage { requires_justification: false, ..Stage::of(approvers) }]
}
