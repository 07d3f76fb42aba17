"use strict";
// A hold point is signed, or rejected, by a passkey: the server says what is to be signed, and checks what came back.
(() => {
  const line = document.getElementById("line");
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const post = async (path, fields) => {
    const answer = await fetch(path, { method: "POST", body: new URLSearchParams(fields) });
    if (!answer.headers.get("content-type")?.startsWith("application/json")) {
      throw new Error("The server does not answer. Load the page anew.");
    }
    const said = await answer.json();
    if (!answer.ok) throw new Error(`${said.error[0].toUpperCase()}${said.error.slice(1)}. ${said.help}`);
    return said;
  };
  const sign = async (rejects) => {
    const form = document.getElementById("sign");
    const { run, shown, site } = form.dataset;
    if (location.hostname !== site) throw new Error(`Passkeys are for ${site}: open this page by that name.`);
    const wish = { who: form.elements.who.value.trim(), shown };
    if (wish.who === "") throw new Error("Say who signs.");
    if (rejects) wish.rejects = document.getElementById("reject").elements.reason.value;
    const { challenge } = await post(`/runs/${run}/sign/prepare`, wish);
    const credential = await navigator.credentials.get({
      publicKey: { rpId: site, challenge: bytes(challenge), userVerification: "required" },
    });
    const { clientDataJSON, authenticatorData, signature } = credential.response;
    const { said } = await post(`/runs/${run}/sign`, {
      client_data: text(clientDataJSON), authenticator_data: text(authenticatorData), signature: text(signature),
    });
    line.textContent = said;
    return said;
  };
  // The forms come and go with what the run waits for.
  const tell = (text) => {
    const said = document.getElementById("said");
    if (said) said.textContent = text;
  };
  document.addEventListener("submit", (event) => {
    const { id } = event.target;
    if (id !== "sign" && id !== "reject") return;
    event.preventDefault();
    tell("Your browser asks for your passkey.");
    sign(id === "reject").then(tell, (error) => tell(`Nothing was signed. ${error.message}`));
  });
})();
