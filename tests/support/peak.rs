//! How much memory a command takes at most: it, or the largest process that it starts and waits for.

use std::path::Path;
use std::process::{Command, Stdio};

/// Runs its arguments, and says on stdout what the largest process took in KiB, and how the command ended. Python does
/// it, which is small: what a process had before it became the command counts, too.
const MEASURE: &str = "import resource, subprocess, sys
ended = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, ended.returncode)";

/// How a command ended.
pub struct Peak {
    /// Its exit status; below 0 where a signal ended it.
    pub status: i32,
    /// The most memory that a process of it had, in MiB.
    pub mib: u64,
    /// What it said.
    pub said: String,
}

/// Runs `command` with a file as its stdin; what it gives is thrown away.
pub fn peak(command: &Command, stdin: &Path) -> Peak {
    let mut measured = Command::new("python3");
    measured.args(["-c", MEASURE]).arg(command.get_program()).args(command.get_args());
    measured.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    measured.current_dir(command.get_current_dir().unwrap_or(Path::new(".")));
    measured.stdin(std::fs::File::open(stdin).unwrap()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = measured.output().unwrap();
    let [told, said] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let mut numbers = told.split_whitespace().map(|number| number.parse::<i64>().unwrap());
    let mut next = || numbers.next().unwrap_or_else(|| panic!("it was not measured: {said}"));
    let mib = u64::try_from(next()).unwrap() / 1024;
    Peak { status: i32::try_from(next()).unwrap(), mib, said }
}
