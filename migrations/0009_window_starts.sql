-- When the window of five hours ends that began with a scope's first use: no calendar knows it, so it is written down.

-- Milliseconds since the epoch; 0 = none has begun.
alter table budget_totals add column five_hours_end bigint not null default 0;
