//! Stripe, played by a small server after its public API description: a signing secret and an API key, changed with both
//! good for a while.

use std::fs;
use std::path::PathBuf;

use crate::support::{Server, Stage, eventually, free_port, request, standin};

const OLD_KEY: &str = "sk_test_0000000000000000old1";
const NEW_KEY: &str = "sk_test_0000000000000000new2";
const FOREIGN: &str = "sk_test_0000000000000000foreign";
const OLD_SECRET: &str = "whsec_00000000000000000old";

struct Payments {
    stage: Stage,
    stripe: u16,
    files: PathBuf,
    _servers: [Server; 2],
}

fn payments() -> Payments {
    let (stripe, shop) = (free_port(), free_port());
    let api = format!("http://127.0.0.1:{stripe}");
    let (hook, health) =
        (format!("http://127.0.0.1:{shop}/webhook"), format!("http://127.0.0.1:{shop}/health"));
    let stage = Stage::new(&[
        ("STRIPE_API", &api),
        ("STRIPE_SECRETS_FILE", "../files/secrets"),
        ("STRIPE_KEY_FILE", "../files/key"),
        ("WEBHOOK_URL", &hook),
        ("APP_HEALTH_URL", &health),
    ]);
    let files = stage.beside("files");
    fs::write(files.join("secrets"), format!("{OLD_SECRET}\n")).unwrap();
    fs::write(files.join("key"), format!("{OLD_KEY}\n")).unwrap();
    let keys = files.join("keys");
    fs::write(&keys, format!("{OLD_KEY} Shop\n{NEW_KEY} Shop\n{FOREIGN} Other\n")).unwrap();
    let (secrets, key) =
        (files.join("secrets").display().to_string(), files.join("key").display().to_string());
    let servers = [
        standin("stripe", stripe, &[keys.to_str().unwrap(), &hook], &files),
        standin("shop", shop, &[&secrets, &key, &api], &files),
    ];
    Payments { stage, stripe, files, _servers: servers }
}

impl Payments {
    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.files.join(name)).unwrap()
    }

    fn endpoints(&self) -> Vec<(String, String)> {
        let (_, body) = request(self.stripe, "GET", "/dashboard/endpoints", "");
        let all: serde_json::Value = serde_json::from_str(&body).unwrap();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        all.as_array().unwrap().iter().map(|one| (text(&one["id"]), text(&one["status"]))).collect()
    }
}

#[test]
fn a_signing_secret_is_changed_with_both_accepted_meanwhile_or_everything_is_as_before() {
    let payments = payments();
    let secrets = [("STRIPE_KEY", OLD_KEY), ("OLD_SECRET", OLD_SECRET)];
    let answers = "inputs: { OLD_ENDPOINT: we_1Old }
steps:
  switch-the-old-endpoint-off: { choice: proceed }
  release: { confirm: true, sign: { as: qa@example.org, name: Quinn Auditor } }
  remove-the-old-endpoint: { choice: proceed }
";
    let old = ("we_1Old".to_owned(), "enabled".to_owned());

    fs::write(payments.files.join("deaf"), "").unwrap();
    let told = payments.stage.ends(1, "stripe-webhook-secret", answers, &secrets);
    assert!(told.contains("new 400"), "{told}");
    assert_eq!(payments.endpoints(), std::slice::from_ref(&old), "{told}");
    assert_eq!(payments.file("secrets"), format!("{OLD_SECRET}\n"));

    fs::remove_file(payments.files.join("deaf")).unwrap();
    let told = payments.stage.ends(0, "stripe-webhook-secret", answers, &secrets);
    let [(id, status)] = &payments.endpoints()[..] else { panic!("{told}") };
    assert!(*id != old.0 && status == "enabled", "{told}");
    let new = payments.file("secrets");
    assert!(new.starts_with("whsec_") && new.lines().count() == 1, "one secret is left");
    payments.stage.record_lacks("the new secret", new.trim());
    assert!(!told.contains(new.trim()));
}

#[test]
fn an_api_key_is_changed_and_the_old_one_refused_and_one_of_another_account_changes_nothing() {
    let payments = payments();
    let answers = "steps:
  leave-to-end-the-old-key: { sign: { as: qa@example.org, name: Quinn Auditor } }
  end-the-old-key: { confirm: true }
";
    let ran = payments.stage.run("stripe-api-key", answers, &[("OLD_KEY", OLD_KEY), ("NEW_KEY", FOREIGN)]);
    assert_eq!(ran.code, 3, "{}", ran.told);
    assert_eq!(payments.file("key"), format!("{OLD_KEY}\n"), "{}", ran.told);

    // Somebody at the Dashboard ends the old key once the application has the new one.
    std::thread::scope(|scope| {
        scope.spawn(|| {
            eventually("the application has the new key", || payments.file("key").contains(NEW_KEY));
            request(payments.stripe, "POST", "/dashboard/expire", OLD_KEY);
        });
        payments.stage.ends(0, "stripe-api-key", answers, &[("OLD_KEY", OLD_KEY), ("NEW_KEY", NEW_KEY)]);
    });
    assert_eq!(payments.file("key"), format!("{NEW_KEY}\n"));
}

#[test]
fn an_application_that_cannot_work_with_the_new_api_key_gets_the_old_one_back() {
    let payments = payments();
    // Both keys are good when they are looked at; the new one is ended as soon as the application has it.
    let ran = std::thread::scope(|scope| {
        scope.spawn(|| {
            eventually("both keys were looked at", || {
                fs::read_to_string(payments.files.join("log-stripe"))
                    .unwrap_or_default()
                    .matches("/v1/account")
                    .count()
                    >= 2
            });
            request(payments.stripe, "POST", "/dashboard/expire", NEW_KEY);
        });
        payments.stage.run("stripe-api-key", "steps: {}\n", &[("OLD_KEY", OLD_KEY), ("NEW_KEY", NEW_KEY)])
    });
    assert_eq!(ran.code, 1, "{}", ran.told);
    assert_eq!(payments.file("key"), format!("{OLD_KEY}\n"), "{}", ran.told);
}
