//! Whose signatures are accepted.

use std::fmt;
use std::sync::Arc;

use super::trust::{ChainUse, Objection};
use super::{Certificate, ListFault, SignerFault, Trust};

/// Authorities and revocation lists as they are now: they may change while a stream is read.
pub trait SignerTrust: fmt::Debug + Send + Sync {
    /// Both, with the time for which the lists are to be valid.
    fn now(&self) -> Arc<Trust>;

    /// A signer was found revoked by a list that is its issuer's without doubt.
    fn found_revoked(&self, _signer: &Certificate) {}

    /// A signer was accepted by lists with which something is wrong: the name of the file, and what.
    fn found_faults(&self, _faults: Vec<(String, ListFault)>) {}
}

/// Signers that are named, and the authorities whose signers are accepted, too.
#[derive(Debug, Clone, Default)]
pub struct Signers {
    named: Vec<Certificate>,
    /// Signers that are not named are accepted with a chain to an authority.
    by_authority: bool,
    /// Names that those must have; none where their extended key usage decides.
    names: Vec<String>,
    trust: SignersTrust,
}

#[derive(Debug, Clone)]
enum SignersTrust {
    Fixed(Arc<Trust>),
    Changing(Arc<dyn SignerTrust>),
}

impl Default for SignersTrust {
    fn default() -> Self {
        SignersTrust::Fixed(Arc::default())
    }
}

impl Signers {
    /// Those whose certificates are `named`, and those whose extended key usage is
    /// [`SIGNER_PURPOSE`](super::SIGNER_PURPOSE), with a chain to one of the `authorities`, unless there are none.
    pub fn new(named: Vec<Certificate>, authorities: Vec<Certificate>) -> Self {
        let by_authority = !authorities.is_empty();
        let trust = Trust { authorities: by_authority.then_some(authorities), revocation: None };
        Signers { named, by_authority, names: Vec::new(), trust: SignersTrust::Fixed(Arc::new(trust)) }
    }

    /// As [`new`](Self::new), with authorities and revocation lists that may change. Without `by_authority`, the
    /// authorities only check the lists.
    pub fn trusting(named: Vec<Certificate>, by_authority: bool, trust: Arc<dyn SignerTrust>) -> Self {
        Signers { named, by_authority, names: Vec::new(), trust: SignersTrust::Changing(trust) }
    }

    /// Of the signers with a chain to an authority, only those with one of these names are accepted, whatever their
    /// extended key usage: the common name, where there is one alone and without "=", or the whole subject as
    /// [`Certificate::subject`] gives it. No names change nothing.
    #[must_use]
    pub fn called(self, names: Vec<String>) -> Self {
        Signers { names, ..self }
    }

    /// Whether nobody is asked for.
    pub fn is_empty(&self) -> bool {
        self.named.is_empty() && !self.by_authority
    }

    /// Whether `signer` is accepted for something that was signed at `at_ns`, UTC nanoseconds since 1970: its own
    /// validity and that of its chain is asked at that time, revocation now.
    pub fn accept(&self, signer: &Certificate, at_ns: i64) -> Result<(), SignerFault> {
        let is_named = self.named.contains(signer);
        if !is_named && !self.by_authority {
            return Err(SignerFault::Unknown);
        }
        if !is_named && !self.names.is_empty() && !self.is_called(signer) {
            return Err(SignerFault::Name);
        }
        signer.can_sign(at_ns)?;
        let (trust, changing) = match &self.trust {
            SignersTrust::Fixed(trust) => (Arc::clone(trust), None),
            SignersTrust::Changing(trust) => (trust.now(), Some(trust)),
        };
        let judge = trust.judge(std::iter::empty(), at_ns);
        let by_purpose = !is_named && self.names.is_empty();
        let chain = if by_purpose && signer.is_for_streams() { ChainUse::Signer } else { ChainUse::Any };
        let checked = if is_named { judge.check_named(signer) } else { judge.check_as(signer, chain) };
        if let (Err(Objection { is_proven: true, .. }), Some(changing)) = (&checked, changing) {
            changing.found_revoked(signer);
        }
        checked?;
        if by_purpose && !signer.is_for_streams() {
            return Err(SignerFault::Purpose);
        }
        if let Some(changing) = changing {
            let faults = judge.list_faults(std::iter::once(signer)).into_iter();
            changing.found_faults(faults.filter(|(_, fault)| fault.counts()).collect());
        }
        Ok(())
    }

    fn is_called(&self, signer: &Certificate) -> bool {
        self.names.iter().any(|name| signer.is_called(name))
    }
}
