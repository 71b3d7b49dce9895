//! The input of the commands that open streams: policy on what may be opened, and how the input ended.

use crate::format::{End, EndKind, FormatError, Frame, Role, StreamRecord};
use crate::seal::{Epochs, Opened, Opener, SealError, SignatureCheck};

use super::concat::{Joined, Joiner};
use super::skipped::{Passed, epochs_text};
use super::verify_ahead::Ahead;
use super::{Keyring, SourceOptions};
use crate::base::Report;
use crate::base::text;
use crate::cli::Failure;
use crate::storage::Input;

/// An input that is opened record by record. Excerpts of one stream, one behind the other, are read as one stream.
pub struct Source {
    opener: Opener<Input>,
    joiner: Joiner,
    /// Files that were read to their end.
    files_read: usize,
    /// Nothing more comes of the opener.
    done: bool,
    /// The stream that is being read, and a gap in it that no frame has come behind yet.
    stream: Option<StreamRecord>,
    gap: Option<(Epochs, Option<i64>)>,
    options: SourceOptions,
    has_key: bool,
    /// The keys are shared with a whole pipeline.
    shared: bool,
    has_grants: bool,
    open: bool,
    /// The first thing that makes the input less than whole.
    fault: Option<Failure>,
    excerpt: bool,
    passed: Passed,
    /// Somebody waits at a pipe whose end may be far away.
    live: bool,
    report: Report,
    /// The file that is read ahead for the signatures that are asked for.
    ahead: Option<Ahead>,
}

impl Source {
    /// The input, opened with what the keyring holds; private keys alone are one, too.
    pub fn new(input: Input, keyring: impl Into<Keyring>, options: SourceOptions, report: &Report) -> Self {
        let Keyring { identities, grants, shared } = keyring.into();
        let (has_key, has_grants) = (!identities.is_empty(), !grants.is_empty());
        let live = !input.is_seekable();
        let mut opener = Opener::new(input, identities).with_grants(grants);
        // whoever signed is of no interest to one who has not asked, and hashing takes time
        if let Some(accepted) = &options.accepted {
            opener = opener.with_signature_check(SignatureCheck::demanding(accepted.clone()));
        }
        opener.expect_more(opener.reader().input().has_next());
        let mut source = Source {
            opener,
            joiner: Joiner::default(),
            files_read: 0,
            done: false,
            stream: None,
            gap: None,
            options,
            has_key,
            shared,
            has_grants,
            open: false,
            fault: None,
            excerpt: false,
            passed: Passed::default(),
            live,
            report: report.clone(),
            ahead: None,
        };
        source.look_ahead();
        source
    }

    /// The next thing that is authentic; `None` at the end, and at the first damage, which [`Source::verdict`] then tells.
    ///
    /// # Errors
    ///
    /// What leaves nothing to finish: a key that does not fit, a stream that is refused (4), or that reading failed (1).
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> anyhow::Result<Option<Opened>> {
        loop {
            match self.joiner.pop() {
                Some(Joined::As(opened)) => {
                    self.judge(&opened)?;
                    return Ok(Some(opened));
                }
                Some(Joined::Gap(epochs, from)) => {
                    self.excerpt = true;
                    self.tell_gap(None);
                    self.gap = Some((epochs, from));
                    // to whoever reads on they are epochs that did not come, like those that no key is for
                    return Ok(Some(Opened::Skipped(epochs)));
                }
                Some(Joined::Unchained(epoch)) => {
                    let what = "it does not name the close record before it, which is that of another recording";
                    self.fail(Failure::damaged(self.named(format!("damaged in epoch {epoch}: {what}"))));
                }
                Some(Joined::Back(Epochs { first, last })) => self.report.warn(self.named(format!(
                    "epoch {first} comes behind epoch {last}: the pieces are not in order, or one is there twice"
                ))),
                None => match self.read()? {
                    Some(opened) => {
                        let reader = self.opener.reader();
                        self.joiner.take(opened, self.opener.stream_hash(), reader.raw());
                    }
                    None => {
                        self.joiner.flush();
                        match self.joiner.is_empty() {
                            true => return Ok(None),
                            false => continue,
                        }
                    }
                },
            }
        }
    }

    /// The next thing out of the opener, from one file after the other. `None` at the end and at damage. A file that is cut
    /// does not keep us from the next one.
    fn read(&mut self) -> anyhow::Result<Option<Opened>> {
        while !self.done {
            let opened = match self.opener.next() {
                Ok(Some(opened)) => self.proved(opened).map(Some),
                opened => opened,
            };
            let fault = match opened {
                Ok(Some(opened)) => return Ok(Some(opened)),
                Ok(None) => None,
                Err(e) => Some(e),
            };
            let cut = matches!(&fault, Some(SealError::Format(FormatError::Truncated { .. } | FormatError::Empty)));
            let goes_on = fault.is_none() || cut;
            if let Some(e) = fault {
                self.damage(e)?;
            }
            self.done = !(goes_on && self.opener.reader_mut().input_mut().next_file()?);
            if !self.done {
                self.files_read += 1;
                self.opener.begin_again(true);
                self.look_ahead();
                self.expect_more();
            }
        }
        Ok(None)
    }

    /// What was opened, when the signature of its epoch was found right further on in the file.
    fn proved(&mut self, opened: Opened) -> Result<Opened, SealError> {
        if let (Opened::Start(_), Some(ahead)) = (&opened, &mut self.ahead) {
            ahead.prove(self.opener.epoch_place())?;
        }
        Ok(opened)
    }

    /// Another file is read from its beginning.
    fn look_ahead(&mut self) {
        let input = self.opener.reader_mut().input_mut();
        self.ahead = self.options.accepted.as_ref().and_then(|a| Ahead::new(input, a));
    }

    fn expect_more(&mut self) {
        self.opener.expect_more(self.opener.reader().input().has_next());
    }

    /// What the opener says against the input.
    fn damage(&mut self, e: SealError) -> anyhow::Result<()> {
        let several = self.opener.reader().input().is_several();
        match e {
            e @ SealError::NotRecipient { .. } => return Err(self.not_a_recipient(e)),
            // nothing is wrong with the input
            SealError::Format(FormatError::Io(_)) | SealError::Device(_) => return Err(e.into()),
            e @ (SealError::Unsigned | SealError::Signer { .. }) => {
                let (e, name) = (anyhow::Error::from(e), self.opener.reader().input().name());
                return Err(if several { e.context(name.to_owned()) } else { e });
            }
            // nothing was read before it
            SealError::Format(FormatError::Empty | FormatError::Header { .. }) if self.files_read == 0 => {
                let e = anyhow::Error::from(e);
                return Err(if several { e.context(self.opener.reader().input().name().to_owned()) } else { e });
            }
            e => self.fail(Failure::damaged(self.named(e.to_string()))),
        }
        self.open = false;
        Ok(())
    }

    /// What is said of the file that is being read.
    fn named(&self, message: String) -> String {
        let input = self.opener.reader().input();
        match input.is_several() {
            true => format!("{}: {message}", input.name()),
            false => message,
        }
    }

    /// Goes on with the file that comes `count` files behind this one, which holds more of the same stream.
    pub(crate) fn skip_files(&mut self, count: usize) -> anyhow::Result<()> {
        if self.opener.reader_mut().input_mut().skip_files(count)? {
            self.files_read += count;
            self.opener.begin_again(false);
            self.look_ahead();
            self.expect_more();
            self.joiner.jump();
        }
        Ok(())
    }

    fn judge(&mut self, opened: &Opened) -> anyhow::Result<()> {
        match opened {
            Opened::Stream(s) => {
                self.open = true;
                self.stream = Some(s.clone());
                self.check_plain(s)?;
            }
            Opened::Frame(f) => self.tell_gap(Some(f)),
            Opened::Closed(keys) => {
                let first = self.passed.closed(keys);
                if first && self.live && !self.opener.has_grants() {
                    self.passed.warn(keys.session, &self.report);
                }
            }
            Opened::Skipped(epochs) => self.passed.add(*epochs),
            Opened::Missing(epochs) => self.fail(
                Failure::damaged(format!("{} granted, but not in the file", epochs_text(&[*epochs])))
                    .hint("the file is a part of the one that the grant was made for"),
            ),
            // a sidecar's, or that of a stream of which nothing was for the given key
            Opened::End(End { kind: EndKind::Complete | EndKind::Excerpt, .. }) if !self.open => {}
            Opened::End(End { kind, .. }) => {
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
            Opened::Cut => {
                self.open = false;
                self.fail(Failure::damaged("a stream is cut: another one begins before its end"));
            }
            _ => {}
        }
        Ok(())
    }

    /// Names the gap in the recording that `f` is the first frame behind; `None` where none came.
    fn tell_gap(&mut self, f: Option<&Frame>) {
        let Some((epochs, from)) = self.gap.take() else { return };
        let to = f.zip(self.stream.as_ref()).and_then(|(f, s)| Some(s.shown_ns(f)?.0));
        let when = match from.zip(to) {
            Some((from, to)) => format!(", so everything from {} to {}", text::rfc3339(from), text::rfc3339(to)),
            None => String::new(),
        };
        self.report.warn(self.named(format!("a gap before it: {} missing{when}", epochs_text(&[epochs]))));
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
    pub fn verdict(mut self) -> anyhow::Result<()> {
        self.tell_gap(None);
        self.passed.tracks(self.opener.tracks_skipped());
        if let Some(f) = self.fault {
            let hint = f.hint.clone().unwrap_or_else(|| "what was written is the authentic part before it".into());
            return Err(f.hint(hint).into());
        }
        if !self.passed.is_empty() && self.options.require_complete {
            return Err(self.passed.refused("not all of the stream opens, and --require-complete was said").into());
        }
        if !self.passed.is_empty() {
            self.report.warn(format!("left out, not for the given key: {}", self.passed.text()));
        }
        if self.excerpt && self.options.require_complete {
            return Err(Failure::damaged("the input is an excerpt, and --require-complete was said").into());
        }
        if self.excerpt {
            self.report.warn("the input is an excerpt of a longer stream");
        }
        Ok(())
    }

    /// To be asked where nothing of what was asked for came.
    ///
    /// # Errors
    ///
    /// Epochs were passed over for want of a key, and nothing was damaged: it may lie in those (4).
    pub(crate) fn granted_something(&self) -> Result<(), Failure> {
        match self.fault.is_none() && !self.passed.is_empty() {
            true => Err(self.passed.refused("nothing of that time opens")),
            false => Ok(()),
        }
    }

    fn fail(&mut self, f: Failure) {
        self.fault.get_or_insert(f);
    }

    fn check_plain(&self, s: &StreamRecord) -> anyhow::Result<()> {
        let expected = self.shared && s.role == Role::Public;
        if self.has_key && !s.sealed() && !self.options.plain_ok && !expected {
            let hint = match self.shared {
                true => "say --plain-ok, if you expect a plain original behind a command that opens it",
                false => "leave out -i, or say --plain-ok, if you expect a plain stream",
            };
            return Err(Failure::refused("the stream is not sealed, although a key was given to open it")
                .hint(hint)
                .into());
        }
        Ok(())
    }

    fn not_a_recipient(&self, e: SealError) -> anyhow::Error {
        match (&e, self.has_key) {
            (SealError::NotRecipient { recipients, .. }, false) => {
                Failure::refused("the stream is sealed, and no key was given")
                    .hint(crate::cli::classify::who_could(recipients))
                    .into()
            }
            (SealError::NotRecipient { recipients, given, .. }, true) if self.has_grants => {
                Failure::refused("the grants are not for this stream, or not for the given key")
                    .hint(crate::cli::classify::who_could_instead(recipients, given))
                    .into()
            }
            _ => e.into(),
        }
    }
}
