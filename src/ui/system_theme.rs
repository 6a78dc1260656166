//! Whether the desktop is light or dark, from its settings portal, on a thread of its own.
//!
//! The portal may be missing, slow or silent; nothing waits for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use egui::{Context, Theme};

const UNKNOWN: u8 = 0;
const DARK: u8 = 1;
const LIGHT: u8 = 2;

/// What the desktop says, as soon as it has said it.
#[derive(Clone, Debug, Default)]
pub struct SystemTheme(Arc<AtomicU8>);

impl SystemTheme {
    /// Starts to listen to the desktop; `ctx` is repainted when it says something new.
    #[must_use]
    pub fn watch(ctx: &Context) -> Self {
        let theme = Self::default();
        #[cfg(target_os = "linux")]
        {
            let (said, ctx) = (theme.clone(), ctx.clone());
            let listen = move || {
                if let Err(error) = portal::listen(|scheme| said.set(scheme, &ctx)) {
                    tracing::debug!(%error, "the desktop does not tell its colour scheme");
                }
            };
            // Without the thread the desktop's wish stays unknown, which is a state of its own.
            std::thread::Builder::new().name("desktop theme".to_owned()).spawn(listen).ok();
        }
        #[cfg(not(target_os = "linux"))]
        let _ = ctx;
        theme
    }

    #[must_use]
    pub fn get(&self) -> Option<Theme> {
        match self.0.load(Ordering::Relaxed) {
            DARK => Some(Theme::Dark),
            LIGHT => Some(Theme::Light),
            _ => None,
        }
    }

    /// `scheme` is the portal's: 1 prefers dark, 2 prefers light, 0 has no preference.
    #[cfg(target_os = "linux")]
    fn set(&self, scheme: u32, ctx: &Context) {
        let value = match scheme {
            1 => DARK,
            0 | 2 => LIGHT,
            _ => UNKNOWN,
        };
        if self.0.swap(value, Ordering::Relaxed) != value {
            ctx.request_repaint_after(Duration::from_millis(1));
        }
    }
}

#[cfg(target_os = "linux")]
mod portal {
    use zbus::blocking::{Connection, Proxy, connection};
    use zbus::zvariant::{OwnedValue, Value};

    const NAMESPACE: &str = "org.freedesktop.appearance";
    const KEY: &str = "color-scheme";

    /// Reads the colour scheme, then follows its changes for as long as the session bus lives.
    pub(super) fn listen(told: impl Fn(u32)) -> zbus::Result<()> {
        let bus: Connection = connection::Builder::session()?.method_timeout(super::PATIENCE).build()?;
        let portal = Proxy::new(
            &bus,
            "org.freedesktop.portal.Desktop",
            "/org/freedesktop/portal/desktop",
            "org.freedesktop.portal.Settings",
        )?;
        let read: OwnedValue = portal.call("Read", &(NAMESPACE, KEY))?;
        told(number(&read).unwrap_or(0));
        for changed in portal.receive_signal("SettingChanged")? {
            let (namespace, key, value): (String, String, OwnedValue) = changed.body().deserialize()?;
            if namespace == NAMESPACE && key == KEY {
                told(number(&value).unwrap_or(0));
            }
        }
        Ok(())
    }

    /// A number, however often it is wrapped.
    fn number(value: &Value<'_>) -> Option<u32> {
        match value {
            Value::U32(number) => Some(*number),
            Value::Value(inner) => number(inner),
            _ => None,
        }
    }
}

/// How long the portal may take for an answer.
#[cfg(target_os = "linux")]
const PATIENCE: Duration = Duration::from_secs(2);
