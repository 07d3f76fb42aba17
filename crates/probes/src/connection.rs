//! Connections, plain and by TLS.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use holdpoint_model::HttpProbe;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use crate::refused;
use crate::work::beside;

/// Most bytes of a file with certificates or a key.
const PEM: u64 = 4 * 1024 * 1024;

/// Either kind of connection.
pub(crate) trait Both: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Both for T {}

/// Connects to the first address that answers.
pub(crate) async fn connect(host: &str, port: u16, resolve: Option<&str>) -> Result<TcpStream, String> {
    let told = |error: io::Error| format!("{host}:{port} does not answer: {error}");
    let host_alone = host.trim_start_matches('[').trim_end_matches(']');
    let stream = match resolve {
        None => {
            let (name, shown) = (host_alone.to_owned(), host_alone.to_owned());
            // The system's resolver blocks, and may do so for long.
            let addresses: Vec<SocketAddr> = beside(move || {
                let found = std::net::ToSocketAddrs::to_socket_addrs(&(name.as_str(), port));
                found
                    .map(Iterator::collect)
                    .map_err(|error| format!("no address of {shown} is known: {error}"))
            })
            .await?;
            TcpStream::connect(addresses.as_slice()).await.map_err(told)?
        }
        Some(address) => {
            let address = socket(address, port).ok_or_else(|| format!("`{address}` is no address"))?;
            TcpStream::connect(address).await.map_err(told)?
        }
    };
    stream.set_nodelay(true).map_err(told)?;
    Ok(stream)
}

/// An address and its port, or this one where it has none.
pub(crate) fn socket(address: &str, port: u16) -> Option<SocketAddr> {
    address.parse().or_else(|_| address.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, port))).ok()
}

/// How we speak TLS, by what the probe says.
pub(crate) async fn tls(probe: &HttpProbe, root: &Path) -> Result<Arc<ClientConfig>, String> {
    let (probe, root) = (probe.clone(), root.to_owned());
    beside(move || configured(&probe, &root)).await
}

fn configured(probe: &HttpProbe, root: &Path) -> Result<Arc<ClientConfig>, String> {
    let mut trusted = RootCertStore::empty();
    match &probe.ca {
        Some(path) => {
            for certificate in certificates(root, path)? {
                trusted.add(certificate).map_err(|error| format!("{path} cannot be trusted: {error}"))?;
            }
        }
        None => {
            // Those that cannot be read are trusted by nobody.
            trusted.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if trusted.is_empty() {
                return Err(
                    "this machine trusts no authority: install ca-certificates, or name `tls.ca`".to_owned()
                );
            }
        }
    }
    let provider = Arc::new(crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(trusted);
    let config = match &probe.client {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = certificates(root, certificate)?;
            let pem = read(root, key)?;
            let key = PrivateKeyDer::from_pem_slice(&pem)
                .map_err(|error| format!("{key} holds no key: {error}"))?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| format!("the client certificate: {error}"))?
        }
    };
    Ok(Arc::new(config))
}

fn certificates(root: &Path, path: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = read(root, path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(format!("{path} holds no certificate")),
        Err(error) => Err(format!("{path} holds no certificates: {error}")),
    }
}

fn read(root: &Path, path: &str) -> Result<Vec<u8>, String> {
    let place = crate::paths::place(root, path)?;
    holdpoint_files::read(&place, PEM).map_err(|error| format!("{path} cannot be read: {error}"))
}

/// The connection by TLS, and the certificates that the server showed.
pub(crate) async fn secured(
    stream: TcpStream,
    (host, ca): (&str, Option<&str>),
    config: Arc<ClientConfig>,
) -> Result<(Box<dyn Both>, Vec<Vec<u8>>), String> {
    let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(bare).map_err(|_| format!("`{host}` is no name of a server"))?;
    let stream = TlsConnector::from(config)
        .connect(name, stream)
        .await
        .map_err(|error| format!("TLS with {host} fails: {}", refused::words(&error, host, ca)))?;
    let shown = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let chain = shown.iter().map(|certificate| certificate.as_ref().to_vec()).collect();
    Ok((Box::new(stream), chain))
}
