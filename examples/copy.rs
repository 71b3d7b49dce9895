//! The smallest filter: copies its input to its output with the manners of every command.
//!
//! A pattern for a new command, and what `tests/commands/manners.rs` tries the manners on.

use std::io::{Read, Write};
use std::process::ExitCode;

use clap::Parser;
use vidveil::cli::{self, Failure, Session, flags};
use vidveil::storage::{AtomicFile, Existing, Input, StreamOutput};

/// Copy a file
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    input: flags::InputFlags,
    #[command(flatten)]
    output: flags::OutputFlags,
    #[command(flatten)]
    common: flags::CommonFlags,
    #[command(flatten)]
    passphrase: flags::PassphraseFlags,

    /// Write the file next to its name first and rename it at the end
    #[arg(long, requires = "output")]
    whole: bool,

    /// End with the failure of this status after the copy
    #[arg(long, value_name = "STATUS")]
    fail: Option<u8>,

    /// Ask for a pass phrase before the copy
    #[arg(long)]
    ask: bool,
}

fn main() -> ExitCode {
    cli::run("copy", copy)
}

fn copy(args: Args, session: &Session) -> anyhow::Result<()> {
    session.stop()?;
    if args.ask {
        let phrase = vidveil::cli::secrets::read_passphrase(&args.passphrase, "\"desk.key\"", session)?;
        session.note(format!("a pass phrase of {} bytes", phrase.len()));
    }
    let mut input = Input::open(args.input.file.as_deref(), &session.report())?;
    match args.output.path().filter(|_| args.whole) {
        Some(path) => {
            let existing = Existing::from_force(args.output.force);
            let mut output = AtomicFile::create(path, 0o666, existing, Some(&input))?;
            pump(&mut input, output.file())?;
            fail(args.fail)?;
            Ok(output.commit()?)
        }
        None => {
            let mut output = StreamOutput::open(args.output.options(session), Some(&input), &session.report())?;
            pump(&mut input, &mut output)?;
            fail(args.fail)?;
            Ok(output.finish()?)
        }
    }
}

/// One write for each read: what came in goes out before more is read.
fn pump(input: &mut Input, output: &mut impl Write) -> anyhow::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    let mut empty = true;
    loop {
        let count = input.read(&mut buffer)?;
        if count == 0 {
            break if empty { Err(vidveil::storage::StorageError::NothingArrived.into()) } else { Ok(()) };
        }
        empty = false;
        output.write_all(buffer.get(..count).unwrap_or_default())?;
        output.flush()?;
    }
}

fn fail(status: Option<u8>) -> anyhow::Result<()> {
    let Some(code) = status else { return Ok(()) };
    let status = cli::Status::from_code(code).ok_or_else(|| Failure::usage(format!("no such status: {code}")))?;
    Err(Failure::new(status, "as you wish").hint("do not say --fail").into())
}
