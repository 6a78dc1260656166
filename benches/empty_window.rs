//! The physical floor of a first frame: an empty window of the same toolkit, built alike.
//!
//! Not timed here: `tests/window/first-frame.sh` starts it beside the program and compares. Does
//! nothing unless told to, because `cargo bench` starts every benchmark.

fn main() -> eframe::Result {
    if std::env::var_os("EMPTY_WINDOW").is_none() {
        return Ok(());
    }
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default().with_inner_size([1280.0, 800.0]),
        renderer: eframe::Renderer::Glow,
        persist_window: false,
        ..Default::default()
    };
    let mut frames = 0;
    eframe::run_ui_native("empty", options, move |ui, _frame| {
        frames += 1;
        // The second call comes when the first frame is on the screen.
        if frames == 2 {
            #[expect(clippy::print_stdout, reason = "the script waits for this line")]
            {
                println!("first frame");
            }
            ui.ctx().send_viewport_cmd(egui::ViewportCommand::Close);
        }
        ui.ctx().request_repaint();
    })
}
