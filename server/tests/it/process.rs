//! The real binary as a child process.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};

use parking_lot::Mutex;
use tempfile::TempDir;

/// A folder with a configuration whose ports are free and stay the same over restarts.
pub struct Home {
    pub folder: TempDir,
    pub ingest: SocketAddr,
    pub desk: SocketAddr,
    pub admin: SocketAddr,
    pub simulator: SocketAddr,
}

/// A started server. Killed when dropped, unless it was waited for.
pub struct Server {
    child: Child,
    output: BufReader<ChildStdout>,
    /// What it said until it was ready.
    pub said: String,
}

impl Home {
    /// A new folder; `more` is added to the configuration.
    pub fn new(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [ingest, desk, admin, simulator] = free_addresses();
        let bootstrap = if more.contains("[bootstrap]") { "" } else { "[bootstrap]" };
        let text = format!(
            "[ingest]\nlisten = \"{ingest}\"\n[desk]\nlisten = \"{desk}\"\n\
             [admin]\nlisten = \"{admin}\"\n[log]\nfilter = \"warn\"\n\
             {more}\n{bootstrap}\nsimulator = \"{simulator}\"\n"
        );
        std::fs::write(folder.path().join("chasqui.toml"), text).unwrap();
        Self { folder, ingest, desk, admin, simulator }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts the server and waits until it says that it is ready.
    pub fn start(&self) -> Server {
        self.start_on("data")
    }

    /// The same on another data directory.
    pub fn start_on(&self, data: &str) -> Server {
        let mut server = self.spawn(&["--data", data]);
        server.wait_for("metrics ");
        server
    }

    /// Starts the server, to be held at a point; waits for nothing.
    pub fn start_held(&self, at: &str) -> Server {
        self.spawn(&["--data", "data", "--hold-at", at])
    }

    /// Starts the server with these arguments; waits for nothing.
    pub fn spawn(&self, args: &[&str]) -> Server {
        let mut child = chasqui(self.folder.path())
            .args(["--config", "chasqui.toml"])
            .args(args)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Server { child, output, said: String::new() }
    }

    /// Runs a command for its installation to the end: exit code, standard output, standard error.
    pub fn command(&self, args: &[&str]) -> (Option<i32>, String, String) {
        let output = chasqui(self.folder.path())
            .args(args)
            .args(["--config", "chasqui.toml", "--data", "data"])
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }
}

impl Server {
    /// The token of the login link, which it says once it is ready.
    pub fn link(&mut self) -> String {
        while !self.said.contains("#link=") {
            let line = self.line();
            assert!(!line.is_empty(), "no login link in:\n{}", self.said);
            self.said.push_str(&line);
        }
        let after = self.said.split("#link=").nth(1).and_then(|rest| rest.split(' ').next());
        after.unwrap_or_default().to_owned()
    }

    /// Waits until it has said `what`.
    pub fn wait_for(&mut self, what: &str) {
        while !self.said.contains(what) {
            let read = self.output.read_line(&mut self.said).unwrap();
            if read == 0 {
                panic!("it ended before `{what}`: {:?}", self.child.wait());
            }
        }
    }

    /// The next line it says.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line
    }

    /// kill -9.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, without waiting.
    pub fn terminate(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    }

    /// Waits for its end.
    pub fn wait(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended; then there is nothing to kill.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The binary in `folder`, with no variable of ours set.
pub fn chasqui(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chasqui"));
    command.current_dir(folder);
    let ours = std::env::vars().map(|(name, _)| name).filter(|n| n.starts_with("CHASQUI"));
    for name in ours {
        command.env_remove(name);
    }
    command
}

/// Runs it to its end.
pub fn output(folder: &Path, args: &[&str]) -> Output {
    chasqui(folder).args(args).output().unwrap()
}

/// Ports below those the system gives to clients: a client that tries again and again to connect
/// while the server is down would else, one day, be given the server's own port.
fn free_addresses<const N: usize>() -> [SocketAddr; N] {
    static NEXT: Mutex<u16> = Mutex::new(0);
    let mut next = NEXT.lock();
    std::array::from_fn(|_| {
        loop {
            *next += 1;
            let port = 10_000 + (std::process::id() as u16 % 97) * 200 + *next;
            let address = SocketAddr::from(([127, 0, 0, 1], port));
            if TcpListener::bind(address).is_ok() {
                return address;
            }
        }
    })
}
