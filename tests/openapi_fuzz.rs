//! A fuzzer reads the description of the API and asks a server that really listens all sorts of things: no fault of the
//! server, and no answer that the description does not tell of.
use std::{net::SocketAddr, path::PathBuf, process::Stdio};

use latchkey::{config::Config, http::server};
use tokio::{net::TcpListener, process::Command};
use tokio_util::sync::CancellationToken;

use crate::support::{World, approved_by, http::EVERY_SCOPE};

/// A Python that has schemathesis; `script/test` sets it up and says where it is.
const PYTHON: &str = "LATCHKEY_TEST_PYTHON";

#[tokio::test(flavor = "multi_thread")]
async fn the_api_withstands_a_fuzzer_as_administrator() {
    fuzz("admin").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_withstands_a_fuzzer_as_user() {
    fuzz("user").await;
}

async fn fuzz(name: &str) {
    let Some(python) = python() else { return };
    let world = company().await;
    let token = world.access_token(name, &EVERY_SCOPE).await;
    let (address, stop) = listen(&world).await;
    let output = Command::new(python)
        .args(["-m", "schemathesis.cli", "run"])
        .arg(format!("http://{address}/api/openapi.json"))
        .args(["--url", &format!("http://{address}/api")])
        .args(["--header", &format!("Authorization: Bearer {token}")])
        .args(["--phases", "examples,coverage,fuzzing", "--max-examples", "8", "--workers", "2"])
        .args(["--checks", "not_a_server_error,status_code_conformance,content_type_conformance"])
        .args(["--checks", "response_schema_conformance,unsupported_method"])
        // What ends the token that it comes with would leave the rest of the run unauthenticated.
        .args(["--exclude-path-regex", "/people/.*/disable|/tokens/"])
        .args([
            "--seed",
            "1",
            "--no-color",
            "--continue-on-failure",
            "--generation-database",
            "none",
        ])
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::null())
        .output()
        .await
        .expect("the fuzzer starts");
    stop.cancel();
    let said = String::from_utf8_lossy(&output.stdout);
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "as {name}:\n{said}\n{failed}");
}

/// Where the fuzzer is. Without it these two tests do nothing on a developer's machine, but never where it counts.
fn python() -> Option<PathBuf> {
    let python = std::env::var_os(PYTHON).map(PathBuf::from);
    let must = std::env::var_os("CI").is_some_and(|ci| ci == "true");
    assert!(
        python.is_some() || !must,
        "run script/test: it fetches schemathesis and sets {PYTHON}"
    );
    if python.is_none() {
        eprintln!("not run: {PYTHON} names no Python with schemathesis; script/test sets it");
    }
    python
}

async fn company() -> World {
    let world = World::new().await;
    world.people(["user", "approver", "other", "admin", "second"]).await;
    world.active("admin", "Global Administrator").await;
    world.active("second", "Global Administrator").await;
    let approvers = world.group("Approvers", &["approver", "other"]).await;
    world
        .role("Operator", |terms| {
            terms.activation.requires_approval = true;
            terms.activation.stages = approved_by([approvers]);
        })
        .await;
    world.eligible("user", "Operator").await;
    world
}

async fn listen(world: &World) -> (SocketAddr, CancellationToken) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (router, stop) = (world.router(), CancellationToken::new());
    let until = stop.clone();
    tokio::spawn(async move {
        server::serve(listener, router, &Config::default().http, until).await;
    });
    (address, stop)
}
