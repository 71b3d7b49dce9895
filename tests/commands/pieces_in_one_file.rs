//! Pieces of a stream in one file, or as the segments of a folder: every reader finds what is missing between them,
//! comes twice or out of order. As several files they are what somebody chose to give.

use std::process::Output;

use crate::support::yard::{Yard, assert_status, told};

/// `sealed.vv`, 8 s of four epochs; each of them in a file of its own, `0.vv` to `3.vv`, and as the segments of
/// `archive`.
fn in_pieces() -> Yard {
    let yard = Yard::with_camera(8);
    yard.done(
        "capture camera.mp4 --start 2026-05-01T14:00:00Z | encrypt-stream -r certs --rekey-interval 2s > sealed.vv
         record -q archive --segment 2s < sealed.vv
         for n in 0 1 2 3; do rewrap -q --cut --from $((2 * n)).5 --to $((2 * n + 1)).5 sealed.vv -o $n.vv; done 2> /dev/null",
    );
    yard
}

/// Every command that reads a sealed recording, up to its input.
const READERS: [&str; 6] = [
    "decrypt-stream -i desk.key",
    "view -i desk.key -o -",
    "view -i desk.key --to 7.9 -o -",
    "protect -i desk.key --learn 0s",
    "verify -i desk.key",
    "inspect",
];

fn run(yard: &Yard, reader: &str, input: &str) -> Output {
    yard.sh(&format!("{reader} {input} > out"))
}

#[track_caller]
fn assert_finds(output: &Output, finding: &str, what: &str) {
    let said = told(output);
    assert_eq!(output.status.code(), Some(3), "{what}: {said}");
    assert!(said.contains(finding), "{what}: {said}");
}

#[test]
fn in_one_file_every_reader_finds_what_is_missing_repeated_or_out_of_order() {
    let yard = in_pieces();
    for (pieces, finding) in [
        ("0 1 2 3", ""),
        ("1 2", ""),
        ("sealed sealed", ""),
        ("0 2", "epoch 1 is missing after epoch 0"),
        ("0 3", "epochs 1 to 2 are missing after epoch 0"),
        ("0 1 3", "epoch 2 is missing after epoch 1"),
        ("1 0", "epoch 0 should not come after epoch 1"),
        ("2 3 0 1", "epoch 0 should not come after epoch 3"),
        ("0 0 1", "epoch 0 is there twice"),
        ("0 1 2 1", "epoch 1 is there twice"),
        ("sealed 2", "epoch 2 is there twice"),
        ("other 0 other 2", "epoch 1 is missing after epoch 0"),
    ] {
        if pieces.starts_with("other") {
            // another stream between two pieces makes nobody forget the first
            yard.done("capture camera.mp4 | encrypt-stream -r certs --rekey-interval 2s > other.vv");
        }
        let names: Vec<String> = pieces.split(' ').map(|name| format!("{name}.vv")).collect();
        yard.done(&format!("cat {} > joined.vv", names.join(" ")));
        for reader in READERS {
            // view shows up to a time: of several streams that is the first
            if pieces.contains("sealed ") && reader.contains("--to")
                || pieces.contains("other") && reader.contains("--to")
            {
                continue;
            }
            for input in ["joined.vv", "< joined.vv"] {
                let (output, what) = (run(&yard, reader, input), format!("{reader} {input}, {pieces}"));
                match finding {
                    "" => assert_eq!(output.status.code(), Some(0), "{what}: {}", told(&output)),
                    _ if reader.starts_with("verify") => {
                        let said = yard.text("out");
                        assert_eq!(output.status.code(), Some(3), "{what}: {said}");
                        // of pieces that are there twice it names all that are
                        let same = said.contains(finding) || said.contains("should not come after epoch");
                        assert!(same, "{what}: {said}");
                    }
                    _ => assert_finds(&output, finding, &what),
                }
            }
        }
    }
    // what is there is given all the same, and JSON names the place
    yard.done("cat 0.vv 2.vv > joined.vv");
    let plain = "decrypt-stream -q -i desk.key joined.vv 2> /dev/null | inspect --frames | wc -l";
    assert_eq!(String::from_utf8(yard.sh(plain).stdout).unwrap().trim(), "40");
    let json = yard.sh("inspect --json joined.vv | jq -c '[.whole, .fault.byte, .fault.message]'");
    let second = yard.size("0.vv") + 8;
    let expected = format!("[true,null,null]\n[false,{second},\"epoch 1 is missing after epoch 0\"]\n");
    assert_eq!(String::from_utf8(json.stdout).unwrap(), expected);
}

#[test]
fn several_files_are_what_somebody_chose() {
    let yard = in_pieces();
    for files in ["0.vv 2.vv", "1.vv 0.vv", "0.vv 0.vv"] {
        for reader in READERS {
            let output = run(&yard, reader, files);
            assert_eq!(output.status.code(), Some(0), "{reader} {files}: {}", told(&output));
            assert!(reader == "inspect" || told(&output).contains("warning: "), "{reader} {files}: {}", told(&output));
        }
    }
    // what was granted is opened as excerpts, and who hides people in those has done nothing wrong
    yard.done("enroll police");
    for (from, to) in [(0, 1), (4, 5)] {
        let grant =
            format!("rewrap -q -i desk.key --grant certs/police.pem --from {from} --to {to} --sidecar g{from}.vvk");
        assert_status(&yard.sh(&format!("{grant} sealed.vv")), 0);
    }
    let open = "set -o pipefail; decrypt-stream -q -i police.key --grant-file g0.vvk --grant-file g4.vvk sealed.vv";
    for next in ["inspect", "view -o -", "protect --learn 0s"] {
        let output = yard.sh(&format!("{open} | {next} > out"));
        assert_eq!(output.status.code(), Some(0), "{next}: {}", told(&output));
    }
}

#[test]
fn the_segments_of_a_folder_are_as_one_file() {
    let yard = in_pieces();
    let readers = READERS.iter().filter(|reader| **reader != "inspect");
    for reader in readers.clone() {
        let output = run(&yard, reader, "archive");
        assert_eq!(output.status.code(), Some(0), "{reader}: {}", told(&output));
    }
    let mut segments: Vec<_> = std::fs::read_dir(yard.path("archive")).unwrap().map(|e| e.unwrap().path()).collect();
    segments.sort();
    assert_eq!(segments.len(), 4);
    std::fs::remove_file(&segments[1]).unwrap();
    for reader in readers {
        let output = run(&yard, reader, "archive");
        assert_eq!(output.status.code(), Some(3), "{reader}: {}", told(&output));
        let finding = if reader.starts_with("verify") { "one hole" } else { "epoch 1 is missing after epoch 0" };
        assert!(told(&output).contains(finding), "{reader}: {}", told(&output));
    }
    // only what is asked for is held against it
    for span in ["--to 2026-05-01T14:00:01Z", "--from 2026-05-01T14:00:04Z"] {
        let output = run(&yard, &format!("view -i desk.key {span} -o -"), "archive");
        assert_eq!(output.status.code(), Some(0), "{span}: {}", told(&output));
    }
}
