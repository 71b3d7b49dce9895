//! `reprocess` with a card: its PIN is asked for once, and its key once for what is sealed with the same message.

use crate::support::card::{Desk, Limited, Model, PIN, on_a_terminal};

#[test]
fn a_card_is_asked_for_its_pin_once_for_all_jobs() {
    let Some(desk) = Desk::new("a_card_is_asked_for_its_pin_once_for_all_jobs") else { return };
    let card = desk.insert(Model::Ec, &[]);
    let recording = desk.recording(Model::Ec, "9d");
    std::fs::create_dir(desk.path("archive")).unwrap();
    for i in 0..4 {
        std::fs::copy(desk.path(&recording), desk.path(&format!("archive/{i}.vv"))).unwrap();
    }
    let mut command = desk.command("reprocess", "-j 2 --card --do");
    command.args(["decrypt-stream -q", "archive", "plain"]);
    let (status, shown) = on_a_terminal(&command, "\": ", PIN);
    assert_eq!(status, Some(0), "{shown}");
    assert_eq!(shown.matches("PIN of the card").count(), 1, "{shown}");
    assert_eq!(card.pins(), 1, "{:?}", card.log());
    for i in 0..4 {
        assert_eq!(desk.frames(&format!("plain/{i}.vv")), desk.original_frames());
    }
}

#[test]
fn the_segments_of_a_key_session_take_one_operation_of_the_card() {
    let Some(desk) = Desk::new("the_segments_of_a_key_session_take_one_operation_of_the_card") else { return };
    for (model, slot) in [(Model::Ec, "9d"), (Model::Rsa, "9d")] {
        let card = desk.insert(model, &[]);
        let recording = desk.recording_of_a_day(model, slot);
        let (archive, plain) = (format!("{model:?}"), format!("{model:?}-plain"));
        desk.ok("record", &format!("-q --segment 1s {archive} {recording}"));
        let mut command = desk.command("reprocess", "-q -j 2 --card --pin-file pin --do");
        command.args(["decrypt-stream -q", &archive, &plain]).succeeds();
        let segments = |folder: &str| {
            let names = std::fs::read_dir(desk.path(folder)).unwrap().map(|e| e.unwrap().file_name());
            names.filter(|name| name.to_string_lossy().ends_with(".vv")).count()
        };
        assert_eq!(segments(&archive), segments(&plain));
        assert!(segments(&archive) >= 3, "{}", segments(&archive));
        assert_eq!((card.operations(), card.pins()), (1, 1), "{:?}", card.log());
    }
}
