//! Cameras with TLS: whose certificate is believed, and what is said of the others.

use std::net::TcpListener;

use rustix::process::Signal;

use crate::support::authority::Authority;
use crate::support::camera::{Camera, clip, places, recorded};
use crate::support::dialogue::{say, serve};
use crate::support::yard::{Yard, assert_status, stderr, until};

/// An authority and a yard with its certificate, ca.pem, and a clip.
fn authority() -> (Authority, Yard) {
    let (authority, yard) = (Authority::new("yard"), Yard::new());
    yard.write("ca.pem", &authority.read("ca.pem"));
    clip(&yard.path(""), "clip.mp4", "h264", "320x240", 2);
    (authority, yard)
}

/// A camera with a certificate of the authority that names it so.
fn camera(authority: &Authority, yard: &Yard, names: &str, more: &[&str]) -> Camera {
    authority.issue("camera", "ca", 30, &format!("subjectAltName={names}\n"));
    served_with(yard, &[authority.read("camera.pem"), authority.read("camera.key")].concat(), more)
}

fn served_with(yard: &Yard, pem: &[u8], more: &[&str]) -> Camera {
    yard.write("camera.pem", pem);
    let pem = yard.path("camera.pem");
    Camera::with(&yard.path("clip.mp4"), 0, &[&["--tls", pem.to_str().unwrap()], more].concat())
}

/// Records a second or so.
fn records(yard: &Yard, command: &str) {
    let _ = std::fs::remove_file(yard.path("out.vv"));
    let running = yard.start(&format!("exec env {command} -o out.vv"));
    until("something is recorded", || yard.size("out.vv") > 50_000);
    running.signal(Signal::TERM);
    let output = running.output();
    assert_status(&output, 0);
    assert_eq!(stderr(&output), "");
    let r = recorded(&yard.bytes("out.vv"));
    let places = places(&yard.path("clip.mp4"), false);
    assert!(r.frames.len() > 5 && r.frames.iter().all(|(_, _, hash)| places.contains_key(hash)));
}

/// What is said of a camera that is not recorded.
fn refused(yard: &Yard, command: &str, why: &str) {
    let output = yard.sh(&format!("{command} --wait 0s -o no.vv"));
    assert_status(&output, 1);
    let said = stderr(&output);
    assert!(said.starts_with("capture: error: cannot record \"rtsps://") && said.contains(why), "{said}");
    assert!(said.lines().count() == 2 && said.contains("\ncapture: hint: "), "{said}");
    assert!(!yard.exists("no.vv"));
}

#[test]
fn a_camera_of_a_known_authority_is_recorded() {
    let (authority, yard) = authority();
    yard.done("umask 077; echo 'guard:correct horse' > right");
    let right = yard.path("right");
    let gate = camera(&authority, &yard, "DNS:localhost,IP:127.0.0.1", &["--credentials", right.to_str().unwrap()]);
    let address = &gate.address;
    assert!(address.starts_with("rtsps://"), "{address}");
    records(&yard, &format!("capture {address} --ca ca.pem --credentials right"));
    records(&yard, &format!("SSL_CERT_FILE=ca.pem capture {address} --credentials right"));
    let by_name = address.replace("127.0.0.1", "localhost");
    records(&yard, &format!("capture {by_name} --ca ca.pem --credentials right"));
    refused(&yard, &format!("capture {address} --ca ca.pem"), "wants a name and a password");
    // the system's authorities do not know it
    refused(&yard, &format!("capture {address} --credentials right"), "by no authority that is known");
    refused(
        &yard,
        &format!("faketime --exclude-monotonic -f +40d capture {address} --ca ca.pem"),
        "certificate has expired",
    );
    refused(&yard, &format!("faketime --exclude-monotonic -f -40d capture {address} --ca ca.pem"), "not yet valid");
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    let (authority, yard) = authority();
    let gate = camera(&authority, &yard, "DNS:gate.example,IP:127.0.0.2", &[]);
    let address = &gate.address;
    refused(&yard, &format!("capture {address} --ca ca.pem"), "is not for \"127.0.0.1\", but for \"gate.example\"");
    let other = Authority::new("other");
    yard.write("other.pem", &other.read("ca.pem"));
    refused(&yard, &format!("capture {address} --ca other.pem"), "by no authority that is known");
}

#[test]
fn a_certificate_that_the_camera_issued_itself_is_believed_when_it_is_given() {
    for constraint in ["CA:TRUE", "CA:FALSE"] {
        let (own, yard) = authority();
        own.openssl(&format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout own.key -out own.pem -days 30 -subj /CN=cam \
             -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints={constraint}"
        ));
        yard.write("own.pem", &own.read("own.pem"));
        let gate = served_with(&yard, &[own.read("own.pem"), own.read("own.key")].concat(), &[]);
        let address = &gate.address;
        records(&yard, &format!("capture {address} --ca own.pem"));
        refused(&yard, &format!("capture {address} --ca ca.pem"), "");
        let by_name = address.replace("127.0.0.1", "localhost");
        refused(&yard, &format!("capture {by_name} --ca own.pem"), "is not for \"localhost\", but for");
        refused(&yard, &format!("faketime --exclude-monotonic -f +40d capture {address} --ca own.pem"), "has expired");
    }
}

#[test]
fn what_speaks_no_tls_is_reported() {
    let (_authority, yard) = authority();
    let plain = Camera::start(&yard.path("clip.mp4"));
    let address = plain.address.replace("rtsp:", "rtsps:");
    refused(&yard, &format!("capture {address} --ca ca.pem"), "does not speak TLS");
    let (address, asked) = serve(|who, request| say(who, &request.answer("400 Bad Request", "", "")));
    // nothing that could be read was sent there
    let output = yard.sh(&format!("capture {} --ca ca.pem --wait 0s --stall 1s", address.replace("rtsp:", "rtsps:")));
    assert_status(&output, 1);
    let all = format!("{:?}", asked.all());
    assert!(!all.contains("DESCRIBE"), "{all}");
}

#[test]
fn flags_that_do_not_go_with_an_address_are_refused() {
    let (_authority, yard) = authority();
    // nobody is asked
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = nobody.local_addr().unwrap().port();
    for (arguments, why) in [
        (format!("rtsps://127.0.0.1:{port}/ --transport udp"), "datagrams are not encrypted"),
        (format!("rtsp://127.0.0.1:{port}/ --ca ca.pem"), "--ca is for an address that begins with rtsps://"),
        (format!("rtsps://127.0.0.1:{port}/ --ca clip.mp4"), "cannot use \"clip.mp4\""),
    ] {
        let output = yard.sh(&format!("capture {arguments}"));
        assert!(stderr(&output).contains(why), "{}", stderr(&output));
        assert!(matches!(output.status.code(), Some(1 | 2)), "{output:?}");
    }
    let output = yard.sh(&format!("SSL_CERT_FILE=/dev/null SSL_CERT_DIR=/dev/null capture rtsps://127.0.0.1:{port}/"));
    assert!(stderr(&output).contains("this system has no certificates of authorities"), "{}", stderr(&output));
    nobody.set_nonblocking(true).unwrap();
    assert!(nobody.accept().is_err());
}
