//! The line of `known_hosts` that a host would need.

use std::path::Path;
use std::time::Duration;

use holdpoint_helper::Helper;
use holdpoint_model::Host;

/// Longest time for each of both questions.
const LIMIT: Duration = Duration::from_secs(10);

/// What the host shows as its keys, as lines to add. Nobody has proved them: that is for whoever adds them.
pub(super) fn lines(host: &Host, config: Option<&Path>) -> Option<String> {
    let (name, port) = resolved(host, config)?;
    let asked = Helper::new("ssh-keyscan")
        .arguments(["-p", &port, "-T", "5", "--", &name])
        .alone()
        .within(LIMIT)
        .ask();
    let answer = asked.ok()?;
    let text = String::from_utf8_lossy(&answer.printed).into_owned();
    let mut lines: Vec<&str> =
        text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    // One key is enough, and this kind is the one that people compare.
    if let Some(short) = lines.iter().copied().find(|line| line.contains(" ssh-ed25519 ")) {
        lines = vec![short];
    }
    if lines.is_empty() { None } else { Some(lines.join("\n")) }
}

/// Name and port behind what OpenSSH's configuration makes of this name.
fn resolved(host: &Host, config: Option<&Path>) -> Option<(String, String)> {
    let mut ssh = Helper::new("ssh").arguments(["-G"]);
    if let Some(config) = config {
        ssh = ssh.arguments(["-F".as_ref(), config.as_os_str()]);
    }
    if let Some(port) = host.port {
        ssh = ssh.arguments(["-p", &port.to_string()]);
    }
    let answer = ssh.arguments(["--", &host.name]).alone().within(LIMIT).ask().ok()?;
    let text = String::from_utf8_lossy(&answer.printed).into_owned();
    let of =
        |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).map(|value| value.trim().to_owned());
    Some((of("hostname ")?, of("port ")?))
}
