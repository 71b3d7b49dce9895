//! The files of an input, opened one after the other.

use crate::format::FormatError;
use crate::keys::Signers;
use crate::seal::{Opened, Opener, SealError, SignatureCheck};
use crate::storage::Input;

use super::verify_ahead::VerifyAhead;
use super::{Keyring, PlaybackError};

/// Opens what is in the files of an input. Where signers are asked for, an epoch of a file counts when its signature
/// was found right further on in the file.
pub(super) struct Files {
    opener: Opener<Input>,
    accepted: Option<Signers>,
    verify_ahead: Option<VerifyAhead>,
    /// Files that were read to their end.
    finished: usize,
    /// Nothing more comes.
    ended: bool,
}

/// What is wrong with a file.
pub(super) struct FileFault {
    pub error: SealError,
    /// Its name, ready for a message, when it is one of several.
    pub file: Option<String>,
    /// It is the first one of the input.
    pub is_first: bool,
}

impl Files {
    pub fn new(input: Input, keyring: Keyring, accepted: Option<Signers>) -> Self {
        let mut opener = Opener::new(input, keyring.identities).with_grants(keyring.grants);
        // whoever signed is of no interest to one who has not asked, and hashing takes time
        if let Some(accepted) = &accepted {
            opener = opener.with_signature_check(SignatureCheck::demanding(accepted.clone()));
        }
        let mut files = Files { opener, accepted, verify_ahead: None, finished: 0, ended: false };
        files.file_begins();
        files
    }

    pub fn opener(&self) -> &Opener<Input> {
        &self.opener
    }

    pub fn opener_mut(&mut self) -> &mut Opener<Input> {
        &mut self.opener
    }

    /// Number of the file that is being read, from 0.
    pub fn number(&self) -> usize {
        self.finished
    }

    /// The name of the file that is being read, ready for a message, when it is one of several.
    pub fn name(&self) -> Option<&str> {
        let input = self.opener.reader().input();
        input.is_several().then(|| input.name())
    }

    /// The next thing out of the opener, from one file after the other; `None` at the end and at damage. A file that is
    /// truncated does not keep the next one from being read. `fault` decides whether a fault ends everything.
    pub fn next(
        &mut self,
        mut fault: impl FnMut(FileFault) -> Result<(), PlaybackError>,
    ) -> Result<Option<Opened>, PlaybackError> {
        while !self.ended {
            let goes_on = match self.next_here() {
                Ok(Some(opened)) => return Ok(Some(opened)),
                Ok(None) => true,
                Err(error) => {
                    let truncated =
                        matches!(error, SealError::Format(FormatError::Truncated { .. } | FormatError::Empty));
                    fault(FileFault { error, file: self.name().map(str::to_owned), is_first: self.finished == 0 })?;
                    truncated
                }
            };
            self.ended = !(goes_on && self.opener.reader_mut().input_mut().next_file()?);
            if !self.ended {
                self.finished += 1;
                self.opener.begin_again(true);
                self.file_begins();
            }
        }
        Ok(None)
    }

    /// Goes on with the file that comes `count` files after this one, which holds more of the same stream. False when
    /// there is none.
    pub fn skip(&mut self, count: usize) -> Result<bool, PlaybackError> {
        let before = self.opener.reader().input().bytes_before();
        let skipped = self.opener.reader_mut().input_mut().skip_files(count)?;
        if skipped {
            let bytes = self.opener.reader().input().bytes_before().saturating_sub(before);
            self.opener.pass_over_bytes(bytes);
            self.finished += count;
            self.opener.begin_again(false);
            self.file_begins();
        }
        Ok(skipped)
    }

    /// The next thing in this file.
    fn next_here(&mut self) -> Result<Option<Opened>, SealError> {
        let opened = self.opener.next()?;
        if let (Some(Opened::Start(_)), Some(ahead)) = (&opened, &mut self.verify_ahead) {
            ahead.verify(self.opener.epoch_place())?;
        }
        Ok(opened)
    }

    /// A file is read from its beginning.
    fn file_begins(&mut self) {
        let input = self.opener.reader_mut().input_mut();
        self.verify_ahead = self.accepted.as_ref().and_then(|a| VerifyAhead::new(input, a));
        let more = self.opener.reader().input().has_next();
        self.opener.expect_more(more);
    }
}
