//! Several input files: a recording in pieces is read as one, and what is missing between them is named.

use vidveil::format::{Reader, Record};

use crate::support::output::{assert_says, stdout};
use crate::support::yard::{Yard, assert_status, stderr, told};

/// `sealed.vv`, 6 s of three epochs, and each of them in a file of its own: `0.vv`, `1.vv`, `2.vv`.
fn in_pieces() -> Yard {
    let yard = Yard::with_camera(6);
    yard.done(
        "capture camera.mp4 --start 2026-05-01T14:00:00Z | encrypt-stream -r certs --rekey-interval 2s > sealed.vv",
    );
    for n in 0..3 {
        let (from, to) = (2 * n, 2 * n + 1);
        let output = yard.sh(&format!("rewrap -q --cut --from {from}.5 --to {to}.5 sealed.vv -o {n}.vv"));
        assert_status(&output, 0);
    }
    yard
}

/// Where the frame of this number begins.
fn nth_frame(bytes: &[u8], n: usize) -> usize {
    let mut reader = Reader::new(bytes);
    let mut seen = 0;
    loop {
        if matches!(reader.next().unwrap().unwrap(), Record::Frame(_)) {
            if seen == n {
                return usize::try_from(reader.record_offset()).unwrap();
            }
            seen += 1;
        }
    }
}

#[test]
fn pieces_in_their_order_are_the_recording() {
    let yard = in_pieces();
    yard.done("decrypt-stream -i desk.key sealed.vv -o whole.vv");
    yard.done("decrypt-stream -i desk.key --require-complete 0.vv 1.vv 2.vv -o plain.vv");
    assert!(yard.bytes("whole.vv") == yard.bytes("plain.vv"));
    yard.done("cat 0.vv 1.vv 2.vv | decrypt-stream -i desk.key -o piped.vv");
    assert!(yard.bytes("whole.vv") == yard.bytes("piped.vv"));
    yard.done("cat 1.vv | decrypt-stream -i desk.key 0.vv - 2.vv -o mixed.vv");
    assert!(yard.bytes("whole.vv") == yard.bytes("mixed.vv"));
    // without a key, too
    yard.done("for n in 0 1 2; do decrypt-stream -i desk.key $n.vv -o plain.$n.vv 2> /dev/null; done");
    yard.done("view plain.0.vv plain.1.vv plain.2.vv -o plain.mp4; view -i desk.key sealed.vv -o sealed.mp4");
    assert_eq!(yard.done("packets plain.mp4"), yard.done("packets sealed.mp4"));
    assert_eq!(yard.done("inspect --json 0.vv sealed.vv | jq -r .input"), "0.vv\nsealed.vv\n");
    let told = yard.done("inspect 0.vv 1.vv");
    assert!(told.contains("0.vv: stream number 1\n") && told.contains("1.vv: stream number 2\n"), "{told}");
}

#[test]
fn one_public_stream_comes_of_the_pieces() {
    let yard = in_pieces();
    yard.done("protect -i desk.key --learn 0s 0.vv 1.vv 2.vv -o public.vv");
    let json = yard.done("inspect --json public.vv");
    assert_eq!(json.lines().count(), 1, "{json}");
    assert!(json.contains("\"end\":\"complete\""), "{json}");
    let times = |name: &str| yard.done(&format!("inspect --frames {name} | grep '^0 ' | cut -d' ' -f2 | sort -n"));
    assert_eq!(times("public.vv"), times("sealed.vv"));
}

#[test]
fn a_gap_is_named_with_its_times() {
    let yard = in_pieces();
    let output = yard.sh("decrypt-stream -i desk.key 0.vv 2.vv -o plain.vv");
    assert_status(&output, 0);
    let said = stderr(&output);
    let gap = "warning: \"2.vv\": a gap before it: epoch 1 missing, so everything from 2026-05-01T14:00:02";
    assert!(said.contains(gap) && said.contains(" to 2026-05-01T14:00:04"), "{said}");
    assert!(said.contains("the input is an excerpt"), "{said}");
    assert_eq!(
        yard.done("inspect --json plain.vv | jq -c '[.first_epoch, .last_epoch, .end]'"),
        "[0,0,\"excerpt\"]\n[2,2,\"excerpt\"]\n"
    );
    // the pictures after it keep their times
    yard.sh("view -q -i desk.key 0.vv 2.vv -o two.mp4");
    let times = yard.done("times two.mp4");
    let times: Vec<i64> = times.lines().map(|t| t.parse().unwrap()).collect();
    assert_eq!((times.len(), times[20] - times[19]), (40, 2100));
    assert_status(&yard.sh("decrypt-stream -i desk.key --require-complete 0.vv 2.vv"), 3);
    let output = yard.sh("decrypt-stream -i desk.key 1.vv 0.vv");
    assert!(stderr(&output).contains("\"0.vv\": epoch 0 comes after epoch 1"), "{}", told(&output));
}

#[test]
fn a_moment_is_found_without_reading_the_files_before_it() {
    let yard = in_pieces();
    let clip =
        |files: &str, name: &str| yard.done(&format!("view -i desk.key --from 4.5 {files} -o {name}; packets {name}"));
    let whole = clip("sealed.vv", "whole.mp4");
    assert_eq!(clip("0.vv 1.vv 2.vv", "three.mp4"), whole);
    // the end of the first file and all but the beginning of the second are never looked at
    for name in ["0.vv", "1.vv"] {
        let mut bytes = yard.bytes(name);
        let end = bytes.len() - 200;
        bytes[end] ^= 1;
        yard.write(&format!("bent.{name}"), &bytes);
    }
    assert_status(&yard.sh("view -i desk.key bent.0.vv 1.vv 2.vv -o - | cat > all.mkv; exit ${PIPESTATUS[0]}"), 3);
    assert_eq!(clip("bent.0.vv bent.1.vv 2.vv", "skipped.mp4"), whole);
    assert_eq!(
        yard.done(
            "view -i desk.key --from 2026-05-01T14:00:04.5Z bent.0.vv bent.1.vv 2.vv -o utc.mp4; packets utc.mp4"
        ),
        whole
    );
}

#[test]
fn what_is_wrong_names_its_file_and_the_byte_in_it() {
    let yard = in_pieces();
    // before anything is written
    assert_says(&yard.sh("decrypt-stream -i desk.key 0.vv none.vv -o out.vv"), 1, &["no such file: \"none.vv\""]);
    assert!(!yard.exists("out.vv"));
    let output = yard.sh("decrypt-stream -i desk.key 0.vv 1.vv -o 1.vv --force");
    assert_says(&output, 2, &["the output \"1.vv\" is the input"]);

    let mut bytes = yard.bytes("1.vv");
    let frame = nth_frame(&bytes, 5);
    let at = frame + 40;
    bytes[at] ^= 1;
    yard.write("bent.vv", &bytes);
    let output = yard.sh("decrypt-stream -i desk.key 0.vv bent.vv 2.vv -o bent.plain.vv");
    assert_says(&output, 3, &[&format!("\"bent.vv\": damaged at byte {frame}: ")]);

    // what is torn takes nothing of the next file with it
    yard.write("torn.vv", &bytes[..at]);
    let output = yard.sh("decrypt-stream -i desk.key 0.vv torn.vv 2.vv -o torn.plain.vv");
    assert_says(&output, 3, &[&format!("\"torn.vv\": cut at byte {at}")]);
    let found = stdout(&yard.sh("inspect --json torn.plain.vv | jq -c '[.first_epoch, .last_epoch, .end]'"));
    assert!(found.ends_with("[2,2,\"excerpt\"]\n"), "{found}");
    assert_says(&yard.sh("inspect 0.vv torn.vv 2.vv"), 3, &["\"torn.vv\""]);
}

#[test]
fn a_grant_may_reach_over_pieces() {
    let yard = in_pieces();
    yard.done("enroll police");
    assert_status(
        &yard.sh("rewrap -q -i desk.key --grant certs/police.pem --from 1 --to 5 --sidecar g.vvk sealed.vv"),
        0,
    );
    let open = |files: &str| {
        yard.sh(&format!("decrypt-stream -i police.key --grant-file g.vvk {files} | inspect --frames | wc -l"))
    };
    let output = open("0.vv 1.vv 2.vv");
    assert_status(&output, 0);
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "60");
    let output = open("0.vv 1.vv");
    assert_says(&output, 3, &["epoch 2 granted, but not in the file"]);
}
