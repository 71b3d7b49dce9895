//! Commands and their answers (ISO/IEC 7816-4) around the applet: chaining, GET RESPONSE, selection by a part of the
//! name; and a line in the log for each.

use std::fs::File;
use std::io::Write;

use iso7816::{Instruction, Status};

use crate::applet::{Applet, Buffer, COMMAND};
use crate::faults::{Faults, Instead};
use crate::options::Options;

/// NIST SP 800-73-4, part 1, 2.2.
const PIV_AID: [u8; 9] = [0xa0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00];
/// The part of it that is its registered provider: the shortest by which it may be selected.
const RID: usize = 5;
const GET_DATA: u8 = 0xcb;

type Command = iso7816::Command<COMMAND>;

/// What the reader gets.
pub enum Outcome {
    Answer(Vec<u8>),
    /// An answer, and then the card is gone.
    LastAnswer(Vec<u8>),
    Pulled,
    Silence,
}

/// What outlasts a power cycle.
pub struct Manners {
    plain: bool,
    strict_le: bool,
    faults: Faults,
    log: Option<File>,
}

impl Manners {
    pub fn new(options: Options) -> std::io::Result<Self> {
        let log = options.log.map(|path| File::options().create(true).append(true).open(path)).transpose()?;
        Ok(Manners { plain: options.plain, strict_le: options.strict_le, faults: options.faults, log })
    }
}

/// One power cycle.
pub struct Commands<'a, 'm> {
    applet: Applet<'a>,
    manners: &'m mut Manners,
    /// Parts of a command that go on.
    chained: Option<Command>,
    /// What is left of an answer, for GET RESPONSE.
    left: Vec<u8>,
}

impl<'a, 'm> Commands<'a, 'm> {
    pub fn new(applet: Applet<'a>, manners: &'m mut Manners) -> Self {
        Commands { applet, manners, chained: None, left: Vec::new() }
    }

    pub fn command(&mut self, bytes: &[u8]) -> Outcome {
        let Ok(part) = Command::try_from(bytes) else {
            return status(Status::WrongLength);
        };
        let command = match self.chained.take() {
            None => part,
            Some(mut whole) => match whole.extend_from_command(&part) {
                Ok(()) => whole,
                Err(_) => return status(Status::WrongLength),
            },
        };
        if !command.class().chain().last_or_only() {
            self.chained = Some(command);
            return status(Status::Success);
        }
        if command.instruction() == Instruction::GetResponse {
            return Outcome::Answer(self.portion(command.expected()));
        }
        let ins = u8::from(command.instruction());
        let answer = match self.manners.faults.before(ins) {
            Some(Instead::Pulled) => return Outcome::Pulled,
            Some(Instead::Silence) => {
                self.note(&command, &[]);
                return Outcome::Silence;
            }
            Some(Instead::Answer(answer)) => answer,
            None => match self.perform(&command) {
                Ok(data) => {
                    self.left = data;
                    self.portion(command.expected())
                }
                Err(status) => <[u8; 2]>::from(status).to_vec(),
            },
        };
        self.note(&command, &answer);
        match self.manners.faults.after(ins) {
            true => Outcome::LastAnswer(answer),
            false => Outcome::Answer(answer),
        }
    }

    fn perform(&mut self, command: &Command) -> Result<Vec<u8>, Status> {
        let ins = u8::from(command.instruction());
        if self.manners.plain && ins >= 0xf0 {
            return Err(Status::InstructionNotSupportedOrInvalid);
        }
        if let (GET_DATA, [0x5c, 0x03, 0x5f, 0xc1, tag]) = (ins, command.data().as_slice())
            && let Some(object) = self.manners.faults.object(*tag)
        {
            return Ok(object.to_vec());
        }
        let selects = command.instruction() == Instruction::Select;
        if selects && self.manners.faults.not_piv {
            return Err(Status::NotFound);
        }
        // To complete a partial name is the card's task and not the applet's.
        let in_part = selects && command.data().len() >= RID && PIV_AID.starts_with(command.data());
        let whole = [&[0x00, 0xa4, 0x04, 0x00, PIV_AID.len() as u8], &PIV_AID[..], &[0x00]].concat();
        let completed = in_part.then(|| Command::try_from(&whole).ok()).flatten();
        let mut reply = Buffer::default();
        self.applet.respond(completed.as_ref().unwrap_or(command), &mut reply)?;
        Ok(reply.to_vec())
    }

    /// The next part of the answer with its status word. A command without Le is answered in full, as YubiKeys do
    /// (Yubico's own tool relies on it), unless the card is strict.
    fn portion(&mut self, expected: usize) -> Vec<u8> {
        let expected = if expected == 0 && !self.manners.strict_le { 256 } else { expected };
        let rest = self.left.split_off(expected.min(self.left.len()));
        let mut answer = std::mem::replace(&mut self.left, rest);
        match self.left.len() {
            0 => answer.extend([0x90, 0x00]),
            more => answer.extend([0x61, more.min(255) as u8]),
        }
        answer
    }

    fn note(&mut self, command: &Command, answer: &[u8]) {
        let Some(log) = &mut self.manners.log else { return };
        let word = answer.get(answer.len().saturating_sub(2)..).unwrap_or_default();
        let word: String = word.iter().map(|byte| format!("{byte:02x}")).collect();
        let (ins, lc) = (u8::from(command.instruction()), command.data().len());
        let line = format!("{ins:02x} {:02x} {:02x} {lc} {word}\n", command.p1, command.p2);
        // in one write: the log's reader sees whole lines
        let _ = log.write_all(line.as_bytes());
    }
}

fn status(status: Status) -> Outcome {
    Outcome::Answer(<[u8; 2]>::from(status).to_vec())
}
