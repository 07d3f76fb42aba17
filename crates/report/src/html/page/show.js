// Shows what came of the proof, in the browser and on paper.

const line = (parent, kind, text) => {
  const made = document.createElement(kind);
  // Names and reasons may be anybody's: text, and nothing that hides or turns.
  made.textContent = String(text).replace(/[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, "\ufffd");
  parent.append(made);
};

const TITLES = {
  good: "Intact and complete",
  open: "Intact, open",
  unsure: "Not everything could be checked",
  bad: "Not intact",
};

const show = ({ state, title, sentences }) => {
  const box = document.getElementById("proof");
  box.replaceChildren();
  box.className = `proof ${state}`;
  line(box, "h2", title);
  sentences.forEach((sentence) => line(box, "p", sentence));
  document.documentElement.dataset.proof = state;
};

const plural = (count, one, many) => `${count} ${count === 1 ? one : many}`;

// With what the record says that the run was given, as far as the title asks for names alone; and as it is written.
const titleOf = ({ runbook, inputs, environment }) => {
  const values = new Map(Object.entries(environment?.vars ?? {}));
  for (const { name, value } of inputs ?? []) if (typeof value === "string") values.set(name, value);
  const title = runbook.title.replaceAll(/\{\{\s*([A-Za-z_]\w*)\s*\}\}/gu, (written, name) => values.get(name) ?? written);
  return title === runbook.title ? `“${title}”` : `“${title}” (written “${runbook.title}”)`;
};

const sentencesOf = (proof, verdict) => {
  const checked = [
    `${plural(proof.events, "event", "events")} in an unbroken chain`,
    plural(proof.checked, "blob", "blobs"),
    `${plural(proof.signatures, "signature", "signatures")} by key`,
  ];
  if (proof.typed > 0) checked.push(`${plural(proof.typed, "sign-off", "sign-offs")} without a key`);
  if (proof.kept.seal !== null) checked.push("the seal");
  const { number } = proof.opened;
  const closed = verdict.complete ? `ended: ${String(proof.last.verdict).replaceAll("_", " ")}` : "has no sealed end yet";
  return [
    `The record in this page says: run ${number}, ${titleOf(proof.opened)}, ${closed}.`,
    ...proof.unchecked,
    `Looked at just now, by this browser: ${checked.join(", ")}. SHA-256 of the record: ${proof.chain.hex()}.`,
    "What a page cannot prove: that its own wording and this check were not changed, that the run went as the document asks, and that what signers are said to have seen is all there was. Nor was it looked for whether one key stands for two people in the file that says who may sign, or two spellings for one person. For all that, have the record and type: holdpoint verify RUN.",
  ];
};

// Whoever made the page asked `holdpoint verify`, which looks at more than a page can: what that refused is not shown as good.
const withWord = (verdict, proof) => {
  const said = proof.kept.verification ?? "";
  if (said === "" || said.startsWith("intact")) return verdict;
  if (said.startsWith("expunged")) {
    const sound = ["good", "open"].includes(verdict.state);
    if (sound) proof.unchecked.push(`holdpoint verify said when this page was made: ${said}.`);
    return sound ? { ...verdict, state: "unsure" } : verdict;
  }
  const told = / at event (\d+)$/.exec(said);
  const event = told ? Number(told[1]) : proof.events;
  if (verdict.state === "bad" && verdict.event <= event) return verdict;
  return { state: "bad", event, reason: `holdpoint verify refused the record when this page was made: ${said}` };
};

const check = async () => {
  if (!globalThis.crypto?.subtle) {
    const sentences = ["This browser gives a page opened in this way no cryptography. Nothing was checked. Use holdpoint verify."];
    return show({ state: "unsure", title: "Not checked", sentences });
  }
  const proof = new Proof(JSON.parse(document.getElementById("record").textContent));
  const verdict = withWord(await proof.verdict(), proof);
  if (verdict.state === "bad") {
    const sentences = [`At event ${verdict.event}: ${verdict.reason}.`, "Do not rely on this page. Have the record itself, and type: holdpoint verify RUN."];
    return show({ state: "bad", title: `Not intact: altered or cut at event ${verdict.event}`, sentences });
  }
  const unsure = verdict.state === "unsure" ? `, though: ${TITLES.unsure.toLowerCase()}` : "";
  const title = `${verdict.complete ? TITLES.good : TITLES.open}${unsure}`;
  show({ state: verdict.state, title, sentences: sentencesOf(proof, verdict) });
};

check().catch((error) => {
  show({ state: "bad", title: "Not intact", sentences: [`The record in this page cannot be read: ${error.message}.`] });
});
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((fold) => {
  fold.dataset.wasOpen = fold.open;
  fold.open = fold.dataset.print !== "closed";
}));
addEventListener("afterprint", () => document.querySelectorAll("details").forEach((fold) => {
  fold.open = fold.dataset.wasOpen === "true";
}));
