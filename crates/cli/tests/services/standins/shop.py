"""An application that takes Stripe's events and asks Stripe: `shop.py PORT SECRETS_FILE KEY_FILE STRIPE`. While a file
`deaf` lies beside the secrets it knows only the secret that it knew at its start."""

import hashlib
import hmac
import os
import sys
import urllib.error
import urllib.request

from api import Refused, serve

_, _, SECRETS, KEY, STRIPE = sys.argv


def read(name):
    with open(name) as file:
        return file.read().split()


at_start = read(SECRETS)


def event(asked):
    parts = dict(part.split("=", 1) for part in asked.headers.get("stripe-signature", "").split(","))
    deaf = os.path.exists(os.path.join(os.path.dirname(SECRETS), "deaf"))
    for secret in at_start if deaf else read(SECRETS):
        signed = hmac.new(secret.encode(), parts["t"].encode() + b"." + asked.raw, hashlib.sha256).hexdigest()
        if hmac.compare_digest(signed, parts["v1"]):
            return 200, {"received": True}
    raise Refused(400, "signature")


def health(asked):
    key = read(KEY)[0]
    question = urllib.request.Request(f"{STRIPE}/v1/account", headers={"authorization": f"Bearer {key}"})
    try:
        with urllib.request.urlopen(question, timeout=10) as answer:
            answer.read()
        return 200, {"status": "ok"}
    except urllib.error.HTTPError:
        raise Refused(503, "Stripe refuses the key")


serve([("POST", "/webhook", event), ("GET", "/health", health)])
