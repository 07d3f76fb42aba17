#!/usr/bin/env python3
"""Holds the shapes of narrow.py against `holdpoint schema events`, which is given on standard input: a key or word that one has and
the other has not is printed, a line each. For whoever adds a key to an event."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import narrow

SCHEMA = json.load(sys.stdin)


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """Without references, and without what lets it be null."""
    while True:
        if "$ref" in schema:
            schema = SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]]
        elif len(left := [one for one in schema.get("anyOf", schema.get("allOf", [])) if one.get("type") != "null"]) == 1:
            schema = left[0]
        else:
            return schema


def words(schema: dict[str, Any]) -> set[str]:
    found = set(schema.get("enum", [])) | ({schema["const"]} if "const" in schema else set())
    for one in schema.get("oneOf", []):
        found |= words(one)
    return found


def differ(schema: dict[str, Any], kind: str, where: str) -> Iterator[str]:
    schema = resolved(schema)
    if kind.startswith("="):
        for word in words(schema) ^ set(kind[1:].split("|")):
            yield f"{where}: the word {word}"
    elif kind.startswith("["):
        yield from differ(schema.get("items", {}), kind[1:-1], where)
    elif kind.startswith("{"):
        inner = schema.get("additionalProperties")
        yield from differ(inner if isinstance(inner, dict) else {}, kind[1:-1], where)
    elif kind in narrow.SHAPES and " / " not in narrow.SHAPES[kind]:
        yield from keys(schema, narrow.SHAPES[kind], where)


def keys(schema: dict[str, Any], shape: str, where: str) -> Iterator[str]:
    ours = dict(part.split(":", 1) for part in shape.split())
    theirs = schema.get("properties", {})
    for key in {key.rstrip("?") for key in ours} ^ set(theirs):
        yield f"{where}: the key {key}"
    for key, kind in ours.items():
        name = key.rstrip("?")
        if (name in schema.get("required", [])) != (name == key):
            yield f"{where}: whether {name} must be there"
        yield from differ(theirs.get(name, {}), kind, f"{where}, {name}")


def main() -> None:
    events = {one["properties"]["type"]["const"]: one for one in map(resolved, SCHEMA["oneOf"])}
    for kind in set(events) ^ set(narrow.EVENTS):
        print(f"the event {kind}")
    for kind, shape in narrow.EVENTS.items():
        schema = events.get(kind, {})
        own = {key: value for key, value in schema.get("properties", {}).items() if key not in ("n", "prev", "at", "more", "type")}
        for line in keys({**schema, "properties": own}, shape, kind):
            print(line)


if __name__ == "__main__":
    main()
