use super::*;
use std::collections::BTreeMap;

#[test]
fn definitions_are_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn bad_value_is_traced_to_its_variable() {
    assert_eq!(variable_of(&Cli::command(), "--port <PORT>").as_deref(), Some("PORT"));
    assert_eq!(variable_of(&Cli::command(), "--no-such-option"), None);
}

#[test]
fn example_environment_names_every_setting_with_its_default() {
    let mut settings = BTreeMap::new();
    collect(&Cli::command(), &mut settings);
    let example = include_str!("../../../../.env.example");
    let mut documented = BTreeMap::new();
    for line in example.lines() {
        let line = line.trim_start_matches(['#', ' ']);
        if let Some((name, value)) = line.split_once('=')
            && name.chars().all(|c| c.is_ascii_uppercase() || c == '_' || c.is_ascii_digit())
        {
            documented.insert(name.to_owned(), value.to_owned());
        }
    }
    let (have, want): (Vec<_>, Vec<_>) = (documented.keys().collect(), settings.keys().collect());
    assert_eq!(have, want, ".env.example (left) and the settings of the binary (right) differ");
    for (name, default) in settings {
        if let Some(default) = default {
            assert_eq!(documented[&name], default, "default of {name}");
        }
    }
}

fn collect(command: &clap::Command, settings: &mut BTreeMap<String, Option<String>>) {
    for argument in command.get_arguments() {
        if let Some(name) = argument.get_env() {
            let default = argument.get_default_values().first().map(|v| v.to_string_lossy().into_owned());
            // A flag's default is false, which is written as nothing.
            let default = default.filter(|v| v != "false");
            settings.insert(name.to_string_lossy().into_owned(), default);
        }
    }
    for sub in command.get_subcommands() {
        collect(sub, settings);
    }
}
