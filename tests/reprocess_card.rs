//! `reprocess` with a card: its PIN is asked for once.

#![cfg(feature = "card")]

mod card_support;

use card_support::{Desk, Model, PIN, on_a_terminal};

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
