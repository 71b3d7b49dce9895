//! Where output goes: never over what a command reads, never to somebody else, and readable by whom it should be.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use crate::support::yard::*;

/// Everything that writes: the command with OUT for its output, the ending that the output's name must have, and what
/// it reads.
const WRITERS: [(&str, &str, &[&str]); 16] = [
    ("capture -q clip.mp4 -f -o OUT", "", &["clip.mp4"]),
    ("capture -q -f -o OUT < clip.mp4", "", &["clip.mp4"]),
    (
        "encrypt-stream -q -r r.pem --sign s.key --signer s.pem plain.vv -f -o OUT",
        "",
        &["plain.vv", "r.pem", "s.key", "s.pem"],
    ),
    ("encrypt-stream -q -r r.pem -f -o OUT < plain.vv", "", &["plain.vv"]),
    ("decrypt-stream -q -i desk.key sealed.vv -f -o OUT", "", &["sealed.vv", "desk.key"]),
    ("protect -q -i desk.key sealed.vv -f -o OUT", "", &["sealed.vv", "desk.key"]),
    ("protect -q -i desk.key sealed.vv -f -o out --report OUT", "", &["sealed.vv", "desk.key"]),
    ("protect -q -i desk.key sealed.vv -f -o out --plot OUT", "", &["sealed.vv", "desk.key"]),
    ("protect -q -i desk.key sealed.vv -f -o out -r r.pem --overlay OUT", "", &["sealed.vv", "desk.key", "r.pem"]),
    ("rewrap -q -i desk.key -r r.pem sealed.vv -f -o OUT", "", &["sealed.vv", "desk.key", "r.pem"]),
    ("rewrap -q --cut --from 0 sealed.vv -f -o OUT", "", &["sealed.vv"]),
    ("inspect sealed.vv -f -o OUT", "", &["sealed.vv"]),
    ("view -q -i desk.key sealed.vv -f -o OUT", ".mp4", &["sealed.vv", "desk.key"]),
    ("view -q -i desk.key sealed.vv -f --snapshot 0 -o OUT", ".png", &["sealed.vv", "desk.key"]),
    ("view -q -i desk.key sealed.vv -f --contact-sheet OUT", ".png", &["sealed.vv", "desk.key"]),
    ("view -q -i desk.key sealed.vv -f --export OUT", ".zip", &["sealed.vv", "desk.key"]),
];

fn yard() -> Yard {
    let yard = Yard::with_camera(1);
    yard.done(
        "mv camera.mp4 clip.mp4; cp certs/desk.pem r.pem; capture -q --camera gate clip.mp4 -o plain.vv
         enroll-cert -q --generate --for signing --name s --key s.key -o s.pem
         encrypt-stream -q -r r.pem plain.vv -o sealed.vv; mkdir keep; cp -p *.* keep",
    );
    yard
}

#[test]
fn no_output_takes_the_place_of_what_the_command_reads() {
    let yard = yard();
    for (command, ending, inputs) in WRITERS {
        for input in inputs {
            for way in ["itself", "symbolic link", "hard link"] {
                let out = match way {
                    "itself" if !ending.is_empty() => continue,
                    "itself" => (*input).to_owned(),
                    _ => format!("over{ending}"),
                };
                let _ = fs::remove_file(yard.path(&format!("over{ending}")));
                match way {
                    "symbolic link" => symlink(input, yard.path(&out)).unwrap(),
                    "hard link" => fs::hard_link(yard.path(input), yard.path(&out)).unwrap(),
                    _ => {}
                }
                let command = command.replace("OUT", &out);
                let output = yard.sh(&command);
                let named = format!("{command} ({way} of {input})\n{}", told(&output));
                assert_eq!(output.status.code(), Some(2), "{named}");
                assert!(
                    stderr(&output).contains("is the input") || stderr(&output).contains("by this command already"),
                    "{named}"
                );
                assert!(yard.bytes(input) == yard.bytes(&format!("keep/{input}")), "{named}");
            }
        }
    }
    // every command that has an output is in the table
    let help = "for c in capture encrypt-stream decrypt-stream protect rewrap inspect view record verify reprocess; do \
                $c --help | grep -q -e '-o, --output' && echo $c; done; true";
    for name in yard.done(help).lines().filter(|name| *name != "record") {
        assert!(WRITERS.iter().any(|(command, ..)| command.starts_with(name)), "{name}");
    }
}

#[test]
fn what_was_opened_with_a_key_is_for_its_user_alone() {
    let yard = yard();
    let mode = |name: &str| fs::metadata(yard.path(name)).unwrap().permissions().mode() & 0o777;
    let opened = [
        ("decrypt-stream -q -i desk.key sealed.vv", "-o", "a.vv"),
        ("view -q -i desk.key sealed.vv", "-o", "a.mp4"),
        ("view -q -i desk.key sealed.vv --snapshot 0", "-o", "a.png"),
        ("view -q -i desk.key sealed.vv", "--contact-sheet", "b.png"),
        ("view -q -i desk.key sealed.vv --disclose-keys", "--export", "a.zip"),
    ];
    for (command, flag, name) in opened {
        for (more, umask, expected) in
            [("", "022", 0o600), ("", "000", 0o600), ("--mode 640", "077", 0o640), ("--mode 644 -f", "022", 0o644)]
        {
            let _ = fs::remove_file(yard.path(name));
            assert_status(&yard.sh(&format!("umask {umask}; {command} {more} {flag} {name}")), 0);
            assert_eq!(mode(name), expected, "{command} {more}, umask {umask}");
        }
    }
    // one that is replaced, too
    assert_status(&yard.sh("chmod 644 a.vv; decrypt-stream -q -i desk.key sealed.vv -f -o a.vv"), 0);
    assert_eq!(mode("a.vv"), 0o600);
    // a case that is a folder, and all in it
    for (more, folder, file) in [("", 0o700, 0o600), ("--mode 640", 0o750, 0o640)] {
        assert_status(
            &yard.sh(&format!("rm -rf case; view -q -i desk.key sealed.vv --disclose-keys {more} --export case")),
            0,
        );
        assert_eq!((mode("case"), mode("case/certificates")), (folder, folder));
        let files = yard.done("find case -type f -printf '%m\n' | sort -u");
        assert_eq!(files, format!("{file:o}\n"));
    }
    // what anybody can open is as open as everything that a user writes
    assert_status(&yard.sh("umask 022; decrypt-stream -q --plain-ok plain.vv -o b.vv; view -q plain.vv -o b.mp4"), 0);
    assert_eq!((mode("b.vv"), mode("b.mp4")), (0o644, 0o644));
    for wrong in ["8", "0", "200", "1777", "rw"] {
        assert_status(&yard.sh(&format!("view -q -i desk.key sealed.vv --mode {wrong} -o c.mp4")), 2);
    }
}

#[test]
fn a_pipe_of_somebody_else_gets_nothing() {
    let yard = yard();
    if fs::metadata(yard.path("")).unwrap().uid() != 0 {
        return eprintln!("skipped: outputs::a_pipe_of_somebody_else_gets_nothing: only root can make one");
    }
    yard.done("mkfifo theirs own; chown nobody theirs");
    let read = |out: &str, flags: &str| {
        yard.sh(&format!(
            "(timeout 5 cat {out} > got) & decrypt-stream -q -i desk.key sealed.vv {flags} -o {out}; s=$?; wait; exit $s"
        ))
    };
    let output = read("theirs", "");
    assert_status(&output, 2);
    assert!(stderr(&output).contains("named pipe of another user"), "{}", told(&output));
    assert_eq!(yard.size("got"), 0);
    for (out, flags) in [("own", ""), ("theirs", "-f")] {
        assert_status(&read(out, flags), 0);
        assert!(yard.size("got") > 1000, "{out}");
    }
}
