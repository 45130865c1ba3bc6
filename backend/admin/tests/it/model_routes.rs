//! Model routes: what is kept, what is refused, and that nobody's change is lost to another's.

use crate::world::{self, Answer, World};
use http::Method;
use serde_json::{Value, json};

async fn set(world: &World, token: &str, body: Value) -> Answer {
    world.call(Method::PUT, "/model-routes", Some(token), Some(body.to_string()), &[]).await
}

/// The fields that a refusal names.
fn fields(answer: &Answer) -> (u16, Vec<&str>) {
    let errors = answer.body["errors"].as_array().into_iter().flatten();
    (answer.status.as_u16(), errors.map(|error| error["field"].as_str().unwrap()).collect())
}

#[tokio::test]
async fn routes_are_kept_in_their_order_and_a_change_of_what_another_has_changed_is_refused() {
    world::with_owner(|world, _, token| async move {
        let account = world.account(&token).await;
        let empty = world.get("/model-routes", Some(&token)).await.body;
        assert_eq!(empty["items"], json!([]));
        let alias = json!({"kind": "alias", "pattern": "best", "keep_original": true, "targets": [
            {"provider": "anthropic", "model": "claude-sonnet-4-5"}, {"account_id": account, "model": "claude-haiku-4-5"}]});
        let exclude = json!({"kind": "exclude", "pattern": "*-preview", "targets": [], "keep_original": false});
        let prefix = json!({"kind": "prefix", "pattern": "a/", "targets": [{"account_id": account}], "keep_original": false});
        let mapping = json!({"kind": "mapping", "pattern": "claude-haiku-4-5", "keep_original": false,
            "targets": [{"account_id": account, "model": "deployment-7"}]});
        let all = json!([alias, exclude, prefix, mapping]);
        let made = set(&world, &token, json!({"version": empty["version"], "items": all})).await;
        assert_eq!((made.status.as_u16(), &made.body["items"]), (200, &all), "{}", made.body);
        assert_eq!(world.get("/model-routes", Some(&token)).await.body, made.body);
        let late = set(&world, &token, json!({"version": empty["version"], "items": []})).await;
        assert_eq!(late.status, 409, "{}", late.body);
        let turned = json!([mapping, prefix, exclude, alias]);
        let again = set(&world, &token, json!({"version": made.body["version"], "items": turned})).await;
        assert_eq!((again.status.as_u16(), &again.body["items"]), (200, &turned));
        // Of two at once from the same list one is refused.
        let change = |items: Value| set(&world, &token, json!({"version": again.body["version"], "items": items}));
        let (one, two) = tokio::join!(change(json!([alias])), change(json!([])));
        let mut both = [one.status.as_u16(), two.status.as_u16()];
        both.sort_unstable();
        assert_eq!(both, [200, 409]);
    })
    .await;
}

#[tokio::test]
async fn what_makes_no_route_is_refused_by_the_field_that_is_wrong() {
    world::with_owner(|world, _, token| async move {
        let account = world.account(&token).await;
        let nobody = "01890000-0000-7000-8000-000000000000";
        let target = json!({"model": "a"});
        let refused = [
            (json!({"kind": "alias", "pattern": "", "targets": [target]}), "items[0].pattern"),
            (json!({"kind": "alias", "pattern": "a b", "targets": [target]}), "items[0].pattern"),
            (json!({"kind": "prefix", "pattern": "a*"}), "items[0].pattern"),
            (json!({"kind": "alias", "pattern": "a"}), "items[0].targets"),
            (json!({"kind": "mapping", "pattern": "a"}), "items[0].targets"),
            (json!({"kind": "alias", "pattern": "a", "targets": vec![&target; 9]}), "items[0].targets"),
            (json!({"kind": "alias", "pattern": "a", "targets": [{}]}), "items[0].targets[0].model"),
            (json!({"kind": "alias", "pattern": "a", "targets": [{"model": "b*"}]}), "items[0].targets[0].model"),
            (
                json!({"kind": "exclude", "pattern": "a", "targets": [{"account_id": account, "model": "b"}]}),
                "items[0].targets[0].model",
            ),
            (json!({"kind": "exclude", "pattern": "a", "targets": [{}]}), "items[0].targets[0]"),
            (
                json!({"kind": "alias", "pattern": "a", "targets": [{"provider": "nowhere", "model": "b"}]}),
                "items[0].targets[0].provider",
            ),
            (
                json!({"kind": "alias", "pattern": "a", "targets": [{"account_id": nobody, "model": "b"}]}),
                "items[0].targets[0].account_id",
            ),
        ];
        for (route, field) in refused {
            let answer = set(&world, &token, json!({"items": [route]})).await;
            assert_eq!(fields(&answer), (422, vec![field]), "{route}: {}", answer.body);
        }
        let alias = json!({"kind": "alias", "pattern": "a", "targets": [target]});
        let twice = set(&world, &token, json!({"items": [alias, alias]})).await;
        assert_eq!(fields(&twice), (422, vec!["items[1].pattern"]));
        let many = set(&world, &token, json!({"items": vec![&alias; 201]})).await;
        assert_eq!(fields(&many), (422, vec!["items"]));
        let unknown = json!({"kind": "detour", "pattern": "a"});
        assert_eq!(set(&world, &token, json!({"items": [unknown]})).await.status, 422);
        assert_eq!(world.get("/model-routes", Some(&token)).await.body["items"], json!([]), "nothing is kept of it");
    })
    .await;
}
