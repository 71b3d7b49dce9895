//! `enroll-cert --check --for signing` and `--for both`: which certificates can sign, and until when.

use std::process::Output;

use serde_json::Value;

use crate::support::authority::Authority;
use crate::support::yard::{Yard, assert_status, stderr, told};

/// A folder with certificates of both roles.
fn yard() -> Yard {
    let yard = Yard::new();
    yard.done(
        "enroll desk server
         enroll-cert -q --generate --for signing --name archiver --days 100 --key archiver.key -o certs/archiver.pem
         enroll-cert -q --generate --for signing --algorithm ed25519 --name privacy --key privacy.key -o certs/privacy.pem",
    );
    yard
}

fn check(yard: &Yard, clock: &str, arguments: &str) -> Output {
    yard.sh(&format!("faketime -f '{clock}' enroll-cert --check {arguments}"))
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_folder_of_both_roles_is_checked_for_both() {
    let yard = yard();
    let all = check(&yard, "+0", "certs --for both");
    assert_status(&all, 0);
    let said = stdout(&all);
    let begins: Vec<&str> = said.lines().map(|line| line.split(", ").next().unwrap()).collect();
    assert_eq!(
        begins[..4],
        [
            "certs/archiver.pem: signs: CN=archiver",
            "certs/desk.pem: usable: CN=desk",
            "certs/privacy.pem: signs: CN=privacy",
            "certs/server.pem: usable: CN=server",
        ],
        "{said}"
    );
    assert!(begins[4].starts_with("recording with \"certs\" stops on "), "{said}");
    assert!(begins[5].starts_with("\"CN=archiver\" can sign until ") && begins[6].contains("CN=privacy"), "{said}");
    // as recipients alone they are what they were
    let recipients = stdout(&check(&yard, "+0", "certs"));
    assert!(recipients.contains("certs/archiver.pem: its key usage does not allow encryption"), "{recipients}");
    // --strict has nothing against certificates of the other role
    assert_status(&check(&yard, "+0", "certs --for both --strict"), 0);
    assert_status(&check(&yard, "+0", "certs --strict"), 4);
    // each role fails alone
    let signers = check(&yard, "+71d", "certs --for both");
    assert_status(&signers, 4);
    assert!(stderr(&signers).contains("the signer \"CN=archiver\" (\"certs/archiver.pem\") can sign for 28 days only"));
    assert_status(&check(&yard, "+71d", "certs"), 0);
    assert_status(&check(&yard, "+71d", "certs --for both --warn-before 20d"), 0);
    let recipients = check(&yard, "+0", "certs --for both --minimum-recipients 3");
    assert_status(&recipients, 4);
}

#[test]
fn signers_alone() {
    let yard = yard();
    assert_status(&check(&yard, "+0", "certs/archiver.pem certs/privacy.pem --for signing"), 0);
    let late = check(&yard, "+101d", "certs/archiver.pem --for signing");
    assert_status(&late, 4);
    assert!(stdout(&late).starts_with("certs/archiver.pem: cannot sign: has expired: CN=archiver"), "{}", told(&late));
    assert!(
        stderr(&late).contains("error: the signer \"CN=archiver\" (\"certs/archiver.pem\") cannot sign: has expired")
    );
    let early = check(&yard, "-3d", "certs/archiver.pem --for signing");
    assert_status(&early, 4);
    assert!(stdout(&early).contains("cannot sign: is not yet valid"), "{}", told(&early));
    // a recipient's certificate is no signer's
    let wrong = check(&yard, "+0", "certs/desk.pem --for signing");
    assert_status(&wrong, 4);
    assert!(stdout(&wrong).contains("cannot sign: is not for signing, says its key usage"), "{}", told(&wrong));
    let none = check(&yard, "+0", "certs/desk.pem --for both");
    assert_status(&none, 4);
    assert!(stderr(&none).contains("there is no certificate of a signer"), "{}", told(&none));
    assert_status(&yard.sh("enroll-cert --generate --for both --name x --key x.key"), 2);
    assert_status(&yard.sh("enroll-cert --list --for signing"), 2);
}

#[test]
fn a_successor_of_the_same_name_is_enough() {
    let yard = yard();
    yard.done("enroll-cert -q --generate --for signing --name archiver --key next.key -o certs/archiver-next.pem");
    for clock in ["+0", "+71d", "+101d"] {
        let all = check(&yard, clock, "certs --for both");
        assert_status(&all, 0);
    }
    let strict = check(&yard, "+101d", "certs --for both --strict");
    assert_status(&strict, 4);
    assert!(stderr(&strict).contains("cannot sign: \"CN=archiver\" (\"certs/archiver.pem\") has expired"));
}

#[test]
fn chains_and_lists_count_for_signers_as_well() {
    let ca = Authority::new("company");
    let signs = "keyUsage=critical,digitalSignature\nbasicConstraints=CA:FALSE\n";
    ca.issue("link", "ca", 40, "keyUsage=critical,keyCertSign,cRLSign\nbasicConstraints=critical,CA:TRUE\n");
    ca.issue("short", "link", 300, signs);
    ca.issue("good", "ca", 300, signs);
    ca.issue("stolen", "ca", 300, signs);
    ca.revoke("stolen", "list.crl", true);
    let yard = Yard::new();
    for name in ["ca.pem", "link.pem", "short.pem", "good.pem", "stolen.pem", "list.crl"] {
        yard.write(name, &ca.read(name));
    }
    yard.done("cat ca.pem link.pem > chain.pem; signer alone");
    assert_status(&check(&yard, "+0", "good.pem --for signing --ca ca.pem --crl list.crl"), 0);
    for (arguments, why) in [
        ("stolen.pem --ca ca.pem --crl list.crl", "cannot sign: has been revoked"),
        ("alone.pem --ca ca.pem", "cannot sign: has no chain to a given authority"),
        ("good.pem --crl list.crl", "cannot sign: is vouched for by no revocation list"),
    ] {
        let output = check(&yard, "+0", &format!("{arguments} --for signing"));
        assert_status(&output, 4);
        assert!(stdout(&output).contains(why), "{arguments}: {}", told(&output));
    }
    // the chain ends before the certificate
    assert_status(&check(&yard, "+0", "short.pem --for signing --ca chain.pem"), 0);
    let soon = check(&yard, "+11d", "short.pem --for signing --ca chain.pem");
    assert_status(&soon, 4);
    assert!(stderr(&soon).contains("can sign for 28 days only"), "{}", told(&soon));
}

#[test]
fn signers_for_machines() {
    let yard = yard();
    let both = check(&yard, "+0", "certs --for both --json");
    assert_status(&both, 0);
    let v: Value = serde_json::from_slice(&both.stdout).unwrap();
    let roles: Vec<_> = v["certificates"].as_array().unwrap().iter().map(|c| (&c["role"], &c["usable"])).collect();
    let (signing, encryption) = (Value::from("signing"), Value::from("encryption"));
    let yes = Value::from(true);
    assert_eq!(roles, [(&signing, &yes), (&encryption, &yes), (&signing, &yes), (&encryption, &yes)]);
    assert_eq!((&v["usable"], &v["records"]), (&2.into(), &true.into()));
    let signers = v["signers"].as_array().unwrap();
    assert_eq!((&signers[0]["subject"], &signers[0]["signs"]), (&"CN=archiver".into(), &true.into()));
    assert!(signers[0]["ends"].is_string() && signers[0]["reason"].is_null());
    let late = check(&yard, "+101d", "certs --for both --json");
    let v: Value = serde_json::from_slice(&late.stdout).unwrap();
    assert_eq!(
        v["signers"][0],
        serde_json::json!({
            "subject": "CN=archiver", "signs": false, "ends": null, "reason": "has expired"
        })
    );
    // without --for it is what it was
    let plain: Value = serde_json::from_slice(&check(&yard, "+0", "certs --json").stdout).unwrap();
    assert!(plain.get("signers").is_none() && plain["certificates"][0].get("role").is_none(), "{plain}");
}
