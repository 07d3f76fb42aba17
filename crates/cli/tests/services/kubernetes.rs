//! Kubernetes: the real `kubectl` against a small API server of ours.

use std::fs;
use std::process::Command;

use holdpoint_xtask::command::output;
use holdpoint_xtask::tools;

use crate::support::{Stage, answering, free_port, program, standin};

const TOKEN: &str = "token-of-the-cluster-3Hj9";

fn image(digit: &str) -> String {
    format!("registry.example.org/web@sha256:{}", digit.repeat(64 / digit.len()))
}

#[test]
fn an_image_is_rolled_out_by_its_digest_and_undone_where_it_does_not_become_available() {
    let (port, (health, _)) = (free_port(), answering(200));
    let kubectl = tools::python().with_file_name("kubectl");
    assert!(kubectl.is_file(), "kubectl is not here; install it: cargo xtask tools");
    let stage = Stage::new(&[
        ("KUBECONFIG", "../files/config"),
        ("K8S_CONTEXT", "staging"),
        ("K8S_NAMESPACE", "shop"),
        ("APP_HEALTH_URL", &format!("http://127.0.0.1:{health}/health")),
    ]);
    stage.program("kubectl", &kubectl);
    let files = stage.beside("files");
    let mut openssl = Command::new(program("openssl"));
    openssl.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]);
    openssl.args([
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        "key",
        "-out",
        "certificate",
    ]);
    output(openssl.current_dir(&files)).unwrap();
    let both = ["key", "certificate"].map(|name| fs::read_to_string(files.join(name)).unwrap()).concat();
    fs::write(files.join("both"), both).unwrap();
    fs::write(files.join("token"), TOKEN).unwrap();
    let config = format!(
        "apiVersion: v1\nkind: Config\n\
         clusters: [{{ name: it, cluster: {{ server: \"https://127.0.0.1:{port}\", certificate-authority: certificate }} }}]\n\
         users: [{{ name: us, user: {{ tokenFile: token }} }}]\n\
         contexts: [{{ name: staging, context: {{ cluster: it, user: us }} }}]\n"
    );
    fs::write(files.join("config"), config).unwrap();
    let path = |name: &str| files.join(name).display().to_string();
    let _server = standin("kubernetes", port, &[&path("token"), &path("both"), &image("a")], &files);
    let runs = || {
        let mut get = Command::new(&kubectl);
        get.arg("--kubeconfig").arg(files.join("config")).env("HOME", &files);
        let what = "jsonpath={.spec.template.spec.containers[*].image}";
        get.args(["--context=staging", "--namespace=shop", "get", "deployment", "web", "--output", what]);
        output(&mut get).unwrap()
    };
    let before = runs();
    let answers = |image: &str| {
        format!(
            "inputs: {{ IMAGE: {image:?} }}
steps:
  release: {{ sign: {{ as: qa@example.org, name: Quinn Auditor }} }}
"
        )
    };
    let secrets = [("TOKEN", TOKEN)];

    let told = stage.ends(1, "kubernetes-rollout", &answers(&image("bad1")), &secrets);
    assert!(told.contains("exceeded its progress deadline") && told.contains("rolled back"), "{told}");
    assert_eq!(runs(), before, "{told}");

    stage.ends(0, "kubernetes-rollout", &answers(&image("c")), &secrets);
    assert_eq!(runs(), before.replace(&image("a"), &image("c")));
    let asked = fs::read_to_string(files.join("log-kubernetes")).unwrap();
    assert!(asked.contains("watch=true"), "it waited by a watch: {asked}");
}
