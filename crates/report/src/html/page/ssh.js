// SSH signatures (OpenSSH's PROTOCOL.sshsig and PROTOCOL.u2f), checked by the browser's own WebCrypto.

/** What a check ended with that is neither good nor bad: this page cannot tell. */
class NotChecked extends Error {}

/** What is wrong, in words for the reader. */
class Wrong extends Error {}

/** Reads SSH's `string`s, numbers and bytes; what does not fit is wrong. */
class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  take(length) {
    if (this.at + length > this.bytes.length) throw new Wrong("it is not an SSH signature: it ends too early");
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  number() {
    const four = this.take(4);
    return new DataView(four.buffer, four.byteOffset, 4).getUint32(0);
  }

  string() {
    return this.take(this.number());
  }

  text() {
    return textOf(this.string());
  }

  end() {
    if (this.at !== this.bytes.length) throw new Wrong("it is not an SSH signature: bytes follow it");
  }
}

const sshString = (bytes) => {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return concat(length, bytes);
};

const digest = async (name, bytes) => new Uint8Array(await crypto.subtle.digest(name, bytes));

/** An armored signature taken apart. */
const readEnvelope = (armored) => {
  const lines = textOf(armored).trim().split("\n");
  if (lines.shift() !== "-----BEGIN SSH SIGNATURE-----" || lines.pop() !== "-----END SSH SIGNATURE-----") {
    throw new Wrong("it is not an SSH signature: its first or last line is another");
  }
  let bytes;
  try {
    bytes = fromBase64(lines.join(""));
  } catch {
    throw new Wrong("it is not an SSH signature: it is no base64");
  }
  const reader = new Reader(bytes);
  if (textOf(reader.take(6)) !== "SSHSIG") throw new Wrong("it does not begin as an SSH signature does");
  if (reader.number() !== 1) throw new Wrong("it is an SSH signature of another version");
  const [key, namespace, reserved, hash] = [reader.string(), reader.text(), reader.string(), reader.text()];
  const signature = reader.string();
  reader.end();
  if (reserved.length > 0) throw new Wrong("it holds reserved bytes whose meaning is not known");
  const hashes = { sha256: "SHA-256", sha512: "SHA-512" };
  if (!Object.hasOwn(hashes, hash)) throw new Wrong("its digest is neither sha256 nor sha512");
  return { key, namespace, hash, hashName: hashes[hash], signature };
};

/** As `ssh-keygen -l` shows it. */
const fingerprint = async (key) => `SHA256:${toBase64(await digest("SHA-256", key)).replace(/=+$/, "")}`;

const CURVES = {
  "ecdsa-sha2-nistp256": ["nistp256", "P-256", "SHA-256", 32],
  "ecdsa-sha2-nistp384": ["nistp384", "P-384", "SHA-384", 48],
  "ecdsa-sha2-nistp521": ["nistp521", "P-521", "SHA-512", 66],
};

const base64Url = (bytes) => toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** A positive integer of SSH without the zero in front. */
const unsigned = (bytes) => {
  let from = 0;
  while (from < bytes.length && bytes[from] === 0) from++;
  return bytes.subarray(from);
};

/** An integer in exactly so many bytes, as WebCrypto wants the halves of an ECDSA signature. */
const fixed = (bytes, length) => {
  const value = unsigned(bytes);
  if (value.length > length) throw new Wrong("the signature has a number that is too long");
  return concat(new Uint8Array(length - value.length), value);
};

/** A positive number in its one writing: no zero before it that it does not need. */
const shortest = (bytes) => {
  if (bytes.length === 0 || bytes[0] > 127 || (bytes[0] === 0 && !(bytes[1] > 127))) {
    throw new Wrong("the signature has a number that is not written as it must be");
  }
  return bytes;
};

/** Asks WebCrypto. What this browser does not know is not checked, never taken for good. */
const holds = async (format, key, how, signature, message) => {
  let imported;
  try {
    imported = await crypto.subtle.importKey(format, key, how, false, ["verify"]);
  } catch (error) {
    if (error.name !== "NotSupportedError") throw new Wrong("the public key is none");
    throw new NotChecked(`this browser does not know ${how.name} keys`);
  }
  return crypto.subtle.verify(how, imported, signature, message);
};

const ecdsa = (name, keyReader, blob, message) => {
  const [curve, namedCurve, hash, length] = CURVES[name];
  if (keyReader.text() !== curve) throw new Wrong("the public key is of another curve than it says");
  const point = keyReader.string();
  const halves = new Reader(blob);
  const raw = concat(fixed(shortest(halves.string()), length), fixed(shortest(halves.string()), length));
  halves.end();
  return holds("raw", point, { name: "ECDSA", namedCurve, hash }, raw, message);
};

const ed25519 = (keyReader, blob, message) =>
  holds("raw", keyReader.string(), { name: "Ed25519" }, blob, message);

const rsa = (keyReader, algorithm, blob, message) => {
  const hashes = { "rsa-sha2-256": "SHA-256", "rsa-sha2-512": "SHA-512" };
  if (!Object.hasOwn(hashes, algorithm)) throw new Wrong(`an RSA key does not sign with ${algorithm}`);
  const [e, n] = [unsigned(keyReader.string()), unsigned(keyReader.string())];
  const jwk = { kty: "RSA", e: base64Url(e), n: base64Url(n) };
  return holds("jwk", jwk, { name: "RSASSA-PKCS1-v1_5", hash: hashes[algorithm] }, fixed(blob, n.length), message);
};

const SECURITY_KEY = "sk-ecdsa-sha2-nistp256@openssh.com";
const PASSKEY = `webauthn-${SECURITY_KEY}`;

/** Whether a page of this origin may use keys of this site: the site or below it, encrypted but on one's own machine. */
const isOfSite = (origin, site) => {
  const [, scheme, host] = /^(https?):\/\/([a-z0-9.-]+)(?::[1-9][0-9]{0,4})?$/.exec(origin) ?? [];
  const own = host === "localhost" || host?.endsWith(".localhost");
  return host !== undefined && /^[a-z0-9.-]+$/.test(site) && (scheme === "https" || own)
    && (host === site || host.endsWith(`.${site}`));
};

/** The client data that a passkey's signature holds (PROTOCOL.u2f), where they are of this challenge and of a page of the site. */
const clientData = (signature, flags, challenge, site) => {
  const [origin, bytes] = [signature.text(), signature.string()];
  if (signature.string().length > 0 || (flags & 0xc0) !== 0) throw new Wrong("the passkey's signature has extensions");
  if (bytes.length > 4096) throw new Wrong("the passkey's client data are too long");
  if (!isOfSite(origin, site)) throw new Wrong(`the page ${origin} is not one of the passkey's site ${site}`);
  const text = textOf(bytes);
  const begins = `{"type":"webauthn.get","challenge":"${base64Url(challenge)}","origin":"${origin}"`;
  let says = null;
  try {
    says = JSON.parse(text);
  } catch {
    // Told below.
  }
  if (says === null || !text.startsWith(begins) || !text.endsWith("}")) throw new Wrong("the passkey signed something else");
  if (("crossOrigin" in says && says.crossOrigin !== false) || "topOrigin" in says) {
    throw new Wrong("the passkey signed within a page of another site");
  }
  // What is named twice is read once.
  if (JSON.stringify(says) !== text) throw new NotChecked("the passkey's client data are spelled in a way that only holdpoint verify can judge");
  return bytes;
};

/** Whether the envelope's own key signed the message. Gives the flags of a security key, where it is one. */
const proveEnvelope = async (envelope, message) => {
  const signed = concat(
    utf8.encode("SSHSIG"),
    sshString(utf8.encode(envelope.namespace)),
    sshString(new Uint8Array(0)),
    sshString(utf8.encode(envelope.hash)),
    sshString(await digest(envelope.hashName, message)),
  );
  const key = new Reader(envelope.key);
  const signature = new Reader(envelope.signature);
  const [type, algorithm, blob] = [key.text(), signature.text(), signature.string()];
  if (type.includes("-cert-")) throw new NotChecked("the key comes with a certificate");
  const passkey = type === SECURITY_KEY && algorithm === PASSKEY;
  if (algorithm !== type && type !== "ssh-rsa" && !passkey) throw new Wrong(`a key of the type ${type} does not sign with ${algorithm}`);
  let flags = null;
  let good;
  if (type === "ssh-ed25519") good = await ed25519(key, blob, signed);
  else if (Object.hasOwn(CURVES, type)) good = await ecdsa(type, key, blob, signed);
  else if (type === "ssh-rsa") good = await rsa(key, algorithm, blob, signed);
  else if (type === "sk-ssh-ed25519@openssh.com" || type === SECURITY_KEY) {
    const trailer = signature.take(5);
    flags = { present: (trailer[0] & 1) !== 0, verified: (trailer[0] & 4) !== 0 };
    const application = (start) => {
      const reader = new Reader(envelope.key);
      for (let skipped = 0; skipped < start; skipped++) reader.string();
      return reader.string();
    };
    const ed = type.startsWith("sk-ssh-ed25519");
    const site = application(ed ? 2 : 3);
    const over = concat(
      await digest("SHA-256", site),
      trailer,
      await digest("SHA-256", passkey ? clientData(signature, trailer[0], signed, textOf(site)) : signed),
    );
    good = ed ? await ed25519(key, blob, over) : await ecdsa("ecdsa-sha2-nistp256", key, blob, over);
    key.string();
  } else throw new NotChecked(`keys of the type ${type} are not known to this page`);
  key.end();
  signature.end();
  if (!good) throw new Wrong("it is not this key's signature of the statement");
  return flags;
};
