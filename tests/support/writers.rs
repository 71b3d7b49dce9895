//! Every command that writes files, and what may be there afterwards.

use super::yard::Yard;

/// A command that writes onto `disk/`, in the yard of [`yard`].
pub struct Writer {
    pub command: &'static str,
    /// What the message names.
    pub file: &'static str,
    /// Succeeds when the output is whole.
    pub check: &'static str,
    /// Succeeds when what stays after a failure may stay; without it nothing may.
    pub left: Option<&'static str>,
}

const fn writer(command: &'static str, file: &'static str, check: &'static str) -> Writer {
    Writer { command, file, check, left: None }
}

/// What an encryptor leaves: nothing, or the authentic prefix, since footage cannot be recorded once more.
const PREFIX: &str = "case $(names) in '') ;; out.vv) decrypt-stream -q -i desk.key disk/out.vv -f -o part
    test $? = 3 && is_prefix part open.vv;; *) false;; esac";
/// What a recorder leaves: nothing, or segments up to the last whole record, ended where the disk lets it.
const SEGMENTS: &str = "case $(names) in '') ;; *) decrypt-stream -q -i desk.key disk/arch -f -o part
    is_prefix part open.vv;; esac";
/// What stays of a run over an archive: its state, and whole outputs.
const STATE: &str =
    "! names | grep -q '\\.part' && for f in disk/out/*.vv made/*.vv; do ! test -e $f || cmp $f open.vv; done";

/// All of them.
pub const WRITERS: &[Writer] = &[
    writer("capture -q --loop 10 camera.mp4 -o disk/out.vv", "\"disk/out.vv\"", "inspect disk/out.vv"),
    Writer {
        left: Some(PREFIX),
        ..writer(
            "encrypt-stream -q -r certs plain.vv -f -o disk/out.vv",
            "\"disk/out.vv\"",
            "verify -q -i desk.key disk/out.vv",
        )
    },
    writer("decrypt-stream -q -i desk.key sealed.vv -o disk/out.vv", "\"disk/out.vv\"", "cmp disk/out.vv open.vv"),
    writer("protect -q -i desk.key middle.vv -o disk/out.vv", "\"disk/out.vv\"", "inspect disk/out.vv"),
    writer(
        "protect -q -i desk.key middle.vv -o public.vv --report disk/report",
        "\"disk/report\"",
        "rm public.vv && tail -1 disk/report | grep summary",
    ),
    writer(
        "protect -q -i desk.key middle.vv -o public.vv --plot disk/plot.png",
        "\"disk/plot.png\"",
        "rm public.vv && ffprobe disk/plot.png",
    ),
    writer(
        "protect -q -i desk.key middle.vv -o public.vv --overlay disk/over.vv -r certs",
        "\"disk/over.vv\"",
        "rm public.vv && verify -q -i desk.key disk/over.vv",
    ),
    writer(
        "rewrap -q -i desk.key -r certs sealed.vv -o disk/out.vv",
        "\"disk/out.vv\"",
        "cmp <(decrypt-stream -q -i desk.key disk/out.vv) open.vv",
    ),
    writer("rewrap -q --cut --from 2 sealed.vv -o disk/out.vv", "\"disk/out.vv\"", "verify -q -i desk.key disk/out.vv"),
    writer(
        "rewrap -q -i desk.key --grant certs/desk.pem --from 0 --to 5 sealed.vv -o disk/out.vv",
        "\"disk/out.vv\"",
        "verify -q -i desk.key disk/out.vv",
    ),
    writer(
        "rewrap -q -i desk.key --grant certs/desk.pem --from 0 --to 5 --sidecar disk/grant sealed.vv",
        "\"disk/grant\"",
        "decrypt-stream -q -i desk.key --grant-file disk/grant sealed.vv",
    ),
    writer("inspect --frames sealed.vv -o disk/out", "\"disk/out\"", "cmp <(inspect --frames sealed.vv) disk/out"),
    writer(
        "view -q -i desk.key sealed.vv -o disk/out.mp4",
        "\"disk/out.mp4\"",
        "test $(packets disk/out.mp4 | wc -l) = 100",
    ),
    writer(
        "view -q -i desk.key sealed.vv -o disk/out.mkv",
        "\"disk/out.mkv\"",
        "test $(packets disk/out.mkv | wc -l) = 100",
    ),
    writer("view -q -i desk.key sealed.vv --snapshot 1 -o disk/out.png", "\"disk/out.png\"", "ffprobe disk/out.png"),
    writer("view -q -i desk.key short.vv --contact-sheet disk/out.png", "\"disk/out.png\"", "ffprobe disk/out.png"),
    writer(
        "view -q -i desk.key short.vv --disclose-keys --export disk/case.zip",
        "\"disk/case.zip\"",
        "test $(unzip -Z1 disk/case.zip | wc -l) = 11 && unzip -tq disk/case.zip",
    ),
    writer(
        "view -q -i desk.key short.vv --disclose-keys --export disk/case",
        "\"disk/case\"",
        "cd disk/case && sha256sum -c SHA256SUMS",
    ),
    Writer {
        left: Some(SEGMENTS),
        ..writer("record -q --segment 4s disk/arch sealed.vv", "\"disk/arch", "verify -q -i desk.key disk/arch")
    },
    writer(
        "record -q --repair cut.vv -o disk/out.vv > part",
        "\"disk/out.vv\"",
        "inspect disk/out.vv | grep recovered",
    ),
    Writer {
        left: Some(STATE),
        ..writer(
            "reprocess -q --do 'decrypt-stream -i desk.key' --state state archive disk/out",
            "item.vv",
            "rm -r state; cmp disk/out/item.vv open.vv",
        )
    },
    Writer {
        left: Some(STATE),
        ..writer(
            "reprocess -q --do 'decrypt-stream -i desk.key' --state disk/state archive made",
            "disk/state",
            "cmp made/item.vv open.vv && reprocess status --json disk/state | grep -q '\"done\":1'",
        )
    },
    writer(
        "enroll-cert -q --generate --name new --key disk/new.key -o disk/new.pem",
        "\"disk/new.",
        "openssl pkey -in disk/new.key && openssl x509 -in disk/new.pem",
    ),
    writer(
        "enroll-cert -q bundle.pem --select $(cat pick) -o disk/certs/new.pem",
        "\"disk/certs",
        "cmp disk/certs/new.pem certs/desk.pem",
    ),
    writer(
        "decrypt-stream -q -i desk.key sealed.vv > disk/out.vv; s=$?; [ $s = 0 ] || rm -f disk/out.vv; (exit $s)",
        "to stdout",
        "cmp disk/out.vv open.vv",
    ),
    writer(
        "view -q -i desk.key sealed.vv > disk/out; s=$?; [ $s = 0 ] || rm -f disk/out; (exit $s)",
        "to stdout",
        "ffprobe disk/out",
    ),
    writer(
        "verify --json -i desk.key sealed.vv > disk/out; s=$?; [ $s = 0 ] || rm -f disk/out; (exit $s)",
        "to stdout",
        "test -s disk/out",
    ),
];

/// What the commands read.
pub fn yard() -> Yard {
    let yard = Yard::with_camera(1);
    yard.done(
        "capture -q --loop 10 --epoch 2s --camera gate camera.mp4 -o plain.vv
         encrypt-stream -q -r certs --rekey-interval 2s plain.vv -o sealed.vv
         decrypt-stream -q -i desk.key sealed.vv -o open.vv
         capture -q camera.mp4 | encrypt-stream -q -r certs -o short.vv
         capture -q --loop 3 camera.mp4 | encrypt-stream -q -r certs -o middle.vv
         head -c 50000 sealed.vv > cut.vv; mkdir archive; cp sealed.vv archive/item.vv
         enroll other; cat certs/desk.pem certs/other.pem > bundle.pem; rm certs/other.pem
         openssl x509 -in certs/desk.pem -outform DER | sha256sum | cut -c-16 > pick; touch part part.frames whole.frames",
    );
    yard
}

impl Writer {
    /// A script that runs the command on an empty `disk/`, after the words `before`, and ends with its status. It says
    /// on stdout what is wrong with the files: with the output when the command succeeded, or with what is left.
    /// `after` is run when it failed.
    pub fn script(&self, before: &str, after: &str) -> String {
        let Writer { command, check, left, .. } = self;
        let left = left.unwrap_or("test -z \"$(names)\" && ! test -e public.vv");
        format!(
            "names() {{ (cd disk && find . -mindepth 1 ! -name full ! '(' -type d -name '[!.]*' ')' -printf '%P\\n' | sort); }}
             is_prefix() {{
                 inspect --frames $1 > part.frames 2> /dev/null; inspect --frames $2 > whole.frames
                 test -s part.frames && cmp -n $(stat -c %s part.frames) part.frames whole.frames
             }}
             rm -rf state public.vv made
             {before} {command}
             status=$?
             if [ $status = 0 ]; then
                 ({check}) > /dev/null 2> checked || {{ echo 'NOT WHOLE'; cat checked; names; }}
             else
                 ({left}) > /dev/null 2> checked || {{ echo 'LEFT'; cat checked; names; }}
                 {after}
             fi
             exit $status"
        )
    }

    /// The same command once more, for after [`Writer::script`].
    pub fn again(&self) -> String {
        let Writer { command, check, .. } = self;
        format!("({command} && ({check}) > /dev/null) 2> checked || {{ echo 'NOT AGAIN'; cat checked; }}")
    }
}
