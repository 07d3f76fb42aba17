//! What the screen looks like, narrow and wide; and that nothing of our own stands out of it.

use crate::support::{Desk, Terminal};

const BOOK: &str = r#"---
runbook: 1
title: Switch the web site of the whole company over to another release, with a title that does not fit into eighty columns
document_id: SOP-0099
revision: "12"
inputs:
  RELEASE: { pattern: '^v\d+\.\d+$', prompt: Release }
roles: [operator, qa]
---

# Switch

## Purpose and scope

This procedure moves `production` forward to the commit that `staging` stands at, builds it, activates it, and shows
that what serves is what was promoted. 本番環境を切り替える手順書です。必ず二人で行い、途中で止めないでください。異常があればロールバックしてください。

- a bullet that is long enough to be wrapped at eighty columns because it goes on and on and on, up to here
- 🚀 see https://example.org/a/very/long/address/that/goes/on/and/on/for/longer/than/eighty/columns/so/it/does

## Preflight

Nothing in this part changes what users see.

### Look

Prose of the step.

```sh check
#| timeout: 30s
#| retry: { every: 10ms, for: 10ms }
echo "$RELEASE $SITE"; test -e there
```

```yaml expect
stdout: [ { equals: "a value that was expected, and that is so long that it does not fit into eighty columns" } ]
```

### Switch

> [!CAUTION]
> Visitors see the new release from here on. This is a long caution that has to be broken into lines.

```sh run
: switch
```

```sh rollback
: switch back
```

## Observe

- [ ] The start page shows {{ RELEASE }}, and this is an item with so many words that it goes on below

```yaml record
rate: { prompt: "Errors on the dashboard in percent, over the last ten minutes, read by two people", type: number, max: 1 }
```

## Release

```yaml signoff
role: qa
meaning: approval
statement: I looked at {{ RELEASE }} and release it, having seen everything that there is to see about it, twice.
independent: true
```
"#;

const PEOPLE: &str = "[environments.production]\nvars = { SITE = \"https://www.example.org/a/site/with/a/long/path/that/ends/only/after/eighty/columns/production-eu-1\" }\n";

/// The whole story on a terminal of this size, without what differs from time to time.
fn story(columns: usize) -> String {
    let desk = Desk::with(BOOK).configure(PEOPLE).set("TERM", "dumb");
    let words = ["run", "book.md", "--env", "production", "--set", "RELEASE=v1.1"];
    let mut terminal = Terminal::start_sized(&desk, columns, 50, &words);
    let mut answer = |prompt: &str, answer: &str| {
        terminal.waits_for(prompt);
        terminal.types(&format!("{answer}\r"));
    };
    answer("What now? [run]:", "?");
    answer("What now? [run]:", "run");
    answer("What now?:", "skip");
    answer("Why is it skipped?", "known");
    answer("What now?:", "proceed");
    answer("What now? [run]:", "run");
    answer("What now?:", "what rollback");
    answer("What now?:", "confirm");
    answer("at most 1):", "0.5");
    answer("Write that down? [yes]:", "yes");
    answer("What now?:", "sign");
    answer("names people)?", "qa@example.org");
    answer("Printed name", "Quinn Auditor");
    terminal.waits_for("PASSED");
    let text = terminal.ends(0);
    text.replace('\r', "").lines().skip(2).map(timeless).collect::<Vec<_>>().join("\n")
}

/// A line without times and digests.
fn timeless(line: &str) -> String {
    let cut = |at: &str| line.split_once(at).map(|(before, _)| format!("{before}{at}…"));
    let verdict =
        (line.contains("✓") || line.contains("✗")).then(|| cut(" · exit 0").or_else(|| cut(" · exit 1")));
    let end = line.starts_with("Run ").then(|| cut("deviation"));
    let of_the_run = ["run 1 (", "opened from account "].into_iter().find_map(cut);
    verdict
        .flatten()
        .or(of_the_run)
        .or(end.flatten())
        .or_else(|| cut("sha256 "))
        .unwrap_or_else(|| line.to_owned())
}

#[test]
fn the_screen_at_80_columns() {
    insta::assert_snapshot!(story(80));
}

#[test]
fn the_screen_at_200_columns() {
    insta::assert_snapshot!(story(200));
}

#[test]
fn nothing_of_our_own_is_wider_than_the_screen_but_one_word() {
    for columns in [40, 63, 80, 132] {
        for line in story(columns).lines() {
            // Scripts and output are theirs; what was typed stands behind the prompt.
            let theirs = line.starts_with("    echo")
                || line.trim_start().starts_with("$ ")
                || line.starts_with("  │")
                || line.contains("?: ")
                || line.contains("at most 1): ");
            let words = line.trim_start_matches([' ', '-', '🚀']).trim();
            let one_word = !words.contains(' ');
            let width = console::measure_text_width(line);
            assert!(theirs || one_word || width <= columns, "{width} of {columns} columns: {line:?}");
        }
    }
}
