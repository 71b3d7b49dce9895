//! Authorities and revocation lists.

use vidveil::base::wall_ns;
use vidveil::keys::{
    Algorithm, Certificate, Forecast, ListFault, Listed, RecipientSet, Revocation, RevocationList, Trust, Unusable,
    certificates_in, forecast, revocation_lists_in,
};
use vidveil::recipients::CertificateFiles;
use vidveil::recipients::{Notice, RecipientsOverTime};

use crate::support::authority::Authority;
use crate::support::keys::{generated, now};

const DAY: i64 = 86_400_000_000_000;

fn certificate(ca: &Authority, name: &str) -> Certificate {
    certificates_in(&ca.read(name)).unwrap().remove(0)
}

fn certificates(ca: &Authority, names: &[&str]) -> Vec<Certificate> {
    names.iter().flat_map(|name| certificates_in(&ca.read(name)).unwrap()).collect()
}

/// The reason against `certificate` among the others.
fn reason(certificate: &Certificate, others: &[Certificate], trust: &Trust, now_ns: i64) -> Option<Unusable> {
    let all = std::iter::once(certificate).chain(others).map(|c| ("file".to_owned(), c.clone())).collect();
    let set = RecipientSet::trusted(all, now_ns, trust);
    set.left_out.iter().find(|l| l.certificate.as_ref() == Some(certificate)).map(|l| l.reason)
}

fn trusting(authorities: Vec<Certificate>) -> Trust {
    Trust { authorities: Some(authorities), revocation: None }
}

fn asking(lists: Vec<RevocationList>) -> Trust {
    let listed = |list| Listed { name: "list".to_owned(), list, is_gone: false };
    let lists = lists.into_iter().map(listed).collect();
    Trust { authorities: None, revocation: Some(Revocation { lists, now_ns: wall_ns(), ..Revocation::default() }) }
}

#[test]
fn a_recipient_needs_a_chain_to_the_given_authority() {
    let (ours, theirs) = (Authority::new("Ours"), Authority::new("Ours"));
    ours.recipient("alice", 100);
    let alice = certificate(&ours, "alice.pem");
    assert_eq!(reason(&alice, &[], &Trust::default(), wall_ns()), None);
    assert_eq!(reason(&alice, &[], &trusting(certificates(&ours, &["ca.pem"])), wall_ns()), None);
    // an authority of the same name is another one
    let other = trusting(certificates(&theirs, &["ca.pem"]));
    assert_eq!(reason(&alice, &[], &other, wall_ns()), Some(Unusable::NoChain));
    let both = trusting([certificates(&theirs, &["ca.pem"]), certificates(&ours, &["ca.pem"])].concat());
    assert_eq!(reason(&alice, &[], &both, wall_ns()), None);
    // next to the recipients an authority is no anchor
    let around = certificates(&ours, &["ca.pem"]);
    assert_eq!(reason(&alice, &around, &other, wall_ns()), Some(Unusable::NoChain));
    assert_eq!(reason(&alice, &[], &trusting(vec![]), wall_ns()), Some(Unusable::NoChain));
    // self-signed: only itself vouches for it
    let (alone, _) = generated("alone", Algorithm::P256);
    assert_eq!(reason(&alone, &[], &both, now()), Some(Unusable::NoChain));
    assert_eq!(reason(&alone, &[], &trusting(vec![alone.clone()]), now()), None);
}

#[test]
fn key_usage_counts_although_there_is_a_chain() {
    let ca = Authority::new("Root");
    ca.issue("signer", "ca", 100, "keyUsage=critical,digitalSignature\n");
    ca.issue("server", "ca", 100, "keyUsage=keyAgreement\nextendedKeyUsage=serverAuth\n");
    let trust = trusting(certificates(&ca, &["ca.pem"]));
    assert_eq!(reason(&certificate(&ca, "signer.pem"), &[], &trust, wall_ns()), Some(Unusable::KeyUsage));
    assert_eq!(reason(&certificate(&ca, "server.pem"), &[], &trust, wall_ns()), None);
}

/// Whether openssl finds a chain from `NAME.pem` to the root, over the link if there is one.
fn openssl_accepts(ca: &Authority, name: &str, link: Option<&str>, root: &str) -> bool {
    let mut verify = std::process::Command::new("openssl");
    verify.current_dir(ca.dir.path()).args(["verify", "-CAfile", root]);
    if let Some(link) = link {
        verify.args(["-untrusted", link]);
    }
    verify.arg(format!("{name}.pem")).output().unwrap().status.success()
}

#[test]
fn only_who_may_issue_certificates_is_a_link_of_a_chain() {
    let ca = Authority::new("Root");
    let recipient = "keyUsage=critical,keyAgreement\nbasicConstraints=CA:FALSE\n";
    let root = trusting(certificates(&ca, &["ca.pem"]));
    let links = [
        ("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n", true),
        ("basicConstraints=critical,CA:TRUE\n", true),
        ("basicConstraints=CA:TRUE\nkeyUsage=keyCertSign,digitalSignature\n", true),
        ("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,cRLSign\n", false),
        ("basicConstraints=critical,CA:TRUE\nkeyUsage=digitalSignature,keyAgreement\n", false),
        ("basicConstraints=critical,CA:TRUE\nkeyUsage=keyEncipherment\n", false),
        ("basicConstraints=critical,CA:FALSE\nkeyUsage=keyCertSign\n", false),
        (recipient, false),
    ];
    for (n, (extensions, may)) in links.into_iter().enumerate() {
        let (link, below) = (format!("link{n}"), format!("of{n}"));
        ca.issue(&link, "ca", 50, extensions);
        ca.issue(&below, &link, 50, recipient);
        let others = certificates(&ca, &[&format!("{link}.pem")]);
        let found = reason(&certificate(&ca, &format!("{below}.pem")), &others, &root, wall_ns());
        assert_eq!(found, (!may).then_some(Unusable::NoChain), "{extensions}");
        assert_eq!(openssl_accepts(&ca, &below, Some(&format!("{link}.pem")), "ca.pem"), may, "{extensions}");
    }
}

#[test]
fn a_certificate_that_may_not_issue_is_an_authority_for_itself_alone() {
    let ca = Authority::new("Root");
    let recipient = "keyUsage=critical,keyAgreement\nbasicConstraints=CA:FALSE\n";
    let roots = [
        ("basicConstraints=critical,CA:TRUE\n", true),
        ("basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n", true),
        ("keyUsage=critical,keyAgreement,keyCertSign\n", true),
        ("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,cRLSign\n", false),
        ("basicConstraints=CA:FALSE\nkeyUsage=critical,keyAgreement\n", false),
        ("keyUsage=critical,keyAgreement\n", false),
        ("subjectKeyIdentifier=hash\n", false),
    ];
    for (n, (extensions, may)) in roots.into_iter().enumerate() {
        let (name, below) = (format!("root{n}"), format!("of{n}"));
        ca.openssl(&format!("ecparam -name prime256v1 -genkey -noout -out {name}.key"));
        ca.write("root.cnf", format!("[req]\ndistinguished_name=d\nx509_extensions=e\n[d]\n[e]\n{extensions}"));
        ca.openssl(&format!(
            "req -x509 -new -config root.cnf -key {name}.key -subj /CN={name} -days 50 -out {name}.pem"
        ));
        ca.issue(&below, &name, 50, recipient);
        let file = format!("{name}.pem");
        let trust = trusting(certificates(&ca, &[&file]));
        let found = reason(&certificate(&ca, &format!("{below}.pem")), &[], &trust, wall_ns());
        assert_eq!(found, (!may).then_some(Unusable::NoChain), "{extensions}");
        assert_eq!(openssl_accepts(&ca, &below, None, &file), may, "{extensions}");
        // named itself, it needs no chain
        let itself = certificate(&ca, &file);
        assert_ne!(reason(&itself, &[], &trust, wall_ns()), Some(Unusable::NoChain), "{extensions}");
    }
}

#[test]
fn an_authority_for_some_addresses_of_mail_does_not_vouch_for_others() {
    let ca = Authority::new("Root");
    let middle = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n";
    let recipient = "keyUsage=critical,keyAgreement\nbasicConstraints=CA:FALSE\n";
    let limits = [
        "nameConstraints=critical,permitted;email:org.example\n",
        "nameConstraints=permitted;email:org.example\n",
        "nameConstraints=critical,excluded;email:evil.example\n",
    ];
    let root = trusting(certificates(&ca, &["ca.pem"]));
    // the name of a certificate is that of its files, too
    std::fs::create_dir(ca.path("mail")).unwrap();
    let at_root = |name: &str| reason(&certificate(&ca, name), &certificates(&ca, &["middle.pem"]), &root, wall_ns());
    for limit in limits {
        ca.issue("middle", "ca", 50, &format!("{middle}{limit}"));
        ca.issue("plain", "middle", 50, recipient);
        assert_eq!(at_root("plain.pem"), None, "{limit}");
        // in the subject, and in the alternative name
        ca.issue("mail/emailAddress=a@evil.example", "middle", 50, recipient);
        assert_eq!(at_root("mail/emailAddress=a@evil.example.pem"), Some(Unusable::NoChain), "{limit}");
        ca.issue("other", "middle", 50, &format!("{recipient}subjectAltName=email:a@evil.example\n"));
        assert_eq!(at_root("other.pem"), Some(Unusable::NoChain), "{limit}");
    }
    // without a limit an address is nothing
    ca.issue("middle", "ca", 50, middle);
    ca.issue("mail/emailAddress=a@evil.example", "middle", 50, recipient);
    assert_eq!(at_root("mail/emailAddress=a@evil.example.pem"), None);
}

#[test]
fn the_links_of_a_chain_come_from_both_sides_and_can_be_revoked() {
    let ca = Authority::new("Root");
    ca.issue("middle", "ca", 50, "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n");
    ca.issue("alice", "middle", 100, "keyUsage=critical,keyAgreement\nbasicConstraints=CA:FALSE\n");
    ca.issue("fake", "alice", 100, "keyUsage=critical,keyAgreement\n");
    let (alice, middle) = (certificate(&ca, "alice.pem"), certificate(&ca, "middle.pem"));
    let root = trusting(certificates(&ca, &["ca.pem"]));
    assert_eq!(reason(&alice, &[], &root, wall_ns()), Some(Unusable::NoChain));
    assert_eq!(reason(&alice, std::slice::from_ref(&middle), &root, wall_ns()), None);
    let mut bundle = trusting(certificates(&ca, &["middle.pem", "ca.pem"]));
    assert_eq!(reason(&alice, &[], &bundle, wall_ns()), None);
    assert_eq!(
        reason(&certificate(&ca, "fake.pem"), std::slice::from_ref(&alice), &bundle, wall_ns()),
        Some(Unusable::NoChain)
    );
    // all are anchors where no root is given
    assert_eq!(reason(&alice, &[], &trusting(vec![middle.clone()]), wall_ns()), None);
    // a chain lasts as long as its links
    assert_eq!(reason(&alice, &[], &bundle, wall_ns() + 60 * DAY), Some(Unusable::NoChain));
    let named = [("alice.pem".to_owned(), alice.clone())];
    let Forecast::At { last_ns, lost } = forecast(&named, wall_ns(), &bundle, 1) else { panic!("now") };
    assert_eq!((last_ns, lost.len()), (middle.not_after_ns(), 1));

    ca.revoke("middle", "middle.crl", true);
    let lists = revocation_lists_in(&ca.read("middle.crl")).unwrap();
    bundle.revocation = asking(lists).revocation;
    assert_eq!(reason(&alice, &[], &bundle, wall_ns()), Some(Unusable::NoChain));
    // nor does what it signed vouch for anybody where no chain is asked for
    bundle.authorities = None;
    assert_eq!(reason(&alice, &[middle], &bundle, wall_ns()), Some(Unusable::NoRevocationList));
}

#[test]
fn what_a_list_names_is_refused() {
    let ca = Authority::new("Root");
    ["alice", "bob"].iter().for_each(|name| ca.recipient(name, 100));
    for version_2 in [false, true] {
        if version_2 {
            ca.list("list.crl", true);
        } else {
            ca.revoke("bob", "list.crl", false);
        }
        let lists = revocation_lists_in(&ca.read("list.crl")).unwrap();
        ca.openssl("crl -in list.crl -outform DER -out list.der");
        assert_eq!(revocation_lists_in(&ca.read("list.der")).unwrap(), lists);
        let due = lists[0].next_update_ns().unwrap() - wall_ns();
        assert!((29 * DAY..=30 * DAY).contains(&due), "{due}");
        let root = certificates(&ca, &["ca.pem"]);
        // the authority is known by --ca, or as it lies next to the recipients, or not at all
        for (authorities, around, alice) in
            [(Some(root.clone()), vec![], None), (None, root, None), (None, vec![], Some(Unusable::NoRevocationList))]
        {
            let trust = Trust { authorities, ..asking(lists.clone()) };
            let of = |name| reason(&certificate(&ca, name), &around, &trust, wall_ns());
            assert_eq!((of("alice.pem"), of("bob.pem")), (alice, Some(Unusable::Revoked)));
        }
    }
}

#[test]
fn a_list_that_its_issuer_did_not_sign_is_not_believed() {
    let (ours, forger) = (Authority::new("Root"), Authority::new("Root"));
    ours.recipient("bob", 100);
    // the same issuer name, and the same serial number
    std::fs::copy(ours.path("bob.pem"), forger.path("bob.pem")).unwrap();
    forger.revoke("bob", "list.crl", true);
    let bob = certificate(&ours, "bob.pem");
    let ca = certificates(&ours, &["ca.pem"]);
    let forged = revocation_lists_in(&forger.read("list.crl")).unwrap();
    let no_list = Some(Unusable::NoRevocationList);
    assert_eq!(reason(&bob, &ca, &asking(forged.clone()), wall_ns()), no_list);
    let trust = Trust { authorities: Some(ca.clone()), ..asking(forged.clone()) };
    assert_eq!(reason(&bob, &[], &trust, wall_ns()), no_list);
    // next to a true one that does not name him it does nothing
    ours.list("list.crl", true);
    let around = [forged.clone(), revocation_lists_in(&ours.read("list.crl")).unwrap()].concat();
    assert_eq!(reason(&bob, &ca, &asking(around), wall_ns()), None);
    // with no certificate of the issuer there is nothing to check it with, and refusing is the safe side
    assert_eq!(reason(&bob, &[], &asking(forged), wall_ns()), Some(Unusable::Revoked));
    // true and forged next to each other
    ours.revoke("bob", "list.crl", true);
    ours.write("both.pem", [forger.read("list.crl"), ours.read("list.crl")].concat());
    let both = revocation_lists_in(&ours.read("both.pem")).unwrap();
    assert_eq!(both.len(), 2);
    let trust = Trust { authorities: Some(ca), ..asking(both) };
    assert_eq!(reason(&bob, &[], &trust, wall_ns()), Some(Unusable::Revoked));
}

#[test]
fn no_damaged_list_panics() {
    let ca = Authority::new("Root");
    ca.recipient("bob", 100);
    ca.revoke("bob", "list.crl", true);
    ca.openssl("crl -in list.crl -outform DER -out list.der");
    let der = ca.read("list.der");
    let bob = certificate(&ca, "bob.pem");
    for at in 0..der.len() {
        for bit in 0..8 {
            let mut bent = der.clone();
            bent[at] ^= 1 << bit;
            if let Ok(lists) = revocation_lists_in(&bent) {
                let _ = lists.iter().filter(|list| list.names(&bob).is_some()).count();
            }
        }
        assert!(revocation_lists_in(&der[..at]).is_err());
    }
}

#[test]
fn lists_appear_and_what_they_refused_stays_refused() {
    let ca = Authority::new("Root");
    ["alice", "bob", "carol"].iter().for_each(|name| ca.recipient(name, 100));
    for name in ["alice.pem", "bob.pem", "carol.pem"] {
        ca.write(&format!("certs/{name}"), ca.read(name));
    }
    std::fs::create_dir(ca.path("crls")).unwrap();
    let mut files = CertificateFiles::new(&[ca.path("certs")]).unwrap();
    let mut lists = CertificateFiles::revocation_lists(&[ca.path("crls")]).unwrap();
    let root = Some(certificates(&ca, &["ca.pem"]));
    let mut recipients = RecipientsOverTime::new(root).asking_lists(0, Default::default());
    // by the clock each time: a list that openssl makes begins at its second
    let mut refresh = |recipients: &mut RecipientsOverTime, later_ns: i64| {
        let set = recipients.refresh(&mut files, &mut lists, wall_ns() + later_ns).unwrap();
        set.usable.iter().map(|r| r.certificate.common_name().to_owned()).collect::<Vec<_>>()
    };
    // nobody vouches for anybody yet
    assert!(refresh(&mut recipients, 0).is_empty());
    assert!(matches!(recipients.notices(), [Notice::NoLists { kept: false, .. }]), "{:?}", recipients.notices());
    ca.list("crls/root.crl", true);
    assert_eq!(refresh(&mut recipients, 0).len(), 3);
    assert!(recipients.notices().is_empty(), "{:?}", recipients.notices());
    ca.revoke("bob", "crls/root.crl", true);
    assert!(!refresh(&mut recipients, 0).contains(&"bob".into()));
    assert_eq!(recipients.proven(), [certificate(&ca, "bob.pem")]);
    // damaged, gone, the folder gone: what it named stays refused, and recording goes on while it is valid
    ca.write("crls/root.crl", "-----BEGIN X509 CRL-----\nMII");
    assert_eq!(refresh(&mut recipients, 0).len(), 2);
    assert!(matches!(recipients.notices(), [Notice::List { kept: true, .. }]), "{:?}", recipients.notices());
    std::fs::remove_dir_all(ca.path("crls")).unwrap();
    for _ in 0..5 {
        assert_eq!(refresh(&mut recipients, 0).len(), 2);
    }
    // a list without bob on it (a rollback) changes nothing
    std::fs::create_dir(ca.path("crls")).unwrap();
    ca.write("index.txt", "");
    ca.revoke("carol", "crls/root.crl", true);
    assert_eq!(refresh(&mut recipients, 0), ["alice"]);
    // overdue: nobody can say any more who was revoked since
    assert!(refresh(&mut recipients, 31 * DAY).is_empty());
    let notices = recipients.notices();
    assert!(matches!(notices, [Notice::ListFault { fault: ListFault::Expired(_), .. }]), "{notices:?}");
}

/// A signature by an elliptic curve can be written in two ways, so who was revoked could come back with another
/// fingerprint.
#[test]
fn who_was_revoked_is_known_however_the_signature_is_written() {
    let ca = Authority::new("Root");
    ca.recipient("bob", 100);
    let bob = certificate(&ca, "bob.pem");
    let twin = Certificate::from_der(&with_the_other_s(bob.der())).unwrap();
    assert_ne!(twin.fingerprint(), bob.fingerprint());
    ca.list("list.crl", true);
    let lists = revocation_lists_in(&ca.read("list.crl")).unwrap();
    let mut trust = Trust { authorities: Some(certificates(&ca, &["ca.pem"])), ..asking(lists) };
    assert_eq!([&bob, &twin].map(|c| reason(c, &[], &trust, wall_ns())), [None, None]);
    trust.revocation.as_mut().unwrap().remembered.insert(bob.signed_hash());
    let revoked = Some(Unusable::Revoked);
    assert_eq!([&bob, &twin].map(|c| reason(c, &[], &trust, wall_ns())), [revoked, revoked]);
}

/// The certificate with s of its signature replaced by the order of P-256 less s, which is as right.
fn with_the_other_s(der: &[u8]) -> Vec<u8> {
    use der::asn1::{BitString, Uint, UintRef};
    use der::{Decode, Encode, Reader, SliceReader};
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad,
        0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let mut reader = SliceReader::new(der).unwrap();
    let (tbs, algorithm, signature) =
        reader.sequence(|r| Ok::<_, der::Error>((r.tlv_bytes()?, r.tlv_bytes()?, BitString::decode(r)?))).unwrap();
    let numbers = Vec::<Uint>::from_der(signature.as_bytes().unwrap()).unwrap();
    let [r, s] = numbers.as_slice() else { panic!("{numbers:?}") };
    let mut s = [&vec![0; 32 - s.as_bytes().len()], s.as_bytes()].concat();
    let mut borrow = 0;
    for (digit, order) in s.iter_mut().zip(ORDER).rev() {
        let difference = i16::from(order) - i16::from(*digit) - borrow;
        borrow = i16::from(difference < 0);
        *digit = difference.rem_euclid(256) as u8;
    }
    let numbers = vec![UintRef::new(r.as_bytes()).unwrap(), UintRef::new(&s).unwrap()];
    let signature = BitString::from_bytes(&numbers.to_der().unwrap()).unwrap().to_der().unwrap();
    crate::support::revocation::sequence(&[tbs.to_vec(), algorithm.to_vec(), signature])
}

#[test]
fn a_list_is_used_for_as_long_after_its_end_as_was_asked_for() {
    let ca = Authority::new("Root");
    ["alice", "bob"].iter().for_each(|name| ca.recipient(name, 400));
    ca.revoke("bob", "list.crl", true);
    let lists = revocation_lists_in(&ca.read("list.crl")).unwrap();
    let due_ns = lists[0].next_update_ns().unwrap();
    let mut trust = Trust { authorities: Some(certificates(&ca, &["ca.pem"])), ..asking(lists) };
    let mut at = |grace_ns, now_ns| {
        let revocation = trust.revocation.as_mut().unwrap();
        (revocation.grace_ns, revocation.now_ns) = (grace_ns, now_ns);
        ["alice.pem", "bob.pem"].map(|name| reason(&certificate(&ca, name), &[], &trust, now_ns))
    };
    let (revoked, no_list) = (Some(Unusable::Revoked), Some(Unusable::NoRevocationList));
    assert_eq!(at(0, due_ns), [None, revoked]);
    assert_eq!(at(0, due_ns + 1), [no_list, revoked]);
    assert_eq!(at(7 * DAY, due_ns + 7 * DAY), [None, revoked]);
    assert_eq!(at(7 * DAY, due_ns + 7 * DAY + 1), [no_list, revoked]);
    assert_eq!(at(i64::MAX, due_ns + 100 * DAY), [None, revoked]);
    // a clock that is wrong
    assert_eq!(at(i64::MAX, due_ns - 60 * DAY), [Some(Unusable::NotYetValid), Some(Unusable::NotYetValid)]);
}
