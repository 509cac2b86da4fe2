//! Signing in with the forms of the pages, a password and a code: beside what the hash of the password alone takes.
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use hyper::{StatusCode, body::Bytes};
use latchkey::{
    domain::{time, totp},
    secret::{Keys, Purpose, Token, TokenKind, Verdict, Whose},
};
use tokio::task::JoinSet;

use crate::{
    client::{Client, Served, load},
    report::Report,
    setting::{SECONDS, Setting, figure_id, without_triggers},
};

const PASSWORD: &str = "seven-lanterns-under-a-bridge";
/// What everybody's authenticator makes its codes from.
const SEED: &[u8] = b"12345678901234567890";
/// How many people sign in, each once: a code counts once.
const ACCOUNTS: usize = 4_000;
/// How many browsers do so at once. Two hashes are worked out at a time; with more browsers these only wait for longer.
const BROWSERS: usize = 8;

pub async fn measure(setting: &Setting, report: &mut Report) {
    let hash = setting.app.passwords.rehash(PASSWORD).await.expect("nobody signs in yet");
    enrol(setting, &hash).await;
    let limit = verifications(setting, &hash).await;
    let keys = Arc::clone(&setting.app.keys);
    let served = load(
        setting.address,
        BROWSERS,
        SECONDS,
        StatusCode::SEE_OTHER,
        move |client, number, nth| {
            let account = number * (ACCOUNTS / BROWSERS) + nth + 1;
            let keys = Arc::clone(&keys);
            async move { sign_in(client, &keys, account).await }
        },
    )
    .await;
    report.served(
        "sign-in of 8 at once, against the verification of the password alone",
        served,
        limit,
        "",
    );
}

/// Everybody has the same password and the same authenticator, each sealed for themself.
async fn enrol(setting: &Setting, hash: &str) {
    let ids: Vec<uuid::Uuid> = (1..=ACCOUNTS)
        .map(|person| figure_id(person, '4').parse().expect("an identifier"))
        .collect();
    let seeds: Vec<_> =
        ids.iter().map(|id| setting.app.keys.seal(Purpose::TotpSeed, *id, SEED)).collect();
    let mut connection = setting.superuser.acquire().await.expect("it answers");
    without_triggers(&mut connection, true).await;
    sqlx::query(
        "with people as (select * from unnest($1::uuid[], $2::bytea[]) as people (id, seed)),
         passwords as (
             insert into password_credentials (id, principal_id, hash, changed_at)
             select gen_random_uuid(), id, $3, instant() from people
         )
         insert into totp_credentials (id, principal_id, secret, created_at, confirmed_at)
         select gen_random_uuid(), id, seed, instant(), instant() from people",
    )
    .bind(ids)
    .bind(seeds)
    .bind(hash)
    .execute(&mut *connection)
    .await
    .expect("they are enrolled");
    without_triggers(&mut connection, false).await;
}

/// The two forms, one after the other, as a browser sends them.
async fn sign_in(
    mut client: Client,
    keys: &Keys,
    account: usize,
) -> (Client, StatusCode, Bytes, Duration) {
    let form = format!("user_name=person-{account}&password={PASSWORD}");
    let first = client.submit("/sign-in", "", form).await;
    let Some(secret) = first.session else {
        return (client, first.status, first.body, first.latency);
    };
    let hash = Token::parse(TokenKind::Session, &secret).expect("a secret").hash();
    let code = totp::code_at(SEED, time::Instant::new(jiff::Timestamp::now()));
    let form = format!("csrf={}&code={code}", keys.form_token(&hash));
    let second = client.submit("/sign-in/code", &secret, form).await;
    (client, second.status, second.body, first.latency + second.latency)
}

/// The same hasher, asked by as many, with nothing around it.
async fn verifications(setting: &Setting, hash: &str) -> Served {
    let began = Instant::now();
    let until = began + Duration::from_secs(SECONDS);
    let mut tasks = JoinSet::new();
    for _ in 0..BROWSERS {
        let (passwords, hash) = (Arc::clone(&setting.app.passwords), hash.to_owned());
        tasks.spawn(async move {
            let mut latencies = Vec::new();
            while Instant::now() < until {
                let asked = Instant::now();
                let verdict = passwords.verify(Whose::Stranger, PASSWORD, Some(&hash)).await;
                assert_eq!(verdict, Ok(Verdict::Right));
                latencies.push(asked.elapsed());
            }
            latencies
        });
    }
    let latencies = tasks.join_all().await.into_iter().flatten().collect();
    Served::of(latencies, began.elapsed())
}
