"use strict";
// A hold point is signed or rejected, or a run reviewed, by a passkey: the server says what is to be signed, and checks what came
// back. A note is signed by nobody.
(() => {
  const line = document.getElementById("line");
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  // What went wrong. Where no answer came, it may have been done all the same.
  const failure = (message, unknown) => Object.assign(new Error(message), { unknown });
  const post = async (path, fields) => {
    const answer = await fetch(path, {
      method: "POST", body: new URLSearchParams(fields), headers: { accept: "application/json" },
    }).catch((error) => {
      throw failure(`${error.message}.`, true);
    });
    const unknown = answer.status >= 500;
    if (!answer.headers.get("content-type")?.startsWith("application/json")) {
      throw failure("The server does not answer. Load the page anew.", unknown);
    }
    const said = await answer.json().catch((error) => { throw failure(`${error.message}.`, true); });
    if (!answer.ok) throw failure(`${said.error[0].toUpperCase()}${said.error.slice(1)}. ${said.help}`, unknown);
    return said;
  };
  const told = (nothing) => ({ message, unknown }) => unknown
    ? `No answer came that says whether it is on record. Load the page anew and look, before you do it again. (${message})`
    : `${nothing} ${message}`;
  const signed = async (form, what, more) => {
    const { run, shown, site } = form.dataset;
    if (location.hostname !== site) throw new Error(`Passkeys are for ${site}: open this page by that name.`);
    const wish = { who: form.elements.who.value.trim(), shown, ...more };
    if (wish.who === "") throw new Error("Say who signs.");
    const { challenge } = await post(`/runs/${run}/${what}/prepare`, wish).catch((error) => {
      // Up to here nothing can have been signed.
      throw failure(error.message, false);
    });
    const credential = await navigator.credentials.get({
      publicKey: { rpId: site, challenge: bytes(challenge), userVerification: "required" },
    });
    const { clientDataJSON, authenticatorData, signature } = credential.response;
    const { said } = await post(`/runs/${run}/sign`, {
      client_data: text(clientDataJSON), authenticator_data: text(authenticatorData), signature: text(signature),
    });
    if (line) line.textContent = said;
    return said;
  };
  const field = (form, name) => document.getElementById(form).elements[name].value;
  const deeds = {
    sign: (form) => signed(form, "sign", {}),
    reject: () => signed(document.getElementById("sign"), "sign", { rejects: field("reject", "reason") }),
    review: (form) => signed(form, "review", { kind: field("review", "kind"), text: field("review", "text") }),
  };
  // The forms come and go with what the run waits for.
  const tell = (id) => (text) => {
    const said = document.getElementById(id);
    if (said) said.textContent = text;
  };
  const note = async (form) => {
    const { said } = await post(`/runs/${form.dataset.run}/note`, { who: field("note", "who").trim(), text: field("note", "text") });
    form.elements.text.value = "";
    return said;
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const deed = deeds[form.id];
    if (form.id !== "note" && !deed) return;
    event.preventDefault();
    if (form.id === "note") {
      note(form).catch(told("Nothing was noted.")).then(tell("noted"));
      return;
    }
    tell("said")("Your browser asks for your passkey.");
    deed(form).catch(told("Nothing was signed.")).then(tell("said"));
  });
})();
