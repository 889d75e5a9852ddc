//! [`TokenStore`] on a stream: each message is a [`Slot`].

use async_trait::async_trait;
use revento_core::{ClientId, ConnectionKey, EventId, Timestamp};
use revento_store::{
    ClaimOutcome, ClaimTerms, CreateOutcome, DueCursor, Fence, Record, Slot, StoreError, Stored, SwapOutcome,
    TokenAdmin, TokenStore, Version,
};

use crate::{
    NatsStore,
    failure::{Contended, Failure},
    names::token,
    pages::{MAX_ROUNDS, load_all},
    token_index::{Listed, TokenIndex, client_prefix, event_key},
};

/// How many records are loaded for a page at once.
const BATCH: usize = 200;

impl NatsStore {
    async fn load_slot(&self, token: &str) -> Result<(u64, Slot), Failure> {
        match self.inner.tokens.stream.get(token).await? {
            Some(message) => Ok((message.seq, Slot::from_bytes(&message.payload)?)),
            None => Ok((0, Slot::default())),
        }
    }

    /// Changes a slot until no other writer came in between. `change` gets a number that is higher than all that came before it, and may
    /// be called several times.
    async fn change_slot<R>(
        &self,
        key: &ConnectionKey,
        change: impl Fn(i64, &mut Slot) -> R,
    ) -> Result<R, Failure> {
        let (tokens, token) = (&self.inner.tokens, token(&key.to_string()));
        for _ in 0..MAX_ROUNDS {
            let (seq, before) = self.load_slot(&token).await?;
            let number = match seq {
                // The slot may have had other numbers, all of them positions of this stream.
                0 => tokens.stream.info().await?.last,
                seq => seq,
            };
            let mut slot = before.clone();
            let answer = change(number.cast_signed(), &mut slot);
            if slot == before || tokens.put(&token, seq, slot.to_bytes()).await?.is_some() {
                return Ok(answer);
            }
            tokio::task::yield_now().await;
        }
        Err(Failure::unavailable(Contended).of_a_write())
    }

    /// Records behind a place in the index, in its order, until there are `limit`. Those that are gone or have another place by now are
    /// left out, and as many more are read.
    async fn page(
        &self,
        limit: usize,
        mut after: Option<Listed>,
        list: impl Fn(&TokenIndex, Option<&Listed>, usize) -> Vec<Listed>,
    ) -> Result<Vec<Stored>, Failure> {
        let mut found = Vec::new();
        if limit == 0 {
            return Ok(found);
        }
        let tokens = &self.inner.tokens;
        tokens.catch_up().await?;
        loop {
            let count = (limit - found.len()).min(BATCH);
            let places = tokens.follower.with(|index| list(index, after.as_ref(), count));
            let messages = load_all(&tokens.stream, places.iter().map(|place| &*place.token)).await?;
            for (place, message) in places.iter().zip(messages) {
                let Some(message) = message.filter(|message| !message.payload.is_empty()) else {
                    tokens
                        .follower
                        .with(|index| index.remove(&place.token, place.seq));
                    continue;
                };
                let slot = Slot::from_bytes(&message.payload)?;
                tokens.follower.saw(&message)?;
                let is_here = place.due.is_none() || slot.due_at() == place.due;
                found.extend(slot.into_stored().filter(|_| is_here));
            }
            if places.len() < count || found.len() >= limit {
                return Ok(found);
            }
            after = places.into_iter().next_back();
        }
    }

    async fn list_of_client(
        &self,
        client_id: &ClientId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, Failure> {
        let prefix = client_prefix(client_id);
        let after = after.map(|key| Listed::at(key, None));
        let list = |index: &TokenIndex, after: Option<&Listed>, count| index.keys(&prefix, after, count);
        self.page(limit, after, list).await
    }

    async fn list_clients(&self) -> Result<Vec<ClientId>, Failure> {
        let tokens = &self.inner.tokens;
        tokens.catch_up().await?;
        let mut clients = Vec::new();
        for client in tokens.follower.with(|index| index.clients()) {
            // The index may still have the last record of a client.
            let one = self.list_of_client(&client, None, 1).await?;
            clients.extend(
                one.into_iter()
                    .map(|stored| stored.record.connection.key.client_id),
            );
        }
        Ok(clients)
    }

    /// Empties the slot by a conditional write, then deletes the empty message. Another write that is on its way through the cluster would
    /// survive the deletion of a full message, and bring the connection back.
    async fn remove_slot(&self, key: &ConnectionKey) -> Result<(), Failure> {
        self.change_slot(key, |_, slot| slot.remove()).await?;
        let token = token(&key.to_string());
        if let Some(message) = self.inner.tokens.stream.get(&token).await?
            && message.payload.is_empty()
        {
            self.inner.tokens.stream.delete(message.seq).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl TokenStore for NatsStore {
    async fn load(&self, key: &ConnectionKey) -> Result<Option<Stored>, StoreError> {
        let slot = self.load_slot(&token(&key.to_string())).await;
        let (_, slot) = slot.map_err(|failure| failure.at("loading a connection"))?;
        Ok(slot.into_stored())
    }

    async fn create(&self, record: &Record) -> Result<CreateOutcome, StoreError> {
        let create = |number, slot: &mut Slot| slot.create(number, record.clone());
        self.change_slot(&record.connection.key, create)
            .await
            .map_err(|failure| failure.at("storing a new connection"))
    }

    async fn compare_and_swap(
        &self,
        expected: Version,
        record: &Record,
        fence: Option<Fence>,
    ) -> Result<SwapOutcome, StoreError> {
        let swap = |number, slot: &mut Slot| slot.compare_and_swap(number, expected, record.clone(), fence);
        self.change_slot(&record.connection.key, swap)
            .await
            .map_err(|failure| failure.at("replacing a connection"))
    }

    async fn claim(&self, key: &ConnectionKey, terms: ClaimTerms) -> Result<ClaimOutcome, StoreError> {
        self.change_slot(key, |number, slot| slot.claim(number, terms))
            .await
            .map_err(|failure| failure.at("claiming a refresh"))
    }

    async fn release(&self, key: &ConnectionKey, fence: Fence) -> Result<(), StoreError> {
        self.change_slot(key, |_, slot| slot.release(fence))
            .await
            .map_err(|failure| failure.at("releasing a claim"))
    }

    async fn due(
        &self,
        client_id: &ClientId,
        before: Timestamp,
        after: Option<&DueCursor>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let client = client_prefix(client_id);
        let after = after.map(|cursor| Listed::at(&cursor.key, Some(cursor.refresh_expires_at)));
        let list =
            |index: &TokenIndex, after: Option<&Listed>, count| index.due(&client, before, after, count);
        self.page(limit, after, list)
            .await
            .map_err(|failure| failure.at("listing what is due"))
    }

    async fn of_event(
        &self,
        client_id: &ClientId,
        event_id: &EventId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let event = event_key(client_id, event_id);
        let after = after.map(|key| Listed::at(key, None));
        let list = |index: &TokenIndex, after: Option<&Listed>, count| index.of_event(&event, after, count);
        self.page(limit, after, list)
            .await
            .map_err(|failure| failure.at("listing an event's connections"))
    }

    async fn of_client(
        &self,
        client_id: &ClientId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        self.list_of_client(client_id, after, limit)
            .await
            .map_err(|failure| failure.at("listing an integration's connections"))
    }

    async fn remove(&self, key: &ConnectionKey) -> Result<(), StoreError> {
        self.remove_slot(key)
            .await
            .map_err(|failure| failure.at("removing a connection"))
    }
}

#[async_trait]
impl TokenAdmin for NatsStore {
    async fn clients(&self) -> Result<Vec<ClientId>, StoreError> {
        self.list_clients()
            .await
            .map_err(|failure| failure.at("listing integrations"))
    }
}
