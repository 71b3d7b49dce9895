//! The input of whatever opens streams: what may be opened, and how the input ended.

use crate::base::Report;
use crate::format::FormatError;
use crate::seal::{Bonds, Epochs, Opened, Opener, Pieces, SealError};
use crate::storage::Input;

use super::admission::Admission;
use super::concat::{Concat, Concatenated};
use super::files::{FileFault, Files};
use super::gap::GapWatch;
use super::wholeness::Wholeness;
use super::{Damage, Keyring, PlaybackError, SourceOptions};

/// An input that is opened record by record. Consecutive excerpts of one stream are read as one stream.
pub struct Source {
    files: Files,
    concat: Concat,
    admission: Admission,
    wholeness: Wholeness,
    /// Of the file that is being read, or the segments of a folder.
    pieces: Pieces,
    gap: GapWatch,
    require_complete: bool,
    /// Whether it is to be said that a session is not shown to go on from the one before it: where no signature shows
    /// it.
    warns_of_unproven: bool,
    /// It is a pipe, whose end may be far away: somebody waits for it.
    is_live: bool,
    report: Report,
}

impl Source {
    /// The input, opened with what the keyring holds; private keys alone are one, too.
    pub fn new(input: Input, keyring: impl Into<Keyring>, options: SourceOptions, report: &Report) -> Self {
        let keyring = keyring.into();
        let admission = Admission::new(&keyring, &options);
        let is_live = !input.is_seekable();
        Source {
            warns_of_unproven: options.accepted.is_none(),
            files: Files::new(input, keyring, options.accepted),
            concat: Concat::default(),
            admission,
            wholeness: Wholeness::default(),
            pieces: Pieces::default(),
            gap: GapWatch::default(),
            require_complete: options.require_complete,
            is_live,
            report: report.clone(),
        }
    }

    /// The next thing that is authentic; `None` at the end, and at the first damage, which [`Source::verdict`] then
    /// reports.
    ///
    /// # Errors
    ///
    /// What leaves nothing to finish: a key that does not fit, a stream that is refused, or that reading failed.
    #[allow(clippy::should_implement_trait, reason = "a lending reader: the packet is borrowed from it")]
    pub fn next(&mut self) -> Result<Option<Opened>, PlaybackError> {
        loop {
            match self.concat.pop() {
                Some(Concatenated::As(opened)) => {
                    self.note(&opened)?;
                    return Ok(Some(opened));
                }
                Some(Concatenated::Gap(epochs, from_ns)) => {
                    self.wholeness.is_excerpt();
                    // one that no frame came after
                    self.warn_of_gap();
                    self.gap.begins(epochs, from_ns);
                    // to the caller they are epochs that did not come, like those that no key opens
                    return Ok(Some(Opened::Skipped(epochs)));
                }
                Some(Concatenated::Unchained(epoch)) => {
                    let file = self.files.name().map(str::to_owned);
                    self.wholeness.damaged(Damage::Unchained { file, epoch });
                }
                Some(Concatenated::Back(Epochs { first, last })) => self.warn(format!(
                    "epoch {first} comes after epoch {last}: the pieces are not in order, or one is there twice"
                )),
                None => match self.read()? {
                    Some(opened) => {
                        let opener = self.files.opener();
                        self.concat.push(opened, opener.stream_hash(), opener.reader().raw());
                    }
                    None => {
                        self.concat.flush();
                        if self.concat.is_empty() {
                            return Ok(None);
                        }
                    }
                },
            }
        }
    }

    fn read(&mut self) -> Result<Option<Opened>, PlaybackError> {
        let (admission, wholeness) = (&self.admission, &mut self.wholeness);
        let file = self.files.number();
        let opened = self.files.next(|fault| {
            let damage = damage(fault, admission)?;
            wholeness.damaged(damage);
            wholeness.stream_stops();
            Ok(())
        })?;
        if self.files.number() != file && !self.opener().reader().input().goes_on() {
            self.pieces.forget();
        }
        let span = self.files.opener().reader().span();
        let checked = match (&opened, span) {
            (Some(Opened::Start(_) | Opened::Skipped(_)), Some(span)) => self.pieces.check(span),
            (Some(Opened::End(_)), Some(span)) => self.pieces.add(span),
            _ => Ok(()),
        };
        if let Err(fault) = checked {
            let file = self.files.name().map(str::to_owned);
            self.wholeness.damaged(Damage::Piece { file, fault });
        }
        Ok(opened)
    }

    fn note(&mut self, opened: &Opened) -> Result<(), PlaybackError> {
        self.wholeness.note(opened);
        match opened {
            Opened::Stream(s) => {
                self.gap.stream(s);
                self.admission.check(s)?;
            }
            Opened::Frame(f) => {
                let warning = self.gap.warning(Some(f));
                warning.into_iter().for_each(|w| self.warn(w));
            }
            Opened::Keys(_) => {
                self.warn_of_unproven();
                if let Some(fault) = self.files.opener().forged_list() {
                    let file = self.files.name().map(str::to_owned);
                    if self.is_live && !self.wholeness.is_damaged() {
                        self.warn(fault.to_string());
                    }
                    self.wholeness.damaged(Damage::Stream { file, fault });
                }
            }
            Opened::Closed(keys) => {
                let is_first = self.wholeness.skipped.closed(keys);
                if is_first && self.is_live && !self.files.opener().has_grants() {
                    self.wholeness.skipped.warn(keys.session, &self.report);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Warns of a gap that no frame has come after.
    fn warn_of_gap(&mut self) {
        let warning = self.gap.warning(None);
        warning.into_iter().for_each(|w| self.warn(w));
    }

    /// Warns, once, of a session that nothing shows to go on from the one before it.
    fn warn_of_unproven(&mut self) {
        if let (Some(session), true) = (self.files.opener().unproven_session(), self.warns_of_unproven) {
            self.warns_of_unproven = false;
            self.warn(Bonds::warning(session));
        }
    }

    /// Warns of something in the file that is being read.
    fn warn(&self, message: String) {
        match self.files.name() {
            Some(name) => self.report.warn(format!("{name}: {message}")),
            None => self.report.warn(message),
        }
    }

    /// Goes on with a file that holds more of the same stream: the one that comes as many files after this one as the
    /// last of the stops says. At the stops before it the next keys record is read.
    pub(crate) fn skip_files(&mut self, stops: &[usize]) -> Result<(), PlaybackError> {
        let mut done = 0;
        for (i, stop) in stops.iter().enumerate() {
            if self.files.skip(stop.saturating_sub(done))? {
                self.pieces.forget();
                self.concat.jump();
            }
            done = *stop;
            if i + 1 < stops.len() {
                while !matches!(self.read()?, None | Some(Opened::Keys(_) | Opened::Closed(_))) {}
            }
        }
        Ok(())
    }

    /// The packet of the frame given last.
    pub fn packet(&self) -> &[u8] {
        self.files.opener().packet()
    }

    /// The opener below.
    pub fn opener(&self) -> &Opener<Input> {
        self.files.opener()
    }

    /// The opener below, to jump in a file.
    pub fn opener_mut(&mut self) -> &mut Opener<Input> {
        self.files.opener_mut()
    }

    /// Whether everything that was read so far is whole.
    pub fn is_whole(&self) -> bool {
        self.wholeness.is_whole() && self.files.opener().forged_list().is_none()
    }

    /// Whether all of the input was whole; to be asked when the output is finished. Warns of what is missing without
    /// being an error.
    ///
    /// # Errors
    ///
    /// The input is damaged or truncated; it is not all of the stream, or not all of it opens, where the whole was
    /// required.
    pub fn verdict(mut self) -> Result<(), PlaybackError> {
        self.warn_of_gap();
        // also where the end of the input was not read
        if let Some(fault) = self.files.opener().forged_list() {
            self.wholeness.damaged(Damage::Stream { file: None, fault });
        }
        self.warn_of_unproven();
        self.wholeness.skipped.tracks(self.files.opener().tracks_skipped());
        self.wholeness.verdict(self.require_complete, &self.report)
    }

    /// To be asked where nothing of what was asked for came.
    ///
    /// # Errors
    ///
    /// Epochs were skipped for want of a key, and nothing was damaged: it may lie in those.
    pub(crate) fn nothing_opens(&self) -> Result<(), PlaybackError> {
        self.wholeness.nothing_opens()
    }
}

/// What a fault says against the input.
///
/// Errors: faults that are none of the input's, and those that leave nothing to finish.
fn damage(fault: FileFault, admission: &Admission) -> Result<Damage, PlaybackError> {
    let FileFault { error, file, is_first } = fault;
    match error {
        SealError::NotRecipient { .. } => Err(admission.not_a_recipient(error)),
        SealError::Format(FormatError::Io(_)) | SealError::Device(_) => Err(error.into()),
        SealError::Unsigned | SealError::Signer { .. } => Err(in_file(file, error)),
        // nothing was read before it
        SealError::Format(FormatError::Empty | FormatError::Header { .. }) if is_first => Err(in_file(file, error)),
        fault => Ok(Damage::Stream { file, fault }),
    }
}

fn in_file(file: Option<String>, source: SealError) -> PlaybackError {
    match file {
        Some(name) => PlaybackError::InFile { name, source },
        None => source.into(),
    }
}
