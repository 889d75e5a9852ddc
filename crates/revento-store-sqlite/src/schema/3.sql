-- The SHA-256 of the body; NULL where it is not known.
ALTER TABLE revento_deliveries ADD COLUMN digest BLOB;

-- A NULL body of a buried delivery was expunged, and its digest with it.
CREATE INDEX revento_deliveries_buried ON revento_deliveries (at, arrival) WHERE state = 'buried';
CREATE INDEX revento_deliveries_to_expunge ON revento_deliveries (at) WHERE state = 'buried' AND body IS NOT NULL;
