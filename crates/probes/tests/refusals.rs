//! What a probe refuses when its values are known.
#![allow(clippy::unwrap_used, reason = "tests")]

use holdpoint_model::{HttpProbe, Method, Probe};
use holdpoint_probes::{Setting, ask};

fn http(url: &str) -> Probe {
    Probe::Http(HttpProbe {
        url: url.to_owned(),
        method: Method::Get,
        headers: Vec::new(),
        redirects: 0,
        ca: None,
        client: None,
        resolve: None,
        valid_for: None,
        at_most: 1,
        reads_json: false,
    })
}

#[tokio::test]
async fn a_url_that_holds_a_secret_a_user_or_another_scheme_is_not_asked() {
    let setting = Setting {
        root: ".".into(),
        store: None,
        secrets: vec![("TOKEN".to_owned(), "pass word/1".to_owned())],
        by: "a test".to_owned(),
    };
    for (url, why) in [
        ("http://127.0.0.1:1/?token=pass+word%2F1", "the secret TOKEN stands in the URL"),
        ("http://127.0.0.1:1/pass%20word/1", "the secret TOKEN stands in the URL"),
        ("http://me:you@127.0.0.1:1/", "a URL with a user in it"),
        ("file:///etc/passwd", "no URL of a web server"),
        ("127.0.0.1", "is no URL"),
    ] {
        let answer = ask(&http(url), &setting, std::future::pending()).await;
        assert!(answer.failure.as_ref().unwrap().contains(why), "{url}: {:?}", answer.failure);
        assert!(!answer.facts.to_string().contains("pass word"), "{url}");
    }
}
