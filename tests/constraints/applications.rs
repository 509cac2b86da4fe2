//! Applications, who answers for them, and what they sign in with.
use super::{HISTORY, Lab, change, rows};

#[tokio::test]
async fn people_own_applications_and_one_of_them_always_does() {
    let lab = Lab::new().await;
    // It began with its accountable owner: `applications_begin_with_their_owner`.
    let owners = "select count(*) from application_owners where principal_id = id('backup')";
    assert_eq!(lab.world.count(owners).await, 1);
    lab.takes(rows::application_owner()).await;
    lab.refuses("application_owners_recorded", rows::application_owner().unrecorded()).await;
    let again = rows::application_owner().with("person_id", "person('bob')");
    lab.refuses("application_owners_once", again).await;
    for (column, value) in [
        ("principal_id", "id('ada')"),
        ("principal_id", "id('team')"),
        ("person_id", "gen_random_uuid()"),
    ] {
        let row = rows::application_owner().with(column, value);
        lab.refuses("application_owners_are_people", row).await;
    }

    let end =
        "update application_owners set ended_at = instant() where principal_id = id('backup')";
    let recorded = "select record('target', id('backup'));";
    lab.refuses("an_owner_answers", format!("{end}; {recorded}")).await;
    let add = rows::application_owner().sql();
    let bob = "and person_id = person('bob')";
    lab.refuses("an_owner_answers", format!("{add} {end} {bob};")).await;
    let hand_over = change("principals", "backup", "person_id = person('eve')");
    lab.refuses("an_owner_answers", &*hand_over).await;
    lab.takes(format!("{add} {hand_over}")).await;
    lab.takes(format!("{add} {hand_over} {end} {bob};")).await;
    lab.refuses(
        "application_owners_stay_ended",
        format!("{add} {hand_over} {end} {bob}; update application_owners set ended_at = null"),
    )
    .await;
    lab.refuses_the_owner(
        "application_owners_frozen",
        format!("update application_owners set person_id = person('eve'); {recorded}"),
    )
    .await;
    lab.history("application_owners_never_deleted", "delete from application_owners").await;
    lab.refuses_the_owner(HISTORY, "truncate application_owners").await;
}

#[tokio::test]
async fn an_application_signs_in_with_secrets_and_keys_that_end() {
    let lab = Lab::new().await;
    lab.takes(rows::secret()).await;
    lab.takes(rows::key()).await;
    lab.refuses("application_credentials_recorded", rows::secret().unrecorded()).await;
    lab.refuses("application_credentials_name_length", rows::secret().with("name", "''")).await;
    let one_kind = "application_credentials_of_one_kind";
    lab.refuses(one_kind, rows::secret().with("secret_hash", "null")).await;
    lab.refuses(one_kind, rows::secret().with("public_key", "hash('key')")).await;
    lab.refuses(one_kind, rows::key().with("kind", "'secret'")).await;
    let short = rows::secret().with("secret_hash", "'\\x00'");
    lab.refuses("application_credentials_hash_length", short).await;
    let short = rows::key().with("public_key", "'\\x00'");
    lab.refuses("application_credentials_key_length", short).await;
    for (row, days) in [(rows::secret(), 366), (rows::key(), 732)] {
        let ends = |after: &str| row.clone().with("expires_at", &format!("instant() + {after}"));
        lab.takes(ends(&format!("interval '{days} days'"))).await;
        let late = ends(&format!("interval '{days} days 1 second'"));
        lab.refuses("application_credentials_end", late).await;
        lab.refuses("application_credentials_end", ends("interval '0'")).await;
    }
    for somebody in ["ada", "team"] {
        let row = rows::secret().with("principal_id", &format!("id('{somebody}')"));
        lab.refuses("application_credentials_need_an_application", row).await;
    }
    let disable = change("principals", "backup", "disabled_at = instant()");
    let late = format!("{disable} {}", rows::secret().sql());
    lab.refuses("application_credentials_need_an_application", late).await;

    let first = rows::secret().sql();
    let second = rows::secret().with("id", "id('second')").sql();
    lab.refuses("application_credentials_secret_hash_key", format!("{first} {second}")).await;
    let first = rows::key().sql();
    let second = rows::key().with("id", "id('second')").sql();
    lab.refuses("application_credentials_public_key_key", format!("{first} {second}")).await;
}

#[tokio::test]
async fn what_was_revoked_stays_revoked() {
    let lab = Lab::new().await;
    let made = rows::secret().sql();
    let revoke = "update application_credentials set revoked_at = instant();";
    let recorded = "select record('target', id('new'));";
    lab.takes(format!("{made} {revoke}")).await;
    lab.world.execute("begin; insert into application_credentials
        (id, principal_id, kind, name, secret_hash, created_at, expires_at)
        values (id('old'), id('backup'), 'secret', 'old', hash('old'), instant(), instant() + interval '1 day');
        select record('target', id('old')); commit").await;
    lab.refuses("application_credentials_revoked_recorded", revoke).await;
    let recorded_old = "select record('target', id('old'));";
    lab.takes(format!("{revoke} {recorded_old}")).await;
    lab.takes("update application_credentials set last_used_at = instant()").await;
    lab.refuses(
        "application_credentials_stay_revoked",
        format!("{revoke} {recorded_old} update application_credentials set revoked_at = null"),
    )
    .await;
    lab.refuses_the_owner(
        "application_credentials_frozen",
        format!("{made} {recorded} update application_credentials set expires_at = 'infinity'"),
    )
    .await;
    lab.history("application_credentials_never_deleted", "delete from application_credentials")
        .await;
}

#[tokio::test]
async fn a_token_of_an_application_rests_on_what_it_was_got_with() {
    let lab = Lab::new().await;
    let secret = rows::secret().sql();
    let token = |row: rows::Row| format!("{secret} {}", row.sql());
    lab.takes(token(rows::application_token())).await;
    let rests = "access_tokens_rest_on_a_credential";
    for (column, value) in [
        ("credential_id", "null"),
        ("credential_id", "gen_random_uuid()"),
        ("principal_id", "id('ada')"),
        ("expires_at", "instant() + interval '1 hour 1 second'"),
    ] {
        lab.refuses(rests, token(rows::application_token().with(column, value))).await;
    }
    let short = rows::secret().with("expires_at", "instant() + interval '10 minutes'").sql();
    lab.refuses(rests, format!("{short} {}", rows::application_token().sql())).await;
    let revoke = "update application_credentials set revoked_at = instant();";
    lab.refuses(rests, format!("{secret} {revoke} {}", rows::application_token().sql())).await;
    let disable = change("principals", "backup", "disabled_at = instant()");
    lab.refuses(rests, format!("{secret} {disable} {}", rows::application_token().sql())).await;

    let got = token(rows::application_token());
    let end = "update access_tokens set revoked_at = instant();";
    for over in [revoke, &disable] {
        lab.refuses("revoking_ends_tokens", format!("{got} {over}")).await;
        lab.takes(format!("{got} {end} {over}")).await;
    }
    lab.refuses_the_owner(
        "access_tokens_frozen",
        format!("{got} update access_tokens set scopes = '{{administer}}'"),
    )
    .await;
}

#[tokio::test]
async fn only_tokens_of_applications_that_are_over_are_forgotten() {
    let lab = Lab::new().await;
    let kept = "access_tokens_are_kept";
    let forget = "delete from access_tokens;";
    lab.refuses(kept, format!("{} {forget}", rows::token().sql())).await;
    let got = format!("{} {}", rows::secret().sql(), rows::application_token().sql());
    lab.refuses(kept, format!("{got} {forget}")).await;
    let over = rows::application_token()
        .with("created_at", "instant() - interval '2 hours'")
        .with("expires_at", "instant() - interval '1 hour'");
    lab.takes(format!("{} {} {forget}", rows::secret().sql(), over.sql())).await;
}

#[tokio::test]
async fn an_assertion_is_noted_by_its_digest() {
    let lab = Lab::new().await;
    lab.takes(rows::assertion()).await;
    let short = rows::assertion().with("digest", "'\\x00'");
    lab.refuses("application_assertions_digest_check", short).await;
    let twice = format!("{} {}", rows::assertion().sql(), rows::assertion().sql());
    lab.refuses("application_assertions_pkey", twice).await;
}

#[tokio::test]
async fn an_application_proves_activates_and_decides_nothing() {
    let lab = Lab::new().await;
    let proof = rows::proof().with("principal_id", "id('backup')");
    lab.refuses("mfa_proofs_are_of_people", proof).await;
    let eligible = rows::eligible().with("principal_id", "id('backup')");
    lab.refuses("assignments_applications_are_never_eligible", eligible).await;
}
