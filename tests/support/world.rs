//! A small organisation with a database of its own.
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock},
};

use axum::Router;
use latchkey::{
    App,
    domain::{
        actor::{Actor, User, Via, Who},
        approval::{Agreement, Approver, Stage},
        id::{AssignmentId, PersonId, PrincipalId, RoleId, ScopeId, SessionId, SettingsId},
        settings::{ActivationTerms, AssignmentTerms, Authentication, Settings},
        text::fold,
        time::{Duration, Instant},
    },
    gateway::private_postgres::DatabaseRole,
    secret::{Cost, Keys, MasterKey, PasswordHasher, Token, TokenKind},
    wake::Wake,
};
use sqlx::{PgConnection, PgPool, Postgres, Transaction, postgres::PgPoolOptions};
use uuid::Uuid;

use super::Database;

/// A small organisation: whoever and whatever a test needs, named by plain names.
pub struct World {
    /// The program under test, with the rights that it has in earnest.
    pub app: App,
    /// The owner's connections, for looking behind the program's back.
    pub owner: PgPool,
    /// The database, for tests that need connections of another kind.
    pub database: Database,
    /// What the program serves, from when it is first asked: what a test changes of `app` it changes before.
    pub(super) served: OnceLock<Router>,
    names: Mutex<Names>,
}

#[derive(Default)]
struct Names {
    accounts: BTreeMap<String, (PrincipalId, Option<PersonId>)>,
    scopes: BTreeMap<String, ScopeId>,
    roles: BTreeMap<String, RoleId>,
}

/// A change made behind the program's back. The database wants an event for it all the same.
pub struct Change<'a>(Transaction<'a, Postgres>);

impl World {
    /// An empty organisation, in which time stands still.
    pub async fn new() -> Self {
        let database = Database::new().await;
        let pool = |role, most| {
            PgPoolOptions::new().max_connections(most).connect_lazy_with(database.options(role))
        };
        let keys = Arc::new(Keys::derive(&MasterKey::random()));
        let app = App {
            database: pool(DatabaseRole::Application, 5),
            worker_database: pool(DatabaseRole::Application, 2),
            access_checks: Arc::default(),
            metrics: Arc::default(),
            wake: Wake::default(),
            passwords: Arc::new(PasswordHasher::new(
                Arc::clone(&keys),
                Cost { memory: 8, passes: 1 },
            )),
            keys,
            public_url: "https://latchkey.example.org".into(),
            reader: latchkey::domain::language::Reader::english(),
            summaries: latchkey::domain::notice::summary::Schedule::default(),
            channels: Vec::new().into(),
            ticket_systems: Vec::new().into(),
            witness: Arc::default(),
            egress: latchkey::gateway::egress::Egress::default(),
        };
        let owner = pool(DatabaseRole::Superuser, 2);
        let shipped: Vec<(String, RoleId)> = sqlx::query_as("select name, id from roles")
            .fetch_all(&owner)
            .await
            .expect("the shipped roles are there");
        let names = Names { roles: shipped.into_iter().collect(), ..Names::default() };
        Self { app, owner, database, served: OnceLock::new(), names: Mutex::new(names) }
    }

    /// Lets time pass by itself, from the real time on.
    pub async fn run_clock(&self) {
        self.execute(
            "update test_clock set at = clock_timestamp(), running_since = clock_timestamp()",
        )
        .await;
    }

    /// The time.
    pub async fn now(&self) -> Instant {
        sqlx::query_scalar("select instant()")
            .fetch_one(&self.owner)
            .await
            .expect("there is a time")
    }

    /// Lets `duration` pass.
    pub async fn advance(&self, duration: Duration) {
        self.advance_seconds(duration.seconds()).await;
    }

    /// Lets some seconds pass.
    pub async fn advance_seconds(&self, seconds: i64) {
        sqlx::query("update test_clock set at = at + $1 * interval '1 second'")
            .bind(seconds)
            .execute(&self.owner)
            .await
            .expect("the clock can be moved");
    }

    /// Adds a person with an account of the same name.
    pub async fn person(&self, name: &str) -> PrincipalId {
        let person = PersonId::new();
        let mut change = self.change().await;
        sqlx::query("insert into persons values ($1, $2, $3, $3, instant())")
            .bind(person)
            .bind(name)
            .bind(format!("{name}@example.org"))
            .execute(change.connection())
            .await
            .expect("the person is new");
        self.account(change, name, "user", Some(person)).await
    }

    /// Adds several people.
    pub async fn people<const COUNT: usize>(&self, names: [&str; COUNT]) -> [PrincipalId; COUNT] {
        for name in names {
            self.person(name).await;
        }
        names.map(|name| self.principal(name))
    }

    /// Adds another account of somebody who has one.
    pub async fn second_account(&self, name: &str, of: &str) -> PrincipalId {
        let person = self.person_of(of);
        self.account(self.change().await, name, "user", Some(person)).await
    }

    /// Adds an application that belongs to somebody.
    pub async fn application(&self, name: &str, owner: &str) -> PrincipalId {
        let person = self.person_of(owner);
        self.account(self.change().await, name, "service_principal", Some(person)).await
    }

    /// Adds a group with members for good.
    pub async fn group(&self, name: &str, members: &[&str]) -> PrincipalId {
        let group = self.account(self.change().await, name, "group", None).await;
        let scope = ScopeId::new();
        sqlx::query(
            "insert into scopes (id, parent_id, kind, group_id, name, name_folded, created_at)
             values ($1, $2, 'group', $3, $4, $5, instant())",
        )
        .bind(scope)
        .bind(ScopeId::ROOT)
        .bind(group)
        .bind(name)
        .bind(fold(name))
        .execute(&self.owner)
        .await
        .expect("the group is new");
        self.names().scopes.insert(name.to_owned(), scope);
        for member in members {
            self.assign("active", self.principal(member), (RoleId::MEMBER, scope), (None, None))
                .await;
        }
        group
    }

    /// Adds a place: a folder, a system or a resource.
    pub async fn scope(&self, name: &str, parent: ScopeId, kind: &str) -> ScopeId {
        let id = ScopeId::new();
        let mut change = self.change().await;
        sqlx::query(
            "insert into scopes (id, parent_id, kind, name, name_folded, created_at)
             values ($1, $2, $3::scope_kind, $4, $5, instant())",
        )
        .bind(id)
        .bind(parent)
        .bind(kind)
        .bind(name)
        .bind(fold(name))
        .execute(change.connection())
        .await
        .expect("the place is new");
        change.commit("scope.created", "target_id", id.0).await;
        self.names().scopes.insert(name.to_owned(), id);
        id
    }

    /// The place, or the place of the group, of that name.
    pub fn scope_id(&self, name: &str) -> ScopeId {
        *self.names().scopes.get(name).expect("the place was added before")
    }

    /// Gives somebody, or a group, a role at a place, eligible or active, for good.
    pub async fn give(&self, kind: &str, name: &str, role: &str, scope: ScopeId) -> AssignmentId {
        self.assign(kind, self.principal(name), (self.role_id(role), scope), (None, None)).await
    }

    async fn account(
        &self,
        mut change: Change<'_>,
        name: &str,
        kind: &str,
        person: Option<PersonId>,
    ) -> PrincipalId {
        let id = PrincipalId::new();
        sqlx::query(
            "insert into principals (id, kind, person_id, name, name_folded, created_at)
             values ($1, $2::principal_kind, $3, $4, $5, instant())",
        )
        .bind(id)
        .bind(kind)
        .bind(person)
        .bind(name)
        .bind(fold(name))
        .execute(change.connection())
        .await
        .expect("the account is new");
        change.commit("person.invited", "target_id", id.0).await;
        self.names().accounts.insert(name.to_owned(), (id, person));
        id
    }

    /// Adds a role of the organisation, on generous terms that `change` makes others of.
    pub async fn role(&self, name: &str, change: impl FnOnce(&mut Settings)) -> RoleId {
        let id = RoleId::new();
        let mut transaction = self.change().await;
        sqlx::query(
            "insert into roles (id, name, name_folded, description, privileged, scope_kinds, created_at)
             values ($1, $2, $3, 'For a test.', true, '{organization,folder,system,resource}', instant())",
        )
        .bind(id)
        .bind(name)
        .bind(fold(name))
        .execute(transaction.connection())
        .await
        .expect("the role is new");
        transaction.commit("role.created", "target_id", id.0).await;
        self.names().roles.insert(name.to_owned(), id);
        let mut settings = generous();
        change(&mut settings);
        self.write_settings(id, &settings).await;
        id
    }

    /// Says of a role whether it is privileged.
    pub async fn mark_privileged(&self, role: &str, privileged: bool) {
        let id = self.role_id(role);
        let mut change = self.change().await;
        sqlx::query("update roles set privileged = $2 where id = $1")
            .bind(id)
            .bind(privileged)
            .execute(change.connection())
            .await
            .expect("the role may be marked so");
        change.commit("role.changed", "target_id", id.0).await;
    }

    /// Writes new terms for a role: the generous ones, with what `change` makes of them.
    pub async fn settings(&self, role: &str, change: impl FnOnce(&mut Settings)) -> SettingsId {
        let mut settings = generous();
        change(&mut settings);
        self.write_settings(self.role_id(role), &settings).await
    }

    async fn write_settings(&self, role: RoleId, settings: &Settings) -> SettingsId {
        let id = SettingsId::new();
        let mut change = self.change().await;
        let terms = &settings.activation;
        sqlx::query(
            "insert into role_settings (
                id, role_id, scope_id, version, activation_maximum_seconds, activation_authentication,
                activation_requires_justification, activation_requires_ticket, activation_requires_approval,
                eligible_may_be_permanent, eligible_maximum_seconds, eligible_requires_justification, eligible_requires_mfa,
                active_may_be_permanent, active_maximum_seconds, active_requires_justification, active_requires_mfa,
                allows_emergency, emergency_maximum_seconds, reason, created_at
             )
             select $1, $2, $3, (select coalesce(max(version), 0) + 1 from role_settings where role_id = $2 and scope_id = $3),
                $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, 'For a test', instant()",
        )
        .bind(id)
        .bind(role)
        .bind(ScopeId::ROOT)
        .bind(terms.maximum.seconds())
        .bind(terms.authentication)
        .bind(terms.requires_justification)
        .bind(terms.requires_ticket)
        .bind(terms.requires_approval)
        .bind(settings.eligible.may_be_permanent)
        .bind(settings.eligible.maximum.seconds())
        .bind(settings.eligible.requires_justification)
        .bind(settings.eligible.requires_mfa)
        .bind(settings.active.may_be_permanent)
        .bind(settings.active.maximum.seconds())
        .bind(settings.active.requires_justification)
        .bind(settings.active.requires_mfa)
        .bind(terms.allows_emergency)
        .bind(terms.emergency_maximum.seconds())
        .execute(change.connection())
        .await
        .expect("the terms may be written");
        for (stage, position) in terms.stages.iter().zip(1_i16..) {
            write_stage(change.connection(), id, position, stage).await;
        }
        change.commit("settings.changed", "target_id", id.0).await;
        id
    }

    /// Makes somebody eligible for a role, for good.
    pub async fn eligible(&self, name: &str, role: &str) -> AssignmentId {
        self.assign("eligible", self.principal(name), self.here(role), (None, None)).await
    }

    /// Makes somebody eligible for a role for a while.
    pub async fn eligible_for(&self, name: &str, role: &str, duration: Duration) -> AssignmentId {
        let end = self.now().await + duration;
        self.assign("eligible", self.principal(name), self.here(role), (None, Some(end))).await
    }

    /// Gives somebody a role for good.
    pub async fn active(&self, name: &str, role: &str) -> AssignmentId {
        self.assign("active", self.principal(name), self.here(role), (None, None)).await
    }

    fn here(&self, role: &str) -> (RoleId, ScopeId) {
        (self.role_id(role), ScopeId::ROOT)
    }

    /// Makes an assignment of either kind, from now and for good unless it says otherwise.
    pub async fn assign(
        &self,
        kind: &str,
        principal: PrincipalId,
        (role, scope): (RoleId, ScopeId),
        (from, until): (Option<Instant>, Option<Instant>),
    ) -> AssignmentId {
        let id = AssignmentId::new();
        let mut change = self.change().await;
        sqlx::query(
            "insert into assignments (
                id, kind, origin, principal_id, role_id, scope_id, starts_at, ends_at, created_at, settings_id
             )
             select $1, $2::assignment_kind, 'assigned', $3, $4, $5, coalesce($6, instant()), coalesce($7, 'infinity'),
                instant(), id
             from current_settings($4, $5)",
        )
        .bind(id)
        .bind(kind)
        .bind(principal)
        .bind(role)
        .bind(scope)
        .bind(from)
        .bind(until)
        .execute(change.connection())
        .await
        .expect("the assignment may be made");
        change.commit("assignment.created", "assignment_id", id.0).await;
        id
    }

    /// What somebody was given that has not ended: a role at a place.
    pub async fn assignment_of(&self, name: &str, role: &str, scope: ScopeId) -> AssignmentId {
        sqlx::query_scalar(
            "select id from assignments where principal_id = $1 and role_id = $2 and scope_id = $3 and ended_at is null",
        )
        .bind(self.principal(name))
        .bind(self.role_id(role))
        .bind(scope)
        .fetch_one(&self.owner)
        .await
        .expect("the assignment was made before")
    }

    /// Somebody who has just signed in.
    pub async fn actor(&self, name: &str) -> Actor {
        self.signed_in(name).await.0
    }

    /// Somebody who has just signed in, unless the account is disabled.
    pub async fn try_actor(&self, name: &str) -> Option<Actor> {
        self.try_signed_in(name).await.ok().map(|(actor, _)| actor)
    }

    /// Somebody who has just signed in, with the secret of the session.
    pub async fn signed_in(&self, name: &str) -> (Actor, Token) {
        self.try_signed_in(name).await.expect("the account may sign in")
    }

    async fn try_signed_in(&self, name: &str) -> sqlx::Result<(Actor, Token)> {
        let (session, token) = (SessionId::new(), Token::random(TokenKind::Session));
        sqlx::query(
            "insert into sessions (id, principal_id, stage, secret_hash, created_at, authenticated_at, last_seen_at, expires_at)
             select $1, $2, 'signed_in', $3, at, at, at, at + interval '12 hours' from instant() as at",
        )
        .bind(session)
        .bind(self.principal(name))
        .bind(token.hash().as_bytes())
        .execute(&self.owner)
        .await?;
        let user = User {
            principal: self.principal(name),
            person: self.person_of(name),
            name: name.to_owned(),
            via: Via::Session(session),
        };
        let actor = Actor {
            who: Who::User(user),
            address: None,
            correlation: Uuid::now_v7(),
            idempotency: None,
        };
        Ok((actor, token))
    }

    /// The account of that name.
    pub fn principal(&self, name: &str) -> PrincipalId {
        self.names().accounts.get(name).expect("the account was added before").0
    }

    /// The person behind the account of that name.
    pub fn person_of(&self, name: &str) -> PersonId {
        let account = *self.names().accounts.get(name).expect("the account was added before");
        account.1.expect("a person stands behind the account")
    }

    /// The role of that name.
    pub fn role_id(&self, name: &str) -> RoleId {
        *self.names().roles.get(name).expect("the role was added before")
    }

    /// The kinds of all events that the program recorded, in order.
    pub async fn events(&self) -> Vec<String> {
        sqlx::query_scalar(
            "select kind from audit_events
             where actor_name <> 'A test' and transaction_id > (select set_up_in from test_clock)
             order by at, id",
        )
        .fetch_all(&self.owner)
        .await
        .expect("the events can be read")
    }

    /// One number, asked of the database.
    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.owner).await.expect("the question is answered")
    }

    /// Returns when somebody waits for a row that somebody else has locked.
    pub async fn until_somebody_waits_for_a_lock(&self) {
        const WAITING: &str = "select count(*) from pg_locks
             where not granted
                 and pid in (select pid from pg_stat_activity where datname = current_database())";
        while self.count(WAITING).await == 0 {
            tokio::task::yield_now().await;
        }
    }

    /// Does something behind the program's back.
    pub async fn execute(&self, sql: &'static str) {
        sqlx::raw_sql(sql).execute(&self.owner).await.expect("the statement is allowed");
    }

    /// Begins a change behind the program's back.
    pub async fn change(&self) -> Change<'_> {
        Change(self.owner.begin().await.expect("a transaction begins"))
    }

    fn names(&self) -> std::sync::MutexGuard<'_, Names> {
        self.names.lock().expect("no test panics while it holds the names")
    }
}

impl Change<'_> {
    /// Where it is made.
    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.0
    }

    /// Commits it, with an event of `kind` about the row that `column` names.
    pub async fn commit(mut self, kind: &str, column: &str, id: Uuid) {
        let sql = format!(
            "insert into audit_events (id, at, kind, outcome, actor_kind, actor_name, {column}, detail)
             values ($1, instant(), $2, 'success', 'operator', 'A test', $3, '{{}}')"
        );
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(Uuid::now_v7())
            .bind(kind)
            .bind(id)
            .execute(&mut *self.0)
            .await
            .expect("the event is recorded");
        self.0.commit().await.expect("the change is allowed");
    }
}

async fn write_stage(
    connection: &mut sqlx::PgConnection,
    settings: SettingsId,
    position: i16,
    stage: &Stage,
) {
    let agree = match stage.agree {
        Agreement::People(people) => Some(i16::from(people)),
        Agreement::Each => None,
    };
    sqlx::query("insert into approval_stages values ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
        .bind(settings)
        .bind(position)
        .bind(agree)
        .bind(stage.timeout.seconds())
        .bind(stage.escalation.as_ref().map(|later| later.after.seconds()))
        .bind(stage.on_silence)
        .bind(stage.requires_justification)
        .bind(stage.authentication)
        .bind(sqlx::types::Json(&stage.skipped_if))
        .execute(&mut *connection)
        .await
        .expect("the stage may be written");
    for approver in stage.everybody() {
        let (kind, principal, role) = match approver {
            Approver::Principal(id) => ("principal", Some(id.0), None),
            Approver::Manager => ("manager", None, None),
            Approver::ScopeOwners => ("scope_owners", None, None),
            Approver::RoleHolders(id) => ("role_holders", None, Some(id.0)),
        };
        sqlx::query(
            "insert into settings_approvers (settings_id, stage, kind, principal_id, role_id, escalation)
             values ($1, $2, $3::approver_kind, $4, $5, $6)",
        )
        .bind(settings)
        .bind(position)
        .bind(kind)
        .bind(principal)
        .bind(role)
        .bind(!stage.approvers.contains(approver))
        .execute(&mut *connection)
        .await
        .expect("the approver exists");
    }
}

/// Terms that ask for nothing: up to eight hours, at once.
fn generous() -> Settings {
    let assignment = AssignmentTerms {
        may_be_permanent: true,
        maximum: Duration::days(365),
        requires_justification: false,
        requires_mfa: false,
    };
    Settings {
        activation: ActivationTerms {
            maximum: Duration::hours(8),
            authentication: Authentication::None,
            requires_justification: false,
            requires_ticket: false,
            requires_approval: false,
            stages: Vec::new(),
            allows_emergency: false,
            emergency_maximum: Duration::hours(1),
        },
        eligible: assignment.clone(),
        active: assignment,
        notices: latchkey::domain::notice::rule::Notices::default(),
    }
}
