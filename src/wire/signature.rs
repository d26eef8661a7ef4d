//! Webhook security: the HMAC-SHA256 on every delivery and the answer to a challenge (contract §1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use crate::model::AppId;

/// The header that carries a delivery's signature; header names ignore case (contract §1.3).
pub const SIGNATURE_HEADER: &str = "x-twitter-webhooks-signature";

const PREFIX: &str = "sha256=";

/// Signs raw bytes with an app's consumer secret: `sha256=` and padded base64.
///
/// The message of a POST is its body; the message of a GET is its query string without `?` (contract §1.3).
pub fn sign(secret: &[u8], message: &[u8]) -> String {
    let code = mac(secret, message).finalize().into_bytes();
    format!("{PREFIX}{}", STANDARD.encode(code))
}

/// Whether `header` is the signature of `message` under `secret`, in constant time. Anything malformed is not.
pub fn verify(header: &str, secret: &[u8], message: &[u8]) -> bool {
    let code = header.strip_prefix(PREFIX).and_then(|code| STANDARD.decode(code).ok());
    code.is_some_and(|code| mac(secret, message).verify_slice(&code).is_ok())
}

/// The body that answers a challenge: `{"response_token":"sha256=…"}` (contract §1.1).
///
/// `token` is the challenge as [`crc_token`] reads it.
pub fn crc_response(secret: &[u8], token: &str) -> String {
    // Base64 needs no escaping in JSON.
    format!(r#"{{"response_token":"{}"}}"#, sign(secret, token.as_bytes()))
}

/// The challenge in a raw query string, form-decoded once: `+` is a space, `%XX` a byte. `None` when it is missing or empty.
pub fn crc_token(query: &str) -> Option<String> {
    parameter(query, "crc_token").filter(|token| !token.is_empty())
}

/// The app named by `app=ID` in the registered URL, which X keeps when it appends the challenge.
pub fn named_app(query: &str) -> Option<AppId> {
    parameter(query, "app")?.parse().ok()
}

fn parameter(query: &str, name: &str) -> Option<String> {
    url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn mac(secret: &[u8], message: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(message);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "sim-consumer-secret-01";
    const TOKEN: &str = "N2MxZjBhNTItNGI3ZS00ZDhhLTljNTUtMGY2ZTJhOWQzYjEx";
    const BODY_C: &str = concat!(
        r#"{"for_user_id":"4503599627370601","direct_message_events":[{"type":"message_create","id":"2006515713954545665","#,
        r#""created_timestamp":"1767225600123","message_create":{"target":{"recipient_id":"4503599627370601"},"#,
        r#""sender_id":"1900000000000000007","message_data":{"text":"café &amp; crêpe ☃","#,
        r#""entities":{"hashtags":[],"symbols":[],"user_mentions":[],"urls":[]}}}}],"users":{}}"#
    );

    /// Contract §1.6: key, message, signature without its prefix.
    fn vectors() -> Vec<(&'static str, String, &'static str)> {
        let follow = r#"{"for_user_id":"2244994945","follow_events":[]}"#;
        let escaped = BODY_C.replace('é', "\\u00e9").replace('ê', "\\u00ea").replace('☃', "\\u2603");
        assert_eq!((BODY_C.len(), escaped.len()), (376, 387), "the bodies are those of the contract");
        [
            ("DDD", "some_random", "VE19eUk6krbdSqWPdvH71xtFhApBAU81uPW3UT65vOs="),
            ("DDD", r#"{"key":"value"}"#, "EERHBy/k17v+SuT+K0OXuwhJtKnPtxi0n/Y4Wye4kVU="),
            ("DDD", r#"{"for_user_id":"not_existing","key":"value"}"#, "QaJiQl/4WRp/GF37b+eAdF6kPgptjDCLOgAIIbB1s0I="),
            ("DDD", r#"{"for_user_id":123,"key":"value"}"#, "JjEmBe1lVKT8XldrYUKibF+D5ehp8f0jDk3PXZSHEWI="),
            ("test", "test=1&other_test=2", "25Cu3iwbbiqBTwQRzcKJZwisjf736V2Q8UaTlkfLSoc="),
            ("test", r#"{"test_number":1,"test_string":"two"}"#, "YWHphPn/JFq43jkF0y4/w8R/SelmLjvpunhVFY8JhlI="),
            ("apiSecret", "test token", "O5hJl2njQRIa4vsumZ+3oom9ECR5m3aQLRZkPoYelp0="),
            ("apiSecret", "test+token", "aZsERH/55H/ZLoXk9bhjkBrnWu486pbZrcQX2q1rnGw="),
            ("SECRET-VALUE", "challenge_string", "xT/YyTRZde5T1HbCK7K2bpcELYOIMkZVbgYjsESw+AM="),
            ("SECRET-VALUE", follow, "jlSMkj72sqpIWJdl8rdKiEf1zPMRJkvY1VWxVhuPD4c="),
            ("CONSUMER-SECRET", "challenge_string", "9CnCWcBcOApA1LHdqkjWbF2DBNdBrnAJPmL5qTUUANQ="),
            ("CONSUMER-SECRET", follow, "IdtPMVhr8Hql9OtN7YTX/+gknTMNOui0D4ixytI8bD0="),
            ("x-test-consumer-secret", "crc-challenge-42", "0AwmvShIN5NfmuVqq8lhYu5fP09cpCa2OJgwNOMUNww="),
            (
                "x-test-consumer-secret",
                r#"{"data":{"id":"7300000000000000001","text":"Pushed"}}"#,
                "M0WFpfBjWV1abJTwPa7R2ZG4vERJEKKy6prQC9mgVlA=",
            ),
            (OURS, TOKEN, "/85kgp1DPl1xo5aUOflU5whrspK/dj2A5ybO4XmtXxk="),
            (OURS, &format!("crc_token={TOKEN}&nonce=MTc2NzIyNTYwMDEyMw"), "Pyii7iqJa1noqnlntFM6msM0tdks1WdMEhkGRUygPGg="),
            (OURS, BODY_C, "XYp4cWQANT8uWdpgeG2TPoor3ug86BpLdVyOK6YitXo="),
            (OURS, &escaped, "1gxHACkJsrgtA7wNaoSsahUj/x4lVZW4R93Or7mBTBI="),
            (OURS, &format!("{BODY_C}\n"), "10I2yX9ecO1HmYDDvKHlpjV+Wsu0BSGrJYWyTFQblcc="),
            (OURS, "", "bf5To21qmHJf6CvPLIyLd5fL7TB/EqcoQLXwof8jlbo="),
        ]
        .map(|(key, message, code)| (key, message.to_owned(), code))
        .to_vec()
    }

    #[test]
    fn every_vector_of_the_contract_is_signed_and_verified() {
        for (key, message, code) in vectors() {
            let signature = sign(key.as_bytes(), message.as_bytes());
            assert_eq!(signature, format!("sha256={code}"), "{key} {message}");
            assert!(verify(&signature, key.as_bytes(), message.as_bytes()), "{key} {message}");
            assert!(!verify(&signature, b"another key", message.as_bytes()), "{key} {message}");
            assert!(!verify(&signature, key.as_bytes(), format!("{message} ").as_bytes()), "{key} {message}");
        }
    }

    #[test]
    fn a_malformed_signature_verifies_nothing() {
        let good = sign(b"test", b"body");
        let code = &good["sha256=".len()..];
        let unpadded = good.trim_end_matches('=');
        let truncated = STANDARD.encode(&STANDARD.decode(code).expect("base64")[..31]);
        let longer = STANDARD.encode([STANDARD.decode(code).expect("base64"), vec![0]].concat());
        let bad = [
            String::new(),
            "sha256=".to_owned(),
            code.to_owned(),
            unpadded.to_owned(),
            format!("SHA256={code}"),
            format!("sha1={code}"),
            format!("sha256= {code}"),
            format!("{good} "),
            format!("sha256={truncated}"),
            format!("sha256={longer}"),
            "sha256=not base64".to_owned(),
            "sha256=é".to_owned(),
        ];
        assert!(verify(&good, b"test", b"body"));
        for header in bad {
            assert!(!verify(&header, b"test", b"body"), "{header}");
        }
    }

    #[test]
    fn a_challenge_is_form_decoded_once_and_answered() {
        assert_eq!(crc_token("crc_token=test+token&nonce=1").as_deref(), Some("test token"));
        assert_eq!(crc_token("nonce=1&crc_token=a%2Bb%2520c%3D").as_deref(), Some("a+b%20c="));
        assert_eq!(crc_token(&format!("app=7&crc_token={TOKEN}")).as_deref(), Some(TOKEN));
        for missing in ["", "nonce=1", "crc_token", "crc_token=", "xcrc_token=a"] {
            assert_eq!(crc_token(missing), None, "{missing}");
        }
        let token = crc_token("crc_token=test+token").expect("a token");
        assert_eq!(crc_response(b"apiSecret", &token), r#"{"response_token":"sha256=O5hJl2njQRIa4vsumZ+3oom9ECR5m3aQLRZkPoYelp0="}"#);
    }

    #[test]
    fn an_app_is_named_by_the_registered_url() {
        assert_eq!(named_app("app=16777259&crc_token=x"), Some(AppId(16_777_259)));
        assert_eq!(named_app("crc_token=app"), None);
        assert_eq!(named_app("app=x"), None);
    }
}
