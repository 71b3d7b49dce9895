//! `enroll-cert --list` and `--from-card`, and what README shows of smart cards.

use std::fs;

use crate::support::card::{Desk, Model, PIN, assert_says, on_a_terminal};
use crate::support::clips::clip;
use crate::support::repository;
use crate::support::yard::path_with_commands;

#[test]
fn the_list_shows_every_reader_and_slot_and_asks_for_no_pin() {
    let Some(desk) = Desk::new("the_list_shows_every_reader_and_slot") else { return };
    let without = desk.run("enroll-cert", "--list");
    assert_says(&without, 5, &["no smart card", "hint:"]);
    assert_eq!(String::from_utf8_lossy(&without.stdout).lines().count(), 2);
    let card = desk.insert(Model::Ec, &[]);
    let text = desk.ok("enroll-cert", "--list");
    for words in
        ["Virtual PCD 00 00: a PIV card", "Virtual PCD 00 01: there is no smart card", "  9d  opens streams: CN=ec-9d"]
    {
        assert!(text.contains(words), "{text}");
    }
    let slots: Vec<_> = text.lines().filter_map(|l| l.strip_prefix("  ")?.get(..2)).collect();
    assert_eq!(slots, ["9d", "9a", "82", "95"], "{text}");

    let json: serde_json::Value = serde_json::from_str(&desk.ok("enroll-cert", "--list --json")).unwrap();
    assert_eq!(json["version"], 1);
    let [full, empty] = json["readers"].as_array().unwrap().as_slice() else { panic!("{json}") };
    assert_eq!((&full["card"], &full["reason"]), (&true.into(), &serde_json::Value::Null));
    assert_eq!((&empty["card"], empty["certificates"].as_array().unwrap().len()), (&false.into(), 0));
    let of = |slot: &str| full["certificates"].as_array().unwrap().iter().find(|c| c["slot"] == slot).unwrap().clone();
    assert_eq!((of("9d")["subject"].as_str(), of("9d")["opens"].as_bool()), (Some("CN=ec-9d"), Some(true)));
    assert_eq!((of("82")["key_type"].as_str(), of("95")["key_type"].as_str()), (Some("RSA-2048"), Some("P-384")));
    assert_eq!((card.pins(), card.operations()), (0, 0));
}

#[test]
fn a_certificate_that_cannot_be_read_is_listed_as_such_and_not_enrolled() {
    let Some(desk) = Desk::new("a_certificate_that_cannot_be_read") else { return };
    fs::write(desk.path("object"), b"\x53\x04\x70\x02\x30\x00").unwrap();
    let _card = desk.insert(Model::Ec, &["--object", &format!("0b:{}", desk.path("object").to_str().unwrap())]);
    assert!(desk.ok("enroll-cert", "--list").contains("  9d  cannot be read: "));
    assert_says(&desk.run("enroll-cert", "--from-card -o no.pem"), 5, &["slot 9d", "cannot be read", "hint:"]);
    assert!(!desk.exists("no.pem"));
}

#[test]
fn the_certificate_comes_from_the_card_as_it_is_there() {
    let Some(desk) = Desk::new("the_certificate_comes_from_the_card") else { return };
    let card = desk.insert(Model::Ec, &[]);
    for (more, slot) in [("", "9d"), ("--slot 82", "82"), ("--slot 95 --reader virtual", "95")] {
        let output = desk.run("enroll-cert", &format!("--from-card {more} -f -o certs/alice.pem"));
        assert_says(&output, 0, &[&format!("slot {slot} of \"Virtual PCD 00 00\""), &format!("CN=ec-{slot}")]);
        let der = |pem: &[u8]| der::pem::decode_vec(pem).unwrap().1;
        assert_eq!(der(&desk.bytes("certs/alice.pem")), der(&fs::read(Model::Ec.certificate(slot)).unwrap()));
    }
    assert_says(&desk.run("enroll-cert", "--from-card -o certs/alice.pem"), 2, &["certs/alice.pem", "--force"]);
    // an empty slot says which others there are
    assert_says(&desk.run("enroll-cert", "--from-card --slot 83"), 2, &["slot 83", "is empty", "--slot 9d (CN=ec-9d)"]);
    assert_says(&desk.run("enroll-cert", "--from-card --slot 96"), 2, &["the slots are 9a"]);
    assert_says(&desk.run("enroll-cert", "--from-card --ca certs/alice.pem --slot 9d"), 4, &["cannot be used"]);
    assert_eq!((card.pins(), card.operations()), (0, 0));
    let _other = desk.insert_into(1, Model::Ec384, &[]);
    assert_says(&desk.run("enroll-cert", "--from-card"), 2, &["there are 2 cards", "--reader \"Virtual PCD 00 01\""]);
}

#[test]
fn what_readme_shows_of_smart_cards_works() {
    let Some(desk) = Desk::new("what_readme_shows_of_smart_cards_works") else { return };
    let card = desk.insert(Model::Ec, &[]);
    let readme = fs::read_to_string(repository("README.md")).unwrap();
    let script = readme.split("```sh card\n").nth(1).and_then(|rest| rest.split("```").next()).expect("README's block");
    clip(&desk.path("camera.mp4"), "-f lavfi -i testsrc2=size=160x120:rate=10:duration=2 -pix_fmt yuv420p");
    fs::write(desk.path("block"), script).unwrap();
    let mut bash = desk.reader.client("bash");
    bash.args(["-euo", "pipefail", "block"]).current_dir(desk.path(""));
    bash.env("PATH", path_with_commands());
    let (status, shown) = on_a_terminal(&bash, "PIN of the card in \"Virtual PCD 00 00\":", PIN);
    assert_eq!(status, Some(0), "{shown}");
    assert_eq!((shown.matches("PIN of the card").count(), card.operations()), (2, 2), "{shown}");
    assert!(desk.exists("alice.mp4") && !shown.contains(PIN), "{shown}");
}

#[test]
fn the_flags_say_what_goes_together() {
    let Some(desk) = Desk::new("the_flags_say_what_goes_together") else { return };
    for (line, words) in [
        ("--from-card --list", "cannot be used with"),
        ("--from-card --json", "--json goes with"),
        ("--list --ca x.pem", "--ca"),
        ("--from-card --key x.key", "cannot be used with"),
    ] {
        assert_says(&desk.run("enroll-cert", line), 2, &[words]);
    }
    assert_says(&desk.run("decrypt-stream", "--pin-last-try x.vv"), 2, &["--card"]);
    assert_says(&desk.run("decrypt-stream", "--grant-file x.vvk x.vv"), 2, &["--grant-file needs the key"]);
}
