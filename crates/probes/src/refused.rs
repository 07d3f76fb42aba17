//! Why TLS failed, in the words of whoever has to mend it.

use std::io;

use tokio_rustls::rustls::{AlertDescription, CertificateError, Error};

/// What failed with `host`, whose certificate was to be vouched for by the file `ca`, or by this machine's authorities.
pub(crate) fn words(error: &io::Error, host: &str, ca: Option<&str>) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match inner {
        Some(Error::InvalidCertificate(why)) => of_certificate(why, host, ca),
        Some(Error::InvalidMessage(_)) => {
            "what came is no TLS: a plain web server is asked with `http://`, and the port may be another".to_owned()
        }
        Some(Error::AlertReceived(AlertDescription::CertificateRequired)) => {
            "the server asks for a certificate: give one with `tls.certificate` and `tls.key`".to_owned()
        }
        Some(Error::AlertReceived(AlertDescription::UnknownCA | AlertDescription::BadCertificate)) => {
            "the server does not take the certificate that it was shown: look at `tls.certificate`".to_owned()
        }
        Some(Error::AlertReceived(AlertDescription::ProtocolVersion | AlertDescription::HandshakeFailure)) => {
            "the server and this program have no version or cipher of TLS in common: it must speak TLS 1.2 or 1.3".to_owned()
        }
        Some(Error::PeerIncompatible(_)) => {
            "the server and this program have no version or cipher of TLS in common: it must speak TLS 1.2 or 1.3".to_owned()
        }
        Some(Error::NoCertificatesPresented) => "the server showed no certificate".to_owned(),
        _ if error.kind() == io::ErrorKind::UnexpectedEof => "the server ended the connection".to_owned(),
        _ => error.to_string(),
    }
}

fn of_certificate(why: &CertificateError, host: &str, ca: Option<&str>) -> String {
    match why {
        CertificateError::UnknownIssuer => match ca {
            Some(ca) => format!("its certificate is signed by no authority in {ca}: name the one that signed it in `tls.ca`"),
            None => "its certificate is signed by no authority that this machine trusts: name the one that signed it in \
                     `tls.ca`"
                .to_owned(),
        },
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired: the server needs a new one".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet: look at the clocks of both machines".to_owned()
        }
        CertificateError::NotValidForName => not_for(host, &[]),
        CertificateError::NotValidForNameContext { presented, .. } => not_for(host, presented),
        CertificateError::Revoked => "its certificate is revoked: the server needs a new one".to_owned(),
        CertificateError::BadSignature => "the signature of its certificate is not good".to_owned(),
        CertificateError::BadEncoding => "its certificate cannot be read".to_owned(),
        // Other reasons have no type that we could name.
        CertificateError::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            "its certificate is that of an authority, which signs others and is no server's: have it sign one for the server, \
             with `basicConstraints=CA:FALSE`"
                .to_owned()
        }
        other => format!("its certificate is not good: {other}"),
    }
}

/// The server showed a certificate for other names. They come as `DnsName("localhost")`.
fn not_for(host: &str, presented: &[String]) -> String {
    let bare = |name: &String| {
        let inner = name.split_once('(').map_or(name.as_str(), |(_, inner)| inner.trim_end_matches(')'));
        inner.trim_matches('"').to_owned()
    };
    let names: Vec<String> = presented.iter().map(bare).collect();
    let others = if names.is_empty() { "another name".to_owned() } else { names.join(", ") };
    format!(
        "its certificate is for {others}, not for {host}: ask for a name that it is for, at the address that `resolve` gives"
    )
}
