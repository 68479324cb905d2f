//! Whose a process is: its user, and the systemd unit or container that it runs in.

use std::collections::HashMap;

use crate::container::{Place, Runtimes, classify, place};
use crate::{Root, parse};

/// Cgroups whose owner is remembered; when there are more, all are looked up again.
const MAX_PLACES: usize = 4096;
/// Collections between two looks at the list of users.
const USERS_AGE: u64 = 64;

/// Whose a process is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Owner {
    /// Name of the program when this was looked up.
    pub(super) comm: String,
    /// Collection that looked it up.
    pub(super) at: u64,
    /// Name of the user, or the number of one without a name.
    pub(super) user: String,
    /// The systemd unit or container; empty for neither.
    pub(super) place: Place,
}

/// Looks owners up and remembers what many processes share.
#[derive(Debug, Default)]
pub(super) struct Owners {
    generation: u64,
    users: HashMap<u32, String>,
    users_read: Option<u64>,
    places: HashMap<String, Place>,
    runtimes: Runtimes,
    buffer: Vec<u8>,
}

impl Owners {
    /// Begins a collection.
    pub(super) fn begin(&mut self, generation: u64) {
        self.generation = generation;
        if self.places.len() > MAX_PLACES {
            self.places.clear();
        }
    }

    /// Looks up whose a process is; what can not be read stays empty.
    pub(super) fn find(&mut self, root: &Root, pid: u32, comm: &str) -> Owner {
        let generation = self.generation;
        if self.users_read.is_none_or(|read| generation - read >= USERS_AGE) {
            self.read_users(root);
            self.users_read = Some(generation);
        }
        Owner {
            comm: comm.to_owned(),
            at: generation,
            user: self.user(root, pid).unwrap_or_default(),
            place: self.place(root, pid),
        }
    }

    /// Returns the effective user. The owner of the process's folder will not do: it is root for every process
    /// that gave up rights.
    fn user(&mut self, root: &Root, pid: u32) -> Option<String> {
        let bytes = root.read(format!("proc/{pid}/status"), &mut self.buffer).ok()?;
        let line = parse::lines(bytes).find_map(|line| line.strip_prefix(b"Uid:"))?;
        let uid = u32::try_from(parse::unsigned(parse::words(line).nth(1)?)?).ok()?;
        Some(self.users.get(&uid).cloned().unwrap_or_else(|| uid.to_string()))
    }

    /// Reads `name:password:uid:…` lines.
    fn read_users(&mut self, root: &Root) {
        self.users.clear();
        let bytes = root.read("etc/passwd", &mut self.buffer).unwrap_or(b"");
        for line in parse::lines(bytes) {
            let mut fields = line.split(|byte| *byte == b':');
            let name = fields.next().map(parse::text);
            let uid = fields
                .nth(1)
                .and_then(parse::unsigned)
                .and_then(|uid| u32::try_from(uid).ok());
            if let (Some(name), Some(uid)) = (name, uid) {
                self.users.entry(uid).or_insert_with(|| name.to_owned());
            }
        }
    }

    fn place(&mut self, root: &Root, pid: u32) -> Place {
        let mut buffer = std::mem::take(&mut self.buffer);
        let lines = root
            .read(format!("proc/{pid}/cgroup"), &mut buffer)
            .unwrap_or(b"");
        let place = parse::lines(lines).find_map(|line| {
            // `hierarchy:controllers:path`, the path may hold colons.
            let path = parse::text(line).splitn(3, ':').nth(2)?;
            let place = self.place_of(root, pid, path);
            (!place.unit.is_empty()).then_some(place)
        });
        self.buffer = buffer;
        place.unwrap_or_default()
    }

    /// Returns the innermost container or service that a cgroup is in.
    fn place_of(&mut self, root: &Root, pid: u32, path: &str) -> Place {
        if let Some(place) = self.places.get(path) {
            return place.clone();
        }
        let mut found = Place::default();
        let mut rest = path;
        while !rest.is_empty() && found.unit.is_empty() {
            if let Some(class) = classify(rest) {
                if class.is_container() {
                    self.runtimes.learn(root, pid);
                }
                found = place(root, rest, &class, &self.runtimes).unwrap_or_default();
            }
            rest = rest.rsplit_once('/').map_or("", |(parent, _)| parent);
        }
        self.places.insert(path.to_owned(), found.clone());
        found
    }
}
