//! Certificates: what they say, which are usable, and which are left out.

use vidveil::keys::{
    Algorithm, Certificate, KeyError, KeyType, RecipientSet, Unusable, Warning, certificates_in, generate, seal_message,
};

use crate::support::keys::{cert, certs_dir, generated, now, openssl, options, read};

#[test]
fn a_certificate_tells_its_facts() {
    let certificate = cert("rsa3072");
    assert_eq!(certificate.subject(), "CN=test rsa3072");
    assert_eq!(certificate.common_name(), "test rsa3072");
    assert_eq!(certificate.issuer(), "CN=test rsa3072");
    assert_eq!(certificate.key_type().to_string(), "RSA-3072");
    assert_eq!(certificate.not_before_ns(), 1_767_225_600_000_000_000);
    assert_eq!(certificate.not_after_ns(), 2_713_910_400_000_000_000);
    let file = certs_dir().join("rsa3072.pem");
    let text = |argument: &[&str]| {
        String::from_utf8(openssl(&[&["x509", "-noout", "-in", file.to_str().unwrap()], argument].concat())).unwrap()
    };
    let plain = |text: String| text.trim().split('=').next_back().unwrap().replace(':', "").to_lowercase();
    assert_eq!(certificate.serial_hex(), plain(text(&["-serial"])));
    let fingerprint: String = certificate.fingerprint().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(fingerprint, plain(text(&["-fingerprint", "-sha256"])));
}

#[test]
fn each_certificate_is_usable_or_not_for_its_reason() {
    for (name, verdict) in [
        ("p256", Ok(vec![])),
        ("p384", Ok(vec![])),
        ("rsa2048", Ok(vec![])),
        ("rsa3072", Ok(vec![])),
        ("self-ca", Ok(vec![])),
        ("leaf", Ok(vec![])),
        ("no-usage", Ok(vec![Warning::NoKeyUsage])),
        ("expired", Err(Unusable::Expired)),
        ("not-yet-valid", Err(Unusable::NotYetValid)),
        ("wrong-usage", Err(Unusable::KeyUsage)),
        ("rsa1024", Err(Unusable::WeakKey)),
        ("ed25519", Err(Unusable::UnsupportedKey)),
    ] {
        assert_eq!(cert(name).usability(now()), verdict, "{name}");
    }
}

#[test]
fn validity_begins_and_ends_at_its_second() {
    let certificate = cert("p256");
    let (from, until) = (certificate.not_before_ns(), certificate.not_after_ns());
    assert_eq!(certificate.usability(from - 1), Err(Unusable::NotYetValid));
    assert!(certificate.usability(from).is_ok() && certificate.usability(until).is_ok());
    assert_eq!(certificate.usability(until + 1), Err(Unusable::Expired));
}

#[test]
fn the_reasons_have_the_containers_numbers() {
    for code in 0..=u8::MAX {
        assert_eq!(Unusable::from_code(code).map(Unusable::code), (1..=12).contains(&code).then_some(code));
    }
    assert_eq!((Unusable::Removed.code(), Unusable::NoRevocationList.code()), (11, 12));
}

fn set(names: &[&str]) -> RecipientSet {
    RecipientSet::new(names.iter().map(|name| (*name, read(&format!("{name}.pem")))), now())
}

fn usable(set: &RecipientSet) -> Vec<&str> {
    let mut names: Vec<_> = set.usable.iter().map(|recipient| recipient.name.as_str()).collect();
    names.sort();
    names
}

fn left_out(set: &RecipientSet) -> Vec<(&str, Unusable)> {
    set.left_out.iter().map(|left_out| (left_out.name.as_str(), left_out.reason)).collect()
}

#[test]
fn an_authority_beside_what_it_issued_is_left_out() {
    let both = set(&["ca", "leaf", "self-ca"]);
    assert_eq!(usable(&both), ["leaf", "self-ca"]);
    assert_eq!(left_out(&both), [("ca", Unusable::IsCa)]);
    assert_eq!(usable(&set(&["ca"])), ["ca"]);
    // One file with both counts the same.
    let chain = [read("leaf.pem"), read("ca.pem")].concat();
    let chain = RecipientSet::new([("chain", chain)], now());
    assert_eq!((chain.usable.len(), left_out(&chain)), (1, vec![("chain", Unusable::IsCa)]));
}

#[test]
fn one_key_is_one_recipient() {
    let twice = set(&["duplicate-a", "duplicate-b"]);
    assert_eq!(twice.usable.len(), 1);
    assert_eq!(twice.left_out.len(), 1);
    assert_eq!(twice.left_out[0].reason, Unusable::DuplicateKey);
    // The very same certificate twice is no news.
    let same = RecipientSet::new([("a", read("p256.pem")), ("b", read("p256.pem"))], now());
    assert_eq!((usable(&same), same.left_out.len()), (vec!["a"], 0));
}

#[test]
fn a_set_says_who_was_left_out_and_does_not_depend_on_order() {
    let names =
        ["wrong-usage", "p256", "expired", "rsa1024", "p384", "ed25519", "not-yet-valid", "duplicate-b", "duplicate-a"];
    let forward = set(&names);
    let backward = set(&names.iter().rev().copied().collect::<Vec<_>>());
    assert_eq!(forward, backward);
    let expired = forward.left_out.iter().find(|left_out| left_out.reason == Unusable::Expired).unwrap();
    assert_eq!(expired.subject_or_name(), "CN=test expired");
    assert_eq!(expired.fingerprint(), cert("expired").fingerprint());
    assert_eq!(expired.not_after_ns(), Some(1_735_689_600_000_000_000));
    assert_eq!(forward.valid_until_ns(), Some(cert("p256").not_after_ns()));
}

#[test]
fn a_bad_file_leaves_the_others_usable() {
    let set = RecipientSet::new(
        [
            ("half.pem", read("p256.pem")[..300].to_vec()),
            ("key\u{1b}.pem", read("p384.key")),
            ("good.pem", read("p384.pem")),
            ("empty.pem", vec![]),
        ],
        now(),
    );
    assert_eq!(usable(&set), ["good.pem"]);
    assert_eq!(set.left_out.len(), 3);
    assert!(
        set.left_out
            .iter()
            .all(|left_out| left_out.reason == Unusable::Unreadable && left_out.fingerprint() == [0; 32])
    );
    let key = set.left_out.iter().find(|left_out| left_out.name.starts_with("key")).unwrap();
    assert_eq!(key.error, Some(KeyError::PrivateKeyNotCertificate));
    assert_eq!(key.subject_or_name(), "key\\u{1b}.pem");
}

#[test]
fn a_private_key_is_named_as_one() {
    let der = |name: &str, arguments: &[&str]| {
        let file = certs_dir().join(name);
        let password = format!("file:{}", certs_dir().join("passphrase.txt").display());
        openssl(
            &[&["pkcs8", "-topk8", "-outform", "DER", "-in", file.to_str().unwrap(), "-passout", &password], arguments]
                .concat(),
        )
    };
    for bytes in [
        read("p256.key"),
        read("rsa2048.key"),
        read("p256.enc.key"),
        [read("p256.pem"), read("p256.key")].concat(),
        der("p256.key", &["-nocrypt"]),
        der("rsa2048.key", &["-nocrypt"]),
        der("p256.key", &[]),
    ] {
        let error = certificates_in(&bytes).unwrap_err();
        assert_eq!(error.to_string(), "this is a private key, not a certificate");
    }
}

#[test]
fn certificates_come_as_pem_der_and_chains() {
    let der = cert("p256").der().to_vec();
    assert_eq!(certificates_in(&der).unwrap(), [cert("p256")]);
    let chain = [b"subject: somebody\n".to_vec(), read("leaf.pem"), b"\n\n# and\n".to_vec(), read("ca.pem")].concat();
    assert_eq!(certificates_in(&chain).unwrap(), [cert("leaf"), cert("ca")]);
    let crlf = String::from_utf8(read("p256.pem")).unwrap().replace('\n', "\r\n");
    assert_eq!(certificates_in(crlf.as_bytes()).unwrap(), [cert("p256")]);
    for bytes in [
        &b""[..],
        b"hello",
        b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
        &[0x30, 0x80],
        &der[..der.len() - 1],
    ] {
        assert!(certificates_in(bytes).is_err());
    }
    let longer = [der.as_slice(), b"x"].concat();
    assert!(certificates_in(&longer).is_err());
    assert!(matches!(certificates_in(&vec![b' '; 2 << 20]), Err(KeyError::TooLarge { .. })));
}

#[test]
fn no_damaged_certificate_panics() {
    for name in ["p256", "rsa2048", "leaf"] {
        let der = cert(name).der().to_vec();
        for at in 0..der.len() {
            for bit in 0..8 {
                let mut bent = der.clone();
                bent[at] ^= 1 << bit;
                if let Ok(certificate) = Certificate::from_der(&bent) {
                    let _ = certificate.usability(now());
                }
            }
            let _ = certificates_in(&der[..at]);
        }
    }
}

#[test]
fn a_subject_cannot_steer_the_terminal() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("c.pem");
    let key = certs_dir().join("p256.key");
    openssl(&[
        "req",
        "-x509",
        "-utf8",
        "-new",
        "-key",
        key.to_str().unwrap(),
        "-subj",
        "/CN=a\u{1b}[31mb\u{202e}c",
        "-out",
        out.to_str().unwrap(),
    ]);
    let certificate = certificates_in(&std::fs::read(out).unwrap()).unwrap().remove(0);
    assert!(!certificate.subject().contains(['\u{1b}', '\u{202e}']), "{:?}", certificate.subject());
    assert_eq!(certificate.common_name(), "a\\u{1b}[31mb\\u{202e}c");
}

#[test]
fn what_is_generated_is_usable_and_right() {
    for (algorithm, key_type, usage) in [
        (Algorithm::P256, KeyType::P256, "Key Agreement"),
        (Algorithm::P384, KeyType::P384, "Key Agreement"),
        (Algorithm::Rsa3072, KeyType::Rsa(3072), "Key Encipherment"),
    ] {
        let (certificate, _) = generated("desk 1", algorithm);
        assert_eq!(certificate.usability(now()), Ok(vec![]));
        assert_eq!(*certificate.key_type(), key_type);
        assert_eq!(certificate.subject(), "CN=desk 1");
        assert_eq!(certificate.not_after_ns(), now() + 730 * 86_400_000_000_000);
        assert!(certificate.not_before_ns() < now());
        assert_eq!(certificate.serial_hex().len(), 32);
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("c.der");
        std::fs::write(&file, certificate.der()).unwrap();
        let text = openssl(&["x509", "-inform", "DER", "-noout", "-text", "-in", file.to_str().unwrap()]);
        let text = String::from_utf8(text).unwrap();
        for expected in [usage, "X509v3 Key Usage: critical", "Subject Key Identifier", "CA:FALSE"] {
            assert!(text.contains(expected), "{expected} in\n{text}");
        }
    }
    assert_ne!(generated("a", Algorithm::P256).0.serial_hex(), generated("a", Algorithm::P256).0.serial_hex());
}

#[test]
fn what_cannot_be_generated_is_refused() {
    for name in ["", "a\nb", &"x".repeat(65)] {
        assert!(matches!(generate(&options(name, Algorithm::P256), None), Err(KeyError::BadOption(_))), "{name:?}");
    }
    for days in [0, 40_000] {
        let mut options = options("a", Algorithm::P256);
        options.days = days;
        assert!(generate(&options, None).is_err());
    }
    assert!(generate(&options("a", Algorithm::P256), Some(b"")).is_err());
}

/// A certificate for a committed key, made by openssl on the spot.
fn made_by_openssl(key: &str, arguments: &[&str]) -> Vec<u8> {
    let key = certs_dir().join(format!("{key}.key"));
    let fixed = ["req", "-x509", "-new", "-days", "3650", "-key", key.to_str().unwrap()];
    openssl(&[&fixed[..], arguments].concat())
}

#[test]
fn two_authorities_of_one_name_did_not_issue_each_other() {
    let made = ["p256", "leaf"]
        .map(|key| (key, made_by_openssl(key, &["-subj", "/CN=server", "-addext", "keyUsage=keyAgreement"])));
    let set = RecipientSet::new(made, now());
    assert_eq!(usable(&set), ["leaf", "p256"]);
}

#[test]
fn issuer_and_serial_number_are_one_recipients() {
    let made = ["p256", "leaf"].map(|key| (key, made_by_openssl(key, &["-subj", "/CN=server", "-set_serial", "1"])));
    let set = RecipientSet::new(made, now());
    assert_eq!(set.usable.len(), 1);
    assert_eq!(set.left_out[0].reason, Unusable::DuplicateKey);
}

#[test]
fn serial_numbers_of_any_size_reach_openssl() {
    let dir = tempfile::tempdir().unwrap();
    let [file, pem] = ["m.der", "c.pem"].map(|name| dir.path().join(name));
    let key = certs_dir().join("p256.key");
    for (serial, hex) in [
        ("0", "00"),
        ("127", "7f"),
        ("128", "0080"),
        ("0xfe12345678901234567890123456789012345678", "00fe12345678901234567890123456789012345678"),
        ("-128", "80"),
    ] {
        std::fs::write(&pem, made_by_openssl("p256", &["-subj", "/O=no common name", "-set_serial", serial])).unwrap();
        let certificates = certificates_in(&std::fs::read(&pem).unwrap()).unwrap();
        assert_eq!((certificates[0].serial_hex().as_str(), certificates[0].common_name()), (hex, "O=no common name"));
        std::fs::write(&file, seal_message(b"secret", &certificates).unwrap()).unwrap();
        let [file, pem, key] = [&file, &pem, &key].map(|path| path.to_str().unwrap());
        let out = openssl(&["cms", "-decrypt", "-inform", "DER", "-in", file, "-inkey", key, "-recip", pem]);
        assert_eq!(out, b"secret", "{serial}");
    }
    let nameless = certificates_in(&made_by_openssl("p256", &["-subj", "/", "-set_serial", "128"])).unwrap();
    assert_eq!(nameless[0].subject(), "serial 0080");
}
