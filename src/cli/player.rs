//! The installed player, as a child that reads Matroska from its stdin.

use std::io;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::Context;

use super::Failure;
use super::secrets::{agent::VARIABLE, secret_variables};
use crate::base::text;
use crate::jail;

/// Players that are looked for, in this order, with what makes them read stdin and end with it.
const KNOWN: [(&str, &[&str]); 3] = [
    ("mpv", &["--no-terminal", "--title=vidveil", "-"]),
    ("ffplay", &["-hide_banner", "-loglevel", "error", "-autoexit", "-window_title", "vidveil", "-"]),
    ("vlc", &["--quiet", "--play-and-exit", "-"]),
];

/// A running player.
#[derive(Debug)]
pub struct Player {
    child: Child,
    name: String,
}

impl Player {
    /// Starts the player `chosen`, or the first installed one of mpv, ffplay and vlc.
    ///
    /// `chosen` is a program's name or path, with arguments after blanks; no shell sees it. A program that is not known
    /// gets `-` as its last argument.
    ///
    /// # Errors
    ///
    /// A [`Failure`]: it is not installed or does not start.
    pub fn start(chosen: Option<&str>) -> anyhow::Result<Player> {
        if let Some(chosen) = chosen {
            let (program, mut arguments) = words(chosen);
            let base = Path::new(program).file_name().and_then(|n| n.to_str()).unwrap_or(program);
            let known = KNOWN.iter().find(|(name, _)| *name == base).map_or(&["-"][..], |(_, arguments)| *arguments);
            arguments.extend(known);
            let missing = || {
                Failure::failed(format!("no such player: {}", text::quoted(program)))
                    .hint("install it, or name another one with --player")
            };
            return Ok(spawn(program, &arguments)?.ok_or_else(missing)?);
        }
        for (program, arguments) in KNOWN {
            if let Some(player) = spawn(program, arguments)? {
                return Ok(player);
            }
        }
        Err(Failure::failed("no player found: neither mpv nor ffplay nor vlc is installed")
            .hint("install one (apt install mpv), name yours with --player, or write a file with -o")
            .into())
    }

    /// Where the video goes. Dropping it signals the end to the player.
    pub fn take_stdin(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    /// Waits until the player is closed.
    ///
    /// # Errors
    ///
    /// A [`Failure`]: its exit status says that it failed.
    pub fn wait(mut self) -> anyhow::Result<()> {
        drop(self.child.stdin.take());
        let status = self.child.wait().with_context(|| format!("cannot wait for {}", text::quoted(&self.name)))?;
        if status.success() {
            return Ok(());
        }
        Err(Failure::failed(format!("the player {} failed ({status})", text::quoted(&self.name)))
            .hint("--player names another one; -o FILE.mkv writes a file")
            .into())
    }
}

/// A program whose path has blanks in it, or a program and its arguments.
fn words(chosen: &str) -> (&str, Vec<&str>) {
    if Path::new(chosen).is_file() {
        return (chosen, Vec::new());
    }
    let mut words = chosen.split_whitespace();
    (words.next().unwrap_or(chosen), words.collect())
}

/// `None` when there is no such program.
fn spawn(program: &str, arguments: &[&str]) -> anyhow::Result<Option<Player>> {
    // our stdout is for data, and the player's chatter is none
    let mut child = Command::new(program);
    child.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null());
    for name in secret_variables().chain([VARIABLE.into()]) {
        child.env_remove(name);
    }
    // what we have open is not for it; a kernel without the call (5.11) closes what is ours all the same
    let _ = jail::close_at_exec(3, i32::MAX);
    match child.spawn() {
        Ok(child) => Ok(Some(Player { child, name: program.to_owned() })),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => {
            Err(Failure::failed(format!("cannot start {}: {}", text::quoted(program), text::io_reason(&e))).into())
        }
    }
}
