//! What comes twice, too early, late, or again from long ago leaves what one
//! delivery in order leaves.

use motcua_feed as feed;

use feed::GENESIS;
use uuid::Uuid;

use crate::Pair;
use crate::effects::pairs;
use crate::fake::{Fake, Line, entries};

const OURS: Uuid = Uuid::from_u128(9);
const EVENTS: i64 = 400;
/// Of a hundred deliveries, so many come twice, and so many change places.
const TWICE: u64 = 30;
const SWAPPED: u64 = 4;
/// How far a line goes back at most, and how many it delivers.
const BACK: u64 = 50;
const LENGTH: u64 = 60;

/// splitmix64, from a fixed seed.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % n
    }
}

/// Positions of one line that begins at or before the next one, and where a consumer
/// stands after it: a line goes on until an entry is missing.
fn line(draw: &mut Draw, stands: i64) -> (Vec<i64>, i64) {
    let from = (stands + 1 - draw.below(BACK).cast_signed()).max(1);
    let to = (from + LENGTH.cast_signed()).min(EVENTS);
    let mut positions = Vec::new();
    for position in from..=to {
        positions.push(position);
        if draw.below(100) < TWICE {
            positions.push(position);
        }
    }
    // Everybody gets on a little.
    for at in 1..positions.len() {
        if positions[at - 1] > stands + 1 && draw.below(100) < SWAPPED {
            positions.swap(at - 1, at);
        }
    }
    let mut reached = stands;
    for position in &positions {
        if *position > reached + 1 {
            break;
        }
        reached = reached.max(*position);
    }
    (positions, reached)
}

#[tokio::test]
async fn duplicates_reorderings_and_replays_leave_what_one_delivery_in_order_leaves() {
    let events: Vec<(u64, i64)> = (0..EVENTS)
        .map(|n| (n.cast_unsigned() % 7, n / 7 + 1))
        .collect();
    let chain = entries(0, &GENESIS, &events);
    for (seed, (one, consumer)) in (1..).zip(pairs().await) {
        let mut draw = Draw(seed);
        let (mut lines, mut stands): (Vec<Line>, i64) = (Vec::new(), 0);
        let (mut delivered, mut holes) = (0, 0);
        while stands < EVENTS {
            let (positions, reached) = line(&mut draw, stands);
            holes += usize::from(reached < *positions.iter().max().unwrap());
            delivered += positions.len();
            let at = |position: &i64| chain[usize::try_from(*position - 1).unwrap()].clone();
            lines.push(Ok((OURS, positions.iter().map(at).collect())));
            assert!(reached > stands, "each line gets on");
            stands = reached;
        }
        let calls = lines.len();
        let pair = Pair::new();
        let (_, channel) = Fake::serve(&pair, lines);
        let following = consumer.follow(&channel);
        following.at(EVENTS).await;
        let expected: Vec<_> = (1..=EVENTS).collect();
        assert_eq!(consumer.effects().await, expected, "{}", one.label);
        assert_eq!(consumer.parked().await, [0; 0]);
        // The lines were such that a consumer which believes them would be wrong.
        assert!(
            delivered > chain.len() * 3 / 2 && holes > 3,
            "{delivered} {holes}"
        );
        println!(
            "{}: {delivered} deliveries of {EVENTS} events in {calls} lines, {holes} with a hole",
            one.label
        );
        following.end().await;
    }
}
