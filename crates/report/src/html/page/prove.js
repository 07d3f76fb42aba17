// The proof: chain, blobs, seal, sign-offs by key and who has to sign by key, in the order in which `holdpoint verify` takes them. Not here: whether
// the engine would have asked for these events (conformity), whether the text that a signer was shown tells what the record
// tells, and whether the outcomes and values that a statement says its
// signer had seen are those that there were. Both take holdpoint itself.

const NAMESPACE = "signoff@holdpoint";
const SESSION = "session@holdpoint";
const APPROVAL = "approval@holdpoint";
const MOST_APART = 15 * 60 * 1000;

/** Blobs that an event names: objects of exactly the two keys `sha256`, a text, and `bytes`, a number. */
const references = (value, found = []) => {
  if (value === null || typeof value !== "object") return found;
  const keys = Object.keys(value);
  if (keys.length === 2 && typeof value.sha256 === "string" && typeof value.bytes === "number") found.push(value);
  else keys.forEach((key) => references(value[key], found));
  return found;
};

/** What is signed at an event: a sign-off, a rejection by key, or an override of rules or a session, which are sign-offs of
 * the whole run. `null` for other events. */
const signOffOf = (event) => {
  if (event.type === "signoff.given") return event;
  if (event.type === "session.signed") {
    const { n, prev, at, by, name, assurance, signature, seat } = event;
    const terminal = seat.tty === undefined ? "" : `, terminal ${seat.tty}`;
    const statement = `I operate this run from here on: account ${seat.os_user} on ${seat.host}${terminal}`;
    const session = { step: "", action: "session", role: "operator", meaning: "responsibility", statement };
    return { n, prev, at, by, name, assurance, signature, ...session };
  }
  if (event.type === "signoff.rejected" && "signed" in event) {
    const { n, prev, at, by, step, action, reason, signed, presence } = event;
    return { n, prev, at, by, step, action, rejected: reason, presence, ...signed };
  }
  if (event.type !== "deviation" || !("overridden" in event)) return null;
  const { n, prev, at, by, reason, overridden } = event;
  const statement = `I override ${overridden.rules.join(", ")} for this run: ${reason}`;
  const { rules, ...rest } = overridden;
  return { n, prev, at, by, step: "", action: "override", meaning: "responsibility", statement, ...rest };
};

/** Events that a signer is told as they stand in the record; of an attempt that did not pass, without what was kept of it. */
const TOLD = new Set([
  "session.opened", "session.signed", "log.recovered", "value.recorded", "value.corrected", "signoff.given", "signoff.rejected", "signoff.refused",
  "signoff.lapsed", "deviation", "document.exchanged", "decision", "rollback.opened", "note", "handover", "handover.accepted",
  "handover.withdrawn",
]);

const told = (event) => {
  const failed = /^(action|rollback)[.]finished$/.test(event.type) && event.outcome !== "passed";
  const unmet = event.type === "rules.checked" && (event.unmet ?? []).length > 0;
  if (!TOLD.has(event.type) && !failed && !unmet) return [];
  const { prev, at, more, output, files, state, masked, ...rest } = event;
  return [rest];
};

/** The same value, the keys of its objects in one order. */
const ordered = (value) => {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(ordered);
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, ordered(value[key])]));
};

/** The keys that every line has, in their order; `more` only where the same write goes on with the next line. */
const FIRST = ["n", "prev", "at", "type"];
const MOST_LINES = 1000;
const MOST_BYTES = 32 * 1024 * 1024;

/** One line of the record, held against its place in the chain. */
const readEvent = (line, n, prev) => {
  const event = JSON.parse(textOf(line));
  if (event.n !== n) throw new Wrong(`its number is ${event.n} and must be ${n}`);
  if (event.prev !== prev) throw new Wrong("its prev is not the SHA-256 of the bytes before the line");
  if ((n === 0) !== (event.type === "run.opened")) throw new Wrong(`its type cannot be ${event.type}`);
  const keys = Object.keys(event);
  const first = "more" in event ? [...FIRST.slice(0, 3), "more", "type"] : FIRST;
  if (first.some((key, at) => keys[at] !== key)) throw new Wrong(`it does not begin with ${first.join(", ")}`);
  if ("more" in event && event.more !== true) throw new Wrong("more is true or is not there");
  return event;
};

class Proof {
  constructor(kept) {
    this.kept = kept;
    this.log = fromBase64(kept.log);
    this.chain = new Sha256();
    this.events = 0;
    this.blobs = new Map();
    this.checked = 0;
    this.signatures = 0;
    this.typed = 0;
    this.unchecked = (kept.beside ?? []).map((why) => `Not looked at here; holdpoint verify said when this page was made: ${why}.`);
    this.history = [];
    this.torn = 0;
    this.last = null;
    this.sessions = new Sessions();
  }

  /** The verdict: `{ state: "good" | "open" | "unsure" | "bad", event, reason }`. */
  async verdict() {
    let at = 0;
    try {
      // The lines of the write that is being read: none counts before its last.
      let write = [];
      for (let end; (end = this.log.indexOf(10, at)) >= 0; at = end + 1) {
        const line = this.log.subarray(at, end);
        let event;
        try {
          event = readEvent(line, this.events + write.length, this.chain.hex());
          write.push({ event, line, at });
          if (write.length > MOST_LINES || (write.length > 1 && end + 1 - write[0].at > MOST_BYTES)) {
            throw new Wrong("its write has too many events");
          }
        } catch (error) {
          // What is wrong before it is told first.
          await this.proveAll(write.filter((read) => read.event !== event));
          throw error;
        }
        this.chain.update(this.log.subarray(at, end + 1));
        if (event.more) continue;
        await this.proveAll(write);
        write = [];
      }
      at = write[0]?.at ?? at;
      this.digest = write[0]?.event.prev ?? this.chain.hex();
      this.torn = this.log.length - at;
      if (!this.opened) throw new Wrong("there is no complete first event");
      const whole = toHex(await digest("SHA-256", this.log.subarray(0, at)));
      if (whole !== this.digest) throw new Wrong("this page and the browser disagree about a SHA-256");
    } catch (error) {
      if (error instanceof Wrong || error instanceof SyntaxError || error instanceof TypeError) {
        return { state: "bad", event: this.events, reason: error.message };
      }
      throw error;
    }
    return this.sealed(at);
  }

  /** Each event of a write of which every line is there. */
  async proveAll(write) {
    for (const { event, line, at } of write) {
      this.opened ??= event;
      // From here on the run is of that document.
      if (event.type === "document.exchanged") this.runbook = event.runbook;
      // Another spelling may hide what other readers see, a key given twice for one.
      if (JSON.stringify(event) !== textOf(line)) {
        this.unchecked.push(`Event ${event.n} is spelled in a way that only holdpoint verify can judge.`);
      }
      await this.prove(event, at);
      this.last = event;
      this.events++;
    }
  }

  async prove(event, offset) {
    for (const blob of references(event)) await this.blob(blob);
    for (const approved of event.policy?.approvals ?? []) {
      await this.tried(`The approval by ${approved.who}`, () => this.approval(approved, event));
    }
    if (event.type === "run.opened") this.asks(event);
    this.sessions.pass(event);
    const signOff = signOffOf(event);
    if (signOff) await this.signedOff(signOff, offset);
    mustBeByKey(event, this.opened.environment);
    this.history.push(...told(event));
  }

  /** What event 0 says that the environment asks for is what the recorded configuration says. */
  asks(opened) {
    const { config, environment } = opened;
    if (config && !Object.hasOwn(this.kept.blobs, config.sha256)) return;
    const asked = config ? askedFor(textOf(fromBase64(this.kept.blobs[config.sha256])), environment.name) : {};
    if (asked === null) {
      this.unchecked.push("The recorded holdpoint.toml is written in a way that only holdpoint verify can judge.");
      return;
    }
    for (const what of ["signature", "sessions"]) {
      const [due, is] = [asked[what] ?? "typed", environment[what] ?? "typed"];
      if (due !== is) throw new Wrong(`it says that ${what} are ${is}, and the recorded configuration says ${due}`);
    }
  }

  async signedOff(event, offset) {
    const byKey = event.assurance === "ssh" || event.assurance === "fido-uv";
    if (byKey !== ("signature" in event)) throw new Wrong("a sign-off has a signature exactly if a key gave it");
    if (!byKey) {
      if (event.step === "" && event.action === "session") throw new Wrong("a session is signed by key");
      this.typed++;
      return;
    }
    await this.tried(`The signature at event ${event.n}`, () => this.signOff(event, offset));
  }

  async tried(what, check) {
    try {
      await check();
      this.signatures++;
    } catch (error) {
      if (!(error instanceof NotChecked)) throw error;
      this.unchecked.push(`${what} was not checked here: ${error.message}.`);
    }
  }

  /** An approval of the document: of these bytes and claims, signed by whom the record says. */
  async approval(approved, event) {
    const statement = this.content(approved.statement);
    const says = JSON.parse(textOf(statement));
    const { runbook } = event;
    if (`${JSON.stringify(says, null, 2)}\n` !== textOf(statement)) throw new Wrong("an approval is not written as holdpoint writes it");
    const { document, approver, approvers } = says;
    const due = {
      format: [says.holdpoint, "approval/1.0"],
      meaning: [says.meaning, "approval"],
      document: [
        [document.path, document.sha256, document.title, document.document_id, document.revision, document.effective_date],
        [runbook.path, runbook.blob.sha256, runbook.title, runbook.document_id, runbook.revision, runbook.claims?.effective_date],
      ],
      "set of included files": [document.includes, runbook.includes?.map(({ path, blob }) => ({ path, sha256: blob.sha256 }))],
      approver: [[approver.principal, approver.name], [approved.who, approved.name]],
      time: [says.at.time, approved.time],
    };
    for (const [what, [is, must]] of Object.entries(due)) {
      if (JSON.stringify(is) !== JSON.stringify(must)) throw new Wrong(`the approval by ${approved.who} is of another ${what}`);
    }
    if (!approvers.includes(approved.who)) throw new Wrong(`${approved.who} is none of the document's approvers`);
    const signed = Date.parse(says.at.time);
    if (!(signed - Date.parse(event.at) <= MOST_APART)) throw new Wrong(`the approval by ${approved.who} was signed after the run was opened`);
    const assurance = await this.signed(statement, this.content(approved.signature), APPROVAL, approved.who, approved.key, [signed]);
    if (assurance !== approved.assurance) throw new Wrong(`the approval is of the assurance ${assurance}, and the record says ${approved.assurance}`);
  }

  async blob({ sha256, bytes }) {
    const name = sha256.slice(0, 12);
    if (this.blobs.has(sha256)) {
      if (this.blobs.get(sha256) !== bytes) throw new Wrong(`the blob ${name}… has two lengths`);
      return;
    }
    const { blobs, left_out, expunged } = this.kept;
    if (Object.hasOwn(blobs, sha256)) {
      const content = fromBase64(blobs[sha256]);
      if (content.length !== bytes) throw new Wrong(`the blob ${name}… has ${content.length} bytes and must have ${bytes}`);
      if (toHex(await digest("SHA-256", content)) !== sha256) throw new Wrong(`the blob ${name}… is altered`);
      this.checked++;
    } else if (expunged.includes(sha256)) {
      this.unchecked.push(`The blob ${name}… (event ${this.events}) was expunged: its bytes are gone.`);
    } else if (left_out.includes(sha256)) {
      this.unchecked.push(`The blob ${name}… (event ${this.events}, ${bytes} bytes) is too large for this page and was not checked.`);
    } else throw new Wrong(`the blob ${name}… is missing`);
    this.blobs.set(sha256, bytes);
  }

  content(reference) {
    const { blobs } = this.kept;
    if (!Object.hasOwn(blobs, reference.sha256)) throw new NotChecked("the file that says who may sign is not in this page");
    return fromBase64(blobs[reference.sha256]);
  }

  /** A sign-off by key: the files are those of the event, the statement is of this moment, the right person signed it. */
  async signOff(event, offset) {
    const name = `${String(event.n).padStart(4, "0")}.json`;
    const [statement, armored] = await Promise.all([
      this.file(name, event.signature.statement),
      this.file(`${name}.sig`, event.signature.signature),
    ]);
    const says = JSON.parse(textOf(statement));
    if (`${JSON.stringify(says, null, 2)}\n` !== textOf(statement)) {
      this.unchecked.push(`signoffs/${name} is spelled in a way that only holdpoint verify can judge.`);
    }
    const whole = event.step === "";
    if (!whole && typeof event.presence?.shown?.sha256 !== "string") {
      throw new Wrong("a sign-off by key does not say what its signer was shown");
    }
    this.fits(says, event, offset);
    const [signed, recorded] = [Date.parse(says.at.time), Date.parse(event.at)];
    if (!(Math.abs(signed - recorded) <= MOST_APART)) throw new Wrong("the sign-off was signed at quite another time than it was recorded");
    const assurance = await this.signed(statement, armored, whole && event.action === "session" ? SESSION : NAMESPACE, event.by.who, event.signature.key, [signed, recorded]);
    if (assurance !== event.assurance) throw new Wrong(`the signature is of the assurance ${assurance}, and the record says ${event.assurance}`);
  }

  /** The principal signed this with this key, which was theirs at all these times. Gives the assurance. */
  async signed(statement, armored, namespace, principal, key, times) {
    const envelope = readEnvelope(armored);
    if (envelope.namespace !== namespace) throw new Wrong(`the signature was made for ${envelope.namespace}, not for ${namespace}`);
    const flags = await proveEnvelope(envelope, statement);
    if ((await fingerprint(envelope.key)) !== key) throw new Wrong("the signature is by another key than the record says");
    if (flags && !flags.present) throw new Wrong("the security key signed without being touched");
    if (this.opened.revoked) mustNotBeRevoked(this.content(this.opened.revoked), envelope.key);
    if (!this.opened.signers) throw new Wrong("the run has no file of allowed signers");
    maySign(this.content(this.opened.signers), principal, envelope.key, namespace, times);
    return flags?.verified ? "fido-uv" : "ssh";
  }

  async file(name, sha256) {
    const { signoffs } = this.kept;
    if (!Object.hasOwn(signoffs, name)) throw new Wrong(`signoffs/${name} is missing`);
    const content = fromBase64(signoffs[name]);
    if (toHex(await digest("SHA-256", content)) !== sha256) throw new Wrong(`signoffs/${name} is not the one that was recorded`);
    return content;
  }

  /** The statement is of this run, moment, step, role, text and signer: else it was moved here from elsewhere. */
  fits(says, event, offset) {
    const { number, id, environment } = this.opened;
    const runbook = this.runbook ?? this.opened.runbook;
    const due = {
      format: [says.holdpoint, "statement/1.0"],
      run: [[says.run.number, says.run.id], [number, id]],
      "moment of the record": [
        [says.record.events, says.record.bytes, says.record.sha256],
        [event.n, offset, event.prev],
      ],
      step: [[says.step, says.action], [event.step, event.action]],
      role: [says.role, event.role],
      meaning: [says.meaning, event.meaning],
      text: [says.statement, event.statement],
      outcome: [says.rejected, event.rejected],
      signer: [[says.signer.principal, says.signer.name], [event.by.who, event.name]],
      document: [
        [says.runbook.path, says.runbook.sha256, says.runbook.title, says.runbook.revision, says.runbook.commit],
        [runbook.path, runbook.blob.sha256, runbook.title, runbook.revision, runbook.commit],
      ],
      environment: [says.environment, environment.name],
      "shown text": [says.presence?.shown, event.presence?.shown],
      "session of its signer": [ordered(says.presence ?? null), ordered(event.presence ?? null)],
      "account of what happened": [ordered(says.seen?.history), ordered(this.history)],
    };
    for (const [what, [is, must]] of Object.entries(due)) {
      if (JSON.stringify(is) !== JSON.stringify(must)) throw new Wrong(`the signed statement has another ${what}`);
    }
  }

  /** What whole lines, torn tail and seal say together. */
  sealed(length) {
    const last = this.events - 1;
    const bad = (event, reason) => ({ state: "bad", event, reason });
    const closed = this.last.type === "run.closed" ? this.last.verdict : null;
    if (this.kept.seal === null) {
      if (this.torn > 0 && closed) return bad(this.events, "bytes follow the end of the run");
      if (this.torn > 0) this.unchecked.push(`The last ${this.torn} bytes are a torn write, and no event.`);
      else if (closed) this.unchecked.push("The run is closed and not sealed: what may have followed is not known.");
      return this.found("open");
    }
    let seal;
    try {
      seal = JSON.parse(textOf(fromBase64(this.kept.seal)));
    } catch {
      return bad(last, "seal.json is no seal");
    }
    if (seal === null || typeof seal !== "object") return bad(last, "seal.json is no seal");
    if (this.log.length < seal.bytes && this.events < seal.events) {
      return bad(this.events, `truncated: ${this.events} events are left of ${seal.events} that were sealed`);
    }
    if (this.torn > 0 && this.events < seal.events) return bad(this.events, "it is no whole write, and was when the record was sealed");
    if (this.events > seal.events || this.torn > 0) return bad(seal.events, "it was added after the record was sealed");
    const { number, id, format } = this.opened;
    const due = {
      length: [seal.bytes, length],
      digest: [seal.sha256, this.digest],
      "number of events": [seal.events, this.events],
      verdict: [seal.verdict, closed],
      "run's name": [[seal.id, seal.number].join(), [id, number].join()],
      "format version": [seal.format, format],
    };
    for (const [what, [is, must]] of Object.entries(due)) {
      if (is !== must) return bad(last, `the seal has another ${what}`);
    }
    return this.found("good");
  }

  found(state) {
    return { state: this.unchecked.length > 0 ? "unsure" : state, complete: state === "good" };
  }
}
