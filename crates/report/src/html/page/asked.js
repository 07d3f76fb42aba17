// What the environment asks of whoever signs and operates: keys, or names that were typed.

/** A key of TOML, dotted or not, at the front of a text: its parts, and what is behind it. `null` where there is none, or one
 * that this page does not read. */
const dotted = (text) => {
  const parts = [];
  for (let rest = text; ; rest = rest.slice(1)) {
    const found = /^[ \t]*(?:([A-Za-z0-9_-]+)|"([^"\\]*)"|'([^']*)')[ \t]*/.exec(rest);
    if (!found) return null;
    parts.push(found[1] ?? found[2] ?? found[3]);
    rest = rest.slice(found[0].length);
    if (!rest.startsWith(".")) return { parts, rest };
  }
};

/** `signature` and `sessions` of an environment, as holdpoint.toml has them; those that it does not have are left out. `null`
 * where it is written in a way that is not read here: in one table that stands in a line, or among texts of many lines. */
const askedFor = (toml, name) => {
  if (/"""|'''/.test(toml)) return null;
  const [asked, wanted] = [{}, JSON.stringify(["environments", name])];
  let table = [];
  for (const line of toml.split(/\r?\n/).map((text) => text.trim())) {
    if (line.startsWith("[[")) table = null;
    else if (line.startsWith("[")) {
      // Or a list that goes on from the line before.
      const head = dotted(line.slice(1));
      if (head?.rest.startsWith("]")) table = head.parts;
      else if (line.includes("\\")) return null;
    } else if (!line.startsWith("#")) {
      const key = dotted(line);
      if (!key?.rest.startsWith("=")) {
        if (/^"[^"]*\\/.test(line)) return null;
        continue;
      }
      if (table === null) continue;
      const path = [...table, ...key.parts];
      const inside = JSON.stringify(path.slice(0, 2)) === wanted;
      if ((path.length === 1 && path[0] === "environments") || (path.length === 2 && inside)) return null;
      const value = /^=[ \t]*(?:"([^"\\]*)"|'([^']*)')/.exec(key.rest);
      if (path.length === 3 && inside && ["signature", "sessions"].includes(path[2])) {
        if (!value) return null;
        asked[path[2]] = value[1] ?? value[2];
      }
    }
  }
  return asked;
};

const byKey = (assurance) => assurance === "ssh" || assurance === "fido-uv";

/** Throws where an event has no signature by key and its environment asks for one; or has one, and an answers file gave it. */
const mustBeByKey = (event, environment) => {
  const { by, overridden } = event;
  const part = { "signoff.given": event, "signoff.rejected": event.signed ?? {}, deviation: overridden }[event.type];
  if (!part) return;
  if (!part.signature && byKey(environment.signature) && by.via !== "answers") {
    throw new Wrong("it takes a signature by key, and has none");
  }
  if (part.signature && by.via === "answers") throw new Wrong("no answers file signs by key");
};

/** Sessions, which are signed before anything else happens in them where the environment asks for that. */
class Sessions {
  constructor() {
    this.due = null;
    this.aborted = false;
  }

  /** Throws where an event cannot stand there. */
  pass(event) {
    if (event.type === "run.opened") {
      this.asked = event.environment.sessions === "ssh";
      this.aliases = Object.entries(event.aliases ?? {}).map(([alias, who]) => [alias.toLowerCase(), who]);
    }
    if (event.type === "session.signed") this.sign(event);
    else if (this.ends(event)) this.aborted = true;
    else if (this.due && !["session.opened", "note", "log.recovered", "signoff.lapsed"].includes(event.type)) {
      throw new Wrong("it takes a session that its operator signed, and this one is not");
    }
    if (!this.asked) return;
    const session = { "run.opened": event.session, "session.opened": event }[event.type];
    if (session) this.due = { who: session.operator, seat: seatOf(session) };
    else if (event.type === "handover.accepted") this.due = { who: event.by.who, seat: null };
  }

  /** A run whose session is not signed can be ended all the same, by whoever operates, with a reason. */
  ends({ type, choice, verdict, by, reason }) {
    if (type === "run.closed") return this.aborted && verdict === "aborted";
    const says = type === "decision" && choice === "abort";
    return says && (!this.due || (/\S/.test(reason ?? "") && this.person(by.who) === this.person(this.due.who)));
  }

  sign({ by, seat }) {
    const { due } = this;
    const fits = due && this.person(by.who) === this.person(due.who) && ["terminal", "command"].includes(by.via);
    if (!fits || (due.seat !== null && due.seat !== seatOf(seat))) {
      throw new Wrong("it signs a session that is not asked for, or of somebody or somewhere else");
    }
    this.due = null;
  }

  /** One for all names of a person. */
  person(name) {
    const wanted = name.trim().toLowerCase();
    const [, who] = this.aliases.find(([alias]) => alias === wanted) ?? [null, name];
    return who.trim().toLowerCase();
  }
}

const seatOf = ({ os_user, host, tty }) => JSON.stringify([os_user, host, tty ?? null]);
