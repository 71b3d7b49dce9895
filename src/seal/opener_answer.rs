//! What an opener has opened of its input so far, for whom.

use super::error::SealError;
use super::sealed_stream::SessionAccess;

/// What the identities and grants have opened of the input so far.
pub(super) enum Answer {
    /// Nothing; why the first session did not open, if there was one.
    Nothing(Option<SealError>),
    /// A plain stream, or a stream that epochs were granted of.
    Something,
    /// A session, for a recipient of it.
    Recipient,
}

impl Answer {
    /// Notes that something could be opened.
    pub fn add_something(&mut self) {
        if let Answer::Nothing(_) = self {
            *self = Answer::Something;
        }
    }

    /// Notes how a session opened.
    pub fn add_session(&mut self, access: SessionAccess) {
        match access {
            SessionAccess::Recipient => *self = Answer::Recipient,
            SessionAccess::Granted => self.add_something(),
            SessionAccess::None(e) => {
                if let Answer::Nothing(refused) = self {
                    refused.get_or_insert(e);
                }
            }
        }
    }
}
