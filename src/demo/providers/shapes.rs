//! The two shapes of chat that most providers speak: OpenAI's and Anthropic's.

use serde_json::{Value, json};

use super::answer::{Answer, Shop};

/// Tokens of the smallest conversation there is.
const TOKENS_IN: u64 = 8;
const TOKENS_OUT: u64 = 1;

/// A finished turn at `/chat/completions`.
pub(super) fn completion(model: &str, shop: &Shop<'_>) -> Value {
    json!({
        "id": "chatcmpl-demo",
        "object": "chat.completion",
        "created": shop.now().as_second(),
        "model": model,
        "choices": [{
            "index": 0, "message": { "role": "assistant", "content": "ok" }, "finish_reason": "length",
        }],
        "usage": {
            "prompt_tokens": TOKENS_IN, "completion_tokens": TOKENS_OUT, "total_tokens": TOKENS_IN + TOKENS_OUT,
        },
    })
}

/// A finished turn at `/messages`.
pub(super) fn message(model: &str) -> Value {
    json!({
        "id": "msg_demo",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [{ "type": "text", "text": "ok" }],
        "stop_reason": "max_tokens",
        "stop_sequence": null,
        "usage": { "input_tokens": TOKENS_IN, "output_tokens": TOKENS_OUT },
    })
}

/// A refusal at `/messages`.
pub(super) fn message_error(status: u16, kind: &str, message: &str) -> Answer {
    let error = json!({ "type": kind, "message": message });
    Answer::json(status, json!({ "type": "error", "error": error, "request_id": "req_demo" }))
}

/// A list of models as OpenAI shows it.
pub(super) fn model_list(shop: &Shop<'_>, owner: &str) -> Answer {
    let models = shop
        .models()
        .map(|model| json!({ "id": model.id, "object": "model", "created": 1_770_000_000, "owned_by": owner }));
    Answer::json(200, json!({ "object": "list", "data": models.collect::<Vec<_>>() }))
}
