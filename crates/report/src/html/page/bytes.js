// Bytes: texts, base64, hex, and SHA-256 that can be asked in between (WebCrypto digests whole messages only).

const utf8 = new TextEncoder();

/** Text of UTF-8 bytes; throws where they are none. A byte order mark is no exception. */
const textOf = (bytes) => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);

/** The browser's own reader where it has one: a record may be large. */
const fromBase64 = (text) =>
  Uint8Array.fromBase64?.(text) ?? Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

const toBase64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));

const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

const same = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);

const concat = (...parts) => {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
};

/** SHA-256 (FIPS 180-4) of everything so far, at any moment. */
class Sha256 {
  static K = Sha256.roots(64, 1 / 3);

  /** First 32 bits of the fractional parts of roots of the first primes: the standard's constants. */
  static roots(count, power) {
    const found = [];
    for (let n = 2; found.length < count; n++) {
      let prime = true;
      for (let d = 2; d * d <= n; d++) prime = prime && n % d !== 0;
      if (prime) found.push(Math.floor((n ** power % 1) * 2 ** 32));
    }
    return Uint32Array.from(found);
  }

  constructor() {
    this.state = Sha256.roots(8, 1 / 2);
    this.rest = new Uint8Array(64);
    this.filled = 0;
    this.length = 0;
    this.words = new Uint32Array(64);
  }

  update(bytes) {
    this.length += bytes.length;
    for (let at = 0; at < bytes.length; ) {
      const taken = Math.min(64 - this.filled, bytes.length - at);
      this.rest.set(bytes.subarray(at, at + taken), this.filled);
      this.filled += taken;
      at += taken;
      if (this.filled === 64) {
        this.block(this.state, this.rest);
        this.filled = 0;
      }
    }
  }

  /** Lower-case hex; more may follow. */
  hex() {
    const state = this.state.slice();
    const last = new Uint8Array(this.filled < 56 ? 64 : 128);
    last.set(this.rest.subarray(0, this.filled));
    last[this.filled] = 0x80;
    new DataView(last.buffer).setBigUint64(last.length - 8, BigInt(this.length) * 8n);
    for (let at = 0; at < last.length; at += 64) this.block(state, last.subarray(at, at + 64));
    return Array.from(state, (word) => word.toString(16).padStart(8, "0")).join("");
  }

  block(state, block) {
    const w = this.words;
    const view = new DataView(block.buffer, block.byteOffset, 64);
    const turn = (x, by) => (x >>> by) | (x << (32 - by));
    for (let t = 0; t < 16; t++) w[t] = view.getUint32(t * 4);
    for (let t = 16; t < 64; t++) {
      const s0 = turn(w[t - 15], 7) ^ turn(w[t - 15], 18) ^ (w[t - 15] >>> 3);
      const s1 = turn(w[t - 2], 17) ^ turn(w[t - 2], 19) ^ (w[t - 2] >>> 10);
      w[t] = w[t - 16] + s0 + w[t - 7] + s1;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let t = 0; t < 64; t++) {
      const s1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + Sha256.K[t] + w[t]) | 0;
      const s0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, at) => (state[at] += word));
  }
}
