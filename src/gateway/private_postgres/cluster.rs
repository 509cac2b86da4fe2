//! The files of the cluster: made once, whole or not at all; who may connect is written at each start.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use super::{Durability, Error, account::Account, installation::Installation};

/// Makes a cluster with its roles and its database.
///
/// It is made beside its place and then moved there, so that a start that is interrupted leaves nothing half done.
/// The roles are made in single-user mode: until they exist, nobody can connect.
pub(super) fn make(
    installation: &Installation,
    account: &Account,
    durability: Durability,
    cluster: &Path,
) -> Result<(), Error> {
    let fresh = cluster.with_extension("new");
    if fresh.exists() {
        fs::remove_dir_all(&fresh).map_err(Error::file("remove", &fresh))?;
    }
    account.make_folder(&fresh)?;
    let mut initdb = account.command(&installation.program("initdb"));
    initdb.args([
        "--username=postgres",
        "--encoding=UTF8",
        "--data-checksums",
        "--auth=peer",
        "--no-instructions",
    ]);
    // Unicode's lower() without an order that changes with the system's C library.
    if installation.major >= 17 {
        initdb.arg("--locale-provider=builtin");
    }
    initdb.arg("--locale=C.UTF-8");
    if durability == Durability::Throwaway {
        initdb.arg("--no-sync");
    }
    Account::run("initdb", initdb.arg("-D").arg(&fresh))?;
    let server = installation.program("postgres");
    for (database, statements) in [
        ("postgres", include_str!("first_start.sql")),
        ("latchkey", include_str!("first_start_database.sql")),
    ] {
        let mut single = account.command(&server);
        single.args(["--single", "-j", "-c", "exit_on_error=on"]);
        if durability == Durability::Throwaway {
            single.arg("-F");
        }
        feed(single.arg("-D").arg(&fresh).arg(database), statements).map_err(|failure| {
            let is_extension = failure.to_string().contains("btree_gist");
            if is_extension { Error::NoExtension(installation.major) } else { failure }
        })?;
    }
    fs::rename(&fresh, cluster).map_err(Error::file("move into place", &fresh))?;
    let folder = cluster.parent().unwrap_or(cluster);
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(Error::file("sync", folder))
}

/// Writes who may connect: our own account of the operating system, over the socket, as one of three roles.
pub(super) fn write_access(account: &Account, cluster: &Path) -> Result<(), Error> {
    let map = ["postgres", "latchkey_owner", "latchkey_app"]
        .map(|role| format!("latchkey \"{}\" {role}\n", account.own_name))
        .concat();
    account.write_file(&cluster.join("pg_hba.conf"), "local all all peer map=latchkey\n")?;
    account.write_file(&cluster.join("pg_ident.conf"), &map)
}

/// Runs the server in single-user mode on some statements.
fn feed(command: &mut Command, statements: &str) -> Result<(), Error> {
    let failed = |source| Error::Run { program: "postgres --single".into(), source };
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(statements.as_bytes()).map_err(failed)?;
    }
    let output = child.wait_with_output().map_err(failed)?;
    if output.status.success() {
        return Ok(());
    }
    let output = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Error::Failed { program: "postgres --single", output })
}
