//! Why the private database could not be had, and what to do about it.

use std::{io, path::PathBuf};

/// Why the private database could not be had, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No server program was found.
    #[error(
        "no PostgreSQL server (14 to 18) was found on this machine. Install one, for example with \
         `apt-get install postgresql` or `dnf install postgresql-server postgresql-contrib`, or name the folder of \
         `initdb` and `postgres` in LATCHKEY_POSTGRES_BINARIES, or name a database in LATCHKEY_DATABASE_URL"
    )]
    NotInstalled,
    /// The folder that was named has no usable server program.
    #[error("{} holds no `initdb` and `postgres` of PostgreSQL 14 to 18", .0.display())]
    NotThere(PathBuf),
    /// The data were made by another major version.
    #[error(
        "the data in {} were made by PostgreSQL {wanted}, and only {found} was found. Install PostgreSQL {wanted} (for \
         example `apt-get install postgresql-{wanted}`), or move the data with pg_dump and pg_restore",
        cluster.display()
    )]
    OtherVersion {
        /// Where the data are.
        cluster: PathBuf,
        /// The version that they need.
        wanted: u32,
        /// The versions that were found.
        found: String,
    },
    /// Another process uses the data.
    #[error("{} is in use by another process; stop that one first", .0.display())]
    InUse(PathBuf),
    /// Processes of an earlier run do not end.
    #[error(
        "processes of an earlier run still use {} and do not end: {processes}. Wait for them, or end them with \
         SIGTERM; never remove postmaster.pid by hand",
        cluster.display()
    )]
    LeftOver {
        /// Where the data are.
        cluster: PathBuf,
        /// Their numbers.
        processes: String,
    },
    /// The account that shall run the server does not exist.
    #[error(
        "there is no account {0} on this machine; set LATCHKEY_POSTGRES_USER to one that exists and is not root"
    )]
    NoAccount(String),
    /// The data belong to another account.
    #[error(
        "the data in {} belong to account number {owner}, which is not the one that runs Latchkey; run it as that \
         account or as root",
        cluster.display()
    )]
    OtherOwner {
        /// Where the data are.
        cluster: PathBuf,
        /// To whom they belong.
        owner: u32,
    },
    /// A folder above the data cannot be entered by the server's account.
    #[error(
        "PostgreSQL runs as {account}, never as root, and {account} may not enter {}. Choose a data folder elsewhere \
         (LATCHKEY_DATA_FOLDER, for example /var/lib/latchkey), or allow it with `chmod o+x`",
        folder.display()
    )]
    Closed {
        /// The account.
        account: String,
        /// The folder that stops it.
        folder: PathBuf,
    },
    /// The path of the socket is longer than the system allows.
    #[error("the path {} is too long for a socket (107 bytes); choose a shorter data folder", .0.display())]
    PathTooLong(PathBuf),
    /// The server lacks an extension that belongs to it.
    #[error(
        "PostgreSQL {0} lacks its extension btree_gist; install its contrib package, for example \
         `dnf install postgresql-contrib`"
    )]
    NoExtension(u32),
    /// A program of the server failed.
    #[error("{program} failed: {output}")]
    Failed {
        /// Which.
        program: &'static str,
        /// What it said.
        output: String,
    },
    /// A file or folder could not be used.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A program could not be run at all.
    #[error("cannot run {program}: {source}")]
    Run {
        /// Which.
        program: String,
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    /// For `map_err` on anything done with a file.
    pub(super) fn file(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { action, path, source }
    }
}
