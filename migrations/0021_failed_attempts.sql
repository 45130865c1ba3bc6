-- What attempts have cost that failed before another account answered, or before none did: the provider may bill them, so
-- their account pays, and nobody is charged.

-- [{"account": "…", "cost_nanos": 1, "estimated": true}, …] in the order of the attempts; null = none that may be billed.
-- Not part of cost_nanos, which is what the account of the row itself asks for its answer. In usage_rollups and
-- budget_totals each is in the cost of its own account, under the key, model and member of the request, and in no other
-- figure: it is no request.
alter table usage add column failed_attempts jsonb;
