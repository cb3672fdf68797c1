//! Refusals in the words of Amazon API Gateway (REST), for callers that were written for it.
//!
//! Its statuses differ from ours: no key and no such operation are both 403. What it has no word for keeps our status,
//! with the reason phrase as its message.
use http::StatusCode;

/// What such an answer says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) status: StatusCode,
    /// `x-amzn-ErrorType`; it has none where another part of Amazon answers.
    pub(super) error_type: Option<&'static str>,
    pub(super) content_type: &'static str,
    pub(super) body: String,
}

/// The answer for a code of ours. `limit` is the largest body in bytes, for what is said of it.
pub(super) fn words(code: &str, status: StatusCode, limit: Option<u64>) -> Words {
    if code == "body_too_large" {
        let body = limit.map_or_else(
            || "HTTP content length exceeded.".to_owned(),
            |limit| format!("HTTP content length exceeded {limit} bytes."),
        );
        // As recorded, odd type and all.
        return Words { status, error_type: None, content_type: "text; charset=utf-8", body };
    }
    let forbidden = StatusCode::FORBIDDEN;
    let (status, error_type, message) = match code {
        "key_missing"
        | "key_unknown"
        | "key_expired"
        | "key_revoked"
        | "not_subscribed"
        | "subscription_pending"
        | "scope_denied" => (forbidden, "ForbiddenException", "Forbidden"),
        "ip_denied" | "denied" => {
            (forbidden, "AccessDeniedException", "User is not authorized to access this resource")
        }
        "token_invalid" => (StatusCode::UNAUTHORIZED, "UnauthorizedException", "Unauthorized"),
        "no_such_api" | "no_such_operation" | "method_not_allowed" => {
            (forbidden, "MissingAuthenticationTokenException", "Missing Authentication Token")
        }
        "rate_limited" => (status, "TooManyRequestsException", "Too Many Requests"),
        "quota_exceeded" => (status, "LimitExceededException", "Limit Exceeded"),
        "invalid_body" => (status, "BadRequestException", "Invalid request body"),
        "invalid_parameters" => (status, "BadRequestException", "Invalid request parameters"),
        "upstream_timeout" => (status, "InternalServerErrorException", "Endpoint request timed out"),
        "upstream_failed" | "bad_function_response" | "internal" => {
            (status, "InternalServerErrorException", "Internal server error")
        }
        "overloaded" | "upstream_unavailable" => (status, "ServiceUnavailableException", "Service Unavailable"),
        _ => (status, "BadRequestException", status.canonical_reason().unwrap_or("Bad Request")),
    };
    // A policy of access speaks with a capital.
    let name = if error_type == "AccessDeniedException" { "Message" } else { "message" };
    let body = serde_json::json!({ name: message }).to_string();
    Words { status, error_type: Some(error_type), content_type: "application/json", body }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(code: &str, status: u16) -> (u16, Option<&'static str>, String) {
        let words = words(code, StatusCode::from_u16(status).unwrap(), Some(10_485_760));
        (words.status.as_u16(), words.error_type, words.body)
    }

    #[test]
    fn the_words_are_those_that_were_recorded() {
        for (code, ours, status, error_type, body) in [
            (
                "no_such_operation",
                404,
                403,
                "MissingAuthenticationTokenException",
                r#"{"message":"Missing Authentication Token"}"#,
            ),
            (
                "method_not_allowed",
                405,
                403,
                "MissingAuthenticationTokenException",
                r#"{"message":"Missing Authentication Token"}"#,
            ),
            ("key_missing", 401, 403, "ForbiddenException", r#"{"message":"Forbidden"}"#),
            ("key_revoked", 401, 403, "ForbiddenException", r#"{"message":"Forbidden"}"#),
            ("rate_limited", 429, 429, "TooManyRequestsException", r#"{"message":"Too Many Requests"}"#),
            ("quota_exceeded", 429, 429, "LimitExceededException", r#"{"message":"Limit Exceeded"}"#),
            ("unsupported_media_type", 415, 415, "BadRequestException", r#"{"message":"Unsupported Media Type"}"#),
            ("invalid_body", 400, 400, "BadRequestException", r#"{"message":"Invalid request body"}"#),
            (
                "upstream_timeout",
                504,
                504,
                "InternalServerErrorException",
                r#"{"message":"Endpoint request timed out"}"#,
            ),
            ("upstream_failed", 502, 502, "InternalServerErrorException", r#"{"message":"Internal server error"}"#),
            (
                "ip_denied",
                403,
                403,
                "AccessDeniedException",
                r#"{"Message":"User is not authorized to access this resource"}"#,
            ),
            ("uri_too_long", 414, 414, "BadRequestException", r#"{"message":"URI Too Long"}"#),
        ] {
            assert_eq!(said(code, ours), (status, Some(error_type), body.to_owned()), "{code}");
        }
        assert_eq!(said("body_too_large", 413), (413, None, "HTTP content length exceeded 10485760 bytes.".to_owned()));
    }
}
