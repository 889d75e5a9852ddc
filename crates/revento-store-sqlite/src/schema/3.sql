-- The SHA-256 of the body; NULL if it is not known.
ALTER TABLE revento_deliveries ADD COLUMN digest BLOB;

-- A buried delivery without a body was expunged; its digest was deleted with the body.
CREATE INDEX revento_deliveries_buried ON revento_deliveries (at, arrival) WHERE state = 'buried';
CREATE INDEX revento_deliveries_to_expunge ON revento_deliveries (at) WHERE state = 'buried' AND body IS NOT NULL;
