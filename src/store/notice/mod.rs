//! Who is to be told of what: the rules of a role, the people and their preferences, and what is due to be told.
mod course;

pub use course::{
    Course, Ending, advance, due, lock, next, prune, take_ended, take_ending_soon, take_lapsed,
    through,
};
use jiff::tz::TimeZone;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::Change;
use crate::{
    domain::{
        id::{PersonId, PrincipalId, RoleId, ScopeId},
        language::{Reader, Wishes},
        notice::{
            Mail,
            plan::Recipient,
            preference::{Preferences, QuietHours},
            rule::Notices,
        },
        permission::Permission,
        role::ScopeKind,
        time::{Instant, TimeOfDay},
    },
    error::Error,
};

/// A role at a place, as notices see it.
#[derive(Clone, Debug)]
pub struct Place {
    /// Who is told of what, where that is not what ships.
    pub notices: Notices,
    /// Whether the role is privileged.
    pub privileged: bool,
    /// What kind of place it is.
    pub scope_kind: ScopeKind,
}

/// The rules in force for `role` at `scope`.
pub async fn place(
    connection: &mut PgConnection,
    role: RoleId,
    scope: ScopeId,
) -> Result<Place, Error> {
    let found = sqlx::query!(
        r#"
        select terms.notices as "notices!: Json<Notices>", roles.privileged, scopes.kind as "scope_kind: ScopeKind"
        from current_settings($1, $2) as terms
        join roles on roles.id = $1
        join scopes on scopes.id = $2
        "#,
        role.0,
        scope.0,
    )
    .fetch_optional(connection)
    .await?
    .ok_or(Error::Inconsistent { table: "role_settings", id: role.0 })?;
    Ok(Place {
        notices: found.notices.0,
        privileged: found.privileged,
        scope_kind: found.scope_kind,
    })
}

/// The people behind these accounts, with how they want to be told. Groups and applications are nobody.
pub async fn recipients(
    connection: &mut PgConnection,
    principals: &[PrincipalId],
    organisation: &Reader,
) -> Result<Vec<(Recipient, Reader)>, Error> {
    let principals: Vec<_> = principals.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"
        select principals.id as "principal: PrincipalId", persons.id as "person: PersonId", persons.email,
            persons.language, persons.time_zone, preferences.ways as "ways?: Json<Ways>",
            to_char(quiet_from, 'HH24:MI') as quiet_from, to_char(quiet_to, 'HH24:MI') as quiet_to,
            coalesce(daily, true) as "daily!", coalesce(weekly, true) as "weekly!"
        from unnest($1::uuid[]) with ordinality as wanted (id, place)
        join principals on principals.id = wanted.id and principals.kind = 'user'
        join persons on persons.id = principals.person_id
        left join notice_preferences as preferences on preferences.id = persons.id
        order by wanted.place
        "#,
        &principals,
    )
    .fetch_all(connection)
    .await?;
    let told = rows.into_iter().map(|row| {
        let wishes = Wishes::stored(row.language.as_deref(), row.time_zone.as_deref());
        let reader = wishes.reader(organisation);
        let preferences = Preferences {
            ways: row.ways.map(|Json(ways)| ways).unwrap_or_default(),
            quiet_hours: quiet(row.quiet_from.as_deref(), row.quiet_to.as_deref()),
            daily: row.daily,
            weekly: row.weekly,
        };
        let zone: TimeZone = reader.zone.clone();
        let (principal, person) = (row.principal, row.person);
        (Recipient { principal, person, address: row.email, preferences, zone }, reader)
    });
    Ok(told.collect())
}

type Ways = std::collections::BTreeMap<
    crate::domain::notice::occasion::Occasion,
    crate::domain::notice::preference::Way,
>;

fn quiet(from: Option<&str>, to: Option<&str>) -> Option<QuietHours> {
    Some(QuietHours { from: from?.parse().ok()?, to: to?.parse().ok()? })
}

/// The enabled people who are allowed this at `scope` at this moment, by themselves or through a group; with `eligible_too`,
/// those as well who could be by activating a role.
pub async fn permitted(
    connection: &mut PgConnection,
    permission: Permission,
    scope: ScopeId,
    at: Instant,
    eligible_too: bool,
) -> Result<Vec<PrincipalId>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select principal_id as "id!: PrincipalId" from people_permitted($2, $1, $3) where not $4
        union
        select principal_id from people_permitted_or_eligible($2, $1, $3) where $4
        order by 1
        "#,
        scope.0,
        permission.name(),
        at,
        eligible_too,
    )
    .fetch_all(connection)
    .await?)
}

/// A mail on its way into the outbox.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The account that it goes to; none for an address that is nobody's.
    pub recipient: Option<PrincipalId>,
    /// The address.
    pub address: String,
    /// What it says.
    pub mail: Mail,
    /// Mails of one thread are shown together.
    pub thread: Option<Uuid>,
    /// Before this moment it is not sent; none: at once.
    pub not_before: Option<Instant>,
}

/// Puts mails into the outbox, however many.
pub async fn send(change: &mut Change, mails: &[Outgoing]) -> Result<(), Error> {
    if mails.is_empty() {
        return Ok(());
    }
    let at = change.at();
    let column = |value: fn(&Outgoing) -> Option<&str>| -> Vec<Option<String>> {
        mails.iter().map(|mail| value(mail).map(str::to_owned)).collect()
    };
    let ids: Vec<_> = mails.iter().map(|_| Uuid::now_v7()).collect();
    let recipients: Vec<_> = mails.iter().map(|mail| mail.recipient.map(|id| id.0)).collect();
    let threads: Vec<_> = mails.iter().map(|mail| mail.thread).collect();
    let from: Vec<_> = mails.iter().map(|mail| mail.not_before.unwrap_or(at)).collect();
    sqlx::query!(
        r#"
        insert into outbox (
            id, recipient_id, address, subject, body, html_body, event, thread_id, created_at, next_attempt_at, waiting_since
        )
        select id, recipient, address, subject, body, html, event, thread, $9, not_before, not_before
        from unnest(
            $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::uuid[],
            $10::timestamptz[]
        ) as mails (id, recipient, address, subject, body, html, event, thread, not_before)
        "#,
        &ids,
        &recipients as &[Option<Uuid>],
        &column(|mail| Some(&mail.address)) as &[Option<String>],
        &column(|mail| Some(mail.mail.subject())) as &[Option<String>],
        &column(|mail| Some(mail.mail.body())) as &[Option<String>],
        &column(|mail| mail.mail.html()) as &[Option<String>],
        &column(|mail| mail.mail.event()) as &[Option<String>],
        &threads as &[Option<Uuid>],
        at,
        &from as &[Instant],
    )
    .execute(change.connection())
    .await?;
    Ok(())
}

/// Something that waits for the summary of the day.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// Whose summary.
    pub recipient: PrincipalId,
    /// The name of the occasion.
    pub occasion: String,
    /// What happened, in one line.
    pub line: String,
    /// Where to look at it.
    pub link: String,
    /// When.
    pub created_at: Instant,
}

/// Keeps something for the summary of the day.
pub async fn gather(change: &mut Change, gathered: &Gathered) -> Result<(), Error> {
    sqlx::query!(
        r#"
        insert into gathered_notices (id, recipient_id, occasion, line, link, created_at)
        values ($1, $2, $3, left($4, 400), $5, $6)
        "#,
        Uuid::now_v7(),
        gathered.recipient.0,
        gathered.occasion,
        gathered.line,
        gathered.link,
        gathered.created_at,
    )
    .execute(change.connection())
    .await?;
    Ok(())
}

/// Takes out what was gathered for anybody, in order.
pub async fn take_gathered(change: &mut Change) -> Result<Vec<Gathered>, Error> {
    Ok(sqlx::query_as!(
        Gathered,
        r#"
        with taken as (
            delete from gathered_notices
            returning id, recipient_id, occasion, line, link, created_at
        )
        select recipient_id as "recipient: PrincipalId", occasion, line, link, created_at
        from taken
        order by recipient_id, created_at, id
        "#,
    )
    .fetch_all(change.connection())
    .await?)
}

/// What somebody has chosen, and nothing if nothing.
pub async fn preferences(
    connection: &mut PgConnection,
    person: PersonId,
) -> Result<Preferences, Error> {
    let found = sqlx::query!(
        r#"
        select ways as "ways: Json<Ways>", to_char(quiet_from, 'HH24:MI') as quiet_from,
            to_char(quiet_to, 'HH24:MI') as quiet_to, daily, weekly
        from notice_preferences where id = $1
        "#,
        person.0,
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.map_or_else(Preferences::default, |row| Preferences {
        ways: row.ways.0,
        quiet_hours: quiet(row.quiet_from.as_deref(), row.quiet_to.as_deref()),
        daily: row.daily,
        weekly: row.weekly,
    }))
}

/// Keeps what somebody has chosen.
pub async fn choose(
    change: &mut Change,
    person: PersonId,
    chosen: &Preferences,
) -> Result<(), Error> {
    let clock = |time: fn(&QuietHours) -> TimeOfDay| {
        chosen.quiet_hours.as_ref().map(|quiet| time(quiet).to_string())
    };
    sqlx::query!(
        r#"
        insert into notice_preferences (id, ways, quiet_from, quiet_to, daily, weekly)
        values ($1, $2, $3::text::time, $4::text::time, $5, $6)
        on conflict (id) do update set
            ways = excluded.ways, quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to,
            daily = excluded.daily, weekly = excluded.weekly
        "#,
        person.0,
        Json(&chosen.ways) as Json<&Ways>,
        clock(|quiet| quiet.from),
        clock(|quiet| quiet.to),
        chosen.daily,
        chosen.weekly,
    )
    .execute(change.connection())
    .await?;
    Ok(())
}
