//! `decrypt-stream` on streams that stop in unusual places: what it writes is a whole container each time.

use std::io::Write;
use std::process::{Command, Stdio};

use vidveil::format::{EndKind, Reason, RecordType};

use crate::support::seal::*;

/// Exit status and output.
fn decrypt(sealed: &[u8]) -> (i32, Vec<u8>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_decrypt-stream"))
        .args(["-i".as_ref(), testdata("certs/p256.key").as_os_str()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(sealed).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    (output.status.code().unwrap(), output.stdout)
}

#[test]
fn wherever_a_record_ends_a_cut_stream_comes_out_closed() {
    let (sealed, frames) = small();
    let ends: Vec<_> = records(&sealed).into_iter().map(|(kind, r)| (kind, r.end)).collect();
    let last_close = ends.iter().rev().find(|(kind, _)| *kind == RecordType::Close).unwrap().1;
    // after the stream and keys records there is nothing authentic to give out yet but the stream itself
    for (kind, end) in ends.iter().skip(1).filter(|(kind, end)| *kind != RecordType::Frame || end % 3 == 0) {
        let (status, plain) = decrypt(&sealed[..*end]);
        assert_eq!(status, if *end == sealed.len() { 0 } else { 3 }, "cut after a {} record", kind.name());
        let got = open(&plain, "p256");
        assert!(got.error.is_none(), "cut after a {} record at {end}: {:?}", kind.name(), got.error);
        let inside = open(&sealed[..*end], "p256").frames;
        assert_eq!(got.packets(), inside.iter().map(|f| f.1.as_slice()).collect::<Vec<_>>());
        // the last close record is authentic: with it the frames are all there
        let whole = *end >= last_close;
        assert_eq!(got.reasons.last(), Some(if whole { &Reason::EndOfInput } else { &Reason::InputCut }));
        assert_eq!(got.ends[0].kind, if whole { EndKind::Complete } else { EndKind::Cut });
        assert!(!whole || got.frames.len() == frames.len());
    }
}

#[test]
fn a_recovered_stream_that_ends_inside_an_epoch_comes_out_closed() {
    let (sealed, _) = small();
    let third = records(&sealed).into_iter().filter(|(kind, _)| *kind == RecordType::Frame).nth(2).unwrap().1.end;
    let end = vidveil::format::End { kind: EndKind::Recovered, index_len: 0 };
    let recovered = [&sealed[..third], &end.to_record().unwrap()].concat();
    let (status, plain) = decrypt(&recovered);
    assert_eq!(status, 3);
    let got = open(&plain, "p256");
    assert!(got.error.is_none(), "{:?}", got.error);
    assert_eq!((got.frames.len(), got.reasons.last()), (3, Some(&Reason::InputCut)));
}
