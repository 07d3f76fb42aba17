//! A secret at another place: in no list of processes, on no disk once the block is over, and in no form in the record.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use holdpoint_hosts::Options;

use crate::bench::Ran;
use crate::forms::{SECRET, forms, is_nowhere};
use crate::support::{RUN, Stage, stage};

/// Has the secret and keeps it; then prints it in every form, keeps some, and hides one that only it knows.
const BODY: &str = "## Use

```yaml step
target: web
```

```bash run
#| timeout: 1m
test ${#TOKEN} -gt 20
touch waits
until [ -f go ]; do sleep 0.05; done
```

```bash run
for form in forms/*; do cat \"$form\"; echo; cat \"$form\" >&2; echo >&2; done
printf '%q %s\\n' \"$TOKEN\" \"${TOKEN@Q}\"
RAW=$TOKEN CODED=$(cat forms/base64)
export ESCAPED=$(cat forms/json-ascii)
```

```bash check
set -x
test \"$RAW\" = \"$TOKEN\"
```
";

/// Regular files below a directory; nothing else is opened, for a pipe would be waited for.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().map_while(Result::ok);
    let of = |entry: fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => files(&entry.path()),
        Ok(kind) if kind.is_file() => vec![entry.path()],
        _ => Vec::new(),
    };
    entries.flat_map(of).collect()
}

#[track_caller]
fn is_in_no_file_of(directory: &Path) -> usize {
    let files = files(directory);
    for file in &files {
        is_nowhere(&file.display().to_string(), &fs::read(file).unwrap_or_default());
    }
    files.len()
}

/// Where a block lies that becomes another user.
#[track_caller]
fn is_in_no_temporary_file() -> usize {
    let entries = fs::read_dir("/tmp").into_iter().flatten().map_while(Result::ok);
    let ours = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(".holdpoint-"));
    ours.map(|entry| is_in_no_file_of(&entry.path())).sum()
}

/// What everybody on the host sees of everybody's processes: it is this machine.
fn processes() -> Vec<u8> {
    let all = fs::read_dir("/proc").unwrap().map_while(Result::ok);
    all.flat_map(|entry| fs::read(entry.path().join("cmdline")).unwrap_or_default()).collect()
}

fn is_kept_secret(stage: &Stage) {
    stage.book("inputs:\n  TOKEN: { secret: true, from: { env: TOKEN } }\n", BODY);
    fs::create_dir(stage.on(0, "forms")).unwrap();
    for (name, form) in forms() {
        fs::write(stage.on(0, &format!("forms/{name}")), form).unwrap();
    }
    let mut driver = stage.command(&RUN);
    let driver = driver.env("TOKEN", SECRET).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut driver = driver.spawn().unwrap();
    let mut looked = 0;
    while driver.try_wait().unwrap().is_none() {
        is_nowhere("a list of processes", &processes());
        if stage.on(0, "waits").exists() && looked == 0 {
            looked = is_in_no_file_of(&stage.on(0, ".holdpoint")) + is_in_no_temporary_file();
            fs::write(stage.on(0, "go"), "").unwrap();
        }
    }
    let ran = Ran::of(driver.wait_with_output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.both());
    assert!(looked > 2, "nothing of a block that ran was looked at");
    is_nowhere("what was shown", ran.both().as_bytes());
    ran.says("[REDACTED:TOKEN]");
    is_in_no_file_of(&stage.on(0, ".holdpoint"));
    is_in_no_temporary_file();
    assert!(is_in_no_file_of(&stage.bench.path(".holdpoint")) > 3);
    assert!(stage.output("use#2", 0).matches("[REDACTED:TOKEN]").count() >= forms().len());
    stage.is_over_and_clean();
}

#[test]
fn a_secret_is_in_no_list_of_processes_no_attempt_and_no_record_in_whatever_form() {
    let test = "places::a_secret_is_in_no_list_of_processes";
    let Some(stage) = stage(test, 1, &Options::default()) else { return };
    is_kept_secret(&stage);
}

#[test]
fn nor_is_one_of_a_block_that_becomes_another_user() {
    let options = Options { may_become_root: true, ..Options::default() };
    let Some(stage) = stage("places::nor_is_one_of_a_block_that_becomes", 1, &options) else { return };
    let config = format!(
        "[environments.staging]\nrehearsal = true\ntargets = {{ web = {{ places = [{:?}], become = \"sudo\" }} }}\n",
        stage.place(0)
    );
    stage.bench.file("holdpoint.toml", &config);
    is_kept_secret(&stage);
}
