//! What systemd is told: that this program is ready, alive, or ending. Without it nobody is.

use std::time::Duration;

/// The way to the supervisor that started this process, if one did.
#[derive(Default)]
pub(super) struct Supervisor {
    #[cfg(unix)]
    socket: Option<std::os::unix::net::UnixDatagram>,
    /// Within this it wants to hear that we are alive.
    within: Option<Duration>,
}

impl Supervisor {
    #[cfg(unix)]
    pub(super) fn of_this_process() -> Self {
        let socket = std::env::var_os("NOTIFY_SOCKET").and_then(|address| connected(&address).ok());
        let micros = std::env::var("WATCHDOG_USEC").ok().and_then(|micros| micros.parse().ok());
        let ours = std::env::var("WATCHDOG_PID").map_or(true, |pid| pid == std::process::id().to_string());
        Self { socket, within: micros.filter(|_| ours).map(Duration::from_micros) }
    }

    #[cfg(not(unix))]
    pub(super) fn of_this_process() -> Self {
        Self::default()
    }

    /// How often it is told that we are alive: twice as often as it wants to hear.
    pub(super) fn beat(&self) -> Option<Duration> {
        self.within.map(|within| (within / 2).max(Duration::from_millis(10)))
    }

    pub(super) fn ready(&self) {
        self.tell("READY=1");
    }

    pub(super) fn alive(&self) {
        self.tell("WATCHDOG=1");
    }

    pub(super) fn ends(&self) {
        self.tell("STOPPING=1");
    }

    #[cfg(unix)]
    fn tell(&self, what: &str) {
        if let Some(socket) = &self.socket {
            // It does its own part when it hears nothing.
            socket.send(what.as_bytes()).ok();
        }
    }

    #[cfg(not(unix))]
    #[expect(clippy::unused_self, reason = "there is nobody to tell on this system")]
    fn tell(&self, _what: &str) {}
}

#[cfg(unix)]
fn connected(address: &std::ffi::OsStr) -> std::io::Result<std::os::unix::net::UnixDatagram> {
    let socket = std::os::unix::net::UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    #[cfg(target_os = "linux")]
    if let Some(name) = std::os::unix::ffi::OsStrExt::as_bytes(address).strip_prefix(b"@") {
        use std::os::linux::net::SocketAddrExt as _;
        socket.connect_addr(&std::os::unix::net::SocketAddr::from_abstract_name(name)?)?;
        return Ok(socket);
    }
    socket.connect(address)?;
    Ok(socket)
}
