//! The messages from a turn to the collector.

use tokio::sync::mpsc;

use crate::source::cluster::api::errors::RequestError;
use crate::source::cluster::logs::batch::{Batch, BatchPart};
use crate::source::cluster::logs::cursor::LogCursor;
use crate::source::cluster::logs::update::{ContainerProgress, LogGap, LogUpdate, Ticket};

/// How a turn ended.
#[derive(Debug)]
pub(crate) enum TurnEnd {
    /// The logs of all known runs are complete.
    Complete,
    /// Other containers wait for their turn, and this log is not complete.
    Yielded,
    /// The log was read to its present end. More lines can come only after the progress has changed from this value.
    Parked(ContainerProgress),
    /// The user may not read logs.
    Forbidden(RequestError),
    /// The receiver of the lines is gone.
    Abandoned,
}

/// A message from a turn to the collector.
#[derive(Debug)]
pub(crate) enum TurnMessage {
    Update(LogUpdate),
    End { ticket: Ticket, cursor: Box<LogCursor>, end: TurnEnd },
}

/// The receiver of the lines is gone.
#[derive(Debug)]
pub(crate) struct ReceiverGone;

/// Sends the messages of one turn.
#[derive(Debug)]
pub(crate) struct TurnSender {
    pub(crate) ticket: Ticket,
    pub(crate) channel: mpsc::Sender<TurnMessage>,
}

impl TurnSender {
    /// Sends the lines and the gaps of a batch.
    pub(crate) async fn send_batch(&self, run: u32, batch: Batch) -> Result<(), ReceiverGone> {
        let ticket = self.ticket;
        for part in batch.parts {
            let update = match part {
                BatchPart::Lines(lines, permit) => LogUpdate::Lines { ticket, run, lines, permit },
                BatchPart::Gap(gap) => LogUpdate::Gap { ticket, run, gap },
            };
            self.channel.send(TurnMessage::Update(update)).await.map_err(|_| ReceiverGone)?;
        }
        Ok(())
    }

    /// Reports a gap. Has no effect if the receiver is gone.
    pub(crate) async fn report_gap(&self, run: u32, gap: LogGap) {
        let update = LogUpdate::Gap { ticket: self.ticket, run, gap };
        let _ = self.channel.send(TurnMessage::Update(update)).await;
    }

    /// Reports the gap at the end of the earlier run, unless the lines of that run belong to the present run.
    pub(crate) async fn report_owed_gap(&self, cursor: &mut LogCursor) {
        if let Some(gap) = cursor.owed_gap.take()
            && !cursor.repeats_previous_run()
        {
            self.report_gap(cursor.run().saturating_sub(1), gap).await;
        }
    }

    /// Reports the end of the turn. Has no effect if the receiver is gone.
    pub(crate) async fn end(self, cursor: LogCursor, end: TurnEnd) {
        let message = TurnMessage::End { ticket: self.ticket, cursor: Box::new(cursor), end };
        let _ = self.channel.send(message).await;
    }

    /// Whether the receiver is gone.
    pub(crate) fn is_closed(&self) -> bool {
        self.channel.is_closed()
    }

    /// Waits until the receiver is gone.
    pub(crate) async fn closed(&self) {
        self.channel.closed().await;
    }
}
