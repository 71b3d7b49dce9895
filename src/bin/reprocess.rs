//! `reprocess`: a command over every item of an archive.

use std::process::ExitCode;

use clap::Parser;
use vidveil::cli::{self, flags::ReprocessFlags};

/// Run a command over every stream of an archive, several at once, and remember what is done
///
/// Each stream is the command's stdin, and what it writes to stdout becomes a file of the same name in DST. A run
/// that was stopped or killed at any moment continues where it was when it is started again: no item is done twice, and
/// no output is ever seen unfinished. On a cluster each task takes its share.
#[derive(Parser)]
#[command(override_usage = USAGE, after_long_help = NOTES)]
struct Args {
    #[command(flatten)]
    flags: ReprocessFlags,
}

const USAGE: &str = "reprocess --do COMMAND [OPTIONS] SRC [DST]
       reprocess --plan FILE [OPTIONS] [SRC [DST]]
       reprocess status [--json | --array-spec] DST";

const NOTES: &str = "\
Command:
COMMAND is run by sh, or by bash where sh does not know pipefail: a pipeline fails when any part of it does. The \
folder of this program comes first on its PATH. It finds VIDVEIL_ITEM, the item's name in SRC, and where they are \
files VIDVEIL_INPUT and VIDVEIL_OUTPUT, the paths of input and output; names are never pasted into it. Each line of \
its stderr is printed after the item's name; with -q only for items that are not done.

Keys:
With -i or --card this program opens the key, asks once for its pass phrase or PIN, and does the key's operations for \
all commands of the run, which then need no -i of their own; the key does not leave it. What the key gave is kept in \
memory for the run: consecutive segments of one key session take one operation. A command itself \
cannot prompt: give it in a file what it would ask for.

What is done:
An item is done when the command ended with 0 and its output, synced, has its name. An output must not be empty, and a \
stream must have its end. It keeps the item's name; where that is a segment's and says \"original\", and the output is \
a public stream, it says \"public\". Another command, an input with other bytes, and an output that is gone are done \
again; an input that only has a new time is not.
Exit status 3 of a command means that its input is damaged: nothing is kept without --keep-damaged. Failed and damaged \
items are tried again by the next run.

In place:
The output is written next to the input, synced, and replaces it in one step, with its owner and mode; which of the \
two is there after a kill is known by their hashes. A command that writes nothing to stdout may change \
the file VIDVEIL_INPUT itself. A single rewrap is run in this way: \"rewrap -i KEY -r DIR\" is given --in-place and the file's name, and \
writes some kilobytes of each file; a kill leaves the old list or the new one. Where only the new one is left, only a key \
of it proves that the item is done: without one (a second -i) the next run refuses it (4).

State:
The plan, a manifest, the locks, and in lists the numbers of the lists of recipients that rewrap and verify saw, are \
kept outside the archive: in vidveil/archives/NAME-HASH of the user's state folder (STATE_DIRECTORY of a systemd unit, otherwise \
XDG_STATE_HOME, otherwise ~/.local/state), HASH being of the real path of DST (SRC without one); on storage in .reprocess \
there. Runs of several users or hosts share one with --state DIR. Anyone who can write the state decides what counts \
as done, and a state that others can write, or that is somebody else's, is warned of; anyone who can write only the archive \
does not: an item counts as done by its inode and that inode's change time (on storage by its ETag), otherwise by the hash \
of what is there, input and output. The \
manifest has a JSON object a line and is only added to: v, item, command, input (sha256, bytes, modified, changed), output \
(name, sha256, bytes, modified, changed), state (done, failed, damaged, refused, replacing), exit, attempt, at, seconds, \
message, shard. The input's sha256 is null where outputs are thrown away (without --check-input) and where a command works \
inside the file. A folder on NFS must have working locks. An output that has no name yet is in .reprocess/drafts of DST.

Permissions:
An output is 600 until it is known to be a sealed or a public stream, which get what the umask leaves; --mode sets others. \
In place an item keeps its permissions and its owner.

Folders that others can write:
A link, a named pipe or a socket in the place of an item, an output or a state file is reported and left alone; so is a file \
to be changed that has another name elsewhere, or that belongs to somebody other than this user, root or the folder's owner.

Signals:
At the first SIGINT or SIGTERM no further item is begun, the commands get SIGTERM (SIGKILL after 5 s), and \
what they wrote is thrown away. Commands of a run that is killed are killed with it.

Shares:
--shard auto reads SLURM_ARRAY_TASK_ID, _COUNT, _MIN, _MAX and _STEP, or JOB_COMPLETION_INDEX and JOB_COMPLETIONS. The \
first task divides the items by size and keeps the plan; all others, and tasks that are submitted again, take their \
share of that plan, until all of it is done. Items that came later are in the next plan.
\"status\" puts all shares together: exit status 0 when all is done, 3 when the rest is damaged, otherwise 1.

JSON:
--json writes an object a line: event \"start\" (items, bytes, done_before), \"item\" (a line of the manifest), \
\"summary\" (items, done, done_before, done_elsewhere, gone, failed, damaged, left, bytes, seconds). With --dry-run it \
writes a plan: its first line describes the work, every other line an item (item, bytes, shard). With status it \
writes an object for each plan, with the lists failed, damaged and missing.

Limits:
Memory: about 1 KiB for each item, and 1 MiB for each job. A file whose name is not UTF-8 is left out with a warning, \
and the exit status is 3.

Examples:
  reprocess --do 'protect -i server.key' archive/ public/
  reprocess --do 'rewrap -i officer.key -r new/' --in-place archive/
  reprocess --do 'rewrap -r new/' --card --in-place archive/
  reprocess --do 'verify --signer recorder.pem' -q -k --again-after 20h archive/
  reprocess --do 'decrypt-stream -i desk.key | view -o -' --suffix .mkv --camera gate --from 2026-05-01T00:00:00Z \
archive/ films/
  sbatch --array=0-7 --wrap \"reprocess --shard auto --do 'protect -i server.key' archive/ public/\"
  sbatch --array=$(reprocess status --array-spec public/) ...
";

fn main() -> ExitCode {
    cli::run("reprocess", |args: Args, session| vidveil::commands::reprocess::reprocess(&args.flags, session))
}
