use super::*;
use causeway_domain::Factor;

#[test]
fn the_heading_names_every_field_of_a_record_in_its_order() {
    let record = UsageRecord {
        request_id: RequestId(uuid::Uuid::nil()),
        started_at: DateTime::UNIX_EPOCH,
        written_by: WrittenBy::Owner,
        key_id: uuid::Uuid::nil().into(),
        key_name: String::new(),
        member_id: None,
        member_name: String::new(),
        account_id: uuid::Uuid::nil().into(),
        account_name: String::new(),
        provider: String::new(),
        dialect: String::new(),
        model: String::new(),
        stream: false,
        status: 0,
        outcome: Outcome::Completed,
        estimated: false,
        input_tokens: 0,
        output_tokens: 0,
        cache_read_tokens: 0,
        cache_write_5m_tokens: 0,
        cache_write_1h_tokens: 0,
        reasoning_tokens: 0,
        web_searches: 0,
        service_tier: causeway_domain::price::ServiceTier::Standard,
        provider_cost_usd: Nanos::ZERO,
        multiplier: Factor::ONE,
        cost_usd: Nanos::ZERO,
        price: serde_json::Value::Null,
        first_byte_ms: None,
        duration_ms: 0,
        upstream_request_id: None,
        client: String::new(),
        client_id: String::new(),
        error: None,
    };
    let value = serde_json::to_value(record).unwrap();
    assert_eq!(value.as_object().unwrap().keys().collect::<Vec<_>>(), COLUMNS);
}
