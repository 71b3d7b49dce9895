//! The frame around every command: flags in, exit status out.

use std::ffi::OsString;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{ArgMatches, Command, Parser};
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

use super::print::print;
use super::{Failure, ProgressWhen, Session, Status, manpage, report};

/// Prints the command's manual page; only as the first argument, and in no help text.
const MAN_PAGE: &str = "--man-page";

/// What a command does with its parsed arguments.
type Call<'a> = Box<dyn FnOnce(&ArgMatches, &Session) -> anyhow::Result<()> + 'a>;

/// Runs the command `name`: parses its flags, calls `command`, reports its failure, tidies up.
///
/// `--help`, `--version`, the manual page and usage errors are dealt with here. The quiet and progress
/// settings of the [`Session`] are those of [`super::flags::CommonFlags`], where the command has them.
pub fn run<A: Parser>(name: &'static str, command: impl FnOnce(A, &Session) -> anyhow::Result<()>) -> ExitCode {
    // nothing else depends on the type: what does is compiled once more in every program
    let call = |matches: &ArgMatches, session: &Session| match A::from_arg_matches(matches) {
        Ok(args) => command(args, session),
        Err(error) => Err(explain(name, &error).into()),
    };
    run_described(name, A::command, Box::new(call))
}

fn run_described(name: &'static str, flags: fn() -> Command, call: Call<'_>) -> ExitCode {
    forbid_core_dumps();
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let command = described(name, flags());
    if arguments.first().is_some_and(|first| first == MAN_PAGE) {
        return finish(name, print(manpage::page(&command)));
    }
    let matches = match parse(command, name, arguments) {
        Ok(matches) => matches,
        Err(error) => return usage(name, &error),
    };
    crate::storage::guard_read_files();
    let session = Session::new(name, quiet(&matches), progress(&matches));
    let result = guarded(|| call(&matches, &session));
    // Before the report, so that it does not land next to a progress bar.
    session.clear_bar();
    let status = result.map_or_else(|error| report(name, &error), |()| Status::Done);
    session.tidy(status);
    status.into()
}

/// A panic is a failure like others: its status is in the table, and no half-written file stays.
fn guarded(command: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    // Nothing of the command is used after it.
    panic::catch_unwind(AssertUnwindSafe(command)).unwrap_or_else(|_| {
        Err(Failure::failed("this is a fault of the command itself").hint("report it with the lines above").into())
    })
}

/// Secrets in memory must not end up in a file, and no other process of the user may read them.
pub(super) fn forbid_core_dumps() {
    // Where the system refuses, the command still works.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// The command's flags with name and version.
fn described(name: &'static str, flags: Command) -> Command {
    flags.name(name).bin_name(name).version(concat!(env!("CARGO_PKG_VERSION"), " (vidveil)"))
}

/// Parses, with the exit-status table at the end of `--help`.
fn parse(command: Command, name: &str, arguments: Vec<OsString>) -> Result<ArgMatches, clap::Error> {
    let own = command.get_after_long_help().or(command.get_after_help()).map(ToString::to_string);
    let own = own.map(|text| text.trim_end().to_owned() + "\n\n").unwrap_or_default();
    let short = command.get_after_help().map(|text| format!("{text}\n")).unwrap_or_default();
    let arguments = std::iter::once(OsString::from(name)).chain(arguments);
    command
        .after_help(format!("{short}{name} --help says more."))
        .after_long_help(format!("{own}Exit status:\n{}", Status::table()))
        .try_get_matches_from(arguments)
}

/// Help and version are data for stdout; anything else is one line about what is wrong.
fn usage(name: &str, error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => finish(name, print(error.render().to_string())),
        _ => finish(name, Err(explain(name, error).into())),
    }
}

/// clap's text of several lines as message and hint.
fn explain(name: &str, error: &clap::Error) -> Failure {
    explain_text(name, &error.render().to_string())
}

fn explain_text(name: &str, rendered: &str) -> Failure {
    let first = |line: &&str| !line.is_empty() && !line.starts_with("Usage:");
    let message: Vec<&str> = rendered.lines().map(str::trim).take_while(first).collect();
    let message = message.join(" ");
    let tip = rendered.lines().find_map(|line| line.trim().strip_prefix("tip: "));
    Failure::usage(message.strip_prefix("error: ").unwrap_or(&message))
        .hint(tip.map_or_else(|| format!("{name} --help lists the flags"), str::to_owned))
}

fn finish(name: &str, result: anyhow::Result<()>) -> ExitCode {
    result.map_or_else(|error| report(name, &error), |()| Status::Done).into()
}

fn quiet(matches: &ArgMatches) -> bool {
    matches.try_get_one::<bool>("quiet").ok().flatten().copied().unwrap_or(false)
}

fn progress(matches: &ArgMatches) -> ProgressWhen {
    matches.try_get_one::<ProgressWhen>("progress").ok().flatten().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::{explain_text, guarded, report};

    #[test]
    fn a_panic_ends_with_a_status_of_the_table() {
        let error = guarded(|| panic!("on purpose")).unwrap_err();
        assert_eq!(report("view", &error), Status::Failed);
    }

    #[test]
    fn a_usage_error_is_one_line_and_one_hint() {
        let failure = explain_text(
            "view",
            "error: unexpected argument '--forse' found\n\n  tip: a similar argument exists: '--force'\n\n\
             Usage: view [OPTIONS]\n\nFor more information, try '--help'.\n",
        );
        assert_eq!(failure.message, "unexpected argument '--forse' found");
        assert_eq!(failure.hint.as_deref(), Some("a similar argument exists: '--force'"));
        let failure = explain_text(
            "view",
            "error: the following required arguments were not provided:\n  --recipient <FILE>\n\nUsage: view\n",
        );
        assert_eq!(failure.message, "the following required arguments were not provided: --recipient <FILE>");
        assert_eq!(failure.hint.as_deref(), Some("view --help lists the flags"));
    }
}
