//! CMS messages: openssl opens ours, we open openssl's, and nothing else opens anything.

use vidveil::keys::{Algorithm, Certificate, Identity, KeyError, OpenError, check_message, open_message, seal_message};

use crate::support::keys::{cert, certs_dir, generated, key, openssl};

const KINDS: [&str; 4] = ["p256", "p384", "rsa2048", "rsa3072"];

fn secret() -> Vec<u8> {
    (0..32).collect()
}

#[test]
fn openssl_opens_what_we_seal() {
    let everyone: Vec<Certificate> = KINDS.iter().map(|name| cert(name)).collect();
    let dir = tempfile::tempdir().unwrap();
    let sets = KINDS.iter().map(|name| (vec![*name], vec![cert(name)])).chain([(KINDS.to_vec(), everyone)]);
    for (names, certificates) in sets {
        let message = seal_message(&secret(), &certificates).unwrap();
        let file = dir.path().join("m.der");
        std::fs::write(&file, &message).unwrap();
        for name in names {
            let out = openssl(&[
                "cms",
                "-decrypt",
                "-binary",
                "-inform",
                "DER",
                "-in",
                file.to_str().unwrap(),
                "-inkey",
                certs_dir().join(format!("{name}.key")).to_str().unwrap(),
                "-recip",
                certs_dir().join(format!("{name}.pem")).to_str().unwrap(),
            ]);
            assert_eq!(out, secret(), "{name}");
        }
    }
}

#[test]
fn the_written_message_is_the_profile() {
    let message = seal_message(&secret(), &[cert("p256"), cert("p384"), cert("rsa3072")]).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("m.der");
    std::fs::write(&file, &message).unwrap();
    let text = String::from_utf8(openssl(&["asn1parse", "-inform", "DER", "-in", file.to_str().unwrap()])).unwrap();
    for name in [
        "id-smime-ct-authEnvelopedData",
        "pkcs7-data",
        "aes-256-gcm",
        "rsaesOaep",
        "dhSinglePass-stdDH-sha256kdf-scheme",
        "dhSinglePass-stdDH-sha384kdf-scheme",
        "id-aes256-wrap",
    ] {
        assert!(text.contains(name), "{name} is missing in\n{text}");
    }
}

#[test]
fn we_open_what_openssl_seals() {
    for (file, names) in [
        ("p256", vec!["p256"]),
        ("p384", vec!["p384"]),
        ("rsa3072", vec!["rsa3072"]),
        ("p256_rsa3072", vec!["p256", "rsa3072"]),
        ("p256_p384_rsa3072", vec!["p256", "p384", "rsa3072"]),
    ] {
        let message = std::fs::read(certs_dir().join(format!("cms/{file}.der"))).unwrap();
        let certificates: Vec<_> = names.iter().map(|name| cert(name)).collect();
        for name in names {
            let content = open_message(&message, &certificates, &[&key(name)]).unwrap();
            assert_eq!(*content, secret(), "{file} with {name}");
        }
    }
}

#[test]
fn we_open_what_we_seal_and_no_two_messages_are_equal() {
    let certificates: Vec<Certificate> = KINDS.iter().map(|name| cert(name)).collect();
    let first = seal_message(b"", &certificates).unwrap();
    assert_ne!(first, seal_message(b"", &certificates).unwrap());
    for name in KINDS {
        assert!(open_message(&first, &certificates, &[&key(name)]).unwrap().is_empty());
    }
    // The second identity opens what the first is not for.
    let one = seal_message(&secret(), &[cert("p384")]).unwrap();
    let (wrong, right) = (key("p256"), key("p384"));
    let identities: [&dyn Identity; 2] = [&wrong, &right];
    assert_eq!(*open_message(&one, &[cert("p384")], &identities).unwrap(), secret());
}

#[test]
fn a_hundred_recipients_stand_in_der_order() {
    let certificates: Vec<Certificate> =
        (0..100).map(|i| generated(&format!("recipient {i}"), Algorithm::P256).0).collect();
    let message = seal_message(&secret(), &certificates).unwrap();
    assert_eq!(check_message(&message, &certificates), Ok(()));
}

#[test]
fn who_is_no_recipient_gets_an_error_that_says_so() {
    let message = seal_message(&secret(), &[cert("p256"), cert("rsa3072")]).unwrap();
    let certificates = [cert("p256"), cert("rsa3072")];
    for stranger in ["p384", "rsa2048", "leaf"] {
        assert_eq!(
            open_message(&message, &certificates, &[&key(stranger)]).unwrap_err(),
            OpenError::NotRecipient,
            "{stranger}"
        );
    }
    assert_eq!(open_message(&message, &certificates, &[]).unwrap_err(), OpenError::NotRecipient);
}

#[test]
fn certificates_and_parts_of_the_message_match_one_to_one() {
    let (a, b) = (cert("p256"), cert("rsa3072"));
    let message = seal_message(&secret(), &[a.clone(), b.clone()]).unwrap();
    assert_eq!(check_message(&message, &[b.clone(), a.clone()]), Ok(()));
    for wrong in [
        vec![a.clone()],
        vec![a.clone(), a.clone()],
        vec![a.clone(), cert("p384")],
        vec![a.clone(), b.clone(), cert("p384")],
        vec![],
    ] {
        assert_eq!(check_message(&message, &wrong), Err(OpenError::Failed));
        assert_eq!(open_message(&message, &wrong, &[&key("p256")]).unwrap_err(), OpenError::Failed);
    }
}

#[test]
fn no_flipped_bit_gives_another_content() {
    let certificates = [cert("p256"), cert("p384"), cert("rsa2048")];
    let sealed = seal_message(&secret(), &certificates).unwrap();
    let keys = [key("p256"), key("p384"), key("rsa2048")];
    for at in 0..sealed.len() {
        for bit in [0x01, 0x10, 0x80] {
            let mut bent = sealed.clone();
            bent[at] ^= bit;
            // One key at a time, the RSA one seldom: it is slow.
            let identity = &keys[if at % 16 == 0 { 2 } else { at % 2 }];
            match open_message(&bent, &certificates, &[identity]) {
                Ok(content) => assert_eq!(*content, secret(), "byte {at}"),
                Err(error) => assert_eq!(error, OpenError::Failed, "byte {at}"),
            }
        }
    }
}

#[test]
fn one_recipient_leaves_no_byte_unchecked() {
    for name in ["p256", "p384", "rsa2048"] {
        let (certificates, identity) = ([cert(name)], key(name));
        let sealed = seal_message(&secret(), &certificates).unwrap();
        for at in 0..sealed.len() {
            let mut bent = sealed.clone();
            bent[at] ^= 1 << (at % 8);
            if let Ok(content) = open_message(&bent, &certificates, &[&identity]) {
                panic!("{name}: byte {at} of {} can be changed unseen, content {}", sealed.len(), content.len());
            }
        }
        for length in 0..sealed.len() {
            assert_eq!(open_message(&sealed[..length], &certificates, &[&identity]).unwrap_err(), OpenError::Failed);
        }
        let longer = [sealed.as_slice(), &[0]].concat();
        assert_eq!(open_message(&longer, &certificates, &[&identity]).unwrap_err(), OpenError::Failed);
    }
}

/// What openssl can also make, and the profile does not take.
#[test]
fn other_profiles_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (content, out) = (dir.path().join("s"), dir.path().join("m.der"));
    std::fs::write(&content, secret()).unwrap();
    let path = |name: &str| certs_dir().join(format!("{name}.pem")).to_str().unwrap().to_owned();
    let (p256, rsa) = (path("p256"), path("rsa3072"));
    let oaep = ["-keyopt", "rsa_padding_mode:oaep", "-keyopt"];
    let cases: Vec<(&str, &str, Vec<&str>)> = vec![
        ("PKCS#1 v1.5", "rsa3072", vec!["-aes-256-gcm", "-recip", &rsa]),
        (
            "OAEP with SHA-1",
            "rsa3072",
            [vec!["-aes-256-gcm", "-recip", &rsa], oaep.to_vec(), vec!["rsa_oaep_md:sha1"]].concat(),
        ),
        (
            "OAEP with SHA-512",
            "rsa3072",
            [vec!["-aes-256-gcm", "-recip", &rsa], oaep.to_vec(), vec!["rsa_oaep_md:sha512"]].concat(),
        ),
        (
            "two hashes in OAEP",
            "rsa3072",
            [
                vec!["-aes-256-gcm", "-recip", &rsa],
                oaep.to_vec(),
                vec!["rsa_oaep_md:sha256", "-keyopt", "rsa_mgf1_md:sha1"],
            ]
            .concat(),
        ),
        ("ECDH with SHA-1", "p256", vec!["-aes-256-gcm", "-recip", &p256]),
        ("AES-128", "p256", vec!["-aes-128-gcm", "-recip", &p256, "-keyopt", "ecdh_kdf_md:sha256"]),
        ("no authentication", "p256", vec!["-aes-256-cbc", "-recip", &p256, "-keyopt", "ecdh_kdf_md:sha256"]),
        (
            "subject key identifier",
            "p256",
            vec!["-aes-256-gcm", "-keyid", "-recip", &p256, "-keyopt", "ecdh_kdf_md:sha256"],
        ),
        ("BER", "p256", vec!["-aes-256-gcm", "-stream", "-recip", &p256, "-keyopt", "ecdh_kdf_md:sha256"]),
    ];
    for (what, name, arguments) in cases {
        let fixed = [
            "cms",
            "-encrypt",
            "-binary",
            "-outform",
            "DER",
            "-in",
            content.to_str().unwrap(),
            "-out",
            out.to_str().unwrap(),
        ];
        openssl(&[fixed.as_slice(), &arguments].concat());
        let message = std::fs::read(&out).unwrap();
        assert_eq!(check_message(&message, &[cert(name)]), Err(OpenError::Failed), "{what}, without a key");
        assert_eq!(open_message(&message, &[cert(name)], &[&key(name)]).unwrap_err(), OpenError::Failed, "{what}");
    }
}

#[test]
fn a_point_off_the_curve_reaches_no_key() {
    struct Watched(std::cell::Cell<bool>, vidveil::keys::PublicKey);
    impl Identity for Watched {
        fn public_key(&self) -> &vidveil::keys::PublicKey {
            &self.1
        }
        fn rsa_oaep_sha256(&self, _: &[u8]) -> Result<zeroize::Zeroizing<Vec<u8>>, vidveil::keys::IdentityError> {
            unreachable!()
        }
        fn ecdh(&self, _: &[u8]) -> Result<zeroize::Zeroizing<Vec<u8>>, vidveil::keys::IdentityError> {
            self.0.set(true);
            Err(vidveil::keys::IdentityError::Refused)
        }
    }
    let identity = Watched(false.into(), cert("p256").public_key().clone());
    let sealed = seal_message(&secret(), &[cert("p256")]).unwrap();
    let start = sealed.windows(4).position(|w| w == [0x03, 0x42, 0x00, 0x04]).unwrap() + 3;
    let open = |message: &[u8]| {
        identity.0.set(false);
        assert_eq!(open_message(message, &[cert("p256")], &[&identity]).unwrap_err(), OpenError::Failed);
        identity.0.get()
    };
    assert!(open(&sealed), "an honest point reaches the key");
    let mut off = sealed.clone();
    off[start + 64] ^= 1;
    assert!(!open(&off));
    let mut hybrid = sealed.clone();
    hybrid[start] = 6 + (sealed[start + 64] & 1);
    assert!(!open(&hybrid));
    let mut zero = sealed.clone();
    zero[start + 1..start + 65].fill(0);
    assert!(!open(&zero));
}

#[test]
fn sealing_refuses_whom_it_cannot_reach() {
    assert_eq!(seal_message(b"x", &[]), Err(KeyError::NoRecipient));
    assert!(matches!(seal_message(b"x", &[cert("ed25519")]), Err(KeyError::UnsupportedRecipient(_))));
    assert!(matches!(seal_message(b"x", &[cert("rsa1024")]), Err(KeyError::UnsupportedRecipient(_))));
    assert!(matches!(seal_message(b"x", &[cert("p256"), cert("p256")]), Err(KeyError::SameIssuerAndSerial(_))));
    assert!(matches!(seal_message(&vec![0; 1 << 20], &[cert("p256")]), Err(KeyError::TooLarge { .. })));
}

#[test]
fn recipients_out_of_order_are_not_der() {
    let certificates = [generated("a", Algorithm::P256).0, generated("b", Algorithm::P256).0];
    let sealed = seal_message(&secret(), &certificates).unwrap();
    // [1] with two length bytes, version 3: where each of the two parts begins. Both are of one length.
    let starts: Vec<usize> = (0..sealed.len() - 6)
        .filter(|&at| sealed[at..at + 2] == [0xa1, 0x81] && sealed[at + 3..at + 6] == [0x02, 0x01, 0x03])
        .collect();
    let [first, second] = starts[..] else { panic!("two parts: {starts:?}") };
    let length = second - first;
    let mut swapped = sealed.clone();
    swapped[first..second].copy_from_slice(&sealed[second..second + length]);
    swapped[second..second + length].copy_from_slice(&sealed[first..second]);
    assert_eq!(check_message(&sealed, &certificates), Ok(()));
    assert_eq!(check_message(&swapped, &certificates), Err(OpenError::Failed));
}
