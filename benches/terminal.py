"""A terminal of 120 columns and 40 rows for a live picture. It counts the written bytes and keeps the shown text."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

COLUMNS, ROWS = 120, 40
# The control sequences that pictures contain, line ends, and text.
TOKENS = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[78=>c]|([\r\n])|([^\x1b\r\n]+)")


class Screen:
    """A program in a pseudo-terminal, with the text on it."""

    def __init__(self, command):
        self.bytes = 0
        self.rows, self.row, self.column = {}, 0, 0
        self.incomplete = b""
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            # Only the child has the pseudo-terminal as its terminal, so the size is set here.
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
            environment = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
            for name in ("CI", "NO_COLOR", "KUBECTL_SEQ_PROGRESS"):
                environment.pop(name, None)
            os.execve(command[0], command, environment)

    def read(self, seconds, until=lambda text: False):
        """Reads until `until` returns true for the shown text, and returns the time. Returns None after `seconds`."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.master], [], [], left)[0]:
                break
            try:
                piece = os.read(self.master, 65536)
            except OSError:
                piece = b""
            if not piece:
                raise SystemExit(f"the program ended:\n{self.text()}")
            self.bytes += len(piece)
            self.show(piece)
            if until(self.text()):
                return time.monotonic()
        return None

    def press(self, key):
        """Sends the bytes of a key."""
        os.write(self.master, key)

    def show(self, piece):
        """Applies written bytes to the shown text."""
        data = self.incomplete + piece
        try:
            text, self.incomplete = data.decode(), b""
        except UnicodeDecodeError as error:
            text, self.incomplete = data[: error.start].decode(), data[error.start :]
        # An incomplete sequence waits for its end.
        if (start := text.rfind("\x1b")) >= 0 and not TOKENS.match(text, start):
            text, self.incomplete = text[:start], text[start:].encode() + self.incomplete
        for match in TOKENS.finditer(text):
            parameters, final, end, written = match.groups()
            if written is not None:
                line = self.rows.get(self.row, "").ljust(self.column)
                self.rows[self.row] = line[: self.column] + written + line[self.column + len(written) :]
                self.column += len(written)
            elif end == "\r":
                self.column = 0
            elif end == "\n":
                self.row += 1
            elif final:
                self.control(parameters, final)

    def control(self, parameters, final):
        number = int(parameters) if parameters.isdigit() else 1
        if final == "A":
            self.row -= number
        elif final == "B":
            self.row += number
        elif final == "G":
            self.column = number - 1
        elif final == "K":
            self.rows[self.row] = self.rows.get(self.row, "")[: self.column]
        elif final == "J":
            self.rows = {row: text for row, text in self.rows.items() if row < self.row}
        elif final == "n":
            os.write(self.master, b"\x1b[1;1R")

    def text(self):
        return "\n".join(self.rows[row] for row in sorted(self.rows))

    def processor_seconds(self):
        """Returns the processor time that the program has used, in seconds."""
        with open(f"/proc/{self.pid}/stat", encoding="utf-8") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self):
        os.kill(self.pid, signal.SIGTERM)
        self.wait()

    def wait(self):
        """Reads until the program has ended. Returns its exit code and its peak memory in MiB."""
        try:
            while piece := os.read(self.master, 65536):
                self.show(piece)
        except OSError:
            pass
        _, status, usage = os.wait4(self.pid, 0)
        os.close(self.master)
        return os.waitstatus_to_exitcode(status), usage.ru_maxrss / 1024 / (1024 if sys.platform == "darwin" else 1)
