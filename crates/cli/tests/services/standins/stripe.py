"""Stripe, as far as its public API description goes for accounts and webhook endpoints: `stripe.py PORT KEYS_FILE URL`. What a person does in the Dashboard comes under `/dashboard`."""

import base64
import secrets
import sys

from api import Refused, serve

with open(sys.argv[2]) as file:
    keys = {key: f"acct_1{name}" for key, name in (line.split() for line in file)}
endpoints = {"we_1Old": {"id": "we_1Old", "url": sys.argv[3], "status": "enabled", "enabled_events": ["charge.succeeded", "charge.failed"]}}


def account(asked):
    kind, _, told = asked.headers.get("authorization", "").partition(" ")
    key = base64.b64decode(told).decode().partition(":")[0] if kind == "Basic" else told
    if key not in keys:
        raise Refused(401, "Invalid API Key provided")
    return keys[key]


def known(asked, name):
    account(asked)
    if name not in endpoints:
        raise Refused(404, f"No such webhook endpoint: '{name}'")
    return endpoints[name]


def create(asked):
    account(asked)
    form = asked.form()
    events = [value for name, value in form if name == "enabled_events[]"]
    if "url" not in dict(form) or not events:
        raise Refused(400, "Missing required param")
    made = {"id": f"we_1{secrets.token_hex(8)}", "url": dict(form)["url"], "status": "enabled", "enabled_events": events}
    endpoints[made["id"]] = made
    return 200, made | {"secret": f"whsec_{secrets.token_hex(16)}"}


def update(asked, name):
    found = known(asked, name)
    if "disabled" in dict(asked.form()):
        found["status"] = "disabled" if dict(asked.form())["disabled"] == "true" else "enabled"
    return 200, found


def delete(asked, name):
    known(asked, name)
    del endpoints[name]
    return 200, {"id": name, "object": "webhook_endpoint", "deleted": True}


def expire(asked):
    keys.pop(asked.raw.decode())
    return 200, {}


serve([
    ("GET", "/v1/account", lambda asked: (200, {"id": account(asked)})),
    ("POST", "/v1/webhook_endpoints", create),
    ("GET", "/v1/webhook_endpoints/(.+)", lambda asked, name: (200, known(asked, name))),
    ("POST", "/v1/webhook_endpoints/(.+)", update),
    ("DELETE", "/v1/webhook_endpoints/(.+)", delete),
    ("POST", "/dashboard/expire", expire),
    ("GET", "/dashboard/endpoints", lambda asked: (200, list(endpoints.values()))),
])
