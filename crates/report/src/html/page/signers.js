// Who may sign: the allowed_signers file as it was when the run opened, in OpenSSH's format (ssh-keygen(1)).

/** OpenSSH's pattern lists: at least one positive, and none that begins with `!`. */
const matchesList = (text, list) => {
  const matches = (pattern) => {
    let [at, inPattern, star, from] = [0, 0, -1, 0];
    while (at < text.length) {
      const c = pattern[inPattern];
      if (c === "*") [star, from, inPattern] = [inPattern, at, inPattern + 1];
      else if (c === "?" || c === text[at]) [at, inPattern] = [at + 1, inPattern + 1];
      else if (star >= 0) [from, at, inPattern] = [from + 1, from + 1, star + 1];
      else return false;
    }
    return /^\**$/.test(pattern.slice(inPattern));
  };
  const patterns = list.split(",");
  if (patterns.some((pattern) => pattern.startsWith("!") && matches(pattern.slice(1)))) return false;
  return patterns.some((pattern) => !pattern.startsWith("!") && matches(pattern));
};

/** `YYYYMMDD[HHMM[SS]]Z`, or `UTC` for the Z, as milliseconds. Without it it is of a zone whose rules this page does not have. */
const validity = (text) => {
  const parts = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(?:z|utc)$/i.exec(text);
  if (!parts) throw new NotChecked(`the time ${text} in allowed_signers is not one in UTC`);
  const [year, month, day, hour = 0, minute = 0, second = 0] = parts.slice(1).map((part) => part && Number(part));
  return Date.UTC(year, month - 1, day, hour, minute, second);
};

/** A line: principals, options, key. `null` for none. */
const readSigner = (line) => {
  const text = line.replace(/^[ \t\r]+|[ \t\r]+$/g, "");
  if (text === "" || text.startsWith("#")) return null;
  const found = /^(?:"([^"]+)"|([^ \t]+))[ \t]+(.*)$/.exec(text);
  if (!found) throw new NotChecked("allowed_signers has a line that this page cannot read");
  const principals = found[1] ?? found[2];
  const words = found[3].match(/(?:"(?:\\"|[^"])*"|[^ \t"])+/g) ?? [];
  const options = {};
  if (!/^(ssh-|ecdsa-|sk-)/.test(words[0] ?? "")) {
    const option = /([A-Za-z-]+)(?:="((?:\\"|[^"])*)")?(,|$)/gy;
    const written = words.shift() ?? "";
    for (let at = 0; at < written.length; at = option.lastIndex) {
      option.lastIndex = at;
      const parts = option.exec(written);
      const name = parts?.[1].toLowerCase();
      if (!["cert-authority", "namespaces", "valid-after", "valid-before"].includes(name)) {
        throw new NotChecked("allowed_signers has an option that this page does not know");
      }
      options[name] = (parts[2] ?? "").replaceAll('\\"', '"');
    }
  }
  if (words.length < 2) throw new NotChecked("allowed_signers has a line that this page cannot read");
  return { principals, options, key: words[1] };
};

/** Throws unless a line lets the principal sign with this key at all these times (milliseconds). */
const maySign = (file, principal, key, namespace, times) => {
  const lines = textOf(file).split("\n").map(readSigner).filter((line) => line !== null);
  const named = lines.filter((line) => matchesList(principal, line.principals));
  if (named.length === 0) throw new Wrong(`${principal} is not among the allowed signers`);
  const own = named.filter((line) => line.key === toBase64(key) && !("cert-authority" in line.options));
  if (own.length === 0) throw new Wrong(`the key is not one of ${principal}`);
  const admits = ({ options }) => {
    if ("namespaces" in options && !matchesList(namespace, options.namespaces)) return `the key is not for ${namespace}`;
    if ("valid-after" in options && times.some((at) => at < validity(options["valid-after"]))) return "the key was not valid yet";
    const after = (at) => Math.floor(at / 1000) * 1000 > validity(options["valid-before"]);
    if ("valid-before" in options && times.some(after)) return "the key was no longer valid";
    return null;
  };
  const refusals = own.map(admits);
  if (!refusals.includes(null)) throw new Wrong(refusals[0]);
};

/** Throws where the key is on the list of keys that count no more. */
const mustNotBeRevoked = (file, key) => {
  const list = textOf(file);
  if (list.startsWith("SSHKRL\n")) throw new NotChecked("the list of revoked keys is a binary one");
  const lines = list.split("\n").map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
  if (lines.some((line) => line.split(/[ \t]+/)[1] === toBase64(key))) throw new Wrong("the key is revoked");
};
