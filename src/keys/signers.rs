//! Whose signatures are accepted.

use super::{Certificate, SignerFault, Trust};

/// Signers by name, and the authorities whose signers are accepted, too.
#[derive(Debug, Clone, Default)]
pub struct Signers {
    named: Vec<Certificate>,
    authorities: Option<Trust>,
}

impl Signers {
    /// Those whose certificates are `named`, and those with a chain to one of the `authorities`, unless there are none.
    pub fn new(named: Vec<Certificate>, authorities: Vec<Certificate>) -> Self {
        let authorities =
            (!authorities.is_empty()).then_some(Trust { authorities: Some(authorities), revocation: None });
        Signers { named, authorities }
    }

    /// Whether nobody is asked for.
    pub fn is_empty(&self) -> bool {
        self.named.is_empty() && self.authorities.is_none()
    }

    /// Whether `signer` is accepted for something that was signed at `at_ns`, UTC nanoseconds since 1970.
    pub fn accept(&self, signer: &Certificate, at_ns: i64) -> Result<(), SignerFault> {
        let named = self.named.contains(signer);
        if !named && self.authorities.is_none() {
            return Err(SignerFault::Unknown);
        }
        signer.can_sign(at_ns)?;
        match &self.authorities {
            Some(trust) if !named => {
                trust.judge(std::iter::empty(), at_ns).check(signer).map_err(|_| SignerFault::NoChain)
            }
            _ => Ok(()),
        }
    }
}

impl Certificate {
    /// Whether the certificate, considered alone, may sign at `at_ns`. One without key usage may.
    pub fn can_sign(&self, at_ns: i64) -> Result<(), SignerFault> {
        if self.constraints.key_usage.is_some_and(|usage| !usage.digital_signature) {
            return Err(SignerFault::KeyUsage);
        }
        match at_ns {
            _ if at_ns > self.not_after_ns() => Err(SignerFault::Expired),
            _ if at_ns < self.not_before_ns() => Err(SignerFault::NotYetValid),
            _ => Ok(()),
        }
    }
}
