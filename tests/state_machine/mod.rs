//! Whatever one person asks for, approvers say and administrators change, in whichever order and at whichever time, the
//! program and a second telling of its promises agree after every step.
use latchkey::{
    domain::{
        id::{AssignmentId, PrincipalId, RequestId},
        request::{RequestState, Verdict},
        settings::{Authentication, Settings},
        time::{Duration, Instant},
    },
    error::Error,
    service::{
        activation::{self, Reasons, Wish},
        person, request,
    },
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

use crate::support::{World, approved_by, reason};

mod model;
mod moves;

use model::{Approvers, Ask, DAY, Model, Outcome, Says, Second, Terms};

const ROLE: &str = "Database operator";
const APPROVERS: [&str; 3] = ["bob", "eve", "zoe"];

/// What somebody does. Times are in minutes.
#[derive(Clone, Copy, Debug)]
enum Command {
    Activate { duration: u32, later: Option<u32>, code: bool },
    Extend { duration: u32, code: bool },
    Approve { approver: usize, granted: Option<u32> },
    Deny { approver: usize },
    Cancel,
    Finish,
    Terms { maximum: u32, proof: bool, approvers: Option<Approvers> },
    TakeAway,
    MakeEligible { lasts: u32 },
    Disable,
    Enable,
    Pass { seconds: i64 },
    Settle,
}

fn command() -> impl Strategy<Value = Command> {
    let duration = || prop_oneof![1 => Just(3), 8 => (1..=16_u32).prop_map(|quarter| quarter * 15)];
    let later = prop_oneof![
        4 => Just(None),
        2 => (1..=180_u32).prop_map(Some),
        1 => (120_000..140_000_u32).prop_map(Some),
    ];
    let approvers =
        prop_oneof![Just(None), Just(Some([true, true, false])), Just(Some([false, true, true])),];
    prop_oneof![
        6 => (duration(), later, any::<bool>())
            .prop_map(|(duration, later, code)| Command::Activate { duration, later, code }),
        3 => (duration(), any::<bool>()).prop_map(|(duration, code)| Command::Extend { duration, code }),
        5 => (0..3_usize, prop::option::of(duration()))
            .prop_map(|(approver, granted)| Command::Approve { approver, granted }),
        1 => (0..3_usize).prop_map(|approver| Command::Deny { approver }),
        1 => Just(Command::Cancel),
        1 => Just(Command::Finish),
        2 => ((1..=16_u32).prop_map(|quarter| quarter * 15), any::<bool>(), approvers)
            .prop_map(|(maximum, proof, approvers)| Command::Terms { maximum, proof, approvers }),
        1 => Just(Command::TakeAway),
        2 => (5..=2880_u32).prop_map(|lasts| Command::MakeEligible { lasts }),
        1 => Just(Command::Disable),
        2 => Just(Command::Enable),
        5 => prop_oneof![0..=60_i64, 0..=7200_i64, 0..=2 * DAY]
            .prop_map(|seconds| Command::Pass { seconds }),
        4 => Just(Command::Settle),
    ]
}

#[test]
fn after_every_step_of_every_story_the_promises_are_kept() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut runner = TestRunner::new(Config {
        cases: 64,
        max_shrink_iters: 200,
        failure_persistence: None,
        ..Config::default()
    });
    let stories = prop::collection::vec(command(), 1..40);
    runner.run(&stories, |commands| runtime.block_on(tell(&commands))).unwrap();
}

async fn tell(commands: &[Command]) -> Result<(), TestCaseError> {
    let mut story = Story::new().await;
    for command in commands {
        story.step(*command).await?;
    }
    story.world.check_invariants().await;
    Ok(())
}

/// The program and the model, side by side.
struct Story {
    world: World,
    beginning: Instant,
    model: Model,
    request: Option<RequestId>,
    activation: Option<AssignmentId>,
}

impl Story {
    async fn new() -> Self {
        let world = World::new().await;
        world.people(["ada", "root"]).await;
        world.people(APPROVERS).await;
        world.active("root", "Global Administrator").await;
        world.role(ROLE, |_| ()).await;
        let terms = Terms { maximum: 8 * 3600, proof: false, approvers: None };
        world.settings(ROLE, |settings| write(settings, &terms, &world)).await;
        world.eligible_for("ada", ROLE, Duration::days(1)).await;
        let beginning = world.now().await;
        let model = Model {
            now: 0,
            terms,
            eligible: Some(DAY),
            enabled: true,
            active: None,
            request: None,
        };
        Self { world, beginning, model, request: None, activation: None }
    }

    async fn step(&mut self, command: Command) -> Result<(), TestCaseError> {
        let outcome = self.carry_out(command).await;
        self.read_clock().await;
        // The program has judged at this time: nothing passes but what a story, or a fresh code, lets pass.
        if let Some((expected, outcome)) = self.expect(command).zip(outcome) {
            prop_assert_eq!(&outcome, &expected, "{:?} with {:?}", command, self.model);
        }
        self.follow().await;
        prop_assert_eq!(self.holds().await, self.model.holds(), "{:?}, {:?}", command, self.model);
        if let (Some(id), Some(request)) = (self.request, self.model.request) {
            let stands = self.world.state(id).await;
            prop_assert_eq!(name(stands), request.stands, "{:?}, {:?}", command, self.model);
        }
        Ok(())
    }
}

impl Story {
    /// Whether the command makes sense as things stand.
    fn applies(&self, command: Command) -> bool {
        let model = &self.model;
        match command {
            Command::Activate { .. } => model.enabled && model.eligible.is_some(),
            Command::Extend { .. } => model.enabled && model.active.is_some(),
            Command::Approve { .. } | Command::Deny { .. } => self.request.is_some(),
            Command::Cancel => model.enabled && self.request.is_some(),
            Command::Finish => model.enabled && self.activation.is_some(),
            Command::TakeAway => model.eligible.is_some(),
            Command::MakeEligible { .. } => model.enabled && model.eligible.is_none(),
            Command::Disable => model.enabled,
            Command::Enable => !model.enabled,
            Command::Terms { .. } | Command::Pass { .. } | Command::Settle => true,
        }
    }

    /// Has the program do it.
    async fn carry_out(&mut self, command: Command) -> Option<Outcome> {
        if !self.applies(command) {
            return None;
        }
        let world = &self.world;
        Some(match command {
            Command::Activate { duration, later, code } => {
                self.activate(duration, later, code).await
            }
            Command::Extend { duration, code } => self.extend(duration, code).await,
            Command::Approve { approver, granted } => {
                let granted = granted.map(Duration::minutes);
                let request = self.request?;
                outcome(world.decide(APPROVERS[approver], request, Verdict::Approve, granted).await)
            }
            Command::Deny { approver } => {
                outcome(world.deny(APPROVERS[approver], self.request?).await)
            }
            Command::Cancel => {
                let ada = world.actor("ada").await;
                outcome(request::cancel(&world.app, &ada, self.request?).await)
            }
            Command::Finish => outcome(world.deactivate("ada", self.activation?).await),
            Command::Terms { maximum, proof, approvers } => {
                let terms = Terms { maximum: i64::from(maximum) * 60, proof, approvers };
                world.settings(ROLE, |settings| write(settings, &terms, world)).await;
                Outcome::Done
            }
            Command::TakeAway => {
                let eligibility = world.eligibility("ada", ROLE).await;
                outcome(world.take_away("root", eligibility).await)
            }
            Command::MakeEligible { lasts } => {
                world.eligible_for("ada", ROLE, Duration::minutes(lasts)).await;
                Outcome::Done
            }
            Command::Disable => {
                let (root, ada) = (world.actor("root").await, world.principal("ada"));
                outcome(person::disable(&world.app, &root, ada, &reason()).await)
            }
            Command::Enable => {
                let (root, ada) = (world.actor("root").await, world.principal("ada"));
                outcome(person::enable(&world.app, &root, ada, &reason()).await)
            }
            Command::Pass { seconds } => {
                world.advance_seconds(seconds).await;
                Outcome::Done
            }
            Command::Settle => {
                world.run_due().await;
                Outcome::Done
            }
        })
    }

    async fn activate(&mut self, duration: u32, later: Option<u32>, code: bool) -> Outcome {
        let world = &self.world;
        let code = self.code(code).await;
        let wish = Wish {
            chosen: activation::Chosen::whole(world.eligibility("ada", ROLE).await),
            duration: Duration::minutes(duration),
        };
        let starts_at = match later {
            Some(minutes) => Some(world.now().await + Duration::minutes(minutes)),
            None => None,
        };
        let reasons = Reasons { starts_at, ..Reasons::default() };
        let asked = world.ask(&world.actor("ada").await, wish, &reasons, code.as_deref()).await;
        self.request = asked.as_ref().map(|asked| asked.request).ok().or(self.request);
        outcome(asked)
    }

    async fn extend(&mut self, duration: u32, code: bool) -> Outcome {
        let code = self.code(code).await;
        let (ada, running) = (self.world.actor("ada").await, self.activation.unwrap());
        let (wanted, reasons) = (Duration::minutes(duration), Reasons::default());
        let app = &self.world.app;
        let asked = activation::extend(app, &ada, running, wanted, &reasons, code.as_deref()).await;
        self.request = asked.as_ref().map(|asked| asked.request).ok().or(self.request);
        outcome(asked)
    }

    /// A code, if one is to be given and the terms ask for one.
    async fn code(&self, given: bool) -> Option<String> {
        if given && self.model.terms.proof {
            Some(self.world.fresh_code("ada").await)
        } else {
            None
        }
    }

    /// What the promises say should come of it.
    fn expect(&mut self, command: Command) -> Option<Outcome> {
        if !self.applies(command) {
            return None;
        }
        let model = &mut self.model;
        let eligible = model.eligible.unwrap_or(model.now);
        let minutes = |minutes: u32| i64::from(minutes) * 60;
        Some(match command {
            Command::Activate { duration, later, code } => {
                let ask = Ask {
                    duration: minutes(duration),
                    starts_at: later.map(|later| model.now + minutes(later)),
                    proved: code && model.terms.proof,
                    extends: false,
                };
                model.ask(ask, eligible)
            }
            Command::Extend { duration, code } => {
                let ask = Ask {
                    duration: minutes(duration),
                    starts_at: None,
                    proved: code && model.terms.proof,
                    extends: true,
                };
                model.ask(ask, eligible)
            }
            Command::Approve { approver, granted } => {
                model.decide(approver, Says::Yes(granted.map(minutes)))
            }
            Command::Deny { approver } => model.decide(approver, Says::No),
            Command::Cancel => model.cancel(),
            Command::Finish => model.finish(),
            Command::Terms { maximum, proof, approvers } => {
                model.terms = Terms { maximum: minutes(maximum), proof, approvers };
                Outcome::Done
            }
            Command::TakeAway => {
                model.eligible = None;
                model.stop();
                Outcome::Done
            }
            Command::MakeEligible { lasts } => {
                model.eligible = Some(model.now + minutes(lasts));
                Outcome::Done
            }
            Command::Disable => {
                model.enabled = false;
                model.stop();
                Outcome::Done
            }
            Command::Enable => {
                model.enabled = true;
                Outcome::Done
            }
            Command::Pass { .. } => Outcome::Done,
            Command::Settle => {
                model.settle();
                Outcome::Done
            }
        })
    }

    /// Codes take time: the model goes by the program's clock.
    async fn read_clock(&mut self) {
        let now: Second = self.world.now().await.since(self.beginning).as_secs();
        self.model.now = now;
    }

    /// Remembers the newest activation.
    async fn follow(&mut self) {
        self.activation = sqlx::query_scalar(
            "select id from assignments where origin = 'activated' order by created_at desc, id desc limit 1",
        )
        .fetch_optional(&self.world.owner)
        .await
        .unwrap();
    }

    async fn holds(&self) -> bool {
        sqlx::query_scalar(
            "select exists (select from live_assignments(instant()) where principal_id = $1 and role_id = $2)",
        )
        .bind(self.world.principal("ada"))
        .bind(self.world.role_id(ROLE))
        .fetch_one(&self.world.owner)
        .await
        .unwrap()
    }
}

fn write(settings: &mut Settings, terms: &Terms, world: &World) {
    let activation = &mut settings.activation;
    activation.maximum = Duration::from_seconds(terms.maximum).unwrap();
    activation.authentication =
        if terms.proof { Authentication::Mfa } else { Authentication::None };
    activation.requires_approval = terms.approvers.is_some();
    let named = |(name, named): (&&str, bool)| -> Option<PrincipalId> {
        named.then(|| world.principal(name))
    };
    let approvers = terms.approvers.map(|approvers| APPROVERS.iter().zip(approvers));
    activation.stages =
        approvers.map(|them| approved_by(them.filter_map(named))).unwrap_or_default();
}

fn outcome<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Outcome {
    match outcome {
        Ok(_) => Outcome::Done,
        Err(Error::Refused(refusals)) => {
            let rules: std::collections::BTreeSet<_> =
                refusals.iter().map(latchkey::domain::activation::Refusal::rule).collect();
            // Who decided before and may no longer still sees the request.
            if rules.contains("not_an_approver") {
                Outcome::NotFound
            } else {
                Outcome::Refused(rules)
            }
        }
        Err(Error::NotFound(_)) => Outcome::NotFound,
        Err(Error::Conflict(_)) => Outcome::Conflict,
        Err(error) => panic!("nothing that the rules say: {error:?}"),
    }
}

fn name(state: RequestState) -> &'static str {
    match state {
        RequestState::Pending => "pending",
        RequestState::Scheduled => "scheduled",
        RequestState::Granted => "granted",
        RequestState::Denied => "denied",
        RequestState::Cancelled => "cancelled",
        RequestState::Expired => "expired",
        RequestState::Failed => "failed",
    }
}
