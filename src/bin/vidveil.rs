//! `vidveil COMMAND ...` runs the command of that name from next to itself.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use vidveil::cli;

/// Record video that even the recorder cannot watch
///
/// vidveil is one name for a family of commands, each of which reads and writes one kind of stream on
/// stdin and stdout. "vidveil COMMAND" runs COMMAND out of ../libexec/vidveil next to its own folder, or
/// out of its own folder. Without a command it lists them.
#[derive(Parser)]
#[command(override_usage = "vidveil [OPTIONS] [COMMAND [ARGUMENTS]]", after_long_help = cli::family::after_help())]
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
    cli::run("vidveil", |args: Args, _| {
        cli::family::dispatch(args.exec_path, args.command.map(|Other::Command(words)| words))
    })
}
