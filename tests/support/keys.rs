//! What the tests of `keys` share.

use std::path::PathBuf;
use std::process::Command;

use vidveil::keys::{Algorithm, Certificate, GenerateOptions, KeyFile, certificates_in, generate};

use super::testdata;

/// Where the committed certificates are.
pub fn certs_dir() -> PathBuf {
    testdata("certs")
}

/// 2027-01-15, when the committed certificates are valid.
pub fn now() -> i64 {
    1_800_000_000_000_000_000
}

pub fn read(name: &str) -> Vec<u8> {
    std::fs::read(certs_dir().join(name)).unwrap()
}

pub fn cert(name: &str) -> Certificate {
    certificates_in(&read(&format!("{name}.pem"))).unwrap().remove(0)
}

pub fn key(name: &str) -> KeyFile {
    KeyFile::parse(&read(&format!("{name}.key")), || panic!("no pass phrase is needed")).unwrap()
}

pub fn options(name: &str, algorithm: Algorithm) -> GenerateOptions {
    GenerateOptions { name: name.into(), algorithm, days: 730, now_ns: now() }
}

pub fn generated(name: &str, algorithm: Algorithm) -> (Certificate, KeyFile) {
    let made = generate(&options(name, algorithm), None).unwrap();
    let certificate = certificates_in(made.certificate_pem.as_bytes()).unwrap().remove(0);
    (certificate, KeyFile::parse(made.key_pem.as_bytes(), || None).unwrap())
}

/// Runs openssl and gives its standard output; panics with its message when it fails.
pub fn openssl(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("openssl").args(arguments).output().expect("openssl is installed");
    assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
