//! The rooms keep to their arrows: who may use whom, who may print, open files, be unsafe.
//!
//! It reads the sources as text, without their comments and unit tests: simple, and enough, since it
//! guards against a slip and not against an adversary.

use std::fs;
use std::path::{Path, PathBuf};

/// Rooms and the rooms that each may use; `cli` and the commands may use all.
const ARROWS: [(&str, &[&str]); 8] = [
    ("format", &[]),
    ("keys", &[]),
    ("seal", &["format", "keys"]),
    ("media", &[]),
    ("privacy", &["media"]),
    ("archive", &["format"]),
    ("objects", &[]),
    ("cli", &["format", "keys", "seal", "media", "privacy", "archive", "objects"]),
];

/// Crates that have one home, besides `bin`.
const HOMES: [(&str, &str); 12] = [
    ("ffmpeg_next", "media"),
    ("aws_lc_rs", "keys"),
    ("pcsc", "keys"),
    ("flate2", "keys"),
    ("cryptoki", "keys"),
    ("tract_onnx", "privacy"),
    ("object_store", "objects"),
    ("clap", "cli"),
    ("anyhow", "cli"),
    ("indicatif", "cli"),
    ("rpassword", "cli"),
    ("signal_hook", "cli"),
];

/// What only `cli` and the commands do: print, prompt, exit, start programs, open a path by name.
const MANNERS: [&str; 24] = [
    "println!(",
    "eprintln!(",
    "print!(",
    "eprint!(",
    "dbg!(",
    "stdout()",
    "stderr()",
    "stdin()",
    "process::exit",
    "process::abort",
    "Command::new",
    "env::",
    "File::open",
    "File::create",
    "File::options",
    "OpenOptions",
    "fs::read",
    "fs::write",
    "fs::metadata",
    "fs::remove",
    "fs::rename",
    "fs::create",
    "fs::copy",
    "fs::File::open",
];

/// The sources below `src/FOLDER` as (path, text without comments and unit tests).
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder)];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            let is_test = path.file_stem().is_some_and(|name| name == "tests");
            if path.is_dir() && !is_test {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") && !is_test {
                let text = code(&fs::read_to_string(&path).unwrap());
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty(), "src/{folder} holds no source");
    found
}

/// The folders in `src`, which are the rooms and `bin`.
fn rooms() -> Vec<String> {
    let entries = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    let folders = entries.map(|entry| entry.unwrap()).filter(|entry| entry.path().is_dir());
    folders.map(|entry| entry.file_name().into_string().unwrap()).filter(|name| name != "bin").collect()
}

/// Without comment lines, and without the unit tests, which end a file.
fn code(text: &str) -> String {
    let tests = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    let lines = text[..tests].lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.map(|line| format!("{line}\n")).collect()
}

/// Whether `word` stands in `text` and is not a part of a longer name.
fn mentions(text: &str, word: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let whole_end = !word.ends_with(is_name) || !text[at + word.len()..].starts_with(is_name);
        !text[..at].ends_with(is_name) && (whole_end || word.contains("::"))
    })
}

/// The rooms that `text` uses: `crate::ROOM`, and `use crate::{ROOM, ROOM::...}`.
fn used(text: &str) -> Vec<String> {
    let mut used = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = text[at + "crate::".len()..].trim_start();
        let Some(group) = rest.strip_prefix('{') else {
            used.push(name_at(rest));
            continue;
        };
        let mut depth = 0;
        let mut first = true;
        for (i, c) in group.char_indices() {
            if first && depth == 0 && c.is_alphabetic() {
                used.push(name_at(&group[i..]));
                first = false;
            }
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => first = true,
                _ => {}
            }
        }
    }
    used
}

fn name_at(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn the_reader_of_sources_sees_what_it_should() {
    assert_eq!(used("use crate::{seal::{Opener, format}, keys};\nlet x = crate::media::Y;"), ["seal", "keys", "media"]);
    assert_eq!(code("a\n  // crate::keys\n/// b\nc\n#[cfg(test)]\nmod tests {\n d"), "a\nc\n");
    assert!(mentions("{ println!(\"\") }", "println!("));
    assert!(!mentions("eprintln!()", "println!("));
    assert!(mentions("std::fs::read_to_string(p)", "fs::read"));
    assert!(!mentions("xanyhow::Error; anyhow_x", "anyhow"));
}

#[test]
fn a_room_uses_only_the_rooms_that_its_arrow_comes_from() {
    let rooms = rooms();
    for room in &rooms {
        let arrow = ARROWS.iter().find(|(name, _)| name == room);
        let (_, allowed) = arrow.unwrap_or_else(|| panic!("src/{room} has no arrow: add it to ARROWS"));
        for (path, text) in sources(room) {
            for name in used(&text).iter().filter(|name| rooms.contains(name) && *name != room) {
                assert!(allowed.contains(&name.as_str()), "{} uses {name}, which {room} may not", path.display());
            }
        }
    }
}

#[test]
fn a_crate_stays_in_its_room() {
    for room in rooms() {
        for (path, text) in sources(&room) {
            for (name, home) in HOMES {
                assert!(home == room || !mentions(&text, name), "{} uses {name}: only {home} may", path.display());
            }
        }
    }
}

#[test]
fn only_the_commands_and_cli_print_and_open_files() {
    for room in rooms().into_iter().filter(|room| room != "cli") {
        for (path, text) in sources(&room) {
            for manner in MANNERS {
                assert!(!mentions(&text, manner), "{}: {manner} is for cli and bin", path.display());
            }
        }
    }
}

#[test]
fn only_media_is_unsafe() {
    for folder in rooms().into_iter().chain(["bin".into()]).filter(|folder| folder != "media") {
        for (path, text) in sources(&folder) {
            assert!(!mentions(&text, "unsafe"), "{}: unsafe is for media", path.display());
        }
    }
    let crate_root = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    assert!(crate_root.contains("#![deny(unsafe_code)]"));
}

#[test]
fn the_family_knows_every_command() {
    for (path, _) in sources("bin") {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let known = vidveil::cli::COMMANDS.iter().any(|(command, _)| *command == name);
        assert!(known || name == "vidveil", "{name} is not in cli's COMMANDS");
    }
}
