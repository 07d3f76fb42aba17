"use strict";
// A passkey is made by the browser; its public half is shown as OpenSSH writes it, and sent to nobody.
(() => {
  const form = document.getElementById("make");
  const said = document.getElementById("said");
  const made = document.getElementById("made");
  const { site } = form.dataset;
  const utf8 = new TextEncoder();
  const joined = (...parts) => new Uint8Array(parts.flatMap((part) => [...part]));
  const string = (bytes) => {
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, bytes.length);
    return joined(length, bytes);
  };
  const KIND = "sk-ecdsa-sha2-nistp256@openssh.com";
  // What a public key of P-256 begins with (RFC 5480); the point follows.
  const POINT = 65, WHOLE = 91;
  if (location.hostname !== site) {
    said.textContent = `Passkeys are for ${site}: open this page by that name.`;
    form.querySelector("button").disabled = true;
    return;
  }
  const make = async () => {
    const who = new FormData(form).get("who").trim();
    if (!/^[^\s",*?!#\\]+$/.test(who)) throw new Error("That is no name that stands in allowed_signers.");
    const random = (length) => crypto.getRandomValues(new Uint8Array(length));
    const credential = await navigator.credentials.create({
      publicKey: {
        rp: { id: site, name: `Holdpoint at ${site}` },
        user: { id: random(16), name: who, displayName: who },
        challenge: random(32),
        pubKeyCredParams: [{ type: "public-key", alg: -7 }],
        authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
        attestation: "none",
      },
    });
    const key = new Uint8Array(credential.response.getPublicKey());
    if (credential.response.getPublicKeyAlgorithm() !== -7 || key.length !== WHOLE || key[WHOLE - POINT] !== 4) {
      throw new Error("The passkey is of a kind that OpenSSH does not know.");
    }
    const parts = [utf8.encode(KIND), utf8.encode("nistp256"), key.slice(-POINT), utf8.encode(site)];
    const blob = joined(...parts.map(string));
    made.textContent = `${who} namespaces="signoff@holdpoint,review@holdpoint" ${KIND} ${btoa(String.fromCharCode(...blob))}`;
    made.hidden = false;
    said.textContent = "The passkey is made. This line makes it count; give it to whoever keeps holdpoint.toml:";
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    made.hidden = true;
    said.textContent = "Your browser asks for a passkey.";
    make().catch((error) => { said.textContent = `No passkey was made. ${error.message}`; });
  });
})();
