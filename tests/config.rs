//! Settings: the file, the environment over it, and what is refused.

use std::{ffi::OsString, fs, path::Path};

use latchkey::config::{Config, ConfigError, LogFormat, SmtpTls, settings};
use secrecy::ExposeSecret;

fn variables(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    pairs.iter().map(|(name, value)| (name.into(), value.into())).collect()
}

fn load(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::load_from(None, variables(pairs))
}

#[test]
fn the_example_equals_the_defaults() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("latchkey.example.toml");
    let config = Config::load_from(Some(&example), []).unwrap();
    assert_eq!(
        serde_json::to_value(config).unwrap(),
        serde_json::to_value(Config::default()).unwrap()
    );
}

#[test]
fn links_lead_to_where_the_server_listens_unless_it_is_said_otherwise() {
    let listen = ("LATCHKEY_LISTEN", "127.0.0.1:8283");
    assert_eq!(load(&[listen]).unwrap().public_url, "http://localhost:8283");
    let named = ("LATCHKEY_PUBLIC_URL", "https://latchkey.example.org");
    assert_eq!(load(&[listen, named]).unwrap().public_url, "https://latchkey.example.org");
}

#[test]
fn the_example_names_every_setting() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("latchkey.example.toml");
    let text = fs::read_to_string(example).unwrap();
    let mut section = String::new();
    let mut named = Vec::new();
    for line in text.lines().map(|line| line.trim_start_matches("# ")) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = format!("{name}.");
        } else if ["channels.", "ticket_systems."].iter().any(|it| section.starts_with(it)) {
            // Channels have names of their own; `tests/channel.rs` reads the examples.
        } else if let Some((name, _)) = line.split_once(" = ") {
            named.push(format!("{section}{name}"));
        }
    }
    for setting in settings() {
        assert!(named.contains(&setting.path), "{} is not in the example", setting.path);
    }
    assert_eq!(named.len(), settings().len());
}

#[test]
fn the_environment_wins_over_the_file() {
    let file = tempfile("listen = \"127.0.0.1:1\"\n[smtp]\nport = 25\ntls = \"none\"\n");
    let config = Config::load_from(
        Some(&file),
        variables(&[
            ("LATCHKEY_LISTEN", "127.0.0.1:2"),
            ("LATCHKEY_TRUSTED_PROXIES", "10.0.0.0/8, fd00::/8"),
            ("LATCHKEY_DATABASE_POOL_SIZE", "7"),
            ("LATCHKEY_DATABASE_ALLOW_SUPERUSER", "true"),
            ("LATCHKEY_LOG_FORMAT", "json"),
            ("LATCHKEY_CONFIG", "elsewhere"),
            ("HOME", "/"),
        ]),
    )
    .unwrap();
    assert_eq!(config.listen.port(), 2);
    assert_eq!(config.smtp.port, 25);
    assert_eq!(config.smtp.tls, SmtpTls::None);
    assert_eq!(config.trusted_proxies.len(), 2);
    assert_eq!(config.database.pool_size, 7);
    assert!(config.database.allow_superuser);
    assert_eq!(config.log.format, LogFormat::Json);
}

#[test]
fn misspelt_settings_are_refused() {
    let file = tempfile("organization_name = \"x\"\n");
    let in_file = Config::load_from(Some(&file), []).unwrap_err().to_string();
    assert!(in_file.contains("organization_name"), "{in_file}");
    let in_environment = load(&[("LATCHKEY_SMTP_HOSTNAME", "x")]).unwrap_err().to_string();
    assert!(in_environment.starts_with("LATCHKEY_SMTP_HOSTNAME"), "{in_environment}");
}

#[test]
fn secrets_come_from_files_and_are_never_shown() {
    let file = tempfile("postgres://latchkey_app:hunter2@db/latchkey\n");
    let config = load(&[("LATCHKEY_DATABASE_URL_FILE", file.to_str().unwrap())]).unwrap();
    let url = config.database.url.as_ref().unwrap().expose_secret();
    assert_eq!(url, "postgres://latchkey_app:hunter2@db/latchkey");
    assert!(!format!("{config:?}").contains("hunter2"));
    assert!(!serde_json::to_string(&config).unwrap().contains("hunter2"));

    let both = load(&[
        ("LATCHKEY_DATABASE_URL_FILE", file.to_str().unwrap()),
        ("LATCHKEY_DATABASE_URL", "postgres://x"),
    ]);
    assert!(matches!(both, Err(ConfigError::Twice("database.url"))));
}

#[test]
fn a_share_of_the_traces_is_between_nothing_and_all() {
    for share in ["0", "0.25", "1"] {
        let config = load(&[("LATCHKEY_TRACES_SAMPLE", share)]).unwrap();
        assert_eq!(config.traces.sample.to_string(), share);
    }
    for wrong in ["-0.1", "1.01", "NaN", "inf", "half"] {
        let problem = load(&[("LATCHKEY_TRACES_SAMPLE", wrong)]).unwrap_err().to_string();
        assert!(problem.contains("traces.sample"), "{problem}");
    }
    let token = tempfile("hunter2\n");
    let config = load(&[("LATCHKEY_TRACES_TOKEN_FILE", token.to_str().unwrap())]).unwrap();
    assert_eq!(config.traces.token.as_ref().unwrap().expose_secret(), "hunter2");
    assert!(!serde_json::to_string(&config).unwrap().contains("hunter2"));
}

#[test]
fn the_usual_database_variable_is_read_too() {
    let plain = load(&[("DATABASE_URL", "postgres://plain")]).unwrap();
    assert_eq!(plain.database.url.unwrap().expose_secret(), "postgres://plain");
    let ours = [("DATABASE_URL", "postgres://plain"), ("LATCHKEY_DATABASE_URL", "postgres://ours")];
    assert_eq!(load(&ours).unwrap().database.url.unwrap().expose_secret(), "postgres://ours");
}

#[test]
fn a_public_url_is_an_origin() {
    let config = load(&[("LATCHKEY_PUBLIC_URL", "https://pim.example.org/")]).unwrap();
    assert_eq!(config.link("/approvals"), "https://pim.example.org/approvals");
    assert!(config.is_secure());
    for wrong in ["pim.example.org", "https://", "https://a/b", "ftp://a", "https://me@a"] {
        assert!(load(&[("LATCHKEY_PUBLIC_URL", wrong)]).is_err(), "{wrong}");
    }
}

fn tempfile(text: &str) -> std::path::PathBuf {
    let path = std::env::temp_dir().join(format!("latchkey-{}", uuid::Uuid::new_v4()));
    fs::write(&path, text).expect("the temporary folder takes files");
    path
}
