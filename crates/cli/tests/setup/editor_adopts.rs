//! What `adopt` proposes, as an editor has it.

use serde_json::{Value, json};

use super::editor::{Editor, bench, position};

#[test]
fn what_adopt_proposes_for_a_document_or_for_a_block_is_a_quick_fix() {
    let bench = bench();
    let mut editor = Editor::new(&bench);
    let head = "---\nrunbook: 1\n---\n\n# A\n\n## B\n\n";
    for (text, title, wanted) in [
        (
            "# A\n\n## B\n\n```sh\n$ mkdir x\n```\n".to_owned(),
            "Make a run-book of this document",
            "```sh run\nmkdir x\n",
        ),
        (
            format!("{head}```sh\n$ mkdir x\n```\n\n```sh\nls\n```\n"),
            "Write `sh run`: ",
            "```sh run\nmkdir x\n```\n\n```sh\nls\n",
        ),
        (format!("{head}```bash\nls\n```\n"), "Write `bash check`: ", "```bash check\nls\n"),
    ] {
        let found = editor.open("adopt.md", &text);
        let uri = editor.uri("adopt.md");
        let line = position(&text, "```")["line"].clone();
        let range = json!({"start": {"line": line, "character": 0}, "end": {"line": line, "character": 9}});
        let params = json!({"textDocument": {"uri": uri}, "range": range, "context": {"diagnostics": []}});
        let actions = editor.ask("textDocument/codeAction", params)["result"].clone();
        let told = |action: &&Value| action["title"].as_str().unwrap().starts_with(title);
        let action = actions.as_array().unwrap().iter().find(told);
        let action = action.unwrap_or_else(|| panic!("{title}: {actions}\n{found}"));
        let mut edits = action["edit"]["changes"][&uri].as_array().unwrap().clone();
        // Those further below first, so that places stay where they are.
        edits.reverse();
        let mut now = text.clone();
        for edit in edits {
            let at = |end: &str| {
                let (line, character) = (&edit["range"][end]["line"], &edit["range"][end]["character"]);
                let above: usize =
                    now.split_inclusive('\n').take(line.as_u64().unwrap() as usize).map(str::len).sum();
                above + character.as_u64().unwrap() as usize
            };
            let range = at("start")..at("end");
            now.replace_range(range, edit["newText"].as_str().unwrap());
        }
        assert!(now.contains(wanted), "{title}: {now}");
    }
    // A value would have to be declared first.
    let text = format!("{head}```sh\nmkdir <name>\n```\n");
    let found = editor.open("adopt.md", &text);
    let params = json!({"textDocument": {"uri": editor.uri("adopt.md")}, "range": found[0]["range"], "context": {"diagnostics": []}});
    let actions = editor.ask("textDocument/codeAction", params)["result"].clone();
    assert!(!actions.to_string().contains("Write `sh run`: "), "{actions}");
    assert_eq!(editor.ends(), 0);
}
