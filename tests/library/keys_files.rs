//! Key files: what is read, what is refused, and that openssl reads what we write.

use vidveil::keys::{Algorithm, Identity, KeyError, KeyFile, generate};
use zeroize::Zeroizing;

use crate::support::keys::{cert, certs_dir, key, openssl, options, read};

const PHRASE: &[u8] = b"correct horse battery staple";

fn phrase() -> Option<Zeroizing<Vec<u8>>> {
    Some(Zeroizing::new(PHRASE.to_vec()))
}

fn pass_file(option: &str) -> [String; 2] {
    [option.to_owned(), format!("file:{}", certs_dir().join("passphrase.txt").display())]
}

fn convert(command: &str, name: &str, arguments: &[&str]) -> Vec<u8> {
    let file = certs_dir().join(format!("{name}.key"));
    openssl(&[&[command, "-in", file.to_str().unwrap()], arguments].concat())
}

#[test]
fn a_key_has_its_certificates_public_key() {
    for name in ["p256", "p384", "rsa2048", "rsa3072"] {
        assert_eq!(key(name).public_key(), cert(name).public_key(), "{name}");
    }
    assert_ne!(key("p256").public_key(), cert("leaf").public_key());
}

#[test]
fn every_form_of_a_key_is_read() {
    for (bytes, name) in [
        (convert("pkcs8", "p256", &["-topk8", "-nocrypt", "-outform", "DER"]), "p256"),
        (convert("pkcs8", "rsa2048", &["-topk8", "-nocrypt", "-outform", "DER"]), "rsa2048"),
        (convert("ec", "p256", &[]), "p256"),
        (convert("ec", "p384", &["-outform", "DER"]), "p384"),
        (convert("rsa", "rsa2048", &["-traditional"]), "rsa2048"),
        (convert("rsa", "rsa2048", &["-traditional", "-outform", "DER"]), "rsa2048"),
        ([read("p256.pem"), read("p256.key")].concat(), "p256"),
    ] {
        assert!(!KeyFile::is_encrypted(&bytes));
        let key = KeyFile::parse(&bytes, || panic!("no pass phrase is needed")).unwrap();
        assert_eq!(key.public_key(), cert(name).public_key(), "{name}");
    }
}

#[test]
fn encrypted_keys_open_with_their_pass_phrase_only() {
    let [option, file] = pass_file("-passout");
    let encrypted =
        |name: &str, arguments: &[&str]| convert("pkcs8", name, &[&["-topk8", &option, &file], arguments].concat());
    for (bytes, name) in [
        (read("p256.enc.key"), "p256"),
        (encrypted("p384", &["-scrypt"]), "p384"),
        (encrypted("rsa2048", &["-v2", "aes-128-cbc"]), "rsa2048"),
        (encrypted("p256", &["-scrypt", "-outform", "DER"]), "p256"),
    ] {
        assert!(KeyFile::is_encrypted(&bytes));
        assert_eq!(KeyFile::parse(&bytes, phrase).unwrap().public_key(), cert(name).public_key());
        let wrong = || Some(Zeroizing::new(b"correct horse".to_vec()));
        assert_eq!(KeyFile::parse(&bytes, wrong).unwrap_err(), KeyError::WrongPassphrase);
        assert_eq!(KeyFile::parse(&bytes, || None).unwrap_err(), KeyError::PassphraseNeeded);
    }
}

#[test]
fn a_pass_phrase_is_not_asked_for_a_derivation_that_never_ends() {
    let [option, file] = pass_file("-passout");
    let dear = convert(
        "pkcs8",
        "p256",
        &["-topk8", &option, &file, "-scrypt", "-scrypt_N", "16384", "-scrypt_r", "8", "-scrypt_p", "17"],
    );
    let error = KeyFile::parse(&dear, || panic!("asked")).unwrap_err();
    assert!(matches!(error, KeyError::UnsupportedPrivateKey(text) if text.contains("too much")), "{error}");
    // The count of PBKDF2, 100000, is raised to 8388607 by hand.
    let mut dear = convert("pkcs8", "p256", &["-topk8", &option, &file, "-iter", "100000", "-outform", "DER"]);
    let count = dear.windows(5).position(|w| w == [0x02, 0x03, 0x01, 0x86, 0xa0]).unwrap();
    dear[count + 2..count + 5].copy_from_slice(&[0x7f, 0xff, 0xff]);
    let error = KeyFile::parse(&dear, || panic!("asked")).unwrap_err();
    assert!(matches!(error, KeyError::UnsupportedPrivateKey(text) if text.contains("too much")), "{error}");
}

#[test]
fn what_is_no_key_is_named() {
    let parse = |bytes: &[u8]| KeyFile::parse(bytes, || None).unwrap_err();
    assert_eq!(parse(&read("p256.pem")).to_string(), "this is a certificate, not a private key");
    assert_eq!(parse(cert("p256").der()), KeyError::CertificateNotPrivateKey);
    assert_eq!(parse(b"hello"), KeyError::NoPrivateKey);
    assert_eq!(parse(b""), KeyError::NoPrivateKey);
    assert_eq!(parse(&[read("p256.key"), read("p384.key")].concat()), KeyError::SeveralPrivateKeys);
    assert!(matches!(parse(&read("ed25519.key")), KeyError::UnsupportedPrivateKey(_)));
    assert!(matches!(parse(&read("rsa1024.key")), KeyError::UnsupportedPrivateKey(_)));
    assert!(matches!(parse(&vec![0x30; 1 << 20]), KeyError::TooLarge { .. }));
    // The old encrypted form: the error names the command that converts it.
    let [option, file] = pass_file("-passout");
    let old = convert("rsa", "rsa2048", &["-traditional", "-aes256", &option, &file]);
    assert!(parse(&old).to_string().contains("openssl pkcs8 -topk8"));
}

#[test]
fn no_damaged_key_panics() {
    for name in ["p256.key", "p256.enc.key"] {
        let pem = read(name);
        for at in 0..pem.len() {
            let mut bent = pem.clone();
            bent[at] ^= 1;
            let _ = KeyFile::parse(&bent, || None);
            let _ = KeyFile::parse(&pem[..at], || None);
        }
    }
}

#[test]
fn debug_shows_nothing_secret() {
    assert_eq!(format!("{:?}", key("p256")), "KeyFile { key_type: P256, .. }");
}

#[test]
fn openssl_reads_the_keys_that_we_write() {
    let dir = tempfile::tempdir().unwrap();
    for algorithm in [Algorithm::P256, Algorithm::P384, Algorithm::Rsa3072] {
        for passphrase in [None, Some(PHRASE)] {
            let made = generate(&options("desk 1", algorithm), passphrase).unwrap();
            let label = if passphrase.is_some() { "ENCRYPTED PRIVATE KEY" } else { "PRIVATE KEY" };
            assert!(made.key_pem.starts_with(&format!("-----BEGIN {label}-----\n")));
            let (key, certificate) = (dir.path().join("k"), dir.path().join("c"));
            std::fs::write(&key, &*made.key_pem).unwrap();
            std::fs::write(&certificate, &made.certificate_pem).unwrap();
            let [option, file] = pass_file("-passin");
            let of_key = openssl(&["pkey", "-pubout", "-in", key.to_str().unwrap(), &option, &file]);
            let of_certificate = openssl(&["x509", "-pubkey", "-noout", "-in", certificate.to_str().unwrap()]);
            assert_eq!(of_key, of_certificate);
            KeyFile::parse(made.key_pem.as_bytes(), phrase).unwrap();
        }
    }
}
