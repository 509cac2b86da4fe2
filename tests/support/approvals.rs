//! Stages, managers and deputies of tests.
use latchkey::domain::{
    approval::{Agreement, Approver, Stage},
    settings::Settings,
    time::{Duration, Instant},
};

use super::World;

impl World {
    /// A stage in which one of these people and groups decides, with a fresh code and no reason.
    pub fn stage(&self, names: &[&str]) -> Stage {
        let named = names.iter().map(|name| Approver::Principal(self.principal(name)));
        Stage { requires_justification: false, ..Stage::of(named) }
    }

    /// The same with so many who must agree.
    pub fn stage_of(&self, people: u8, names: &[&str]) -> Stage {
        Stage { agree: Agreement::People(people), ..self.stage(names) }
    }

    /// The same with one for each of them.
    pub fn stage_of_each(&self, names: &[&str]) -> Stage {
        Stage { agree: Agreement::Each, ..self.stage(names) }
    }

    /// Says whose manager somebody is.
    pub async fn manages(&self, manager: &str, name: &str) {
        sqlx::query("update persons set manager_id = $2 where id = $1")
            .bind(self.person_of(name))
            .bind(self.person_of(manager))
            .execute(&self.owner)
            .await
            .expect("nobody manages themself");
    }

    /// Lets somebody stand in for another from then on for so long.
    pub async fn stands_in(&self, deputy: &str, name: &str, from: Instant, length: Duration) {
        let mut transaction = self.owner.begin().await.expect("a transaction begins");
        let id = uuid::Uuid::now_v7();
        sqlx::query(
            "insert into deputies (id, person_id, deputy_id, starts_at, ends_at, created_at)
             values ($1, $2, $3, $4, $5, instant())",
        )
        .bind(id)
        .bind(self.person_of(name))
        .bind(self.person_of(deputy))
        .bind(from)
        .bind(from + length)
        .execute(&mut *transaction)
        .await
        .expect("the deputy is somebody else");
        sqlx::query(
            "insert into audit_events (id, at, kind, outcome, actor_kind, actor_name, target_id, detail)
             values (gen_random_uuid(), instant(), 'test.changed', 'success', 'operator', 'A test', $1, '{}')",
        )
        .bind(id)
        .execute(&mut *transaction)
        .await
        .expect("the event is recorded");
        transaction.commit().await.expect("the change is allowed");
    }

    /// To whom mails wait to go, in order, and takes them for sent.
    pub async fn told(&self) -> Vec<String> {
        let mut told: Vec<String> =
            sqlx::query_scalar(
                "with sent as (
                     update outbox set sent_at = instant() where sent_at is null and given_up_at is null
                     returning address, event
                 )
                 select split_part(address, '@', 1) from sent
                 where coalesce(event, '') <> all (array['activation.started', 'activation.ended', 'summary.sent'])",
            )
            .fetch_all(&self.owner)
            .await
            .expect("the mails can be read");
        told.sort();
        told
    }
}

/// Makes terms ask for these stages.
pub fn asks_in_stages(terms: &mut Settings, stages: Vec<Stage>) {
    terms.activation.requires_approval = true;
    terms.activation.stages = stages;
}
