//! The key agent: one process has the keys, the commands that it starts use them, and nothing else comes across.
//!
//! The host is this process, or a process of this test (`host_process`) where it is killed or asked for something on a
//! terminal.

use std::cell::Cell;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::rc::Rc;

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use proptest::prelude::*;
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::Signal;
use vidveil::cli::flags::{IdentityFlags, PassphraseFlags};
use vidveil::cli::{
    ProgressWhen, Session,
    secrets::{CardFlags, CardPlaceFlags, KeyAgent},
};
use vidveil::keys::agent::{Answer, MAX_REQUEST, MAX_RESULTS, Memory, Request, answer, read_message, write_message};
use vidveil::keys::{DeviceError, Identity, IdentityError, KeyFile, PublicKey, TokenError};
use zeroize::Zeroizing;

use crate::support::card::{Desk, Limited, Model, PIN, assert_says, on_a_terminal};
use crate::support::testdata;
use crate::support::yard::{Yard, assert_status, kill, path_with_commands, stderr, told, until};

fn session() -> Session {
    Session::new("test", true, ProgressWhen::default())
}

/// A yard with `sealed.vv`, its private key with the pass phrase that is in `phrase`, and a host with that key. Key and
/// pass phrase are gone from the disk then.
fn shared() -> (Yard, KeyAgent) {
    let yard = Yard::with_camera(4);
    yard.done(
        "capture camera.mp4 --epoch 1s | encrypt-stream -r certs/ > sealed.vv
         decrypt-stream -i desk.key sealed.vv > plain.vv
         enroll new
         openssl pkcs8 -topk8 -v2 aes-256-cbc -passout pass:secret -in desk.key -out locked.key
         echo secret > phrase; chmod 600 locked.key phrase; rm desk.key",
    );
    let flags = IdentityFlags {
        identities: vec![yard.path("locked.key")],
        passphrase: PassphraseFlags { passphrase_file: Some(yard.path("phrase")) },
        ..IdentityFlags::default()
    };
    let agent = KeyAgent::start(&flags, &session()).unwrap().expect("a key was named");
    std::fs::remove_file(yard.path("locked.key")).unwrap();
    std::fs::remove_file(yard.path("phrase")).unwrap();
    (yard, agent)
}

fn under(agent: &KeyAgent, mut command: Command) -> Command {
    let (name, value) = agent.environment();
    // as reprocess does for each job
    fcntl_setfd(agent.descriptor(), FdFlags::empty()).unwrap();
    command.env(name, value);
    command
}

#[track_caller]
fn job(agent: &KeyAgent, yard: &Yard, script: &str) -> String {
    let output = under(agent, yard.shell(script)).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{script}\n{}", told(&output));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_jobs_of_a_run_share_a_key_whose_pass_phrase_was_asked_for_once() {
    let (yard, agent) = shared();
    let jobs: Vec<_> = (0..4)
        .map(|n| {
            // as jobs are run, several commands in a pipeline
            let script = format!("sh -c 'cat sealed.vv | decrypt-stream | cat > {n}.vv'");
            under(&agent, yard.shell(&script)).spawn().unwrap()
        })
        .collect();
    for (n, job) in jobs.into_iter().enumerate() {
        let output = job.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", told(&output));
        assert!(yard.bytes(&format!("{n}.vv")) == yard.bytes("plain.vv"));
    }
    // every reader, and a public stream after one is what it should be
    job(&agent, &yard, "view -o out.mkv sealed.vv && rewrap -q -r certs/new.pem < sealed.vv > new.vv");
    // nobody signed it: it is the key that vouches
    job(&agent, &yard, "verify -q sealed.vv");
    job(&agent, &yard, "protect -q --learn 1s < sealed.vv | view -o public.mkv");
    job(&agent, &yard, "decrypt-stream sealed.vv | view --plain-ok -o original.mkv");
    // and one that is not the key's
    yard.done("decrypt-stream -i new.key new.vv > again.vv; cmp again.vv plain.vv");
    assert_status(&under(&agent, yard.shell("decrypt-stream new.vv")).output().unwrap(), 4);
    // a plain original in the place of a sealed one is refused
    assert_status(&under(&agent, yard.shell("view -o no.mkv plain.vv")).output().unwrap(), 4);
    let checked = under(&agent, yard.shell("verify plain.vv")).output().unwrap();
    assert_status(&checked, 4);
    assert!(told(&checked).contains("not sealed"), "{}", told(&checked));
    // without the variable there is no key
    assert_status(&yard.sh("decrypt-stream sealed.vv"), 4);
}

#[test]
fn a_key_that_is_named_goes_before_the_shared_ones() {
    let (yard, agent) = shared();
    assert_status(&under(&agent, yard.shell("decrypt-stream -i new.key sealed.vv")).output().unwrap(), 4);
}

#[test]
fn when_the_host_ends_its_keys_are_gone() {
    let (yard, agent) = shared();
    let (name, value) = agent.environment();
    drop(agent);
    let output = yard.shell("decrypt-stream sealed.vv -o no.vv").env(name, value).output().unwrap();
    assert_status(&output, 5);
    assert!(stderr(&output).contains("the key agent is gone") && stderr(&output).contains("hint:"));
    assert!(!yard.exists("no.vv"));
}

#[test]
fn an_address_that_leads_nowhere_is_reported() {
    let yard = Yard::with_camera(1);
    yard.done("capture camera.mp4 | encrypt-stream -r certs/ > sealed.vv");
    // 100 and a little above may be another test's agent, which every program of this process inherits
    for value in ["nonsense", "20000", "65000", "0", "1", "-1", "100:0011", "99999999999"] {
        let output = yard.shell("decrypt-stream sealed.vv").env("VIDVEIL_KEY_AGENT", value).output().unwrap();
        assert_status(&output, 5);
    }
    // an empty one is none
    assert_status(&yard.shell("decrypt-stream sealed.vv").env("VIDVEIL_KEY_AGENT", "").output().unwrap(), 4);
}

/// A connection to the host in this process, and what its request begins with.
fn connected(agent: &KeyAgent) -> (UnixStream, Vec<u8>) {
    // the variable has nothing in it but the number of a descriptor
    let number: u16 = agent.environment().1.parse().unwrap();
    let mut host = UnixStream::connect(format!("/proc/self/fd/{number}")).unwrap();
    let mut nonce = vec![0; 16];
    host.read_exact(&mut nonce).unwrap();
    (host, nonce)
}

fn asked(agent: &KeyAgent, request: Request<'_>) -> Answer {
    let (mut host, nonce) = connected(agent);
    write_message(&mut host, &[&nonce[..], &request.to_body()].concat()).unwrap();
    Answer::parse(&read_message(&mut host, 1 << 20).unwrap()).unwrap()
}

/// What comes back before the host closes.
fn heard(mut host: UnixStream) -> Vec<u8> {
    let mut said = Vec::new();
    // closed with something unread is a reset
    let _ = host.read_to_end(&mut said);
    said
}

#[test]
fn clients_that_misbehave_get_nothing_and_keep_nobody_waiting() {
    let (yard, agent) = shared();
    let mut slow = Vec::new();
    for _ in 0..20 {
        let (mut half, nonce) = connected(&agent);
        half.write_all(&[0, 0, 0, 17]).unwrap();
        half.write_all(&nonce[..9]).unwrap();
        slow.push(half);
        slow.push(connected(&agent).0);
    }
    let length = |n: usize| u32::try_from(n).unwrap().to_be_bytes().to_vec();
    let message = |body: &[u8]| [length(body.len()), body.to_vec()].concat();
    let other = connected(&agent).1;
    // what is sent, after the number of the connection or without it
    for (repeats, sent) in [
        (false, length(MAX_REQUEST + 17)),
        (false, vec![0xff; 4]),
        (false, [length(usize::from(u16::MAX)), vec![7; 3]].concat()),
        (false, message(&[])),
        (true, Vec::new()),
        (false, message(&other[..15])),
        // all right but for the number, which is another connection's
        (false, message(&[&other[..], &Request::List.to_body()].concat())),
        (false, message(&Request::List.to_body())),
        // more than was asked
        (true, vec![1, 0]),
        (true, vec![9, 0, 0]),
        (true, vec![2, 0]),
        (false, b"GET / HTTP/1.1\r\n\r\n".to_vec()),
    ] {
        let (mut host, nonce) = connected(&agent);
        let sent = if repeats { message(&[nonce, sent].concat()) } else { sent };
        let _ = host.write_all(&sent);
        // over, for one that waits for more than it was promised, too
        host.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(heard(host), b"", "{sent:?}");
    }
    // what is no input of the key, or of no key
    for request in [Request::Ecdh(0, &[4; 65]), Request::Ecdh(7, &[4; 65]), Request::RsaOaepSha256(0, &[1; 256])] {
        assert_eq!(asked(&agent, request), Answer::Refused);
    }
    let Answer::Keys(keys) = asked(&agent, Request::List) else { panic!("no list") };
    assert_eq!(keys.len(), 1);
    // the others are still there, and are in nobody's way
    job(&agent, &yard, "decrypt-stream sealed.vv > open.vv; cmp open.vv plain.vv");
    drop(agent);
    drop(slow);
}

#[test]
fn another_user_is_not_let_in() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: another_user_is_not_let_in: only root can be another user");
        return;
    }
    let (yard, agent) = shared();
    let ask = "import os, socket, sys
s = socket.socket(socket.AF_UNIX)
try:
    s.connect('/proc/self/fd/' + os.environ['VIDVEIL_KEY_AGENT'])
    s.sendall(b'\\0\\0\\0\\x11' + s.recv(16) + b'\\x01')
    print(len(s.recv(4)))
except OSError:
    print('closed')";
    yard.write("ask.py", ask.as_bytes());
    let asks = |program: &str| job(&agent, &yard, &format!("{program} /usr/bin/python3 - < ask.py")).trim().to_owned();
    assert_eq!(asks(""), "4");
    assert!(["0", "closed"].contains(&&*asks("setpriv --reuid 65534 --clear-groups")));
}

#[test]
fn a_player_gets_neither_the_descriptor_nor_its_number() {
    let (yard, agent) = shared();
    yard.done("printf '#!/bin/sh\\ncat > shown; env > has; ls -l /proc/self/fd >> has\\n' > player; chmod 755 player");
    job(&agent, &yard, "view -q --play --player ./player sealed.vv");
    let has = yard.text("has");
    assert!(yard.size("shown") > 1000 && !has.contains("VIDVEIL_KEY_AGENT") && !has.contains("socket"), "{has}");
    assert!(!has.contains(&format!(" {} ->", agent.environment().1)), "{has}");
}

#[test]
fn who_was_not_started_by_the_host_is_not_let_in() {
    let yard = Yard::with_camera(1);
    yard.done("capture camera.mp4 | encrypt-stream -r certs/ > sealed.vv; mkfifo go");
    // one that its job left behind is nobody's any more
    let script = "echo \"$VIDVEIL_KEY_AGENT\" > number; decrypt-stream sealed.vv -o own.vv; echo $? > own
                  ( (read word < go; decrypt-stream sealed.vv -o left.vv 2> said; echo $? > left.new; mv left.new left) & )
                  echo $$ > shell.new; mv shell.new shell; until [ -e left ]; do sleep 0.05; done";
    let mut command = host(script);
    command.current_dir(yard.path("")).env("AGENT_KEY", yard.path("desk.key"));
    let mut host = command.process_group(0).spawn().unwrap();
    until("the shell waits", || yard.exists("shell"));
    assert_eq!(yard.text("own"), "0\n");
    // this process has started the host, which is the other way round
    let socket = format!("/proc/{}/fd/{}", yard.text("shell").trim(), yard.text("number").trim());
    if let Ok(stream) = UnixStream::connect(&socket) {
        assert_eq!(heard(stream), b"", "{socket}");
    }
    std::fs::write(yard.path("go"), "on\n").unwrap();
    until("the one that was left has ended", || yard.exists("left"));
    assert_eq!(yard.text("left"), "5\n", "{}", yard.text("said"));
    assert!(yard.text("said").contains("the key agent is gone"), "{}", yard.text("said"));
    host.wait().unwrap();
}

/// Not a test: the command that shares keys, in a process of its own. The shell gets `AGENT_SCRIPT` with the keys.
#[test]
#[ignore = "run by the others, as a process of its own"]
fn host_process() {
    let Some(script) = std::env::var_os("AGENT_SCRIPT") else { return };
    let mut flags = IdentityFlags::default();
    match std::env::var_os("AGENT_KEY") {
        Some(key) => flags.identities.push(key.into()),
        None => flags.card = CardFlags { card: true, place: CardPlaceFlags::default(), pin_last_try: false },
    }
    let agent = KeyAgent::start(&flags, &session()).unwrap().unwrap();
    let mut shell = Command::new("sh");
    let status = under(&agent, {
        shell.arg("-c").arg(script);
        shell
    })
    .status()
    .unwrap();
    drop(agent);
    std::process::exit(status.code().unwrap_or(99));
}

fn host(script: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "key_agent::host_process", "--ignored", "--nocapture"]).env("AGENT_SCRIPT", script);
    command.env("PATH", path_with_commands());
    command
}

#[test]
fn a_host_that_is_killed_leaves_nothing() {
    let yard = Yard::with_camera(1);
    yard.done("capture camera.mp4 | encrypt-stream -r certs/ > sealed.vv; mkfifo go; mkdir run tmp");
    let script = "decrypt-stream sealed.vv -o before.vv; echo $? > first
                  read word < go
                  decrypt-stream sealed.vv -o after.vv 2> said; echo $? > second.new; mv second.new second";
    let mut command = host(script);
    command.current_dir(yard.path("")).env("AGENT_KEY", yard.path("desk.key"));
    command.env("XDG_RUNTIME_DIR", yard.path("run")).env("TMPDIR", yard.path("tmp"));
    let mut host = command.process_group(0).spawn().unwrap();
    until("the first was opened", || yard.exists("first"));
    let empty = |folder: &str| yard.path(folder).read_dir().unwrap().next().is_none();
    assert!(empty("run") && empty("tmp"), "the socket has a name");
    kill(host.id(), Signal::KILL);
    host.wait().unwrap();
    std::fs::write(yard.path("go"), "on\n").unwrap();
    until("the second has ended", || yard.exists("second"));
    assert_eq!((&*yard.text("first"), &*yard.text("second")), ("0\n", "5\n"));
    assert!(yard.text("said").contains("the key agent is gone"));
    assert!(empty("run") && empty("tmp"));
}

/// Opens two recordings at the same time.
fn both(one: &str, other: &str) -> String {
    let open = |name: &str| format!("decrypt-stream {name} -o {name}.open");
    format!("{} & {} ; first=$?; wait $! || exit; exit $first", open(one), open(other))
}

fn on_terminal(desk: &Desk, script: &str) -> (Option<i32>, String) {
    let mut command = host(script);
    let (name, value) = desk.reader.environment();
    command.env(name, value).current_dir(desk.path(""));
    on_a_terminal(&command, "\": ", PIN)
}

#[test]
fn two_commands_with_one_card_take_one_prompt() {
    let Some(desk) = Desk::new("two_commands_with_one_card_take_one_prompt") else { return };
    let card = desk.insert(Model::Ec, &[]);
    let (one, other) = (desk.recording(Model::Ec, "9d"), desk.recording_of_a_day(Model::Ec, "9d"));
    let (status, shown) = on_terminal(&desk, &both(&one, &other));
    assert_eq!(status, Some(0), "{shown}");
    assert_eq!(shown.matches("PIN of the card").count(), 1, "{shown}");
    assert_eq!((card.operations(), desk.reader.pin_state().as_str()), (2, "63c3"), "{:?}", card.log());
    for name in [one, other] {
        assert_eq!(desk.frames(&format!("{name}.open")), desk.original_frames());
    }
}

#[test]
fn two_commands_with_one_recording_take_one_operation_and_one_pin() {
    let Some(desk) = Desk::new("two_commands_with_one_recording") else { return };
    let card = desk.insert(Model::Rsa, &[]);
    let one = desk.recording(Model::Rsa, "9d");
    std::fs::copy(desk.path(&one), desk.path("copy.vv")).unwrap();
    let (status, shown) = on_terminal(&desk, &both(&one, "copy.vv"));
    assert_eq!(status, Some(0), "{shown}");
    assert_eq!((card.operations(), card.pins()), (1, 1), "{:?}", card.log());
}

#[test]
fn a_card_that_is_pulled_is_reported_as_without_an_agent() {
    let Some(desk) = Desk::new("a_card_that_is_pulled_is_reported_as_without_an_agent") else { return };
    let card = desk.insert(Model::Ec, &["--pull-before", "87:3"]);
    let stream = desk.recording_of_four_sessions(Model::Ec, "9d");
    let (status, shown) = on_terminal(&desk, &format!("decrypt-stream {stream} > part.vv"));
    assert_eq!(status, Some(5), "{shown}");
    assert!(shown.contains("card was removed") && shown.contains("hint: leave the card in"), "{shown}");
    card.gone();
    // what was opened before came out
    let part = String::from_utf8(desk.run("inspect", "--frames part.vv").stdout).unwrap();
    assert!(part.lines().count() >= 10 && desk.original_frames().starts_with(&part), "{part}");
}

#[test]
fn that_nobody_can_be_asked_is_reported_by_the_command() {
    let Some(desk) = Desk::new("that_nobody_can_be_asked_is_reported_by_the_command") else { return };
    let _card = desk.insert(Model::Ec, &[]);
    let stream = desk.recording(Model::Ec, "9d");
    let script = format!(
        "decrypt-stream {stream} -o a.vv; first=$?; decrypt-stream {stream} -o b.vv; test $? = $first && exit $first"
    );
    let mut command = host(&script);
    let (name, value) = desk.reader.environment();
    command.env(name, value).current_dir(desk.path(""));
    // no terminal to ask on: in a session of its own
    let mut alone = Command::new("setsid");
    alone.arg("--wait").arg(command.get_program()).args(command.get_args()).current_dir(desk.path(""));
    for (name, value) in command.get_envs() {
        alone.env(name, value.unwrap());
    }
    let output = alone.within_limit();
    assert_says(&output, 5, &["a PIN is needed, and there is no terminal", "--pin-file"]);
    assert_eq!(desk.reader.pin_state(), "63c3");
}

/// What a device can say crosses as it is.
#[test]
fn device_errors_cross_as_they_are() {
    let errors = [
        DeviceError::Removed,
        DeviceError::WrongPin { left: 2 },
        DeviceError::MalformedPin("it is empty".into()),
        DeviceError::Silent("smart card".into()),
        DeviceError::NoKey("9d".into()),
        DeviceError::Occupied { slot: "9d".into(), what: "\u{1b}[2J\"\n".into() },
        TokenError::Gone("vault".into()).into(),
        TokenError::WrongPin { token: "vault".into(), few: true, last: false }.into(),
        TokenError::NoToken { wanted: "a".into(), there: vec!["b".into()] }.into(),
    ];
    for error in errors {
        let body = Answer::Device(error.clone()).to_body();
        assert_eq!(Answer::parse(&body), Some(Answer::Device(error)));
    }
    let endless = Answer::Device(DeviceError::Nonsense("x".repeat(2 << 20))).to_body();
    assert!(matches!(Answer::parse(&endless), Some(Answer::Device(DeviceError::Nonsense(_)))));
}

fn identities() -> Vec<Box<dyn Identity>> {
    let folder = testdata("certs");
    let key = |name: &str| KeyFile::parse(&std::fs::read(folder.join(name)).unwrap(), || None).unwrap();
    vec![Box::new(key("p256.key")), Box::new(key("rsa2048.key"))]
}

/// A key that counts what it is asked, and can be out of order.
struct Counting {
    key: Box<dyn Identity>,
    asked: Cell<usize>,
    fault: Cell<Option<fn() -> IdentityError>>,
}

impl Counting {
    fn new(key: Box<dyn Identity>) -> Rc<Self> {
        Rc::new(Counting { key, asked: Cell::new(0), fault: Cell::new(None) })
    }

    fn count(&self) -> Result<(), IdentityError> {
        self.asked.set(self.asked.get() + 1);
        self.fault.get().map_or(Ok(()), |fault| Err(fault()))
    }
}

impl Identity for Counting {
    fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    fn is_on_device(&self) -> bool {
        true
    }

    fn rsa_oaep_sha256(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
        self.count()?;
        self.key.rsa_oaep_sha256(ciphertext)
    }

    fn ecdh(&self, point: &[u8]) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
        self.count()?;
        self.key.ecdh(point)
    }
}

/// Points on P-256, each another one: public keys.
fn points(count: usize) -> Vec<Vec<u8>> {
    let key = || PrivateKey::generate(&ECDH_P256).unwrap();
    (0..count).map(|_| key().compute_public_key().unwrap().as_ref().to_vec()).collect()
}

#[test]
fn a_key_is_asked_once_for_the_same_and_by_each_number_and_input() {
    let keys: Vec<_> = identities().into_iter().chain(identities()).map(Counting::new).collect();
    let shared: Vec<Box<dyn Identity>> = keys.iter().map(|key| Box::new(Rc::clone(key)) as _).collect();
    let points = points(MAX_RESULTS + 1);
    let (mut memory, alone) = (Memory::default(), identities());
    for _ in 0..3 {
        // the keys 0 and 2 are the same, and it is the number that counts
        for request in [Request::Ecdh(0, &points[0]), Request::Ecdh(0, &points[1]), Request::Ecdh(2, &points[0])] {
            let Request::Ecdh(_, point) = request else { unreachable!() };
            assert_eq!(memory.answer(&shared, request), answer(&alone, Request::Ecdh(0, point)));
        }
    }
    assert_eq!((keys[0].asked.get(), keys[2].asked.get()), (2, 1));
    assert!(format!("{memory:?}").len() < 40, "{memory:?}");

    // the oldest goes: what was asked last is there, what was asked first is not
    for point in &points {
        memory.answer(&shared, Request::Ecdh(0, point));
    }
    let before = keys[0].asked.get();
    assert_eq!(before, MAX_RESULTS + 1);
    memory.answer(&shared, Request::Ecdh(0, &points[MAX_RESULTS]));
    assert_eq!(keys[0].asked.get(), before);
    memory.answer(&shared, Request::Ecdh(0, &points[0]));
    assert_eq!(keys[0].asked.get(), before + 1);
}

#[test]
fn what_was_refused_or_could_not_be_done_is_asked_for_again() {
    let keys: Vec<_> = identities().into_iter().map(Counting::new).collect();
    let shared: Vec<Box<dyn Identity>> = keys.iter().map(|key| Box::new(Rc::clone(key)) as _).collect();
    let (mut memory, point) = (Memory::default(), &points(1)[0]);
    let removed = || IdentityError::Device(DeviceError::Removed);
    let faults: [fn() -> IdentityError; 2] = [removed, || IdentityError::Refused];
    for (fault, said) in faults.into_iter().zip([Answer::Device(DeviceError::Removed), Answer::Refused]) {
        keys[0].fault.set(Some(fault));
        assert_eq!(memory.answer(&shared, Request::Ecdh(0, point)), said);
    }
    keys[0].fault.set(None);
    assert!(matches!(memory.answer(&shared, Request::Ecdh(0, point)), Answer::Done(_)));
    assert_eq!(keys[0].asked.get(), 3);
    // it is known now, whether the device is there or not
    keys[0].fault.set(Some(removed));
    assert!(matches!(memory.answer(&shared, Request::Ecdh(0, point)), Answer::Done(_)));
    assert_eq!(keys[0].asked.get(), 3);
    // a ciphertext that is a number below the modulus, and nobody's
    for _ in 0..2 {
        assert_eq!(memory.answer(&shared, Request::RsaOaepSha256(1, &[1; 256])), Answer::Refused);
    }
    assert_eq!(keys[1].asked.get(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_a_request_or_none(body in prop::collection::vec(any::<u8>(), 0..1200), kind in 0u8..5) {
        let body = [&[kind, 0, kind & 1][..], &body].concat();
        if let Some(request) = Request::parse(&body) {
            prop_assert_eq!(request.to_body(), &body[..]);
            prop_assert!(matches!(answer(&identities(), request), Answer::Refused | Answer::Done(_)));
        }
        if let Some(answer) = Answer::parse(&body) {
            prop_assert_eq!(Answer::parse(&answer.to_body()), Some(answer));
        }
        prop_assert!(read_message(&mut &body[..], 64).map_or(true, |m| m.len() <= 64));
    }
}
