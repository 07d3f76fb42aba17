"""What an upgrade of servicebot looks at: `servicebot.py PORT TOKEN_FILE`. Version 9.9.9 loses a customer, who is back when
another version serves."""

import sys

from api import Refused, serve

with open(sys.argv[2]) as file:
    TOKEN = file.read().strip()
state = {"version": "2.0.3"}
held = {
    "users": [{"id": 1, "email": "ann@example.org"}, {"id": 2, "email": "bob@example.org"}],
    "service-templates": [{"id": 7, "name": "Hosting"}],
    "service-instances": [{"id": 11, "user_id": 1}, {"id": 12, "user_id": 2}],
}


def listed(asked, name):
    if asked.headers.get("authorization") != f"JWT {TOKEN}":
        raise Refused(401, "Unauthenticated")
    if name not in held:
        raise Refused(404, name)
    return 200, held[name][:1] if state["version"] == "9.9.9" else held[name]


def deploy(asked):
    state["version"] = asked.raw.decode()
    return 200, state


serve([
    ("GET", "/version", lambda asked: (200, state)),
    ("GET", "/api/v1/(.+)", listed),
    ("POST", "/deploy", deploy),
])
