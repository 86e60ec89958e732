//! Maps by names and texts. A plan looks up each of its names many times, and most of that is hashing.

/// A hash map with a quick hash. It is seeded anew in each process.
pub type Map<K, V> = std::collections::HashMap<K, V, foldhash::fast::RandomState>;

/// A map with room for so many.
pub fn with_room<K, V>(entries: usize) -> Map<K, V> {
    Map::with_capacity_and_hasher(entries, foldhash::fast::RandomState::default())
}
