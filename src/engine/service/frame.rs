//! One message on the wire: four bytes of length, the biggest first, then JSON.
//!
//! What comes in is believed to be anything: a length beyond the limit ends it before anything is read, and memory
//! grows only with what arrives.

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// A picture of ten thousand crons is a third of it.
pub const PICTURE_LIMIT: u32 = 64 << 20;
/// A command that names ten thousand crons is a quarter of it.
pub const COMMAND_LIMIT: u32 = 4 << 20;
/// Room for two versions, and no more.
pub const HELLO_LIMIT: u32 = 4 << 10;

/// Why a message is none.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    #[error("the other end has gone")]
    Gone(#[source] std::io::Error),
    #[error("a message of {bytes} bytes, where {limit} are allowed")]
    TooLong { bytes: u64, limit: u32 },
    #[error("a message that is not understood")]
    NotUnderstood(#[source] serde_json::Error),
}

/// The next message, or `None` where the other end has nothing more to say.
///
/// # Errors
/// With what makes it no message. Nothing more can be read then.
pub async fn read<T: DeserializeOwned>(
    from: &mut (impl AsyncRead + Unpin),
    limit: u32,
) -> Result<Option<T>, FrameError> {
    let length = match from.read_u32().await {
        Ok(length) => length,
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(FrameError::Gone(error)),
    };
    if length > limit {
        return Err(FrameError::TooLong { bytes: length.into(), limit });
    }
    let mut body = Vec::new();
    let n_read = from.take(length.into()).read_to_end(&mut body).await.map_err(FrameError::Gone)?;
    if n_read < length as usize {
        return Err(FrameError::Gone(std::io::ErrorKind::UnexpectedEof.into()));
    }
    serde_json::from_slice(&body).map(Some).map_err(FrameError::NotUnderstood)
}

/// A message as bytes.
///
/// # Errors
/// When it has no form on the wire, or is longer than the other end would take.
pub fn write(message: &impl Serialize, limit: u32) -> Result<Vec<u8>, FrameError> {
    let mut bytes = vec![0; 4];
    serde_json::to_writer(&mut bytes, message).map_err(FrameError::NotUnderstood)?;
    let length = bytes.len() - 4;
    match u32::try_from(length) {
        Ok(length) if length <= limit => {
            bytes[..4].copy_from_slice(&length.to_be_bytes());
            Ok(bytes)
        }
        _ => Err(FrameError::TooLong { bytes: length as u64, limit }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_no_message_is_an_error_and_never_more_than_its_limit() {
        let whole = write(&"hello", 100).unwrap();
        let cases: [(&[u8], &str, &str); 6] = [
            (&whole, "Ok(Some(\"hello\"))", "a message"),
            (b"", "Ok(None)", "nothing more"),
            (&whole[..2], "Ok(None)", "not even a length"),
            (&whole[..6], "Err(Gone(", "half a message"),
            (b"GET / HTTP/1.1\r\n\r\n", "Err(TooLong { bytes: 1195725856, limit: 100 })", "another language"),
            (&[0, 0, 0, 3, b'{', b'"', 0xff], "Err(NotUnderstood(", "no JSON"),
        ];
        for (bytes, expected, why) in cases {
            let mut bytes = bytes;
            let read = format!("{:?}", read::<String>(&mut bytes, 100).await);
            assert!(read.starts_with(expected), "{why}: {read}");
        }
        assert!(matches!(write(&"x".repeat(200), 100), Err(FrameError::TooLong { bytes: 202, limit: 100 })));
    }
}
