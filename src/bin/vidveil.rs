//! `vidveil COMMAND ...` runs the command of that name from beside itself.

use std::ffi::OsString;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::Context;
use clap::{Parser, Subcommand};
use vidveil::base::text;
use vidveil::cli::{self, COMMANDS, Failure, Session};

/// Record video that even the recorder cannot watch
///
/// vidveil is one name for a family of commands, each of which reads and writes one kind of stream on
/// stdin and stdout. "vidveil COMMAND" runs COMMAND out of ../libexec/vidveil beside its own folder, or
/// out of its own folder. Without a command it lists them.
#[derive(Parser)]
#[command(override_usage = "vidveil [OPTIONS] [COMMAND [ARGUMENTS]]", after_long_help = after_help())]
struct Args {
    /// Print the folder of the commands, for PATH in a script
    #[arg(long)]
    exec_path: bool,

    #[command(subcommand)]
    command: Option<Other>,
}

#[derive(Subcommand)]
enum Other {
    #[command(external_subcommand)]
    Command(Vec<OsString>),
}

fn main() -> ExitCode {
    cli::run("vidveil", dispatch)
}

fn dispatch(args: Args, _: &Session) -> anyhow::Result<()> {
    if args.exec_path {
        return print(&format!("{}\n", find("capture")?.with_file_name("").display()));
    }
    let Some(Other::Command(words)) = args.command else { return print(&list()) };
    let mut words = words.into_iter();
    let name = words.next().unwrap_or_default();
    match name.to_str() {
        Some("help") => match words.next() {
            Some(name) => execute(known(&name.to_string_lossy())?, ["--help".into()]),
            None => print(&list()),
        },
        _ => execute(known(&name.to_string_lossy())?, words),
    }
}

/// Becomes the command; comes back only when that failed.
fn execute(name: &'static str, words: impl IntoIterator<Item = OsString>) -> anyhow::Result<()> {
    let program = find(name)?;
    let error = Command::new(&program).arg0(name).args(words).exec();
    Err(error).with_context(|| format!("cannot run {}", text::quoted_path(&program)))
}

/// The command of that name, or the nearest one as a hint (2).
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
    // The system gives the path with every link followed.
    let own = std::env::current_exe().context("cannot find the folder of the commands")?;
    let folder = own.parent().unwrap_or(Path::new("/"));
    let installed = folder.parent().unwrap_or(folder).join("libexec/vidveil").join(name);
    let candidates = [installed, folder.join(name)];
    candidates.into_iter().find(|path| path.is_file()).ok_or_else(|| {
        Failure::failed(format!("{name} is not installed beside {}", text::quoted_path(&own)))
            .hint("install again with scripts/install")
            .into()
    })
}

fn list() -> String {
    let lines = COMMANDS.iter().map(|(name, about)| format!("  {name:<15} {about}\n"));
    format!("Commands:\n{}\nvidveil COMMAND --help tells more about one.\n", lines.collect::<String>())
}

fn after_help() -> String {
    list()
        + "\nExamples:\n  vidveil capture camera.mp4 | vidveil encrypt-stream -r certs/ > cam.sealed.vv\n  \
              PATH=$(vidveil --exec-path):$PATH\n"
}

fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    Ok(stdout.flush()?)
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
