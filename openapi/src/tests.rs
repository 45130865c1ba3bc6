//! The wire forms that scripts rely on, and the schemas that only lend their shape.

use crate::{
    accounts::{Credential, UpdateAccount},
    keys::{CreateKey, UpdateKey},
    me::Permission,
    problem::ProblemCode,
};
use causeway_domain::Role;

#[test]
fn a_change_tells_leaving_from_clearing() {
    let read = |json: &str| serde_json::from_str::<UpdateKey>(json).unwrap();
    assert_eq!(read("{}").expires_at, None);
    assert_eq!(read(r#"{"expires_at":null}"#).expires_at, Some(None));
    assert!(read(r#"{"expires_at":"2027-01-01T00:00:00Z"}"#).expires_at.is_some_and(|at| at.is_some()));
    assert!(serde_json::from_str::<UpdateKey>(r#"{"name":null}"#).is_err(), "a name cannot be cleared");
    assert_eq!(serde_json::to_string(&read(r#"{"expires_at":null}"#)).unwrap(), r#"{"expires_at":null}"#);
}

#[test]
fn an_unknown_field_is_refused_by_its_name() {
    let error = serde_json::from_str::<CreateKey>(r#"{"name":"a","limit":{}}"#).unwrap_err().to_string();
    assert!(error.contains("`limit`"), "{error}");
    let error =
        serde_json::from_str::<UpdateAccount>(r#"{"credential":{"kind":"api_key","api_key":"k","x":1}}"#)
            .unwrap_err()
            .to_string();
    assert!(error.contains("`x`"), "{error}");
}

#[test]
fn credentials_read_as_scripts_write_them_and_print_nothing() {
    let credential: Credential = serde_json::from_str(r#"{"kind":"api_key","api_key":"sk-secret"}"#).unwrap();
    assert!(!format!("{credential:?}").contains("sk-secret"));
}

#[test]
fn every_role_has_all_rights_of_the_one_before() {
    let rights = [Role::Viewer, Role::Member, Role::Admin, Role::Owner].map(|r| Permission::of(r).len());
    assert!(rights.is_sorted(), "{rights:?}");
    // The exception: bills are for the accountant, not for everybody who has a key.
    let reads = [Role::Viewer, Role::Member, Role::Admin].map(|r| Permission::BillingRead.granted_to(r));
    assert_eq!(reads, [true, false, true]);
    for permission in Permission::ALL {
        assert_eq!(serde_json::to_value(permission).unwrap(), permission.as_str());
    }
}

#[test]
fn a_problem_of_a_later_version_is_still_a_problem() {
    assert_eq!(serde_json::from_str::<ProblemCode>("\"brand_new\"").unwrap(), ProblemCode::Unknown);
}

#[cfg(feature = "schemas")]
mod shapes {
    use crate::schema;
    use causeway_domain::{
        AddressRules, Ceilings, CreditKind, Limits, Nanos, Plan, Role, Services, TokenCounts,
        limits::{Queue, Windows},
        model::ModelPolicy,
        service::ApiDialect,
        window::WindowKind,
    };
    use serde::Serialize;
    use utoipa::PartialSchema;

    fn properties<T: PartialSchema>() -> Vec<String> {
        let schema = serde_json::to_value(T::schema()).unwrap();
        let mut names: Vec<_> = schema["properties"].as_object().unwrap().keys().cloned().collect();
        names.sort();
        names
    }

    fn written(value: &impl Serialize) -> Vec<String> {
        let value = serde_json::to_value(value).unwrap();
        let mut names: Vec<_> = value.as_object().unwrap().keys().cloned().collect();
        names.sort();
        names
    }

    fn choices<T: PartialSchema>() -> serde_json::Value {
        serde_json::to_value(T::schema()).unwrap()["enum"].clone()
    }

    #[test]
    fn schemas_have_the_fields_that_the_domain_writes() {
        fn all<T: Copy>(t: T) -> Windows<T> {
            Windows { five_hours: Some(t), day: Some(t), week: Some(t), month: Some(t), total: Some(t) }
        }
        let limits = Limits {
            requests_per_minute: Some(1),
            tokens_per_minute: Some(1),
            concurrency: Some(1),
            usd: all(Nanos(1)),
            tokens: all(1),
            requests: all(1),
            queue: Some(Queue { length: 1, wait_seconds: 1 }),
        };
        assert_eq!(properties::<schema::Limits>(), written(&limits));
        assert_eq!(properties::<schema::DollarWindows>(), written(&limits.usd));
        assert_eq!(properties::<schema::TokenWindows>(), written(&limits.tokens));
        assert_eq!(properties::<schema::RequestWindows>(), written(&limits.requests));
        assert_eq!(properties::<schema::Queue>(), written(&limits.queue.unwrap()));
        assert_eq!(properties::<schema::ModelPolicy>(), written(&ModelPolicy::default()));
        assert_eq!(properties::<schema::TokenCounts>(), written(&TokenCounts::default()));
        let ceilings = Ceilings {
            keys: Some(1),
            limits: limits.clone(),
            models: ModelPolicy { allow: vec!["a".into()], deny: Vec::new() },
            expires_within_days: Some(1),
            accounts: vec![causeway_domain::AccountId(uuid::Uuid::nil())],
            pools: vec![causeway_domain::PoolId(uuid::Uuid::nil())],
        };
        assert_eq!(properties::<schema::Ceilings>(), written(&ceilings));
        assert_eq!(properties::<schema::AddressRules>(), written(&AddressRules::default()));
        assert_eq!(properties::<schema::Services>(), written(&Services::default()));
        assert_eq!(
            choices::<schema::PoolStrategy>(),
            serde_json::to_value(causeway_domain::pool::Strategy::ALL).unwrap()
        );
        let schemes = causeway_domain::proxy::Scheme::ALL;
        assert_eq!(choices::<schema::ProxyScheme>(), serde_json::to_value(schemes).unwrap());
        assert_eq!(choices::<schema::ApiDialect>(), serde_json::to_value(ApiDialect::ALL).unwrap());
        let plan = Plan { members: Some(1), keys: Some(1), accounts: Some(1), limits };
        assert_eq!(properties::<schema::Plan>(), written(&plan));
        assert_eq!(choices::<schema::CreditKind>(), serde_json::to_value(CreditKind::ALL).unwrap());
        assert_eq!(choices::<schema::Role>(), serde_json::to_value(Role::ALL).unwrap());
        assert_eq!(choices::<schema::WindowKind>(), serde_json::to_value(WindowKind::ALL).unwrap());
        assert_eq!(
            choices::<crate::me::Permission>(),
            serde_json::to_value(crate::me::Permission::ALL).unwrap()
        );
        assert_eq!(
            choices::<crate::tokens::Scope>(),
            serde_json::to_value(crate::tokens::Scope::ALL).unwrap()
        );
    }
}
