//! What each certificate can open, from when to when.

use std::collections::HashMap;

use crate::format::MessageKind;

use super::Sessions;

/// Sessions one behind the other that a certificate can open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// Index into [`Sessions::people`].
    pub person: usize,
    /// It takes other shares, too.
    pub share: bool,
    /// Numbers of the first and the last epoch.
    pub epochs: (u64, u64),
    /// Wall clock when the first epoch was opened, UTC ns.
    pub from_ns: i64,
    /// Wall clock when the epoch behind the last one was opened; `None`: to the end.
    pub until_ns: Option<i64>,
}

/// What the certificates can open, in their order, by the sessions that are listed.
pub fn reach(sessions: &Sessions) -> Vec<Reach> {
    let mut all: Vec<Reach> = Vec::new();
    // where in `all` the run of a certificate is, and the session that it reaches to
    let mut runs: HashMap<(usize, bool), (usize, usize)> = HashMap::new();
    for (n, k) in sessions.list.iter().enumerate() {
        let (Some(epochs), Some(from_ns)) = (k.epochs, k.since_ns) else { continue };
        for h in &k.holders {
            let share = h.holds != MessageKind::Secret;
            let run = runs.get(&(h.person, share)).copied();
            let goes_on = run.filter(|(_, last)| *last == n || last + 1 == n);
            let at = match goes_on.and_then(|(at, _)| Some((at, all.get_mut(at)?))) {
                Some((at, r)) => {
                    (r.epochs.1, r.until_ns) = (epochs.1, k.until_ns);
                    at
                }
                None => {
                    all.push(Reach { person: h.person, share, epochs, from_ns, until_ns: k.until_ns });
                    all.len() - 1
                }
            };
            runs.insert((h.person, share), (at, n));
        }
    }
    all.sort_by_key(|r| (r.person, r.epochs.0));
    all
}
