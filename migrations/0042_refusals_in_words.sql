-- What the client of a refused request was told. Refusals by limits, budgets and the rules of keys are kept beside those for
-- want of an account: they have no steps, and of one key for one reason each instance keeps one a minute.
alter table request_attempts add column message text not null default '';
