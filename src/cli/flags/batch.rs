//! The flags of `reprocess`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::base::parse;
use crate::batch::{BatchOptions, MAX_SHARDS, Plan, Selection, ShardChoice, Work, check_suffix};
use crate::cli::Failure;
use crate::playback::Moment;

use super::mode::octal;
use super::{CommonFlags, IdentityFlags, JsonFlags, span};

/// What is done, with what, and where the results go.
#[derive(Args, Clone, Debug)]
pub struct ReprocessFlags {
    /// Folder of streams (all *.vv in it and below), or one file; "status" shows how far the run in DST is
    #[arg(value_name = "SRC")]
    pub source: Option<String>,

    /// Folder for the outputs, each under its item's name; without it, and without --in-place, outputs are thrown away
    #[arg(value_name = "DST")]
    pub destination: Option<String>,

    /// Run COMMAND, in a shell, for each item: the item is its stdin, the output its stdout
    #[arg(long = "do", value_name = "COMMAND")]
    pub command: Option<String>,

    /// Put each output in its input's place
    #[arg(long, conflicts_with = "destination")]
    pub in_place: bool,

    /// Take command and items from FILE, which --dry-run --json wrote
    #[arg(long, value_name = "FILE", conflicts_with_all = ["command", "in_place", "dry_run"])]
    pub plan: Option<PathBuf>,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub selection: SelectionFlags,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub identity: IdentityFlags,

    /// Show what would be done: items, bytes, and the expected time, as measured in earlier runs
    #[arg(long)]
    pub dry_run: bool,

    /// Give jobs the variable NAME of the environment, though its name says that it is a secret; may be repeated
    ///
    /// Others are not given: AWS_*, names with PASS, TOKEN, SECRET or CREDENTIAL in them, and such as end with KEY or
    /// PIN.
    #[arg(long, value_name = "NAME")]
    pub pass_env: Vec<OsString>,

    /// Run N jobs at once; by default, one for each core
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,

    /// Lower the priority of the commands by N, from 0 to 19
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=19))]
    pub nice: Option<u8>,

    /// Retry an item that fails, up to N times
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100))]
    pub retry: u32,

    /// Continue with the other items when one has failed
    #[arg(short, long)]
    pub keep_going: bool,

    /// Keep what a command wrote before it found its input damaged (exit status 3)
    #[arg(long, conflicts_with = "in_place")]
    pub keep_damaged: bool,

    /// Give outputs these permissions, in octal digits; without it, only you can read what is neither a sealed nor a
    /// public stream (600)
    #[arg(long, value_name = "MODE", value_parser = octal, conflicts_with = "in_place")]
    pub mode: Option<u32>,

    /// Redo items that were done longer ago than TIME, as in 20h; 0 redoes all
    #[arg(long, value_name = "TIME", value_parser = parse::duration)]
    pub again_after: Option<Duration>,

    /// Compare the hash of every input that was done, not only its size and time
    #[arg(long)]
    pub check_input: bool,

    /// Name outputs with SUFFIX instead of .vv, as in .mp4
    #[arg(long, value_name = "SUFFIX", conflicts_with = "in_place")]
    pub suffix: Option<String>,

    /// Do one share of the items: I of N, counted from 0, or "auto" for the one that Slurm or Kubernetes names
    #[arg(long, value_name = "I/N|auto")]
    pub shard: Option<ShardChoice>,

    /// Number of shares, where --shard auto cannot know it
    #[arg(
        long,
        value_name = "N",
        requires = "shard",
        value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_SHARDS))
    )]
    pub shards: Option<u32>,

    /// Keep plan, manifests and locks in DIR, not in your state folder: where several hosts or users share them
    #[arg(long, value_name = "DIR")]
    pub state: Option<String>,

    /// With status: print the tasks to submit again, as sbatch --array= takes them
    #[arg(long)]
    pub array_spec: bool,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub json: JsonFlags,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub common: CommonFlags,
}

/// Which items.
#[derive(Args, Clone, Debug, Default)]
pub struct SelectionFlags {
    /// Only streams of this camera
    #[arg(long, value_name = "NAME")]
    pub camera: Option<String>,

    /// Only streams with anything after TIME, as in 2026-05-01T14:00:00Z
    #[arg(long, value_name = "TIME", value_parser = parse::rfc3339)]
    pub from: Option<i64>,

    /// Only streams that begin before TIME
    #[arg(long, value_name = "TIME", value_parser = parse::rfc3339)]
    pub to: Option<i64>,

    /// Only streams that a certificate can open which expires before TIME, as their lists claim
    #[arg(long, value_name = "TIME", value_parser = parse::rfc3339)]
    pub expiring_before: Option<i64>,

    /// Only streams that this certificate can open, as their lists claim: a file, or a part of its subject
    #[arg(long, value_name = "FILE|SUBJECT")]
    pub recipient: Option<String>,
}

impl ReprocessFlags {
    /// What is done: what the flags say, or the plan that they name.
    ///
    /// # Errors
    ///
    /// The flags make no sense, or the plan cannot be read.
    pub fn work(&self) -> anyhow::Result<Work> {
        span(self.selection.from.map(Moment::Utc), self.selection.to.map(Moment::Utc))?;
        let hint = "reprocess --do COMMAND SRC [DST]";
        let plan = self.plan.as_deref().map(Plan::read).transpose()?;
        let work = match (plan, &self.command, &self.source) {
            (Some(mut plan), ..) => {
                let (source, destination) = (self.source.clone(), self.destination.clone());
                plan.head.source = source.unwrap_or(plan.head.source);
                plan.head.destination = destination.or(plan.head.destination);
                Work::Plan(plan)
            }
            (None, Some(command), Some(source)) => Work::Command {
                command: command.clone(),
                source: source.clone(),
                destination: self.destination.clone(),
                in_place: self.in_place,
                selection: self.selection.options(),
                suffix: self.suffix.clone(),
            },
            (None, None, _) => return Err(Failure::usage("nothing to do: no --do").hint(hint).into()),
            (None, Some(_), None) => return Err(Failure::usage("no SRC").hint(hint).into()),
        };
        if matches!(work, Work::Plan(_)) && !self.selection.options().is_everything() {
            return Err(Failure::usage(
                "--plan names the items: it takes no --camera, --from, --to, --expiring-before or --recipient",
            )
            .into());
        }
        self.suffix.as_deref().map_or(Ok(()), check_suffix)?;
        Ok(work)
    }

    /// How it is done.
    pub fn options(&self) -> BatchOptions {
        BatchOptions {
            dry_run: self.dry_run,
            jobs: self.jobs.map(usize::from),
            retry: self.retry,
            keep_going: self.keep_going,
            keep_damaged: self.keep_damaged,
            mode: self.mode,
            again_after: self.again_after,
            check_input: self.check_input,
            shard: self.shard,
            shards: self.shards,
            state: self.state.clone(),
        }
    }
}

impl SelectionFlags {
    /// Which items are meant.
    pub fn options(&self) -> Selection {
        Selection {
            camera: self.camera.clone(),
            from_ns: self.from,
            to_ns: self.to,
            expiring_before_ns: self.expiring_before,
            recipient: self.recipient.clone(),
        }
    }
}
