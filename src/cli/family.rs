//! The family of commands: what each is for, where its program is, and how `vidveil` becomes one of them.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::base::text;
use crate::storage::keep_closed;

use super::Failure;
use super::print::print;

/// Names and what they are for, in the order of a stream's life.
pub const COMMANDS: [(&str, &str); 11] = [
    ("enroll-cert", "make a certificate and its key, or check certificates"),
    ("capture", "put a camera's or a file's packets into a stream"),
    ("encrypt-stream", "seal a stream to certificates"),
    ("record", "keep a stream as segments in a folder, and remove the oldest"),
    ("decrypt-stream", "open a sealed stream with a private key"),
    ("protect", "hide everything that moves: an original in, a public stream out"),
    ("view", "play a stream, or make a video file or pictures of it"),
    ("rewrap", "change who can open a sealed stream; grant or cut a part of it"),
    ("reprocess", "run a command over a whole archive, resumable, several at once"),
    ("inspect", "show what a stream is, who can open it, and whether it is whole"),
    ("verify", "check that a stream is unbroken, complete and authentic"),
];

/// Runs the command that the first of `words` names, or lists the commands where there is none. With `exec_path` it
/// prints the folder of the programs. Comes back only when nothing was run.
///
/// # Errors
///
/// A [`Failure`]: there is no such command, or its program is not installed; it cannot be run.
pub fn dispatch(exec_path: bool, words: Option<Vec<OsString>>) -> anyhow::Result<()> {
    if exec_path {
        return print(format!("{}\n", find("capture")?.with_file_name("").display()));
    }
    let Some(words) = words else { return print(list()) };
    let mut words = words.into_iter();
    let name = words.next().unwrap_or_default();
    if name != "help" {
        return execute(known(&name.to_string_lossy())?, words);
    }
    match words.next() {
        Some(name) => execute(known(&name.to_string_lossy())?, ["--help".into()]),
        None => print(list()),
    }
}

/// What `vidveil --help` ends with.
pub fn after_help() -> String {
    list()
        + "\nExamples:\n  vidveil capture camera.mp4 | vidveil encrypt-stream -r certs/ > cam.sealed.vv\n  \
              PATH=$(vidveil --exec-path):$PATH\n"
}

/// Becomes the command; comes back only when that failed.
fn execute(name: &'static str, words: impl IntoIterator<Item = OsString>) -> anyhow::Result<()> {
    let program = find(name)?;
    keep_closed();
    let error = Command::new(&program).arg0(name).args(words).exec();
    Err(error).with_context(|| format!("cannot run {}", text::quoted_path(&program)))
}

/// The command of that name; an error names the nearest one.
fn known(given: &str) -> Result<&'static str, Failure> {
    if let Some((name, _)) = COMMANDS.iter().find(|(name, _)| *name == given) {
        return Ok(name);
    }
    let near = |name: &&str| name.starts_with(given) && !given.is_empty() || distance(name, given) <= 2;
    let hint = match COMMANDS.iter().map(|(name, _)| *name).find(near) {
        Some(name) => format!("did you mean {name}?"),
        None => "vidveil alone lists the commands".to_owned(),
    };
    Err(Failure::usage(format!("no such command: {}", text::quoted(given))).hint(hint))
}

/// The program file: the private folder of an installation first, then where a build leaves it.
fn find(name: &str) -> anyhow::Result<PathBuf> {
    // the system gives the path with every link followed
    let own = std::env::current_exe().context("cannot find the folder of the commands")?;
    let folder = own.parent().unwrap_or(Path::new("/"));
    let installed = folder.parent().unwrap_or(folder).join("libexec/vidveil").join(name);
    let candidates = [installed, folder.join(name)];
    candidates.into_iter().find(|path| path.is_file()).ok_or_else(|| {
        Failure::failed(format!("{name} is not installed next to {}", text::quoted_path(&own)))
            .hint("install again with scripts/install")
            .into()
    })
}

fn list() -> String {
    let lines = COMMANDS.iter().map(|(name, about)| format!("  {name:<15} {about}\n"));
    format!("Commands:\n{}\nvidveil COMMAND --help explains the command.\n", lines.collect::<String>())
}

/// Letters to add, drop or change to make `a` of `b` (Levenshtein), for names of a command's length.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let changed = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
