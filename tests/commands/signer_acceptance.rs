//! Which signers are accepted by an authority: those that are for it, at the time that an epoch states, and not
//! revoked.

use std::io::Write;
use std::process::{Output, Stdio};

use vidveil::format::{Reader, Record};
use vidveil::keys::SIGNER_PURPOSE;

use super::clock::{faketime_library, set_clock};
use crate::support::authority::Authority;
use crate::support::yard::{Yard, assert_status, stderr, told, until};

const SIGNS: &str = "keyUsage=critical,digitalSignature\nbasicConstraints=CA:FALSE\n";
const SUB_CA: &str = "keyUsage=critical,keyCertSign,cRLSign\nbasicConstraints=critical,CA:TRUE\n";

/// What reads `IN` and takes whose streams count.
const READERS: [&str; 7] = [
    "verify IN",
    "verify -i desk.key IN",
    "decrypt-stream -i desk.key IN -o out",
    "protect -i desk.key --learn 500ms IN -o out",
    "view -i desk.key IN -o out.mkv",
    "view -i desk.key --from 0 --to 1 --export out IN",
    "record out IN",
];

fn extensions(purpose: &str) -> String {
    if purpose.is_empty() { SIGNS.to_owned() } else { format!("{SIGNS}extendedKeyUsage={purpose}\n") }
}

/// The files of an authority in the yard's folder.
fn copy(ca: &Authority, yard: &Yard, names: &[&str]) {
    for name in names {
        yard.write(name, &ca.read(name));
    }
    yard.done("chmod 600 *.key");
}

/// A camera and a desk, and `NAME.vv`, signed with `NAME.key`.
fn yard(ca: &Authority, names: &[&str]) -> Yard {
    let yard = Yard::with_camera(2);
    yard.done("capture camera.mp4 -o cam.vv");
    for name in names {
        copy(ca, &yard, &[&format!("{name}.pem"), &format!("{name}.key")]);
        yard.done(&format!("encrypt-stream -r certs --sign {name}.key --signer {name}.pem cam.vv -o {name}.vv"));
    }
    copy(ca, &yard, &["ca.pem"]);
    yard
}

fn read(yard: &Yard, reader: &str, input: &str, flags: &str) -> Output {
    yard.done("rm -rf out out.mkv");
    yard.sh(&format!("{} {flags}", reader.replace("IN", input)))
}

/// Every reader refuses it with these words, and has written nothing.
#[track_caller]
fn refused(yard: &Yard, input: &str, flags: &str, why: &str) {
    for reader in READERS {
        let output = read(yard, reader, input, flags);
        assert_status(&output, 4);
        assert!(told(&output).contains(why), "{reader} {flags}: {}", told(&output));
        let written = yard.done("find out out.mkv -type f 2> /dev/null || true");
        assert_eq!(written, "", "{reader} {flags}");
    }
}

#[track_caller]
fn accepted(yard: &Yard, input: &str, flags: &str) {
    for reader in READERS {
        let output = read(yard, reader, input, flags);
        assert_status(&output, 0);
    }
}

#[test]
fn only_a_certificate_for_signing_streams_is_accepted_by_its_authority() {
    let ca = Authority::new("company");
    let others = ["", "serverAuth", "clientAuth,emailProtection,codeSigning", "anyExtendedKeyUsage"];
    for (n, purpose) in others.iter().enumerate() {
        ca.issue(&format!("web{n}"), "ca", 60, &extensions(purpose));
    }
    ca.issue("archiver", "ca", 60, &extensions(&format!("serverAuth,{SIGNER_PURPOSE}")));
    let yard = yard(&ca, &["web0", "web1", "web2", "web3", "archiver"]);
    accepted(&yard, "archiver.vv", "--ca ca.pem");
    refused(&yard, "web1.vv", "--ca ca.pem", "is not for signing streams by its extended key usage");
    for n in 0..others.len() {
        let verify = |flags: &str| read(&yard, "verify IN", &format!("web{n}.vv"), flags);
        let output = verify("--ca ca.pem");
        assert_status(&output, 4);
        assert!(told(&output).contains("is not for signing streams"), "{}", told(&output));
        assert!(stderr(&output).contains("hint: ") && stderr(&output).contains("--signer-name"), "{}", stderr(&output));
        // by its name, or named by its certificate
        for flags in [
            format!("--ca ca.pem --signer-name web{n}"),
            format!("--ca ca.pem --signer-name other --signer-name CN=web{n}"),
            format!("--signer web{n}.pem"),
            format!("--ca ca.pem --signer web{n}.pem"),
        ] {
            assert_status(&verify(&flags), 0);
        }
    }
    accepted(&yard, "web1.vv", "--ca ca.pem --signer-name web1");
    // a name must be the whole name, and it counts for every signer of the authority
    for name in ["web", "WEB1", "CN=web", "archive"] {
        refused(&yard, "web1.vv", &format!("--ca ca.pem --signer-name {name}"), "has none of the given names");
        refused(&yard, "archiver.vv", &format!("--ca ca.pem --signer-name {name}"), "has none of the given names");
    }
    // and needs the chain all the same
    let other = Authority::new("company");
    yard.write("other.pem", &other.read("ca.pem"));
    refused(&yard, "web1.vv", "--ca other.pem --signer-name web1", "has no chain to a given authority");
    refused(&yard, "archiver.vv", "--ca other.pem", "has no chain to a given authority");
    assert_status(&yard.sh("verify --signer-name web1 web1.vv"), 2);
}

#[test]
fn nobody_is_accepted_by_a_name_that_is_not_his_alone() {
    let ca = Authority::new("company");
    // the subjects that an authority may put into certificates of others, and the names by which each is accepted
    let given = ["gate", "O=Org, CN=gate", "CN=gate", "CN=gate, CN=evil", "evil", "CN=evil + CN=gate", "GATE"];
    let subjects: [(&str, &[&str]); 8] = [
        ("/O=Org/CN=gate", &["gate", "O=Org, CN=gate"]),
        ("/CN=gate", &["gate", "CN=gate"]),
        ("/CN=O=Org, CN=gate", &[]),
        ("/CN=CN=gate", &[]),
        ("/CN=gate/CN=evil", &["CN=gate, CN=evil"]),
        ("/CN=evil/CN=gate", &[]),
        ("/CN=evil+CN=gate", &["CN=evil + CN=gate"]),
        ("/O=gate", &[]),
    ];
    let names: Vec<String> = (0..subjects.len()).map(|n| format!("signer{n}")).collect();
    for (name, (subject, _)) in names.iter().zip(&subjects) {
        ca.issue(name, "ca", 60, SIGNS);
        let key = format!("{name}.key");
        let csr = std::process::Command::new("openssl")
            .current_dir(ca.dir.path())
            .args(["req", "-new", "-key", &key, "-subj", subject, "-out", "own.csr"])
            .output()
            .unwrap();
        assert!(csr.status.success(), "{}", String::from_utf8_lossy(&csr.stderr));
        ca.openssl(&format!(
            "x509 -req -in own.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 60 -extfile extensions -out {name}.pem"
        ));
    }
    let yard = yard(&ca, &names.iter().map(String::as_str).collect::<Vec<_>>());
    for (signer, (subject, accepted)) in names.iter().zip(&subjects) {
        for name in given {
            let output = yard.sh(&format!("verify --ca ca.pem --signer-name '{name}' {signer}.vv"));
            let expected = if accepted.contains(&name) { 0 } else { 4 };
            assert_eq!(output.status.code(), Some(expected), "{subject} as {name}: {}", told(&output));
        }
    }
}

#[test]
fn whose_name_nobody_has_checked_is_said() {
    let yard = Yard::with_camera(2);
    yard.done(
        "signer archiver; capture camera.mp4 -o cam.vv
         encrypt-stream -r certs --sign archiver.key --signer archiver.pem cam.vv -o signed.vv",
    );
    // the frames are right by the key, and the name is what the signer's certificate says of itself
    let unchecked = "signed by \"CN=archiver\" (an unknown signer)\n";
    assert!(yard.done("verify -i desk.key signed.vv").ends_with(unchecked));
    assert!(yard.done("verify --unsigned-ok signed.vv").ends_with(unchecked));
    assert!(yard.done("verify --signer archiver.pem signed.vv").ends_with("signed by \"CN=archiver\"\n"));
    assert!(yard.done("verify -i desk.key --signer archiver.pem signed.vv").ends_with("signed by \"CN=archiver\"\n"));
}

#[test]
fn an_authority_for_servers_alone_makes_no_signers() {
    let ca = Authority::new("root");
    for (name, purpose) in
        [("servers", "serverAuth,clientAuth"), ("open", ""), ("any", "anyExtendedKeyUsage"), ("own", SIGNER_PURPOSE)]
    {
        let limit = if purpose.is_empty() { String::new() } else { format!("extendedKeyUsage={purpose}\n") };
        ca.issue(name, "ca", 60, &format!("{SUB_CA}{limit}"));
        ca.issue(&format!("of-{name}"), name, 60, &extensions(SIGNER_PURPOSE));
    }
    let yard = yard(&ca, &["of-servers", "of-open", "of-any", "of-own"]);
    copy(&ca, &yard, &["servers.pem", "open.pem", "any.pem", "own.pem"]);
    yard.done("cat ca.pem servers.pem open.pem any.pem own.pem > all.pem");
    for (name, status) in [("servers", 4), ("open", 0), ("any", 0), ("own", 0)] {
        let output = yard.sh(&format!("verify --ca all.pem of-{name}.vv"));
        assert_status(&output, status);
    }
    // by its name, whoever issued it
    yard.done("verify --ca all.pem --signer-name of-servers of-servers.vv");
}

#[test]
fn what_is_made_for_signing_says_so() {
    let yard = Yard::new();
    yard.done("signer archiver; enroll desk");
    let said = yard.done("openssl x509 -in archiver.pem -noout -ext extendedKeyUsage");
    assert!(said.contains(SIGNER_PURPOSE), "{said}");
    assert!(!yard.done("openssl x509 -in certs/desk.pem -noout -text").contains("Extended Key Usage"));
    // accepted as its own authority, as any certificate of --ca is
    let yard = Yard::with_camera(2);
    yard.done(
        "signer archiver; capture camera.mp4 | encrypt-stream -r certs --sign archiver.key --signer archiver.pem > a.vv
         verify --ca archiver.pem a.vv; verify --signer archiver.pem a.vv",
    );
}

#[test]
fn the_chain_must_have_been_valid_at_the_time_of_the_epoch() {
    let ca = Authority::new("root");
    // valid for ten days, and the signer for a year
    ca.issue("link", "ca", 10, SUB_CA);
    ca.issue("archiver", "link", 365, &extensions(SIGNER_PURPOSE));
    let yard = yard(&ca, &["archiver"]);
    copy(&ca, &yard, &["link.pem"]);
    yard.done("cat ca.pem link.pem > chain.pem");
    let verify = |clock: &str, input: &str| yard.sh(&format!("faketime -f '{clock}' verify --ca chain.pem {input}"));
    for clock in ["+0d", "+20d", "+4000d", "-30d"] {
        assert_status(&verify(clock, "archiver.vv"), 0);
    }
    yard.done(
        "faketime -f +20d encrypt-stream -q -r certs --sign archiver.key --signer archiver.pem cam.vv -o late.vv
         decrypt-stream -q -i desk.key late.vv > /dev/null",
    );
    for clock in ["+0d", "+20d"] {
        let output = verify(clock, "late.vv");
        assert_status(&output, 4);
        assert!(told(&output).contains("has no chain to a given authority"), "{}", told(&output));
    }
}

#[test]
fn a_revoked_signer_is_refused_by_every_reader() {
    let ca = Authority::new("company");
    ca.issue("archiver", "ca", 60, &extensions(SIGNER_PURPOSE));
    ca.issue("other", "ca", 60, &extensions(SIGNER_PURPOSE));
    ca.list("none.crl", true);
    ca.revoke("other", "other.crl", true);
    let yard = yard(&ca, &["archiver", "other"]);
    yard.done("signer alone; encrypt-stream -r certs --sign alone.key --signer alone.pem cam.vv -o alone.vv");
    yard.done("mkdir none revoked empty expired foreign forged");
    yard.write("none/company.crl", &ca.read("none.crl"));
    yard.write("revoked/company.crl", &ca.read("other.crl"));
    let forged = Authority::new("company");
    forged.list("forged.crl", true);
    yard.write("forged/company.crl", &forged.read("forged.crl"));
    let foreign = Authority::new("foreign");
    foreign.list("foreign.crl", true);
    yard.write("foreign/foreign.crl", &foreign.read("foreign.crl"));

    accepted(&yard, "archiver.vv", "--ca ca.pem --crl none");
    accepted(&yard, "archiver.vv", "--ca ca.pem --crl revoked");
    accepted(&yard, "other.vv", "--ca ca.pem --crl none");
    refused(&yard, "other.vv", "--ca ca.pem --crl revoked", "has been revoked");
    // named, too, and by its name
    refused(&yard, "other.vv", "--signer other.pem --ca ca.pem --crl revoked", "has been revoked");
    refused(&yard, "other.vv", "--signer-name other --ca ca.pem --crl revoked", "has been revoked");
    // what nobody vouches for is not accepted
    for lists in ["empty", "foreign", "forged"] {
        refused(&yard, "archiver.vv", &format!("--ca ca.pem --crl {lists}"), "is vouched for by no revocation list");
    }
    refused(&yard, "archiver.vv", "--signer archiver.pem --crl none", "is vouched for by no revocation list");
    // who issued himself, and is named, cannot be revoked by anybody
    accepted(&yard, "alone.vv", "--signer alone.pem --crl none --ca ca.pem");

    let late = |flags: &str| yard.sh(&format!("faketime -f +40d verify --ca ca.pem --crl none {flags} archiver.vv"));
    let output = late("");
    assert_status(&output, 4);
    assert!(told(&output).contains("has expired: the next one was due on"), "{}", told(&output));
    let output = late("--crl-grace 20d");
    assert_status(&output, 0);
    assert!(stderr(&output).contains("it is used until"), "{}", stderr(&output));

    // rewrap names its signers, and has authorities for recipients only
    let rewrap = |input: &str, flags: &str| {
        yard.done("rm -rf out");
        yard.sh(&format!("rewrap --cut --from 0 --to 2 {input} -o out {flags}"))
    };
    assert_status(&rewrap("other.vv", "--signer other.pem --ca ca.pem --crl none"), 0);
    let output = rewrap("other.vv", "--signer other.pem --ca ca.pem --crl revoked");
    assert_status(&output, 4);
    assert!(stderr(&output).contains("has been revoked") && !yard.exists("out"), "{}", told(&output));

    let useless = yard.sh("verify --crl none archiver.vv");
    assert_status(&useless, 2);
}

#[test]
fn what_was_revoked_once_stays_so() {
    let ca = Authority::new("company");
    ca.issue("archiver", "ca", 60, &extensions(SIGNER_PURPOSE));
    ca.list("before.crl", true);
    ca.revoke("archiver", "after.crl", true);
    let yard = yard(&ca, &["archiver"]);
    yard.done("mkdir lists");
    let verify = || yard.sh("verify --ca ca.pem --crl lists archiver.vv");
    yard.write("lists/company.crl", &ca.read("before.crl"));
    assert_status(&verify(), 0);
    yard.write("lists/company.crl", &ca.read("after.crl"));
    assert_status(&verify(), 4);
    // somebody puts the older list back
    yard.write("lists/company.crl", &ca.read("before.crl"));
    let output = verify();
    assert_status(&output, 4);
    assert!(told(&output).contains("has been revoked"), "{}", told(&output));
}

#[test]
fn the_lists_are_read_again_while_a_stream_comes() {
    let ca = Authority::new("company");
    ca.issue("archiver", "ca", 60, &extensions(SIGNER_PURPOSE));
    ca.list("before.crl", true);
    ca.revoke("archiver", "after.crl", true);
    let yard = yard(&ca, &["archiver"]);
    yard.done(
        "scene long.mp4 160x120 6; mkdir lists
         capture long.mp4 | encrypt-stream -r certs --rekey-interval 1s --sign archiver.key --signer archiver.pem > long.vv",
    );
    yard.write("lists/company.crl", &ca.read("before.crl"));
    let bytes = yard.bytes("long.vv");
    let (mut reader, mut closes) = (Reader::new(bytes.as_slice()), Vec::new());
    while let Some(record) = reader.next().unwrap() {
        if let Record::Close(_) = record {
            closes.push(reader.offset() as usize);
        }
    }
    let now = vidveil::base::wall_ns();
    let clock = |minutes: i64| {
        let time = vidveil::base::text::rfc3339((now / 1_000_000_000 + 60 * minutes) * 1_000_000_000);
        set_clock(&yard, &time.replace('T', " ").replace('Z', ""));
    };
    clock(0);
    let mut command = yard.command("record", &["kept", "--ca", "ca.pem", "--crl", "lists"]);
    command
        .env("LD_PRELOAD", faketime_library())
        .env("FAKETIME_TIMESTAMP_FILE", yard.path("clock"))
        .env("FAKETIME_NO_CACHE", "1")
        .env("TZ", "UTC")
        .stdin(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&bytes[..closes[1]]).unwrap();
    until("two epochs are kept", || yard.size_of_all("kept") >= closes[1] as u64);
    yard.write("lists/company.crl", &ca.read("after.crl"));
    clock(1);
    let _ = stdin.write_all(&bytes[closes[1]..]);
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_status(&output, 4);
    assert!(stderr(&output).contains("has been revoked"), "{}", stderr(&output));
    // what was kept before that stays
    let epochs: u64 = yard
        .done("{ inspect -q --json kept/*.vv 2> /dev/null || true; } | jq .epochs")
        .lines()
        .map(|line| line.parse::<u64>().unwrap())
        .sum();
    assert_eq!(epochs, 2);
}
