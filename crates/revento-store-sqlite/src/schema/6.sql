-- Whether an operator queued the delivery again for one attempt: if it fails, it is buried.
ALTER TABLE revento_deliveries ADD COLUMN single_attempt INTEGER NOT NULL DEFAULT 0;
