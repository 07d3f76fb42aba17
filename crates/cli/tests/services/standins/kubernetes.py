"""The part of a Kubernetes API server that a rollout asks for: `kubernetes.py PORT TOKEN_FILE CERTIFICATE
IMAGE`. Deployments, their replica
sets and pods, patches, and watches with bookmarks. Its controller takes a moment for each rollout; images whose digest begins
with `bad` never become available."""

import copy
import json
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

with open(sys.argv[2]) as file:
    TOKEN = file.read().strip()
HASH = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
LABELS = {"app": "web"}
changed = threading.Condition()
version = 1
sets, deployment = [], {
    "apiVersion": "apps/v1", "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "shop", "uid": "d-1", "generation": 1, "resourceVersion": "1", "annotations": {REVISION: "1"}, "labels": LABELS},
    "spec": {"replicas": 2, "progressDeadlineSeconds": 600, "selector": {"matchLabels": LABELS},
             "template": {"metadata": {"labels": LABELS}, "spec": {"containers": [{"name": "web", "image": sys.argv[4]}, {"name": "log", "image": "log@sha256:" + "1" * 64}]}}},
    "status": {},
}


def image():
    return deployment["spec"]["template"]["spec"]["containers"][0]["image"]


def replica_set():
    """That of the deployment's template, the newest revision now; a new one where there is none."""
    revision = str(1 + max((int(one["metadata"]["annotations"][REVISION]) for one in sets), default=0))
    template = copy.deepcopy(deployment["spec"]["template"])
    for one in sets:
        kept = copy.deepcopy(one["spec"]["template"])
        kept["metadata"]["labels"].pop(HASH)
        if kept["spec"] == template["spec"]:
            one["metadata"]["annotations"][REVISION] = revision
            break
    else:
        name = f"web-{len(sets)}"
        template["metadata"]["labels"] = LABELS | {HASH: name}
        sets.append({
            "apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {"name": name, "namespace": "shop", "uid": name, "resourceVersion": "1", "labels": LABELS | {HASH: name}, "annotations": {REVISION: revision},
                         "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "d-1", "controller": True}]},
            "spec": {"replicas": 2, "selector": {"matchLabels": LABELS | {HASH: name}}, "template": template}, "status": {"replicas": 2}})
    deployment["metadata"]["annotations"][REVISION] = revision


def touch():
    global version
    version += 1
    deployment["metadata"]["resourceVersion"] = str(version)
    changed.notify_all()


def finish(generation):
    """The controller: what becomes of a rollout."""
    with changed:
        if deployment["metadata"]["generation"] != generation:
            return
        good = "@sha256:bad" not in image()
        progress = {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"} if good else {
            "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "no progress"}
        deployment["status"] = {"observedGeneration": generation, "replicas": 2 if good else 3, "updatedReplicas": 2 if good else 1, "readyReplicas": 2, "availableReplicas": 2,
                                "conditions": [progress, {"type": "Available", "status": "True"}]}
        touch()


def patch(kind, change):
    if "json-patch" in kind:
        for step in change:
            *parents, last = step["path"].strip("/").split("/")
            at = deployment
            for name in parents:
                at = at[name]
            at[last] = step["value"]
    else:
        for wanted in change["spec"]["template"]["spec"]["containers"]:
            for one in deployment["spec"]["template"]["spec"]["containers"]:
                if one["name"] == wanted["name"]:
                    one.update(wanted)
    deployment["metadata"]["generation"] += 1
    replica_set()
    touch()
    threading.Timer(0.2, finish, [deployment["metadata"]["generation"]]).start()


def pods():
    good = "@sha256:bad" not in image()
    shown = image() if good else sets[0]["spec"]["template"]["spec"]["containers"][0]["image"]
    return [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"web-{n}", "namespace": "shop", "labels": LABELS},
             "spec": {"containers": [{"name": "web", "image": shown}]},
             "status": {"phase": "Running", "containerStatuses": [{"name": "web", "image": shown, "imageID": shown, "ready": True}]}} for n in range(2)]


def resource(name, kind):
    return {"name": name, "singularName": name[:-1], "namespaced": True, "kind": kind, "verbs": ["get", "list", "patch", "watch"]}


def listed(kind, items):
    return {"apiVersion": "v1" if kind == "Pod" else "apps/v1", "kind": f"{kind}List", "metadata": {"resourceVersion": str(version)}, "items": items}


APPS = "/apis/apps/v1/namespaces/shop"
GROUP = {"name": "apps", "versions": [{"groupVersion": "apps/v1", "version": "v1"}], "preferredVersion": {"groupVersion": "apps/v1", "version": "v1"}}
ANSWERS = {
    "/version": lambda: {"major": "1", "minor": "37", "gitVersion": "v1.37.0"},
    "/api": lambda: {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": lambda: {"kind": "APIGroupList", "apiVersion": "v1", "groups": [GROUP]},
    "/api/v1": lambda: {"kind": "APIResourceList", "groupVersion": "v1", "resources": [resource("pods", "Pod")]},
    "/apis/apps/v1": lambda: {"kind": "APIResourceList", "groupVersion": "apps/v1",
                              "resources": [resource("deployments", "Deployment"), resource("replicasets", "ReplicaSet")]},
    f"{APPS}/deployments": lambda: listed("Deployment", [deployment]),
    f"{APPS}/deployments/web": lambda: deployment,
    f"{APPS}/replicasets": lambda: listed("ReplicaSet", sets),
    "/api/v1/namespaces/shop/pods": lambda: listed("Pod", pods()),
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def say(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def failed(self, code, reason):
        self.say(code, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code, "message": reason})

    def allowed(self):
        if self.headers.get("authorization") == f"Bearer {TOKEN}":
            return True
        self.failed(401, "Unauthorized")
        return False

    def do_GET(self):
        address = urlsplit(self.path)
        query = parse_qs(address.query)
        if not self.allowed():
            return
        if "watch" in query:
            return self.watch("sendInitialEvents" in query)
        if address.path not in ANSWERS:
            return self.failed(404, "NotFound")
        with changed:
            body = copy.deepcopy(ANSWERS[address.path]())
        self.say(200, body)

    def event(self, kind, seen):
        line = json.dumps({"type": kind, "object": seen}).encode() + b"\n"
        self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
        self.wfile.flush()

    def watch(self, initial):
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        with changed:
            told = version
            if initial:
                self.event("ADDED", deployment)
                self.event("BOOKMARK", {"apiVersion": "apps/v1", "kind": "Deployment",
                                        "metadata": {"resourceVersion": str(version), "annotations": {"k8s.io/initial-events-end": "true"}}})
            try:
                while True:
                    changed.wait_for(lambda: version != told)
                    told = version
                    self.event("MODIFIED", deployment)
            except OSError:
                self.close_connection = True

    def do_PATCH(self):
        change = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if not self.allowed():
            return
        with changed:
            patch(self.headers["content-type"], change)
            body = copy.deepcopy(deployment)
        self.say(200, body)

    def log_message(self, form, *values):
        print(form % values, flush=True)


replica_set()
finish(1)
server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[3])
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()
