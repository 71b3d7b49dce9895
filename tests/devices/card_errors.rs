//! What goes wrong with a card is reported in one line, with its fix and exit status 5 (or 4: nothing on it opens the
//! stream); no output file is left, and nothing hangs.

use std::fs;
use std::process::Output;

use crate::support::card::{Desk, Limited, Model, Reader, assert_says, told};

/// Runs decrypt-stream with the card on a recording for slot 9D of `model`; it must fail with `status` and say `words`
/// and a hint, and leave no file.
#[track_caller]
fn fails(desk: &Desk, model: Model, more: &str, status: i32, words: &[&str]) -> Output {
    let stream = desk.recording(model, "9d");
    let wait = if more.contains("--wait") { "" } else { "--wait 1s" };
    let output = desk.run("decrypt-stream", &format!("--card --pin-file pin {wait} {more} -o open.vv {stream}"));
    assert_says(&output, status, &[words, &["decrypt-stream: error:", "decrypt-stream: hint:"]].concat());
    assert!(!desk.exists("open.vv"));
    output
}

#[test]
fn no_daemon() {
    let Some(mut desk) = Desk::new("no_daemon") else { return };
    desk.reader.stop();
    fails(&desk, Model::Ec, "", 5, &["no smart card service", "pcscd"]);
}

#[test]
fn no_reader() {
    let Some(reader) = Reader::without_reader("no_reader") else { return };
    fails(&Desk::at(reader), Model::Ec, "", 5, &["no smart card reader", "plug"]);
}

#[test]
fn no_reader_of_that_name() {
    let Some(desk) = Desk::new("no_reader_of_that_name") else { return };
    fails(&desk, Model::Ec, "--reader Acme", 5, &["no smart card reader \"Acme\""]);
}

#[test]
fn no_card() {
    let Some(desk) = Desk::new("no_card") else { return };
    fails(&desk, Model::Ec, "", 5, &["no smart card in the reader", "--wait"]);
}

#[test]
fn not_piv() {
    let Some(desk) = Desk::new("not_piv") else { return };
    let _card = desk.insert(Model::Ec, &["--not-piv"]);
    fails(&desk, Model::Ec, "", 5, &["not a PIV card"]);
}

#[test]
fn no_matching_certificate_lists_what_the_stream_wants_and_what_the_card_has() {
    let Some(desk) = Desk::new("no_matching_certificate") else { return };
    let card = desk.insert(Model::Rsa, &[]);
    fails(&desk, Model::Ec, "", 4, &["CN=ec-9d", "CN=server", "CN=rsa-9d", "CN=rsa-82", "CN=rsa-95"]);
    assert_eq!((card.pins(), card.operations()), (0, 0));
}

#[test]
fn wrong_pins_count_down_and_the_last_try_is_not_spent_unasked() {
    let Some(desk) = Desk::new("wrong_pins_count_down") else { return };
    let card = desk.insert(Model::Ec, &[]);
    let stream = desk.recording(Model::Ec, "9d");
    let run = || desk.run("decrypt-stream", &format!("--card --pin-file wrong -o open.vv {stream}"));
    assert_says(&run(), 5, &["wrong PIN, 2 tries left", "hint:"]);
    assert_says(&run(), 5, &["wrong PIN, 1 try left", "hint:"]);
    assert_says(&run(), 5, &["one try left", "hint:"]);
    assert_eq!((card.pins(), desk.reader.pin_state().as_str()), (2, "63c1"));
    assert!(!desk.exists("open.vv"));
}

#[test]
fn a_blocked_pin() {
    let Some(desk) = Desk::new("a_blocked_pin") else { return };
    let card = desk.insert(Model::Ec, &[]);
    for _ in 0..3 {
        desk.tool("yubico-piv-tool", "-r Virtual -a verify-pin -P 000000");
    }
    card.clear_log();
    fails(&desk, Model::Ec, "", 5, &["blocked", "PUK"]);
    assert_eq!(card.pins(), 0);
}

#[test]
fn what_cannot_be_a_pin_costs_no_try() {
    let Some(desk) = Desk::new("what_cannot_be_a_pin") else { return };
    let card = desk.insert(Model::Ec, &[]);
    for text in ["", "123", "123456789", "1234\u{e9}6"] {
        desk.write_secret("pin", text.as_bytes());
        fails(&desk, Model::Ec, "", 5, &["PIN"]);
    }
    assert_eq!((card.pins(), desk.reader.pin_state().as_str()), (0, "63c3"));
}

#[test]
fn no_terminal_to_ask_on() {
    let Some(desk) = Desk::new("no_terminal_to_ask_on") else { return };
    let card = desk.insert(Model::Ec, &[]);
    let stream = desk.recording(Model::Ec, "9d");
    // setsid takes the terminal away that the tests may run on
    let mut command = desk.reader.client("setsid");
    command.arg("--wait").arg(env!("CARGO_BIN_EXE_decrypt-stream")).args(["--card", "-o", "open.vv", &stream]);
    let output = command.current_dir(desk.path("")).within_limit();
    assert_says(&output, 5, &["terminal", "--pin-file"]);
    assert_eq!(card.pins(), 0);
}

/// The card is pulled before or after a command of that kind.
#[track_caller]
fn pulled(options: [&str; 2]) {
    let Some(desk) = Desk::new("pulled") else { return };
    let card = desk.insert(Model::Ec, &options);
    fails(&desk, Model::Ec, "--wait 0s", 5, &["card"]);
    card.gone();
}

#[test]
fn pulled_when_it_is_selected() {
    pulled(["--pull-before", "a4"]);
}

#[test]
fn pulled_while_its_certificates_are_read() {
    pulled(["--pull-before", "cb:2"]);
}

#[test]
fn pulled_before_the_pin() {
    pulled(["--pull-before", "20"]);
}

#[test]
fn pulled_between_the_pin_and_the_operation() {
    // the first asks for the tries that are left
    pulled(["--pull-after", "20:2"]);
}

#[test]
fn pulled_in_the_middle_of_the_operation() {
    pulled(["--pull-before", "87"]);
}

#[test]
fn pulled_between_two_key_sessions() {
    let Some(desk) = Desk::new("pulled_between_two_key_sessions") else { return };
    let card = desk.insert(Model::Ec, &["--pull-before", "87:3"]);
    let stream = desk.recording_of_four_sessions(Model::Ec, "9d");
    let output = desk.run("decrypt-stream", &format!("--card --pin-file pin --wait 0s {stream} -o -"));
    assert_says(&output, 5, &["card was removed", "hint:"]);
    card.gone();
    // what was opened before came out, and it is a part of the original
    fs::write(desk.path("part.vv"), &output.stdout).unwrap();
    let part = desk.run("inspect", "--frames part.vv");
    let part = String::from_utf8(part.stdout).unwrap();
    assert!(part.lines().count() >= 10 && desk.original_frames().starts_with(&part), "{part}");
}

#[test]
fn pulled_and_put_in_again() {
    let Some(desk) = Desk::new("pulled_and_put_in_again") else { return };
    let card = desk.insert(Model::Ec, &["--pull-before", "87"]);
    fails(&desk, Model::Ec, "--wait 0s", 5, &["removed"]);
    card.gone();
    let _card = desk.insert(Model::Ec, &[]);
    let stream = desk.recording(Model::Ec, "9d");
    desk.ok("decrypt-stream", &format!("--card --pin-file pin {stream} -o open.vv"));
}

#[test]
fn held_by_another_program() {
    let Some(desk) = Desk::new("held_by_another_program") else { return };
    let _card = desk.insert(Model::Ec, &[]);
    for how in ["exclusive", "transaction"] {
        let holder = desk.reader.hold(how);
        fails(&desk, Model::Ec, "", 5, &["another program"]);
        drop(holder);
    }
    let stream = desk.recording(Model::Ec, "9d");
    desk.ok("decrypt-stream", &format!("--card --pin-file pin {stream} -o open.vv"));
}

#[test]
fn a_card_that_does_not_answer() {
    let Some(desk) = Desk::new("a_card_that_does_not_answer") else { return };
    let _card = desk.insert(Model::Ec, &["--silent", "cb"]);
    fails(&desk, Model::Ec, "", 5, &["does not answer"]);
}

#[test]
fn a_touch_that_does_not_come() {
    let Some(desk) = Desk::new("a_touch_that_does_not_come") else { return };
    let _card = desk.insert(Model::Ec, &["--silent", "87"]);
    fails(&desk, Model::Ec, "", 5, &["does not answer", "touch"]);
}

/// Answers that make no sense, each to the commands of one kind; none may be believed, and none may end in a panic.
#[test]
fn nonsense() {
    let Some(desk) = Desk::new("nonsense") else { return };
    for answer in [
        "87:9000",                 // nothing
        "87:90",                   // half a status word
        "87:7c9000",               // no length
        "87:7c048202aa9000",       // shorter than it says
        "87:7c0482021122339000",   // longer than it says
        "87:7c058203112233009000", // a secret of three bytes
        "87:7c848200000082049000", // a length of four bytes
        "87:00000000000000000000", // no status word
        "87:6f00",
        "87:6d00",
        "20:6f00",
        "20:abcd",
        "cb:6f00",
        "cb:5382ffff70820100309000", // a certificate object that is cut
    ] {
        let card = desk.insert(Model::Ec, &["--answer", answer]);
        let stream = desk.recording(Model::Ec, "9d");
        let output = desk.run("decrypt-stream", &format!("--card --pin-file pin --wait 0s -o open.vv {stream}"));
        let told = told(&output);
        let status = output.status.code();
        // a card whose certificates cannot be read has none that matches
        assert!(status == Some(5) || answer.starts_with('c') && status == Some(4), "{answer}: {told}");
        assert!(told.contains("hint:") && !told.contains("panicked"), "{answer}: {told}");
        assert!(!desk.exists("open.vv"), "{answer}");
        card.pull();
    }
}

#[test]
fn an_empty_or_corrupt_certificate_object() {
    let Some(desk) = Desk::new("an_empty_or_corrupt_certificate_object") else { return };
    for (name, bytes) in [
        ("empty", &b""[..]),
        ("empty object", b"\x53\x00"),
        ("empty certificate", b"\x53\x07\x70\x00\x71\x01\x00\xfe\x00"),
        ("nonsense", b"\x53\x0b\x70\x04\x30\x82\xff\xff\x71\x01\x00\xfe\x00"),
        ("damaged gzip", b"\x53\x0b\x70\x04\x1f\x8b\x08\x00\x71\x01\x01\xfe\x00"),
        ("no TLV", b"\xff\xff\xff\xff"),
    ] {
        fs::write(desk.path("object"), bytes).unwrap();
        let card = desk.insert(Model::Ec, &["--object", &format!("0b:{}", desk.path("object").to_str().unwrap())]);
        fails(&desk, Model::Ec, "", 4, &["CN=ec-9d"]);
        // the other slots are as good as before
        let stream = desk.recording(Model::Ec, "95");
        let output = desk.run("decrypt-stream", &format!("--card --pin-file pin {stream} -f -o other.vv"));
        assert!(output.status.success(), "{name}: {}", told(&output));
        card.pull();
    }
}
