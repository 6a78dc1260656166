//! Why nothing can be written now, and who goes on writing when the window closes.

use crate::domain::{Access, Connection};
use crate::engine::Snapshot;
use crate::words::AfterClosing;

/// What becomes of a running job when this window is closed.
pub fn after_closing(snapshot: &Snapshot) -> AfterClosing {
    if snapshot.background.is_some() { AfterClosing::GoesOn } else { AfterClosing::Waits }
}

/// Why nothing can be written now, as far as it does not depend on the plan.
pub fn cannot_write(snapshot: &Snapshot) -> Option<String> {
    let info = match &snapshot.connection {
        Connection::Connected(info) => info,
        Connection::None => return Some("No gateway is connected".to_owned()),
        _ => return Some("The gateway is away; this can be applied when it is back".to_owned()),
    };
    match info.access {
        Access::ReadWrite | Access::UnprovenVersion => None,
        Access::ReadOnlyScopes => Some("The gateway gave this program the right to read only".to_owned()),
        Access::FolderNotWritable => Some("Nothing can be written into the state folder".to_owned()),
        Access::GatewayOwned => {
            let host = snapshot.owner.as_ref().map_or("Another computer", |owner| &owner.host);
            Some(format!("{host} acts on this gateway"))
        }
        Access::AnotherGateway => Some("This is not the gateway of this folder".to_owned()),
        Access::FolderHeld => {
            let holder = snapshot.folder.as_ref().and_then(|folder| folder.held_by.as_deref());
            Some(format!("The state folder is held by {}", holder.unwrap_or("another program")))
        }
    }
}
