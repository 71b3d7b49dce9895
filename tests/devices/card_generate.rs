//! `enroll-cert --generate-on-card`: the key is made on the card, the certificate is signed by it, and what is sealed
//! to it opens
//! with the card. OpenSSL, Yubico's tool and OpenSC are the judges.

use std::process::Command;

use crate::support::card::{ADMIN_KEY, Desk, Limited, Model, PIN, assert_says, on_a_terminal, told};

/// Makes a key on a new card, and opens with it what is sealed to its certificate.
#[track_caller]
fn made(slot: &str, algorithm: &str, kind: &str) {
    let Some(desk) = Desk::new("made") else { return };
    let card = desk.reader.insert(&["--seed", "77"]);
    desk.write_secret("admin", format!("{ADMIN_KEY}\n").as_bytes());
    let more = format!("--slot {slot} --algorithm {algorithm} --name desk --wait 55s");
    let generate = format!("--generate-on-card {more} --management-key-file admin --pin-file pin -o certs/desk.pem");
    assert_says(&desk.run("enroll-cert", &generate), 0, &[&format!("slot {slot}"), "CN=desk", kind]);
    assert_eq!(desk.reader.pin_state(), "63c3");

    let openssl = |line: &str| Command::new("openssl").args(line.split(' ')).current_dir(desk.path("")).succeeds();
    // signed by its own key
    openssl("verify -check_ss_sig -partial_chain -trusted certs/desk.pem certs/desk.pem");
    let usage = openssl("x509 -in certs/desk.pem -noout -ext keyUsage,basicConstraints");
    assert!(usage.contains(if kind == "RSA-2048" { "Key Encipherment" } else { "Key Agreement" }), "{usage}");
    assert!(usage.contains("CA:FALSE"), "{usage}");
    // and on the card the same
    let read = format!("-r Virtual -a read-certificate -s {slot} -o there.pem");
    assert_says(&desk.tool("yubico-piv-tool", &read), 0, &[]);
    let print = |name: &str| openssl(&format!("x509 -in {name} -noout -fingerprint -sha256"));
    assert_eq!(print("there.pem"), print("certs/desk.pem"));
    let decipher = format!("-r Virtual -a verify-pin -P {PIN} -a test-decipher -s {slot} -i certs/desk.pem");
    assert_says(&desk.tool("yubico-piv-tool", &decipher), 0, &["Successfully performed"]);

    assert_says(&desk.run("enroll-cert", "--check certs/"), 0, &[]);
    desk.copy("cam.vv");
    desk.ok("encrypt-stream", "-q -r certs/ cam.vv -o sealed.vv");
    card.clear_log();
    desk.ok("decrypt-stream", "--card --pin-file pin sealed.vv -o open.vv");
    assert_eq!((card.operations(), desk.frames("open.vv")), (1, desk.original_frames()));
}

#[test]
fn p256_in_9d() {
    made("9d", "p-256", "P-256");
}

#[test]
fn p384_in_a_retired_slot() {
    made("82", "p-384", "P-384");
}

#[test]
fn rsa2048_in_the_last_retired_slot() {
    made("95", "rsa-2048", "RSA-2048");
}

const GENERATE: &str = "--generate-on-card --slot 9d --algorithm p-256 --name desk --pin-file pin -o desk.pem";
const FACTORY: &str = "--management-key-is-factory-default";

#[test]
fn an_occupied_slot_is_replaced_only_with_force() {
    let Some(desk) = Desk::new("an_occupied_slot") else { return };
    let card = desk.insert(Model::Ec, &[]);
    let refused = desk.run("enroll-cert", &format!("{GENERATE} {FACTORY}"));
    assert_says(&refused, 4, &["slot 9d", "not empty", "CN=ec-9d", "--force"]);
    assert!(!desk.exists("desk.pem"));
    assert!(!card.log().iter().any(|line| line.starts_with("47 ") || line.starts_with("db ")), "{:?}", card.log());
    // what was there is as good as before
    let stream = desk.recording(Model::Ec, "9d");
    desk.ok("decrypt-stream", &format!("--card --pin-file pin {stream} -o open.vv"));

    assert_says(&desk.run("enroll-cert", &format!("{GENERATE} {FACTORY} --force")), 0, &["CN=desk", "set-mgm-key"]);
    assert_says(&desk.run("decrypt-stream", &format!("--card --pin-file pin {stream} -o no.vv")), 4, &["CN=desk"]);
}

#[test]
fn a_wrong_management_key_or_pin_changes_nothing() {
    let Some(desk) = Desk::new("a_wrong_management_key") else { return };
    let card = desk.reader.insert(&[]);
    for (text, status, words) in [
        ("ff".repeat(24), 5, "another management key"),
        ("ff".repeat(16), 5, "another management key"),
        ("ff".repeat(32), 5, "another management key"),
        ("12".to_owned(), 5, "no management key"),
        ("none".repeat(12), 5, "no management key"),
    ] {
        desk.write_secret("admin", text.as_bytes());
        let output = desk.run("enroll-cert", &format!("{GENERATE} --management-key-file admin"));
        assert_says(&output, status, &[words, "hint:"]);
        assert!(!told(&output).contains(&text) || text.len() < 8, "{}", told(&output));
    }
    desk.write_secret("pin", b"000000");
    assert_says(&desk.run("enroll-cert", &format!("{GENERATE} {FACTORY}")), 5, &["wrong PIN", "hint:"]);
    assert!(!card.log().iter().any(|line| line.starts_with("47 ") || line.starts_with("db ")), "{:?}", card.log());
    assert!(!desk.exists("desk.pem"));
}

#[test]
fn usage() {
    let Some(desk) = Desk::new("usage") else { return };
    let (_one, _two) = (desk.reader.insert_into(0, &[]), desk.reader.insert_into(1, &[]));
    for (line, words) in [
        (format!("{GENERATE} {FACTORY}"), "--reader"),
        (format!("{GENERATE} {FACTORY} --slot 9a").replace("--slot 9d ", ""), "9d, or in 82 to 95"),
        (format!("{GENERATE} {FACTORY} --slot 96").replace("--slot 9d ", ""), "slot"),
        (format!("{GENERATE} {FACTORY} --management-key-file pin"), "cannot be used with"),
    ] {
        assert_says(&desk.run("enroll-cert", &line), 2, &[words]);
    }
}

#[test]
fn the_management_key_is_asked_for_on_the_terminal() {
    let Some(desk) = Desk::new("the_management_key_is_asked_for") else { return };
    let _card = desk.reader.insert(&[]);
    let (status, shown) = on_a_terminal(&desk.command("enroll-cert", GENERATE), "hexadecimal digits: ", ADMIN_KEY);
    assert_eq!(status, Some(0), "{shown}");
    assert!(!shown.contains(ADMIN_KEY), "{shown}");
    // without a terminal it is said how else to give it
    let mut command = desk.reader.client("setsid");
    command.arg("--wait").arg(env!("CARGO_BIN_EXE_enroll-cert")).args(GENERATE.split(' ')).arg("-f");
    assert_says(&command.current_dir(desk.path("")).within_limit(), 5, &["terminal", "--management-key-file"]);
}

#[test]
fn a_card_that_is_pulled_or_talks_nonsense() {
    let Some(desk) = Desk::new("a_card_that_is_pulled_or_talks_nonsense") else { return };
    for fault in [
        ["--pull-before", "47"],
        ["--pull-after", "47"],
        ["--pull-before", "db"],
        ["--answer", "47:9000"],
        ["--answer", "47:7f49028600c0"],
        ["--answer", "47:7f490486020400"],
        ["--answer", "47:6f00"],
        ["--answer", "db:6a84"],
    ] {
        let card = desk.reader.insert(&fault);
        let output = desk.run("enroll-cert", &format!("{GENERATE} {FACTORY} --wait 0s"));
        assert_says(&output, 5, &["hint:"]);
        assert!(!desk.exists("desk.pem"), "{fault:?}");
        card.pull();
    }
}
