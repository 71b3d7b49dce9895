//! Revocation lists of every form, with `openssl verify -crl_check` as the judge.

use std::process::Command;

use crate::support::authority::Authority;
use crate::support::output::{stderr, stdout};
use crate::support::revocation::*;

/// What is said of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Good,
    Revoked,
    /// No list that can be used.
    NoList,
}
use Verdict::{Good, NoList, Revoked};

/// What openssl says of `NAME.pem` with the lists in that file of PEM.
fn judge(ca: &Authority, name: &str, lists: &str) -> Verdict {
    let output = Command::new("openssl")
        .current_dir(&ca.dir)
        .args(["verify", "-crl_check", "-CAfile", "ca.pem", "-CRLfile", lists, &format!("{name}.pem")])
        .output()
        .unwrap();
    match stderr(&output) {
        _ if output.status.success() => Good,
        said if said.contains("error 23 ") => Revoked,
        _ => NoList,
    }
}

/// What enroll-cert says, and the lines of it.
fn said(ca: &Authority, name: &str, lists: &str) -> (Verdict, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_enroll-cert"))
        .current_dir(&ca.dir)
        .args(["--check", &format!("{name}.pem"), "--ca", "ca.pem", "--crl", lists])
        .output()
        .unwrap();
    let text = stdout(&output) + &stderr(&output);
    let verdict = match &text {
        t if t.contains(&format!("{name}.pem: usable")) => Good,
        t if t.contains(&format!("{name}.pem: revoked")) => Revoked,
        _ => NoList,
    };
    (verdict, text)
}

/// alice, who is not revoked, and bob, whom the lists mostly name.
fn people(ca: Authority) -> Authority {
    ["alice", "bob"].iter().for_each(|name| ca.recipient(name, 100));
    ca
}

fn root() -> Authority {
    people(Authority::new("Root"))
}

/// Both say the same of alice and of bob with the lists, DER, in one file of PEM. Gives what it is.
#[track_caller]
fn agree(what: &str, ca: &Authority, lists: &[Vec<u8>]) -> [Verdict; 2] {
    ca.write("lists.pem", lists.iter().map(|list| pem("X509 CRL", list)).collect::<String>());
    let judged = ["alice", "bob"].map(|name| judge(ca, name, "lists.pem"));
    let ours = ["alice", "bob"].map(|name| said(ca, name, "lists.pem"));
    assert_eq!(ours.each_ref().map(|(verdict, _)| *verdict), judged, "{what}: {} {}", ours[0].1, ours[1].1);
    judged
}

#[test]
fn every_form_of_a_list_says_what_it_says_to_openssl() {
    let ca = root();
    let list = List::of(&ca).revoke(&ca, "bob.pem");
    let day = |made, due| List { made, due, ..list.clone() };
    for (what, list, verdict) in [
        ("version 2", list.clone(), [Good, Revoked]),
        ("version 1", List { version: None, extensions: None, ..list.clone() }, [Good, Revoked]),
        ("version 1, written down", List { version: Some(0), extensions: None, ..list.clone() }, [Good, Revoked]),
        ("version 1 with extensions", List { version: None, ..list.clone() }, [Good, Revoked]),
        ("no extensions", List { extensions: None, ..list.clone() }, [Good, Revoked]),
        ("no end", day(-1, None), [Good, Revoked]),
        ("no end, version 1", List { version: None, extensions: None, ..day(-400, None) }, [Good, Revoked]),
        ("nobody", List { revoked: None, ..list.clone() }, [Good, Good]),
        ("nobody, in so many words", List { revoked: Some(vec![]), ..list.clone() }, [Good, Good]),
        ("nobody, nothing else", List { revoked: None, due: None, extensions: None, ..list.clone() }, [Good, Good]),
        ("an extension of whatever kind", list.clone().with(extension(99, false, integer(5))), [Good, Revoked]),
        ("expired, names nobody", List { revoked: None, ..day(-9, Some(-1)) }, [NoList, NoList]),
        ("of tomorrow, names nobody", List { revoked: None, ..day(1, Some(30)) }, [NoList, NoList]),
        ("another name", List { issuer: name(&[(3, UTF8, "Root 2")]), ..list.clone() }, [NoList, NoList]),
    ] {
        assert_eq!(agree(what, &ca, &[list.signed(&ca, "ca")]), verdict, "{what}");
    }
    // what a list that does not count names is refused all the same
    for (what, list) in [
        ("expired", day(-9, Some(-1))),
        ("of tomorrow", day(1, Some(30))),
        ("unknown critical extension", list.clone().with(extension(99, true, integer(5)))),
        ("critical number", List { extensions: None, ..list.clone() }.with(extension(20, true, integer(5)))),
        ("unknown critical extension of an entry", {
            let entry = vec![extension(99, true, integer(5))];
            List::of(&ca).revoke_because(&ca, "bob.pem", entry)
        }),
    ] {
        ca.write("list.pem", pem("X509 CRL", &list.signed(&ca, "ca")));
        assert_ne!(judge(&ca, "alice", "list.pem"), Good, "{what}");
        assert_eq!(said(&ca, "alice", "list.pem").0, NoList, "{what}");
        assert_eq!(said(&ca, "bob", "list.pem").0, Revoked, "{what}");
    }
}

#[test]
fn a_name_is_the_same_in_every_type_of_string_case_and_spacing() {
    let ca = root();
    let list = |issuer| List { issuer, ..List::of(&ca) }.revoke(&ca, "bob.pem").signed(&ca, "ca");
    for (tag, text, same) in [
        (UTF8, "Root", true),
        (PRINTABLE, "Root", true),
        (TELETEX, "Root", true),
        (IA5, "Root", true),
        (BMP, "Root", true),
        (UNIVERSAL, "Root", true),
        (PRINTABLE, "ROOT", true),
        (UTF8, "root", true),
        (PRINTABLE, " Root  ", true),
        (UTF8, "\tRoot\n", true),
        (UTF8, "Ro ot", false),
        (UTF8, "Röot", false),
        (UTF8, "", false),
        (18, "Root", false),
    ] {
        let verdict = if same { [Good, Revoked] } else { [NoList, NoList] };
        assert_eq!(agree(&format!("{tag} {text:?}"), &ca, &[list(name(&[(3, tag, text)]))]), verdict);
    }
    for other in [
        name(&[(3, UTF8, "Root"), (10, UTF8, "Police")]),
        name(&[(10, UTF8, "Root")]),
        name(&[]),
        sequence(&[der(0x31, &[attribute(&(3, UTF8, "Root")), attribute(&(10, UTF8, "P"))].concat())]),
    ] {
        assert_eq!(agree("another name", &ca, &[list(other)]), [NoList, NoList]);
    }
}

/// Certificates name their issuer in one spelling, the list in another, and the issuer's certificate in a third.
#[test]
fn three_spellings_of_an_authority_are_one() {
    for (own, of_leaves, of_list) in [
        ("0x02", &[(10, PRINTABLE, "Police  of X"), (3, PRINTABLE, "ROOT ca")][..], UTF8),
        ("utf8only", &[(10, BMP, "police of x"), (3, TELETEX, "root  CA")], PRINTABLE),
    ] {
        let ca = Authority::new("Other");
        let mask = if own == "0x02" { "nombstr" } else { own };
        let config =
            format!("[req]\nprompt=no\nstring_mask={mask}\ndistinguished_name=n\n[n]\nO=Police of X\nCN=Root CA\n");
        ca.write("req.cnf", config);
        let constraints = "-addext basicConstraints=critical,CA:TRUE";
        ca.openssl(&format!("req -x509 -new -key ca.key -days 3650 -config req.cnf {constraints} -out ca.pem"));
        // the same key under the name as the leaves spell it
        let spelled = certificate(&ca, &name(of_leaves));
        ca.write("spelled.pem", pem("CERTIFICATE", &spelled));
        std::fs::copy(ca.path("ca.key"), ca.path("spelled.key")).unwrap();
        let usage = "keyUsage=critical,keyAgreement\nauthorityKeyIdentifier=none\n";
        ["alice", "bob"].iter().for_each(|name| ca.issue(name, "spelled", 100, usage));
        let issuer = name(&[(10, of_list, "POLICE OF X "), (3, of_list, "Root CA")]);
        let list = List { issuer, ..List::of(&ca) }.revoke(&ca, "bob.pem").signed(&ca, "ca");
        assert_eq!(agree("three spellings", &ca, &[list]), [Good, Revoked]);
    }
}

/// A certificate of an authority with the key in `ca.key`, self-signed.
fn certificate(ca: &Authority, subject: &[u8]) -> Vec<u8> {
    let algorithm = sequence(&[der(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2])]);
    let spki = ca.openssl("pkey -in ca.key -pubout -outform DER");
    let validity = sequence(&[der(0x17, b"200101000000Z"), der(0x17, b"480101000000Z")]);
    let constraints = extension(19, true, sequence(&[der(1, &[0xff])]));
    let extensions = der(0xa3, &sequence(&[constraints]));
    let parts = [
        der(0xa0, &integer(2)),
        integer(7),
        algorithm.clone(),
        subject.to_vec(),
        validity,
        subject.to_vec(),
        spki,
        extensions,
    ];
    let tbs = sequence(&parts);
    ca.write("tbs", &tbs);
    let signature = ca.openssl("dgst -sha256 -sign ca.key tbs");
    sequence(&[tbs, algorithm, der(3, &[&[0], &signature[..]].concat())])
}

#[test]
fn of_several_lists_the_one_that_counts_is_found() {
    let (ca, other) = (root(), Authority::new("Other"));
    let good = List::of(&ca).revoke(&ca, "bob.pem").signed(&ca, "ca");
    let others = List::of(&other).signed(&other, "ca");
    let old = List { made: -60, due: Some(-30), ..List::of(&ca) }.signed(&ca, "ca");
    let older = List { made: -20, ..List::of(&ca) }.signed(&ca, "ca");
    for (what, lists, verdict) in [
        ("another one's before", vec![others.clone(), good.clone()], [Good, Revoked]),
        ("another one's after", vec![good.clone(), others.clone()], [Good, Revoked]),
        ("an expired one before", vec![old.clone(), good.clone()], [Good, Revoked]),
        ("an expired one after", vec![good.clone(), old.clone()], [Good, Revoked]),
        ("an older one before", vec![older.clone(), good.clone()], [Good, Revoked]),
        ("an older one after", vec![good.clone(), older.clone()], [Good, Revoked]),
        ("twice", vec![good.clone(), good.clone()], [Good, Revoked]),
        ("only another one's", vec![others], [NoList, NoList]),
    ] {
        assert_eq!(agree(what, &ca, &lists), verdict, "{what}");
    }
    // what an old list named stays refused, although openssl asks only the newest
    let newer = List { made: 0, ..List::of(&ca) }.signed(&ca, "ca");
    ca.write("both.pem", pem("X509 CRL", &good) + &pem("X509 CRL", &newer));
    assert_eq!((judge(&ca, "bob", "both.pem"), said(&ca, "bob", "both.pem").0), (Good, Revoked));
    // lists in several files
    std::fs::create_dir(ca.path("crls")).unwrap();
    ca.write("crls/old.crl", &old);
    ca.write("crls/good.CRL", &good);
    ca.write("crls/notes.txt", "no list");
    assert_eq!(["alice", "bob"].map(|name| said(&ca, name, "crls").0), [Good, Revoked]);
}

#[test]
fn a_delta_adds_to_the_list_that_it_changes() {
    let ca = root();
    let base = List::of(&ca).signed(&ca, "ca");
    let delta = List { extensions: Some(vec![number(2), delta_since(1)]), ..List::of(&ca) };
    let adds = delta.clone().revoke(&ca, "bob.pem").signed(&ca, "ca");
    let files = [("base.pem", &base), ("adds.pem", &adds)];
    files.iter().for_each(|(name, list)| ca.write(name, pem("X509 CRL", list)));
    for lists in [[&base, &adds], [&adds, &base]] {
        ca.write("both.pem", lists.map(|list| pem("X509 CRL", list)).concat());
        let (alice, bob) = (said(&ca, "alice", "both.pem"), said(&ca, "bob", "both.pem"));
        assert_eq!((alice.0, bob.0), (Good, Revoked), "{} {}", alice.1, bob.1);
        assert!(!alice.1.contains("warning"), "{}", alice.1);
    }
    // alone it says nothing of whom it does not name
    let (verdict, text) = said(&ca, "alice", "adds.pem");
    assert_eq!(verdict, NoList);
    assert!(text.contains("it is a delta"), "{text}");
    assert_eq!(said(&ca, "bob", "adds.pem").0, Revoked);
    // what it takes back stays refused as long as the whole list names it
    let named = List::of(&ca).revoke_because(&ca, "bob.pem", because(6)).signed(&ca, "ca");
    let takes_back = delta.revoke_because(&ca, "bob.pem", because(8)).signed(&ca, "ca");
    assert_eq!(agree("taken back", &ca, &[named, takes_back]), [Good, Revoked]);
}

#[test]
fn every_reason_but_that_of_a_delta_revokes() {
    let ca = root();
    for reason in [0, 1, 2, 3, 4, 5, 6, 7, 9, 10] {
        let list = List::of(&ca).revoke_because(&ca, "bob.pem", because(reason)).signed(&ca, "ca");
        assert_eq!(agree(&format!("reason {reason}"), &ca, &[list]), [Good, Revoked]);
    }
    let list = List::of(&ca).revoke_because(&ca, "bob.pem", because(8)).signed(&ca, "ca");
    assert_eq!(agree("removeFromCRL", &ca, &[list]), [Good, Good]);
}

#[test]
fn a_list_is_about_what_its_distribution_point_says() {
    let ca = Authority::new("Root");
    let usage = "keyUsage=critical,keyAgreement\nbasicConstraints=CA:FALSE\n";
    let at = |uri: &str| format!("{usage}crlDistributionPoints=URI:http://x.example/{uri}.crl\n");
    ca.issue("alice", "ca", 100, &at("a"));
    ca.issue("bob", "ca", 100, &at("a"));
    let flag = |n: u8| der(0x80 | n, &[0xff]);
    let point = |uri: &str| der(0xa0, &der(0xa0, &der(0x86, format!("http://x.example/{uri}.crl").as_bytes())));
    let directory = der(0xa0, &der(0xa0, &der(0xa4, &name(&[(3, UTF8, "Root")]))));
    for (what, scope, verdict) in [
        ("nothing", vec![], [Good, Revoked]),
        ("users only", vec![flag(1)], [Good, Revoked]),
        ("the right place", vec![point("a")], [Good, Revoked]),
        ("the right place, users only", vec![point("a"), flag(1)], [Good, Revoked]),
        ("authorities only, names nobody", vec![flag(2)], [NoList, NoList]),
        ("attributes only, names nobody", vec![flag(5)], [NoList, NoList]),
        ("users and authorities only, names nobody", vec![flag(1), flag(2)], [NoList, NoList]),
        ("some reasons, names nobody", vec![der(0x83, &[5, 0x60])], [NoList, NoList]),
        ("indirect, names nobody", vec![flag(4)], [NoList, NoList]),
        ("another place, names nobody", vec![point("b")], [NoList, NoList]),
        ("a directory, names nobody", vec![directory], [NoList, NoList]),
    ] {
        let list = List::of(&ca).with(extension(28, true, sequence(&scope)));
        let list = if what.contains("nobody") { list } else { list.revoke(&ca, "bob.pem") };
        assert_eq!(agree(what, &ca, &[list.signed(&ca, "ca")]), verdict, "{what}");
    }
    // a list in parts: one for each place
    let part = |uri| List::of(&ca).with(extension(28, true, sequence(&[point(uri)]))).signed(&ca, "ca");
    assert_eq!(agree("the part of another place, and ours", &ca, &[part("b"), part("a")]), [Good, Good]);
}

/// Kinds of keys and signatures: `openssl genpkey`, `openssl ca -gencrl`.
const SIGNED: &[(&str, &str)] = &[
    ("EC -pkeyopt ec_paramgen_curve:P-256", "-md sha1"),
    ("EC -pkeyopt ec_paramgen_curve:P-256", "-md sha256"),
    ("EC -pkeyopt ec_paramgen_curve:P-256", "-md sha384"),
    ("EC -pkeyopt ec_paramgen_curve:P-256", "-md sha512"),
    ("EC -pkeyopt ec_paramgen_curve:P-384", "-md sha256"),
    ("EC -pkeyopt ec_paramgen_curve:P-384", "-md sha512"),
    ("EC -pkeyopt ec_paramgen_curve:P-521", "-md sha256"),
    ("EC -pkeyopt ec_paramgen_curve:P-521", "-md sha512"),
    ("EC -pkeyopt ec_paramgen_curve:secp256k1", "-md sha256"),
    ("RSA -pkeyopt rsa_keygen_bits:1024", "-md sha256"),
    ("RSA -pkeyopt rsa_keygen_bits:2048", "-md sha1"),
    ("RSA -pkeyopt rsa_keygen_bits:2048", "-md sha256"),
    ("RSA -pkeyopt rsa_keygen_bits:2048", "-md sha384"),
    ("RSA -pkeyopt rsa_keygen_bits:2048", "-md sha512"),
    ("RSA -pkeyopt rsa_keygen_bits:2048", "-md sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32"),
    ("RSA -pkeyopt rsa_keygen_bits:2048", "-md sha512 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:64"),
    ("ED25519", ""),
];

/// What nothing here can check, with what is said of it.
const BEYOND: &[(&str, &str, &str)] = &[
    ("EC -pkeyopt ec_paramgen_curve:brainpoolP256r1", "-md sha256", "brainpoolP256r1"),
    ("EC -pkeyopt ec_paramgen_curve:brainpoolP384r1", "-md sha384", "brainpoolP384r1"),
    ("EC -pkeyopt ec_paramgen_curve:P-384", "-md sha1", "ecdsa-with-SHA1 with a key of the kind P-384"),
    ("RSA -pkeyopt rsa_keygen_bits:2048", "-md sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:20", "PSS"),
    (
        "RSA -pkeyopt rsa_keygen_bits:2048",
        "-md sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -sigopt rsa_mgf1_md:sha1",
        "PSS",
    ),
    ("ED448", "", "1.3.101.113"),
];

/// An authority whose own certificate and those of its people are next to each other, so that no chain is asked for:
/// what chains may be signed with is another question.
fn beside(key: &str, signature: &str) -> Authority {
    let ca = people(Authority::with_key("Root", &format!("-algorithm {key}")));
    ca.openssl("ca -config ca.cnf -cert ca.pem -keyfile ca.key -revoke bob.pem");
    let list = |file: &str| {
        ca.openssl(&format!(
            "ca -config ca.cnf -cert ca.pem -keyfile ca.key -gencrl -crlexts v2 {signature} -out {file}"
        ))
    };
    list("list.pem");
    for name in ["alice", "bob"] {
        ca.write(&format!("{name}-and-ca.pem"), [ca.read(&format!("{name}.pem")), ca.read("ca.pem")].concat());
    }
    ca
}

fn said_beside(ca: &Authority, name: &str, lists: &str) -> (Verdict, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_enroll-cert"))
        .current_dir(&ca.dir)
        .args(["--check", &format!("{name}-and-ca.pem"), "--crl", lists])
        .output()
        .unwrap();
    let text = stdout(&output) + &stderr(&output);
    let line = text.lines().find(|line| line.contains(&format!("CN={name}"))).unwrap_or_default();
    let verdict = match line {
        l if l.contains("-and-ca.pem: usable") => Good,
        l if l.contains("-and-ca.pem: revoked") => Revoked,
        _ => NoList,
    };
    (verdict, text)
}

#[test]
fn whatever_can_be_checked_is_checked() {
    for (key, signature) in SIGNED {
        let ca = beside(key, signature);
        for (name, verdict) in [("alice", Good), ("bob", Revoked)] {
            assert_eq!(judge(&ca, name, "list.pem"), verdict, "{key} {signature}");
            let (ours, text) = said_beside(&ca, name, "list.pem");
            assert_eq!(ours, verdict, "{key} {signature}: {text}");
            assert!(!text.contains("cannot be checked"), "{key} {signature}: {text}");
        }
        // one changed bit of its signature
        let mut list = ca.openssl("crl -in list.pem -outform DER");
        *list.last_mut().unwrap() ^= 1;
        ca.write("forged.crl", list);
        let (ours, text) = said_beside(&ca, "alice", "forged.crl");
        assert_eq!(ours, NoList, "{key} {signature}");
        assert!(text.contains("is not signed by its issuer"), "{key} {signature}: {text}");
    }
}

#[test]
fn what_cannot_be_checked_is_not_called_forged() {
    for (key, signature, what) in BEYOND {
        let ca = beside(key, signature);
        let (ours, text) = said_beside(&ca, "alice", "list.pem");
        assert_eq!(ours, NoList, "{key} {signature}: {text}");
        assert!(text.contains("cannot be checked") && text.contains(what), "{key} {signature}: {text}");
        assert!(!text.contains("is not signed by its issuer"), "{key} {signature}: {text}");
        // it may be true
        assert_eq!(said_beside(&ca, "bob", "list.pem").0, Revoked, "{key} {signature}");
    }
}

/// Chains are checked with the same algorithms.
#[test]
fn chains_of_large_curves_are_followed() {
    for (curve, digest) in [("P-521", "sha512"), ("P-521", "sha256"), ("P-384", "sha512"), ("P-256", "sha512")] {
        let ca = Authority::with_key("Root", &format!("-algorithm EC -pkeyopt ec_paramgen_curve:{curve}"));
        ca.recipient("alice", 100);
        ca.openssl(&format!(
            "x509 -req -in alice.csr -CA ca.pem -CAkey ca.key -days 100 -{digest} -extfile extensions -out alice.pem"
        ));
        ca.list("list.pem", true);
        assert_eq!(judge(&ca, "alice", "list.pem"), Good, "{curve} {digest}");
        let (ours, text) = said(&ca, "alice", "list.pem");
        assert_eq!(ours, Good, "{curve} {digest}: {text}");
    }
}

#[test]
fn only_the_issuer_vouches() {
    let ca = Authority::new("Root");
    ca.issue("middle", "ca", 200, "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n");
    ca.issue("mute", "ca", 200, "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n");
    ["alice", "bob"].iter().for_each(|name| ca.recipient(name, 100));
    ca.issue("carol", "middle", 100, "keyUsage=critical,keyAgreement\n");
    ca.issue("dora", "mute", 100, "keyUsage=critical,keyAgreement\n");
    let by = |file: &str, key: &str| List { issuer: subject(&ca, file), ..List::of(&ca) }.signed(&ca, key);
    // by another key under the issuer's name; by the issuer's key under another name
    assert_eq!(agree("forged", &ca, &[by("ca.pem", "middle")]), [NoList, NoList]);
    assert_eq!(agree("under another name", &ca, &[by("middle.pem", "ca")]), [NoList, NoList]);
    assert_eq!(agree("by the one below", &ca, &[by("middle.pem", "middle")]), [NoList, NoList]);
    // whoever is not let sign lists by his own certificate does not
    ca.write("ca.pem", [ca.read("ca.pem"), ca.read("middle.pem"), ca.read("mute.pem")].concat());
    for (name, file, key, verdict) in [
        ("carol", "middle.pem", "middle", Good),
        ("carol", "ca.pem", "ca", NoList),
        ("dora", "mute.pem", "mute", NoList),
    ] {
        ca.write("list.pem", pem("X509 CRL", &by(file, key)));
        assert_eq!(judge(&ca, name, "list.pem"), verdict, "{name}");
        let (ours, text) = said(&ca, name, "list.pem");
        assert_eq!(ours, verdict, "{name}: {text}");
        assert_eq!(text.contains("cRLSign"), name == "dora", "{text}");
    }
}

#[test]
fn serial_numbers_are_compared_by_their_value() {
    let ca = Authority::new("Root");
    ca.recipient("alice", 100);
    ca.recipient("bob", 100);
    for serial in
        ["1", "127", "128", "255", "256", "0x00ff00ff00ff00ff00ff", "0x7fffffffffffffffffffffffffffffffffffffff"]
    {
        let make = "-CA ca.pem -CAkey ca.key -days 100 -extfile extensions";
        ca.openssl(&format!("x509 -req -in bob.csr {make} -set_serial {serial} -out bob.pem"));
        let list = List::of(&ca).revoke(&ca, "bob.pem").signed(&ca, "ca");
        assert_eq!(agree(serial, &ca, &[list]), [Good, Revoked]);
    }
    let many =
        (0..500u16).map(|n| Entry { serial: vec![1, (n >> 8) as u8, n as u8], extensions: because(1) }).collect();
    let list = List { revoked: Some(many), ..List::of(&ca) }.revoke(&ca, "bob.pem");
    assert_eq!(agree("among many", &ca, &[list.signed(&ca, "ca")]), [Good, Revoked]);
}

/// The files that Windows and its tools write, and what people do to files.
#[test]
fn a_file_is_read_in_whatever_form_it_comes() {
    let ca = root();
    let list = List::of(&ca).revoke(&ca, "bob.pem").signed(&ca, "ca");
    let armour = pem("X509 CRL", &list);
    let bare: String = armour.lines().filter(|line| !line.starts_with("---")).map(|l| format!("{l}\r\n")).collect();
    let crlf = |text: &str| text.replace('\n', "\r\n");
    for (file, content) in [
        ("der.crl", list.clone()),
        ("pem.crl", armour.clone().into_bytes()),
        ("crlf.crl", crlf(&armour).into_bytes()),
        ("bom.crl", [&b"\xef\xbb\xbf"[..], crlf(&armour).as_bytes()].concat()),
        ("certutil-encode.crl", crlf(&pem("CERTIFICATE", &list)).into_bytes()),
        ("certutil-hex.crl", bare.clone().into_bytes()),
        ("one-line.crl", bare.replace("\r\n", "").into_bytes()),
        ("text-before.pem", format!("Certificate Revocation List (CRL):\n    Version 2\n{armour}").into_bytes()),
        ("with-ca.pem", [ca.read("ca.pem"), armour.clone().into_bytes()].concat()),
    ] {
        ca.write(file, content);
        for (name, verdict) in [("alice", Good), ("bob", Revoked)] {
            let (ours, text) = said(&ca, name, file);
            assert_eq!(ours, verdict, "{file}: {text}");
        }
    }
    for (file, content) in [
        ("cut.crl", list[..list.len() - 1].to_vec()),
        ("longer.crl", [&list[..], &[0]].concat()),
        ("cut.pem", armour.as_bytes()[..armour.len() - 40].to_vec()),
        ("empty.crl", vec![]),
        ("certificate.pem", ca.read("ca.pem")),
        ("page.crl", b"<html>404 not found</html>".to_vec()),
    ] {
        ca.write(file, content);
        let (ours, text) = said(&ca, "alice", file);
        assert_eq!(ours, NoList, "{file}: {text}");
        assert!(text.contains(file), "{file}: {text}");
    }
}
