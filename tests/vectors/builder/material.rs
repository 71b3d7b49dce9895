//! Certificates and CMS messages that a vector is built around: fixed bytes out of `testdata/certs`.

use std::fs;
use std::path::PathBuf;

use ring::signature::Ed25519KeyPair;

use super::specs::Message;

pub fn testdata(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)
}

fn pem(name: &str) -> Vec<u8> {
    der::pem::decode_vec(&fs::read(testdata(&format!("certs/{name}"))).unwrap()).unwrap().1
}

pub fn certificate(name: &str) -> Vec<u8> {
    pem(&format!("{name}.pem"))
}

pub fn signing_key() -> Ed25519KeyPair {
    Ed25519KeyPair::from_pkcs8_maybe_unchecked(&pem("ed25519.key")).unwrap()
}

/// The message that gives the session secret to `names`, in the order of the file's name.
pub fn message(names: &[&str]) -> Message {
    Message {
        kind: 0,
        group: 0,
        x: 0,
        recipients: names.iter().map(|name| certificate(name)).collect(),
        cms: fs::read(testdata(&format!("certs/cms/{}.der", names.join("_")))).unwrap(),
    }
}
