//! Rows that the database takes as they are, for tests to spoil one value at a time.

/// A row that is to be inserted, with the event that its insertion wants.
#[derive(Clone)]
pub struct Row {
    table: &'static str,
    values: Vec<(&'static str, String)>,
    event: Option<&'static str>,
}

impl Row {
    fn new<const COUNT: usize>(table: &'static str, values: [(&'static str, &str); COUNT]) -> Self {
        let values = values.map(|(column, value)| (column, value.to_owned())).into();
        Self { table, values, event: None }
    }

    fn recorded(self, event: &'static str) -> Self {
        Self { event: Some(event), ..self }
    }

    /// The same with another value, which is an SQL expression.
    pub fn with(mut self, column: &'static str, value: &str) -> Self {
        self.values.retain(|(known, _)| *known != column);
        self.values.push((column, value.to_owned()));
        self
    }

    /// The same without the event.
    pub fn unrecorded(self) -> Self {
        Self { event: None, ..self }
    }

    /// The table.
    pub fn table(&self) -> &'static str {
        self.table
    }

    /// The columns that it gives values to.
    pub fn columns(&self) -> impl Iterator<Item = &'static str> {
        self.values.iter().map(|(column, _)| *column)
    }

    /// The statements.
    pub fn sql(&self) -> String {
        let columns: Vec<_> = self.values.iter().map(|(column, _)| *column).collect();
        let values: Vec<_> = self.values.iter().map(|(_, value)| value.as_str()).collect();
        let insert = format!(
            "insert into {} ({}) values ({});",
            self.table,
            columns.join(", "),
            values.join(", ")
        );
        let id =
            self.values.iter().find(|(column, _)| *column == "id").map(|(_, value)| value.as_str());
        match (self.event, id) {
            (Some(event), Some(id)) => format!("{insert} select record('{event}', {id});"),
            _ => insert,
        }
    }
}

impl From<Row> for String {
    fn from(row: Row) -> Self {
        row.sql()
    }
}

/// Every kind of row.
pub fn all() -> Vec<Row> {
    vec![
        person(),
        user(),
        group(),
        scope(),
        role(),
        settings(),
        template(),
        policy_application(),
        password(),
        totp(),
        recovery_code(),
        link(),
        session(),
        device(),
        throttle(),
        token(),
        proof(),
        eligible(),
        request(),
        decision(),
        deputy(),
        change_request(),
        reminder(),
        preferences(),
        gathered(),
        event(),
        seal(),
        verification(),
        mail(),
        message(),
        lane(),
        alarm(),
        request_ticket(),
        idempotency_key(),
        application_owner(),
        secret(),
        key(),
        assertion(),
        import(),
        conversion(),
        history(),
        remark(),
    ]
}

pub fn person() -> Row {
    Row::new(
        "persons",
        [
            ("id", "person('new')"),
            ("display_name", "'New'"),
            ("email", "'new@example.org'"),
            ("email_folded", "'new@example.org'"),
            ("created_at", "instant()"),
        ],
    )
}

pub fn user() -> Row {
    Row::new(
        "principals",
        [
            ("id", "id('new')"),
            ("kind", "'user'"),
            ("person_id", "person('eve')"),
            ("name", "'new'"),
            ("name_folded", "'new'"),
            ("created_at", "instant()"),
        ],
    )
    .recorded("target")
}

pub fn group() -> Row {
    user().with("kind", "'group'").with("person_id", "null")
}

pub fn scope() -> Row {
    Row::new(
        "scopes",
        [
            ("id", "id('new')"),
            ("parent_id", "root()"),
            ("kind", "'folder'"),
            ("group_id", "null"),
            ("name", "'new'"),
            ("name_folded", "'new'"),
            ("created_at", "instant()"),
        ],
    )
    .recorded("target")
}

pub fn role() -> Row {
    Row::new(
        "roles",
        [
            ("id", "id('new')"),
            ("name", "'new'"),
            ("name_folded", "'new'"),
            ("description", "''"),
            ("privileged", "false"),
            ("scope_kinds", "'{organization}'"),
            ("created_at", "instant()"),
        ],
    )
    .recorded("target")
}

pub fn settings() -> Row {
    Row::new(
        "role_settings",
        [
            ("id", "id('new')"),
            ("role_id", "id('operator')"),
            ("scope_id", "root()"),
            ("version", "2"),
            ("activation_maximum_seconds", "28800"),
            ("activation_authentication", "'none'"),
            ("activation_requires_justification", "false"),
            ("activation_requires_ticket", "false"),
            ("activation_requires_approval", "false"),
            ("eligible_may_be_permanent", "true"),
            ("eligible_maximum_seconds", "31536000"),
            ("eligible_requires_justification", "false"),
            ("eligible_requires_mfa", "false"),
            ("active_may_be_permanent", "true"),
            ("active_maximum_seconds", "31536000"),
            ("active_requires_justification", "false"),
            ("active_requires_mfa", "false"),
            ("allows_emergency", "false"),
            ("emergency_maximum_seconds", "3600"),
            ("author_id", "id('root')"),
            ("author_person_id", "person('root')"),
            ("reason", "'For a test'"),
            ("created_at", "instant()"),
        ],
    )
    .recorded("target")
}

/// Terms by name, that anybody could be given.
pub fn template() -> Row {
    Row::new(
        "settings_templates",
        [
            ("id", "id('new')"),
            ("name", "'Ours'"),
            ("name_folded", "'ours'"),
            ("terms", r#"'{"activation": {"stages": []}}'"#),
            ("created_at", "instant()"),
        ],
    )
    .recorded("target")
}

/// What was applied from policy files.
pub fn policy_application() -> Row {
    Row::new(
        "policy_applications",
        [
            ("id", "id('new')"),
            ("applied_at", "instant()"),
            ("applied_by", "id('root')"),
            ("actor_name", "'Root'"),
            ("digest", "'ab'"),
            ("files", "'{}'"),
            ("prune", "false"),
            ("steps", "1"),
            ("reason", "'For a test'"),
        ],
    )
    .recorded("target")
}

pub fn password() -> Row {
    Row::new(
        "password_credentials",
        [
            ("id", "id('new')"),
            ("principal_id", "id('ada')"),
            ("hash", "'hash'"),
            ("changed_at", "instant()"),
        ],
    )
    .recorded("target")
}

pub fn totp() -> Row {
    Row::new(
        "totp_credentials",
        [
            ("id", "id('new')"),
            ("principal_id", "id('ada')"),
            ("secret", "hash('new')"),
            ("created_at", "instant()"),
        ],
    )
}

pub fn recovery_code() -> Row {
    Row::new(
        "recovery_codes",
        [
            ("id", "id('new')"),
            ("principal_id", "id('ada')"),
            ("code_hash", "hash('new')"),
            ("created_at", "instant()"),
        ],
    )
}

pub fn link() -> Row {
    Row::new(
        "one_time_links",
        [
            ("id", "id('new')"),
            ("principal_id", "id('ada')"),
            ("purpose", "'invitation'"),
            ("token_hash", "hash('new')"),
            ("created_at", "instant()"),
            ("expires_at", "instant() + interval '1 hour'"),
        ],
    )
    .recorded("target")
}

pub fn session() -> Row {
    Row::new(
        "sessions",
        [
            ("id", "id('new')"),
            ("principal_id", "id('eve')"),
            ("stage", "'signed_in'"),
            ("secret_hash", "hash('new')"),
            ("created_at", "instant()"),
            ("authenticated_at", "instant()"),
            ("last_seen_at", "instant()"),
            ("expires_at", "instant() + interval '12 hours'"),
        ],
    )
}

pub fn device() -> Row {
    Row::new(
        "known_devices",
        [
            ("id", "id('new')"),
            ("principal_id", "id('ada')"),
            ("token_hash", "hash('new')"),
            ("created_at", "instant()"),
            ("expires_at", "instant() + interval '90 days'"),
        ],
    )
}

pub fn throttle() -> Row {
    Row::new("sign_in_throttles", [("key", "hash('new')"), ("failures", "0")])
}

pub fn token() -> Row {
    Row::new(
        "access_tokens",
        [
            ("id", "id('new')"),
            ("principal_id", "id('ada')"),
            ("name", "'new'"),
            ("token_hash", "hash('new')"),
            ("scopes", "'{read}'"),
            ("created_at", "instant()"),
            ("expires_at", "instant() + interval '30 days'"),
        ],
    )
    .recorded("target")
}

pub fn proof() -> Row {
    Row::new(
        "mfa_proofs",
        [
            ("id", "id('newer proof')"),
            ("principal_id", "id('ada')"),
            ("session_id", "id('ada session')"),
            ("access_token_id", "null"),
            ("method", "'totp'"),
            ("challenge", "hash('new')"),
            ("created_at", "instant()"),
        ],
    )
}

pub fn eligible() -> Row {
    Row::new(
        "assignments",
        [
            ("id", "id('new')"),
            ("kind", "'eligible'"),
            ("origin", "'assigned'"),
            ("principal_id", "id('eve')"),
            ("role_id", "id('operator')"),
            ("scope_id", "root()"),
            ("starts_at", "instant()"),
            ("ends_at", "instant() + interval '30 days'"),
            ("created_at", "instant()"),
            ("created_by", "id('root')"),
            ("settings_id", "id('operator terms')"),
        ],
    )
    .recorded("assignment")
}

/// Bob asks for the role that nothing stands in the way of.
pub fn request() -> Row {
    Row::new(
        "requests",
        [
            ("id", "id('new')"),
            ("kind", "'activate'"),
            ("state", "'granted'"),
            ("principal_id", "id('bob')"),
            ("person_id", "person('bob')"),
            ("role_id", "id('operator')"),
            ("scope_id", "root()"),
            ("eligibility_id", "id('bob operator')"),
            ("settings_id", "id('operator terms')"),
            ("maximum_seconds", "28800"),
            ("extends_id", "null"),
            ("requested_seconds", "3600"),
            ("proof_id", "null"),
            ("created_at", "instant()"),
            ("closed_at", "instant()"),
        ],
    )
    .recorded("request")
}

/// The same request, which waits for an approver.
pub fn pending() -> Row {
    request()
        .with("state", "'pending'")
        .with("closed_at", "null")
        .with("expires_at", "instant() + interval '1 day'")
}

/// What `request` gives access by; it comes after the request.
pub fn activation() -> Row {
    Row::new(
        "assignments",
        [
            ("id", "id('new activation')"),
            ("kind", "'active'"),
            ("origin", "'activated'"),
            ("principal_id", "id('bob')"),
            ("role_id", "id('operator')"),
            ("scope_id", "root()"),
            ("starts_at", "instant()"),
            ("ends_at", "instant() + interval '1 hour'"),
            ("created_at", "instant()"),
            ("settings_id", "id('operator terms')"),
            ("request_id", "id('new')"),
            ("eligibility_id", "id('bob operator')"),
            ("eligibility_ends_at", "'infinity'"),
            ("maximum_seconds", "28800"),
        ],
    )
    .recorded("assignment")
}

/// Bob says yes to what ada waits for.
pub fn decision() -> Row {
    Row::new(
        "decisions",
        [
            ("id", "id('said')"),
            ("request_id", "id('waiting')"),
            ("requester_person_id", "person('ada')"),
            ("approver_id", "id('bob')"),
            ("approver_person_id", "person('bob')"),
            ("verdict", "'approve'"),
            ("proof_id", "id('said proof')"),
            ("stage", "1"),
            ("for_person_id", "person('bob')"),
            ("created_at", "instant()"),
        ],
    )
    .recorded("target")
}

/// The stage of new terms, in which one of those who are named decides; it comes after [`settings`].
pub fn stage() -> Row {
    Row::new(
        "approval_stages",
        [
            ("settings_id", "id('new')"),
            ("position", "1"),
            ("agree", "1"),
            ("timeout_seconds", "86400"),
            ("on_silence", "'deny'"),
            ("requires_justification", "false"),
            ("authentication", "'mfa'"),
        ],
    )
}

/// Eve is named in [`stage`].
pub fn approver() -> Row {
    Row::new(
        "settings_approvers",
        [
            ("settings_id", "id('new')"),
            ("stage", "1"),
            ("kind", "'principal'"),
            ("principal_id", "id('eve')"),
            ("role_id", "null"),
            ("escalation", "false"),
        ],
    )
}

/// The first stage of bob's new request, on terms with [`stage`].
pub fn request_stage() -> Row {
    Row::new(
        "request_stages",
        [
            ("request_id", "id('new')"),
            ("position", "1"),
            ("state", "'open'"),
            ("opened_at", "instant()"),
            ("expires_at", "instant() + interval '1 day'"),
        ],
    )
}

/// Eve stands in for bob for a week.
pub fn deputy() -> Row {
    Row::new(
        "deputies",
        [
            ("id", "id('new')"),
            ("person_id", "person('bob')"),
            ("deputy_id", "person('eve')"),
            ("starts_at", "instant()"),
            ("ends_at", "instant() + interval '7 days'"),
            ("created_at", "instant()"),
        ],
    )
    .recorded("target")
}

pub fn event() -> Row {
    Row::new(
        "audit_events",
        [
            ("id", "id('new')"),
            ("at", "instant()"),
            ("kind", "'test.changed'"),
            ("outcome", "'success'"),
            ("actor_kind", "'user'"),
            ("actor_id", "id('ada')"),
            ("actor_name", "'Ada'"),
            ("detail", "'{}'"),
        ],
    )
}

pub fn seal() -> Row {
    Row::new(
        "audit_seals",
        [
            ("sequence", "1"),
            ("event_id", "(select id from audit_events limit 1)"),
            ("sealed_at", "instant()"),
            ("previous_hash", "hash('')"),
            ("hash", "hash('new')"),
        ],
    )
}

pub fn verification() -> Row {
    Row::new(
        "audit_verification",
        [
            ("verified_at", "instant()"),
            ("sealed", "0"),
            ("head_sequence", "0"),
            ("head_hash", "hash('')"),
        ],
    )
}

pub fn change_request() -> Row {
    Row::new(
        "change_requests",
        [
            ("id", "id('new')"),
            ("kind", "'save_settings'"),
            ("prior", "'new'"),
            ("state", "'pending'"),
            ("author_id", "id('ada')"),
            ("author_person_id", "person('ada')"),
            ("permission", "'settings.manage'"),
            ("scope_id", "root()"),
            ("role_id", "id('operator')"),
            ("subject_id", "null"),
            ("assignment_id", "null"),
            ("payload", "'{}'"),
            ("difference", "'[]'"),
            ("reason", "'New'"),
            ("created_at", "instant()"),
            ("expires_at", "instant() + interval '30 days'"),
        ],
    )
    .recorded("target")
}

pub fn reminder() -> Row {
    Row::new(
        "reminders",
        [
            ("assignment_id", "id('standing')"),
            ("ends_at", "instant()"),
            ("kind", "'one_day'"),
            ("told_at", "instant()"),
        ],
    )
}

/// Ada says how she wants to be told.
pub fn preferences() -> Row {
    Row::new("notice_preferences", [("id", "person('ada')"), ("ways", "'{}'")]).recorded("target")
}

/// Something waits for Ada's summary of the day.
pub fn gathered() -> Row {
    Row::new(
        "gathered_notices",
        [
            ("id", "id('new')"),
            ("recipient_id", "id('ada')"),
            ("occasion", "'ended'"),
            ("line", "'New'"),
            ("link", "'https://latchkey.example.org'"),
            ("created_at", "instant()"),
        ],
    )
}

pub fn mail() -> Row {
    Row::new(
        "outbox",
        [
            ("id", "id('new')"),
            ("recipient_id", "id('ada')"),
            ("address", "'ada@example.org'"),
            ("subject", "'New'"),
            ("body", "'New'"),
            ("created_at", "instant()"),
            ("next_attempt_at", "instant()"),
            ("waiting_since", "instant()"),
        ],
    )
}

pub fn message() -> Row {
    Row::new(
        "outbox",
        [
            ("id", "id('new')"),
            ("channel", "'siem'"),
            ("payload", "'{}'"),
            ("event", "'request.pending'"),
            ("created_at", "instant()"),
            ("next_attempt_at", "instant()"),
            ("waiting_since", "instant()"),
        ],
    )
}

pub fn lane() -> Row {
    Row::new("delivery_lanes", [("name", "'siem'")])
}

pub fn alarm() -> Row {
    Row::new("delivery_alarms", [("about", "'siem'"), ("told_at", "instant()")])
}

pub fn request_ticket() -> Row {
    Row::new(
        "request_tickets",
        [("request_id", "id('waiting')"), ("verified_at", "instant()"), ("found", "'{}'")],
    )
}

pub fn idempotency_key() -> Row {
    Row::new(
        "idempotency_keys",
        [
            ("principal_id", "id('ada')"),
            ("key", "'new'"),
            ("fingerprint", "hash('new')"),
            ("target_id", "id('waiting')"),
            ("created_at", "instant()"),
        ],
    )
}

/// Somebody else who answers for the application 'backup'.
pub fn application_owner() -> Row {
    Row::new(
        "application_owners",
        [
            ("id", "id('backup')"),
            ("principal_id", "id('backup')"),
            ("person_id", "person('eve')"),
            ("created_at", "instant()"),
        ],
    )
    .recorded("target")
}

/// A secret of an application.
pub fn secret() -> Row {
    Row::new(
        "application_credentials",
        [
            ("id", "id('new')"),
            ("principal_id", "id('backup')"),
            ("kind", "'secret'"),
            ("name", "'new'"),
            ("secret_hash", "hash('new')"),
            ("created_at", "instant()"),
            ("created_by", "id('bob')"),
            ("expires_at", "instant() + interval '90 days'"),
        ],
    )
    .recorded("target")
}

/// A key of an application.
pub fn key() -> Row {
    secret()
        .with("kind", "'key'")
        .with("secret_hash", "null")
        .with("public_key", "hash('new') || hash('key')")
}

/// A token of an application, got with [`secret`], which is not there yet.
pub fn application_token() -> Row {
    token()
        .with("id", "id('token')")
        .with("principal_id", "id('backup')")
        .with("token_hash", "hash('token')")
        .with("expires_at", "instant() + interval '1 hour'")
        .with("credential_id", "id('new')")
}

/// An assertion that was shown.
pub fn assertion() -> Row {
    Row::new(
        "application_assertions",
        [
            ("principal_id", "id('backup')"),
            ("digest", "hash('new')"),
            ("expires_at", "instant() + interval '5 minutes'"),
        ],
    )
}

/// A list of assignments, handed in.
pub fn import() -> Row {
    Row::new(
        "imports",
        [
            ("id", "id('new')"),
            ("state", "'draft'"),
            ("file_name", "'today.csv'"),
            ("format", "'csv'"),
            ("digest", "hash('file')"),
            ("rows_read", "1"),
            ("file", "'user,role'::bytea"),
            ("created_by", "id('root')"),
            ("created_at", "instant()"),
        ],
    )
    .recorded("target")
}

/// What became of a row of an import.
pub fn import_row() -> Row {
    Row::new(
        "import_rows",
        [
            ("import_id", "id('new')"),
            ("line", "2"),
            ("outcome", "'made'"),
            ("said", "'{}'"),
            ("assignment_id", "id('standing')"),
        ],
    )
}

/// Eve's standing access, on its way to an eligibility that has just been made.
pub fn conversion() -> Row {
    Row::new(
        "conversions",
        [
            ("id", "id('new')"),
            ("active_id", "id('eve standing')"),
            ("eligible_id", "id('eve proved')"),
            ("eligible_made", "false"),
            ("started_by", "id('root')"),
            ("started_at", "instant()"),
        ],
    )
    .recorded("target")
}

pub fn history() -> Row {
    Row::new(
        "access_history",
        [
            ("day", "'2026-11-22'"),
            ("taken_at", "instant()"),
            ("standing_privileged", "1"),
            ("standing_other", "1"),
            ("eligible", "1"),
            ("activations_day_before", "1"),
        ],
    )
}

/// Bob's request in an emergency.
pub fn emergency() -> Row {
    request().with("emergency", "true").with("justification", "'Everything is down'")
}

/// The review of that.
pub fn emergency_review() -> Row {
    Row::new(
        "emergency_reviews",
        [
            ("request_id", "id('new')"),
            ("requester_person_id", "person('bob')"),
            ("opened_at", "instant()"),
            ("due_at", "instant() + interval '3 days'"),
        ],
    )
}

/// What bob says about ada's request.
pub fn remark() -> Row {
    Row::new(
        "request_remarks",
        [
            ("id", "id('new')"),
            ("request_id", "id('waiting')"),
            ("kind", "'comment'"),
            ("author_id", "id('bob')"),
            ("author_person_id", "person('bob')"),
            ("text", "'Why now?'"),
            ("created_at", "instant()"),
        ],
    )
    .recorded("target")
}
