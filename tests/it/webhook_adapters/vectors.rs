use std::collections::BTreeMap;

use revento_tests::vectors::{self, Vector};

use super::{ALL, client::Request};

/// One server for all vectors with the same secrets. The clock is set for each vector.
#[tokio::test(flavor = "multi_thread")]
async fn w1_every_adapter_agrees_on_the_vectors() {
    let mut groups: BTreeMap<String, Vec<Vector>> = BTreeMap::new();
    for vector in vectors::all().into_iter().filter(|vector| vector.http) {
        groups.entry(vector.settings()).or_default().push(vector);
    }
    for adapter in ALL {
        for vectors in groups.values() {
            let server = adapter.serve(vectors[0].verifier()).await;
            for vector in vectors {
                server.clock.set(vector.now);
                let path = if vector.level_is_event() {
                    "/inbox"
                } else {
                    "/echo"
                };
                let request = vector
                    .headers
                    .iter()
                    .fold(Request::post(path), |request, (name, value)| {
                        request.header(name, value)
                    })
                    .body(&vector.body);
                let response = request.send(server.port).await;
                let expected = if vector.accepted() { 200 } else { 401 };
                assert_eq!(
                    response.status, expected,
                    "{adapter:?} {} {:?}",
                    vector.id, response
                );
                if vector.accepted() && path == "/echo" {
                    assert_eq!(response.body, vector.body, "{adapter:?} {}", vector.id);
                }
            }
        }
    }
}
