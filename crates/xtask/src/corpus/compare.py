"""What holdpoint makes of a document, held against what markdown-it-py reads in it.

    compare.py DOCUMENT PLAN SCREEN

PLAN is what `holdpoint plan --format json` prints, SCREEN what a dry run showed. Every heading, numbered item and task item is
in the plan, as a step, a thing to do, a title, or text that is only read; every line of code is shown byte for byte, as often as it
stands there and no more. What does not hold is printed, and counts of what does.
"""

import json
import re
import sys

from markdown_it import MarkdownIt


def letters(text):
    """What is left of a text without its markup."""
    return "".join(c for c in text if c.isalnum())


def of_document(source):
    """Headings, items and code, as markdown-it-py reads them, each with its line."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(source)
    headings, items, code = [], [], []
    lists = []
    for index, token in enumerate(tokens):
        if token.type in ("ordered_list_open", "bullet_list_open"):
            lists.append(token.type)
        elif token.type in ("ordered_list_close", "bullet_list_close"):
            lists.pop()
        elif token.type == "heading_open":
            headings.append(tokens[index + 1].content)
        elif token.type == "list_item_open":
            first = tokens[index + 2] if tokens[index + 1].type == "paragraph_open" else None
            text = first.content if first is not None else ""
            task = re.match(r"\[[ xX]\]\s", text)
            if task or lists[-1] == "ordered_list_open":
                items.append(text[task.end():] if task else text)
        elif token.type in ("fence", "code_block"):
            code.append(token.content)
    return headings, items, code


def of_plan(plan, source):
    """Texts of the plan in its order: those that name something, and those that are shown."""
    document = plan["document"]
    data = source.encode()

    def cut(span):
        return data[span["start"]:span["end"]].decode()

    named, shown = [document["title"]], []
    passages = document.get("passages", [])

    def read(before):
        for passage in passages:
            if passage["before"] == before:
                named.append(passage["heading"] or "")
                shown.extend(cut(span) for span in passage["prose"])

    for index, step in enumerate(document["steps"]):
        read(index)
        named.extend(step["path"] + [step["title"], f"{step['number']} {step['title']}"])
        for action in step["actions"]:
            if action["prose"]:
                shown.append(cut(action["prose"]))
            work = action["work"]
            if "text" in work:
                shown.append(work["text"])
            for field in work.get("fields", []):
                shown.append(field["prompt"])
            offered = work.get("offered")
            if offered:
                shown.append(offered.get("lead", ""))
                shown.append(offered["text"])
                shown.extend(cut(expected["span"]) for expected in work.get("expect", []))
                shown.append(offered.get("after", ""))
    read(len(document["steps"]))
    return named, shown


def lines(texts):
    return [line for text in texts for line in text.split("\n") if line.strip()]


def missing_code(code, shown):
    """Lines of code that no line shown ends with; each line shown counts for one."""
    left = [line.rstrip("\r") for line in shown]
    used = [False] * len(left)
    missing, at = [], 0
    for block in code:
        for line in block.split("\n"):
            line = line.rstrip("\r")
            if not line.strip():
                continue
            # A prompt is no part of the command that is offered.
            bare = re.sub(r"^\s*(?:[\w@.:~/-]*[$#%]|>)\s+", "", line)
            order = list(range(at, len(left))) + list(range(at))
            # What nobody sees is shown by its number.
            seen = re.sub("[\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]", lambda c: f"\u27e8U+{ord(c[0]):04X}\u27e9", line)
            wanted = {line.rstrip(), bare.rstrip(), line, seen.rstrip()}
            found = next((n for n in order if not used[n] and any(left[n].endswith(w) for w in wanted)), None)
            if found is None:
                missing.append(line)
            else:
                used[found], at = True, found + 1
    return missing


def main():
    path, plan, screen = sys.argv[1:]
    with open(path, encoding="utf-8-sig", newline="") as file:
        source = file.read()
    with open(plan, encoding="utf-8") as file:
        plan = json.load(file)
    with open(screen, encoding="utf-8", newline="") as file:
        screen = file.read().replace("\r", "").split("\n")
    front = plan["document"]["front"]["span"]["end"]
    with open(path, encoding="utf-8", newline="") as file:
        whole = file.read()
    body = whole.encode()[front:].decode().removeprefix("\ufeff")
    headings, items, code = of_document(body)
    named, shown = of_plan(plan, whole)
    told = letters("".join(named)) + "|" + letters("".join(shown)) + "|" + "|".join(letters(text) for text in named)
    wrong = []
    for what, texts in (("heading", headings), ("item", items)):
        for text in texts:
            first = text.split("\n")[0]
            # Without what is not seen: addresses of links, footnotes, tags; and without a number, which the step has.
            plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", re.sub(r"\[\^[^\]]*\]|<[^>]*>", "", first))
            bare = re.sub(r"^(?:optional\s+)?(?:step|phase|stage|part|section|task)?\s*\d[\d.]*\s*[-.:)\u2013]*\s*", "", plain, flags=re.I)
            if not any(letters(form) in told for form in (first, plain, bare)):
                wrong.append(f"the {what} {first!r} is nowhere in the plan")
    wrong += [f"code that the plan does not show: {line!r}" for line in missing_code(code, lines(shown))]
    wrong += [f"code that the screen does not show: {line!r}" for line in missing_code(code, [l for l in screen if l.strip()])]
    count = sum(1 for block in code for line in block.split("\n") if line.strip())
    print(f"{len(headings)} headings, {len(items)} items, {len(code)} blocks of code, {count} lines of code")
    for one in wrong:
        print(one)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
