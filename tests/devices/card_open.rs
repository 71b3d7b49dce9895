//! The original opens with a smart card: `--card` on every command that opens streams, on a real PC/SC daemon with a
//! card that this project did not write. What a run costs is counted in the card's own log.

use std::process::Command;
use std::sync::OnceLock;

use crate::support::card::{Card, Desk, Limited, Model, PIN, assert_says, on_a_terminal, told};

const CARD: &str = "--card --pin-file pin";
/// The prompt ends with the reader's name.
const PROMPT_END: &str = "\": ";

/// One operation, one PIN, and the card left as it was found.
#[track_caller]
fn assert_thrifty(desk: &Desk, card: &Card, operations: usize) {
    assert_eq!((card.operations(), card.pins()), (operations, 1), "{:?}", card.log());
    assert_eq!(desk.reader.pin_state(), "63c3", "the card forgets the PIN");
}

#[track_caller]
fn opens(model: Model, slot: &str) {
    let Some(desk) = Desk::new("opens") else { return };
    let card = desk.insert(model, &[]);
    let stream = desk.recording(model, slot);
    desk.ok("decrypt-stream", &format!("{CARD} {stream} -o open.vv"));
    assert_thrifty(&desk, &card, 1);
    assert_eq!(desk.frames("open.vv"), desk.original_frames());
}

#[test]
fn p256_in_9d() {
    opens(Model::Ec, "9d");
}

#[test]
fn p384_in_9d() {
    opens(Model::Ec384, "9d");
}

#[test]
fn rsa2048_in_9d() {
    opens(Model::Rsa, "9d");
}

#[test]
fn p256_in_a_retired_slot() {
    opens(Model::Rsa, "95");
}

#[test]
fn p384_in_a_retired_slot() {
    opens(Model::Rsa, "82");
}

#[test]
fn rsa2048_in_a_retired_slot() {
    opens(Model::Ec, "82");
}

#[test]
fn a_desk_plays_protects_verifies_and_passes_on() {
    let Some(desk) = Desk::new("a_desk_plays_protects_verifies_and_passes_on") else { return };
    let card = desk.insert(Model::Ec, &[]);
    let stream = desk.recording(Model::Ec, "9d");
    for (command, arguments) in [
        ("view", "-o out.mp4"),
        ("protect", "--learn 1s -o public.vv"),
        ("verify", ""),
        ("rewrap", "-r new.pem -o passed.vv"),
    ] {
        if command == "rewrap" {
            desk.ok("enroll-cert", "-q --generate --name new --key new.key -o new.pem");
        }
        card.clear_log();
        desk.ok(command, &format!("{CARD} {arguments} {stream}"));
        assert_thrifty(&desk, &card, 1);
    }
    let packets = Command::new("ffprobe")
        .args(["-v", "error", "-count_packets", "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", "out.mp4"])
        .current_dir(desk.path(""))
        .succeeds();
    assert_eq!(packets.trim(), "40");
    assert!(desk.ok("inspect", "public.vv").contains("40 frames"));
    desk.ok("decrypt-stream", "-i new.key passed.vv -o open.vv");
    assert_eq!(desk.frames("open.vv"), desk.original_frames());
    assert_says(&desk.run("decrypt-stream", &format!("{CARD} passed.vv -o no.vv")), 4, &["CN=new", "CN=ec-9d"]);
}

#[test]
fn a_day_of_video_takes_one_operation_and_one_pin() {
    let Some(desk) = Desk::new("a_day_of_video") else { return };
    let card = desk.insert(Model::Ec, &[]);
    let stream = desk.recording_of_a_day(Model::Ec, "9d");
    desk.ok("decrypt-stream", &format!("{CARD} {stream} -o open.vv"));
    assert_thrifty(&desk, &card, 1);
    assert_eq!(desk.frames("open.vv"), desk.original_frames());
}

#[test]
fn several_key_sessions_take_an_operation_each_and_one_pin() {
    let Some(desk) = Desk::new("several_key_sessions") else { return };
    let card = desk.insert(Model::Rsa, &[]);
    let stream = desk.recording_of_four_sessions(Model::Rsa, "9d");
    assert!(desk.ok("inspect", &stream).contains("sessions    4"));
    desk.ok("decrypt-stream", &format!("{CARD} {stream} -o open.vv"));
    assert_thrifty_sessions(&desk, &card, 4);
    assert_eq!(desk.frames("open.vv"), desk.original_frames());
}

/// The PIN is asked for once and given in the transaction of each operation: in between others have the card.
#[track_caller]
fn assert_thrifty_sessions(desk: &Desk, card: &Card, operations: usize) {
    assert_eq!(card.operations(), operations, "{:?}", card.log());
    assert!(card.pins() <= operations);
    assert_eq!(desk.reader.pin_state(), "63c3");
}

#[test]
fn several_archives_ask_for_the_pin_once() {
    let Some(desk) = Desk::new("several_archives_ask_for_the_pin_once") else { return };
    let card = desk.insert(Model::Ec, &[]);
    let streams = ["9d", "82", "95"].map(|slot| desk.recording(Model::Ec, slot)).join(" ");
    let (status, shown) = on_a_terminal(&desk.command("verify", &format!("--card {streams}")), PROMPT_END, PIN);
    assert_eq!(status, Some(0), "{shown}");
    assert_eq!(shown.matches("PIN of the card").count(), 1, "{shown}");
    assert_thrifty_sessions(&desk, &card, 3);
    let (status, shown) =
        on_a_terminal(&desk.command("view", &format!("--card -o all.mkv {streams}")), PROMPT_END, PIN);
    assert_eq!(status, Some(0), "{shown}");
    assert_eq!(shown.matches("PIN of the card").count(), 1, "{shown}");
    assert_thrifty_sessions(&desk, &card, 6);
}

#[test]
fn the_pin_is_asked_for_on_the_terminal_and_never_shown() {
    let Some(desk) = Desk::new("the_pin_is_asked_for_on_the_terminal") else { return };
    let card = desk.insert(Model::Ec, &[]);
    let stream = desk.recording(Model::Ec, "9d");
    let command = desk.command("decrypt-stream", &format!("--card -o open.vv {stream}"));
    let (status, shown) = on_a_terminal(&command, PROMPT_END, PIN);
    assert_eq!(status, Some(0), "{shown}");
    assert!(!shown.contains(PIN), "{shown}");
    assert_thrifty(&desk, &card, 1);
}

#[test]
fn the_pin_comes_from_a_descriptor() {
    let Some(desk) = Desk::new("the_pin_comes_from_a_descriptor") else { return };
    let card = desk.insert(Model::Ec, &[]);
    let stream = desk.recording(Model::Ec, "9d");
    let decrypt = env!("CARGO_BIN_EXE_decrypt-stream");
    let line = format!("'{decrypt}' --card --pin-fd 3 -o open.vv {stream} 3<pin");
    let output = desk.reader.client("sh").args(["-c", &line]).current_dir(desk.path("")).within_limit();
    assert_says(&output, 0, &[]);
    assert_thrifty(&desk, &card, 1);
}

#[test]
fn of_two_readers_the_right_card_is_found_and_the_other_one_never_gets_the_pin() {
    let Some(desk) = Desk::new("of_two_readers_the_right_card_is_found") else { return };
    let other = desk.insert_into(0, Model::Ec384, &[]);
    let card = desk.insert_into(1, Model::Ec, &[]);
    let stream = desk.recording(Model::Ec, "9d");
    desk.ok("decrypt-stream", &format!("{CARD} {stream} -o open.vv"));
    assert_eq!((card.operations(), card.pins(), other.operations(), other.pins()), (1, 1, 0, 0));
    let mut command = desk.command("decrypt-stream", &format!("{CARD} {stream} -f -o open.vv --reader"));
    assert_says(&command.arg("Virtual PCD 00 01").within_limit(), 0, &[]);
    let mut command = desk.command("decrypt-stream", &format!("{CARD} {stream} -o none.vv --reader"));
    assert_says(&command.arg("Virtual PCD 00 00").within_limit(), 4, &["hint:"]);
    assert_eq!(other.pins(), 0);
}

#[test]
fn a_card_that_comes_later_is_waited_for() {
    let Some(desk) = Desk::new("a_card_that_comes_later_is_waited_for") else { return };
    let stream = desk.recording(Model::Ec, "9d");
    let mut command = desk.command("decrypt-stream", &format!("{CARD} --wait 50s {stream} -o open.vv"));
    let output = std::thread::scope(|scope| {
        let run = scope.spawn(move || command.within_limit());
        // it may look for the card before or after: both must do
        std::thread::sleep(std::time::Duration::from_millis(700));
        let card = desk.insert(Model::Ec, &[]);
        let output = run.join().unwrap();
        assert_eq!(card.operations(), 1, "{}", told(&output));
        output
    });
    assert_says(&output, 0, &["card"]);
    assert_eq!(desk.frames("open.vv"), desk.original_frames());
}

#[test]
fn cards_of_other_makes() {
    let Some(desk) = Desk::new("cards_of_other_makes") else { return };
    let stream = desk.recording(Model::Rsa, "9d");
    // without Yubico's commands; as T=0 cards answer; a certificate that is compressed, as the standard allows
    std::fs::write(desk.path("compressed"), compressed(&std::fs::read(Model::Rsa.certificate("9d")).unwrap())).unwrap();
    let object = format!("0b:{}", desk.path("compressed").to_str().unwrap());
    for options in [&["--plain"][..], &["--strict-le"], &["--object", &object]] {
        let card = desk.insert(Model::Rsa, options);
        desk.ok("decrypt-stream", &format!("{CARD} {stream} -f -o open.vv"));
        assert_thrifty(&desk, &card, 1);
        card.pull();
    }
}

/// A certificate object with a gzip member in it.
fn compressed(pem: &[u8]) -> Vec<u8> {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| tempfile::tempdir().unwrap()).path();
    std::fs::write(folder.join("pem"), pem).unwrap();
    let run = |program: &str, line: &str| Command::new(program).args(line.split(' ')).current_dir(folder).succeeds();
    run("openssl", "x509 -in pem -outform DER -out der");
    run("gzip", "-9 der");
    let packed = std::fs::read(folder.join("der.gz")).unwrap();
    let long = |tag: u8, value: &[u8]| {
        let length = u16::try_from(value.len()).unwrap().to_be_bytes();
        [&[tag, 0x82][..], &length, value].concat()
    };
    long(0x53, &[&long(0x70, &packed)[..], &[0x71, 1, 1, 0xfe, 0]].concat())
}

#[test]
fn a_card_that_takes_its_time_is_reported() {
    let Some(desk) = Desk::new("a_card_that_takes_its_time_is_reported") else { return };
    let card = desk.insert(Model::Ec, &["--delay", "87:2500"]);
    let stream = desk.recording(Model::Ec, "9d");
    let output = desk.run("decrypt-stream", &format!("{CARD} {stream} -o open.vv"));
    assert_says(&output, 0, &["touch"]);
    assert_thrifty(&desk, &card, 1);
}

#[test]
fn another_program_that_resets_the_card_is_no_hindrance() {
    let Some(desk) = Desk::new("another_program_that_resets_the_card") else { return };
    let card = desk.insert(Model::Ec, &[]);
    let stream = desk.recording_of_four_sessions(Model::Ec, "9d");
    let resetting = desk.reader.reset_over_and_over();
    desk.ok("decrypt-stream", &format!("{CARD} {stream} -o open.vv"));
    drop(resetting);
    assert_thrifty_sessions(&desk, &card, 4);
    assert_eq!(desk.frames("open.vv"), desk.original_frames());
}

#[test]
fn a_pin_that_another_program_left_open_is_taken_back() {
    let Some(desk) = Desk::new("a_pin_that_another_program_left_open") else { return };
    let card = desk.insert(Model::Ec, &[]);
    let stream = desk.recording(Model::Ec, "9d");
    let verified = "-s 00:A4:04:00:09:A0:00:00:03:08:00:00:10:00:00 -s 00:20:00:80:08:31:32:33:34:35:36:FF:FF";
    assert_says(&desk.tool("opensc-tool", verified), 0, &[]);
    card.clear_log();
    desk.ok("decrypt-stream", &format!("{CARD} {stream} -o open.vv"));
    assert_thrifty(&desk, &card, 1);
}
