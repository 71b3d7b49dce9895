//! `view --export`: a case that is checked with standard tools alone, and by the reader in Python that is in it.

use std::process::Output;

use crate::support::yard::{Yard, assert_status, kill, stderr, told};

/// Python with the package cryptography, and what a court does with a case in the folder `case`.
const COURT: &str = r#"
python=/usr/bin/python3; "$python" -c 'import cryptography' 2>/dev/null || python=python3
sums() { (cd case && sha256sum --quiet -c SHA256SUMS); }
signature() {
    (cd case && openssl cms -verify -binary -inform DER -in SHA256SUMS.p7s -content SHA256SUMS \
        -CAfile certificates/exporter.pem -partial_chain -purpose any -out /dev/null 2>&1)
}
reader() { "$python" case/read-sealed.py "$@"; }
hashes() { ffprobe -v error -select_streams v:0 -show_entries packet=data_hash -show_data_hash sha256 -of csv=p=0 "$1" | cut -d: -f2; }
"#;

/// Checks SHA256SUMS.p7s without OpenSSL's CMS: the signature over the attributes, and the digest among them.
const ED25519: &str = r#"
import hashlib
from cryptography import x509
der = open("SHA256SUMS.p7s", "rb").read()
def children(begin, end):
    found = []
    while begin < end:
        length, body = der[begin + 1], begin + 2
        if length & 0x80:
            body += length & 0x7f
            length = int.from_bytes(der[begin + 2:body], "big")
        found.append((begin, body, body + length))
        begin = body + length
    return found
at = lambda part, n: children(*part[1:])[n]
signer = at(at(at(at((0, 0, len(der)), 0), 1), 0), -1)
fields = children(*at(signer, 0)[1:])
attributes = b"1" + der[fields[3][0] + 1:fields[3][2]]
certificate = x509.load_pem_x509_certificate(open("certificates/exporter.pem", "rb").read())
certificate.public_key().verify(der[fields[5][1]:fields[5][2]], attributes)
digest = hashlib.sha512(open("SHA256SUMS", "rb").read()).digest()
print("right" if digest in attributes else "wrong")
"#;

/// A recording of eight seconds, signed by its archiver, an epoch each second; somebody who exports and signs.
fn yard() -> Yard {
    let yard = Yard::with_camera(8);
    yard.done(
        "signer archiver; signer exporter
         capture --camera gate camera.mp4 -o cam.vv
         encrypt-stream -r certs --rekey-interval 1s --sign archiver.key --signer archiver.pem cam.vv -o signed.vv",
    );
    yard
}

fn court(yard: &Yard, script: &str) -> Output {
    yard.sh(&format!("{COURT}\n{script}"))
}

#[track_caller]
fn proved(yard: &Yard, script: &str) -> String {
    let output = court(yard, script);
    assert!(output.status.success(), "{script}\n{}", told(&output));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_case_is_checked_with_standard_tools() {
    let yard = yard();
    yard.done(
        "view -q -i desk.key --from 2.5 --to 4.5 --export case.zip --sign exporter.key --signer exporter.pem --signer archiver.pem signed.vv
         python3 -m zipfile -t case.zip > tested
         python3 -m zipfile -e case.zip case
         view -i desk.key --from 2.5 --to 4.5 -o part.mp4 signed.vv",
    );
    let names = yard.done("cd case && find . -type f | LC_ALL=C sort");
    assert_eq!(
        names.lines().collect::<Vec<_>>(),
        [
            "./README.txt",
            "./SHA256SUMS",
            "./SHA256SUMS.p7s",
            "./certificates/exporter.pem",
            "./certificates/given.pem",
            "./certificates/recipient.pem",
            "./certificates/signer.pem",
            "./contact-sheet.png",
            "./excerpt.vv",
            "./read-sealed.py",
            "./read_sealed_keys.py",
            "./verdict.json",
            "./verdict.txt",
            "./video.mp4",
        ]
    );
    assert_eq!(yard.text("case/SHA256SUMS").lines().count(), 12, "every file but the list and its signature");
    proved(
        &yard,
        "sums; signature; cmp case/certificates/signer.pem archiver.pem; cmp case/certificates/recipient.pem certs/desk.pem",
    );
    // the video is what view gives, and the excerpt is signed by the archiver, whole epochs of it
    assert_eq!(yard.done("packets case/video.mp4"), yard.done("packets part.mp4"));
    let line = proved(&yard, "cd case && verify -q --signer certificates/signer.pem excerpt.vv");
    assert!(line.contains("authenticated, an excerpt"), "{line}");
    assert!(yard.text("case/verdict.txt").starts_with("excerpt.vv: authenticated, an excerpt"));
    assert!(yard.text("case/verdict.json").contains("\"verdict\":\"excerpt\",\"status\":0"));
    let sheet = yard.bytes("case/contact-sheet.png");
    assert!(sheet.starts_with(b"\x89PNG"));
    // the reader in the case: the chain without a key, every packet of the video with one
    let chain = proved(&yard, "reader --chain case/excerpt.vv");
    let fingerprint = yard.done("openssl x509 -in archiver.pem -outform DER | sha256sum | cut -d' ' -f1");
    assert!(chain.contains(&format!("signed by certificate {fingerprint}")), "{chain}");
    let frames = proved(&yard, "reader -i desk.key --frames case/excerpt.vv 2>/dev/null");
    for hash in proved(&yard, "hashes case/video.mp4").lines() {
        assert!(frames.contains(hash), "{hash} is not in the excerpt");
    }
    assert_status(&court(&yard, "reader --frames case/excerpt.vv"), 4);
    // README names every file and the fingerprint of who signed
    let readme = yard.text("case/README.txt");
    let exporter = yard.done("openssl x509 -in exporter.pem -outform DER | sha256sum | cut -d' ' -f1");
    assert!(readme.contains(exporter.trim()), "{readme}");
    for name in names.lines().map(|n| &n[2..]) {
        assert!(readme.contains(name) || name == "README.txt", "{name}");
    }
    assert!(!yard.names().iter().any(|n| n.starts_with('.')), "{:?}", yard.names());
}

#[test]
fn tampering_is_found() {
    let yard = yard();
    yard.done("view -q -i desk.key --export case --sign exporter.key --signer exporter.pem signed.vv; cp -r case good");
    proved(&yard, "sums; signature");
    for name in yard.done("cd case && find . -type f -not -name 'SHA256SUMS*'").lines() {
        let path = format!("case/{name}");
        let mut bytes = yard.bytes(&path);
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
        yard.write(&path, &bytes);
        assert!(!court(&yard, "sums").status.success(), "{name}");
        // whoever makes a new list cannot sign it
        let relisted = court(
            &yard,
            "(cd case && sha256sum $(cut -c67- SHA256SUMS) > new && mv new SHA256SUMS); sums && signature",
        );
        assert!(!relisted.status.success(), "{name}: {}", told(&relisted));
        yard.done("rm -r case; cp -r good case");
    }
    // in the excerpt, it is found without the list, too
    let mut bytes = yard.bytes("case/excerpt.vv");
    let at = bytes.len() - 6000;
    bytes[at] ^= 1;
    yard.write("case/excerpt.vv", &bytes);
    assert_status(&yard.sh("verify --signer archiver.pem case/excerpt.vv"), 3);
    assert_status(&court(&yard, "reader --chain case/excerpt.vv"), 3);
}

#[test]
fn disclosed_keys_open_the_excerpt_and_nothing_else() {
    let yard = yard();
    yard.done("view -q -i desk.key --from 2.5 --to 4.5 --disclose-keys --export case signed.vv");
    let frames = proved(&yard, "reader --keys case/epoch-keys.txt --frames case/excerpt.vv 2>/dev/null");
    let opened = |text: &str| text.lines().filter(|l| !l.starts_with('#')).count();
    assert_eq!(
        opened(&frames),
        proved(&yard, "reader -i desk.key --frames case/excerpt.vv 2>/dev/null").lines().count()
    );
    for hash in proved(&yard, "hashes case/video.mp4").lines() {
        assert!(frames.contains(hash), "{hash} is not in the excerpt");
    }
    let all = proved(&yard, "reader -i desk.key --frames signed.vv");
    let with_keys = proved(&yard, "reader --keys case/epoch-keys.txt --frames signed.vv");
    assert_eq!(with_keys, frames);
    assert!(with_keys.lines().count() < all.lines().count());
    // a wrong key opens nothing
    yard.done("sed '/^#/!s/.$/0/;/^#/!s/..$/00/' case/epoch-keys.txt > wrong");
    assert_status(&court(&yard, "reader --keys wrong --frames case/excerpt.vv"), 3);
    // who was granted a part has no keys to give away
    yard.done(
        "enroll friend; mv certs/friend.pem friend.pem
         rewrap -q -i desk.key --grant friend.pem --from 2.5 --to 4.5 --sidecar grant.vvk signed.vv",
    );
    let refused =
        yard.sh("view -q -i friend.key --grant-file grant.vvk --disclose-keys --export refused.zip case/excerpt.vv");
    assert_status(&refused, 4);
    assert!(stderr(&refused).contains("not yours to disclose"), "{}", stderr(&refused));
    assert!(!yard.exists("refused.zip"));
}

#[test]
fn every_kind_of_key_signs_a_case() {
    let yard = Yard::with_camera(2);
    yard.done("capture camera.mp4 -o cam.vv");
    for kind in ["p-256", "p-384", "rsa-3072", "ed25519"] {
        yard.done(&format!(
            "rm -rf case; signer {kind} --algorithm {kind}
             view -q --export case --sign {kind}.key --signer {kind}.pem cam.vv 2> said"
        ));
        proved(&yard, "sums");
        assert_eq!(yard.text("said").contains("cannot check a CMS signature by Ed25519"), kind == "ed25519");
        if kind == "ed25519" {
            // RFC 8419 came to OpenSSL's CMS late; the case says so
            assert!(yard.text("case/README.txt").contains("Ed25519"));
            assert_eq!(proved(&yard, &format!("cd case; \"$python\" - <<'END'\n{ED25519}END")).trim(), "right");
            continue;
        }
        proved(&yard, "signature");
    }
}

#[test]
fn a_public_stream_and_a_folder_of_segments_are_exported_too() {
    let yard = yard();
    yard.done(
        "record -q --segment 2s archive/ < signed.vv
         view -q -i desk.key --from 1.5 --to 6.5 --export joined archive/
         view -q -i desk.key --from 1.5 --to 6.5 --export one signed.vv
         capture camera.mp4 -o cam.vv --force; view -q --export plain cam.vv",
    );
    assert_eq!(yard.done("packets joined/video.mp4"), yard.done("packets one/video.mp4"));
    let line = proved(&yard, "verify -q --signer archiver.pem joined/excerpt.vv");
    assert!(line.contains("streams, ") && line.contains("authenticated, an excerpt"), "{line}");
    let readme = yard.text("plain/README.txt");
    assert!(
        readme.contains("Nobody signed this list") && readme.contains("The recording itself is not signed"),
        "{readme}"
    );
    assert!(yard.text("plain/verdict.txt").contains("not authenticated"));
    let reader = proved(&yard, "cp -r plain case; sums; reader --frames case/excerpt.vv");
    assert_eq!(reader.lines().count(), 80);
}

#[test]
fn what_cannot_be_made_leaves_nothing_and_damage_leaves_what_is_authentic() {
    let yard = yard();
    let before = yard.names();
    assert_status(&yard.sh("view --export case.zip signed.vv"), 4);
    assert_status(&yard.sh("view -i desk.key --from 100 --export case.zip signed.vv"), 1);
    assert_status(&yard.sh("cat signed.vv | view -i desk.key --export case.zip"), 2);
    assert_status(&yard.sh("view -i desk.key --export certs signed.vv"), 2);
    assert_status(&yard.sh("view -i desk.key --export case --sign exporter.key signed.vv"), 2);
    assert_status(&yard.sh("view -i desk.key --signer exporter.pem --export case signed.vv"), 4);
    assert_eq!(yard.names(), before);
    let signed = yard.bytes("signed.vv");
    yard.write("cut.vv", &signed[..signed.len() - 6000]);
    let output = yard.sh("view -i desk.key --export case cut.vv");
    assert_status(&output, 3);
    assert!(yard.text("case/verdict.txt").contains("cut"), "{}", yard.text("case/verdict.txt"));
    proved(&yard, "sums");
    assert!(yard.done("packets case/video.mp4").lines().count() > 20);
}

/// A key agent that offers the key of certs/desk.pem and never does anything with it.
struct Idle {
    listener: std::os::unix::net::UnixListener,
    way: std::os::fd::OwnedFd,
    key: Vec<u8>,
}

impl Idle {
    fn new(yard: &Yard) -> Self {
        use rustix::fs::{Mode, OFlags, open};
        use rustix::io::{FdFlags, fcntl_setfd};
        use vidveil::keys::certificates_in;
        let socket = yard.path("socket");
        let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        // where the commands look for it, and inherited
        let way = open(&socket, OFlags::PATH, Mode::empty()).unwrap();
        let way = rustix::io::fcntl_dupfd_cloexec(way, 100).unwrap();
        fcntl_setfd(&way, FdFlags::empty()).unwrap();
        let key = certificates_in(&yard.bytes("certs/desk.pem")).unwrap()[0].public_key().spki().to_vec();
        Idle { listener, way, key }
    }

    fn environment(&self) -> (&'static str, String) {
        use std::os::fd::AsRawFd;
        (vidveil::cli::secrets::agent::VARIABLE, self.way.as_raw_fd().to_string())
    }

    /// Offers the key, and gives the connection on which an operation was asked for.
    fn asked(&self) -> std::os::unix::net::UnixStream {
        use std::io::Write;
        use vidveil::keys::agent::{Answer, Listed, MAX_REQUEST, Request, read_message, write_message};
        loop {
            let (mut client, _) = self.listener.accept().unwrap();
            client.write_all(&[7; 16]).unwrap();
            let body = read_message(&mut client, MAX_REQUEST).unwrap();
            assert_eq!(&body[..16], [7; 16]);
            let Request::List = Request::parse(&body[16..]).unwrap() else { return client };
            let key = Listed { spki: self.key.clone(), description: None };
            write_message(&mut client, &Answer::Keys(vec![key]).to_body()).unwrap();
        }
    }
}

#[test]
fn the_second_signal_leaves_nothing_behind() {
    let yard = yard();
    let agent = Idle::new(&yard);
    let before = yard.names();
    for case in ["case.zip", "case"] {
        let mut view = yard.command("view", &["--export", case, "signed.vv"]);
        let (name, value) = agent.environment();
        let mut child = view.env(name, value).spawn().unwrap();
        // the case is being made, and waits for the key
        let _waiting = agent.asked();
        assert!(yard.names().iter().any(|n| n.ends_with(".case")), "{:?}", yard.names());
        kill(child.id(), rustix::process::Signal::TERM);
        std::thread::sleep(std::time::Duration::from_millis(1500));
        assert!(child.try_wait().unwrap().is_none(), "the first one is polite");
        kill(child.id(), rustix::process::Signal::TERM);
        assert_eq!(child.wait().unwrap().code(), Some(130));
        assert_eq!(yard.names(), before);
    }
}
