//! The command with the keys: one thread owns them and does one operation at a time, one lets clients in, and each
//! client has a thread of its own for its one request.

use std::io::{self, Read, Write};
use std::os::fd::BorrowedFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use zeroize::Zeroizing;

use crate::base::{lock, random_id};
use crate::cli::flags::IdentityFlags;
use crate::cli::{Failure, Session, secrets::read_identities};
use crate::keys::Identity;
use crate::keys::agent::{self, Request, read_message, write_message};

use super::VARIABLE;
use super::client::keep_from_children;
use super::socket::{AgentSocket, NONCE};

/// Maximum number of clients that are served at once; the others wait.
const MAX_CLIENTS: usize = 64;
/// How long a client has to send its request, and to take its answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long an operation has that is under way at the end.
const GRACE: Duration = Duration::from_secs(3);
/// How long nobody is let in after the system failed to.
const PAUSE: Duration = Duration::from_millis(50);

/// Keys that the commands use which this process starts, until the value ends.
pub struct KeyAgent {
    socket: Arc<AgentSocket>,
    work: Sender<Work>,
    ended: Receiver<()>,
    stopping: Arc<AtomicBool>,
}

enum Work {
    /// A request, and where its answer goes.
    Request(Vec<u8>, SyncSender<Zeroizing<Vec<u8>>>),
    Stop,
}

impl KeyAgent {
    /// Reads the keys that the flags name, as [`read_identities`] does, and shares them. `None` when they name none:
    /// then a key agent that this process itself was started under is there for its children, too.
    ///
    /// A PIN is asked for at the first operation of a card's key, and a pass phrase at once.
    ///
    /// # Errors
    ///
    /// Those of [`read_identities`]; too many keys, no socket, or no thread (1).
    pub fn start(flags: &IdentityFlags, session: &Session) -> anyhow::Result<Option<KeyAgent>> {
        if !flags.names_any() {
            return Ok(None);
        }
        keep_from_children();
        let socket = Arc::new(AgentSocket::open()?);
        let stopping = Arc::new(AtomicBool::new(false));
        let (work, queue) = mpsc::channel();
        let (ready, started) = mpsc::channel();
        let (end, ended) = mpsc::channel();
        let (flags, theirs, stop) = (flags.clone(), session.clone(), Arc::clone(&stopping));
        spawn("keys", move || {
            let _end = end;
            // they are made where they stay: no key goes from one thread to another
            match read_identities(&flags, &theirs).and_then(shareable) {
                Ok(identities) => {
                    let _ = ready.send(Ok(()));
                    operate(&identities, &queue, &stop);
                }
                Err(e) => drop(ready.send(Err(e))),
            }
        })?;
        started.recv().unwrap_or_else(|_| Err(anyhow::anyhow!("the thread with the keys failed")))?;
        let agent = KeyAgent { socket, work, ended, stopping };
        let (socket, work, stop) = (Arc::clone(&agent.socket), agent.work.clone(), Arc::clone(&agent.stopping));
        spawn("key agent", move || accept_clients(&socket, &work, &stop))?;
        Ok(Some(agent))
    }

    /// The environment variable by which jobs find the keys: it names [`KeyAgent::descriptor`].
    pub fn environment(&self) -> (&'static str, String) {
        (VARIABLE, self.socket.value())
    }

    /// What a job must inherit, under the same number. A process that has it may use the keys, if it was started by
    /// this one.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.socket.descriptor()
    }
}

impl Drop for KeyAgent {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.socket.close();
        let _ = self.work.send(Work::Stop);
        // for the keys to be wiped; a card that hangs, or a question that nobody answers, ends with the process
        let _ = self.ended.recv_timeout(GRACE);
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> anyhow::Result<()> {
    thread::Builder::new().name(name.into()).spawn(run).map(drop).context("cannot start a thread")
}

fn shareable(identities: Vec<Box<dyn Identity>>) -> anyhow::Result<Vec<Box<dyn Identity>>> {
    if agent::can_share(&identities) {
        return Ok(identities);
    }
    let most = agent::MAX_KEYS;
    Err(Failure::failed(format!("{} keys are too many to share (at most {most})", identities.len()))
        .hint("name the key of a token: pkcs11:MODULE?token=NAME&id=HEX")
        .into())
}

/// One request after the other; what was answered is remembered until the end. Then those that wait find their
/// connections closed.
fn operate(identities: &[Box<dyn Identity>], queue: &Receiver<Work>, stopping: &AtomicBool) {
    let mut memory = agent::Memory::default();
    while let Ok(Work::Request(body, reply)) = queue.recv() {
        if stopping.load(Ordering::SeqCst) {
            return;
        }
        if let Some(request) = Request::parse(&body) {
            let _ = reply.send(memory.answer(identities, request).to_body());
        }
    }
}

fn accept_clients(socket: &AgentSocket, work: &Sender<Work>, stopping: &AtomicBool) {
    let slots = Arc::new(ClientSlots { taken: Mutex::new(0), left: Condvar::new() });
    while !stopping.load(Ordering::SeqCst) {
        let client = match socket.next() {
            Ok(Some(client)) => client,
            Ok(None) => continue,
            Err(_) => {
                // out of descriptors, or at the end
                thread::sleep(PAUSE);
                continue;
            }
        };
        let slot = slots.claim();
        let work = work.clone();
        // without a thread for it the client finds the connection closed
        let _ = spawn("key client", move || {
            let _slot = slot;
            let _ = serve(&client, &work);
        });
    }
}

/// One request and its answer. Whoever sends something else, or nothing in time, finds the connection closed.
fn serve(client: &UnixStream, work: &Sender<Work>) -> io::Result<()> {
    client.set_write_timeout(Some(PATIENCE))?;
    let nonce = random_id().map_err(io::Error::other)?;
    let mut output = client;
    output.write_all(&nonce)?;
    let mut input = Timed { stream: client, until: Instant::now() + PATIENCE };
    let body = read_message(&mut input, NONCE + agent::MAX_REQUEST)?;
    let Some(request) = body.strip_prefix(&nonce) else { return Ok(()) };
    let (reply, answer) = mpsc::sync_channel(1);
    let gone = |_| io::ErrorKind::BrokenPipe;
    work.send(Work::Request(request.to_vec(), reply)).map_err(|_| io::ErrorKind::BrokenPipe)?;
    let answer = answer.recv().map_err(gone)?;
    write_message(&mut output, &answer)
}

/// A stream that is read until a certain time, however slowly it trickles.
struct Timed<'a> {
    stream: &'a UnixStream,
    until: Instant,
}

impl Read for Timed<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(left))?;
        let mut stream = self.stream;
        stream.read(buf)
    }
}

/// How many clients there are.
struct ClientSlots {
    taken: Mutex<usize>,
    left: Condvar,
}

/// One of them.
struct ClientSlot(Arc<ClientSlots>);

impl ClientSlots {
    /// Waits for a slot.
    fn claim(self: &Arc<Self>) -> ClientSlot {
        let mut taken = lock(&self.taken);
        while *taken >= MAX_CLIENTS {
            taken = self.left.wait(taken).unwrap_or_else(PoisonError::into_inner);
        }
        *taken += 1;
        ClientSlot(Arc::clone(self))
    }
}

impl Drop for ClientSlot {
    fn drop(&mut self) {
        *lock(&self.0.taken) -= 1;
        self.0.left.notify_one();
    }
}
