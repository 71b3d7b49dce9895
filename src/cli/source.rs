//! The input of the commands that open streams: policy on what may be opened, and how the input ended.

use crate::format::{End, EndKind, FormatError, StreamRecord};
use crate::seal::{Opened, Opener, SealError};

use super::passed::{Passed, epochs_text};
use super::{Failure, Input, Keyring, Session};

/// What a reader insists on.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct SourceFlags {
    /// Accept a stream that is not sealed although a key was given
    ///
    /// Without it such a stream is refused, so that nobody swaps a sealed stream for a plain one unseen.
    #[arg(long)]
    pub plain_ok: bool,

    /// Exit with 3 when the input is an excerpt of a stream, not all of it
    #[arg(long)]
    pub require_complete: bool,
}

/// An input that is opened record by record.
pub struct Source {
    opener: Opener<Input>,
    flags: SourceFlags,
    has_key: bool,
    has_grants: bool,
    open: bool,
    /// The first thing that makes the input less than whole.
    fault: Option<Failure>,
    excerpt: bool,
    passed: Passed,
}

impl Source {
    /// The input, opened with what the keyring holds; private keys alone are one, too.
    pub fn new(input: Input, keyring: impl Into<Keyring>, flags: SourceFlags) -> Self {
        let Keyring { identities, grants } = keyring.into();
        let (has_key, has_grants) = (!identities.is_empty(), !grants.is_empty());
        Source {
            opener: Opener::new(input, identities).with_grants(grants),
            flags,
            has_key,
            has_grants,
            open: false,
            fault: None,
            excerpt: false,
            passed: Passed::default(),
        }
    }

    /// The next thing that is authentic; `None` at the end, and at the first damage, which [`Source::verdict`] then tells.
    ///
    /// # Errors
    ///
    /// What leaves nothing to finish: a key that does not fit, a stream that is refused (4), or that reading failed (1).
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> anyhow::Result<Option<Opened>> {
        let opened = match self.opener.next() {
            Ok(opened) => opened,
            Err(e @ SealError::NotRecipient { .. }) => return Err(self.not_a_recipient(e)),
            Err(e) => {
                let fatal = matches!(
                    e,
                    SealError::Format(FormatError::Io(_) | FormatError::Empty | FormatError::Header { .. })
                        | SealError::Device(_)
                );
                if fatal {
                    return Err(e.into());
                }
                self.fail(Failure::damaged(e.to_string()));
                self.open = false;
                return Ok(None);
            }
        };
        match &opened {
            Some(Opened::Stream(s)) => {
                self.open = true;
                self.check_plain(s)?;
            }
            Some(Opened::Closed(keys)) => self.passed.closed(keys),
            Some(Opened::Passed(epochs)) => self.passed.add(*epochs),
            Some(Opened::Missing(epochs)) => self.fail(
                Failure::damaged(format!("{} granted, but not in the file", epochs_text(&[*epochs])))
                    .hint("the file is a part of the one that the grant was made for"),
            ),
            // a sidecar's, or that of a stream of which nothing was for the given key
            Some(Opened::End(End { kind: EndKind::Complete | EndKind::Excerpt, .. })) if !self.open => {}
            Some(Opened::End(End { kind, .. })) => {
                self.open = false;
                match kind {
                    EndKind::Complete => {}
                    EndKind::Excerpt => self.excerpt = true,
                    EndKind::Recovered => {
                        self.fail(Failure::damaged("the stream was recovered: its own end is missing"))
                    }
                    EndKind::Cut => {
                        self.fail(Failure::damaged("the stream is closed, but the recorder's input was cut"))
                    }
                }
            }
            Some(Opened::Cut) => {
                self.open = false;
                self.fail(Failure::damaged("a stream is cut: another one begins before its end"));
            }
            _ => {}
        }
        Ok(opened)
    }

    /// The packet of the frame given last.
    pub fn packet(&self) -> &[u8] {
        self.opener.packet()
    }

    /// The opener below.
    pub fn opener(&self) -> &Opener<Input> {
        &self.opener
    }

    /// The opener below, to jump in a file.
    pub fn opener_mut(&mut self) -> &mut Opener<Input> {
        &mut self.opener
    }

    /// Whether everything that was read so far is whole.
    pub fn is_whole(&self) -> bool {
        self.fault.is_none() && !self.open
    }

    /// Whether all of the input was whole, told when the output is finished.
    ///
    /// # Errors
    ///
    /// Damaged or cut (3); an excerpt where the whole was required (3).
    pub fn verdict(mut self, session: &Session) -> anyhow::Result<()> {
        self.passed.tracks(self.opener.tracks_passed());
        if let Some(f) = self.fault {
            let hint = f.hint.clone().unwrap_or_else(|| "what was written is the authentic part before it".into());
            return Err(f.hint(hint).into());
        }
        if !self.passed.is_empty() && self.flags.require_complete {
            return Err(self.passed.refused("not all of the stream opens, and --require-complete was said").into());
        }
        if !self.passed.is_empty() {
            session.warn(format!("left out, not for the given key: {}", self.passed.text()));
        }
        if self.excerpt && self.flags.require_complete {
            return Err(Failure::damaged("the input is an excerpt, and --require-complete was said").into());
        }
        if self.excerpt {
            session.warn("the input is an excerpt of a longer stream");
        }
        Ok(())
    }

    /// To be asked where nothing of what was asked for came.
    ///
    /// # Errors
    ///
    /// Epochs were passed over for want of a key, and nothing was damaged: it may lie in those (4).
    pub(super) fn granted_something(&self) -> Result<(), Failure> {
        match self.fault.is_none() && !self.passed.is_empty() {
            true => Err(self.passed.refused("nothing of that time opens")),
            false => Ok(()),
        }
    }

    fn fail(&mut self, f: Failure) {
        self.fault.get_or_insert(f);
    }

    fn check_plain(&self, s: &StreamRecord) -> anyhow::Result<()> {
        if self.has_key && !s.sealed() && !self.flags.plain_ok {
            return Err(Failure::refused("the stream is not sealed, although a key was given to open it")
                .hint("leave out -i, or say --plain-ok, if you expect a plain stream")
                .into());
        }
        Ok(())
    }

    fn not_a_recipient(&self, e: SealError) -> anyhow::Error {
        match (&e, self.has_key) {
            (SealError::NotRecipient { recipients, .. }, false) => {
                Failure::refused("the stream is sealed, and no key was given")
                    .hint(super::classify::who_could(recipients))
                    .into()
            }
            (SealError::NotRecipient { recipients, given, .. }, true) if self.has_grants => {
                Failure::refused("the grants are not for this stream, or not for the given key")
                    .hint(super::classify::who_could_instead(recipients, given))
                    .into()
            }
            _ => e.into(),
        }
    }
}
