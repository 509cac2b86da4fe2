//! `latchkey export`, `plan` and `apply`, with the token of an administrator.
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use latchkey::{
    gateway::private_postgres::{DatabaseRole, Durability, PrivatePostgres, Settings},
    secret::{Token, TokenKind},
};
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

/// A folder of its own for an installation.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn latchkey(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_latchkey"))
        .args(arguments)
        .env("LATCHKEY_DATA_FOLDER", folder.join("data"))
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// The exit code, and everything that was said.
fn said(output: &Output) -> (Option<i32>, String) {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

/// A token of the only account there is, as if it had been made in the browser.
async fn token(folder: &Path) -> String {
    let settings = Settings {
        folder: folder.join("data").join("postgres"),
        durability: Durability::Durable,
        binaries: None,
        user: None,
    };
    let postgres = PrivatePostgres::start(settings).await.unwrap();
    let options = postgres.options(DatabaseRole::Superuser, "latchkey");
    let mut connection = PgConnection::connect_with(&options).await.unwrap();
    let token = Token::random(TokenKind::PersonalAccess);
    // Behind the program's back, so without an event.
    sqlx::query("set session_replication_role = replica").execute(&mut connection).await.unwrap();
    sqlx::query(
        "insert into access_tokens (id, principal_id, name, token_hash, scopes, created_at, expires_at)
         select gen_random_uuid(), id, 'ci', $1, '{read,administer}', now(), now() + interval '1 day'
         from principals where kind = 'user'",
    )
    .bind(token.hash().as_bytes())
    .execute(&mut connection)
    .await
    .unwrap();
    connection.close().await.unwrap();
    postgres.stop().await;
    token.reveal().to_string()
}

#[tokio::test]
async fn at_the_command_line_a_policy_is_exported_compared_and_applied() {
    let folder = Folder(env::temp_dir().join(format!("latchkey-policy-{}", Uuid::now_v7())));
    fs::create_dir_all(&folder.0).unwrap();
    let files = folder.0.join("policy");
    let place = files.to_str().unwrap();
    let run = |arguments: &[&str]| said(&latchkey(&folder.0, arguments));
    let invite = ["--name", "Ada", "--user-name", "ada", "--email", "ada@example.org"];
    let invited = run(&[&["admin", "invite"], invite.as_slice()].concat());
    assert_eq!(invited.0, Some(0), "{}", invited.1);
    let exported = run(&["export", "--output", place]);
    assert_eq!(exported.0, Some(0), "{}", exported.1);
    let same = run(&["plan", place]);
    assert_eq!(same.0, Some(0), "{}", same.1);
    assert!(same.1.contains("There is nothing to do"), "{}", same.1);

    let scopes = "[[scope]]\npath = \"Production\"\nkind = \"folder\"\n";
    fs::write(files.join("scopes.toml"), scopes).unwrap();
    let differs = run(&["plan", place]);
    assert_eq!(differs.0, Some(2), "{}", differs.1);
    let line = "+ create scope Production  (scopes.toml, line 1)";
    assert!(differs.1.contains(line), "{}", differs.1);

    let nobody = run(&["apply", place]);
    assert_eq!(nobody.0, Some(2), "{}", nobody.1);
    assert!(nobody.1.contains("an apply takes an access token"), "{}", nobody.1);
    let secret = folder.0.join("token");
    fs::write(&secret, "lk_pat_none").unwrap();
    let secret_file = secret.to_str().unwrap();
    let with_token =
        |rest: &[&str]| run(&[&["apply", place, "--token-file", secret_file], rest].concat());
    let unknown = with_token(&[]);
    assert_eq!(unknown.0, Some(3), "{}", unknown.1);
    fs::write(&secret, token(&folder.0).await).unwrap();
    let applied = with_token(&["--reason", "CHG-12"]);
    assert_eq!(applied.0, Some(0), "{}", applied.1);
    assert!(applied.1.contains("All of it is done."), "{}", applied.1);
    let again = with_token(&[]);
    assert_eq!(again.0, Some(0), "{}", again.1);
    assert!(again.1.contains("There is nothing to do"), "{}", again.1);
    let json = latchkey(&folder.0, &["plan", place, "--json"]);
    assert_eq!(json.status.code(), Some(0));
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["steps"], serde_json::json!([]));

    let weaker = "[[settings]]\nrole = \"Global Administrator\"\nscope = \"/\"\nrequires_justification = false\n";
    fs::write(files.join("settings.toml"), weaker).unwrap();
    let planned = run(&["plan", place]);
    assert!(planned.1.contains("(weaker)"), "{}", planned.1);
    let waits = with_token(&[]);
    assert_eq!(waits.0, Some(4), "{}", waits.1);
    assert!(waits.1.contains("/changes/"), "{}", waits.1);

    fs::write(files.join("roles.toml"), "[[role]]\nname = 7\n").unwrap();
    fs::write(files.join("rolls.toml"), "").unwrap();
    let broken = run(&["plan", place]);
    assert_eq!(broken.0, Some(1), "{}", broken.1);
    for fault in [
        "roles.toml, line 2, name: write a text in quotation marks",
        "roles.toml, line 1, privileged: this is missing",
        "rolls.toml is no file of a policy",
    ] {
        assert!(broken.1.contains(fault), "{fault}: {}", broken.1);
    }
}
