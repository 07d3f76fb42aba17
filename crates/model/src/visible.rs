//! Foreign text in which nothing acts or hides, as people are shown it.

/// Bytes as text in which nothing acts or hides: line feeds and tabs stay, other control characters become their
/// pictures (`␛`), invisible and direction-changing ones become `⟨U+202E⟩`, bytes that are not UTF-8 `⟨0xFF⟩`.
pub fn visible(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    let harmless = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n' | b'\t');
    if let Some(text) = std::str::from_utf8(bytes).ok().filter(|text| text.as_bytes().iter().all(harmless)) {
        out.push_str(text);
        return out;
    }
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c == '\n' || c == '\t' { out.push(c) } else { push_visible(&mut out, c) }
        }
        for byte in chunk.invalid() {
            out.push_str(&format!("⟨0x{byte:02X}⟩"));
        }
    }
    out
}

/// One character of such a text; a line feed or a tab becomes its picture, too.
pub fn push_visible(out: &mut String, c: char) {
    let code = u32::from(c);
    match code {
        0..0x20 => out.push(char::from_u32(0x2400 + code).unwrap_or('\u{fffd}')),
        0x7f => out.push('\u{2421}'),
        // C1 controls, then what is invisible or turns the direction of text (Unicode categories Cc, Cf, Zl, Zp).
        0x80..=0x9f
        | 0xad
        | 0x61c
        | 0x180e
        | 0x200b..=0x200f
        | 0x2028..=0x202e
        | 0x2060..=0x206f
        | 0xfeff
        | 0xfff9..=0xfffb
        | 0xe0000..=0xe007f => out.push_str(&format!("⟨U+{code:04X}⟩")),
        _ => out.push(c),
    }
}
