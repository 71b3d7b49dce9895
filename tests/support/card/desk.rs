//! A folder with recordings that are sealed to cards, a reader, and the commands run there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use tempfile::TempDir;

use super::issue::{Model, PIN};
use super::limit::Limited;
use super::reader::{Card, Reader};
use super::sessions::sealed_slowly;
use crate::support::clips::clip;
use crate::support::yard::commands;

/// Made once in a process, and only read afterwards:
///
/// | file | |
/// |---|---|
/// | `cam.vv` | four seconds of plain video in epochs of one second |
/// | `server.key`, `server.pem` | a recipient of everything |
/// | `ec-9d.vv` ... | sealed to the server and to one slot of one model |
/// | `server.vv` | sealed to the server only |
fn recordings() -> &'static Path {
    static MADE: OnceLock<TempDir> = OnceLock::new();
    MADE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let run = |program: &str, arguments: &str| {
            Command::new(program).args(arguments.split(' ')).current_dir(folder.path()).succeeds();
        };
        let source = "-f lavfi -i testsrc2=size=160x120:rate=10:duration=4";
        let codec = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 10 -threads 1";
        clip(&folder.path().join("cam.mp4"), &format!("{source} {codec}"));
        run(env!("CARGO_BIN_EXE_capture"), "cam.mp4 --epoch 1s --camera gate -o cam.vv");
        run(env!("CARGO_BIN_EXE_enroll-cert"), "-q --generate --name server --key server.key -o server.pem");
        run(env!("CARGO_BIN_EXE_encrypt-stream"), "-q -r server.pem cam.vv -o server.vv");
        for model in Model::ALL {
            for (slot, ..) in model.slots().iter().filter(|(slot, ..)| *slot != "9a") {
                let mut seal = Command::new(env!("CARGO_BIN_EXE_encrypt-stream"));
                seal.args(["-q", "-r", "server.pem", "-r"]).arg(model.certificate(slot)).arg("cam.vv");
                seal.args(["-o", &format!("{}.vv", recording(model, slot))]).current_dir(folder.path()).succeeds();
            }
        }
        folder
    })
    .path()
}

fn recording(model: Model, slot: &str) -> String {
    format!("{model:?}-{slot}").to_ascii_lowercase()
}

pub struct Desk {
    pub reader: Reader,
    folder: TempDir,
}

impl Desk {
    /// With `pin`, a file with the right PIN, and `wrong`, one with another. None where there can be no reader: the
    /// test is skipped.
    pub fn new(name: &str) -> Option<Self> {
        Some(Self::at(Reader::start(name)?))
    }

    pub fn at(reader: Reader) -> Self {
        let desk = Desk { reader, folder: tempfile::tempdir().unwrap() };
        desk.write_secret("pin", PIN.as_bytes());
        desk.write_secret("wrong", b"000000");
        desk
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    pub fn exists(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    pub fn write_secret(&self, name: &str, bytes: &[u8]) {
        use std::os::unix::fs::PermissionsExt;
        fs::write(self.path(name), bytes).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// A copy of the recording sealed to the server and a slot of a model.
    pub fn recording(&self, model: Model, slot: &str) -> String {
        let name = format!("{}.vv", recording(model, slot));
        self.copy(&name);
        name
    }

    /// The same with a key session for each of its four seconds.
    pub fn recording_of_four_sessions(&self, model: Model, slot: &str) -> String {
        let plain = fs::read(recordings().join("cam.vv")).unwrap();
        let certificates = vec![recordings().join("server.pem"), model.certificate(slot)];
        fs::write(self.path("four.vv"), sealed_slowly(&plain, certificates, 1, 10)).unwrap();
        "four.vv".to_owned()
    }

    /// The same over 24 hours, in one key session, as an archiver does by default.
    pub fn recording_of_a_day(&self, model: Model, slot: &str) -> String {
        let plain = fs::read(recordings().join("cam.vv")).unwrap();
        let certificates = vec![recordings().join("server.pem"), model.certificate(slot)];
        // 40 pictures
        fs::write(self.path("day.vv"), sealed_slowly(&plain, certificates, 24 * 3600 / 40, 24 * 3600)).unwrap();
        "day.vv".to_owned()
    }

    /// A copy of a file of [`recordings`].
    pub fn copy(&self, name: &str) {
        fs::copy(recordings().join(name), self.path(name)).unwrap();
    }

    /// Puts a card of this model into the reader, with more options; its memory stays in the folder, so that the same
    /// card can be put in again.
    #[track_caller]
    pub fn insert(&self, model: Model, options: &[&str]) -> Card {
        self.insert_into(0, model, options)
    }

    #[track_caller]
    pub fn insert_into(&self, slot: u16, model: Model, options: &[&str]) -> Card {
        let memory = self.path(&format!("memory-{model:?}"));
        if !memory.exists() {
            model.copy_to(&memory);
        }
        let state = ["--state", memory.to_str().unwrap()];
        self.reader.insert_into(slot, &[&state, options].concat())
    }

    /// A command of the family, in this folder, with this reader. Arguments are separated by blanks.
    pub fn command(&self, name: &str, arguments: &str) -> Command {
        let mut command = self.reader.client(commands().join(name));
        command.args(arguments.split_whitespace()).current_dir(self.folder.path());
        command
    }

    #[track_caller]
    pub fn run(&self, name: &str, arguments: &str) -> Output {
        self.command(name, arguments).within_limit()
    }

    #[track_caller]
    pub fn ok(&self, name: &str, arguments: &str) -> String {
        self.command(name, arguments).succeeds()
    }

    /// Another program, in this folder, with this reader.
    pub fn tool(&self, name: &str, arguments: &str) -> Output {
        let mut tool = self.reader.client(name);
        tool.args(arguments.split_whitespace()).current_dir(self.folder.path()).within_limit()
    }

    /// The payloads of what decrypt-stream, or anybody else, wrote, as inspect --frames lists them.
    pub fn frames(&self, name: &str) -> String {
        self.ok("inspect", &format!("--frames {name}"))
    }

    /// The same of what was recorded.
    pub fn original_frames(&self) -> String {
        self.copy("cam.vv");
        self.frames("cam.vv")
    }
}
