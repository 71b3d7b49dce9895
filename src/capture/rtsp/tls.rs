//! TLS in front of a camera: which certificates are believed, and what is wrong with the others.

use std::io;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, PeerIncompatible, RootCertStore, SignatureScheme,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use x509_parser::prelude::{ASN1Time, FromDer, X509Certificate};

use crate::base::text;

use super::RtspError;
use super::address::Address;
use super::disconnect::{Disconnect, Refusal};

/// Whose certificates are believed.
#[derive(Clone)]
pub struct Tls(Arc<ClientConfig>);

impl Tls {
    /// Believes the authorities of these certificates (DER), and a camera that shows one of them itself; those of the
    /// system where none are given.
    ///
    /// # Errors
    ///
    /// There is no authority, or one that is no certificate.
    pub fn new(authorities: &[Vec<u8>]) -> Result<Self, RtspError> {
        let mut roots = RootCertStore::empty();
        let own: Vec<_> = authorities.iter().map(|der| CertificateDer::from(der.as_slice()).into_owned()).collect();
        for certificate in &own {
            roots.add(certificate.clone()).map_err(|e| RtspError::Authority(e.to_string()))?;
        }
        if own.is_empty() {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        if roots.is_empty() {
            return Err(RtspError::NoAuthority);
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let chains = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
        let chains = chains.map_err(|e| RtspError::Authority(e.to_string()))?;
        let verifier = Arc::new(CameraVerifier { chains, own, provider: Arc::clone(&provider) });
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| RtspError::Authority(e.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        Ok(Tls(Arc::new(config)))
    }

    /// Begins TLS with the camera at `address`.
    ///
    /// # Errors
    ///
    /// The certificate is not to be believed; there is no TLS at the other end.
    pub(super) async fn begin(&self, address: &Address, tcp: TcpStream) -> Result<TlsStream<TcpStream>, Disconnect> {
        let host = address.host();
        let name = ServerName::try_from(host.to_owned()).map_err(|_| Refusal::Tls(text::quoted(host)))?;
        let connector = TlsConnector::from(Arc::clone(&self.0));
        connector.connect(name, tcp).await.map_err(|e| because(&e, host))
    }
}

/// What is wrong, in words.
fn because(e: &io::Error, host: &str) -> Disconnect {
    let Some(fault) = e.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
        return Disconnect::lost(e);
    };
    let refusal = match fault {
        Error::InvalidCertificate(fault) => match fault {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Refusal::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Refusal::NotYetValid,
            CertificateError::UnknownIssuer => Refusal::UnknownAuthority,
            CertificateError::NotValidForName => Refusal::OtherName { host: text::quoted(host), names: String::new() },
            CertificateError::NotValidForNameContext { presented, .. } => {
                Refusal::OtherName { host: text::quoted(host), names: names(presented) }
            }
            other => Refusal::Certificate(printable(other)),
        },
        Error::InvalidMessage(_) => Refusal::NoTls,
        Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13) => {
            Refusal::Tls("it has neither TLS 1.2 nor 1.3".to_owned())
        }
        other => Refusal::Tls(printable(other)),
    };
    Disconnect::Refused(refusal)
}

/// The names in a certificate, as webpki gives them: `DnsName("camera")`.
fn names(presented: &[String]) -> String {
    let shown = presented.iter().take(3).map(|name| {
        let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(name);
        text::quoted(inner.trim_matches('"'))
    });
    let shown = shown.collect::<Vec<_>>().join(", ");
    if presented.len() > 3 { format!("{shown} and others") } else { shown }
}

fn printable(e: &impl ToString) -> String {
    text::printable(&e.to_string()).chars().take(200).collect()
}

/// Certificates with a chain to an authority, and those that were given as such: many cameras issue their own, which
/// says of itself that it is an authority and is used as a camera's all the same. Name and dates are checked of both.
#[derive(Debug)]
struct CameraVerifier {
    chains: Arc<WebPkiServerVerifier>,
    own: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for CameraVerifier {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if !self.own.iter().any(|own| own == shown) {
            return self.chains.verify_server_cert(shown, between, name, ocsp, now);
        }
        rustls::client::verify_server_name(&ParsedCertificate::try_from(shown)?, name)?;
        let (_, certificate) =
            X509Certificate::from_der(shown).map_err(|_| Error::from(CertificateError::BadEncoding))?;
        let now = i64::try_from(now.as_secs()).ok().and_then(|now| ASN1Time::from_timestamp(now).ok());
        let now = now.ok_or(Error::FailedToGetCurrentTime)?;
        if now < certificate.validity().not_before {
            return Err(CertificateError::NotValidYet.into());
        }
        if now > certificate.validity().not_after {
            return Err(CertificateError::Expired.into());
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
