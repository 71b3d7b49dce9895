//! `inspect`: what a stream is, who can open it, and whether its end is there.

use std::process::ExitCode;

use clap::Parser;
use vidveil::cli::{self, flags};
use vidveil::commands::inspect::{Shown, inspect};

/// Show what a stream is, who can open it, since when, and whether its end is there
///
/// Needs no key and opens nothing: it shows what the stream says of itself. Nobody vouches for it; verify checks it.
/// Consecutive streams are shown one after the other, and so are those of several files. A stream that is damaged or
/// cut is shown as far as it goes; the exit status is then 3, and the message names the byte.
#[derive(Parser)]
#[command(after_long_help = AFTER)]
struct Args {
    #[command(flatten)]
    input: flags::InputsFlags,

    #[command(flatten)]
    json: flags::JsonFlags,

    /// Print a line for each frame, and nothing else
    #[arg(long, conflicts_with_all = ["json", "cms"])]
    frames: bool,

    /// Write the CMS message N, counted from 0 over all key sessions, as DER, and nothing else
    ///
    /// The message is the one that gives the session secret to its recipients, in the list of recipients that counts
    /// now.
    #[arg(long, value_name = "N", conflicts_with = "json")]
    cms: Option<u64>,

    #[command(flatten)]
    output: flags::OutputFlags,

    #[command(flatten)]
    common: flags::CommonFlags,
}

const AFTER: &str = "\
What is shown:
Sizes are those of the packets as stored: in a sealed stream they are sealed, so 20 bytes and the padding more. A duration is \
the time from the first frame to the end of the last one, over all tracks. An epoch has keys of its own; a key session is a \
number of epochs that the same messages open, and it begins when its first epoch was opened. Recipients are named by the \
certificates in the stream: without a key that is a claim, since anybody who can write the file could have written others there. verify -i \
proves it, or finds that somebody without a key has changed it.

\"recipients changed since recording\" is shown when the list of recipients is not the one that the recorder wrote; the change \
may be rewrap's. It says whose signature stands there, if it is right; verify --signer checks whether it is that of somebody who matters.

The signer's certificate and the number of signed epochs are shown, but no signature is checked, so there is no --signer here: that \
takes reading and hashing everything, where inspect of a file reads little of it, and its verdict must not be taken for that of \
verify --signer FILE, which does it.

\"made from\" is a public stream's own manifest: the original, by H and a close record, and the settings. verify --original compares \
it with the original. A public stream that was cut, or whose original was, has none.

The end is one of: complete; excerpt, which is some whole epochs of a longer stream; cut, when the stream was closed properly \
but the recorder's input was cut; recovered; missing.

Pieces of one stream in one file, sealed or signed, must go on from each other: where epochs are missing between them, come twice or \
out of order, the exit status is 3. Between files they need not.

Frames:
A line of --frames has seven columns with one blank between them: the track's number, presentation time, decoding time and \
duration in ticks of the track (\"-\" where it is unknown), 1 for a key frame and else 0, the packet's length in bytes, and \
the packet's SHA-256. Of a sealed stream, length and SHA-256 are the ciphertext's; pipe it through decrypt-stream to get the \
packets'.

JSON:
--json writes one object a stream, each on a line of its own. A value that is not known or does not apply is null; a time is \
a text (RFC 3339, UTC), a duration a number of seconds. Later versions may add keys.
  version, input, stream      container version (1), the input's name, which of its streams (from 1)
  role, sealed                \"original\" or \"public\"; true or false
  camera, id, hash, start     as in the stream record; hash is H, its SHA-256
  continues                   id of the stream that this one goes on from
  frames, bytes, duration     over all tracks
  tracks[].frames             and .key_frames, .gaps, .corrupt, .hidden, .bytes, .duration of each track
  tracks[].kind               \"video\", \"audio\" or \"data\"; and .codec, .time_base
  tracks[].width              and .height, .frame_rate, .rotation, .mirrored, .sample_rate, .channels
  epochs                      how many; first_epoch and last_epoch are their numbers
  sessions                    how many key sessions
  recipients[].subject        of every certificate that can open something; and .issuer, .serial, .sha256
  recipients[].key_type       \"P-256\", \"P-384\", \"RSA-3072\" ...
  recipients[].not_before     and .not_after; .validity is \"valid now\", \"expired\" or \"not yet valid\"
  recipients_changed          true when a list of recipients is not the recorder's
  key_sessions[].session      its number; .first_epoch, .since (wall clock), .messages (how many)
  key_sessions[].recipients[] .sha256 of the certificate; .share (.group, .x) where it holds a share only
  key_sessions[].groups[]     .k shares of .n open the session
  key_sessions[].left_out[]   .name, .reason, .sha256, .not_after
  key_sessions[].list         \"claimed\": no key has proven it; that is what inspect can say; .bond: the same of its bond to the session before, null in session 0
  key_sessions[].generation   of the list of recipients; .written, .recipients_changed, .changed_by, .torn
  key_sessions[].tied         true when there are two lists with one number, one of them somebody's copy
  key_sessions[].consistent   false when the certificates are not those that the messages are for
  access[]                    what a certificate opens: .sha256, .subject, .first_epoch, .last_epoch, and by the recorder's \
clock .from and .until (null: to the end); .share where it takes other shares, too
  grants[]                    .first_epoch, .last_epoch, .from, .until, .to, .sha256, .fits (it names this stream)
  manifest                    what a public stream was made from: .stream and .hash (id and H of the original), .first_epoch, \
.last_epoch, .last_close (SHA-256 of that epoch's close record), .frames, .first_pts, .last_pts, .program, .settings
  not_listed                  entries that these lists have no room for
  signer, signatures          subject of the signer's certificate; how many epochs are signed (not checked)
  index, index_wrong          entries of the index; true when some entry is not where its epoch begins
  end                         \"complete\", \"excerpt\", \"cut\", \"recovered\" or \"missing\"
  reason                      why the stream ends, from its last close record
  whole                       true for complete and excerpt that go on from the pieces before them in the file
  fault                       where the stream stops being one: .byte, .message

Limits:
Memory: one record, at most 64 MiB, and 256 MiB for the lists. They hold 8192 entries and 1024 certificates a stream; what is \
more is counted only.

Examples:
  inspect cam.sealed.vv
  inspect --json cam.sealed.vv | jq .frames
  inspect --cms 0 cam.sealed.vv > keys.der
  openssl cms -decrypt -inform DER -in keys.der -inkey server.key -recip server.pem
  decrypt-stream -i server.key cam.sealed.vv | inspect --frames | diff - expected.txt
";

fn main() -> ExitCode {
    cli::run("inspect", |args: Args, session| {
        let shown = match args.cms {
            Some(number) => Shown::Message(number),
            None if args.frames => Shown::Frames,
            None if args.json.json => Shown::Json,
            None => Shown::Text,
        };
        inspect(&args.input, &args.output, shown, session)
    })
}
