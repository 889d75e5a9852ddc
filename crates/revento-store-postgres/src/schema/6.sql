-- The pages of lists of connections are in the order of the key; those of connections that are due, in the order of expiry and key.
DROP INDEX revento_connections_by_event;
CREATE INDEX revento_connections_by_event ON revento_connections (client_id, event_id, key);
CREATE INDEX revento_connections_by_client ON revento_connections (client_id, key);
DROP INDEX revento_connections_due;
CREATE INDEX revento_connections_due ON revento_connections (client_id, refresh_expires_at, key) WHERE live;

-- Buried deliveries are listed page by page, too.
DROP INDEX revento_deliveries_buried;
CREATE INDEX revento_deliveries_buried ON revento_deliveries (at, envelope_id) WHERE state = 'buried';
