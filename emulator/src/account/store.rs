//! Objects by name and by number.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An object's number: unique in the account, never used again. A rename keeps it, OR REPLACE does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Id(pub(crate) u64);

/// What every object has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub id: Id,
    pub name: String,
    /// Milliseconds since 1970; no two objects of an account share it.
    pub created_on: i64,
    /// The role that owns the object; objects of the system have none.
    pub owner: Option<Id>,
    pub comment: String,
}

pub(crate) trait Object: Clone {
    fn head(&self) -> &Head;
    fn head_mut(&mut self) -> &mut Head;
}

/// The objects of one kind (in one container).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Store<T> {
    names: BTreeMap<String, Id>,
    objects: BTreeMap<Id, T>,
}

impl<T> Default for Store<T> {
    fn default() -> Self {
        Self { names: BTreeMap::new(), objects: BTreeMap::new() }
    }
}

impl<T: Object> Store<T> {
    pub(crate) fn id(&self, name: &str) -> Option<Id> {
        self.names.get(name).copied()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&T> {
        self.objects.get(&self.id(name)?)
    }

    pub(crate) fn by_id(&self, id: Id) -> Option<&T> {
        self.objects.get(&id)
    }

    pub(crate) fn by_id_mut(&mut self, id: Id) -> Option<&mut T> {
        self.objects.get_mut(&id)
    }

    /// Puts an object under its name; one that had this name before must have been removed.
    pub(crate) fn put(&mut self, object: T) {
        let head = object.head();
        self.names.insert(head.name.clone(), head.id);
        self.objects.insert(head.id, object);
    }

    pub(crate) fn remove(&mut self, id: Id) -> Option<T> {
        let object = self.objects.remove(&id)?;
        self.names.remove(&object.head().name);
        Some(object)
    }

    pub(crate) fn rename(&mut self, id: Id, name: &str) {
        if let Some(mut object) = self.remove(id) {
            name.clone_into(&mut object.head_mut().name);
            self.put(object);
        }
    }

    /// In the order of their names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.names.values().filter_map(|id| self.objects.get(id))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.objects.values_mut()
    }
}

impl<T: Serialize> Serialize for Store<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.objects.values())
    }
}

impl<'de, T: Object + Deserialize<'de>> Deserialize<'de> for Store<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut store = Self::default();
        for object in Vec::<T>::deserialize(deserializer)? {
            store.put(object);
        }
        Ok(store)
    }
}
