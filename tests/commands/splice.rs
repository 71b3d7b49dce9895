//! Streams that somebody without a key has cut and carried on with key sessions of his own, through every command that
//! opens them: damage where he begins, and nothing of his is shown.

use std::process::Output;

use vidveil::format::{Clock, EndKind, Frame, FrameFlags, Reader, Reason, Record};
use vidveil::keys::{Certificate, RecipientSet, certificates_in};
use vidveil::seal::{RecipientSource, SealSettings, Sealer};

use crate::support::splicer::{FORGED_PACKET, Forger, Part, Pieces, pieces};
use crate::support::streams::SECOND;
use crate::support::yard::{Yard, assert_status, told};

/// A recording of six epochs of a second, and the people whom it is for.
struct Scene {
    yard: Yard,
    pieces: Pieces,
}

/// Certificates of the yard by name, from a time on.
struct Roster(Vec<(i64, Vec<Vec<u8>>)>);

impl RecipientSource for Roster {
    fn recipients(&mut self, now_ns: i64) -> Result<RecipientSet, String> {
        let line = self.0.iter().rev().find(|(from_ns, _)| *from_ns <= now_ns).ok_or("no line")?;
        Ok(RecipientSet::new(line.1.iter().enumerate().map(|(i, pem)| (format!("{i}.pem"), pem)), now_ns))
    }
}

impl Scene {
    /// In this number of sessions: the desk is a recipient of all, the guest of the last one.
    fn new(sessions: usize) -> Self {
        let yard = Yard::new();
        yard.done("scene camera.mp4 160x120 6 -c:v libx264 -preset ultrafast -g 10 -bf 0 -threads 1");
        yard.done("enroll desk guest other; capture -q camera.mp4 -o plain.vv");
        let lines: &[(i64, &[&str])] = match sessions {
            1 => &[(i64::MIN, &["desk"])],
            2 => &[(i64::MIN, &["desk"]), (2, &["desk", "guest"])],
            _ => &[(i64::MIN, &["desk"]), (2, &["desk", "other"]), (4, &["desk", "guest"])],
        };
        let pem = |name: &&str| yard.bytes(&format!("certs/{name}.pem"));
        let now = now();
        let lines = lines.iter().map(|(second, names)| {
            (if *second > 0 { now + second * SECOND } else { i64::MIN }, names.iter().map(pem).collect())
        });
        let roster = Box::new(Roster(lines.collect()));
        let settings = SealSettings { rekey_ns: SECOND, key_room: 8192, ..SealSettings::default() };
        let plain = yard.bytes("plain.vv");
        let (mut reader, mut sealer, mut roster) = (Reader::new(&plain[..]), None, Some(roster));
        let mut n = 0;
        while let Some(record) = reader.next().unwrap() {
            match record {
                Record::Stream(s) => {
                    let at = Clock { wall_ns: now, mono_ns: 0 };
                    let roster = roster.take().unwrap();
                    sealer = Some(Sealer::begin(Vec::new(), &s, settings, roster, at).unwrap());
                }
                Record::Frame(f) => {
                    let at = n * SECOND / 10;
                    n += 1;
                    let clock = Clock { wall_ns: now + at, mono_ns: at };
                    sealer.as_mut().unwrap().frame(&f, reader.payload(), clock).unwrap();
                }
                _ => {}
            }
        }
        let mut sealer = sealer.unwrap();
        sealer.finish(Reason::EndOfInput).unwrap();
        let whole = sealer.into_output();
        yard.write("cam.vv", &whole);
        let pieces = pieces(&whole);
        assert_eq!((pieces.keys().len(), pieces.epochs().len()), (sessions, 6));
        Scene { yard, pieces }
    }

    fn cert(&self, name: &str) -> Certificate {
        certificates_in(&self.yard.bytes(&format!("certs/{name}.pem"))).unwrap().remove(0)
    }

    /// What somebody writes for the desk who has no key.
    fn forger(&self, sessions: u32) -> Forger {
        Forger { sessions, ..Forger::new(&[self.cert("desk")]) }
    }

    /// A command with words between blanks, from a file.
    fn run(&self, line: &str) -> Output {
        let (name, arguments) = line.split_once(' ').unwrap();
        self.yard.command(name, &arguments.split(' ').collect::<Vec<_>>()).output().unwrap()
    }

    /// The same with a file as stdin, as a pipe.
    fn piped(&self, line: &str, input: &str) -> Output {
        self.yard.sh(&format!("cat {input} | {line}"))
    }
}

/// The certificates of the yard are valid from today on.
fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_nanos()).unwrap()
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// It ends with 3 and says why, and what it gave has nothing of the forger's.
#[track_caller]
fn assert_stops(output: &Output, session: usize, what: &str) {
    assert_eq!(output.status.code(), Some(3), "{what}: {}", told(output));
    let said = [&output.stdout[..], &output.stderr].concat();
    assert!(contains(&said, format!("key session {session} is not bound").as_bytes()), "{what}: {}", told(output));
    assert!(!contains(&output.stdout, FORGED_PACKET), "{what}: the forger's frames came out");
}

/// How many sessions begin up to the end of an epoch.
fn sessions_until(pieces: &Pieces, epoch: u64) -> usize {
    pieces.until(epoch).iter().filter(|p| matches!(p, Part::Keys(..))).count()
}

#[test]
fn decrypt_stream_view_verify_and_rewrap_stop_where_somebody_else_begins() {
    for sessions in 1..=3 {
        let scene = Scene::new(sessions);
        let whole = scene.run("decrypt-stream -q -i desk.key cam.vv");
        assert_status(&whole, 0);
        for (after, forged, index) in [(0, 1, false), (1, 2, true), (2, 1, true), (4, 3, false)] {
            let bent = scene.pieces.carried_on(after, &scene.forger(forged), index);
            scene.yard.write("bent.vv", &bent);
            let session = sessions_until(&scene.pieces, after);
            let commands = [
                "decrypt-stream -i desk.key",
                "view -i desk.key -o -",
                "verify -i desk.key",
                "verify -i desk.key --json",
                "rewrap -q -i desk.key -r certs/guest.pem",
                "rewrap -q --add -i desk.key -r certs/guest.pem",
            ];
            for command in commands {
                let what = format!("{command}: {sessions} sessions, after {after}");
                assert_stops(&scene.run(&format!("{command} bent.vv")), session, &what);
                assert_stops(&scene.piped(command, "bent.vv"), session, &format!("{what}, piped"));
            }
            // what comes before it is given, and is the recorder's
            let plain = scene.run("decrypt-stream -i desk.key bent.vv").stdout;
            let frames = |bytes: &[u8]| {
                scene.yard.write("opened.vv", bytes);
                String::from_utf8(scene.run("inspect --frames opened.vv").stdout).unwrap()
            };
            let (some, all) = (frames(&plain), frames(&whole.stdout));
            assert!(all.starts_with(&some), "sessions {sessions}, after {after}");
            assert_eq!(some.lines().count(), 10 * (after as usize + 1), "{sessions} sessions, after {after}");
            // no epoch of it counts as whole
            let said = String::from_utf8(scene.run("verify -i desk.key bent.vv").stdout).unwrap();
            let whole = if after == 0 { "whole: epoch 0,".into() } else { format!("whole: epochs 0 to {after},") };
            assert!(said.contains(&whole) && said.matches("whole:").count() == 1, "{said}");
        }
    }
}

#[test]
fn rewrap_in_place_and_grants_leave_it_alone() {
    let scene = Scene::new(2);
    for (after, forged) in [(0, 1), (2, 2), (4, 1)] {
        let bent = scene.pieces.carried_on(after, &scene.forger(forged), true);
        scene.yard.write("bent.vv", &bent);
        let session = sessions_until(&scene.pieces, after);
        let what = format!("after {after}");
        for command in [
            "rewrap -q --in-place -i desk.key -r certs/guest.pem bent.vv",
            "rewrap -q --in-place --add -i desk.key -r certs/guest.pem bent.vv",
            "rewrap -q --grant certs/guest.pem --from 0 --to 99 -i desk.key --sidecar own.grant bent.vv",
            "rewrap -q --grant certs/guest.pem --from 5.5 --to 99 -i desk.key --sidecar own.grant bent.vv",
        ] {
            assert_stops(&scene.run(command), session, &format!("{what}: {command}"));
            assert!(scene.yard.bytes("bent.vv") == bent, "{what}: {command}");
            assert!(!scene.yard.exists("own.grant"), "{what}: {command}");
        }
    }
}

#[test]
fn rewrap_in_place_sees_what_a_reader_of_all_of_it_sees() {
    let scene = Scene::new(1);
    let (whole, forger) = (&scene.pieces, scene.forger(1));
    // by its keys record alone it leaves room for the session that is missing, and by its epochs it does not
    let late = Forger { off: 1, begun: 2, ..forger.clone() };
    let piece = whole.stream(&whole.forged(&whole.until(3), &late), EndKind::Excerpt, false);
    scene.yard.write("pieces.vv", &[whole.excerpt(0..=3), piece].concat());
    // in one stream no session is left out
    let parts = [whole.until(3), whole.forged(&whole.until(3), &Forger { off: 1, ..forger })].concat();
    scene.yard.write("one.vv", &whole.stream(&parts, EndKind::Complete, false));
    for file in ["pieces.vv", "one.vv"] {
        let before = scene.yard.bytes(file);
        for rewrap in ["rewrap -q --add -i desk.key -r certs/guest.pem", "rewrap -q -i desk.key -r certs/guest.pem"] {
            let copied = scene.run(&format!("{rewrap} -f -o copy.vv {file}"));
            assert_eq!(copied.status.code(), Some(3), "{rewrap} {file}: {}", told(&copied));
            let inside = scene.run(&format!("{rewrap} --in-place {file}"));
            assert_eq!(inside.status.code(), Some(3), "{rewrap} --in-place {file}: {}", told(&inside));
            assert!(scene.yard.bytes(file) == before, "{rewrap} {file}");
        }
    }
}

#[test]
fn protect_hides_nobody_in_it_and_stops() {
    let scene = Scene::new(1);
    scene.yard.write("bent.vv", &scene.pieces.carried_on(2, &scene.forger(1), false));
    for output in [
        scene.yard.sh("protect -q -i desk.key --learn 500ms bent.vv -o public.vv"),
        scene.yard.sh("cat bent.vv | protect -q -i desk.key --learn 500ms -o public.vv -f"),
    ] {
        assert_stops(&output, 1, "protect");
        let shown = String::from_utf8(scene.run("inspect --frames public.vv").stdout).unwrap();
        assert!(shown.lines().count() <= 31, "{shown}");
    }
}

#[test]
fn view_does_not_jump_over_the_place() {
    let scene = Scene::new(2);
    for (after, forged) in [(0, 1), (1, 3), (2, 1), (2, 3), (4, 2)] {
        let parts = [scene.pieces.until(after), scene.pieces.forged(&scene.pieces.until(after), &scene.forger(forged))];
        let (parts, session) = (parts.concat(), sessions_until(&scene.pieces, after));
        let last = after + 2 * u64::from(forged);
        // the index lists all epochs, or only the forger's last session, or the first epoch and his last
        let lists: [(&str, &dyn Fn(u64) -> bool); 3] =
            [("all", &|_| true), ("the last", &|e| e >= last - 1), ("ends", &|e| e == 0 || e == last)];
        for (list, is_listed) in lists {
            scene.yard.write("bent.vv", &scene.pieces.indexed(&parts, EndKind::Complete, is_listed));
            for from in ["0.5", "2.2", "4", "6", "7"] {
                let what = format!("after {after}, {forged} sessions, index of {list}, from {from}");
                let output = scene.run(&format!("view -i desk.key --from {from} -o - bent.vv"));
                // before it there may be enough to show; after it nothing is shown
                assert!(!contains(&output.stdout, FORGED_PACKET), "{what}");
                assert_stops(&output, session, &what);
            }
            let output = scene.run("view -i desk.key --snapshot 7 -o - bent.vv");
            assert_eq!(output.status.code(), Some(3), "{}", told(&output));
        }
    }
}

#[test]
fn the_recording_itself_is_jumped_in_from_session_to_session() {
    let scene = Scene::new(3);
    let parts = &scene.pieces.parts;
    let lists: [(&str, &dyn Fn(u64) -> bool); 3] =
        [("all", &|_| true), ("the last", &|e| e >= 4), ("none of the second session", &|e| !(2..4).contains(&e))];
    for (list, is_listed) in lists {
        scene.yard.write("jump.vv", &scene.pieces.indexed(parts, EndKind::Complete, is_listed));
        for from in ["0.5", "2.5", "5"] {
            let output = scene.run(&format!("view -i desk.key --from {from} -o - jump.vv"));
            assert_eq!(output.status.code(), Some(0), "index of {list}, from {from}: {}", told(&output));
            assert!(!told(&output).contains("warning: key session"), "{}", told(&output));
        }
        let granted =
            scene.run("rewrap -q --grant certs/guest.pem --from 5 -i desk.key --sidecar own.grant -f jump.vv");
        assert_status(&granted, 0);
    }
}

/// Files of one epoch each.
fn segments(scene: &Scene, parts: &[Part], name: &str) -> Vec<String> {
    let mut keys: Option<Part> = None;
    let mut names = Vec::new();
    for part in parts {
        match part {
            Part::Keys(..) => keys = Some(part.clone()),
            Part::Epoch { number, .. } => {
                let file = format!("{name}-{number}.vv");
                let both = [keys.clone().unwrap(), part.clone()];
                scene.yard.write(&file, &scene.pieces.stream(&both, EndKind::Excerpt, false));
                names.push(file);
            }
        }
    }
    names
}

#[test]
fn files_of_one_recording_are_checked_across_their_borders() {
    let scene = Scene::new(3);
    let good = segments(&scene, &scene.pieces.parts, "good").join(" ");
    assert_status(&scene.run(&format!("decrypt-stream -q -i desk.key {good}")), 0);
    assert_status(&scene.run(&format!("verify -i desk.key {good}")), 0);
    for from in ["0.5", "2.5", "5"] {
        let output = scene.run(&format!("view -i desk.key --from {from} -o - {good}"));
        assert_status(&output, 0);
        assert!(!told(&output).contains("warning: key session"), "{}", told(&output));
    }
    for (after, forged) in [(0, 1), (1, 2), (3, 3)] {
        let parts = [scene.pieces.until(after), scene.pieces.forged(&scene.pieces.until(after), &scene.forger(forged))];
        let files = segments(&scene, &parts.concat(), "bent").join(" ");
        let session = sessions_until(&scene.pieces, after);
        let what = format!("after {after}, {forged} sessions");
        assert_stops(&scene.run(&format!("decrypt-stream -q -i desk.key {files}")), session, &what);
        assert_stops(&scene.run(&format!("verify -i desk.key {files}")), session, &what);
        assert_stops(&scene.yard.sh(&format!("cat {files} | decrypt-stream -i desk.key")), session, &what);
        assert_stops(&scene.yard.sh(&format!("cat {files} | verify -i desk.key")), session, &what);
        for from in ["0.5", "3", "5", "6.5"] {
            let output = scene.run(&format!("view -i desk.key --from {from} -o - {files}"));
            assert_stops(&output, session, &format!("{what}, from {from}"));
        }
    }
}

#[test]
fn a_stream_has_one_end() {
    let scene = Scene::new(2);
    let whole = scene.yard.bytes("cam.vv");
    // all of it twice is the same, and whatever else ends with the same record is another stream
    scene.yard.write("twice.vv", &[&whole[..], &whole].concat());
    assert_status(&scene.run("verify -i desk.key twice.vv"), 0);
    let record = &scene.pieces.record;
    for seconds in [1, 3, 6, 7] {
        let own = Roster(vec![(i64::MIN, vec![scene.yard.bytes("certs/desk.pem")])]);
        let settings = SealSettings { rekey_ns: SECOND, key_room: 8192, ..SealSettings::default() };
        let at = |second: i64| Clock { wall_ns: now() + second * SECOND, mono_ns: second * SECOND };
        let mut sealer = Sealer::begin(Vec::new(), record, settings, Box::new(own), at(0)).unwrap();
        for second in 0..seconds {
            let pts = Some(second * i64::from(record.tracks[0].time_base.1));
            let flags = FrameFlags { key: true, ..FrameFlags::default() };
            let frame = Frame { track: 0, flags, counter: 0, pts, dts: None, duration: 1 };
            sealer.frame(&frame, FORGED_PACKET, at(second)).unwrap();
        }
        sealer.finish(Reason::EndOfInput).unwrap();
        let other = sealer.into_output();
        assert_eq!(pieces(&other).stream_hash, scene.pieces.stream_hash);
        scene.yard.write("other.vv", &other);
        assert_status(&scene.run("verify -i desk.key other.vv"), 0);
        scene.yard.write("both.vv", &[&whole[..], &other].concat());
        for files in ["both.vv", "cam.vv other.vv", "other.vv cam.vv", "twice.vv other.vv"] {
            for key in ["-i desk.key", "--unsigned-ok"] {
                let output = scene.run(&format!("verify {key} {files}"));
                assert_eq!(output.status.code(), Some(3), "{seconds} s, {files}, {key}: {}", told(&output));
                assert!(told(&output).contains("ends as another stream than"), "{}", told(&output));
            }
        }
    }
}

#[test]
fn who_cannot_check_a_session_is_warned() {
    let scene = Scene::new(3);
    let warning = "key session 2 opens, and nothing shows that it goes on from the one before it";
    for command in ["decrypt-stream -i guest.key cam.vv", "view -i guest.key -o - cam.vv"] {
        let output = scene.run(command);
        assert_eq!(told(&output).matches(warning).count(), 1, "{}", told(&output));
    }
    let said = scene.run("verify -i guest.key cam.vv");
    assert_eq!(said.status.code(), Some(4));
    assert!(told(&said).contains("key session 2 is not shown to go on from the one before it"), "{}", told(&said));
    let json = |line: &str| -> serde_json::Value { serde_json::from_slice(&scene.run(line).stdout).unwrap() };
    assert_eq!(json("verify -i guest.key --json cam.vv")["unbound_session"], 2);
    assert!(json("verify -i desk.key --json cam.vv")["unbound_session"].is_null());
    // the desk can, and nobody without a key
    assert!(scene.run("decrypt-stream -i desk.key cam.vv").stderr.windows(8).all(|w| w != b"not shown"));
    let shown = String::from_utf8(scene.run("inspect cam.vv").stdout).unwrap();
    assert!(shown.contains("claimed: ") && shown.contains("goes on from the one before it"), "{shown}");
    let sessions = json("inspect --json cam.vv")["key_sessions"].clone();
    assert!(sessions[0]["bond"].is_null());
    assert_eq!((&sessions[1]["bond"], &sessions[2]["bond"]), (&"claimed".into(), &"claimed".into()));
    // where a session is missing between two pieces, whoever gives others access is warned, too
    let gap = [scene.pieces.excerpt(0..=1), scene.pieces.excerpt(4..=5)].concat();
    scene.yard.write("gap.vv", &gap);
    for command in [
        "rewrap -i desk.key -r certs/guest.pem gap.vv -f -o new.vv",
        "rewrap --add -i desk.key -r certs/other.pem gap.vv -f -o new.vv",
        "rewrap --in-place --add -i desk.key -r certs/other.pem gap.vv",
        "rewrap -i desk.key --grant certs/guest.pem --from 0 --sidecar own.grant -f gap.vv",
    ] {
        let output = scene.run(command);
        assert_eq!(output.status.code(), Some(0), "{command}: {}", told(&output));
        assert_eq!(told(&output).matches(warning).count(), 1, "{command}: {}", told(&output));
    }
    let output = scene.piped("rewrap --add -i desk.key -r certs/other.pem -f -o new.vv", "gap.vv");
    assert_eq!(told(&output).matches(warning).count(), 1, "{}", told(&output));
    let output = scene.run("rewrap -q --add -i desk.key -r certs/other.pem cam.vv -f -o new.vv");
    assert!(output.status.success() && output.stderr.is_empty(), "{}", told(&output));
    // somebody's own session after the one that the guest can open is found by him, too
    scene.yard.write("bent.vv", &scene.pieces.carried_on(4, &scene.forger(1), false));
    assert_stops(&scene.run("verify -i guest.key bent.vv"), 3, "the guest");
}

#[test]
fn over_a_gap_in_one_file_or_folder_nothing_passes_that_cannot_be_checked() {
    let scene = Scene::new(1);
    // his session leaves room for one that is missing, so that its bond binds it to nothing that is there
    let forger = Forger { off: 1, ..scene.forger(1) };
    let forged = scene.pieces.forged(&scene.pieces.until(3), &forger);
    scene.yard.write("first.vv", &scene.pieces.excerpt(0..=1));
    scene.yard.write("his.vv", &scene.pieces.stream(&forged, EndKind::Excerpt, true));
    scene
        .yard
        .sh("cat first.vv his.vv > gap.vv; mkdir archive; record -q archive < first.vv; record -q archive < his.vv");
    let warning = "nothing shows that it goes on from the one before it";
    for reader in ["decrypt-stream -i desk.key", "view -i desk.key -o -", "verify -i desk.key"] {
        for input in ["gap.vv", "archive"] {
            let output = scene.run(&format!("{reader} {input}"));
            assert_eq!(output.status.code(), Some(3), "{reader} {input}: {}", told(&output));
        }
        // two files are what somebody chose to give: he gets a warning
        let output = scene.run(&format!("{reader} first.vv his.vv"));
        assert_eq!(output.status.code(), Some(0), "{reader}: {}", told(&output));
        assert!(
            told(&output).contains(warning) || told(&output).contains("is not shown to go on"),
            "{}",
            told(&output)
        );
    }
}

#[test]
fn recipients_and_cuts_change_without_the_session_before() {
    let scene = Scene::new(3);
    // only the last session's key: the bond is kept, and holds
    let last = scene.pieces.excerpt(4..=5);
    scene.yard.write("last.vv", &last);
    scene.yard.write("rest.vv", &scene.pieces.excerpt(0..=3));
    for command in [
        "rewrap -q --add -i guest.key -r certs/other.pem last.vv -o new.vv -f",
        "rewrap -q --in-place --add -i guest.key -r certs/other.pem last.vv",
    ] {
        assert_status(&scene.run(command), 0);
        let new = if command.contains("in-place") { "last.vv" } else { "new.vv" };
        assert_ne!(scene.yard.bytes(new), last);
        for key in ["desk", "other"] {
            let output = scene.run(&format!("decrypt-stream -i {key}.key rest.vv {new}"));
            assert_eq!(output.status.code(), Some(0), "{key}: {}", told(&output));
            assert!(!told(&output).contains("nothing shows") || key == "other", "{}", told(&output));
        }
    }
    let cut = scene.yard.sh("rewrap -q --cut --from 1.5 --to 4.5 cam.vv | decrypt-stream -i desk.key");
    assert_eq!(cut.status.code(), Some(0), "{}", told(&cut));
    // whole copies, again and again, for others
    let chain = "rewrap -q -i desk.key -r certs/guest.pem cam.vv | rewrap -q --add -i guest.key -r certs/desk.pem \
                 | tee both.vv | decrypt-stream -q -i guest.key | cmp - <(decrypt-stream -q -i desk.key cam.vv)";
    assert_status(&scene.yard.sh(chain), 0);
    assert_status(&scene.run("decrypt-stream -q -i desk.key both.vv"), 0);
}
