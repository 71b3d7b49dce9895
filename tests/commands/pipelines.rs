//! Pipelines as shell scripts: `tests/pipelines/NAME.sh` prints what `tests/pipelines/NAME.expected` says.
//!
//! A script runs in an empty folder with the built commands first on PATH; what it writes to stderr counts as well.
//! With
//! `VIDVEIL_WRITE_EXPECTED` set, the expected output is written anew instead: read the difference before you commit it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::support::repository;
use crate::support::yard::prelude;

fn folder() -> PathBuf {
    repository("tests/pipelines")
}

fn run(name: &str) {
    let temporary = tempfile::tempdir().unwrap();
    // One pipe for both, so that what was said comes in its order.
    let output = prelude(Command::new("bash"))
        .args(["-c", "exec bash \"$0\" 2>&1"])
        .arg(folder().join(format!("{name}.sh")))
        .current_dir(temporary.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        said += &format!("the script ended with {}\n", output.status);
    }
    let expected = folder().join(format!("{name}.expected"));
    if std::env::var_os("VIDVEIL_WRITE_EXPECTED").is_some() {
        fs::write(expected, said).unwrap();
        return;
    }
    let expected = fs::read_to_string(expected).unwrap();
    assert!(said == expected, "{name}\n--- expected\n{expected}--- said\n{said}");
}

/// A test for each script, and one that finds scripts without a test.
macro_rules! scripts {
    ($($name:ident),+ $(,)?) => {
        $(#[test] fn $name() { run(stringify!($name)); })+

        #[test]
        fn every_script_is_run_and_has_its_expected_output() {
            let mut known: Vec<String> = [$(stringify!($name)),+].into_iter().map(str::to_owned).collect();
            known.sort();
            for extension in ["sh", "expected"] {
                let entries = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
                let mut there: Vec<String> = entries
                    .filter(|path| path.extension().is_some_and(|e| e == extension))
                    .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
                    .collect();
                there.sort();
                assert_eq!(there, known, "*.{extension}");
            }
        }
    };
}

scripts! {
    audio,
    grants,
    played_over_and_over,
    mp4_through_a_pipe,
    one_name,
    openssl,
    packagings,
    plain_and_keys,
    raw_h264,
    recipients,
    record,
    the_whole_job,
    two_streams,
}
