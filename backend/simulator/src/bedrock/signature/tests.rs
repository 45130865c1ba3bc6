//! Against the signatures that AWS publishes in its test suite.

use super::*;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const SCOPE: &str = "20150830/us-east-1/service/aws4_request";
const STAMP: &str = "20150830T123600Z";
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn of(canonical: &str) -> String {
    tag(SECRET, SCOPE, &to_sign(STAMP, SCOPE, canonical))
}

#[test]
fn the_tags_of_the_published_suite_come_out() {
    let headers = "host:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\nhost;x-amz-date";
    assert_eq!(
        of(&format!("GET\n/\n\n{headers}\n{EMPTY}")),
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
    );
    assert_eq!(
        of(&format!("POST\n/\n\n{headers}\n{EMPTY}")),
        "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
    );
    let sorted = query("Param2=value2&Param1=value1");
    assert_eq!(
        of(&format!("GET\n/\n{sorted}\n{headers}\n{EMPTY}")),
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
    );
    let path = encoded("/ሴ".as_bytes(), true);
    assert_eq!(
        of(&format!("GET\n{path}\n\n{headers}\n{EMPTY}")),
        "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"
    );
}

#[test]
fn what_is_encoded_in_a_path_is_encoded_once_more_and_in_a_query_it_is_not() {
    assert_eq!(encoded(b"/model/a.b-v1%3A0/invoke", true), "/model/a.b-v1%253A0/invoke");
    assert_eq!(query("b=%2f+x&a&b=1"), "a=&b=%2F%2Bx&b=1");
}

#[test]
fn a_signature_is_good_for_five_minutes_either_way() {
    let now = Utc::now();
    for minutes in [-4, 0, 4] {
        assert!(fresh(now + TimeDelta::minutes(minutes), now).is_ok());
    }
    for (minutes, said) in [(-6, "Signature expired"), (6, "Signature not yet current")] {
        let why = fresh(now + TimeDelta::minutes(minutes), now).unwrap_err().message.unwrap();
        assert!(why.starts_with(said), "{why}");
    }
}
