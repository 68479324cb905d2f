//! The objects of one kind that searches look at, kept in step by one watch for all of them.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::objects::{Object, key};
use crate::objects::{Interner, Kind};
use crate::reflector::receiver::RawNamed;
use crate::reflector::{Receiver, Unreadable};

/// Objects of one kind.
pub(crate) struct Table {
    kind: Kind,
    interner: Interner,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    objects: HashMap<Arc<str>, Arc<Object>>,
    /// What a complete list has brought so far.
    seen: Option<HashSet<Arc<str>>>,
    /// Whether everything was there once.
    known: bool,
    listeners: Vec<Listener>,
}

struct Listener {
    inbox: Weak<Inbox>,
    slot: usize,
}

/// What has changed since somebody last looked, in one slot for each table.
#[derive(Default)]
pub(crate) struct Inbox {
    changed: Mutex<Vec<HashSet<Arc<str>>>>,
    woken: Notify,
}

impl Inbox {
    /// Makes an inbox for so many tables.
    pub(crate) fn new(slots: usize) -> Arc<Self> {
        Arc::new(Self {
            changed: Mutex::new(vec![HashSet::new(); slots]),
            woken: Notify::new(),
        })
    }

    /// Waits until there is something, or a table has become known.
    pub(crate) async fn wait(&self) {
        self.woken.notified().await;
    }

    /// Takes out what has changed, by slot.
    pub(crate) fn take(&self) -> Vec<HashSet<Arc<str>>> {
        let mut changed = self.changed.lock();
        changed.iter_mut().map(std::mem::take).collect()
    }

    fn put(&self, slot: usize, keys: &[Arc<str>]) {
        if let Some(set) = self.changed.lock().get_mut(slot) {
            set.extend(keys.iter().cloned());
        }
        self.woken.notify_one();
    }
}

impl Table {
    /// Makes a table of a kind; nothing is known yet.
    pub(crate) fn new(kind: Kind, interner: Interner) -> Arc<Self> {
        Arc::new(Self {
            kind,
            interner,
            state: Mutex::default(),
        })
    }

    /// Puts the names of objects that change into a slot of an inbox, from now on.
    pub(crate) fn tell(&self, inbox: &Arc<Inbox>, slot: usize) {
        self.state.lock().listeners.push(Listener {
            inbox: Arc::downgrade(inbox),
            slot,
        });
    }

    /// Tells whether everything was there once.
    pub(crate) fn is_known(&self) -> bool {
        self.state.lock().known
    }

    /// Finds an object by its name, `namespace/name` or `name`.
    pub(crate) fn find(&self, key: &str) -> Option<Arc<Object>> {
        self.state.lock().objects.get(key).cloned()
    }

    /// Returns how many objects there are.
    pub(crate) fn size(&self) -> usize {
        self.state.lock().objects.len()
    }

    /// Returns all objects.
    pub(crate) fn all(&self) -> Vec<Arc<Object>> {
        self.state.lock().objects.values().cloned().collect()
    }
}

impl State {
    fn announce(&mut self, keys: &[Arc<str>]) {
        self.listeners.retain(|listener| match listener.inbox.upgrade() {
            Some(inbox) => {
                inbox.put(listener.slot, keys);
                true
            }
            None => false,
        });
    }

    fn forget(&mut self, key: &str) {
        if let Some((key, _)) = self.objects.remove_entry(key) {
            self.announce(&[key]);
        }
    }
}

impl Receiver for Table {
    fn begin(&self) {
        self.state.lock().seen = Some(HashSet::new());
    }

    fn apply(&self, json: &str) -> Result<u64, Unreadable> {
        let decoded = self.interner.during(|| Object::decode(&self.kind, json));
        let mut state = self.state.lock();
        match decoded {
            Ok((object, version)) => {
                let name: Arc<str> = Arc::from(object.key());
                if let Some(seen) = &mut state.seen {
                    seen.insert(Arc::clone(&name));
                }
                let same = state.objects.get(&name).is_some_and(|known| **known == object);
                if !same {
                    state.objects.insert(Arc::clone(&name), Arc::new(object));
                    state.announce(&[name]);
                }
                Ok(version.parse().unwrap_or(0))
            }
            Err(error) => {
                let named = RawNamed::of_unreadable(json);
                state.forget(&key(&named.metadata.namespace, &named.metadata.name));
                Err(Unreadable {
                    name: named.shown(),
                    reason: error.to_string(),
                })
            }
        }
    }

    fn delete(&self, json: &str) -> Result<u64, Unreadable> {
        let named = RawNamed::of_gone(json)?;
        let names = &named.metadata;
        let mut state = self.state.lock();
        state.forget(&key(&names.namespace, &names.name));
        Ok(named.version())
    }

    fn complete(&self) {
        let mut state = self.state.lock();
        let seen = state.seen.take().unwrap_or_default();
        let gone: Vec<_> = state
            .objects
            .keys()
            .filter(|key| !seen.contains(*key))
            .cloned()
            .collect();
        for key in &gone {
            state.objects.remove(key);
        }
        state.known = true;
        state.announce(&gone);
    }

    /// Nothing is forgotten: a permission that is taken away for a while, or a server that is about to start, must
    /// not end all scraping. Once a list succeeds, what it does not hold is gone.
    fn clear(&self) {
        self.state.lock().seen = None;
    }

    fn count(&self) -> usize {
        self.size()
    }
}
