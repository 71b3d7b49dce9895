//! What each certificate can open, from when to when.

use std::collections::HashMap;

use crate::format::MessageKind;

use super::sessions::Sessions;

/// Consecutive sessions that a certificate can open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// Index into [`Sessions::certificates`].
    pub certificate: usize,
    /// It holds a share only: others are needed, too.
    pub share: bool,
    /// Numbers of the first and the last epoch.
    pub epochs: (u64, u64),
    /// Wall clock when the first epoch was opened, UTC ns.
    pub from_ns: i64,
    /// Wall clock when the epoch after the last one was opened, UTC ns; `None`: to the end of the stream.
    pub until_ns: Option<i64>,
}

/// What each certificate can open, in the order of the certificates, according to the sessions that are listed.
pub fn access(sessions: &Sessions) -> Vec<Access> {
    let mut all: Vec<Access> = Vec::new();
    // the index in `all` of the last entry of a certificate, and the session that it reaches to
    let mut runs: HashMap<(usize, bool), (usize, usize)> = HashMap::new();
    for (n, k) in sessions.list.iter().enumerate() {
        let (Some(epochs), Some(from_ns)) = (k.epochs, k.since_ns) else { continue };
        for h in &k.holders {
            let share = h.holds != MessageKind::Secret;
            let run = runs.get(&(h.certificate, share)).copied();
            let continued = run.filter(|(_, last)| *last == n || last + 1 == n);
            let at = match continued.and_then(|(at, _)| Some((at, all.get_mut(at)?))) {
                Some((at, r)) => {
                    (r.epochs.1, r.until_ns) = (epochs.1, k.until_ns);
                    at
                }
                None => {
                    all.push(Access { certificate: h.certificate, share, epochs, from_ns, until_ns: k.until_ns });
                    all.len() - 1
                }
            };
            runs.insert((h.certificate, share), (at, n));
        }
    }
    all.sort_by_key(|r| (r.certificate, r.epochs.0));
    all
}
