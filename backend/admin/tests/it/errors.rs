//! Bad input, and what the caller is told.

use crate::world;
use http::Method;
use serde_json::json;

#[tokio::test]
async fn whatever_goes_wrong_is_a_problem_document_with_the_id_of_the_call() {
    world::with_owner(|world, _, token| async move {
        let big = format!("{{\"name\":\"{}\"}}", "x".repeat(1 << 20));
        let json = ("content-type", "application/json");
        for (method, path, body, headers, status, code) in [
            (Method::POST, "/keys", "{", vec![json], 400, "malformed_request"),
            (Method::POST, "/keys", "{}", vec![("content-type", "text/plain")], 415, "not_json"),
            (Method::POST, "/keys", &big, vec![json], 413, "too_large"),
            (Method::POST, "/keys", r#"{"name":""}"#, vec![json], 422, "invalid_input"),
            (Method::POST, "/keys", r#"{"name":"a","secret":"x"}"#, vec![json], 422, "invalid_input"),
            (Method::GET, "/keys?order=name", "", vec![], 400, "malformed_request"),
            (Method::GET, "/keys?limit=0", "", vec![], 422, "invalid_input"),
            (Method::GET, "/keys?cursor=x", "", vec![], 422, "invalid_input"),
            (Method::GET, "/keys/not-an-id", "", vec![], 404, "not_found"),
            (Method::GET, "/nothing/here", "", vec![], 404, "not_found"),
            (Method::PUT, "/keys", "", vec![], 405, "method_not_allowed"),
        ] {
            let mut request = http::Request::builder().method(&method).uri(format!("/admin/v1{path}"));
            request = request.header("authorization", format!("Bearer {token}"));
            for (name, value) in headers {
                request = request.header(name, value);
            }
            let request = request.body(axum::body::Body::from(body.to_owned())).unwrap();
            let answer = world.send(request).await;
            assert_eq!(answer.status, status, "{method} {path}: {}", answer.body);
            assert_eq!(answer.body["code"], json!(code), "{method} {path}");
            assert_eq!(answer.body["status"], json!(status));
            assert_eq!(answer.headers["content-type"], "application/problem+json");
            assert_eq!(answer.body["request_id"], json!(answer.headers["x-request-id"].to_str().unwrap()));
            assert_eq!(answer.headers.contains_key("allow"), status == 405);
        }
    })
    .await;
}

#[tokio::test]
async fn a_token_that_is_no_token_is_refused_before_the_body_is_looked_at() {
    world::with_owner(|world, _, _| async move {
        for token in [None, Some(""), Some("x.y.z")] {
            let answer = world.call(Method::POST, "/keys", token, Some("{".into()), &[]).await;
            assert_eq!((answer.status.as_u16(), &answer.body["code"]), (401, &json!("not_signed_in")));
        }
    })
    .await;
}
