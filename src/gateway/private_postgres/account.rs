//! The account of the operating system that runs the server: never root.

use std::{
    env,
    fs::{self, Permissions},
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown},
        process::CommandExt,
    },
    path::Path,
    process::{Command, Output, Stdio},
};

use super::Error;

/// The account that runs the server, and how to become it.
#[derive(Debug, Clone)]
pub(super) struct Account {
    /// Its name, for messages.
    pub(super) name: String,
    /// The name of the account that runs this program: the only one that may connect.
    pub(super) own_name: String,
    uid: u32,
    gid: u32,
    must_switch: bool,
    has_setpriv: bool,
}

impl Account {
    /// As root, the owner of the data that exist, or the one wanted, or `postgres`, or `nobody`. Otherwise our own.
    pub(super) fn choose(wanted: Option<&str>, cluster: &Path) -> Result<Self, Error> {
        let own = rustix::process::geteuid().as_raw();
        let owner = fs::metadata(cluster).ok().map(|data| data.uid());
        let own_name = id(&["-un"]).ok_or_else(|| Error::NoAccount(own.to_string()))?;
        let name = if own == 0 {
            match (owner, wanted) {
                (Some(owner), _) if owner != 0 => id(&["-un", &owner.to_string()])
                    .ok_or_else(|| Error::NoAccount(owner.to_string()))?,
                (_, Some(wanted)) => wanted.to_owned(),
                _ if id(&["-u", "postgres"]).is_some() => "postgres".to_owned(),
                _ => "nobody".to_owned(),
            }
        } else {
            own_name.clone()
        };
        let number = |flag| id(&[flag, &name]).and_then(|text| text.parse::<u32>().ok());
        let (Some(uid), Some(gid)) = (number("-u"), number("-g")) else {
            return Err(Error::NoAccount(name));
        };
        if uid == 0 {
            return Err(Error::NoAccount(name));
        }
        if let Some(owner) = owner.filter(|owner| *owner != uid && own != 0) {
            return Err(Error::OtherOwner { cluster: cluster.to_owned(), owner });
        }
        Ok(Self { name, own_name, uid, gid, must_switch: own == 0, has_setpriv: has_setpriv() })
    }

    /// A command that runs a program as this account, in a process group of its own, with nothing of our environment.
    ///
    /// `setpriv` also sees to it that the program is interrupted when the thread that started it ends, however it ends.
    /// It must do both, because changing the account clears that wish. Ctrl-C reaches our own group only, so that it
    /// is we who stop the server, in order.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = if self.has_setpriv {
            let mut command = Command::new("setpriv");
            command.args(["--pdeathsig", "INT"]);
            if self.must_switch {
                let (uid, gid) = (self.uid.to_string(), self.gid.to_string());
                command.args(["--reuid", &uid, "--regid", &gid, "--clear-groups"]);
            }
            command.arg("--").arg(program);
            command
        } else {
            let mut command = Command::new(program);
            if self.must_switch {
                command.uid(self.uid).gid(self.gid);
            }
            command
        };
        command
            .env_clear()
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .current_dir("/")
            .stdin(Stdio::null());
        if let Some(path) = env::var_os("PATH") {
            command.env("PATH", path);
        }
        command.process_group(0);
        command
    }

    /// Runs one of the server's programs to its end.
    pub(super) fn run(name: &'static str, command: &mut Command) -> Result<Output, Error> {
        let output =
            command.output().map_err(|source| Error::Run { program: name.to_owned(), source })?;
        if output.status.success() {
            return Ok(output);
        }
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        Err(Error::Failed { program: name, output: last_lines(&said, 20) })
    }

    /// Makes a folder that belongs to this account alone.
    pub(super) fn make_folder(&self, path: &Path) -> Result<(), Error> {
        fs::create_dir_all(path).map_err(Error::file("make", path))?;
        self.own(path)?;
        fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(Error::file("close", path))
    }

    /// Writes a file that belongs to this account alone.
    pub(super) fn write_file(&self, path: &Path, text: &str) -> Result<(), Error> {
        fs::write(path, text).map_err(Error::file("write", path))?;
        self.own(path)?;
        fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(Error::file("close", path))
    }

    /// The permissions of a folder of ours through which this account must pass, and others need not.
    pub(super) fn passage(&self) -> Permissions {
        Permissions::from_mode(if self.must_switch { 0o711 } else { 0o700 })
    }

    /// Checks that each folder down to this one lets the account through.
    pub(super) fn check_passage(&self, folder: &Path) -> Result<(), Error> {
        let passes = |folder: &Path| {
            let mut test = self.command(Path::new("test"));
            test.arg("-x").arg(folder).output().is_ok_and(|output| output.status.success())
        };
        if !self.must_switch || passes(folder) {
            return Ok(());
        }
        let mut above: Vec<_> = folder.ancestors().collect();
        above.reverse();
        let closed = above.into_iter().find(|folder| !passes(folder)).unwrap_or(folder);
        Err(Error::Closed { account: self.name.clone(), folder: closed.to_owned() })
    }

    fn own(&self, path: &Path) -> Result<(), Error> {
        if self.must_switch {
            chown(path, Some(self.uid), Some(self.gid)).map_err(Error::file("give away", path))?;
        }
        Ok(())
    }
}

/// The last lines of what a program said.
pub(super) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines.get(lines.len().saturating_sub(count)..).unwrap_or_default().join("\n")
}

/// What `id` says; it also knows accounts that are in no file, such as those of a directory service.
fn id(arguments: &[&str]) -> Option<String> {
    let output = Command::new("id").args(arguments).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}

/// Whether there is a `setpriv` that knows death signals; the one of busybox does not.
fn has_setpriv() -> bool {
    let output = Command::new("setpriv").arg("--version").output();
    output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("util-linux"))
}
