//! An API server that holds objects as JSON, lists them in pages, and streams what changes, by the rules of
//! <https://kubernetes.io/docs/reference/using-api/api-concepts/>: resource versions, bookmarks, expiry, initial
//! events. It can lose connections, forget its past, and refuse.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

pub(crate) struct Fake {
    pub(crate) state: Arc<Mutex<State>>,
    changed: watch::Sender<u64>,
    connections: Arc<Mutex<JoinSet<()>>>,
    accepting: tokio::task::AbortHandle,
    _owner: JoinSet<()>,
    pub(crate) url: String,
}

#[derive(Default)]
pub(crate) struct State {
    version: u64,
    /// Objects by the path of their list, then by `namespace/name`.
    objects: BTreeMap<String, BTreeMap<String, Value>>,
    history: Vec<Change>,
    /// What happened up to this version is forgotten.
    compacted: u64,
    /// Lists that are refused with 403.
    pub(crate) forbidden: BTreeSet<String>,
    /// Lists that are there; others are 404 unless they hold objects.
    pub(crate) served: BTreeSet<String>,
    /// Answers 503 to everything.
    pub(crate) down: bool,
    /// Pages of lists that are answered before the rest of the list is forgotten.
    pub(crate) expire_after_pages: Option<usize>,
    /// What is answered to a raw line of the next watch.
    pub(crate) garbage: Option<String>,
    /// Requests by what they are: `list`, `watch`.
    pub(crate) requests: HashMap<(String, &'static str), usize>,
    pages: usize,
}

#[derive(Clone)]
struct Change {
    version: u64,
    path: String,
    event: &'static str,
    object: Value,
}

impl Fake {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let state = Arc::new(Mutex::new(State {
            version: 100,
            ..State::default()
        }));
        let (changed, _) = watch::channel(0);
        let connections = Arc::new(Mutex::new(JoinSet::new()));
        let mut owner = JoinSet::new();
        let accepting = owner.spawn({
            let (state, connections, changed) =
                (Arc::clone(&state), Arc::clone(&connections), changed.clone());
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let serving = serve(stream, Arc::clone(&state), changed.subscribe());
                    connections.lock().spawn(serving);
                }
            }
        });
        Self {
            state,
            changed,
            connections,
            accepting,
            _owner: owner,
            url,
        }
    }

    /// Puts an object in place.
    pub(crate) fn put(&self, path: &str, object: Value) {
        self.put_all(path, vec![object]);
    }

    pub(crate) fn put_all(&self, path: &str, objects: Vec<Value>) {
        let mut state = self.state.lock();
        for mut object in objects {
            state.version += 1;
            let version = state.version;
            object["metadata"]["resourceVersion"] = json!(version.to_string());
            let table = state.objects.entry(path.to_owned()).or_default();
            let event = match table.insert(key(&object), object.clone()) {
                None => "ADDED",
                Some(_) => "MODIFIED",
            };
            state.history.push(Change {
                version,
                path: path.to_owned(),
                event,
                object,
            });
        }
        drop(state);
        self.announce();
    }

    pub(crate) fn remove_if(&self, path: &str, is_it: impl Fn(&str) -> bool) {
        let mut state = self.state.lock();
        let gone: Vec<_> = state
            .objects
            .get(path)
            .map(|table| table.keys().filter(|key| is_it(key)).cloned().collect())
            .unwrap_or_default();
        for key in gone {
            state.version += 1;
            let version = state.version;
            let table = state.objects.get_mut(path).expect("it had objects");
            let mut object = table.remove(&key).expect("it was there");
            object["metadata"]["resourceVersion"] = json!(version.to_string());
            state.history.push(Change {
                version,
                path: path.to_owned(),
                event: "DELETED",
                object,
            });
        }
        drop(state);
        self.announce();
    }

    /// Forgets a whole list with its objects, without a word to those who watch it.
    pub(crate) fn unserve(&self, path: &str) {
        let mut state = self.state.lock();
        state.served.remove(path);
        state.objects.remove(path);
    }

    /// Forgets everything that happened, as etcd does when it is compacted.
    pub(crate) fn compact(&self) {
        let mut state = self.state.lock();
        state.compacted = state.version;
        state.history.clear();
    }

    /// Cuts all connections.
    pub(crate) fn cut(&self) {
        self.connections.lock().abort_all();
    }

    pub(crate) fn requests(&self, path: &str, what: &'static str) -> usize {
        let state = self.state.lock();
        state.requests.get(&(path.to_owned(), what)).copied().unwrap_or(0)
    }

    /// Tells how many connections are open.
    pub(crate) fn open_connections(&self) -> usize {
        let mut connections = self.connections.lock();
        while connections.try_join_next().is_some() {}
        connections.len()
    }

    pub(crate) fn announce(&self) {
        self.changed.send_modify(|n| *n += 1);
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

fn key(object: &Value) -> String {
    let meta = &object["metadata"];
    format!(
        "{}/{}",
        meta["namespace"].as_str().unwrap_or(""),
        meta["name"].as_str().unwrap_or("")
    )
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>, mut changed: watch::Receiver<u64>) {
    let mut head = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        head.clear();
        while !head.windows(4).any(|four| four == b"\r\n\r\n") {
            match stream.read(&mut buffer).await {
                Ok(n) if n > 0 => head.extend_from_slice(&buffer[..n]),
                _ => return,
            }
        }
        let text = String::from_utf8_lossy(&head).into_owned();
        let target = text.split(' ').nth(1).unwrap_or("/").to_owned();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let query: HashMap<String, String> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.replace("%3A", ":")))
            .collect();
        if answer(&mut stream, (path, &query), &state, &mut changed)
            .await
            .is_err()
        {
            return;
        }
    }
}

async fn answer(
    stream: &mut TcpStream,
    (path, query): (&str, &HashMap<String, String>),
    state: &Mutex<State>,
    changed: &mut watch::Receiver<u64>,
) -> std::io::Result<()> {
    let refused = {
        let state = state.lock();
        let known = path.starts_with("/version") || path.starts_with("/readyz");
        if state.down {
            Some((503, "ServiceUnavailable", "the server is starting"))
        } else if state.forbidden.contains(path) {
            Some((403, "Forbidden", "may not list this"))
        } else if !known && !state.served.contains(path) && !state.objects.contains_key(path) {
            Some((
                404,
                "NotFound",
                "the server could not find the requested resource",
            ))
        } else {
            None
        }
    };
    if let Some((code, reason, message)) = refused {
        return whole(stream, code, &status(code, reason, message)).await;
    }
    match path {
        "/version" => return whole(stream, 200, &json!({"gitVersion": "v1.36.3"})).await,
        "/readyz" => return whole(stream, 200, &json!("[+]ping ok\n[-]etcd failed: x\n")).await,
        _ => {}
    }
    if !query.contains_key("watch") {
        let (code, body) = page(path, query, &mut state.lock());
        return whole(stream, code, &body).await;
    }
    follow(stream, (path, query), state, changed).await
}

fn page(path: &str, query: &HashMap<String, String>, state: &mut State) -> (u16, Value) {
    *state.requests.entry((path.to_owned(), "list")).or_default() += 1;
    let limit: usize = query
        .get("limit")
        .and_then(|n| n.parse().ok())
        .unwrap_or(usize::MAX);
    let (version, start) = match query.get("continue") {
        None => (state.version, 0),
        Some(token) => {
            let (version, start) = token.split_once(':').expect("the token is ours");
            (
                version.parse().expect("a number"),
                start.parse().expect("a number"),
            )
        }
    };
    state.pages += 1;
    if start > 0 && state.expire_after_pages.is_some_and(|n| state.pages > n) {
        state.expire_after_pages = None;
        return (
            410,
            status(410, "Expired", "The provided continue parameter is too old"),
        );
    }
    let all: Vec<Value> = state
        .objects
        .get(path)
        .map(|table| table.values().cloned().collect())
        .unwrap_or_default();
    let items: Vec<_> = all.iter().skip(start).take(limit).cloned().collect();
    let end = start + items.len();
    let next = if end < all.len() {
        format!("{version}:{end}")
    } else {
        String::new()
    };
    let body = json!({"kind": "List", "metadata": {"resourceVersion": version.to_string(), "continue": next}, "items": items});
    (200, body)
}

async fn follow(
    stream: &mut TcpStream,
    (path, query): (&str, &HashMap<String, String>),
    state: &Mutex<State>,
    changed: &mut watch::Receiver<u64>,
) -> std::io::Result<()> {
    let (mut seen, is_compacted) = {
        let mut state = state.lock();
        *state.requests.entry((path.to_owned(), "watch")).or_default() += 1;
        let version = query.get("resourceVersion");
        let seen = version.and_then(|version| version.parse().ok()).unwrap_or(0);
        (seen, seen < state.compacted)
    };
    stream
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")
        .await?;
    if is_compacted {
        let line = json!({"type": "ERROR", "object": status(410, "Expired", "too old resource version")});
        chunk(stream, &format!("{line}\n")).await?;
        return stream.write_all(b"0\r\n\r\n").await;
    }
    loop {
        changed.borrow_and_update();
        let (news, garbage, gone) = {
            let mut state = state.lock();
            let news: Vec<_> = state
                .history
                .iter()
                .filter(|change| change.version > seen && change.path == path)
                .cloned()
                .collect();
            let gone = !state.served.contains(path) && !state.objects.contains_key(path);
            (news, state.garbage.take(), gone || state.down)
        };
        let mut text = garbage.map(|line| line + "\n").unwrap_or_default();
        for change in news {
            seen = change.version;
            text.push_str(&format!(
                "{}\n",
                json!({"type": change.event, "object": change.object})
            ));
        }
        if !text.is_empty() {
            chunk(stream, &text).await?;
        }
        if gone {
            return stream.write_all(b"0\r\n\r\n").await;
        }
        let mut nothing = [0; 16];
        tokio::select! {
            more = changed.changed() => if more.is_err() { return Ok(()) },
            // The client is gone: it says nothing while it watches.
            _ = stream.read(&mut nothing) => return Err(std::io::ErrorKind::ConnectionReset.into()),
        }
    }
}

async fn chunk(stream: &mut TcpStream, text: &str) -> std::io::Result<()> {
    // In two pieces, so that lines arrive cut.
    let (one, two) = text.as_bytes().split_at(text.len() / 2);
    for piece in [one, two].into_iter().filter(|piece| !piece.is_empty()) {
        let head = format!("{:x}\r\n", piece.len());
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(piece).await?;
        stream.write_all(b"\r\n").await?;
    }
    Ok(())
}

async fn whole(stream: &mut TcpStream, code: u16, body: &Value) -> std::io::Result<()> {
    let body = match body {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let head = format!(
        "HTTP/1.1 {code} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await
}

fn status(code: u16, reason: &str, message: &str) -> Value {
    json!({"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": message})
}
