//! What a container's command does, as far as its text tells: how long it runs and how it ends.

use jiff::SignedDuration;

/// What a container does once it is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    /// Its text tells all: it runs so long and exits so.
    Told {
        /// Time until it exits.
        after: SignedDuration,
        /// Exit code.
        exit_code: i32,
        /// Whether it has a handler for SIGTERM. Process 1 of a container ignores the signal without one.
        obeys: bool,
    },
    /// It works for some time; how long is drawn.
    Works,
    /// There is no such program: it cannot be started.
    Absent(String),
}

/// Reads a command and its arguments; `index` is the Pod's completion index.
pub(crate) fn read(command: &[String], args: &[String], index: Option<u32>) -> Program {
    let words: Vec<&str> = command.iter().chain(args).map(String::as_str).collect();
    let Some((program, rest)) = words.split_first() else { return Program::Works };
    if command.first().is_some_and(|program| program.contains("no-such") || program.contains("nonexistent")) {
        return Program::Absent((*program).to_owned());
    }
    let told = match program.rsplit('/').next().unwrap_or(program) {
        "sh" | "bash" | "ash" | "dash" | "zsh" => match rest {
            // `-c`, `-ec`, `-euxc` …, perhaps after other flags.
            [flags @ .., script]
                if flags.last().is_some_and(|flag| flag.starts_with('-') && flag.ends_with('c')) =>
            {
                run(script, index)
            }
            _ => None,
        },
        name => step(&[&[name], rest].concat(), index).map(|(after, exit_code, _)| (after, exit_code, false)),
    };
    told.map_or(Program::Works, |(after, exit_code, obeys)| Program::Told { after, exit_code, obeys })
}

/// Runs a script of simple statements; `None` if it has others.
fn run(script: &str, index: Option<u32>) -> Option<(SignedDuration, i32, bool)> {
    let (mut passed, mut status, mut obeys) = (SignedDuration::ZERO, 0, false);
    let mut exit_on_error = false;
    for line in script.split(['\n', ';']) {
        // `a && b || c`: from left to right, each depending on the last status.
        let mut rest = line;
        let mut runs = true;
        while !rest.is_empty() {
            let (statement, next) = match (rest.find("&&"), rest.find("||")) {
                (None, None) => (rest, None),
                (Some(and), or) if or.is_none_or(|or| and < or) => (&rest[..and], Some((and, true))),
                (_, Some(or)) => (&rest[..or], Some((or, false))),
                (Some(and), None) => (&rest[..and], Some((and, true))),
            };
            let words = words(statement)?;
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            if runs && !words.is_empty() {
                match words[0] {
                    "trap" => obeys = true,
                    "set" => exit_on_error |= words[1..].iter().any(|flag| flag.starts_with("-e")),
                    _ => {
                        let (after, code, ends) = step(&words, index)?;
                        passed = passed.saturating_add(after);
                        status = code;
                        if ends || (exit_on_error && code != 0 && next.is_none()) {
                            return Some((passed, code, obeys));
                        }
                    }
                }
            }
            let Some((at, and)) = next else { break };
            runs = (status == 0) == and;
            rest = &rest[at + 2..];
        }
    }
    Some((passed, status, obeys))
}

/// One simple statement: its time, its status, and whether the script ends with it.
fn step(words: &[&str], index: Option<u32>) -> Option<(SignedDuration, i32, bool)> {
    let value = |word: &str| -> String {
        let index = index.map(|index| index.to_string()).unwrap_or_default();
        word.replace("${JOB_COMPLETION_INDEX}", &index).replace("$JOB_COMPLETION_INDEX", &index)
    };
    let tests = |left: &str, operator: &str, right: &str| -> Option<i32> {
        let equal = value(left) == value(right);
        match operator {
            "=" | "==" | "-eq" => Some(i32::from(!equal)),
            "!=" | "-ne" => Some(i32::from(equal)),
            _ => None,
        }
    };
    let status = match words {
        ["exec", rest @ ..] => return step(rest, index),
        ["sleep", times @ ..] if !times.is_empty() => {
            let mut total = SignedDuration::ZERO;
            for time in times {
                total = total.saturating_add(sleep_time(&value(time))?);
            }
            return Some((total, 0, false));
        }
        ["exit"] => return Some((SignedDuration::ZERO, 0, true)),
        ["exit", code] => {
            let code: i32 = value(code).parse().ok()?;
            return Some((SignedDuration::ZERO, code & 0xff, true));
        }
        ["true" | ":" | "echo" | "printf" | "date" | "hostname" | "pwd" | "env", ..] => 0,
        ["false", ..] => 1,
        ["test", left, operator, right] | ["[", left, operator, right, "]"] => tests(left, operator, right)?,
        _ => return None,
    };
    Some((SignedDuration::ZERO, status, false))
}

/// The words of a statement, unquoted; `None` where the text is more than a simple statement.
fn words(statement: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for letter in statement.trim().chars() {
        match (quote, letter) {
            (Some(open), _) if open == letter => quote = None,
            (None, '"' | '\'') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, '|' | '&' | '`' | '(' | ')' | '<' | '*') => return None,
            (None, ' ' | '\t') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    // A quote that spans statements was cut by the caller.
    if quote.is_some() {
        return None;
    }
    words.extend(word);
    Some(words)
}

/// The argument of `sleep`: a decimal number with `s`, `m`, `h`, `d` or nothing behind it.
fn sleep_time(text: &str) -> Option<SignedDuration> {
    if text == "infinity" {
        return None;
    }
    let (number, seconds) = match text.strip_suffix(['s', 'm', 'h', 'd']) {
        Some(number) => (
            number,
            match text.as_bytes().last()? {
                b'm' => 60.0,
                b'h' => 3600.0,
                b'd' => 86_400.0,
                _ => 1.0,
            },
        ),
        None => (text, 1.0),
    };
    let number: f64 = number.parse().ok().filter(|number: &f64| (0.0..1e7).contains(number))?;
    SignedDuration::try_from_secs_f64(number * seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> Program {
        read(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>(), &[], Some(1))
    }

    fn told(millis: i64, exit_code: i32) -> Program {
        Program::Told { after: SignedDuration::from_millis(millis), exit_code, obeys: false }
    }

    #[test]
    fn commands_that_tell() {
        for (words, program) in [
            (&["sleep", "3"][..], told(3000, 0)),
            (&["/bin/sleep", "1m", "0.5"], told(60_500, 0)),
            (&["true"], told(0, 0)),
            (&["false"], told(0, 1)),
            (&["sh", "-c", "sleep 3; exit 2"], told(3000, 2)),
            (&["/bin/bash", "-ec", "sleep 1.5\n# done\nexit 300"], told(1500, 44)),
            (&["sh", "-c", "echo 'a b'; false || sleep 2 && exit 7; sleep 9"], told(2000, 7)),
            (&["sh", "-c", "true || sleep 2; exec sleep 1"], told(1000, 0)),
            (&["sh", "-c", "set -e; sleep 1; false; sleep 5"], told(1000, 1)),
            (&["sh", "-c", "sleep 2; test $JOB_COMPLETION_INDEX != 1"], told(2000, 1)),
            (&["sh", "-c", "[ \"${JOB_COMPLETION_INDEX}\" = 2 ] && exit 3; sleep 1"], told(1000, 0)),
        ] {
            assert_eq!(of(words), program, "{words:?}");
        }
    }

    #[test]
    fn commands_that_do_not_tell_work_for_some_time() {
        for words in [
            &["perl", "-Mbignum=bpi", "-wle", "print bpi(2000)"][..],
            &["sh", "-c", "while :; do sleep 1; done"],
            &["sh", "-c", "sleep $((1 + 2))"],
            &["sh", "-c", "python train.py | tee log"],
            &["sh", "script.sh"],
            &["sleep", "infinity"],
            &[],
        ] {
            assert_eq!(of(words), Program::Works, "{words:?}");
        }
    }

    #[test]
    fn a_trap_obeys() {
        let Program::Told { obeys, .. } = of(&["sh", "-c", "trap 'exit 0' TERM\nsleep 60"]) else { panic!() };
        assert!(obeys);
    }
}
