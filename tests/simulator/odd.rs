//! What other sites send to the admin API.

use crate::bot::Bot;

#[tokio::test]
async fn another_site_is_kept_out() {
    let bot = Bot::ready().await;
    let attempt = async |method: &str, path: &str, headers: &[(&str, &str)]| {
        let request = headers.iter().fold(bot.request(method, path), |request, (name, value)| request.header(*name, *value));
        bot.carry_out(request).await.expect("an answer")
    };
    for (path, headers, status) in [
        ("/sim/check", &[("host", "evil.example")][..], 421),
        ("/sim/check", &[("origin", "https://evil.example")], 403),
        ("/sim/check", &[("sec-fetch-site", "same-site")], 403),
        ("/sim/check", &[], 200),
    ] {
        assert_eq!(attempt("POST", path, headers).await.status, status, "{path} {headers:?}");
    }
    for (path, headers, status) in [
        ("/sim/people", &[("host", "evil.example:8090")][..], 421),
        ("/sim/people", &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")], 403),
        ("/sim/people", &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")], 200),
        ("/sim/people", &[("host", "simulator:8090")], 200),
        ("/", &[("host", "evil.example")], 421),
    ] {
        assert_eq!(attempt("GET", path, headers).await.status, status, "{path} {headers:?}");
    }
    let refused = attempt("GET", "/sim/people", &[("host", "evil.example")]).await;
    assert!(refused.json()["error"].is_string(), "{}", refused.text);
}
