//! What the commands say, and on a machine with Python that they do it.

use super::*;

fn setup(secret: &str) -> Setup {
    Setup {
        base_url: "https://causeway.example".into(),
        secret: secret.into(),
        extras: vec![("ANTHROPIC_MODEL", "claude-sonnet-5".into())],
    }
}

#[test]
fn a_key_with_quotes_stays_one_value_in_every_language() {
    let setup = setup("it's \"odd\"");
    let unix = setup.command(System::Linux, Way::Environment);
    assert!(unix.contains(r#"ANTHROPIC_AUTH_TOKEN='it'\''s "odd"'"#), "{unix}");
    let windows = setup.command(System::Windows, Way::Environment);
    assert!(windows.contains(r#"'it''s "odd"'"#), "{windows}");
    let python = setup.command(System::MacOs, Way::Settings);
    assert!(python.contains(r#""it's \"odd\"""#), "{python}");
}

#[test]
fn the_helper_keeps_the_key_out_of_the_settings() {
    for system in System::ALL {
        let settings = setup("cw_secret").settings(system, Way::Helper);
        assert!(settings.contains("apiKeyHelper") && !settings.contains("cw_secret"), "{settings}");
    }
    assert!(setup("cw_secret").settings(System::Linux, Way::Settings).contains("cw_secret"));
}

#[test]
fn every_command_sets_the_address_and_the_optional_variables() {
    for system in System::ALL {
        for way in Way::ALL {
            let command = setup("cw_secret").command(system, way);
            assert!(command.contains("https://causeway.example"), "{system:?} {way:?}: {command}");
            assert!(command.contains("claude-sonnet-5") && command.contains("cw_secret"), "{command}");
        }
    }
}

#[test]
fn the_browser_tells_the_system() {
    let of = System::of_browser;
    assert_eq!(of("Mozilla/5.0 (Windows NT 10.0; Win64; x64)"), System::Windows);
    assert_eq!(of("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"), System::MacOs);
    assert_eq!(of("Mozilla/5.0 (X11; Linux x86_64)"), System::Linux);
}

/// The script is handed to people's machines, so it is run here too, where there is a Python.
#[cfg(unix)]
#[test]
fn settings_are_merged_and_the_old_ones_kept_beside() {
    use std::{fs, process::Command};

    let home = std::env::temp_dir().join(format!("causeway-connect-{}", std::process::id()));
    fs::create_dir_all(home.join(".claude")).unwrap();
    let settings = home.join(".claude/settings.json");
    fs::write(&settings, r#"{"model":"opus","env":{"KEPT":"yes","ANTHROPIC_AUTH_TOKEN":"old"}}"#).unwrap();
    let script = setup("it's cw_secret").command(System::Linux, Way::Helper);
    let Ok(done) = Command::new("sh").args(["-c", &script]).env("HOME", &home).output() else { return };
    if String::from_utf8_lossy(&done.stderr).contains("not found") {
        return;
    }
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));

    let merged: serde_json::Value = serde_json::from_slice(&fs::read(&settings).unwrap()).unwrap();
    assert_eq!(merged["model"], "opus");
    assert_eq!(merged["env"]["KEPT"], "yes");
    assert_eq!(merged["env"]["ANTHROPIC_BASE_URL"], "https://causeway.example");
    assert!(merged["env"].get("ANTHROPIC_AUTH_TOKEN").is_none(), "the helper's key would be overruled");
    assert_eq!(merged["apiKeyHelper"], HELPER_UNIX);
    assert_eq!(fs::read_to_string(home.join(".claude/causeway-key")).unwrap(), "it's cw_secret\n");
    let onboarding = fs::read_to_string(home.join(".claude.json")).unwrap();
    assert!(onboarding.contains("\"hasCompletedOnboarding\": true"), "{onboarding}");
    let kept = fs::read_dir(home.join(".claude")).unwrap().filter_map(Result::ok);
    assert_eq!(kept.filter(|f| f.file_name().to_string_lossy().contains(".backup-")).count(), 1);
    fs::remove_dir_all(&home).unwrap();
}
