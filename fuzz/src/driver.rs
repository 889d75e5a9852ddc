//! A driver without coverage: it mutates the corpus, deterministically for a seed.

use std::{
    fs, io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    time::Duration,
};

use crate::Target;

/// The result of a run.
#[derive(Debug)]
pub struct Outcome {
    /// How many inputs were tried.
    pub tried: u64,
    /// The input at which the target panicked.
    pub crash: Option<Vec<u8>>,
}

/// Reads a target's corpus, in the order of the files' names.
///
/// # Errors
/// When a file cannot be read.
pub fn corpus(directory: &Path) -> io::Result<Vec<Vec<u8>>> {
    let mut paths: Vec<_> = fs::read_dir(directory)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.sort();
    paths.into_iter().map(fs::read).collect()
}

/// Runs the whole corpus, and then mutations of it until `elapsed` says that `within` is over.
pub fn run(
    target: Target,
    corpus: &[Vec<u8>],
    seed: u64,
    within: Duration,
    elapsed: impl Fn() -> Duration,
) -> Outcome {
    let mut tried = 0;
    let mut attempt = |input: &[u8]| {
        tried += 1;
        catch_unwind(AssertUnwindSafe(|| (target.run)(input))).is_ok()
    };
    if let Some(input) = corpus.iter().find(|input| !attempt(input)) {
        let crash = Some(input.clone());
        return Outcome { tried, crash };
    }
    let mut dice = Dice(seed | 1);
    while elapsed() < within {
        for _ in 0..64 {
            let input = dice.mutated(corpus);
            if !attempt(&input) {
                return Outcome {
                    tried,
                    crash: Some(input),
                };
            }
        }
    }
    Outcome { tried, crash: None }
}

/// xorshift64*: small, fast and repeatable; nothing here needs to be unpredictable.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let value = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(value).unwrap_or(0) % below.max(1)
    }

    fn pick<'c>(&mut self, corpus: &'c [Vec<u8>]) -> &'c [u8] {
        let index = self.roll(corpus.len());
        corpus.get(index).map_or(&[], Vec::as_slice)
    }

    fn mutated(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let mut input = self.pick(corpus).to_vec();
        for _ in 0..=self.roll(6) {
            self.mutate(&mut input, corpus);
        }
        input
    }

    fn mutate(&mut self, input: &mut Vec<u8>, corpus: &[Vec<u8>]) {
        const TOKENS: &[&[u8]] = &[
            b"\n",
            b"\n\n",
            b": ",
            b"\"",
            b"\\",
            b"\\u0000",
            b"{",
            b"}",
            b"[",
            b"]",
            b",",
            b"null",
            b"-1",
            b"1e400",
            b"\xef\xbb\xbf",
            b"\xff",
            b"\0",
            b"sha256=",
            b"x-revento-timestamp: ",
            b"0",
            b"99999999999999999999",
        ];
        let at = self.roll(input.len() + 1);
        match self.roll(7) {
            0 => {
                let bit = self.roll(8);
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << bit;
                }
            }
            1 => {
                let byte = u8::try_from(self.roll(256)).unwrap_or(0);
                input.insert(at, byte);
            }
            2 => input.truncate(at),
            3 => {
                let end = (at + 1 + self.roll(16)).min(input.len());
                input.drain(at.min(end)..end);
            }
            4 => {
                let end = (at + 1 + self.roll(64)).min(input.len());
                let piece: Vec<u8> = input.get(at..end).unwrap_or_default().to_vec();
                input.splice(at..at, piece);
            }
            5 => {
                let token = self.roll(TOKENS.len());
                let token = TOKENS.get(token).copied().unwrap_or_default();
                input.splice(at..at, token.iter().copied());
            }
            _ => {
                let other = self.pick(corpus);
                let from = self.roll(other.len() + 1);
                input.truncate(at);
                input.extend_from_slice(other.get(from..).unwrap_or_default());
            }
        }
    }
}
