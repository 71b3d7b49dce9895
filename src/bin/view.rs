//! `view`: the desk.

use std::process::ExitCode;

use clap::Parser;
use vidveil::cli::{self, Session, flags};
use vidveil::commands::ViewCommand;

/// Play a stream, or make a video file or pictures of it
///
/// Reads one stream or several back to back and shows them: as a video file (-o FILE.mp4, -o FILE.mkv), as Matroska on
/// a pipe to any player, in an installed player (--play), as one picture (--snapshot) or as a contact sheet
/// (--contact-sheet).
///
/// Anybody can view a public stream. A sealed original opens only with the private key of one of its recipients (-i);
/// without it the command says whose keys would do, and ends with status 4.
#[derive(Parser)]
#[command(after_long_help = NOTES)]
struct Args {
    #[command(flatten)]
    input: flags::InputsFlags,

    #[command(flatten)]
    archive: flags::ArchiveFlags,

    #[command(flatten)]
    identity: flags::IdentityFlags,

    #[command(flatten)]
    grants: flags::GrantFlags,

    #[command(flatten)]
    view: flags::ViewFlags,

    #[command(flatten)]
    source: flags::SourceFlags,

    #[command(flatten)]
    common: flags::CommonFlags,
}

const NOTES: &str = "\
Examples:
  view -o public.mp4 public.vv
  view -i desk.key -o original.mkv cam.sealed.vv
  view -i desk.key --play cam.sealed.vv
  protect -i server.key < cam.sealed.vv | view | mpv -
  view --from 00:10:00 --to 00:12:30 -o part.mp4 public.vv
  view --snapshot 12.5 -o gate.png public.vv
  view --contact-sheet day.png --every 10m public.vv
  view -i desk.key --from 00:10:00 --to 00:12:30 --export case.zip --sign desk-sign.key --signer desk-sign.pem cam.sealed.vv

Damaged input:
Video files, snapshots and contact sheets have a temporary name until they are
finished. Where the input is damaged or cut, what was
authentic before it is finished and kept under the name, and the exit status
is 3. With the statuses 1, 2, 4 and 5 there is no file.

Pieces without a key frame:
A piece of a recording may begin with pictures that are decoded only after those of the piece before it: record --list says which \
segments do. Pictures that lean on what is not in the input, or does not open, are left out with a warning; where no others are \
left, nothing is written (1). Give the piece before it, too, or the folder.

Export:
The README in the case says how to check each part with standard tools: the list of SHA-256s by sha256sum, its signature (CMS) by openssl cms \
-verify, the excerpt by verify or by the reader in Python that is put in. The excerpt is of whole epochs, from the last key frame before --from \
on, so it may begin before --from and end after --to; the video is of the part that was asked for. Sealed it stays: only its recipients open it, and whoever gets the \
keys of --disclose-keys. The case has a temporary name until it is on the disk; an existing folder is never written to. Of a \
recording that is damaged, a case is made of what is authentic, and the exit status is 3. --sign takes Ed25519, P-256, P-384 and RSA keys; \
openssl 3.0 cannot check a CMS signature by Ed25519.

Several streams and files:
Streams back to back in one input, or in several files, are shown as one. Pieces
of one stream keep their times, and what is missing between them is named: in
one file, and between the segments of a folder, the exit status is 3 then. With
--from, files before that moment are skipped unread. Of different streams,
the times of a later one are kept where they go on; else it follows the one
before it without a gap.
Pictures of the same codec go into the same video, also of another size or configuration. What is of another codec, turned
another way, or has sound of another kind goes into a further file: out-2.mp4 after out.mp4, which a warning names. On a
pipe another Matroska stream follows; --play starts the player once more.

Times:
A video begins at 0 with its first picture, or the sound before that, whatever the times of the camera were; all others keep their distance from it. When that was is in
the file (creation_time), by the recorder's clock. mp4 has no place for a gap of more than 2^31 ticks, 6.6 hours of 90 kHz, nor for one of 2^28 before pictures that are reordered: Matroska has.

Tracks:
Pictures and sound are copied, all tracks of them; data tracks are left out. --track chooses, --no-audio leaves the sound
out. Sound that the container cannot hold is left out, with a warning: G.711, G.726, ADPCM and PCM are for .mkv.
What the source does not show, as an mp4 whose edit list leaves it out, is not shown. mp4 says so in an edit list of its own;
Matroska cannot, and shows hidden pictures that others lean on, with a warning. How pictures
are mirrored and turned is kept in mp4, and in snapshots and contact sheets.

Players:
The player is a child of the command and reads Matroska from its stdin. When
it is closed, the command ends with status 0. --player takes a program and its
arguments, separated by blanks; no shell reads them.

Limits:
Memory: five records, at most 64 MiB each, and what waits for the key frame of --from, at most 256 MiB. The process that decodes pictures gets 1 GiB, and 96 \
bytes for each pixel of --max-pixels; the one that makes a video file gets 6 GiB, of which it takes some hundred bytes for each packet. Either ends with more.

Live:
On a pipe every packet is passed on as it comes. A live recorder must not wait
for a viewer: put the recording first, and the viewer after tee -p.
";

fn main() -> ExitCode {
    cli::run_with_video("view", view)
}

fn view(args: Args, session: &Session) -> anyhow::Result<()> {
    let Args { input, archive, identity, grants, view, source, common: _ } = args;
    ViewCommand { input, archive, identity, grants, view, source }.run(session)
}
