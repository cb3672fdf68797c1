-- Calls under way at once; the rate of each key, as JSON; rates of single operations, as a JSON object by their names.
ALTER TABLE plans ADD COLUMN concurrency INTEGER;
ALTER TABLE plans ADD COLUMN per_key TEXT;
ALTER TABLE plans ADD COLUMN operations TEXT NOT NULL DEFAULT '{}';
