//! The commands themselves. Settings are merged and a backup is kept; every value is quoted for the language it
//! stands in, because a key may have been pasted with anything around it.

/// Operating systems with commands of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum System {
    MacOs,
    Linux,
    Windows,
}

impl System {
    pub(crate) const ALL: [Self; 3] = [Self::MacOs, Self::Linux, Self::Windows];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::MacOs => "macOS",
            Self::Linux => "Linux",
            Self::Windows => "Windows",
        }
    }

    /// The system of the browser that shows the page, which is usually the one to set up.
    pub(crate) fn of_browser(user_agent: &str) -> Self {
        if user_agent.contains("Windows") {
            Self::Windows
        } else if user_agent.contains("Mac OS") {
            Self::MacOs
        } else {
            Self::Linux
        }
    }
}

/// Where the key is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// `env` in `settings.json`.
    Settings,
    /// A file of its own, which `apiKeyHelper` prints.
    Helper,
    /// Environment variables of the shell.
    Environment,
}

impl Way {
    pub(crate) const ALL: [Self; 3] = [Self::Settings, Self::Helper, Self::Environment];
}

/// Shown where the key's secret is not known.
pub(crate) const PLACEHOLDER: &str = "cw_YOUR_KEY";
const TOKEN: &str = "ANTHROPIC_AUTH_TOKEN";
const HELPER_UNIX: &str = "cat ~/.claude/causeway-key";
/// PowerShell finds `~` itself, so the line works from every shell that Claude Code may start it in.
const HELPER_WINDOWS: &str = "powershell -NoProfile -Command \"Get-Content ~/.claude/causeway-key\"";

/// What is set up.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Setup {
    pub(crate) base_url: String,
    pub(crate) secret: String,
    /// Optional variables.
    pub(crate) extras: Vec<(&'static str, String)>,
}

impl Setup {
    fn variables(&self, way: Way) -> Vec<(&'static str, &str)> {
        let mut variables = vec![("ANTHROPIC_BASE_URL", self.base_url.as_str())];
        if way != Way::Helper {
            variables.push((TOKEN, &self.secret));
        }
        variables.extend(self.extras.iter().map(|(name, value)| (*name, value.as_str())));
        variables
    }

    /// The command to run.
    pub(crate) fn command(&self, system: System, way: Way) -> String {
        match (system, way) {
            (System::Windows, Way::Environment) => self.power_shell_variables(),
            (System::Windows, _) => self.power_shell_merge(way),
            (_, Way::Environment) => self.shell_variables(system),
            _ => self.python_merge(way),
        }
    }

    /// What `settings.json` holds afterwards, for those who edit it themselves.
    pub(crate) fn settings(&self, system: System, way: Way) -> String {
        let env: serde_json::Map<_, _> =
            self.variables(way).into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        let mut settings = serde_json::Map::new();
        if way == Way::Helper {
            settings.insert("apiKeyHelper".into(), helper(system).into());
        }
        settings.insert("env".into(), env.into());
        serde_json::to_string_pretty(&settings).unwrap_or_default()
    }

    fn shell_variables(&self, system: System) -> String {
        let profile = if system == System::MacOs { "~/.zshrc" } else { "~/.bashrc" };
        let exports: String = self
            .variables(Way::Environment)
            .into_iter()
            .map(|(name, value)| format!("export {name}={}\n", shell(value)))
            .collect();
        format!("cat >> {profile} <<'CAUSEWAY'\n{exports}CAUSEWAY\nsource {profile}")
    }

    fn power_shell_variables(&self) -> String {
        let lines: Vec<String> = self
            .variables(Way::Environment)
            .into_iter()
            .map(|(name, value)| {
                let value = power_shell(value);
                format!(
                    "[Environment]::SetEnvironmentVariable('{name}', {value}, 'User'); $env:{name} = {value}"
                )
            })
            .collect();
        lines.join("\n")
    }

    fn python_merge(&self, way: Way) -> String {
        // A JSON object of strings is a Python dict as well.
        let env: serde_json::Map<_, _> =
            self.variables(way).into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        let env = serde_json::to_string_pretty(&env).unwrap_or_default();
        let (key_file, change) = match way {
            Way::Helper => (
                format!(
                    "key = home / \".claude\" / \"causeway-key\"\nkey.parent.mkdir(exist_ok=True)\nkey.touch(mode=0o600)\nkey.write_text({} + \"\\n\")\n",
                    json(&self.secret)
                ),
                format!(
                    "    settings.setdefault(\"env\", {{}}).pop(\"{TOKEN}\", None)\n    settings[\"apiKeyHelper\"] = {}\n",
                    json(HELPER_UNIX)
                ),
            ),
            _ => (String::new(), "    settings.pop(\"apiKeyHelper\", None)\n".to_owned()),
        };
        format!(
            r#"python3 - <<'CAUSEWAY'
import json, os, pathlib, shutil, time

def merge(path, change):
    settings = {{}}
    if path.exists() and path.stat().st_size:
        settings = json.loads(path.read_text())
        shutil.copy2(path, f"{{path}}.backup-{{time.strftime('%Y%m%d-%H%M%S')}}")
    change(settings)
    path.parent.mkdir(exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(settings, indent=2) + "\n")

def connect(settings):
{change}    settings.setdefault("env", {{}}).update(env)

home = pathlib.Path.home()
{key_file}env = {env}
merge(home / ".claude" / "settings.json", connect)
merge(home / ".claude.json", lambda settings: settings.update(hasCompletedOnboarding=True))
print("Claude Code now uses", env["ANTHROPIC_BASE_URL"])
CAUSEWAY"#
        )
    }

    fn power_shell_merge(&self, way: Way) -> String {
        let env: String = self
            .variables(way)
            .into_iter()
            .map(|(name, value)| {
                format!("  $settings.env | Add-Member -Force NoteProperty {name} {}\n", power_shell(value))
            })
            .collect();
        let (key_file, change) = match way {
            Way::Helper => (
                format!(
                    "[IO.File]::WriteAllText(\"$HOME\\.claude\\causeway-key\", {})\n",
                    power_shell(&self.secret)
                ),
                format!(
                    "  $settings.env.PSObject.Properties.Remove('{TOKEN}')\n  $settings | Add-Member -Force NoteProperty apiKeyHelper {}\n",
                    power_shell(HELPER_WINDOWS)
                ),
            ),
            _ => (String::new(), "  $settings.PSObject.Properties.Remove('apiKeyHelper')\n".to_owned()),
        };
        format!(
            r#"function Merge-Settings($file, $change) {{
  $settings = [pscustomobject]@{{}}
  if ((Test-Path $file) -and (Get-Item $file).Length) {{
    $settings = Get-Content -Raw -Encoding UTF8 $file | ConvertFrom-Json
    Copy-Item $file "$file.backup-$(Get-Date -Format yyyyMMdd-HHmmss)"
  }}
  & $change $settings
  [IO.File]::WriteAllText($file, ($settings | ConvertTo-Json -Depth 32))
}}
New-Item -ItemType Directory -Force "$HOME\.claude" | Out-Null
{key_file}Merge-Settings "$HOME\.claude\settings.json" {{ param($settings)
  if (-not $settings.env) {{ $settings | Add-Member -Force NoteProperty env ([pscustomobject]@{{}}) }}
{change}{env}}}
Merge-Settings "$HOME\.claude.json" {{ param($settings)
  $settings | Add-Member -Force NoteProperty hasCompletedOnboarding $true
}}"#
        )
    }
}

fn helper(system: System) -> &'static str {
    if system == System::Windows { HELPER_WINDOWS } else { HELPER_UNIX }
}

/// Quoted for sh: nothing is special between single quotes but the quote itself.
fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Quoted for PowerShell, whose single quotes are doubled.
fn power_shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Quoted for JSON, and so for Python.
fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests;
