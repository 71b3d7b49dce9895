//! A PC/SC daemon (pcscd) with a virtual reader of two slots (vsmartcard-vpcd) that is seen by one test only, and
//! cards.
//!
//! The daemon keeps its socket and its locks in /run/pcscd: a mount namespace gives each its own. Root may have one,
//! others where user namespaces are allowed; where neither is, tests with cards are skipped and say so.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::limit::{Limited, end, told};
use crate::support::namespace::namespace;
use crate::support::programs::built_package;
use crate::support::wait::PATIENCE;

const DRIVER: &str = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";
/// Below the ports of outgoing connections: one of them could hold the reader's.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// A running daemon. It ends with the value, and with the test.
pub struct Reader {
    daemon: Child,
    folder: TempDir,
    port: u16,
    // held as long as the port is in use
    _claim: UdpSocket,
}

/// A card in a slot. It is pulled with the value's end, and with the test's.
pub struct Card {
    process: Child,
    log: PathBuf,
}

impl Reader {
    /// None where it cannot be: the test `name` is skipped, with a line on stderr.
    pub fn start(name: &str) -> Option<Self> {
        let drivers =
            format!("FRIENDLYNAME \"Virtual PCD\"\nDEVICENAME /dev/null:PORT\nLIBPATH {DRIVER}\nCHANNELID PORT\n");
        Self::with_drivers(name, &drivers)
    }

    /// A daemon without a reader.
    pub fn without_reader(name: &str) -> Option<Self> {
        Self::with_drivers(name, "")
    }

    fn with_drivers(name: &str, drivers: &str) -> Option<Self> {
        let namespace = namespace(name)?;
        assert!(Path::new(DRIVER).exists(), "there is no {DRIVER}: scripts/setup installs vsmartcard-vpcd");
        let (port, claim) = claim_port();
        // not TMPDIR: the path of a socket has 107 bytes at the most
        let folder = tempfile::Builder::new().prefix("vidveil-pcsc-").tempdir_in("/tmp").unwrap();
        let (conf, run) = (folder.path().join("conf"), folder.path().join("run"));
        fs::create_dir(&conf).unwrap();
        fs::create_dir(&run).unwrap();
        fs::write(conf.join("drivers"), drivers.replace("PORT", &port.to_string())).unwrap();
        let log = File::create(folder.path().join("pcscd.log")).unwrap();
        let script = "mount --make-rprivate / && mount -t tmpfs none /run && mkdir /run/pcscd &&
            mount --bind \"$0/run\" /run/pcscd &&
            exec setpriv --pdeathsig KILL pcscd --foreground --config \"$0/conf\"";
        let daemon = Command::new("unshare")
            .args([namespace, "sh", "-c", script])
            .arg(folder.path())
            .env("PATH", path_with_sbin())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut reader = Reader { daemon, folder, port, _claim: claim };
        let limit = Instant::now() + PATIENCE;
        // not only there: between bind and listen it is refused
        while UnixStream::connect(reader.socket()).is_err() {
            let ended = reader.daemon.try_wait().unwrap();
            let said = || fs::read_to_string(reader.folder.path().join("pcscd.log")).unwrap_or_default();
            assert!(ended.is_none() && Instant::now() < limit, "pcscd does not start: {}", said());
            thread::sleep(Duration::from_millis(2));
        }
        Some(reader)
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("run/pcscd.comm")
    }

    /// The variable by which clients find this daemon.
    pub fn environment(&self) -> (&'static str, PathBuf) {
        ("PCSCLITE_CSOCK_NAME", self.socket())
    }

    /// A program that finds this daemon.
    pub fn client(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env("PCSCLITE_CSOCK_NAME", self.socket());
        command
    }

    /// Puts a card into the first slot; `options` as in tests/virtual-card/src/options.rs.
    #[track_caller]
    pub fn insert(&self, options: &[&str]) -> Card {
        self.insert_into(0, options)
    }

    /// Slot 0 or 1, which are the readers "Virtual PCD 00 00" and "Virtual PCD 00 01".
    #[track_caller]
    pub fn insert_into(&self, slot: u16, options: &[&str]) -> Card {
        static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let log = self.folder.path().join(format!("card-{number}.log"));
        let mut command = self.client("setpriv");
        command.args(["--pdeathsig", "KILL"]).arg(tools().join("virtual-card"));
        command.args(["--port", &(self.port + slot).to_string(), "--reader", &format!("Virtual PCD 00 0{slot}")]);
        command.arg("--log").arg(&log).args(options).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut card = Card { process: command.spawn().unwrap(), log };
        let mut line = String::new();
        BufReader::new(card.process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "READY\n", "{command:?}");
        card
    }

    /// What the card says to another program about the PIN: "9000" verified, "63cN" with N tries left.
    pub fn pin_state(&self) -> String {
        self.client(tools().join("other-client")).arg("pin-state").succeeds().trim().to_owned()
    }

    /// Another program that holds the card until the value ends: "exclusive" or in a "transaction".
    pub fn hold(&self, how: &str) -> Holder {
        let mut command = self.client(tools().join("other-client"));
        let mut holder = Holder(command.arg(how).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap());
        let mut line = String::new();
        BufReader::new(holder.0.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "READY\n");
        holder
    }

    /// Another program that resets the card all the time, until the value ends.
    pub fn reset_over_and_over(&self) -> Holder {
        let mut command = self.client(tools().join("other-client"));
        Holder(command.args(["reset", "1000000"]).stdin(Stdio::null()).spawn().unwrap())
    }

    /// Ends the daemon.
    pub fn stop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
        let _ = fs::remove_file(self.socket());
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Card {
    /// Pulls the card.
    pub fn pull(self) {}

    /// Waits until the card has been pulled by a fault of its own.
    pub fn gone(mut self) {
        assert!(end(&mut self.process).is_some(), "the card is still there");
    }

    /// The commands that it has done: INS P1 P2 LC SW.
    pub fn log(&self) -> Vec<String> {
        fs::read_to_string(&self.log).unwrap().lines().map(str::to_owned).collect()
    }

    /// Forgets what it has done.
    pub fn clear_log(&self) {
        File::options().write(true).open(&self.log).unwrap().set_len(0).unwrap();
    }

    /// Operations of private keys: GENERAL AUTHENTICATE.
    pub fn operations(&self) -> usize {
        self.log().iter().filter(|line| line.starts_with("87 ")).count()
    }

    /// PINs presented: VERIFY with data.
    pub fn pins(&self) -> usize {
        self.log().iter().filter(|line| line.starts_with("20 00 80 8 ")).count()
    }
}

impl Drop for Card {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Another program with the card.
pub struct Holder(Child);

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Two ports that follow each other, free, and of no other test as long as the socket is there: a UDP port is held by
/// one socket at a time, and nobody listens on it.
fn claim_port() -> (u16, UdpSocket) {
    let places = usize::from((PORTS.end - PORTS.start) / 2);
    let first = std::process::id() as usize * 7;
    for place in (0..places).map(|i| (first + i) % places) {
        let port = PORTS.start + 2 * u16::try_from(place).unwrap();
        let Ok(claim) = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)) else { continue };
        // as vpcd does: on all addresses
        let free = |port| TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok();
        if free(port) && free(port + 1) {
            return (port, claim);
        }
    }
    panic!("no port is free");
}

/// pcscd is in /usr/sbin, which is not on everybody's path.
fn path_with_sbin() -> String {
    format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default())
}

/// Where the programs of tests/virtual-card are; builds them.
pub fn tools() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| built_package("virtual-card"))
}
