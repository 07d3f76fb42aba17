//! Variables, and the templates and conditions that see them.

use super::*;

fn values() -> Values {
    let mut values = Values::default();
    values.set("RELEASE", "v1.2.3");
    values.set("ODD", "it's $(rm -rf x)");
    values.set_typed("REPLICAS", "2", &ValueKind::Integer { min: None, max: None });
    values.set_typed("RATE", "0.10", &ValueKind::Number { min: None, max: None });
    values.set_typed("LOUD", "false", &ValueKind::Boolean);
    values.set_secret("TOKEN");
    values.set_context("environment", "name", Scalar::Text("production".into()));
    values.set_context("environment", "protected", Scalar::Truth(true));
    values
}

#[test]
fn a_template_sees_variables_and_the_environment() {
    assert_eq!(values().render("{{ RELEASE }} to {{ environment.name }}").unwrap(), "v1.2.3 to production");
}

#[test]
fn an_undefined_name_is_an_error_and_never_empty_text() {
    assert!(values().render("{{ RELEAS }}").is_err());
    assert!(values().holds("RELEAS == 'x'").is_err());
    assert!(values().holds("RELEAS").is_err());
    assert!(values().holds("environment.nmae == 'x'").is_err());
}

#[test]
fn the_names_that_nothing_defines_are_told() {
    for (template, told) in [
        ("{{ RELEASE }} of {{ RELEAS }}", "`RELEAS` is not defined"),
        ("{{ NOBODY }}{{ NOTHING }}", "`NOBODY` and `NOTHING` are not defined"),
        ("{{ environment.nmae }}", "undefined value"),
    ] {
        assert_eq!(values().render(template).unwrap_err().message, told);
    }
    assert_eq!(values().holds("RELEAS == 'x'").unwrap_err().message, "`RELEAS` is not defined");
}

#[test]
fn a_secret_renders_as_its_mask() {
    assert_eq!(values().render("{{ TOKEN }}").unwrap(), "[REDACTED:TOKEN]");
}

#[test]
fn a_value_in_a_script_is_one_quoted_word() {
    assert_eq!(values().render_script("echo {{ ODD }}").unwrap(), r"echo 'it'\''s $(rm -rf x)'");
    assert!(values().render_script("echo {{ NOPE }}").is_err());
}

#[test]
fn a_script_of_which_no_command_is_left_is_an_error() {
    for template in ["{% if LOUD %}echo{% endif %}\n", "# a\n{% if LOUD %}\necho\n{% endif %}\n", ""] {
        let error = values().render_script(template).unwrap_err();
        assert!(error.message.contains("no command is left"), "{template:?}: {error}");
    }
    assert!(values().render_script("{% if not LOUD %}:{% endif %}").is_ok());
}

#[test]
fn a_rendered_script_keeps_its_last_newline() {
    assert_eq!(values().render_script("echo {{ RELEASE }}\n").unwrap(), "echo 'v1.2.3'\n");
}

#[test]
fn a_value_in_a_pattern_stands_for_itself() {
    assert_eq!(values().render_pattern("^{{ RELEASE }}$").unwrap(), r"^v1\.2\.3$");
}

#[test]
fn what_hangs_on_a_name_that_nothing_defines_yet_is_not_settled() {
    for (condition, settled) in [
        ("environment.name == 'production'", Some(true)),
        ("environment.name == 'staging' and LATER == 'x'", Some(false)),
        ("environment.name == 'production' and LATER == 'x'", None),
        ("LATER | default('x') == 'x'", None),
        ("LATER is defined", None),
        ("LATER is undefined", None),
        ("not (LATER is undefined)", None),
        ("(LATER | default('0') | int) > 3", None),
        ("not environment.name == 'production'", Some(false)),
        ("RELEAS(", None),
    ] {
        assert_eq!(values().settled(condition), settled, "{condition}");
    }
}

#[test]
fn a_condition_is_true_or_false() {
    assert!(values().holds("environment.name == 'production'").unwrap());
    assert!(!values().holds("not environment.protected").unwrap());
}

#[test]
fn a_text_is_no_condition_because_the_text_false_would_count_as_true() {
    let mut values = values();
    values.set("CAPTURED", "false");
    assert!(values.holds("CAPTURED").is_err());
    assert!(values.holds("1").is_err());
    assert!(!values.holds("CAPTURED == 'true'").unwrap());
}

#[test]
fn declared_types_are_compared_as_what_they_are() {
    let values = values();
    for (condition, expected) in [
        ("LOUD", false),
        ("not LOUD", true),
        ("REPLICAS == 2", true),
        ("REPLICAS > 10", false),
        ("REPLICAS < 10", true),
        ("RATE <= 0.1", true),
        ("RATE > 0.1", false),
    ] {
        assert_eq!(values.holds(condition).unwrap(), expected, "{condition}");
    }
}

#[test]
fn a_filter_reads_a_text_as_a_number() {
    let mut values = values();
    values.set("COUNT", "12");
    for condition in ["COUNT | int > 3", "3 < COUNT | int", "not (COUNT | float < 2.5)", "COUNT == '12'"] {
        assert!(values.holds(condition).unwrap(), "{condition}");
    }
    values.set("COUNT", "many");
    assert!(values.holds("COUNT | int > 3").is_err());
}

#[test]
fn a_typed_value_is_rendered_as_it_was_written() {
    assert_eq!(values().render("{{ RATE }} {{ REPLICAS }} {{ LOUD }}").unwrap(), "0.10 2 false");
    let truths = "{{ environment.protected }} {{ 1 == 2 }}{% if LOUD %} loud{% endif %}";
    assert_eq!(values().render(truths).unwrap(), "true false");
}

#[test]
fn a_variable_cannot_take_the_name_of_what_the_run_itself_says() {
    let mut values = values();
    values.set("environment", "x");
    values.set("operator", "mallory");
    assert!(values.holds("environment.name == 'production'").unwrap());
    assert!(!values.holds("operator == 'mallory'").unwrap());
}

#[test]
fn a_later_value_without_a_type_is_text_again() {
    let mut values = values();
    values.set("REPLICAS", "many");
    assert!(values.holds("REPLICAS == 'many'").unwrap());
}
