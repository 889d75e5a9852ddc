//! HMAC-SHA256 (RFC 2104) for many keys over one message, on the compression function of `sha2`.
//!
//! Why not through a hasher per key: what the two key blocks do to the state is computed once per
//! secret, and how the message falls into blocks is the same for every secret. What remains for one
//! verification are the compressions of the message itself. The tests hold this against the `hmac`
//! crate, with which [`Signer`](crate::Signer) signs.

use sha2::{Digest, Sha256, block_api::compress256};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroize;

use crate::hex;

const BLOCK: usize = 64;
type Block = [u8; BLOCK];

/// The state of SHA-256 between two blocks. It depends on a secret, so it is wiped.
#[derive(Clone)]
pub(crate) struct State([u32; 8]);

impl State {
    const INITIAL: [u32; 8] = [
        0x6a09_e667,
        0xbb67_ae85,
        0x3c6e_f372,
        0xa54f_f53a,
        0x510e_527f,
        0x9b05_688c,
        0x1f83_d9ab,
        0x5be0_cd19,
    ];

    #[inline]
    fn after(block: &Block) -> Self {
        let mut state = Self(Self::INITIAL);
        state.update(core::slice::from_ref(block));
        state
    }

    #[inline]
    fn update(&mut self, blocks: &[Block]) {
        compress256(&mut self.0, blocks);
    }
}

impl Drop for State {
    #[inline]
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// A secret, prepared: the states behind its inner and its outer key block.
#[derive(Clone)]
pub(crate) struct Key {
    inner: State,
    outer: State,
}

impl Key {
    #[inline]
    pub(crate) fn new(secret: &[u8]) -> Self {
        let mut block = [0; BLOCK];
        if secret.len() > BLOCK {
            let mut digest: [u8; 32] = Sha256::digest(secret).into();
            fill(&mut block, &digest);
            digest.zeroize();
        } else {
            fill(&mut block, secret);
        }
        block.iter_mut().for_each(|byte| *byte ^= 0x36);
        let inner = State::after(&block);
        block.iter_mut().for_each(|byte| *byte ^= 0x36 ^ 0x5c);
        let outer = State::after(&block);
        block.zeroize();
        Self { inner, outer }
    }

    /// Whether the whole message has this tag; takes the same time either way.
    #[inline]
    pub(crate) fn holds(&self, message: &Message<'_>, claimed: &Tag) -> Choice {
        // Once a block of the message is in it, a state tells nothing about the key and is not wiped.
        let mut state = self.inner.0;
        if let Some(head) = &message.head {
            compress256(&mut state, core::slice::from_ref(head));
        }
        if !message.middle.is_empty() {
            compress256(&mut state, message.middle);
        }
        compress256(&mut state, message.tail.blocks());
        self.seal(&state, claimed)
    }

    /// For a message that comes in pieces: a state of its own to run along.
    #[inline]
    pub(crate) fn start(&self) -> State {
        self.inner.clone()
    }

    #[inline]
    fn seal(&self, inner: &[u32; 8], claimed: &Tag) -> Choice {
        let mut block = [0; BLOCK];
        for (place, word) in block.as_chunks_mut::<4>().0.iter_mut().zip(inner) {
            *place = word.to_be_bytes();
        }
        // One block of key and the inner digest of 32 bytes, padded (FIPS 180-4 §5.1.1).
        let [_, _, _, _, _, _, _, _, end, .., length] = &mut block.as_chunks_mut::<4>().0 else {
            return Choice::from(0);
        };
        *end = 0x8000_0000_u32.to_be_bytes();
        *length = ((BLOCK as u32 + 32) * 8).to_be_bytes();
        let mut outer = self.outer.0;
        compress256(&mut outer, core::slice::from_ref(&block));
        // All bits that differ, gathered without a branch; one comparison at the end.
        let differing = outer
            .iter()
            .zip(&claimed.0)
            .fold(0, |bits, (ours, theirs)| bits | (ours ^ theirs));
        differing.ct_eq(&0)
    }
}

/// The signature's bits as a header claims them.
#[derive(Clone, Copy)]
pub(crate) struct Tag([u32; 8]);

impl Tag {
    /// Exactly 64 lowercase hexadecimal digits.
    #[inline]
    pub(crate) fn parse(digits: &[u8]) -> Option<Self> {
        let bytes = hex::decode(digits.try_into().ok()?)?;
        let mut words = [0; 8];
        for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<4>().0) {
            *word = u32::from_be_bytes(*bytes);
        }
        Some(Self(words))
    }
}

/// A whole message, cut into the blocks that SHA-256 wants; the body itself is not copied.
pub(crate) struct Message<'a> {
    /// The prefix and the beginning of the body, if they fill a block.
    head: Option<Block>,
    middle: &'a [Block],
    tail: Tail,
}

impl<'a> Message<'a> {
    /// `prefix`, which is shorter than a block, and then `body`.
    #[inline]
    pub(crate) fn new(prefix: &Prefix, body: &'a [u8]) -> Self {
        let length = prefix.length + body.len();
        let mut head = Pending::new(prefix);
        let Some((first, rest)) = body.split_at_checked(head.room()) else {
            head.put(body);
            return Self {
                head: None,
                middle: &[],
                tail: head.pad(length),
            };
        };
        head.put(first);
        let (middle, rest) = rest.as_chunks();
        let mut tail = Pending::default();
        tail.put(rest);
        Self {
            head: Some(head.block),
            middle,
            tail: tail.pad(length),
        }
    }
}

/// What is signed before the body: the timestamp's text and a dot. Zero behind it.
#[derive(Clone, Copy)]
pub(crate) struct Prefix {
    text: [u8; 16],
    length: usize,
}

impl Prefix {
    /// Of a timestamp with at most 12 digits, as the parser guarantees.
    #[inline]
    pub(crate) fn new(timestamp: &[u8]) -> Self {
        let mut text = [0; 16];
        if let Some((digits, [dot, ..])) = text.split_at_mut_checked(timestamp.len()) {
            digits.copy_from_slice(timestamp);
            *dot = b'.';
        }
        Self {
            text,
            length: timestamp.len() + 1,
        }
    }
}

/// A block that is not yet full; zero behind what fills it.
#[derive(Clone)]
pub(crate) struct Pending {
    block: Block,
    filled: usize,
}

impl Default for Pending {
    #[inline]
    fn default() -> Self {
        Self {
            block: [0; BLOCK],
            filled: 0,
        }
    }
}

impl Pending {
    #[inline]
    pub(crate) fn new(prefix: &Prefix) -> Self {
        let mut pending = Self::default();
        if let Some(place) = pending.block.first_chunk_mut() {
            *place = prefix.text;
        }
        pending.filled = prefix.length;
        pending
    }

    #[inline]
    fn room(&self) -> usize {
        BLOCK - self.filled
    }

    /// Puts bytes for which there is room.
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        if let Some(place) = self.block.get_mut(self.filled..self.filled + bytes.len()) {
            place.copy_from_slice(bytes);
            self.filled += bytes.len();
        }
    }

    #[inline]
    fn take_if_full(&mut self) -> Option<Block> {
        (self.filled == BLOCK).then(|| {
            self.filled = 0;
            core::mem::replace(&mut self.block, [0; BLOCK])
        })
    }

    /// Runs the states over a piece of the message, as far as it completes blocks.
    #[inline]
    pub(crate) fn update<'s>(&mut self, piece: &[u8], states: impl Iterator<Item = &'s mut State>) {
        let (first, rest) = piece.split_at(piece.len().min(self.room()));
        self.put(first);
        let Some(block) = self.take_if_full() else {
            return;
        };
        let (blocks, rest) = rest.as_chunks();
        for state in states {
            state.update(core::slice::from_ref(&block));
            state.update(blocks);
        }
        self.put(rest);
    }

    /// Ends a message of `length` bytes behind the key block (FIPS 180-4 §5.1.1).
    #[inline]
    pub(crate) fn pad(mut self, length: usize) -> Tail {
        if let Some(end) = self.block.get_mut(self.filled) {
            *end = 0x80;
        }
        let bits = (BLOCK as u64)
            .wrapping_add(length as u64)
            .wrapping_mul(8)
            .to_be_bytes();
        let mut blocks = [self.block, [0; BLOCK]];
        let used = if self.filled + 1 + bits.len() > BLOCK {
            2
        } else {
            1
        };
        if let Some(place) = blocks.get_mut(used - 1).and_then(|last| last.last_chunk_mut()) {
            *place = bits;
        }
        Tail { blocks, used }
    }
}

/// The last one or two blocks of a message.
pub(crate) struct Tail {
    blocks: [Block; 2],
    used: usize,
}

impl Tail {
    #[inline]
    fn blocks(&self) -> &[Block] {
        self.blocks.get(..self.used).unwrap_or_default()
    }

    /// Whether a message that came in pieces has this tag.
    #[inline]
    pub(crate) fn holds(&self, key: &Key, mut state: State, claimed: &Tag) -> Choice {
        state.update(self.blocks());
        key.seal(&state.0, claimed)
    }
}

#[inline]
fn fill(block: &mut Block, bytes: &[u8]) {
    block
        .iter_mut()
        .zip(bytes)
        .for_each(|(place, byte)| *place = *byte);
}

/// Whether a message that has no prefix of its own has this tag. For diagnosis only.
#[cfg(feature = "explain")]
#[inline]
pub(crate) fn whole(secret: &[u8], message: &[u8], claimed: &Tag) -> bool {
    let none = Prefix {
        text: [0; 16],
        length: 0,
    };
    Key::new(secret)
        .holds(&Message::new(&none, message), claimed)
        .into()
}
