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

/// The keys that `known_hosts` has of this host, each as `ED25519 SHA256:…`.
pub(super) fn known(host: &Host, config: Option<&Path>) -> Vec<String> {
    let Some(settings) = settings(host, config) else { return Vec::new() };
    let of = |key: &str| setting(&settings, key);
    let (Some(name), Some(port)) = (of("hostname "), of("port ")) else { return Vec::new() };
    let name = of("hostkeyalias ").unwrap_or(match port.as_str() {
        "22" => name,
        _ => format!("[{name}]:{port}"),
    });
    let files = ["userknownhostsfile ", "globalknownhostsfile "].into_iter().filter_map(of);
    let files: Vec<String> =
        files.flat_map(|files| files.split(' ').map(str::to_owned).collect::<Vec<_>>()).collect();
    let mut keys = Vec::new();
    for file in files {
        let file = match (file.strip_prefix("~/"), std::env::var("HOME")) {
            (Some(rest), Ok(home)) => format!("{home}/{rest}"),
            _ => file,
        };
        let asked =
            Helper::new("ssh-keygen").arguments(["-l", "-F", &name, "-f", &file]).alone().within(LIMIT).ask();
        let Ok(answer) = asked else { continue };
        let text = String::from_utf8_lossy(&answer.printed).into_owned();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let words: Vec<&str> = line.split_whitespace().collect();
            if let Some(at) = words.iter().position(|word| word.starts_with("SHA256:"))
                && at > 0
            {
                keys.push(format!("{} {}", words[at - 1], words[at]));
            }
        }
    }
    keys.dedup();
    keys
}

/// Name and port behind what OpenSSH's configuration makes of this name.
fn resolved(host: &Host, config: Option<&Path>) -> Option<(String, String)> {
    let settings = settings(host, config)?;
    Some((setting(&settings, "hostname ")?, setting(&settings, "port ")?))
}

fn setting(settings: &str, key: &str) -> Option<String> {
    settings.lines().find_map(|line| line.strip_prefix(key)).map(|value| value.trim().to_owned())
}

/// What OpenSSH's configuration makes of this name.
fn settings(host: &Host, config: Option<&Path>) -> Option<String> {
    let mut ssh = Helper::new("ssh").arguments(["-G"]);
    if let Some(config) = config {
        ssh = ssh.arguments(["-F".as_ref(), config.as_os_str()]);
    }
    if let Some(port) = host.port {
        ssh = ssh.arguments(["-p", &port.to_string()]);
    }
    let answer = ssh.arguments(["--", &host.name]).alone().within(LIMIT).ask().ok()?;
    Some(String::from_utf8_lossy(&answer.printed).into_owned())
}
