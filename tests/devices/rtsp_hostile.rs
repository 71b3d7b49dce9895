//! What answers at a camera's address need not be a camera: `capture` says so, and neither crashes nor fills the
//! memory.

use std::io::Write;
use std::net::TcpStream;

use crate::support::dialogue::{Request, SDP, say, serve};
use crate::support::yard::{Yard, assert_status, stderr};

/// Parameter sets of a clip of 320x240 (H.265).
const SPS: &str = "QgEBAWAAAAMAkAAAAwAAAwA8oAoIDxZZKkkyvAWgIAAAAwAgAAADAyE=";
const PPS: &str = "RAHBcrRiQA==";

/// What capture says of somebody who answers so.
fn refusal_of(answer: impl Fn(&mut TcpStream, &Request) -> std::io::Result<()> + Send + Sync + 'static) -> String {
    refusal_and_memory(answer).0
}

/// The same, and the most memory that capture took, in kB.
fn refusal_and_memory(
    answer: impl Fn(&mut TcpStream, &Request) -> std::io::Result<()> + Send + Sync + 'static,
) -> (String, u64) {
    let (address, _) = serve(answer);
    let yard = Yard::new();
    let output = yard.sh(&format!("command time -o took -f %M capture {address} --wait 0s -o out.vv"));
    assert_status(&output, 1);
    assert!(!yard.exists("out.vv"));
    let said = stderr(&output);
    assert!(said.starts_with(&format!("capture: error: cannot record \"{address}\": ")), "{said}");
    assert_eq!(said.lines().count(), 2, "{said}");
    (said, yard.text("took").lines().last().unwrap().parse().unwrap())
}

fn description(who: &mut TcpStream, request: &Request, sdp: &str) -> std::io::Result<()> {
    say(who, &request.answer("200 OK", "Content-Type: application/sdp\r\n", sdp))
}

#[test]
fn what_is_no_rtsp_is_reported() {
    let said = refusal_of(|who, _| who.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"));
    assert!(said.contains("not RTSP"), "{said}");
    refusal_of(|who, r| description(who, r, "v=0\r\nm=\0\r\n"));
    let said = refusal_of(|who, r| {
        let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=application 0 RTP/AVP 98\r\na=rtpmap:98 bomb/90000\r\n";
        description(who, r, sdp)
    });
    assert!(said.contains("no video that can be recorded, but application bomb"), "{said}");
}

#[test]
fn parameter_sets_without_end_are_a_reason_and_no_crash() {
    let said = refusal_of(|who, r| {
        let vps = format!("QAEA{}", "AAAA".repeat(30_000));
        let sdp = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\n\
            a=fmtp:96 sprop-vps={vps};sprop-sps={SPS};sprop-pps={PPS}\r\na=control:stream=0\r\n"
        );
        description(who, r, &sdp)
    });
    assert!(said.contains("makes no sense"), "{said}");
}

/// More than capture takes for a camera that answers in order, in kB; what is sent below is many times this.
const MOST: u64 = 100_000;

/// Writes so until the other side is gone, or half a gigabyte is out.
fn flood(who: &mut TcpStream, text: &str) -> std::io::Result<()> {
    let block = text.repeat((1 << 16) / text.len() + 1);
    (0..8192).try_for_each(|_| who.write_all(block.as_bytes()))
}

#[test]
fn an_answer_without_end_does_not_fill_the_memory() {
    for length in ["1099511627776", "2000000", "18446744073709551616", "99999999999999999999999999"] {
        let (said, kb) = refusal_and_memory(move |who, r| {
            say(
                who,
                &format!("RTSP/1.0 200 OK\r\nCSeq: {}\r\nContent-Length: {length}\r\n\r\n", r.header("CSeq").unwrap()),
            )?;
            flood(who, "a")
        });
        assert!(said.contains("answer does not end") && kb < MOST, "{length}: {kb} kB, {said}");
    }
}

#[test]
fn a_head_without_end_does_not_fill_the_memory() {
    for line in ["a", "X-Header: of many\r\n", " folded\r\n"] {
        let (said, kb) = refusal_and_memory(move |who, _| {
            say(who, "RTSP/1.0 200 OK\r\n")?;
            flood(who, line)
        });
        assert!(said.contains("a head of more than 64 KiB") && kb < MOST, "{kb} kB, {said}");
    }
    let (said, kb) = refusal_and_memory(|who, _| flood(who, "RTSP/1.0 200 "));
    assert!(said.contains("a head of more than 64 KiB") && kb < MOST, "{kb} kB, {said}");
}

#[test]
fn ten_thousand_media_are_too_many() {
    let (said, kb) = refusal_and_memory(|who, r| {
        let media = "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n";
        description(who, r, &format!("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n{}", media.repeat(10_000)))
    });
    assert!(said.contains("describes 10000 media") && kb < MOST, "{kb} kB, {said}");
}

#[test]
fn answers_to_nothing_and_requests_are_no_way_around() {
    let (said, kb) = refusal_and_memory(|who, _| flood(who, "RTSP/1.0 200 OK\r\nCSeq: 77\r\n\r\n"));
    assert!(said.contains("answers what was not asked") && kb < MOST, "{kb} kB, {said}");
    let (_, kb) = refusal_and_memory(|who, _| flood(who, "ANNOUNCE rtsp://x/ RTSP/1.0\r\nCSeq: 1\r\n\r\n"));
    assert!(kb < MOST, "{kb} kB");
    // packets of no stream, before anything was answered
    let (_, kb) = refusal_and_memory(|who, r| match r.method() {
        "DESCRIBE" => description(who, r, SDP),
        _ => flood(who, "$\u{1}\0\u{4}aaaa"),
    });
    assert!(kb < MOST, "{kb} kB");
}
