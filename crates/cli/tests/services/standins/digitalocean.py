"""DigitalOcean, as far as its public API description goes for droplets and records: `digitalocean.py PORT TOKEN_FILE
ADDRESS`. A droplet is new when it is looked at for the first time, and then active, at ADDRESS."""

import sys

from api import Refused, serve

with open(sys.argv[2]) as file:
    TOKEN = file.read().strip()
droplets, records, numbers = {}, {}, iter(range(1000, 2000))


def authorised(asked):
    if asked.headers.get("authorization") != f"Bearer {TOKEN}":
        raise Refused(401, "Unable to authenticate you")


def create(asked):
    authorised(asked)
    wanted = asked.json()
    for name in ["name", "region", "size", "image"]:
        if not wanted.get(name):
            raise Refused(422, f"{name} is missing")
    made = {"id": next(numbers), "name": wanted["name"], "status": "new", "image": {"slug": wanted["image"]}, "networks": {"v4": []}}
    droplets[made["id"]] = made
    return 202, {"droplet": made}


def one(kind, asked, number):
    authorised(asked)
    if int(number) not in kind:
        raise Refused(404, "The resource you were accessing could not be found.")
    return kind[int(number)]


def look(asked, number):
    found = one(droplets, asked, number)
    told = dict(found)
    found["status"] = "active"
    found["networks"] = {"v4": [{"ip_address": "10.0.0.3", "type": "private"}, {"ip_address": sys.argv[3], "type": "public"}]}
    return 200, {"droplet": told}


def delete(kind, asked, number):
    one(kind, asked, number)
    del kind[int(number)]
    return 204, None


def add(asked, domain):
    authorised(asked)
    made = asked.json() | {"id": next(numbers), "domain": domain}
    records[made["id"]] = made
    return 201, {"domain_record": made}


def listed(asked, domain):
    authorised(asked)
    found = [one for one in records.values() if f"{one['name']}.{domain}" == asked.query.get("name")]
    return 200, {"domain_records": found}


def account(asked):
    authorised(asked)
    return 200, {"account": {"status": "active"}}


def named(asked):
    authorised(asked)
    return 200, {"droplets": [one for one in droplets.values() if one["name"] == asked.query.get("name")]}


serve([
    ("GET", "/v2/account", account),
    ("GET", "/v2/droplets", named),
    ("POST", "/v2/droplets", create),
    ("GET", "/v2/droplets/(.+)", look),
    ("DELETE", "/v2/droplets/(.+)", lambda asked, number: delete(droplets, asked, number)),
    ("GET", "/v2/domains/([^/]+)/records", listed),
    ("POST", "/v2/domains/([^/]+)/records", add),
    ("GET", "/v2/domains/[^/]+/records/(.+)", lambda asked, number: (200, {"domain_record": one(records, asked, number)})),
    ("DELETE", "/v2/domains/[^/]+/records/(.+)", lambda asked, number: delete(records, asked, number)),
    ("GET", "/state", lambda asked: (200, {"droplets": list(droplets.values()), "records": list(records.values())})),
])
