//! What answers at a camera's address need not be a camera: `capture` says so, and neither crashes nor fills the
//! memory.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use crate::support::yard::{Yard, assert_status, stderr};

/// Parameter sets of a clip of 320x240 (H.265).
const SPS: &str = "QgEBAWAAAAMAkAAAAwAAAwA8oAoIDxZZKkkyvAWgIAAAAwAgAAADAyE=";
const PPS: &str = "RAHBcrRiQA==";

/// Has `answer` write to everybody who asked something, with the number of the question; gives the address.
fn served(answer: impl Fn(&mut TcpStream, &str) -> std::io::Result<()> + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("rtsp://{}/stream", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut who in listener.incoming().flatten() {
            let mut asked = vec![0; 4096];
            let length = who.read(&mut asked).unwrap_or(0);
            let asked = String::from_utf8_lossy(&asked[..length]).into_owned();
            let number = asked.lines().find_map(|l| l.strip_prefix("CSeq: ")).unwrap_or("1").to_owned();
            let _ = answer(&mut who, &number);
        }
    });
    address
}

/// What capture says of it.
fn told_of(address: &str) -> String {
    let yard = Yard::new();
    let output = yard.sh(&format!("capture {address} --wait 0s -o out.vv"));
    assert_status(&output, 1);
    assert!(!yard.exists("out.vv"));
    let said = stderr(&output);
    assert!(said.contains(&format!("capture: error: cannot record \"{address}\": ")), "{said}");
    said
}

fn description(who: &mut TcpStream, number: &str, sdp: &str) -> std::io::Result<()> {
    let length = sdp.len();
    let head = format!(
        "RTSP/1.0 200 OK\r\nCSeq: {number}\r\nContent-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n"
    );
    who.write_all(head.as_bytes())?;
    who.write_all(sdp.as_bytes())
}

#[test]
fn what_is_no_rtsp_is_told() {
    told_of(&served(|who, _| who.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")));
    told_of(&served(|who, number| description(who, number, "v=0\r\nm=\0\r\n")));
    let said = told_of(&served(|who, number| {
        let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=application 0 RTP/AVP 98\r\na=rtpmap:98 bomb/90000\r\n";
        description(who, number, sdp)
    }));
    assert!(said.contains("no video that can be recorded, but application bomb"), "{said}");
}

#[test]
fn parameter_sets_without_end_are_a_reason_and_no_crash() {
    let said = told_of(&served(|who, number| {
        let vps = format!("QAEA{}", "AAAA".repeat(30_000));
        let sdp = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\n\
            a=fmtp:96 sprop-vps={vps};sprop-sps={SPS};sprop-pps={PPS}\r\na=control:stream=0\r\n"
        );
        description(who, number, &sdp)
    }));
    assert!(said.contains("makes no sense"), "{said}");
}

#[test]
fn an_answer_without_end_does_not_fill_the_memory() {
    let said = told_of(&served(|who, number| {
        write!(who, "RTSP/1.0 200 OK\r\nCSeq: {number}\r\nContent-Length: 1000000000000\r\n\r\n")?;
        loop {
            who.write_all(&[0; 1 << 16])?;
        }
    }));
    assert!(said.contains("does not end"), "{said}");
}
