//! Mail to be sent: written by the change that causes it, so that it is sent exactly if the change has happened.
use uuid::Uuid;

use super::Change;
use crate::{
    domain::{id::PrincipalId, notice::Mail},
    error::Error,
};

/// Puts a mail to `recipient` into the outbox. Mails of one `thread` are shown together by mail programs.
///
/// Who has no address, such as a group, gets none.
pub async fn enqueue(
    change: &mut Change,
    recipient: PrincipalId,
    mail: &Mail,
    thread: Option<Uuid>,
) -> Result<(), Error> {
    let at = change.at();
    sqlx::query!(
        r#"
        insert into outbox (id, recipient_id, address, subject, body, thread_id, created_at, next_attempt_at)
        select $1, principals.id, persons.email, $3, $4, $5, $6, $6
        from principals
        join persons on persons.id = person_id
        where principals.id = $2
        "#,
        Uuid::now_v7(),
        recipient.0,
        mail.subject(),
        mail.body(),
        thread,
        at,
    )
    .execute(change.connection())
    .await?;
    Ok(())
}
