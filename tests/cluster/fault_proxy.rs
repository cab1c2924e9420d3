//! A proxy that disturbs the requests of the program. It speaks HTTP on both sides: behind it, `kubectl proxy` talks
//! to the real API server.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crate::clock_shift::shift_times;
use crate::support::random::RandomNumbers;

/// The time in which a temporary fault lasts, counted from [`FaultProxy::begin`].
pub(crate) const WINDOW: std::ops::Range<Duration> = Duration::from_secs(4)..Duration::from_secs(14);

/// The number of seconds in `Retry-After`.
pub(crate) const RETRY_AFTER_SECONDS: u64 = 3;

/// The bytes per second of a slow link.
const SLOW_BYTES_PER_SECOND: u64 = 20_000;

/// How often each event of a flood is repeated.
const FLOOD: usize = 300;

/// A fault of the network or of the API server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// In the window, connections break and new ones are refused, as if the server were stopped.
    Stopped,
    /// All connections are cut at random times.
    Cuts,
    /// Each watch ends cleanly after two seconds.
    CleanEnds,
    /// In the window, each watch is answered by an event with status 410.
    GoneEvents,
    /// In the window, each watch is answered with status 410.
    GoneStatus,
    /// In the window, each request is answered with 429 and `Retry-After`.
    TooManyRequests,
    /// In the window, each request is answered with 500, 502, 503 or 504.
    ServerErrors,
    /// In the window, each watch brings only bookmarks.
    OnlyBookmarks,
    /// The events of each watch are repeated, and those of different objects are reordered.
    Disordered,
    /// The requests for Events are answered with 403.
    EventsForbidden,
    /// The watch of the Events repeats each event many times.
    EventsFlood,
    /// The requests for Events are answered with 503 until the window ends.
    EventsLate,
    /// In the window, the requests for Pods are answered with 403.
    PodsForbidden,
    /// In the window, the requests for Pods are answered with 401.
    PodsUnauthorized,
    /// From the start of the window on, the requests for Pods are answered with 503.
    PodsGone,
    /// From the start of the window on, the watches of Pods are answered with 403, but not the lists.
    PodWatchesForbidden,
    /// The proxy closes the first eight connections before it answers.
    FirstListsBreak,
    /// Each watch that has brought nothing for two seconds is closed.
    IdleCloses,
    /// All answers together have [`SLOW_BYTES_PER_SECOND`].
    SlowLink,
    /// All times of the cluster are shifted by this number of seconds, as if the clock of the program's machine were
    /// off.
    Clock(i64),
}

/// How the proxy handles a request.
enum Verdict {
    Pass,
    Close,
    Answer(u16, &'static str),
    GoneEvent,
    Bookmarks,
}

/// A running proxy.
pub(crate) struct FaultProxy {
    pub(crate) port: u16,
    shared: Arc<Shared>,
    /// `kubectl proxy`.
    upstream: Child,
}

struct Shared {
    fault: Fault,
    upstream_port: u16,
    /// The instant from which the time of the window is counted.
    begun: OnceLock<Instant>,
    /// Number of faults that have happened.
    injected: AtomicUsize,
    /// The open connections.
    open: Mutex<Vec<TcpStream>>,
    is_stopped: AtomicBool,
    /// The instants of the requests, by the path of their resource.
    requests: Mutex<HashMap<String, Vec<Instant>>>,
    /// The instant at which a slow link is free again.
    link_free: Mutex<Instant>,
}

impl FaultProxy {
    /// Starts the proxy in front of the cluster of the current kubeconfig.
    pub(crate) fn start(fault: Fault) -> Self {
        let mut upstream = Command::new("kubectl");
        upstream.args(["proxy", "--port=0"]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut upstream = upstream.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(upstream.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let upstream_port = line.trim().rsplit(':').next().unwrap().parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            fault,
            upstream_port,
            begun: OnceLock::new(),
            injected: AtomicUsize::new(0),
            open: Mutex::default(),
            is_stopped: AtomicBool::new(false),
            requests: Mutex::default(),
            link_free: Mutex::new(Instant::now()),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accepting.accept(listener, port));
        let cutting = Arc::clone(&shared);
        thread::spawn(move || cutting.cut_connections());
        Self { port, shared, upstream }
    }

    /// Starts to count the time of the window.
    pub(crate) fn begin(&self) {
        self.shared.begun.set(Instant::now()).unwrap();
    }

    /// The number of faults that have happened.
    pub(crate) fn injected(&self) -> usize {
        self.shared.injected.load(Ordering::Relaxed)
    }

    /// The largest number of requests for one resource within a minute, and the shortest time between two of them in
    /// the window.
    pub(crate) fn load(&self) -> (usize, Duration) {
        let requests = self.shared.requests.lock().unwrap();
        let begun = *self.shared.begun.get().unwrap();
        let most = requests.values().map(Vec::len).max().unwrap_or(0);
        let mut shortest = Duration::MAX;
        for instants in requests.values() {
            let in_window: Vec<&Instant> =
                instants.iter().filter(|at| WINDOW.contains(&at.saturating_duration_since(begun))).collect();
            for pair in in_window.windows(2) {
                shortest = shortest.min(*pair[1] - *pair[0]);
            }
        }
        (most, shortest)
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.shared.is_stopped.store(true, Ordering::Relaxed);
        let _ = self.upstream.kill();
        let _ = self.upstream.wait();
    }
}

impl Shared {
    /// Accepts connections. While the server counts as stopped, the port is closed.
    fn accept(self: Arc<Self>, mut listener: TcpListener, port: u16) {
        while !self.is_stopped.load(Ordering::Relaxed) {
            listener.set_nonblocking(true).unwrap();
            match listener.accept() {
                Ok((client, _)) => {
                    client.set_nonblocking(false).unwrap();
                    self.open.lock().unwrap().push(client.try_clone().unwrap());
                    let shared = Arc::clone(&self);
                    thread::spawn(move || {
                        let end = client.try_clone().unwrap();
                        // An error means that one of the connections has ended.
                        drop(shared.serve(client));
                        drop(end.shutdown(Shutdown::Both));
                    });
                }
                Err(_) => thread::sleep(Duration::from_millis(10)),
            }
            if self.fault == Fault::Stopped && self.is_in_window() {
                drop(listener);
                self.injected.fetch_add(1, Ordering::Relaxed);
                while self.is_in_window() {
                    thread::sleep(Duration::from_millis(50));
                }
                listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
            }
        }
    }

    /// Cuts all open connections at the start of the window, so that the program sends new requests. With
    /// [`Fault::Cuts`], cuts them at random times.
    fn cut_connections(&self) {
        let mut random = RandomNumbers(7);
        let mut was_in_window = false;
        let mut next = Instant::now() + Duration::from_secs(3);
        while !self.is_stopped.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(20));
            let is_in_window = self.is_in_window();
            let is_due = match self.fault {
                Fault::Cuts => next <= Instant::now(),
                Fault::Disordered | Fault::Clock(_) | Fault::SlowLink | Fault::CleanEnds => false,
                _ => is_in_window && !was_in_window,
            };
            was_in_window = is_in_window;
            if is_due {
                next = Instant::now() + Duration::from_millis(1000 + random.next_below(3000) as u64);
                let cut = std::mem::take(&mut *self.open.lock().unwrap());
                if self.fault == Fault::Cuts {
                    self.injected.fetch_add(cut.len(), Ordering::Relaxed);
                }
                for stream in cut {
                    // The error is ignored, because a connection that has already ended cannot be shut down.
                    drop(stream.shutdown(Shutdown::Both));
                }
            }
        }
    }

    fn elapsed(&self) -> Duration {
        self.begun.get().map_or(Duration::ZERO, Instant::elapsed)
    }

    fn is_in_window(&self) -> bool {
        WINDOW.contains(&self.elapsed())
    }

    fn judge(&self, target: &str) -> Verdict {
        let is_watch = target.contains("watch=true");
        let is_about = |resource: &str| target.split('?').next().is_some_and(|path| path.ends_with(resource));
        let in_window = self.is_in_window();
        let has_begun = self.elapsed() >= WINDOW.start;
        match self.fault {
            Fault::GoneEvents if in_window && is_watch => Verdict::GoneEvent,
            Fault::GoneStatus if in_window && is_watch => Verdict::Answer(410, "Expired"),
            Fault::TooManyRequests if in_window => Verdict::Answer(429, "TooManyRequests"),
            Fault::ServerErrors if in_window => {
                let codes = [500, 502, 503, 504];
                Verdict::Answer(codes[self.injected.load(Ordering::Relaxed) % 4], "InternalError")
            }
            Fault::OnlyBookmarks if in_window && is_watch => Verdict::Bookmarks,
            Fault::EventsForbidden if is_about("/events") => Verdict::Answer(403, "Forbidden"),
            Fault::EventsLate if is_about("/events") && self.elapsed() < WINDOW.end => {
                Verdict::Answer(503, "ServiceUnavailable")
            }
            Fault::PodsForbidden if in_window && is_about("/pods") => Verdict::Answer(403, "Forbidden"),
            Fault::PodsUnauthorized if in_window && is_about("/pods") => Verdict::Answer(401, "Unauthorized"),
            Fault::PodsGone if has_begun && is_about("/pods") => Verdict::Answer(503, "ServiceUnavailable"),
            Fault::PodWatchesForbidden if has_begun && is_watch && is_about("/pods") => {
                Verdict::Answer(403, "Forbidden")
            }
            Fault::FirstListsBreak if self.injected.load(Ordering::Relaxed) < 8 => Verdict::Close,
            _ => Verdict::Pass,
        }
    }

    /// Serves the requests of one connection: exactly one, because every answer ends its connection.
    fn serve(&self, mut client: TcpStream) -> io::Result<()> {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            client.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let path = target.split('?').next().unwrap_or_default().to_owned();
        self.requests.lock().unwrap().entry(path).or_default().push(Instant::now());
        let verdict = self.judge(&target);
        if !matches!(verdict, Verdict::Pass) {
            self.injected.fetch_add(1, Ordering::Relaxed);
        }
        match verdict {
            Verdict::Pass => self.pass(client, &head, &target),
            Verdict::Close => client.shutdown(Shutdown::Both),
            Verdict::Answer(code, reason) => {
                let body = format!(
                    r#"{{"kind":"Status","apiVersion":"v1","status":"Failure","message":"fault","reason":"{reason}","code":{code}}}"#
                );
                let retry = if code == 429 {
                    format!("Retry-After: {RETRY_AFTER_SECONDS}\r\n")
                } else {
                    String::new()
                };
                write!(
                    client,
                    "HTTP/1.1 {code} Fault\r\nContent-Type: application/json\r\n{retry}Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                )
            }
            Verdict::GoneEvent => {
                let event = r#"{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","message":"too old","reason":"Expired","code":410}}"#;
                write_stream_head(&mut client)?;
                writeln!(client, "{event}")
            }
            Verdict::Bookmarks => {
                let version = target.split("resourceVersion=").nth(1).unwrap_or("0");
                let version = version.split('&').next().unwrap_or("0");
                write_stream_head(&mut client)?;
                while self.is_in_window() {
                    writeln!(
                        client,
                        r#"{{"type":"BOOKMARK","object":{{"metadata":{{"resourceVersion":"{version}"}}}}}}"#
                    )?;
                    thread::sleep(Duration::from_millis(500));
                }
                Ok(())
            }
        }
    }

    /// Forwards a request and its answer, as JSON.
    fn pass(&self, mut client: TcpStream, head: &str, target: &str) -> io::Result<()> {
        let mut upstream = TcpStream::connect(("127.0.0.1", self.upstream_port))?;
        self.open.lock().unwrap().push(upstream.try_clone()?);
        if self.fault == Fault::IdleCloses {
            upstream.set_read_timeout(Some(Duration::from_secs(2)))?;
        }
        let first = head.split("\r\n").next().unwrap_or_default();
        let accept = if target.contains("/api/v1") || target.contains("/apis/batch") {
            "application/json"
        } else {
            "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
        };
        write!(upstream, "{first}\r\nHost: 127.0.0.1\r\nAccept: {accept}\r\nConnection: close\r\n\r\n")?;
        let mut answer = BufReader::new(upstream);
        let mut status = String::new();
        answer.read_line(&mut status)?;
        let (mut is_chunked, mut kind) = (false, String::new());
        let mut date = String::new();
        loop {
            let mut line = String::new();
            answer.read_line(&mut line)?;
            let lower = line.to_lowercase();
            is_chunked |= lower.starts_with("transfer-encoding: chunked");
            if lower.starts_with("content-type:") {
                line.trim().clone_into(&mut kind);
            }
            if lower.starts_with("date:") {
                line.trim().clone_into(&mut date);
            }
            if line.trim().is_empty() {
                break;
            }
        }
        if let Fault::Clock(seconds) = self.fault {
            date = shift_times(&date, seconds);
            self.injected.fetch_add(1, Ordering::Relaxed);
        }
        write!(client, "{}\r\n{kind}\r\n{date}\r\nConnection: close\r\n\r\n", status.trim())?;
        let body: Box<dyn Read + Send> =
            if is_chunked { Box::new(Dechunked { source: answer, left: 0 }) } else { Box::new(answer) };
        self.forward_lines(body, client, target)
    }

    fn forward_lines(
        &self,
        body: Box<dyn Read + Send>,
        mut client: TcpStream,
        target: &str,
    ) -> io::Result<()> {
        let is_watch = target.contains("watch=true");
        let is_flood = self.fault == Fault::EventsFlood && is_watch && target.contains("/events?");
        if self.fault == Fault::CleanEnds && is_watch {
            let stream = client.try_clone()?;
            self.injected.fetch_add(1, Ordering::Relaxed);
            thread::spawn(move || {
                thread::sleep(Duration::from_secs(2));
                drop(stream.shutdown(Shutdown::Write));
            });
        }
        if self.fault == Fault::Disordered && is_watch {
            return self.forward_disordered(body, client);
        }
        let mut lines = BufReader::new(body);
        loop {
            let mut line = Vec::new();
            let read = lines.read_until(b'\n', &mut line);
            if read.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock) {
                self.injected.fetch_add(1, Ordering::Relaxed);
            }
            if read? == 0 {
                return Ok(());
            }
            if let Fault::Clock(seconds) = self.fault {
                line = shift_times(&String::from_utf8_lossy(&line), seconds).into_bytes();
            }
            let copies = if is_flood { FLOOD } else { 1 };
            self.injected.fetch_add(if is_flood { copies } else { 0 }, Ordering::Relaxed);
            for _ in 0..copies {
                self.write_paced(&mut client, &line)?;
            }
        }
    }

    /// Sends each event of a watch twice, and an event before the one before it if they are about different objects.
    fn forward_disordered(&self, body: Box<dyn Read + Send>, mut client: TcpStream) -> io::Result<()> {
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(body).lines() {
                let Ok(line) = line else { return };
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let uid = |line: &str| {
            line.split(r#""uid":""#).nth(1).and_then(|rest| rest.split('"').next()).map(str::to_owned)
        };
        let mut held: Option<String> = None;
        loop {
            let next = match lines.recv_timeout(Duration::from_millis(300)) {
                Ok(line) => Some(line),
                Err(mpsc::RecvTimeoutError::Timeout) => None,
                Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(()),
            };
            let in_order = match (held.take(), next) {
                (Some(first), Some(second)) if uid(&first) != uid(&second) => {
                    self.injected.fetch_add(1, Ordering::Relaxed);
                    vec![second, first]
                }
                (Some(first), Some(second)) => vec![first, second],
                (None, Some(line)) => {
                    held = Some(line);
                    continue;
                }
                (line, None) => line.into_iter().collect(),
            };
            for line in in_order {
                writeln!(client, "{line}\n{line}")?;
            }
        }
    }

    /// Writes bytes at the speed of the link.
    fn write_paced(&self, client: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
        if self.fault != Fault::SlowLink {
            return client.write_all(bytes);
        }
        for part in bytes.chunks(1000) {
            let wait = {
                let mut free = self.link_free.lock().unwrap();
                let start = (*free).max(Instant::now());
                *free = start + Duration::from_micros(part.len() as u64 * 1_000_000 / SLOW_BYTES_PER_SECOND);
                free.saturating_duration_since(Instant::now())
            };
            thread::sleep(wait);
            self.injected.fetch_add(1, Ordering::Relaxed);
            client.write_all(part)?;
        }
        Ok(())
    }
}

/// Writes the head of a watch whose end is the end of the connection.
fn write_stream_head(client: &mut TcpStream) -> io::Result<()> {
    write!(client, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")
}

/// Removes the chunk sizes from a body.
struct Dechunked<R> {
    source: R,
    /// Number of bytes that are left of the current chunk.
    left: usize,
}

impl<R: BufRead> Read for Dechunked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.left == 0 {
            let mut line = String::new();
            if self.source.read_line(&mut line)? == 0 {
                return Ok(0);
            }
            let size = line.trim();
            if size.is_empty() {
                continue;
            }
            self.left = usize::from_str_radix(size, 16).map_err(io::Error::other)?;
            if self.left == 0 {
                return Ok(0);
            }
        }
        let length = self.left.min(buffer.len());
        let length = self.source.read(&mut buffer[..length])?;
        self.left -= length;
        Ok(length)
    }
}
