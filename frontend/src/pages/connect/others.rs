//! The other clients and the libraries: the settings of each, to be copied.

use leptos::prelude::*;

use super::commands::PLACEHOLDER;
use crate::{
    core::i18n::{text, use_i18n},
    ui::{code::Code, field::SelectField, page::Card},
};

/// A file, or what is typed, with its text. `{base}` and `{key}` are filled in.
struct Piece {
    place: &'static str,
    text: &'static str,
}

/// A client with all that it needs.
struct Client {
    name: &'static str,
    pieces: &'static [Piece],
}

const CLIENTS: &[Client] = &[
    Client {
        name: "Codex",
        pieces: &[
            Piece {
                place: "~/.codex/config.toml",
                text: "model_provider = \"causeway\"\n\n[model_providers.causeway]\nname = \"Causeway\"\nbase_url = \
                       \"{base}/openai\"\nwire_api = \"responses\"\nenv_key = \"CAUSEWAY_API_KEY\"",
            },
            Piece { place: "sh", text: "export CAUSEWAY_API_KEY='{key}'\ncodex exec 'Say hello'" },
        ],
    },
    Client {
        name: "Gemini CLI",
        pieces: &[
            Piece {
                place: "~/.gemini/settings.json",
                text: "{\n  \"security\": { \"auth\": { \"selectedType\": \"gemini-api-key\" } }\n}",
            },
            Piece {
                place: "sh",
                text: "export GOOGLE_GEMINI_BASE_URL='{base}/gemini'\nexport GEMINI_API_KEY='{key}'\ngemini -p 'Say hello'",
            },
        ],
    },
    Client {
        name: "Anthropic SDK (Python)",
        pieces: &[Piece {
            place: "Python",
            text: "from anthropic import Anthropic\n\nclient = Anthropic(base_url=\"{base}/api\", api_key=\"{key}\")",
        }],
    },
    Client {
        name: "Anthropic SDK (TypeScript)",
        pieces: &[Piece {
            place: "TypeScript",
            text: "import Anthropic from \"@anthropic-ai/sdk\";\n\nconst client = new Anthropic({ baseURL: \"{base}/api\", \
                   apiKey: \"{key}\" });",
        }],
    },
    Client {
        name: "OpenAI SDK (Python)",
        pieces: &[Piece {
            place: "Python",
            text: "from openai import OpenAI\n\nclient = OpenAI(base_url=\"{base}/openai/v1\", api_key=\"{key}\")",
        }],
    },
    Client {
        name: "OpenAI SDK (TypeScript)",
        pieces: &[Piece {
            place: "TypeScript",
            text: "import OpenAI from \"openai\";\n\nconst client = new OpenAI({ baseURL: \"{base}/openai/v1\", apiKey: \
                   \"{key}\" });",
        }],
    },
    Client {
        name: "Gemini SDK (Python)",
        pieces: &[Piece {
            place: "Python",
            text: "from google import genai\n\nclient = genai.Client(api_key=\"{key}\", http_options={\"base_url\": \
                   \"{base}/gemini\"})",
        }],
    },
    Client {
        name: "Gemini SDK (TypeScript)",
        pieces: &[Piece {
            place: "TypeScript",
            text: "import { GoogleGenAI } from \"@google/genai\";\n\nconst client = new GoogleGenAI({ apiKey: \"{key}\", \
                   httpOptions: { baseUrl: \"{base}/gemini\" } });",
        }],
    },
    Client {
        name: "OpenCode",
        pieces: &[Piece {
            place: "opencode.json",
            text: "{\n  \"provider\": {\n    \"anthropic\": {\n      \"options\": { \"baseURL\": \"{base}/api/v1\", \
                   \"apiKey\": \"{key}\" }\n    }\n  }\n}",
        }],
    },
    Client {
        name: "Qwen Code",
        pieces: &[Piece {
            place: "sh",
            text: "export OPENAI_BASE_URL='{base}/openai/v1'\nexport OPENAI_API_KEY='{key}'\nqwen -p 'Say hello'",
        }],
    },
    Client {
        name: "Cursor",
        pieces: &[Piece {
            place: "Settings › Models › API Keys",
            text: "OpenAI API Key            {key}\nOverride OpenAI Base URL  {base}/openai/v1",
        }],
    },
    Client {
        name: "Cline",
        pieces: &[Piece {
            place: "API Provider: Anthropic",
            text: "Anthropic API Key    {key}\nUse custom base URL  {base}/api",
        }],
    },
];

/// The text with the address and the key in it. Both come from a URL and a key, so nothing in them has to be quoted; what
/// was pasted in the place of a key is reduced to what a key may hold.
fn filled(text: &str, base: &str, key: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || "_-".contains(*c);
    let key: String = key.chars().filter(plain).collect();
    text.replace("{base}", base.trim_end_matches('/')).replace("{key}", &key)
}

/// A choice of the client, and its settings.
#[component]
pub(crate) fn Others(base_url: StoredValue<String>, secret: Memo<Option<String>>) -> impl IntoView {
    let i18n = use_i18n();
    let chosen = RwSignal::new(CLIENTS[0].name.to_owned());
    let options: Vec<_> = CLIENTS.iter().map(|c| (c.name.to_owned(), c.name.to_owned())).collect();
    let pieces = move || {
        let client = CLIENTS.iter().find(|client| chosen.with(|name| client.name == name));
        let pieces = client.map_or(&[][..], |client| client.pieces);
        pieces
            .iter()
            .map(|piece| {
                let text = Signal::derive(move || {
                    let key = secret.get().unwrap_or_else(|| PLACEHOLDER.to_owned());
                    filled(piece.text, &base_url.get_value(), &key)
                });
                view! { <Code text title=piece.place testid="other-client"/> }
            })
            .collect_view()
    };
    view! {
        <Card title=text!(i18n, connect.others)>
            <div class="flex flex-col gap-4">
                <SelectField
                    label=text!(i18n, connect.other_client)
                    hint=text!(i18n, connect.others_text)
                    value=chosen
                    options=Signal::stored(options)
                    testid="other-client-choice"
                />
                {pieces}
            </div>
        </Card>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_client_is_told_the_address_and_the_key_once_at_least() {
        for client in CLIENTS {
            let all: String =
                client.pieces.iter().map(|p| filled(p.text, "https://relay.example/", "cw_secret")).collect();
            assert!(
                all.contains("https://relay.example/") && !all.contains("example//"),
                "{}: {all}",
                client.name
            );
            assert!(all.contains("cw_secret") && !all.contains("{base}"), "{}: {all}", client.name);
        }
    }

    #[test]
    fn what_is_no_key_cannot_leave_its_quotes() {
        let odd = filled("key = '{key}'", "https://relay.example", "cw_a'; rm -rf \"$HOME\" #");
        assert_eq!(odd, "key = 'cw_arm-rfHOME'");
    }
}
