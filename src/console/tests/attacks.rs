//! What somebody tries who means no good, or presses twice.

use super::*;

#[actix_web::test]
async fn a_page_whose_name_leads_here_cannot_lie_about_it() {
    let mut room = room().await;
    room.enter(Rules { proxy: false, idle: Duration::from_secs(1), operators: None });
    for lie in [("x-forwarded-host", "localhost"), ("forwarded", "host=localhost")] {
        let request = TestRequest::get().uri("/").insert_header((header::HOST, "rebound.example:8081")).insert_header(lie);
        assert_eq!(room.call(request).await.status(), StatusCode::FORBIDDEN, "{lie:?}");
    }
}
