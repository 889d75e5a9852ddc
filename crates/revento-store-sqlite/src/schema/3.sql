-- A NULL body of a buried delivery was expunged.
CREATE INDEX revento_deliveries_buried ON revento_deliveries (at, arrival) WHERE state = 'buried';
CREATE INDEX revento_deliveries_to_expunge ON revento_deliveries (at) WHERE state = 'buried' AND body IS NOT NULL;
