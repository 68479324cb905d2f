use std::net::SocketAddr;

use expect_test::expect;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::{Access, Address, Client, ClientError, Data, Fingerprint, Point, Secret, Span, encode_form};

/// A server that gives canned answers, one connection after another, and notes what it was asked.
struct Canned {
    address: SocketAddr,
    asked: JoinSet<Vec<String>>,
}

impl Canned {
    /// Each inner list is a connection; it is closed after its last answer.
    async fn start(connections: Vec<Vec<String>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut asked = JoinSet::new();
        asked.spawn(async move {
            let mut requests = Vec::new();
            for answers in connections {
                let (mut stream, _) = listener.accept().await.unwrap();
                for answer in answers {
                    let mut request = vec![0; 65536];
                    let n = stream.read(&mut request).await.unwrap();
                    requests.push(String::from_utf8_lossy(&request[..n]).into_owned());
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            }
            requests
        });
        Self { address, asked }
    }

    fn client(&self, token: Option<&str>) -> Client {
        let access = Access {
            address: format!("http://{}/prefix/", self.address).parse().unwrap(),
            token: token.map(Secret::new),
            ca_cert: None,
            fingerprint: None,
        };
        Client::new(access).unwrap()
    }

    async fn asked(mut self) -> Vec<String> {
        self.asked.join_next().await.unwrap().unwrap()
    }
}

fn answer(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn scalar(value: &str) -> String {
    answer(
        "200 OK",
        &format!(r#"{{"status":"success","data":{{"resultType":"scalar","result":[1.5,"{value}"]}}}}"#),
    )
}

#[tokio::test]
async fn one_connection_serves_many_questions() {
    let server = Canned::start(vec![vec![scalar("1"), scalar("+Inf")]]).await;
    let mut client = server.client(Some("pp_secret"));
    let first = client.query("sum(up) + 1", Some(-1500)).await.unwrap();
    assert_eq!(
        first.data,
        Data::Scalar(Point {
            time: 1500,
            value: 1.0
        })
    );
    assert_eq!(first.json, r#"{"resultType":"scalar","result":[1.5,"1"]}"#);
    let span = Span {
        start: 0,
        end: 60_000,
        step: 15_500,
    };
    let second = client.query_range("up", span).await.unwrap();
    assert_eq!(
        second.data,
        Data::Scalar(Point {
            time: 1500,
            value: f64::INFINITY
        })
    );
    let asked = server.asked().await;
    assert!(
        asked[0].starts_with("POST /prefix/api/v1/query HTTP/1.1\r\n"),
        "{}",
        asked[0]
    );
    assert!(
        asked[0]
            .to_lowercase()
            .contains("authorization: bearer pp_secret\r\n"),
        "{}",
        asked[0]
    );
    assert!(
        asked[0].ends_with("query=sum%28up%29+%2B+1&time=-1.500"),
        "{}",
        asked[0]
    );
    assert!(
        asked[1].ends_with("query=up&start=0.000&end=60.000&step=15.500"),
        "{}",
        asked[1]
    );
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_is_opened_again() {
    let server = Canned::start(vec![vec![scalar("1")], vec![scalar("2")]]).await;
    let mut client = server.client(None);
    client.query("1", None).await.unwrap();
    let second = client.query("2", None).await.unwrap();
    assert_eq!(
        second.data,
        Data::Scalar(Point {
            time: 1500,
            value: 2.0
        })
    );
}

#[tokio::test]
async fn series_notes_and_values_that_are_no_numbers() {
    let body = r#"{"status":"success","data":{"resultType":"matrix","result":[
        {"metric":{"__name__":"up","a":"b"},"values":[[1,"NaN"],[2.25,"-Inf"]]}]},
        "warnings":["careful"],"infos":["by the way"]}"#;
    let server = Canned::start(vec![vec![answer("200 OK", body)]]).await;
    let answer = server.client(None).query("up", None).await.unwrap();
    let Data::Matrix(series) = answer.data else {
        panic!("no matrix")
    };
    assert_eq!((series[0].label("a"), series[0].label("c")), ("b", ""));
    assert!(series[0].points[0].value.is_nan());
    assert_eq!(
        series[0].points[1],
        Point {
            time: 2250,
            value: f64::NEG_INFINITY
        }
    );
    assert_eq!(answer.notes, ["careful", "by the way"]);
}

async fn failure(connection: Vec<String>) -> (String, Option<String>) {
    let server = Canned::start(vec![connection]).await;
    let address = server.address.to_string();
    let error = server
        .client(Some("pp_secret"))
        .query("up", None)
        .await
        .unwrap_err();
    assert!(!format!("{error:?}").contains("pp_secret"));
    (error.to_string().replace(&address, "SERVER"), error.hint())
}

#[tokio::test]
async fn refusals_and_foreign_answers() {
    let body = r#"{"status":"error","errorType":"bad_data","error":"wrong","hint":"right"}"#;
    let (error, hint) = failure(vec![answer("400 Bad Request", body)]).await;
    assert_eq!((error.as_str(), hint.as_deref()), ("wrong", Some("right")));
    let (error, hint) = failure(vec![answer("401 Unauthorized", "{}")]).await;
    expect!["http://SERVER/prefix does not let this request in (HTTP status 401 Unauthorized)"]
        .assert_eq(&error);
    assert!(hint.unwrap().contains("PERIPLUS_TOKEN"));
    let (error, hint) = failure(vec![answer("404 Not Found", "<html>")]).await;
    expect!["http://SERVER/prefix does not speak the Prometheus HTTP API (HTTP status 404 Not Found)"]
        .assert_eq(&error);
    assert!(hint.unwrap().contains("--server"));
    let (error, hint) = failure(vec!["\u{15}\u{3}\u{1}".to_owned()]).await;
    expect!["connection to http://SERVER/prefix broke"].assert_eq(&error);
    assert!(hint.unwrap().contains("https://"));
}

#[tokio::test]
async fn nobody_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let access = Access {
        address: address.to_string().parse().unwrap(),
        token: None,
        ca_cert: None,
        fingerprint: None,
    };
    let error = Client::new(access).unwrap().query("up", None).await.unwrap_err();
    assert!(matches!(error, ClientError::Connect { .. }), "{error:?}");
    assert!(error.hint().unwrap().contains("periplus up"));
}

#[test]
fn addresses() {
    for (text, expected) in [
        ("127.0.0.1:8420", "http://127.0.0.1:8420"),
        ("node7", "http://node7:8420"),
        ("http://node7", "http://node7:80"),
        ("https://node7/", "https://node7:443"),
        ("https://[::1]:8420/prom/", "https://[::1]:8420/prom"),
    ] {
        assert_eq!(text.parse::<Address>().unwrap().to_string(), expected);
    }
    for text in [
        "",
        "ftp://x",
        "http://",
        "http://user:word@x",
        "http://x?y=z",
        "a b",
    ] {
        assert!(text.parse::<Address>().is_err(), "{text}");
    }
}

#[test]
fn fingerprints() {
    let colons = ["AB"; 32].join(":");
    assert_eq!(colons.parse::<Fingerprint>().unwrap().to_string(), colons);
    assert_eq!(
        format!("sha256:{}", "ab".repeat(32))
            .parse::<Fingerprint>()
            .unwrap()
            .to_string(),
        colons
    );
    for text in ["", "ab", &"ab".repeat(33), &"xy".repeat(32)] {
        assert!(text.parse::<Fingerprint>().is_err(), "{text}");
    }
}

#[test]
fn forms_are_encoded() {
    assert_eq!(
        encode_form(&[("a", "ä&=% 1"), ("b", "~")]),
        "a=%C3%A4%26%3D%25+1&b=~"
    );
}
