//! `reprocess`: a command over every item of an archive.

use std::process::ExitCode;

use clap::Parser;
use vidveil::cli::{self, reprocess};

/// Run a command over every stream of an archive, and remember what is done
#[derive(Parser)]
#[command(override_usage = "reprocess --do COMMAND [OPTIONS] SRC [DST]\n       reprocess --plan FILE [OPTIONS] [SRC [DST]]\n       reprocess status [--json|--array-spec] DST")]
struct Args {
    #[command(flatten)]
    flags: reprocess::ReprocessFlags,
}

fn main() -> ExitCode {
    cli::run("reprocess", |args: Args, session| reprocess::reprocess(args.flags, session))
}
