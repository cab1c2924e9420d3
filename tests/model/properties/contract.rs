//! Checks a timeline document against its own contract.

use jiff::Timestamp;
use serde_json::Value;

/// The instants of a Pod whose order is fixed.
const ORDERED: [&str; 5] = ["created", "scheduled", "sandboxReady", "workStarted", "workEnded"];

/// Returns a text about each violation of the contract.
pub(crate) fn violations(document: &Value) -> Vec<String> {
    let mut found = Violations(Vec::new());
    found.check_values("", document);
    for workload in list(&document["workloads"]) {
        found.check_summary(&workload["summary"]);
        found.check_sums_over_pods(workload);
        found.check_breakdown(&workload["summary"], &workload["byNode"]);
        found.check_breakdown(&workload["summary"], &workload["byImage"]);
        for pod in list(&workload["pods"]) {
            found.check_instants(&pod["instants"]);
            found.check_phases(pod);
            found.check_durations(pod);
            for container in list(&pod["containers"]) {
                let spans = list(&container["runs"]).iter().chain(Some(&container["pull"]));
                for span in spans {
                    let order = Some((&span["start"], &span["end"]));
                    let order = order.filter(|(start, end)| !start.is_null() && !end.is_null());
                    found.require(
                        order.is_none_or(|(start, end)| millis(start) <= millis(end)),
                        "a run or a pull ends before it starts",
                        span,
                    );
                }
            }
        }
    }
    found.0
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The milliseconds since 1970 of a time.
fn millis(time: &Value) -> i64 {
    time.as_str().expect("a time").parse::<Timestamp>().expect("RFC 3339").as_millisecond()
}

struct Violations(Vec<String>);

impl Violations {
    fn require(&mut self, holds: bool, rule: &str, context: &Value) {
        if !holds {
            self.0.push(format!("{rule}: {context:#}"));
        }
    }

    /// Checks that no length is negative and that no text is empty, in the whole document.
    fn check_values(&mut self, key: &str, value: &Value) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(key, value)| self.check_values(key, value)),
            Value::Array(values) => values.iter().for_each(|value| self.check_values(key, value)),
            Value::String(text) => {
                self.require(!text.is_empty(), &format!("`{key}` is an empty text"), value);
            }
            Value::Number(number) => {
                let is_length = key.to_lowercase().ends_with("millis") && key != "clockSkewMillis";
                let is_negative = number.as_i64().is_some_and(i64::is_negative);
                self.require(!is_length || !is_negative, &format!("`{key}` is negative"), value);
            }
            Value::Null | Value::Bool(_) => {}
        }
        if let (true, [low, high]) = (key.ends_with("RangeMillis"), list(value)) {
            self.require(low.as_i64() <= high.as_i64(), &format!("`{key}` is not in order"), value);
        }
    }

    fn check_instants(&mut self, instants: &Value) {
        for instant in instants.as_object().expect("an object").values().filter(|instant| !instant.is_null())
        {
            let [earliest, at, latest] = ["earliest", "at", "latest"].map(|name| millis(&instant[name]));
            self.require(earliest <= at && at <= latest, "an estimate lies outside its interval", instant);
            let precision = instant["precisionMillis"].as_i64().unwrap();
            self.require(precision == latest - earliest, "the precision is not latest - earliest", instant);
        }
        let known = ORDERED.map(|name| &instants[name]).into_iter().filter(|instant| !instant.is_null());
        let times: Vec<i64> = known.map(|instant| millis(&instant["at"])).collect();
        self.require(times.is_sorted(), "the instants are not in order", instants);
    }

    fn check_phases(&mut self, pod: &Value) {
        let phases = list(&pod["phases"]);
        for phase in phases.iter().filter(|phase| !phase["end"].is_null()) {
            let length = millis(&phase["end"]) - millis(&phase["start"]);
            self.require(phase["millis"].as_i64() == Some(length), "`millis` is not end - start", phase);
        }
        for pair in phases.windows(2) {
            let touches = pair[0]["end"] == pair[1]["start"];
            self.require(touches, "a phase does not start where the phase before ends", &pod["phases"]);
        }
        let work = phases
            .iter()
            .filter(|phase| matches!(phase["phase"].as_str(), Some("Unready" | "Running" | "Terminating")));
        let work: i64 = work.filter_map(|phase| phase["millis"].as_i64()).sum();
        if let Some(run) = pod["runMillis"].as_i64() {
            self.require(run == work, "`runMillis` is not the sum of the phases of work", pod);
            let range = list(&pod["runRangeMillis"]);
            let [low, high] = [&range[0], &range[1]].map(|value| value.as_i64().unwrap());
            self.require((low..=high).contains(&run), "`runMillis` lies outside its range", pod);
        }
    }

    /// Checks that the durations of a Pod are differences of its instants.
    fn check_durations(&mut self, pod: &Value) {
        let at = |name: &str| {
            Some(&pod["instants"][name])
                .filter(|instant| !instant.is_null())
                .map(|instant| millis(&instant["at"]))
        };
        for (name, from, to) in
            [("queuedMillis", "created", "scheduled"), ("coldStartMillis", "scheduled", "workStarted")]
        {
            let expected = at(from).zip(at(to)).map(|(from, to)| to - from);
            self.require(
                pod[name].as_i64() == expected,
                &format!("`{name}` is not a difference of instants"),
                pod,
            );
        }
    }

    /// Checks that the sums over Pods contain the known values of the Pods, and that no Pod lost more work than it did.
    fn check_sums_over_pods(&mut self, workload: &Value) {
        let summary = &workload["summary"];
        for name in ["runMillis", "coldStartMillis", "queuedMillis"] {
            let sum: i64 = list(&workload["pods"]).iter().filter_map(|pod| pod[name].as_i64()).sum();
            // The values of Pods whose time goes on are unknown, but count until now. A workload above others counts
            // their Pods too.
            self.require(
                summary[name].as_i64() >= Some(sum),
                &format!("the sum `{name}` is less than the values of the Pods"),
                summary,
            );
        }
        for pod in list(&workload["pods"]) {
            let (lost, run) = (pod["disruption"]["lostMillis"].as_i64(), pod["runMillis"].as_i64());
            let is_part = lost.zip(run).is_none_or(|(lost, run)| lost <= run);
            self.require(is_part, "a Pod lost more work than it did", pod);
        }
    }

    /// Checks that the rows of a breakdown contain the slot time of all Pods.
    fn check_breakdown(&mut self, summary: &Value, rows: &Value) {
        let Some(slots) = summary["slots"].as_object() else { return };
        let rows = list(rows);
        if rows.is_empty() {
            return;
        }
        let sum = |value: &dyn Fn(&Value) -> Option<i64>| rows.iter().filter_map(value).sum::<i64>();
        self.require(
            Some(sum(&|row| row["pods"].as_i64())) == summary["pods"].as_i64(),
            "a breakdown does not contain all Pods",
            summary,
        );
        self.require(
            Some(sum(&|row| row["lostWorkMillis"].as_i64())) == summary["lostWork"]["millis"].as_i64(),
            "a breakdown does not contain all lost work",
            summary,
        );
        for (name, whole) in slots.iter().filter(|(name, _)| *name != "idleMillis") {
            let part = sum(&|row| row["slots"][name].as_i64());
            // Slots without a Pod can be in back-off, and no row contains them.
            let whole = whole.as_i64().unwrap();
            let is_whole = if name == "backOffMillis" { part <= whole } else { part == whole };
            self.require(is_whole, &format!("a breakdown does not contain all `{name}`"), summary);
        }
    }

    fn check_summary(&mut self, summary: &Value) {
        let lost = &summary["lostWork"];
        let parts = lost.as_object().expect("an object").iter().filter(|(name, _)| *name != "millis");
        let sum: i64 = parts.filter_map(|(_, part)| part.as_i64()).sum();
        self.require(
            lost["millis"].as_i64() == Some(sum),
            "the parts of the lost work do not sum to it",
            lost,
        );
        let Some(slots) = summary["slots"].as_object() else {
            let is_part = lost["millis"].as_i64() <= summary["runMillis"].as_i64();
            return self.require(is_part, "more work was lost than was done", summary);
        };
        let work = summary["slots"]["workMillis"].as_i64();
        self.require(lost["millis"].as_i64() <= work, "more work was lost than was done", summary);
        let sum: i64 = slots.values().filter_map(Value::as_i64).sum();
        self.require(
            summary["slotMillis"].as_i64() == Some(sum),
            "the slots do not sum to `slotMillis`",
            summary,
        );
        for (name, part) in slots {
            let range = list(&summary["slotRanges"][name]);
            let is_inside = range[0].as_i64() <= part.as_i64() && part.as_i64() <= range[1].as_i64();
            self.require(is_inside, &format!("`{name}` lies outside its range"), summary);
        }
    }
}
