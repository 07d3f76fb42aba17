//! The tokeniser of scripts.

use holdpoint_shell::{Kind, Part, PartKind, Token, pipelines, read};

/// Bytes of a script whose every prefix is read too.
const SHORT: usize = 256;

pub(crate) fn script(text: &str) {
    whole(text);
    let prefixes = (0..text.len().min(SHORT)).filter(|end| text.is_char_boundary(*end));
    prefixes.for_each(|end| whole(&text[..end]));
}

fn whole(text: &str) {
    let script = read(text);
    assert_eq!(script, read(text), "read twice it is the same");
    assert!(script.doubts.is_sorted_by_key(|doubt| doubt.at));
    assert!(script.error.as_ref().is_none_or(|error| error.at <= text.len()));
    tokens(text, &script.tokens, 0, text.len());
    pipelines(&script.tokens);
}

fn tokens(text: &str, list: &[Token], mut from: usize, end: usize) {
    for token in list {
        assert!(
            from <= token.at.start && token.at.end <= end,
            "{token:?} stands before or behind what it is in"
        );
        assert!(text.get(token.at.clone()).is_some(), "{token:?} ends in a character");
        let (start, end) = (token.at.start, token.at.end);
        match &token.kind {
            Kind::Word(word) | Kind::Pattern(word) => parts(text, &word.parts, start, end),
            Kind::Body(body) => parts(text, &body.parts, start, end),
            Kind::Arithmetic(inner) => parts(text, inner, start, end),
            Kind::Redirection(redirection) => {
                let word = redirection.target.iter();
                word.for_each(|word| parts(text, &word.parts, redirection.operator.end, end));
            }
            Kind::Keyword(_) | Kind::Operator(_) | Kind::Comment => {}
        }
        from = token.at.end;
    }
}

fn parts(text: &str, list: &[Part], mut from: usize, end: usize) {
    for part in list {
        assert!(
            from <= part.at.start && part.at.end <= end,
            "{part:?} stands before or behind what it is in"
        );
        assert!(text.get(part.at.clone()).is_some(), "{part:?} ends in a character");
        if let PartKind::Double(inner)
        | PartKind::Arithmetic(inner)
        | PartKind::Glob(inner)
        | PartKind::Parameter { braces: Some(inner), .. } = &part.kind
        {
            parts(text, inner, part.at.start, part.at.end);
        } else {
            part.lists(&mut |part, list| tokens(text, list, part.at.start, part.at.end));
        }
        from = part.at.end;
    }
}

pub(crate) fn scripts_to_begin_with() -> Vec<Vec<u8>> {
    let texts = [
        "if a; then b && c || d; fi | e & f",
        "case $1 in (a|b) c;; *) d;; esac",
        "for i in 1 2; do f \"$i\" > g 2>&1; done",
        "for ((i = 0; i < 3; i++)); do :; done",
        "cat <<E <<-'F'; g\n$x `y` $(z)\nE\n\tF\n",
        "a \"b $(c \"${d:-'e'}\") f\" $'g\\n' `h i` $((1 << 2)) $[3]",
        "diff <(a) <(b) > >(c) <<< d",
        "A=(b c) D+=e F[0]=g h @(i|j)",
        "[[ a < b && c =~ (d|e) ]]; (( f )) ; function g { h; }",
        "$( (a) ) $((b) | (c)) # d\n\\\ne",
    ];
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}
