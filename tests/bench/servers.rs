//! The two servers of the comparison: Junco's door with nobody behind it who sends, and an endpoint that keeps nothing.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use junco::clock::SystemClock;
use junco::model::Secret;
use junco::service::compile_bot;
use junco::store::{EmbeddedStore, Options};
use junco::turn::Turns;
use junco::webhook::{self, Door, Limits};
use junco::wire::{envelope, signature};

use crate::world::{ACCOUNT, APP, PATH, SECRET, snowbot};

/// Checks the signature, parses, and answers.
pub(crate) fn bare() {
    async fn take(request: HttpRequest, body: web::Bytes) -> HttpResponse {
        let header = request.headers().get(signature::SIGNATURE_HEADER).and_then(|value| value.to_str().ok());
        if !header.is_some_and(|header| signature::verify(header, SECRET.as_bytes(), &body)) {
            return HttpResponse::Unauthorized().finish();
        }
        match envelope::parse(&body) {
            Ok(delivery) if delivery.events.len() == 1 => HttpResponse::Ok().finish(),
            _ => HttpResponse::BadRequest().finish(),
        }
    }
    serve(|config| {
        config.route(PATH, web::post().to(take));
    });
}

/// Junco's webhook, turns and store. Rows become due, and nobody takes them up.
pub(crate) fn door(folder: &Path) {
    let store = Arc::new(EmbeddedStore::open(folder, Options::default()).unwrap());
    let program = Arc::new(compile_bot(&snowbot()).unwrap().program);
    let (turns, _) = Turns::new(store, Arc::new(SystemClock), BTreeMap::from([(ACCOUNT, program)]), Duration::from_secs(30));
    let apps = vec![webhook::App { id: APP, secrets: vec![Secret::new(SECRET)] }];
    let limits = Limits { body: 1 << 20, body_timeout: Duration::from_secs(2) };
    let door = web::Data::new(Door::new(apps, limits, Arc::new(turns)));
    serve(move |config| webhook::routes(config, PATH, door.clone()));
}

/// Serves as the service does: the same settings, as many workers.
fn serve(routes: impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async move {
        let server = HttpServer::new(move || App::new().configure(routes.clone()))
            .disable_signals()
            .client_request_timeout(Duration::from_secs(5))
            .bind("127.0.0.1:0")
            .unwrap();
        eprintln!("listening: http://{}/", server.addrs()[0]);
        server.run().await.unwrap();
    });
}
