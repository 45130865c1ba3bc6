//! A mail before it is one: what it says, as plain text and as simple HTML.

/// What a mail says. Made by [`super::words`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Which one, for the log.
    pub kind: &'static str,
    /// Language of the HTML: `en` or `zh-CN`.
    pub language: &'static str,
    /// Subject line.
    pub subject: String,
    /// Paragraphs before the link.
    pub before: Vec<String>,
    /// What the link does, and where it leads.
    pub link: Option<(String, String)>,
    /// A code to be typed.
    pub code: Option<String>,
    /// Paragraphs after the link.
    pub after: Vec<String>,
}

impl Letter {
    /// As plain text. The link stands on a line of its own, so that programs find its end.
    pub fn text(&self) -> String {
        let mut parts = self.before.clone();
        parts.extend(self.code.clone());
        parts.extend(self.link.as_ref().map(|(_, address)| address.clone()));
        parts.extend(self.after.clone());
        parts.join("\n\n") + "\n"
    }

    /// As HTML without pictures, styles of its own only: what every mail program shows.
    pub fn html(&self) -> String {
        let mut body = String::new();
        let paragraph = |text: &str| format!("<p>{}</p>\n", escape(text));
        self.before.iter().for_each(|text| body.push_str(&paragraph(text)));
        if let Some(code) = &self.code {
            let code = escape(code);
            body.push_str(&format!(
                "<p style=\"font:bold 1.6em monospace;letter-spacing:.15em\">{code}</p>\n"
            ));
        }
        if let Some((label, address)) = &self.link {
            let (label, address) = (escape(label), escape(address));
            body.push_str(&format!("<p><a href=\"{address}\">{label}</a></p>\n<p>{address}</p>\n"));
        }
        self.after.iter().for_each(|text| body.push_str(&paragraph(text)));
        format!(
            "<!doctype html>\n<html lang=\"{}\"><body style=\"font-family:sans-serif;line-height:1.5\">\n{body}</body></html>\n",
            self.language
        )
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_smuggle_markup_into_a_mail() {
        let letter = Letter {
            kind: "test",
            language: "en",
            subject: "Hello".to_owned(),
            before: vec!["<script>alert(\"1\")</script>".to_owned()],
            link: Some(("Open".to_owned(), "https://a.example/?a=1&b='2'".to_owned())),
            code: None,
            after: vec!["Bye".to_owned()],
        };
        assert_eq!(letter.text(), "<script>alert(\"1\")</script>\n\nhttps://a.example/?a=1&b='2'\n\nBye\n");
        let html = letter.html();
        assert!(!html.contains("<script>") && html.contains("?a=1&amp;b=&#39;2&#39;"), "{html}");
    }
}
