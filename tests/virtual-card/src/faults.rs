//! The ways in which the card misbehaves.

use std::time::Duration;

/// At the `at`th command with this instruction.
pub struct Pull {
    pub ins: u8,
    pub at: u32,
    pub seen: u32,
}

impl Pull {
    fn now(&mut self, ins: u8) -> bool {
        self.seen += u32::from(self.ins == ins);
        self.ins == ins && self.seen == self.at
    }
}

#[derive(Default)]
pub struct Faults {
    pub not_piv: bool,
    pub pull_before: Option<Pull>,
    pub pull_after: Option<Pull>,
    pub silent: Option<u8>,
    pub delays: Vec<(u8, Duration)>,
    pub answers: Vec<(u8, Vec<u8>)>,
    pub objects: Vec<(u8, Vec<u8>)>,
}

/// What happens instead of the command.
pub enum Instead {
    /// The card is out of its reader.
    Pulled,
    /// Nothing, for ever.
    Silence,
    /// This is answered, data and status word in one; it may be neither.
    Answer(Vec<u8>),
}

impl Faults {
    /// Asked once for each command, all its parts of a chain being one.
    pub fn before(&mut self, ins: u8) -> Option<Instead> {
        for (_, delay) in self.delays.iter().filter(|(of, _)| *of == ins) {
            std::thread::sleep(*delay);
        }
        if self.pull_before.as_mut().is_some_and(|pull| pull.now(ins)) {
            return Some(Instead::Pulled);
        }
        if self.silent == Some(ins) {
            return Some(Instead::Silence);
        }
        self.answers.iter().find(|(of, _)| *of == ins).map(|(_, answer)| Instead::Answer(answer.clone()))
    }

    /// Whether the card is pulled now that this command is answered.
    pub fn after(&mut self, ins: u8) -> bool {
        self.pull_after.as_mut().is_some_and(|pull| pull.now(ins))
    }

    /// What GET DATA answers for the data object 5FC1 `tag` in place of what is on the card.
    pub fn object(&self, tag: u8) -> Option<&[u8]> {
        self.objects.iter().find(|(of, _)| *of == tag).map(|(_, bytes)| bytes.as_slice())
    }
}
