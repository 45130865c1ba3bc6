//! Gemini: the answers in all three forms, what they say of usage, and what is refused.

use causeway_simulator::{Outcome, Tokens};

use super::*;

const MODEL: &str = "gemini-3.5-pro";

fn request() -> Value {
    json!({
        "contents": [{"role": "user", "parts": [{"text": "How does water find its way? ".repeat(8)}]}],
        "generationConfig": {"maxOutputTokens": 400},
    })
}

fn weather() -> Value {
    json!([{"functionDeclarations": [{"name": "get_weather", "description": "Weather.", "parameters": {
        "type": "OBJECT", "properties": {"city": {"type": "STRING"}}, "required": ["city"],
    }}]}])
}

async fn call(simulator: &Simulator, what: &str, body: &Value) -> reqwest::Response {
    let address = format!("{}/v1beta/models/{what}", simulator.url());
    reqwest::Client::new().post(address).header("x-goog-api-key", KEY).json(body).send().await.unwrap()
}

async fn whole(simulator: &Simulator, body: &Value) -> Value {
    let answer = call(simulator, &format!("{MODEL}:generateContent"), body).await;
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    answer.json().await.unwrap()
}

async fn streamed(simulator: &Simulator, script: &str) -> Vec<Value> {
    simulator.next(script).unwrap();
    let answer = call(simulator, &format!("{MODEL}:streamGenerateContent?alt=sse"), &request()).await;
    events(&answer.text().await.unwrap())
}

fn usage(value: &Value) -> Tokens {
    let figure = |name: &str| value[name].as_u64().unwrap_or(0);
    let cache_read = figure("cachedContentTokenCount");
    let output = figure("candidatesTokenCount") + figure("thoughtsTokenCount");
    assert_eq!(value["totalTokenCount"], figure("promptTokenCount") + output);
    Tokens { input: figure("promptTokenCount") - cache_read, output, cache_read, ..Tokens::default() }
}

#[tokio::test]
async fn a_text_comes_whole_and_its_usage_is_the_ledgers() {
    let simulator = start().await;
    let told = whole(&simulator, &request()).await;
    let candidate = &told["candidates"][0];
    assert_eq!(
        (&candidate["finishReason"], &candidate["content"]["role"]),
        (&"STOP".into(), &"model".into())
    );
    assert!(!candidate["content"]["parts"][0]["text"].as_str().unwrap().is_empty());
    let entry = settled(&simulator).await;
    assert_eq!((usage(&told["usageMetadata"]), entry.sent), (entry.billed, entry.billed));
    assert_eq!(
        (entry.model.as_deref(), entry.max_tokens, entry.key.as_deref()),
        (Some(MODEL), Some(400), Some(KEY))
    );
    assert_eq!(told["responseId"], entry.message_id.as_deref().unwrap());
    assert!(simulator.ledger().leaks().is_empty());
}

#[tokio::test]
async fn thoughts_are_counted_beside_the_candidates_and_cached_input_within_the_prompt() {
    let simulator = start().await;
    let mut body = request();
    body["generationConfig"]["thinkingConfig"] = json!({"includeThoughts": true});
    simulator.next("in=100,cache_read=40,cache_5m=7,out=50,reasoning=20").unwrap();
    let told = whole(&simulator, &body).await;
    assert_eq!(told["candidates"][0]["content"]["parts"][0]["thought"], true);
    let figures = &told["usageMetadata"];
    assert_eq!(
        (&figures["promptTokenCount"], &figures["cachedContentTokenCount"]),
        (&147.into(), &40.into())
    );
    assert_eq!((&figures["candidatesTokenCount"], &figures["thoughtsTokenCount"]), (&30.into(), &20.into()));
    let expected = Tokens { input: 107, output: 50, cache_read: 40, ..Tokens::default() };
    assert_eq!(settled(&simulator).await.billed, expected);
}

#[tokio::test]
async fn a_stream_says_the_same_in_pieces_in_either_form() {
    let simulator = start().await;
    let script = "shape=full,events=12,in=90,out=300";
    let chunks = streamed(&simulator, script).await;
    let last = chunks.last().unwrap();
    let entry = settled(&simulator).await;
    assert_eq!(entry.outcome, Outcome::Completed);
    assert_eq!((usage(&last["usageMetadata"]), entry.sent), (entry.billed, entry.billed));
    assert_eq!(last["candidates"][0]["finishReason"], "STOP");
    assert_eq!(usage(&chunks[0]["usageMetadata"]), entry.billed.with_output(0));
    assert!(
        chunks[..chunks.len() - 1].iter().all(|chunk| chunk["candidates"][0].get("finishReason").is_none())
    );

    simulator.next(script).unwrap();
    let array = call(&simulator, &format!("{MODEL}:streamGenerateContent"), &request()).await;
    assert_eq!(array.headers()["content-type"], "application/json; charset=UTF-8");
    let array: Vec<Value> = serde_json::from_str(&array.text().await.unwrap()).unwrap();
    assert_eq!(array.len(), chunks.len());
    assert_eq!(array.last().unwrap()["candidates"], last["candidates"]);
}

#[tokio::test]
async fn two_parallel_calls_come_whole_and_their_responses_are_taken() {
    let simulator = start().await;
    let mut body = request();
    body["tools"] = weather();
    simulator.next("shape=full").unwrap();
    let content = whole(&simulator, &body).await["candidates"][0]["content"].clone();
    let parts = content["parts"].as_array().unwrap();
    let calls: Vec<_> = parts.iter().filter(|part| part.get("functionCall").is_some()).cloned().collect();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0]["functionCall"]["args"]["city"], "Zürich");
    assert!(calls[0].get("thoughtSignature").is_some() && calls[1].get("thoughtSignature").is_none());

    let response = |n: usize| {
        let id = &calls[n]["functionCall"]["id"];
        json!({"functionResponse": {"id": id, "name": "get_weather", "response": {"output": "rain"}}})
    };
    let contents = body["contents"].as_array_mut().unwrap();
    contents.push(content);
    contents.push(json!({"role": "user", "parts": [response(0), response(1)]}));
    whole(&simulator, &body).await;

    let what = format!("{MODEL}:generateContent");
    let mut lonely = body.clone();
    lonely["contents"][2]["parts"].as_array_mut().unwrap().pop();
    let mut unsigned = body.clone();
    for part in unsigned["contents"][1]["parts"].as_array_mut().unwrap() {
        part.as_object_mut().unwrap().remove("thoughtSignature");
    }
    for (body, why) in [(&lonely, "number of function response parts"), (&unsigned, "thought_signature")] {
        let refused: Value = call(&simulator, &what, body).await.json().await.unwrap();
        assert!(refused["error"]["message"].as_str().unwrap().contains(why), "{refused}");
    }
    // Older models sign nothing, and want nothing signed.
    assert_eq!(call(&simulator, "gemini-2.5-pro:generateContent", &unsigned).await.status(), 200);
}

#[tokio::test]
async fn faults_are_told_in_this_dialect() {
    let simulator = start().await;
    let what = format!("{MODEL}:generateContent");
    for (script, status, name) in [
        ("status=429,retry_after=3", 429, "RESOURCE_EXHAUSTED"),
        ("status=503", 503, "UNAVAILABLE"),
        ("status=500", 500, "INTERNAL"),
        ("status=400,error=FAILED_PRECONDITION", 400, "FAILED_PRECONDITION"),
    ] {
        simulator.next(script).unwrap();
        let refused = call(&simulator, &what, &request()).await;
        assert_eq!(refused.status(), status);
        let refused: Value = refused.json().await.unwrap();
        assert_eq!((&refused["error"]["code"], &refused["error"]["status"]), (&status.into(), &name.into()));
    }
    let broken = streamed(&simulator, "error_event=overloaded_error@2").await;
    assert_eq!((broken.len(), &broken[2]["error"]["status"]), (3, &"UNAVAILABLE".into()));
    for (script, elements) in [("error_event=INTERNAL@2", 3), ("error_event=INTERNAL", 1)] {
        simulator.next(script).unwrap();
        let array = call(&simulator, &format!("{MODEL}:streamGenerateContent"), &request()).await;
        let array: Vec<Value> = serde_json::from_str(&array.text().await.unwrap()).unwrap();
        assert_eq!((array.len(), &array[elements - 1]["error"]["code"]), (elements, &500.into()));
    }
    let endless = streamed(&simulator, "omit=stop").await;
    assert!(endless.last().unwrap()["candidates"][0].get("finishReason").is_none());
    assert_eq!(simulator.ledger().last().unwrap().outcome, Outcome::CutByFault);
    simulator.next("cut=reset@4").unwrap();
    let cut = call(&simulator, &format!("{MODEL}:streamGenerateContent?alt=sse"), &request()).await;
    assert!(cut.bytes().await.is_err());
}

#[tokio::test]
async fn what_the_schema_does_not_have_is_refused_by_name() {
    let simulator = start().await;
    let user = |part: Value| json!([{"role": "user", "parts": [part]}]);
    let tool =
        |parameters: Value| json!([{"functionDeclarations": [{"name": "f", "parameters": parameters}]}]);
    let called = json!({"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]});
    for (field, value, why) in [
        ("messages", json!([]), "Unknown name \"messages\""),
        ("contents", json!([]), "contents is not specified"),
        ("contents", json!([{"role": "assistant", "parts": [{"text": "x"}]}]), "valid role"),
        (
            "contents",
            user(json!({"type": "text", "text": "x"})),
            "Unknown name \"type\" at 'contents[0].parts[0]'",
        ),
        ("contents", user(json!({"text": ""})), "required oneof field 'data'"),
        ("contents", user(json!({"text": "x", "inlineData": {}})), "already set"),
        (
            "contents",
            user(json!({"functionResponse": {"name": "f", "response": {}}})),
            "immediately after a function call",
        ),
        ("contents", json!([called]), "single turn"),
        (
            "contents",
            user(json!({"text": "x", "thoughtSignature": "EqQBCkgI"})),
            "Corrupted thought signature",
        ),
        ("tools", json!([{"name": "f"}]), "Unknown name \"name\" at 'tools[0]'"),
        (
            "tools",
            tool(json!({"type": "object", "additionalProperties": false})),
            "Unknown name \"additionalProperties\"",
        ),
        (
            "tools",
            tool(json!({"type": "object", "properties": {"a": {"type": "array"}}})),
            "items: missing field",
        ),
        ("tools", tool(json!({"type": "object", "required": ["a"]})), "property is not defined"),
        ("toolConfig", json!({"functionCallingConfig": {"mode": "auto"}}), "TYPE_ENUM"),
        ("generationConfig", json!({"max_tokens": 5}), "Unknown name \"maxTokens\""),
        ("labels", json!({"user_id": "u"}), "Unknown name \"labels\""),
    ] {
        let mut body = request();
        body[field] = value;
        let refused = call(&simulator, &format!("{MODEL}:generateContent"), &body).await;
        assert_eq!(refused.status(), 400, "{body}");
        let refused: Value = refused.json().await.unwrap();
        assert_eq!(refused["error"]["status"], "INVALID_ARGUMENT");
        assert!(refused["error"]["message"].as_str().unwrap().contains(why), "{why}: {refused}");
    }
    assert_eq!(simulator.ledger().billed(), Tokens::default());
}

#[tokio::test]
async fn both_spellings_are_read_and_the_script_may_be_in_the_model() {
    let simulator = start().await;
    let body = json!({
        "system_instruction": {"parts": [{"text": "be kind"}]},
        "contents": request()["contents"],
        "generation_config": {"max_output_tokens": 30},
    });
    let refused = call(&simulator, "gemini-2.5-pro+sim:status=503,tag=g:generateContent", &body).await;
    assert_eq!(refused.status(), 503);
    let told = call(&simulator, "gemini-2.5-pro+sim:tag=g,out=30:generateContent", &body).await;
    let told: Value = told.json().await.unwrap();
    assert_eq!(told["candidates"][0]["finishReason"], "MAX_TOKENS");
    assert_eq!(told["modelVersion"], "gemini-2.5-pro");
    assert_eq!(simulator.ledger().tagged("g").len(), 2);
}

#[tokio::test]
async fn keys_models_and_counts() {
    let simulator = start().await;
    let client = reqwest::Client::new();
    let at = |path: &str| client.post(format!("{}{path}", simulator.url())).json(&request());
    for (request, status) in [
        (at("/v1beta/models/m:generateContent?key=sk-sim-q"), 200),
        (at("/v1/models/m:generateContent").bearer_auth(KEY), 200),
        (at("/v1beta/models/m:generateContent").header("x-goog-api-key", "AIza"), 400),
        (at("/v1beta/models/m:generateContent").bearer_auth("other"), 401),
        (at("/v1beta/models/m:generateContent"), 403),
        (at("/v1beta/models/m:predict").bearer_auth(KEY), 404),
    ] {
        assert_eq!(request.send().await.unwrap().status(), status);
    }
    let get = async |path: &str| {
        let request = client.get(format!("{}{path}", simulator.url())).header("x-goog-api-key", KEY);
        request.send().await.unwrap().json::<Value>().await.unwrap()
    };
    let page = get("/v1beta/models?pageSize=2").await;
    assert_eq!((page["models"].as_array().unwrap().len(), &page["nextPageToken"]), (2, &"2".into()));
    assert_eq!(get("/v1beta/models/gemini-2.5-pro").await["name"], "models/gemini-2.5-pro");

    let counted =
        call(&simulator, &format!("{MODEL}:countTokens"), &json!({"contents": request()["contents"]})).await;
    assert!(counted.json::<Value>().await.unwrap()["totalTokens"].as_u64().unwrap() > 0);
    let nested = json!({"generateContentRequest": {"model": "models/m", "contents": [], "tools": []}});
    assert_eq!(call(&simulator, &format!("{MODEL}:countTokens"), &nested).await.status(), 400);
}
