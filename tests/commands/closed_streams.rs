//! Stdin, stdout and stderr that are closed, full, of the wrong kind, or without a reader: what is lost is an error.

use crate::support::thorough;
use crate::support::writers::{WRITERS, Writer, yard};
use crate::support::yard::*;

/// Everything that writes to stdout, and its status when all is well.
const PRINTERS: [(&str, i32); 27] = [
    ("capture -q camera.mp4", 0),
    ("encrypt-stream -q -r certs plain.vv", 0),
    ("decrypt-stream -q -i desk.key sealed.vv", 0),
    ("protect -q -i desk.key short.vv", 0),
    ("view -q -i desk.key sealed.vv", 0),
    ("view -q -i desk.key sealed.vv --snapshot 0", 0),
    ("view -q -i desk.key short.vv --contact-sheet -", 0),
    ("record --list archive", 0),
    ("record --list --json archive", 0),
    ("record -q --repair cut.vv -o repaired.vv", 0),
    ("verify -q -i desk.key sealed.vv", 0),
    ("verify -q --json cut.vv", 3),
    ("inspect sealed.vv", 0),
    ("inspect --json sealed.vv", 0),
    ("inspect --frames sealed.vv", 0),
    ("inspect --cms 0 sealed.vv", 0),
    ("rewrap -q -i desk.key -r certs sealed.vv", 0),
    ("rewrap -q --cut --from 2 sealed.vv", 0),
    ("rewrap -q -i desk.key --grant certs/desk.pem --from 0 sealed.vv", 0),
    ("reprocess --dry-run --do cat archive", 0),
    ("reprocess -q --json --do cat --state state archive made", 0),
    ("reprocess status state", 0),
    ("enroll-cert -q certs/desk.pem", 0),
    ("enroll-cert -q --generate --name new --key new.key", 0),
    ("enroll-cert --check certs", 0),
    ("vidveil", 0),
    ("vidveil inspect sealed.vv", 0),
];

/// Everything that reads stdin.
const READERS: [&str; 12] = [
    "capture -q -o out.vv",
    "encrypt-stream -q -r certs -o out.vv",
    "decrypt-stream -q -i desk.key -o out.vv",
    "protect -q -i desk.key -o out.vv",
    "view -q -i desk.key -o out.mp4",
    "record -q recorded",
    "verify -q -i desk.key",
    "inspect -",
    "rewrap -q -i desk.key -r certs -o out.vv",
    "rewrap -q --cut --from 2 -o out.vv",
    "enroll-cert -q - -o out.pem",
    "vidveil inspect",
];

/// Removes what a run that succeeded has made.
const CLEAN: &str = "rm -rf repaired.vv state made new.key recorded out.vv out.mp4 out.pem";

/// Whether the command makes more than what it prints.
fn makes_more(command: &str) -> bool {
    ["reprocess", "record -q --repair"].iter().any(|makes| command.starts_with(makes))
}

/// A yard, and the names in it.
fn begun() -> (Yard, Vec<String>) {
    let yard = yard();
    // an archive with a run that is done
    yard.done("mv archive/item.vv archive/gate.original.20270115T080000Z.0123456789abcdef-00000000.vv");
    let names = yard.names();
    (yard, names)
}

#[test]
fn what_stdout_does_not_take_is_an_error() {
    let (yard, names) = begun();
    let prepare = |command: &str| match command.contains(" status ") {
        true => "reprocess -q --do cat --state state archive made;",
        false => "",
    };
    let closed = (">&-", "stdout is closed");
    let lost = [
        ("1</dev/null", "cannot write to stdout: bad file descriptor"),
        (">/dev/full", "cannot write to stdout: no space left on device"),
    ];
    for (at, (command, expected)) in PRINTERS.into_iter().enumerate() {
        for (to, words) in [closed, lost[at % 2]] {
            let output = yard.sh(&format!("{} {command} {to}", prepare(command)));
            assert_eq!(output.status.code(), Some(1), "{command} {to}\n{}", told(&output));
            assert!(stderr(&output).contains(words), "{command} {to}\n{}", told(&output));
            // what was made before something was printed is whole
            if makes_more(command) {
                yard.done(CLEAN);
            }
            assert_eq!(yard.names(), names, "{command} {to}");
        }
        // somebody's own choice to lose it, in the form that the closed one has then
        let output = yard.sh(&format!("{} {command} 1<>/dev/null", prepare(command)));
        assert_eq!(output.status.code(), Some(expected), "{command}\n{}", told(&output));
        yard.done(CLEAN);
    }
    for (name, _) in vidveil::cli::family::COMMANDS {
        assert!(PRINTERS.iter().any(|(command, _)| command.starts_with(name)), "{name}");
        let flags = if name == "inspect" { &["--help", "-h", "--version", "--man-page"][..] } else { &["--help"] };
        for flag in flags {
            let output = yard.sh(&format!("{name} {flag} >&-"));
            assert_eq!(output.status.code(), Some(1), "{name} {flag}\n{}", told(&output));
        }
    }
}

#[test]
fn a_reader_that_is_gone_ends_a_command_in_silence() {
    let (yard, _) = begun();
    for (command, _) in PRINTERS.into_iter().filter(|(command, _)| !makes_more(command)) {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = yard.shell(&format!("exec {command}")).stdout(writer).output().unwrap();
        assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(141), ""), "{command}");
        yard.done(CLEAN);
    }
}

#[test]
fn a_closed_stdin_is_not_an_empty_one() {
    let (yard, names) = begun();
    for command in READERS {
        let output = yard.sh(&format!("{command} <&-"));
        assert_eq!(output.status.code(), Some(1), "{command}\n{}", told(&output));
        assert!(stderr(&output).contains("stdin is closed"), "{command}\n{}", told(&output));
        assert_eq!(yard.names(), names, "{command}");
    }
}

#[test]
fn files_are_written_whole_where_all_streams_are_closed() {
    let (yard, _) = begun();
    yard.done("mkdir disk archive2; mv archive/* archive2/item.vv; rmdir archive; mv archive2 archive");
    let files_only = |w: &&Writer| !w.command.contains(" > ");
    for writer in WRITERS.iter().filter(files_only).step_by(if thorough() { 1 } else { 2 }) {
        yard.done("rm -rf disk; mkdir disk");
        let script = writer.script("", "").replacen(writer.command, &format!("{} <&- >&- 2>&-", writer.command), 1);
        let output = yard.sh(&format!("set +e +o pipefail; {script}"));
        assert_eq!((output.status.code(), told(&output).lines().count()), (Some(0), 1), "{}", told(&output));
    }
    // and a failure is one without a word
    for (command, expected) in [("inspect none.vv", 1), ("verify cut.vv", 3), ("view sealed.vv -o x.mp4", 4)] {
        assert_status(&yard.sh(&format!("{command} > /dev/null 2>&-")), expected);
    }
}
