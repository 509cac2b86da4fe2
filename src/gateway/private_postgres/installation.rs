//! Which PostgreSQL is on this machine, and which of several to take.

use std::{
    env, fs,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    process::Command,
};

use super::Error;

/// The major versions that are known to work.
const ACCEPTED: RangeInclusive<u32> = 14..=18;

/// Where distributions put the server's programs, with `*` for the version.
const USUAL_PLACES: [(&str, &str, &str); 7] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/usr/libexec", "postgresql", ""),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql@", "bin"),
    ("/Library/PostgreSQL", "", "bin"),
];

/// The server's programs of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Installation {
    pub(super) major: u32,
    folder: PathBuf,
}

impl Installation {
    /// Finds the programs for a cluster: those of its own major version, or the newest for one that is still to be made.
    pub(super) fn find(wanted: Option<&Path>, cluster: &Path) -> Result<Self, Error> {
        let found = match wanted {
            Some(folder) => {
                vec![Self::in_folder(folder).ok_or_else(|| Error::NotThere(folder.to_owned()))?]
            }
            None => candidates().iter().filter_map(|folder| Self::in_folder(folder)).collect(),
        };
        let Some(pinned) = version_of(cluster) else {
            return found.into_iter().max_by_key(|one| one.major).ok_or(Error::NotInstalled);
        };
        let versions: Vec<_> = found.iter().map(|one| one.major.to_string()).collect();
        found.into_iter().find(|one| one.major == pinned).ok_or_else(|| Error::OtherVersion {
            cluster: cluster.to_owned(),
            wanted: pinned,
            found: if versions.is_empty() { "none".into() } else { versions.join(", ") },
        })
    }

    /// One of its programs.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn in_folder(folder: &Path) -> Option<Self> {
        // A link such as /usr/local/bin/postgres leads to the folder where the rest is.
        let server = fs::canonicalize(folder.join("postgres")).ok()?;
        let folder = server.parent()?.to_owned();
        if !folder.join("initdb").is_file() {
            return None;
        }
        let output = Command::new(&server).arg("--version").output().ok()?;
        let major = major_version(&String::from_utf8_lossy(&output.stdout))?;
        ACCEPTED.contains(&major).then_some(Self { major, folder })
    }
}

/// Folders in which to look, the first choice first.
fn candidates() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = env::var_os("PATH")
        .iter()
        .flat_map(|path| env::split_paths(path).collect::<Vec<_>>())
        .collect();
    for (parent, prefix, child) in USUAL_PLACES {
        let entries = fs::read_dir(parent).into_iter().flatten().flatten();
        folders.extend(
            entries
                .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
                .map(|entry| entry.path().join(child)),
        );
    }
    folders
}

/// The major version that made a cluster, if there is one.
fn version_of(cluster: &Path) -> Option<u32> {
    fs::read_to_string(cluster.join("PG_VERSION")).ok()?.trim().parse().ok()
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-1)` is 15; so are `15beta1` and `15rc1`.
fn major_version(text: &str) -> Option<u32> {
    let version = text.split("(PostgreSQL)").nth(1)?.trim_start();
    let digits =
        version.find(|character: char| !character.is_ascii_digit()).unwrap_or(version.len());
    version.get(..digits)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::major_version;

    #[test]
    fn versions_are_read_from_what_the_server_says() {
        for (text, major) in [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", Some(15)),
            ("postgres (PostgreSQL) 18.4", Some(18)),
            ("postgres (PostgreSQL) 19beta1\n", Some(19)),
            ("mysqld 8", None),
            ("postgres (PostgreSQL) devel", None),
        ] {
            assert_eq!(major_version(text), major, "{text}");
        }
    }
}
