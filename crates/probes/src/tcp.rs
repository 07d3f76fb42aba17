//! `tcp`: a connection, and what comes over it.

use std::time::Instant;

use holdpoint_model::TcpProbe;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::connection;
use crate::parts::{Facts, millis};

/// Bytes in which an answer is looked for.
const MOST: usize = 64 * 1024;

pub(crate) async fn ask(probe: &TcpProbe, facts: &mut Facts) -> Result<(), String> {
    let begun = Instant::now();
    let bad = || format!("`{}` is no host and port", probe.to);
    let (host, port) = probe.to.rsplit_once(':').ok_or_else(bad)?;
    let port: u16 = port.parse().map_err(|_| bad())?;
    facts.set("to", probe.to.as_str());
    facts.set("connected", false);
    let mut stream = connection::connect(host, port, None).await?;
    facts.set("connected", true);
    facts.set("connected_ms", millis(begun.elapsed()));
    if let Some(text) = &probe.send {
        let sent = stream.write_all(text.as_bytes()).await;
        sent.map_err(|error| format!("nothing can be sent: {error}"))?;
    }
    let Some(answer) = &probe.answer else { return Ok(()) };
    let (mut received, mut piece) = (Vec::new(), vec![0; 4096]);
    let holds = |received: &[u8]| memchr::memmem::find(received, answer.as_bytes()).is_some();
    loop {
        // Whoever stops waiting is told what has come.
        facts.set("answered", holds(&received));
        facts.set("received", String::from_utf8_lossy(&received).into_owned());
        facts.set("bytes", received.len());
        if holds(&received) || received.len() >= MOST {
            return Ok(());
        }
        match stream.read(&mut piece).await {
            Ok(0) => return Ok(()),
            Ok(count) => received.extend_from_slice(&piece[..count]),
            Err(error) => return Err(format!("the connection breaks off: {error}")),
        }
    }
}
