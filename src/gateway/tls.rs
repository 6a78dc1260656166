//! Encrypted connections: the system's roots, or exactly one certificate known by its fingerprint.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use sha2::{Digest as _, Sha256};
use tokio_tungstenite::{Connector, tungstenite};

use super::GatewayError;

/// How to encrypt: `None` is the default of the WebSocket library, which trusts the system's roots.
pub(crate) fn connector(fingerprint: Option<&str>) -> Result<Option<Connector>, GatewayError> {
    let provider = rustls::crypto::ring::default_provider();
    let Some(text) = fingerprint else {
        // The default looks for a process-wide provider; a second installation changes nothing.
        provider.install_default().ok();
        return Ok(None);
    };
    let certificate = |detail: String| GatewayError::Certificate { detail };
    let sha256 = parse_fingerprint(text)
        .ok_or_else(|| certificate("the fingerprint to compare with is not a SHA-256".to_owned()))?;
    let provider = Arc::new(provider);
    let config = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| certificate(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Pinned { sha256, provider }))
        .with_no_client_auth();
    Ok(Some(Connector::Rustls(Arc::new(config))))
}

/// 64 hexadecimal digits in either case, with or without colons between them.
fn parse_fingerprint(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> = text.trim().bytes().filter(|byte| *byte != b':').collect();
    let nibble = |byte: u8| char::from(byte).to_digit(16);
    let bytes: Option<Vec<u8>> = digits
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some((nibble(*high)? << 4 | nibble(*low)?) as u8),
            _ => None,
        })
        .collect();
    bytes?.try_into().ok()
}

/// Accepts one certificate, whatever name and dates it carries, and no other.
#[derive(Debug)]
struct Pinned {
    sha256: [u8; 32],
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let found: [u8; 32] = Sha256::digest(end_entity.as_ref()).into();
        if found == self.sha256 {
            return Ok(ServerCertVerified::assertion());
        }
        Err(rustls::Error::InvalidCertificate(rustls::CertificateError::ApplicationVerificationFailure))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// What an error of opening the connection says about its encryption, if anything.
pub(crate) fn trouble(error: &tungstenite::Error) -> Option<GatewayError> {
    let tungstenite::Error::Io(error) = error else { return None };
    let certificate = |detail: String| Some(GatewayError::Certificate { detail });
    if error.kind() == std::io::ErrorKind::NotFound {
        return certificate("this system has no root certificates".to_owned());
    }
    match error.get_ref()?.downcast_ref::<rustls::Error>()? {
        rustls::Error::InvalidCertificate(rustls::CertificateError::ApplicationVerificationFailure) => {
            certificate("its fingerprint is another one".to_owned())
        }
        rustls::Error::InvalidCertificate(why) => certificate(why.to_string()),
        rustls::Error::InvalidMessage(_) => {
            Some(GatewayError::NotAGateway { detail: "it does not speak TLS".to_owned() })
        }
        other => Some(GatewayError::NotAGateway { detail: other.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::{connector, parse_fingerprint};
    use crate::gateway::GatewayError;

    #[test]
    fn a_fingerprint_is_64_digits_with_or_without_colons() {
        let plain = "AB".repeat(32);
        let colons = vec!["ab"; 32].join(":");
        assert_eq!(parse_fingerprint(&plain), Some([0xab; 32]));
        assert_eq!(parse_fingerprint(&colons), Some([0xab; 32]));
        for wrong in ["", "ab", &"ab".repeat(31), &"zz".repeat(32), &"a".repeat(63), &"é".repeat(32)] {
            assert_eq!(parse_fingerprint(wrong), None, "{wrong}");
        }
        assert!(matches!(connector(Some("nonsense")), Err(GatewayError::Certificate { .. })));
    }
}
