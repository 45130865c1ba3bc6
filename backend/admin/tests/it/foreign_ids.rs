//! Another organisation's identifiers in every place where the document has one: path, query, body, lists that mix them
//! with own ones. Each is answered like an identifier that nobody has, changes nothing and tells nothing.

use crate::{
    matrix::{
        table::{Need, Row, rows},
        things::{Makers, Things, shape},
    },
    spec::{Operation, Spec},
    witness::Witness,
    world::{self, Answer, World},
};
use causeway_domain::Role;
use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

/// A call with a place for an identifier.
struct Probe<'a> {
    row: &'a Row,
    place: Place,
}

/// Where it goes.
enum Place {
    /// The placeholder of the path.
    Path(String),
    Query(String),
    /// A JSON pointer into the body, and whether an own identifier stands in the list before it.
    Body(String, bool),
}

struct Scene {
    world: World,
    caller: String,
    own: Things,
}

impl Probe<'_> {
    fn name(&self) -> String {
        let place = match &self.place {
            Place::Path(name) => format!("path {name}"),
            Place::Query(name) => format!("query {name}"),
            Place::Body(pointer, mixed) => {
                format!("body {pointer}{}", if *mixed { " beside an own one" } else { "" })
            }
        };
        format!("{} {}, {place}", self.row.method, self.row.path)
    }

    async fn send(&self, scene: &Scene, id: &str) -> Answer {
        let (mut path, mut body) = (self.row.path.to_owned(), self.row.body.map(|body| scene.own.fill(body)));
        match &self.place {
            Place::Path(placeholder) => path = path.replace(placeholder, id),
            Place::Query(name) => path = format!("{path}?{name}={id}"),
            Place::Body(pointer, mixed) => {
                let mut value = serde_json::from_str(body.as_deref().unwrap()).unwrap();
                set(&mut value, pointer, &json!(id));
                if *mixed {
                    let (list, _) = pointer.rsplit_once("/0").unwrap();
                    let own = match list.rsplit('/').next().unwrap() {
                        "targets" => json!({"account_id": scene.own.get("account"), "model": "a"}),
                        "members" => json!({"account_id": scene.own.get("account")}),
                        "accounts" | "account_ids" => json!(scene.own.get("account")),
                        "pools" | "pool_ids" => json!(scene.own.get("pool")),
                        _ => json!(scene.own.get("key")),
                    };
                    value.pointer_mut(list).unwrap().as_array_mut().unwrap().insert(0, own);
                }
                body = Some(value.to_string());
            }
        }
        let path = scene.own.fill(&path);
        scene.world.call(self.row.method.clone(), &path, Some(&scene.caller), body, &[]).await
    }
}

/// Puts a value into a place that need not be there yet.
fn set(into: &mut Value, pointer: &str, value: &Value) {
    let Some((name, rest)) = pointer.strip_prefix('/').map(|p| p.split_once('/').unwrap_or((p, ""))) else {
        *into = value.clone();
        return;
    };
    let rest = if rest.is_empty() { String::new() } else { format!("/{rest}") };
    if name == "0" {
        if into.as_array().is_none_or(Vec::is_empty) {
            *into = json!([null]);
        }
        set(&mut into[0], &rest, value);
    } else {
        set(&mut into[name], &rest, value);
    }
}

fn probes<'a>(spec: &Spec, operation: &Operation, row: &'a Row) -> Vec<Probe<'a>> {
    let mut places = Vec::new();
    let of_row: Vec<_> = row.path.split('/').collect();
    for parameter in operation.parameters.iter().filter(|p| p.schema["format"] == "uuid") {
        match parameter.place.as_str() {
            "path" => {
                let name = format!("{{{}}}", parameter.name);
                let part = operation.path.split('/').position(|part| part == name).unwrap();
                places.push(Place::Path(of_row[part].to_owned()));
            }
            "query" => places.push(Place::Query(parameter.name.clone())),
            // Naming an organisation is a matter of the matrix.
            _ => {}
        }
    }
    for pointer in operation.body.iter().flat_map(|(_, schema)| spec.identifiers(schema)) {
        if pointer.contains("/0") {
            places.push(Place::Body(pointer.clone(), true));
        }
        places.push(Place::Body(pointer, false));
    }
    places.into_iter().map(|place| Probe { row, place }).collect()
}

/// An answer without what is another one every time.
fn told(answer: &Answer, id: &str) -> (u16, String) {
    let mut body = answer.body.clone();
    if let Some(problem) = body.as_object_mut() {
        problem.remove("request_id");
    }
    (answer.status.as_u16(), body.to_string().replace(id, "ID"))
}

#[tokio::test]
async fn another_organisations_identifiers_are_like_identifiers_that_nobody_has() {
    world::with_owner(|world, _, operator| async move {
        let made = world.owner("Motors", "keeper@example.com").await;
        let keeper = world.sign_in("keeper@example.com").await;
        let rivals = world.owner("Rivals", "rival@example.com").await;
        let rival = world.sign_in("rival@example.com").await;
        let makers = Makers { world: &world, made, owner: &keeper, operator: &operator };
        let own = makers.things(1).await;
        let makers = Makers { world: &world, made: rivals, owner: &rival, operator: &operator };
        let foreign = makers.things(2).await;
        world.person(made, Role::Owner, "caller@example.com").await;
        let caller = world.sign_in("caller@example.com").await;
        let scene = Scene { world, caller, own };
        let mut witness = Witness::of(&scene.world).await;

        // What is theirs and ours alike, such as the operator's announcement, is no secret.
        let shared = [
            "notice",
            "batch",
            "code",
            "tomorrow",
            "month",
            "password",
            "model",
            "kind",
            "upstream",
            "step",
            "dimension",
            "record",
            "open",
        ];
        let theirs: Vec<_> = foreign.values().filter(|(name, _)| !shared.contains(name)).collect();
        let ids: Vec<_> = theirs.iter().filter(|(_, value)| value.parse::<Uuid>().is_ok()).collect();
        let (spec, rows) = (Spec::new(), rows());
        // Pages that begin after a row of theirs have rows of ours.
        for operation in spec.operations() {
            let is_list = operation.parameters.iter().any(|p| p.name == "cursor");
            if !is_list || operation.path.starts_with("/operator") {
                continue;
            }
            let operation_shape = shape(&operation.method, &operation.path);
            let row = rows.iter().find(|row| shape(&row.method, row.path) == operation_shape).unwrap();
            let path = format!("{}?cursor={}", scene.own.fill(row.path), foreign.get("request"));
            let answer = scene.world.call(Method::GET, &path, Some(&scene.caller), None, &[]).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.body);
            let text = answer.body.to_string();
            let leak = theirs.iter().find(|(_, value)| text.contains(value));
            assert!(leak.is_none(), "{path}: {leak:?}");
        }

        let (mut places, mut calls, mut wrong) = (0, 0, Vec::new());
        for operation in spec.operations() {
            let operation_shape = shape(&operation.method, &operation.path);
            let row = rows.iter().find(|row| shape(&row.method, row.path) == operation_shape).unwrap();
            // Operators see every organisation, and issuers are found by anybody.
            if matches!(row.need, Need::Operator(_) | Need::Nothing) {
                continue;
            }
            for probe in probes(&spec, &operation, row) {
                places += 1;
                let unknown = Uuid::now_v7().to_string();
                let expected = told(&probe.send(&scene, &unknown).await, &unknown);
                let is_import = row.path == "/usage/import";
                // That is the name of a new row and points to none; only one that is taken is refused.
                let names_a_row =
                    is_import && matches!(&probe.place, Place::Body(at, _) if at == "/request_id");
                let is_filter = matches!(probe.place, Place::Query(_));
                if !is_import && !is_filter && !matches!(expected.0, 404 | 422) {
                    wrong.push(format!("{}: nobody's identifier is {}", probe.name(), expected.0));
                }
                witness.changes().await;
                for (name, id) in &ids {
                    calls += 1;
                    let answer = probe.send(&scene, id).await;
                    let changes = witness.changes().await;
                    let is = told(&answer, id);
                    let is_new = names_a_row && *name != "request";
                    if is != expected && !names_a_row {
                        wrong.push(format!("{}, their {name}: {is:?}, and not {expected:?}", probe.name()));
                    }
                    if !changes.is_empty() && !is_new {
                        wrong.push(format!("{}, their {name}: {changes:?}", probe.name()));
                    }
                    let text = format!("{} {:?}", answer.body, answer.headers);
                    let leaks = theirs.iter().filter(|(_, value)| value != id && text.contains(value));
                    wrong.extend(
                        leaks.map(|(leak, _)| format!("{}, their {name}: leaks {leak}", probe.name())),
                    );
                }
            }
        }
        println!("{places} places × {} identifiers of another organisation: {calls} calls", ids.len());
        assert!(places > 50, "{places}");
        assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    })
    .await;
}
