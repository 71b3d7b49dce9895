//! An S3 server over a folder of its own (tests/object-server), and what it was asked for.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

use super::programs::built_package;
use super::yard::{Group, Yard};

/// A running server. It ends with the value, and with the test.
pub struct Storage {
    server: Child,
    folder: TempDir,
    address: String,
}

/// Requests of one kind.
#[derive(Debug, PartialEq, Eq)]
pub struct Asked {
    pub requests: usize,
    pub bytes: u64,
}

impl Storage {
    /// With the bucket `vids`; `options` as in tests/object-server/src/main.rs.
    pub fn start(options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("root/vids")).unwrap();
        let (server, address) = serve(folder.path(), options);
        Storage { server, folder, address }
    }

    /// Ends the server, and starts another one at the same address.
    pub fn restart(&mut self, options: &[&str]) {
        self.stop();
        let port = self.address.rsplit(':').next().unwrap().to_owned();
        let mut all = vec!["--port", &port];
        all.extend(options);
        (self.server, self.address) = serve(self.folder.path(), &all);
    }

    pub fn stop(&mut self) {
        let _ = self.server.kill();
        self.server.wait().unwrap();
    }

    /// The file that is the object with this key.
    pub fn path(&self, key: &str) -> PathBuf {
        self.folder.path().join("root/vids").join(key)
    }

    /// Puts a file there as it is.
    pub fn put(&self, yard: &Yard, name: &str, key: &str) {
        fs::create_dir_all(self.path(key).parent().unwrap()).unwrap();
        fs::copy(yard.path(name), self.path(key)).unwrap();
    }

    /// What says where it is and who asks.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ACCESS_KEY_ID", "AKTEST".into()),
            ("AWS_SECRET_ACCESS_KEY", "a secret".into()),
            ("AWS_REGION", "us-east-1".into()),
            ("AWS_ENDPOINT_URL", format!("http://{}", self.address)),
            ("AWS_ALLOW_HTTP", "true".into()),
        ]
    }

    /// bash in the yard, as [`Yard::sh`].
    pub fn sh(&self, yard: &Yard, script: &str) -> Output {
        yard.shell(script).envs(self.settings()).output().unwrap()
    }

    #[track_caller]
    pub fn done(&self, yard: &Yard, script: &str) -> String {
        let output = self.sh(yard, script);
        assert!(output.status.success() && output.stderr.is_empty(), "{script}\n{}", super::yard::told(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// A pipeline in a process group of its own, as [`Yard::start`].
    pub fn begin(&self, yard: &Yard, script: &str) -> Group {
        use std::os::unix::process::CommandExt;
        Group(yard.shell(script).envs(self.settings()).process_group(0).spawn().unwrap())
    }

    /// The requests so far, one a line: kind, bucket, key and bytes.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    pub fn forget(&self) {
        fs::File::options().write(true).truncate(true).open(self.folder.path().join("log")).unwrap();
    }

    pub fn asked(&self, kind: &str) -> Asked {
        let log = self.log();
        let lines = log.lines().filter(|l| l.split(' ').next() == Some(kind));
        let bytes: Vec<u64> = lines.map(|l| l.rsplit(' ').next().unwrap().parse().unwrap()).collect();
        Asked { requests: bytes.len(), bytes: bytes.iter().sum() }
    }

    /// Parts of uploads that were begun and neither finished nor given up.
    pub fn leftovers(&self) -> Vec<String> {
        let names = fs::read_dir(self.folder.path().join("root")).unwrap();
        let names = names.map(|e| e.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with(".upload")).collect()
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        self.stop();
    }
}

fn serve(folder: &Path, options: &[&str]) -> (Child, String) {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]).arg(program());
    command.arg(folder.join("root")).arg(folder.join("log")).args(options);
    command.env("AWS_ACCESS_KEY_ID", "AKTEST").env("AWS_SECRET_ACCESS_KEY", "a secret");
    let mut server = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("READY ").unwrap_or_else(|| panic!("{command:?}: {line}"));
    (server, address.to_owned())
}

/// The server's program; builds it.
fn program() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| built_package("object-server").join("object-server"))
}
