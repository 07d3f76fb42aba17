//! DigitalOcean and servicebot, each played by a small server of ours.

use std::fs;

use crate::support::{Stage, answering_at, free_port, request, standin};

const TOKEN: &str = "token-of-the-operators-5Rt8";

#[test]
fn a_droplet_serves_and_has_its_record_or_both_are_destroyed() {
    let (port, serves) = (free_port(), free_port());
    let api = format!("http://127.0.0.1:{port}");
    let stage = Stage::new(&[
        ("DO_API", &api),
        ("DO_DOMAIN", "shop.example"),
        ("DO_IMAGE", "debian-12-x64"),
        ("DO_SERVICE", &format!(":{serves}/health")),
    ]);
    let files = stage.beside("files");
    fs::write(files.join("token"), TOKEN).unwrap();
    let token = files.join("token").display().to_string();
    let _server = standin("digitalocean", port, &[&token, "127.0.0.6"], &files);
    let state = || request(port, "GET", "/state", "").1;
    let answers = "inputs: { DROPLET: web-3 }
steps:
  release: { sign: { as: qa@example.org, name: Quinn Auditor } }
";
    let told = stage.ends(1, "digitalocean-droplet", answers, &[("DO_TOKEN", TOKEN)]);
    assert!(told.contains("It serves") && told.contains("captured RECORD_ID"), "{told}");
    assert_eq!(state(), r#"{"droplets": [], "records": []}"#, "{told}");

    answering_at("127.0.0.6", serves);
    stage.ends(0, "digitalocean-droplet", answers, &[("DO_TOKEN", TOKEN)]);
    let state: serde_json::Value = serde_json::from_str(&state()).unwrap();
    assert_eq!(state["droplets"][0]["name"], "web-3");
    assert_eq!(state["records"][0]["data"], "127.0.0.6");
    assert_eq!(
        (state["droplets"].as_array().unwrap().len(), state["records"].as_array().unwrap().len()),
        (1, 1)
    );
}

#[test]
fn an_upgrade_that_loses_an_entry_is_taken_back() {
    let port = free_port();
    let stage =
        Stage::new(&[("SERVICEBOT_URL", &format!("http://127.0.0.1:{port}")), ("BACKUP_DIR", "../backups")]);
    let (files, backups) = (stage.beside("files"), stage.beside("backups"));
    fs::write(files.join("token"), TOKEN).unwrap();
    let token = files.join("token").display().to_string();
    let _server = standin("servicebot", port, &[&token], &files);
    let deploy =
        format!("#!/bin/sh -eu\ncurl --silent --fail --data \"$1\" http://127.0.0.1:{port}/deploy\n");
    stage.script("scripts/services/deploy-servicebot.sh", &deploy);
    let version = || request(port, "GET", "/version", "").1;
    let answers = |version: &str| {
        format!(
            "inputs: {{ VERSION: {version} }}
steps:
  upgrade: {{ choice: proceed }}
  release: {{ confirm: true, sign: {{ as: qa@example.org, name: Quinn Auditor }} }}
"
        )
    };
    let told = stage.ends(1, "servicebot-upgrade", &answers("9.9.9"), &[("SERVICEBOT_TOKEN", TOKEN)]);
    assert!(told.contains("gone: [2]") || told.contains("gone: [12]"), "{told}");
    assert_eq!(version(), r#"{"version": "2.0.3"}"#, "{told}");

    stage.ends(0, "servicebot-upgrade", &answers("2.1.0"), &[("SERVICEBOT_TOKEN", TOKEN)]);
    assert_eq!(version(), r#"{"version": "2.1.0"}"#);
    let saved = fs::read_to_string(backups.join("servicebot-2.0.3-2.1.0/users.json")).unwrap();
    assert!(saved.contains("bob@example.org"), "{saved}");
}
