//! A Slurm cluster of two nodes for one test (scripts/slurm-here), and a shell in it.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::yard::path_with_commands;
use crate::support::repository;
use crate::support::wait::PATIENCE;

/// Stands after what a script said, with its exit status.
const END: &str = "--- it ends with ";
/// Where Slurm cannot run (scripts/slurm-here).
const CANNOT: i32 = 77;

/// A running cluster. It ends with the value, and with the test.
pub struct Cluster {
    room: Child,
    shell: Option<ChildStdin>,
    said: BufReader<ChildStdout>,
    folder: TempDir,
}

impl Cluster {
    /// None where Slurm cannot run: the test `name` is skipped, with a line on stderr.
    pub fn start(name: &str) -> Option<Self> {
        let root = repository("");
        let folder = tempfile::tempdir().unwrap();
        let mut room = Command::new("setpriv")
            .args(["--pdeathsig", "TERM"])
            .arg(root.join("scripts/slurm-here"))
            .args(["bash", "-c", "while IFS= read -r script; do eval \"$script\"; done"])
            .current_dir(&folder)
            .env("PATH", path_with_commands())
            .env("SBATCH_SCRIPT", root.join("scripts/cluster/reprocess.sbatch"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(folder.path().join("room.log")).unwrap())
            .spawn()
            .unwrap();
        let shell = room.stdin.take();
        let said = BufReader::new(room.stdout.take().unwrap());
        let mut cluster = Cluster { room, shell, said, folder };
        // the first words wait until the nodes are there
        if let Err(why) = cluster.try_sh("true") {
            let status = cluster.room.wait().unwrap();
            assert_eq!(status.code(), Some(CANNOT), "{why}: {}", cluster.text("room.log"));
            eprint!("skipped: {name}: {}", cluster.text("room.log"));
            return None;
        }
        Some(cluster)
    }

    /// Runs a script of one or more lines in the cluster, in the folder that every node sees, and gives what it said.
    #[track_caller]
    pub fn sh(&mut self, script: &str) -> String {
        let (said, status) = self.try_sh(script).unwrap_or_else(|why| panic!("{why}: {}", self.text("room.log")));
        assert_eq!(status, "0", "{script}\n{said}{}", self.logs());
        said
    }

    /// As [`Cluster::sh`], with any exit status.
    #[track_caller]
    pub fn status(&mut self, script: &str) -> (String, String) {
        self.try_sh(script).unwrap_or_else(|why| panic!("{why}: {}", self.text("room.log")))
    }

    fn try_sh(&mut self, script: &str) -> Result<(String, String), String> {
        fs::write(self.path("script"), script).map_err(|e| e.to_string())?;
        let shell = self.shell.as_mut().ok_or("it is stopped")?;
        writeln!(shell, "bash -eu ./script </dev/null 2>&1; echo \"{END}$?\"").map_err(|e| e.to_string())?;
        let mut said = String::new();
        loop {
            let mut line = String::new();
            if self.said.read_line(&mut line).map_err(|e| e.to_string())? == 0 {
                return Err("the cluster has ended".into());
            }
            match line.strip_prefix(END) {
                Some(status) => return Ok((said, status.trim().to_owned())),
                None => said += &line,
            }
        }
    }

    /// Waits until the script ends with 0.
    #[track_caller]
    pub fn wait_until(&mut self, script: &str) {
        let limit = Instant::now() + PATIENCE;
        loop {
            let (said, status) = self.status(script);
            if status == "0" {
                return;
            }
            assert!(Instant::now() < limit, "not yet: {script}\n{said}{}", self.logs());
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// A node loses its power.
    #[track_caller]
    pub fn kill(&mut self, node: &str) {
        self.sh(&format!("kill -9 \"$(cat \"$SLURM_HERE/{node}.pid\")\""));
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// What the tasks and the controller said.
    fn logs(&mut self) -> String {
        self.try_sh("tail -n 20 ./*.log \"$SLURM_HERE/slurmctld.log\"; squeue").map_or_else(|why| why, |(said, _)| said)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // the shell reads its end, and everything in the cluster ends with it
        self.shell = None;
        let _ = self.room.wait();
    }
}
