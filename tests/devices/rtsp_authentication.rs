//! The password of a camera: shown by Digest, sent to nobody who asks for it, unless that is allowed.

use crate::support::dialogue::{Asked, Request, SDP, say, serve};
use crate::support::yard::{Yard, assert_status, stderr};

const DIGEST: &str = "WWW-Authenticate: Digest realm=\"cam\", nonce=\"0123abcd\"\r\n";
const SHA256: &str = "WWW-Authenticate: Digest realm=\"cam\", nonce=\"0123abcd\", algorithm=SHA-256, qop=\"auth\"\r\n";
const BASIC: &str = "WWW-Authenticate: Basic realm=\"cam\"\r\n";
/// "guard:correct horse", and its password alone.
const ENCODED: [&str; 3] = ["Z3VhcmQ6Y29ycmVjdCBob3JzZQ", "correct horse", "Y29ycmVjdCBob3JzZQ"];

/// What capture says of a camera that answers so, with a password, and what it sent.
fn asked_by(flags: &str, answer: impl Fn(&Request) -> String + Send + Sync + 'static) -> (String, Asked) {
    let yard = Yard::new();
    yard.done("umask 077; echo 'guard:correct horse' > right");
    let (address, asked) = serve(move |who, request| say(who, &answer(request)));
    let output = yard.sh(&format!("capture {address} --wait 0s --credentials right {flags} -o out.vv"));
    assert_status(&output, 1);
    let said = stderr(&output);
    assert_eq!(said.matches("error: ").count(), 1, "{said}");
    assert!(said.starts_with(&format!("capture: error: cannot record \"{address}\": ")), "{said}");
    (said, asked)
}

#[track_caller]
fn assert_kept(asked: &Asked) {
    for request in asked.all() {
        let all = request.lines.join("\n");
        assert!(!ENCODED.iter().any(|secret| all.contains(secret)), "{all}");
        assert!(!all.to_lowercase().contains("authorization: basic"), "{all}");
    }
}

#[test]
fn a_camera_that_wants_the_password_itself_does_not_get_it() {
    let (said, asked) = asked_by("", |r| r.answer("401 Unauthorized", BASIC, ""));
    assert!(said.contains("wants the password itself (Basic authentication), which is not sent"), "{said}");
    assert!(said.contains("hint: have the camera offer Digest; --allow-basic sends"), "{said}");
    assert_eq!((said.lines().count(), asked.all().len()), (2, 1), "{said}");
    assert_kept(&asked);
}

#[test]
fn who_allows_it_sends_it() {
    let (_, asked) = asked_by("--allow-basic", |r| match r.header("Authorization") {
        None => r.answer("401 Unauthorized", BASIC, ""),
        Some(_) => r.answer("404 Not Found", "", ""),
    });
    assert_eq!(asked.proofs(), ["Basic Z3VhcmQ6Y29ycmVjdCBob3JzZQ=="]);
    let yard = Yard::new();
    assert_status(&yard.sh("capture rtsp://127.0.0.1:9/ --allow-basic"), 2);
}

#[test]
fn digest_is_taken_where_both_are_offered() {
    let mixed = "WWW-Authenticate: Basic realm=\"cam\", Digest realm=\"cam\", nonce=\"0123abcd\"\r\n".to_owned();
    for head in [format!("{BASIC}{DIGEST}"), format!("{DIGEST}{BASIC}"), mixed, format!("{DIGEST}{SHA256}")] {
        let strong = head.contains("SHA-256");
        let answer = move |r: &Request| match r.header("Authorization") {
            None => r.answer("401 Unauthorized", &head, ""),
            Some(_) => r.answer("404 Not Found", "", ""),
        };
        let (said, asked) = asked_by("--allow-basic", answer);
        assert!(said.contains("knows no such stream"), "{said}");
        let proofs = asked.proofs();
        assert!(proofs.len() == 1 && proofs[0].starts_with("Digest username=\"guard\""), "{proofs:?}");
        assert_eq!(proofs[0].contains("SHA-256"), strong);
        // the address that is proved is the camera's own
        let uri = asked.all()[0].lines[0].split(' ').nth(1).unwrap().to_owned();
        assert!(proofs[0].contains(&format!("uri=\"{uri}\"")) && uri.ends_with("/stream"), "{proofs:?}, {uri}");
        assert_kept(&asked);
    }
}

#[test]
fn a_camera_that_changes_its_mind_gets_no_password_either() {
    let (said, asked) = asked_by("", |r| match (r.method(), r.header("Authorization")) {
        (_, None) => r.answer("401 Unauthorized", DIGEST, ""),
        ("DESCRIBE", Some(_)) => r.answer("200 OK", "Content-Type: application/sdp\r\n", SDP),
        _ => r.answer("401 Unauthorized", BASIC, ""),
    });
    assert!(said.contains("Basic authentication"), "{said}");
    assert_eq!(asked.all().last().unwrap().method(), "SETUP");
    assert_kept(&asked);
}

#[test]
fn an_old_nonce_is_renewed_and_a_wrong_password_is_not_tried_twice() {
    let stale = "WWW-Authenticate: Digest realm=\"cam\", nonce=\"fresh\", stale=true\r\n";
    let (_, asked) = asked_by("", move |r| match r.header("Authorization") {
        None => r.answer("401 Unauthorized", DIGEST, ""),
        Some(proof) if proof.contains("0123abcd") => r.answer("401 Unauthorized", stale, ""),
        Some(_) => r.answer("404 Not Found", "", ""),
    });
    assert_eq!(asked.proofs().len(), 2);
    let (said, asked) = asked_by("", |r| r.answer("401 Unauthorized", DIGEST, ""));
    assert!(said.contains("refuses the name and the password") && asked.proofs().len() == 1, "{said}");
    let (said, _) = asked_by("", |r| r.answer("401 Unauthorized", "WWW-Authenticate: Bearer realm=\"cam\"\r\n", ""));
    assert!(said.contains("a kind of authentication that is not supported"), "{said}");
}

#[test]
fn another_address_is_reported_and_not_asked() {
    let (elsewhere, asked_there) = serve(|who, r| say(who, &r.answer("401 Unauthorized", BASIC, "")));
    let there = elsewhere.clone();
    let (said, asked) = asked_by("--allow-basic", move |r| match r.header("Authorization") {
        None => r.answer("401 Unauthorized", DIGEST, ""),
        Some(_) => r.answer("302 Moved", &format!("Location: {there}\r\n"), ""),
    });
    assert!(said.contains(&format!("said to be at \"{elsewhere}\", which is not followed")), "{said}");
    assert!(asked_there.all().is_empty());
    // nor where the description has its own address for the streams, and the session ends
    let there = elsewhere.clone();
    let (_, asked_again) = asked_by("--transport udp", move |r| match r.method() {
        "DESCRIBE" if r.header("Authorization").is_none() => r.answer("401 Unauthorized", DIGEST, ""),
        "DESCRIBE" => {
            let sdp = SDP
                .replace("stream=0", &there)
                .replace("m=", &format!("a=tool:LIVE555 Streaming Media v2010.01.01\r\na=control:{there}\r\nm="));
            r.answer("200 OK", &format!("Content-Type: application/sdp\r\nContent-Base: {there}\r\n"), &sdp)
        }
        "SETUP" => r.answer("200 OK", "Session: 7\r\nTransport: RTP/AVP;unicast;server_port=40000-40001\r\n", ""),
        _ => r.answer("500 No", "", ""),
    });
    assert!(asked_again.all().iter().any(|r| r.method() == "TEARDOWN"), "{:?}", asked_again.all());
    assert!(asked_there.all().is_empty(), "{:?}", asked_there.all());
    assert_kept(&asked);
    assert_kept(&asked_again);
}
