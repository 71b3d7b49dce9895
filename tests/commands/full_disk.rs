//! Disks of every size, from none up to what is needed, for every command that writes: exit status 1, the file's name
//! and how much was wanted, nothing half under a final name; and with room again the same command does its work.

use std::process::Output;

use crate::support::small_disk::{Room, SmallDisks};
use crate::support::thorough;
use crate::support::writers::{WRITERS, Writer, yard};
use crate::support::yard::*;

/// Flags whose values are files or folders that are read; every other one with such a value is in the table.
const READ: &str = "--recipient --ca --crl --sign --signer --identity --passphrase-file --pin-file --grant-file --credentials \
                    --scene --reference --model --people-model --check --remove --from-token --management-key-file --plan --grant \
                    --repair";
/// Those that are written and have tests of their own here.
const OTHERS: &str = "--crl-state";

/// What is wrong with how a command ended on a disk that is too small.
fn wrong_refusal(output: &Output, writer: &Writer) -> Option<&'static str> {
    let said = stderr(output);
    let line = said.lines().find(|line| line.contains("no space left on device")).unwrap_or_default();
    let sized = line.contains(" more are wanted)") || ["cannot create", "cannot open"].iter().any(|w| line.contains(w));
    [
        (output.status.code() == Some(1), "the status is not 1"),
        (output.stdout.is_empty(), "files are not as they should be"),
        (!line.is_empty(), "it does not say that the disk is full"),
        (line.contains(writer.file), "it names no file"),
        (sized, "it says no size"),
        (!said.contains("damaged at") && !said.contains("panicked"), "it is called damage"),
    ]
    .into_iter()
    .find_map(|(right, wrong)| (!right).then_some(wrong))
}

/// Runs a command on disks.
struct Runs<'a> {
    disks: SmallDisks<'a>,
    wrong: Vec<String>,
}

impl Runs<'_> {
    /// Whether the disk is large enough. Where it is not, with `again`, the command is run once more with room.
    fn is_enough(&mut self, writer: &Writer, room: Room, again: bool) -> bool {
        let again = if again { format!("enlarge; {}", writer.again()) } else { String::new() };
        let output = self.disks.run(room, &writer.script("", &again));
        let is_enough = output.status.code() == Some(0);
        let wrong = match is_enough {
            true => (!output.stdout.is_empty()).then_some("the output is not whole"),
            false => wrong_refusal(&output, writer),
        };
        self.wrong.extend(wrong.map(|w| format!("{w}: {} on {room:?}\n{}", writer.command, told(&output))));
        is_enough
    }
}

#[test]
fn a_disk_of_any_size_is_enough_or_is_said_to_be_full() {
    let yard = yard();
    let name = "full_disk::a_disk_of_any_size_is_enough_or_is_said_to_be_full";
    let Some(disks) = SmallDisks::new(&yard, name) else { return };
    let mut runs = Runs { disks, wrong: Vec::new() };
    for (at, writer) in WRITERS.iter().enumerate() {
        let large = Room::of_files(1000);
        if !runs.is_enough(writer, large, false) {
            continue;
        }
        let (pages, files) = runs.disks.used();
        assert!(pages > 0 && files > 0, "{} writes nothing", writer.command);
        let rooms: Vec<Room> = if thorough() {
            (0..pages).map(Room::of).chain((0..files).map(Room::of_files)).collect()
        } else {
            // half of it, or all but a page
            let some = [pages / 2, pages - 1][at % 2];
            vec![Room::of(some), Room::of_files(files - 1)]
        };
        // less than what is there in the end is not enough
        for room in rooms {
            // a file that the shell makes
            if writer.command.contains("> disk/") && room.files.is_some() {
                continue;
            }
            if runs.is_enough(writer, room, thorough()) {
                runs.wrong.push(format!("nothing is missing: {} on {room:?}", writer.command));
            }
        }
        runs.is_enough(writer, Room::of(0), true);
        if thorough() {
            // what it needs on the way
            let found = (pages..large.pages).any(|pages| runs.is_enough(writer, Room::of(pages), true));
            assert!(found, "{}", writer.command);
        }
    }
    assert!(runs.wrong.is_empty(), "{}\n{} in all", runs.wrong.join("\n"), runs.wrong.len());
}

#[test]
fn what_is_changed_in_place_and_what_is_only_noted_needs_no_room() {
    let yard = yard();
    let name = "full_disk::what_is_changed_in_place_and_what_is_only_noted_needs_no_room";
    let Some(disks) = SmallDisks::new(&yard, name) else { return };
    let fill = "head -c 100M /dev/zero > disk/full 2> /dev/null";
    let output = disks.run(
        Room::of(100),
        &format!(
            "cp sealed.vv disk/in.vv; {fill}
             enroll-cert -q --generate --name next --key next.key -o next.pem
             rewrap -q -i desk.key -r next.pem --in-place disk/in.vv && decrypt-stream -q -i next.key disk/in.vv > part"
        ),
    );
    assert_status(&output, 0);
    // that a list was there is not kept, and the list is there all the same
    let output = disks.run(
        Room::of(100),
        &format!(
            "export XDG_STATE_HOME=$PWD/disk/state; reprocess -q --do cat archive made; {fill}
             rewrap -i desk.key -r next.pem --in-place made/item.vv"
        ),
    );
    assert_says(&output, 0, &["disk/state/", "cannot be written: that this list was there is not kept"]);
}

#[test]
fn every_flag_that_names_a_file_is_known_here() {
    let yard = Yard::new();
    for (name, _) in vidveil::cli::family::COMMANDS {
        let help = yard.done(&format!("{name} --help"));
        for line in help.lines().map(str::trim_start).filter(|line| line.starts_with('-')) {
            let is_file = ["<FILE", "<PATH", "<DIR", "|DIR"].iter().any(|value| line.contains(value));
            let Some(flag) = line.split([' ', ',']).find(|word| word.starts_with("--")).filter(|_| is_file) else {
                continue;
            };
            let known = |flags: &str| flags.split_whitespace().any(|known| known == flag);
            let short = if flag == "--output" { " -o disk/" } else { flag };
            let written = WRITERS.iter().any(|w| w.command.starts_with(name) && w.command.contains(short));
            assert!(known(READ) || known(OTHERS) || written || (name, flag) == ("view", "--sign"), "{name} {flag}");
        }
    }
}
