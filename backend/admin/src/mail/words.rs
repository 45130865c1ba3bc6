//! What mails say, in English and in Chinese, by the reader's language.

use super::Letter;
use causeway_domain::Role;

/// A language that mails are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Chinese, simplified.
    Chinese,
}

impl Language {
    /// The language of a person's locale; English where it is neither.
    pub fn of(locale: &str) -> Self {
        if locale.to_ascii_lowercase().starts_with("zh") { Self::Chinese } else { Self::English }
    }

    fn pick<T>(self, english: T, chinese: T) -> T {
        match self {
            Self::English => english,
            Self::Chinese => chinese,
        }
    }

    fn tag(self) -> &'static str {
        self.pick("en", "zh-CN")
    }
}

/// An invitation into an organisation.
pub fn invitation(
    language: Language,
    organization: &str,
    inviter: &str,
    role: Role,
    link: &str,
    days: i64,
) -> Letter {
    let role = match (language, role) {
        (Language::English, Role::Admin) => "an admin",
        (Language::English, Role::Owner) => "an owner",
        (Language::English, Role::Member) => "a member",
        (Language::English, Role::Viewer) => "a viewer",
        (Language::English, Role::Contributor) => "a contributor",
        (Language::Chinese, Role::Owner) => "所有者",
        (Language::Chinese, Role::Admin) => "管理员",
        (Language::Chinese, Role::Member) => "成员",
        (Language::Chinese, Role::Viewer) => "只读成员",
        (Language::Chinese, Role::Contributor) => "贡献者",
    };
    Letter {
        kind: "invitation",
        language: language.tag(),
        subject: language.pick(
            format!("Invitation to {organization} on Causeway"),
            format!("邀请您加入 Causeway 上的“{organization}”"),
        ),
        before: vec![language.pick(
            format!("{inviter} invites you to join {organization} on Causeway as {role}."),
            format!("{inviter} 邀请您以{role}身份加入 Causeway 上的“{organization}”。"),
        )],
        link: Some((language.pick("Accept the invitation", "接受邀请").to_owned(), link.to_owned())),
        code: None,
        after: vec![language.pick(
            format!(
                "The link works once, for this address only, and expires in {}. If you did not expect it, ignore this mail.",
                amount(days, "day", "days")
            ),
            format!("该链接仅可使用一次，仅限此邮箱地址使用，{days} 天后失效。如果您并未预料到这封邮件，请忽略。"),
        )],
    }
}

/// The code that confirms the address of somebody who registers.
pub fn confirm_address(language: Language, organization: &str, code: &str, minutes: i64) -> Letter {
    Letter {
        kind: "confirm_address",
        language: language.tag(),
        subject: language.pick(
            format!("Confirm your address for {organization} on Causeway"),
            format!("确认您在 Causeway“{organization}”的邮箱地址"),
        ),
        before: vec![language.pick(
            format!("Somebody, probably you, is registering with this address at {organization} on Causeway. Enter this code to go on:"),
            format!("有人（应该是您）正在用此邮箱地址注册 Causeway 上的“{organization}”。请输入以下验证码继续："),
        )],
        link: None,
        code: Some(code.to_owned()),
        after: vec![language.pick(
            format!(
                "It works once and expires in {}. If it was not you, ignore this mail.",
                amount(minutes, "minute", "minutes")
            ),
            format!("验证码仅可使用一次，{minutes} 分钟后失效。如果不是您本人操作，请忽略此邮件。"),
        )],
    }
}

/// Somebody who asked to join was let in, or not.
pub fn registration_decided(language: Language, organization: &str, accepted: bool, link: &str) -> Letter {
    let subject = if accepted {
        language.pick(
            format!("Welcome to {organization} on Causeway"),
            format!("欢迎加入 Causeway 上的“{organization}”"),
        )
    } else {
        language.pick(
            format!("Your request to join {organization} on Causeway"),
            format!("您加入 Causeway“{organization}”的申请"),
        )
    };
    let before = if accepted {
        language.pick(
            format!("Your request to join {organization} was approved. Sign in to begin; a first API key waits for you."),
            format!("您加入“{organization}”的申请已获批准。请登录开始使用，并领取您的第一个 API 密钥。"),
        )
    } else {
        language.pick(
            format!("Your request to join {organization} was not approved."),
            format!("您加入“{organization}”的申请未获批准。"),
        )
    };
    Letter {
        kind: "registration_decided",
        language: language.tag(),
        subject,
        before: vec![before],
        link: accepted.then(|| (language.pick("Sign in", "登录").to_owned(), link.to_owned())),
        code: None,
        after: Vec::new(),
    }
}

/// An account that the reader looks after has to be authorised anew. `reason` is in its issuer's words.
pub fn grant_dead(language: Language, organization: &str, account: &str, reason: &str, link: &str) -> Letter {
    Letter {
        kind: "grant_dead",
        language: language.tag(),
        subject: language.pick(
            format!("{account} of {organization} has to be authorised again"),
            format!("“{organization}”的账户 {account} 需要重新授权"),
        ),
        before: vec![
            language.pick(
                format!("Causeway sends no more requests through the upstream account {account} of {organization}: its provider does not accept its credential any more. Sign in there once more:"),
                format!("Causeway 已停止通过“{organization}”的上游账户 {account} 发送请求：提供商不再接受其凭据。请重新登录授权："),
            ),
        ],
        link: Some((language.pick("Open the account", "打开账户").to_owned(), link.to_owned())),
        code: None,
        after: if reason.is_empty() {
            Vec::new()
        } else {
            vec![language.pick(format!("The provider says: {reason}"), format!("提供商的说明：{reason}"))]
        },
    }
}

/// An invitation to share an upstream account. `message` is what the inviter has written.
pub fn share(
    language: Language,
    organization: &str,
    inviter: &str,
    provider: &str,
    message: &str,
    link: &str,
    days: i64,
) -> Letter {
    let mut before = vec![language.pick(
        format!("{inviter} asks you to share an account at {provider} with {organization} on Causeway. You sign in to it yourself, nobody sees the credential, and you can withdraw it at any time."),
        format!("{inviter} 请您与 Causeway 上的“{organization}”共享一个 {provider} 账户。由您自己登录，凭据不会向任何人显示，您可以随时撤回。"),
    )];
    if !message.is_empty() {
        before.push(language.pick(format!("They write: {message}"), format!("对方留言：{message}")));
    }
    Letter {
        kind: "share",
        language: language.tag(),
        subject: language.pick(
            format!("{organization} asks you to share an account on Causeway"),
            format!("“{organization}”请您在 Causeway 上共享账户"),
        ),
        before,
        link: Some((language.pick("Share an account", "共享账户").to_owned(), link.to_owned())),
        code: None,
        after: vec![language.pick(
            format!(
                "The invitation is for this address and expires in {}. If you did not expect it, ignore this mail.",
                amount(days, "day", "days")
            ),
            format!("该邀请仅限此邮箱地址使用，{days} 天后失效。如果您并未预料到这封邮件，请忽略。"),
        )],
    }
}

/// Somebody asks the reader to renew an account that they share or look after. `reason` is in its provider's words.
pub fn renew(
    language: Language,
    organization: &str,
    account: &str,
    asker: &str,
    reason: &str,
    link: &str,
) -> Letter {
    Letter {
        kind: "renew",
        language: language.tag(),
        subject: language.pick(
            format!("{account} of {organization} needs you"),
            format!("“{organization}”的账户 {account} 需要您处理"),
        ),
        before: vec![language.pick(
            format!(
                "{asker} asks you to renew the upstream account {account} of {organization} on Causeway:"
            ),
            format!("{asker} 请您更新 Causeway 上“{organization}”的上游账户 {account}："),
        )],
        link: Some((language.pick("Renew the account", "更新账户").to_owned(), link.to_owned())),
        code: None,
        after: if reason.is_empty() {
            Vec::new()
        } else {
            vec![language.pick(format!("The provider says: {reason}"), format!("提供商的说明：{reason}"))]
        },
    }
}

/// An account that the reader had asked for was withdrawn by who shared it.
pub fn withdrawn(
    language: Language,
    organization: &str,
    account: &str,
    person: &str,
    bound_keys: i64,
    link: &str,
) -> Letter {
    let mut before = vec![language.pick(
        format!("{person} has withdrawn the upstream account {account} from {organization}. Its credential is erased."),
        format!("{person} 已从“{organization}”撤回上游账户 {account}，其凭据已被清除。"),
    )];
    if bound_keys > 0 {
        before.push(language.pick(
            format!(
                "{} bound to it and {} no account until bound to another one.",
                amount(bound_keys, "key is", "keys are"),
                if bound_keys == 1 { "finds" } else { "find" }
            ),
            format!("有 {bound_keys} 个密钥绑定到该账户，在改绑其他账户之前将无法使用。"),
        ));
    }
    Letter {
        kind: "withdrawn",
        language: language.tag(),
        subject: language.pick(
            format!("{account} was withdrawn from {organization}"),
            format!("账户 {account} 已从“{organization}”撤回"),
        ),
        before,
        link: Some((language.pick("Open the accounts", "打开账户列表").to_owned(), link.to_owned())),
        code: None,
        after: Vec::new(),
    }
}

/// The link with which a person sets a new password.
pub fn password_reset(language: Language, link: &str, minutes: i64) -> Letter {
    Letter {
        kind: "password_reset",
        language: language.tag(),
        subject: language.pick("Set a new password for Causeway", "重置您的 Causeway 密码").to_owned(),
        before: vec![
            language
                .pick(
                    "Somebody, probably you, asked to set a new password for your account on Causeway.",
                    "有人（应该是您）请求重置您的 Causeway 账号密码。",
                )
                .to_owned(),
        ],
        link: Some((language.pick("Set a new password", "设置新密码").to_owned(), link.to_owned())),
        code: None,
        after: vec![language.pick(
            format!(
                "The link works once and expires in {}. If it was not you, ignore this mail: your password stays as it is.",
                amount(minutes, "minute", "minutes")
            ),
            format!("该链接仅可使用一次，{minutes} 分钟后失效。如果不是您本人操作，请忽略此邮件，您的密码不会改变。"),
        )],
    }
}

/// The password was changed, told to the person so that they hear of it when it was not them.
pub fn password_changed(language: Language, link: &str) -> Letter {
    Letter {
        kind: "password_changed",
        language: language.tag(),
        subject: language.pick("Your Causeway password was changed", "您的 Causeway 密码已更改").to_owned(),
        before: vec![
            language
                .pick(
                    "The password of your account on Causeway was changed, and all other sessions were ended. If it was not you, set a new one at once:",
                    "您的 Causeway 账号密码已更改，其他会话均已结束。如果不是您本人操作，请立即重新设置密码：",
                )
                .to_owned(),
        ],
        link: Some((language.pick("Open Causeway", "打开 Causeway").to_owned(), link.to_owned())),
        code: None,
        after: Vec::new(),
    }
}

fn amount(n: i64, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mail_is_written_in_both_languages_with_its_link() {
        let link = "https://causeway.example.com/web/x";
        for language in [Language::English, Language::Chinese] {
            let letters = [
                invitation(language, "Engines", "Ada", Role::Member, link, 7),
                registration_decided(language, "Engines", true, link),
                password_reset(language, link, 60),
                password_changed(language, link),
                grant_dead(language, "Engines", "Codex", "invalid_grant: Revoked", link),
                share(language, "Engines", "Ada", "Codex", "until March", link, 7),
                renew(language, "Engines", "Codex", "Ada", "invalid_grant: Revoked", link),
                withdrawn(language, "Engines", "Codex", "Grace", 2, link),
            ];
            for letter in letters {
                let text = letter.text();
                assert!(text.lines().any(|line| line == link), "{text}");
                let chinese = letter.subject.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
                assert_eq!(chinese, language == Language::Chinese, "{}", letter.subject);
            }
        }
        assert!(
            confirm_address(Language::Chinese, "Engines", "12345678", 1).text().contains("\n\n12345678\n\n")
        );
        assert_eq!(
            ["zh-CN", "ZH", "en-GB", ""].map(Language::of).map(Language::tag),
            ["zh-CN", "zh-CN", "en", "en"]
        );
    }
}
