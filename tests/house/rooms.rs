//! The rooms keep to their arrows: who may use whom, who may print, open files, be unsafe.
//!
//! It reads the sources as text, without their comments and unit tests: simple, and enough, since it
//! guards against a slip and not against an adversary.

use std::fs;
use std::path::{Path, PathBuf};

/// Rooms and the rooms that each may use, in the order of the arrows: each one uses only rooms above it.
const ARROWS: [(&str, &str); 23] = [
    ("base", ""),
    ("format", "base"),
    ("keys", "base"),
    ("devices", "base keys"),
    ("media", "base format"),
    ("seal", "base format keys"),
    ("jail", "base"),
    ("foreign", "base format media jail"),
    ("storage", "base"),
    ("recipients", "base keys seal storage"),
    ("capture", "base format media foreign storage"),
    ("privacy", "base media"),
    ("inspect", "base format keys seal storage"),
    ("playback", "base format keys media foreign seal storage recipients inspect"),
    ("archive", "base format keys seal storage recipients inspect playback"),
    ("protect", "base format keys media jail seal storage recipients privacy inspect playback archive"),
    ("batch", "base format keys seal storage recipients inspect playback archive"),
    ("verify", "base format keys seal storage recipients inspect playback archive"),
    ("rewrap", "base format keys seal storage recipients inspect playback archive"),
    ("evidence", "base format keys media foreign seal storage recipients inspect playback archive verify rewrap"),
    ("cli", ALL_SERVICES),
    ("commands", "cli"),
    ("bin", "cli commands"),
];

/// What the command line may use, in `cli`, in `commands` and in `bin`.
const ALL_SERVICES: &str = "base format keys devices media jail foreign seal storage recipients capture privacy inspect playback archive protect \
                            batch verify rewrap evidence";

/// Rooms of the command line, which print, prompt and exit.
const COMMAND_LINE: [&str; 2] = ["cli", "commands"];

fn allowed(room: &str) -> Vec<&'static str> {
    let (_, allowed) = ARROWS
        .iter()
        .find(|(name, _)| *name == room)
        .unwrap_or_else(|| panic!("src/{room} has no arrow: add it to ARROWS"));
    let services = if room == "commands" || room == "bin" { ALL_SERVICES } else { "" };
    allowed.split_whitespace().chain(services.split_whitespace()).collect()
}

/// Crates that have their homes, besides `bin`.
const HOMES: [(&str, &[&str]); 20] = [
    ("ffmpeg_next", &["media"]),
    ("landlock", &["jail"]),
    ("seccompiler", &["jail"]),
    ("libc", &["jail", "media"]),
    ("aws_lc_rs", &["keys", "seal"]),
    ("pcsc", &["devices"]),
    ("flate2", &["devices"]),
    ("cryptoki", &["devices"]),
    ("rten", &["privacy"]),
    ("object_store", &["storage"]),
    ("retina", &["capture"]),
    ("http_auth", &["capture"]),
    ("quick_xml", &["capture"]),
    ("rustls", &["capture", "storage"]),
    ("rustls_native_certs", &["capture"]),
    ("tokio_rustls", &["capture"]),
    ("clap", &COMMAND_LINE),
    ("anyhow", &COMMAND_LINE),
    ("indicatif", &COMMAND_LINE),
    ("signal_hook", &COMMAND_LINE),
];

/// What only some rooms do, and which, besides `cli` and the commands.
const MANNERS: [(&[&str], &[&str]); 4] = [
    // print, prompt, exit
    (&["println!(", "eprintln!(", "print!(", "eprint!(", "dbg!(", "stderr()", "process::exit", "process::abort"], &[]),
    // take stdin and stdout as files
    (&["stdout()", "stdin()"], &["storage"]),
    // start programs, read the environment
    (&["Command::new", "env::"], &["batch", "jail", "protect", "storage"]),
    // open paths
    (
        &[
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
        ],
        &[
            "storage",
            "recipients",
            "capture",
            "archive",
            "protect",
            "batch",
            "verify",
            "rewrap",
            "evidence",
            "playback",
            // what the system says of the process that reads foreign bytes
            "foreign",
        ],
    ),
];

/// The sources below `src/FOLDER` as (path, text without comments and unit tests).
pub(super) fn sources(folder: &str) -> Vec<(PathBuf, String)> {
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
pub(super) fn rooms() -> Vec<String> {
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
pub(super) fn mentions(text: &str, word: &str) -> bool {
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
        let allowed = allowed(room);
        for (path, text) in sources(room) {
            for name in used(&text).iter().filter(|name| rooms.contains(name) && *name != room) {
                assert!(allowed.contains(&name.as_str()), "{} uses {name}, which {room} may not", path.display());
            }
        }
    }
}

#[test]
fn arrows_run_one_way() {
    for (at, (room, _)) in ARROWS.iter().enumerate() {
        for name in allowed(room) {
            let place = ARROWS.iter().position(|(other, _)| *other == name);
            assert!(place.is_some_and(|place| place < at), "{room} stands before {name}, which it uses");
        }
    }
}

#[test]
fn a_crate_stays_in_its_room() {
    for room in rooms() {
        for (path, text) in sources(&room) {
            for (name, homes) in HOMES {
                let at_home = homes.contains(&room.as_str());
                assert!(at_home || !mentions(&text, name), "{} uses {name}: only {homes:?} may", path.display());
            }
        }
    }
}

#[test]
fn only_the_rooms_that_may_print_start_programs_and_open_files() {
    for room in rooms().into_iter().filter(|room| !COMMAND_LINE.contains(&room.as_str())) {
        for (path, text) in sources(&room) {
            for (manners, homes) in MANNERS {
                for manner in manners.iter().filter(|_| !homes.contains(&room.as_str())) {
                    assert!(
                        !mentions(&text, manner),
                        "{}: {manner} is for {homes:?} and the command line",
                        path.display()
                    );
                }
            }
        }
    }
}

#[test]
fn only_media_is_unsafe_two_calls_of_the_system_and_what_the_loader_calls() {
    for folder in rooms().into_iter().chain(["bin".into()]).filter(|folder| folder != "media") {
        for (path, text) in sources(&folder) {
            // one call of the system each: one keeps secrets out of swap, one closes what a decoder must not have; and
            // one function that the loader calls, to see what was closed before Rust opens something in its place
            let homes = ["base/secret.rs", "jail/descriptors.rs", "storage/standard_streams.rs"];
            let allowed = usize::from(homes.iter().any(|home| path.ends_with(home)));
            let found =
                ["unsafe {", "unsafe fn", "unsafe("].iter().map(|word| text.matches(word).count()).sum::<usize>();
            assert!(found <= allowed, "{}: unsafe is for media", path.display());
        }
    }
    let crate_root = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    assert!(crate_root.contains("#![deny(unsafe_code)]"));
}

/// A command's file has fewer lines than this.
const LONGEST_COMMAND: usize = 150;

/// A command's file is its flags and one call: what it does is in the rooms, what it asks and prints is in
/// `commands`.
#[test]
fn a_command_is_its_flags_and_one_call() {
    for (path, _) in sources("bin") {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines < LONGEST_COMMAND, "{name}: {lines} lines, which must be under {LONGEST_COMMAND}");
    }
}

#[test]
fn the_family_knows_every_command() {
    for (path, _) in sources("bin") {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let known = vidveil::cli::COMMANDS.iter().any(|(command, _)| *command == name);
        assert!(known || name == "vidveil", "{name} is not in cli's COMMANDS");
    }
}

/// All Rust files of the project, tests, benches and examples included, with their whole text.
fn all_files() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders: Vec<_> = ["src", "tests", "benches", "fuzz", "examples"].map(|folder| root.join(folder)).into();
    let mut found = Vec::new();
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(root).unwrap().to_path_buf(), text));
            }
        }
    }
    found
}

/// rustfmt holds the code to 120 columns, and leaves comments as they are.
#[test]
fn no_comment_has_more_than_120_columns() {
    for (path, text) in all_files() {
        for (number, line) in text.lines().enumerate().filter(|(_, line)| line.trim_start().starts_with("//")) {
            let columns = line.chars().count();
            assert!(columns <= 120, "{}:{} has {columns} columns", path.display(), number + 1);
        }
    }
}

#[test]
fn no_room_is_too_large_to_be_known() {
    for room in rooms() {
        let lines =
            |(path, text): &(PathBuf, String)| path.starts_with(format!("src/{room}")).then(|| text.lines().count());
        let lines: usize = all_files().iter().filter_map(lines).sum();
        assert!(lines <= 7000, "src/{room} has {lines} lines");
    }
}
