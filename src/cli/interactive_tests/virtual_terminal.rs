//! A terminal for tests, which displays the bytes that the program writes and sends the keys of a test to the program.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::terminal::full_screen::REPEATED_RESIZE_PAUSE;
use crate::terminal::keys::Keys;
use crate::terminal::tty::Terminal;
use crate::tui::input::{Code, Input, Key, Mouse, MouseKind};

/// A terminal without a device. Clones share their state.
#[derive(Clone)]
pub(crate) struct VirtualTerminal {
    /// Interprets the written bytes and holds the screen.
    pub(crate) parser: Rc<RefCell<vt100::Parser>>,
    /// Sends input to the program. `None` until the program asks for keys.
    pub(crate) input: Rc<RefCell<Option<mpsc::UnboundedSender<Input>>>>,
    /// Whether the terminal is in raw mode.
    pub(crate) is_raw: Rc<Cell<bool>>,
    /// Number of times that the program has stopped itself.
    pub(crate) stops: Rc<Cell<usize>>,
    /// Whether the terminal answers the query of the cursor position.
    pub(crate) answers_cursor: Rc<Cell<bool>>,
    /// Number of rows of the frame at and below the cursor.
    pub(crate) frame_rows: Rc<Cell<usize>>,
    /// Number of bytes that the program has written.
    pub(crate) bytes: Rc<Cell<usize>>,
}

impl VirtualTerminal {
    pub(crate) fn new(columns: u16, rows: u16) -> Self {
        let mut parser = vt100::Parser::new(rows, columns, 500);
        parser.process(b"$ kubectl seq simulate\r\n");
        Self {
            parser: Rc::new(RefCell::new(parser)),
            input: Rc::default(),
            is_raw: Rc::default(),
            stops: Rc::default(),
            answers_cursor: Rc::new(Cell::new(true)),
            frame_rows: Rc::default(),
            bytes: Rc::default(),
        }
    }

    pub(crate) fn send(&self, input: Input) {
        let sender = self.input.borrow();
        sender.as_ref().expect("the program reads keys").send(input).expect("the program reads keys");
    }

    /// Presses a key and waits for the next frame.
    pub(crate) async fn press(&self, code: Code) {
        self.send(Input::Key(Key::plain(code)));
        sleep(Duration::from_millis(120)).await;
    }

    pub(crate) async fn keys(&self, keys: &str) {
        for char in keys.chars() {
            self.press(Code::Char(char)).await;
        }
    }

    pub(crate) async fn mouse(&self, kind: MouseKind, column: usize, row: usize) {
        self.send(Input::Mouse(Mouse { kind, column, row }));
        sleep(Duration::from_millis(120)).await;
    }

    pub(crate) async fn click(&self, column: usize, row: usize) {
        self.mouse(MouseKind::Press, column, row).await;
        self.mouse(MouseKind::Release, column, row).await;
    }

    pub(crate) async fn resize(&self, columns: u16, rows: u16) {
        self.parser.borrow_mut().screen_mut().set_size(rows, columns);
        self.send(Input::Resized);
        sleep(REPEATED_RESIZE_PAUSE + Duration::from_millis(120)).await;
    }

    pub(crate) fn contents(&self) -> String {
        let parser = self.parser.borrow();
        let screen = parser.screen();
        let columns = screen.size().1;
        let rows: Vec<String> = screen.rows(0, columns).map(|row| row.trim_end().to_owned()).collect();
        rows.join("\n").trim_end().to_owned()
    }

    /// Returns the row, from 0, of the first line that contains this text.
    pub(crate) fn row_of(&self, text: &str) -> usize {
        let contents = self.contents();
        contents
            .lines()
            .position(|line| line.contains(text))
            .unwrap_or_else(|| panic!("no {text:?} in\n{contents}"))
    }

    pub(crate) fn column_of(&self, text: &str) -> usize {
        let contents = self.contents();
        let line = contents.lines().find(|line| line.contains(text)).unwrap();
        line[..line.find(text).unwrap()].chars().count()
    }

    pub(crate) fn is_alternate_screen(&self) -> bool {
        self.parser.borrow().screen().alternate_screen()
    }

    pub(crate) fn has_mouse(&self) -> bool {
        self.parser.borrow().screen().mouse_protocol_mode() != vt100::MouseProtocolMode::None
    }
}

impl io::Write for VirtualTerminal {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.parser.borrow_mut().process(bytes);
        self.bytes.set(self.bytes.get() + bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Terminal for VirtualTerminal {
    fn size(&self) -> Option<(usize, usize)> {
        let (rows, columns) = self.parser.borrow().screen().size();
        Some((usize::from(columns), usize::from(rows)))
    }

    fn is_foreground(&self) -> bool {
        true
    }

    fn set_raw(&mut self, raw: bool) -> io::Result<()> {
        self.is_raw.set(raw);
        Ok(())
    }

    fn cursor_row(&mut self) -> Option<usize> {
        self.answers_cursor.get().then(|| usize::from(self.parser.borrow().screen().cursor_position().0))
    }

    fn note_frame_rows(&mut self, rows: usize) {
        self.frame_rows.set(rows);
    }

    fn stop(&mut self) {
        assert!(
            !self.is_raw.get()
                && !self.is_alternate_screen()
                && !self.has_mouse()
                && !self.parser.borrow().screen().hide_cursor()
                && self.frame_rows.get() == 0,
            "the program restores the terminal before it stops"
        );
        self.stops.set(self.stops.get() + 1);
        self.parser.borrow_mut().process(b"[1]+  Stopped\r\n$ fg\r\n");
    }

    fn keys(&mut self) -> Keys {
        let (sender, receiver) = mpsc::unbounded_channel();
        *self.input.borrow_mut() = Some(sender);
        Keys::Script(receiver)
    }
}
