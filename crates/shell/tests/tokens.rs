//! What the tokeniser says of scripts: one line for each token.

use holdpoint_shell::{ErrorKind, Keyword, Kind, Operator, Part, PartKind, Token, read};

/// The tokens in short: `w(…)` for words, with a letter for each part that is no text.
fn short(script: &str) -> String {
    let read = read(script);
    assert_eq!(read.error, None, "{script}");
    tokens(script, &read.tokens)
}

fn tokens(script: &str, list: &[Token]) -> String {
    let told: Vec<String> = list.iter().map(|token| told(script, token)).collect();
    told.join(" ")
}

fn told(script: &str, token: &Token) -> String {
    let whole = &script[token.at.clone()];
    match &token.kind {
        Kind::Word(word) => parts(script, &word.parts),
        Kind::Pattern(word) => format!("pattern:{}", parts(script, &word.parts)),
        Kind::Keyword(_) => whole.to_uppercase(),
        Kind::Operator(Operator::Newline) => "NL".to_owned(),
        Kind::Operator(Operator::PatternOr) => "|or".to_owned(),
        Kind::Operator(Operator::PatternEnd) => ")end".to_owned(),
        Kind::Operator(_) => whole.to_owned(),
        Kind::Redirection(redirection) => format!(
            "redirect:{}",
            whole.replace(' ', "").replace(
                &script[redirection.operator.clone()],
                &format!("[{}]", &script[redirection.operator.clone()]),
            )
        ),
        Kind::Body(body) => {
            let quoted = if body.quoted { "quoted" } else { "open" };
            format!("body:{quoted}:{}:{}", body.delimiter, parts(script, &body.parts).replace('\n', "/"))
        }
        Kind::Arithmetic(inner) => format!("(({}))", parts(script, inner)),
        Kind::Comment => "comment".to_owned(),
    }
}

fn parts(script: &str, list: &[Part]) -> String {
    let part = |part: &Part| {
        let whole = &script[part.at.clone()];
        match &part.kind {
            PartKind::Literal => whole.to_owned(),
            PartKind::Escaped => format!("e<{}>", whole.replace('\n', "/")),
            PartKind::Single => format!("s<{}>", whole.trim_matches('\'')),
            PartKind::Ansi => format!("a<{whole}>"),
            PartKind::Double(inner) => format!("d<{}>", parts(script, inner)),
            PartKind::Parameter { name, braces: None } => format!("v<{}>", &script[name.clone()]),
            PartKind::Parameter { name, braces: Some(inner) } => {
                format!("v<{}|{}>", &script[name.clone()], parts(script, inner))
            }
            PartKind::Command(inner) => format!("c<{}>", tokens(script, inner)),
            PartKind::Backquote(Some(inner)) => format!("b<{}>", tokens(script, inner)),
            PartKind::Backquote(None) => "b<?>".to_owned(),
            PartKind::Arithmetic(inner) => format!("n<{}>", parts(script, inner)),
            PartKind::Process { takes, tokens: inner } => {
                format!("{}<{}>", if *takes { "to" } else { "from" }, tokens(script, inner))
            }
            PartKind::Array(inner) => format!("array<{}>", tokens(script, inner)),
            PartKind::Glob(inner) => format!("glob<{}>", parts(script, inner)),
        }
    };
    list.iter().map(part).collect()
}

#[test]
fn words_have_the_parts_that_a_shell_sees() {
    for (script, expected) in [
        ("echo a'b c'\"d $E\"\\ f", r"echo as<b c>d<d v<E>>e<\ >f"),
        ("a $1 $? $$x ${B} ${#C} ${D:-e f} ${!G}", "a v<1> v<?> v<$>x v<B|> v<C|> v<D|:-e f> v<G|>"),
        ("a $(b | c) `d e` $((1 + (2)))", "a c<b | c> b<d e> n<1 + (2)>"),
        ("a $'b\\'c' $\"d\"", r"a a<$'b\'c'> d<d>"),
        ("a <(b) >(c d)", "a from<b> to<c d>"),
        ("A=(b 'c') D+=(e)", "A=array<b s<c>> D+=array<e>"),
        ("ls @(a|b*)", "ls @glob<a|b*>"),
        ("a \"$(b \"$(c \")\")\")\"", "a d<c<b d<c<c d<)>>>>>"),
        ("a\\\nb c\\\n d", "ae<\\/>b ce<\\/> d"),
        ("$(( a ) )", "c<( a )>"),
        ("a#b #c", "a#b comment"),
        ("echo { if }", "echo { if }"),
        ("é=ü 'ñ'", "é=ü s<ñ>"),
    ] {
        assert_eq!(short(script), expected, "{script}");
    }
}

#[test]
fn commands_are_kept_apart_as_a_shell_does() {
    for (script, expected) in [
        ("a;b&c&&d||e|f|&g", "a ; b & c && d || e | f |& g"),
        ("if a; then b; fi", "IF a ; THEN b ; FI"),
        ("{ a; } | (b)", "{ a ; } | ( b )"),
        (
            "case x in a|b) c | d;; (e) f;; esac | g",
            "CASE x IN pattern:a |or pattern:b )end c | d ;; ( pattern:e )end f ;; ESAC | g",
        ),
        ("case $1\nin\n# x\nesac\nb", "CASE v<1> NL IN NL comment NL ESAC NL b"),
        ("$(case a in b) c;; esac)", "c<CASE a IN pattern:b )end c ;; ESAC>"),
        ("for i in a do; do b; done", "FOR i IN a do ; DO b ; DONE"),
        ("for ((i=0;i<3;i++)); do b; done", "FOR ((i=0;i<3;i++)) ; DO b ; DONE"),
        ("f() { a; }; function g { b; }", "f ( ) { a ; } ; FUNCTION g { b ; }"),
        ("[[ a < b && (c || d) ]] && e", "[[ a < b && ( c || d ) ]] && e"),
        ("[[ a =~ (b|c)d ]] | e", "[[ a =~ glob<b|c>d ]] | e"),
        ("(( a < 2 )) && b", "(( a < 2 )) && b"),
        ("A=1 if", "A=1 if"),
        ("! a 2>&1 >>b <c", "! a redirect:2[>&]1 redirect:[>>]b redirect:[<]c"),
        ("a 2 > b", "a 2 redirect:[>]b"),
        ("a &> b <<< c", "a redirect:[&>]b redirect:[<<<]c"),
    ] {
        assert_eq!(short(script), expected, "{script}");
    }
}

#[test]
fn here_documents_have_their_bodies() {
    for (script, expected) in [
        ("cat <<E; b\n$X\nE\nc", "cat redirect:[<<]E ; b NL body:open:E:v<X>/ c"),
        (
            "cat <<'E' <<-F\n$X\nE\n\ty\n\tF\n",
            "cat redirect:[<<]'E' redirect:[<<-]F NL body:quoted:E:$X/ body:open:F:\ty/",
        ),
        ("a $(cat <<E\n)\nE\n) b", "a c<cat redirect:[<<]E NL body:open:E:)/> b"),
        ("cat <<E\nit's \"$(a)\nE", "cat redirect:[<<]E NL body:open:E:it's \"c<a>/"),
    ] {
        assert_eq!(short(script), expected, "{script}");
    }
}

#[test]
fn what_stays_open_is_an_error_that_says_where() {
    let documents = |count: usize| format!("cat{}\n{}", " <<E".repeat(count), "E\n".repeat(count));
    for (script, kind, at) in [
        ("echo 'a", ErrorKind::Open, 5),
        ("echo \"a $(b", ErrorKind::Open, 8),
        ("echo ${a", ErrorKind::Open, 5),
        ("echo `a", ErrorKind::Open, 5),
        ("echo $((1", ErrorKind::Open, 5),
        ("cat <<E\na\n", ErrorKind::OpenHereDocument, 4),
        ("cat <<E", ErrorKind::OpenHereDocument, 4),
        (&"(".repeat(5000), ErrorKind::Open, 0),
        (&"if ".repeat(5000), ErrorKind::Depth, 290),
        (&"$(".repeat(5000), ErrorKind::Depth, 194),
        (&documents(17), ErrorKind::HereDocuments, 68),
    ] {
        let error = read(script).error.unwrap_or_else(|| panic!("{script}"));
        assert_eq!((error.kind, error.at), (kind, at), "{script:.40}");
    }
    assert_eq!(read(&documents(16)).error, None);
}

#[test]
fn where_shells_differ_there_is_doubt() {
    for script in [
        "(( a < b ))",
        "echo $'\\''",
        "echo `a # b`",
        "cat <<\"a$b\"\nx\na$b\n",
        "echo \"${a:-'}'}\"",
        "echo $[1]",
        "a[b c]=d",
        "a[b\nc]=d",
        "a[b;c]=d",
        "a['b]' c]=d",
        "a[b[c] d]=e",
    ] {
        assert!(!read(script).doubts.is_empty(), "{script}");
    }
    for script in [
        "a | b; c \"$(d)\"",
        "cat <<E\n$x\nE\n",
        "case a in a|b) c;; esac",
        "echo $'a'",
        "a[b]=c; tr a-z[ x; a[\"b c\"]=d",
    ] {
        assert!(read(script).doubts.is_empty(), "{script}");
    }
}

#[test]
fn words_are_known_without_their_quotes() {
    let script = "a'b'\"c\\\"d\\e$F\"\\g";
    let read = read(script);
    let Kind::Word(word) = &read.tokens[0].kind else { panic!("{read:?}") };
    assert_eq!(word.text(script, &|_| "?".into()), "abc\"d\\e?g");
    assert!(matches!(holdpoint_shell::read("fi").tokens[0].kind, Kind::Keyword(Keyword::Fi)));
}

#[test]
fn a_here_document_without_an_end_is_found_in_the_script_that_another_one_feeds_to_a_shell() {
    for script in [
        "bash <<'A'\ncat <<B\nhi\nA\n",
        "bash -s one two <<'A'\ncat <<B\nhi\nA\n",
        "sudo -u app sh -eu <<'A'\ncat <<B\nhi\nA\n",
        "ssh host bash -s <<'A'\nX=$(cat <<B\nhi\n)\nA\n",
        "X=$(sh <<'A'\ncat <<B\nhi\nA\n)\n",
        "cat <<'Z'; sh <<'A'\nz\nZ\ncat <<B\nhi\nA\n",
        "sh <<A\ncat <<B\nhi\nA\n",
        "sh <<'A'\nbash <<'B'\ncat <<C\nB\nA\n",
    ] {
        let at = holdpoint_shell::open_here_document(script);
        assert!(at.is_some_and(|at| script[at..].starts_with("<<")), "{script} {at:?}");
    }
    for script in [
        "bash <<'A'\ncat <<B\nhi\nB\nA\n",
        "cat > run.sh <<'A'\ncat <<B\nhi\nA\n",
        "bash run.sh <<'A'\ncat <<B\nhi\nA\n",
        "bash -c 'cat' <<'A'\ncat <<B\nhi\nA\n",
        "grep bash <<'A'\ncat <<B\nhi\nA\n",
        "cat <<'Z'; sh <<'A'\ncat <<B\nZ\ntrue\nA\n",
        "sh <<A\ncat <<$B\nhi\nA\n",
    ] {
        assert_eq!(holdpoint_shell::open_here_document(script), None, "{script}");
    }
}
