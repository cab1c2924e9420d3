//! Derives from the text of a container's command how long the container runs and how it ends.

use jiff::SignedDuration;

/// The behaviour of a container after its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ContainerProgram {
    /// The text of the command shows how long the container runs and how it exits.
    Known {
        /// The time until the container exits.
        after: SignedDuration,
        exit_code: i32,
        /// Whether the process handles SIGTERM. Process 1 of a container ignores signals that it does not handle.
        handles_sigterm: bool,
    },
    /// The text of the command does not show the behaviour. A sidecar then runs until the kubelet stops it. Any other
    /// container works for a random time.
    Works,
    /// The program with this name does not exist, so the container cannot start.
    Missing(String),
}

/// Derives the behaviour of a container from its command and arguments. `index` is the Pod's completion index.
pub(crate) fn read_program(command: &[String], args: &[String], index: Option<u32>) -> ContainerProgram {
    let words: Vec<&str> = command.iter().chain(args).map(String::as_str).collect();
    let Some((program, rest)) = words.split_first() else { return ContainerProgram::Works };
    if command.first().is_some_and(|program| program.contains("no-such") || program.contains("nonexistent")) {
        return ContainerProgram::Missing((*program).to_owned());
    }
    let known = match program.rsplit('/').next().unwrap_or(program) {
        "sh" | "bash" | "ash" | "dash" | "zsh" => match rest {
            // The flag before the script is `-c`, `-ec`, `-euxc` …, possibly after other flags.
            [flags @ .., script]
                if flags.last().is_some_and(|flag| flag.starts_with('-') && flag.ends_with('c')) =>
            {
                evaluate_script(script, index)
            }
            _ => None,
        },
        name => evaluate_statement(&[&[name], rest].concat(), index)
            .map(|(after, exit_code, _)| (after, exit_code, false)),
    };
    known.map_or(ContainerProgram::Works, |(after, exit_code, handles_sigterm)| ContainerProgram::Known {
        after,
        exit_code,
        handles_sigterm,
    })
}

/// Evaluates a script. Returns its duration, its exit code, and whether it handles SIGTERM, or `None` if the script has
/// a statement whose effect is not known.
fn evaluate_script(script: &str, index: Option<u32>) -> Option<(SignedDuration, i32, bool)> {
    let (mut passed, mut status, mut handles_sigterm) = (SignedDuration::ZERO, 0, false);
    let mut exit_on_error = false;
    for line in script.split(['\n', ';']) {
        // The parts of `a && b || c` run from left to right. Whether a part runs depends on the exit code of the part
        // before.
        let mut rest = line;
        let mut runs = true;
        while !rest.is_empty() {
            let (statement, next) = match (rest.find("&&"), rest.find("||")) {
                (None, None) => (rest, None),
                (Some(and), or) if or.is_none_or(|or| and < or) => (&rest[..and], Some((and, true))),
                (_, Some(or)) => (&rest[..or], Some((or, false))),
                (Some(and), None) => (&rest[..and], Some((and, true))),
            };
            let words = split_words(statement)?;
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            if runs && !words.is_empty() {
                match words[0] {
                    "trap" => handles_sigterm = true,
                    "set" => exit_on_error |= words[1..].iter().any(|flag| flag.starts_with("-e")),
                    _ => {
                        let (after, code, ends) = evaluate_statement(&words, index)?;
                        passed = passed.saturating_add(after);
                        status = code;
                        if ends || (exit_on_error && code != 0 && next.is_none()) {
                            return Some((passed, code, handles_sigterm));
                        }
                    }
                }
            }
            let Some((position, is_and)) = next else { break };
            runs = (status == 0) == is_and;
            rest = &rest[position + 2..];
        }
    }
    Some((passed, status, handles_sigterm))
}

/// Evaluates a simple statement. Returns its duration, its exit code, and whether it ends the script, or `None` if the
/// effect of the statement is not known.
fn evaluate_statement(words: &[&str], index: Option<u32>) -> Option<(SignedDuration, i32, bool)> {
    let expand = |word: &str| -> String {
        let index = index.map(|index| index.to_string()).unwrap_or_default();
        word.replace("${JOB_COMPLETION_INDEX}", &index).replace("$JOB_COMPLETION_INDEX", &index)
    };
    let compare = |left: &str, operator: &str, right: &str| -> Option<i32> {
        let equal = expand(left) == expand(right);
        match operator {
            "=" | "==" | "-eq" => Some(i32::from(!equal)),
            "!=" | "-ne" => Some(i32::from(equal)),
            _ => None,
        }
    };
    let status = match words {
        ["exec", rest @ ..] => return evaluate_statement(rest, index),
        ["sleep", times @ ..] if !times.is_empty() => {
            let mut total = SignedDuration::ZERO;
            for time in times {
                total = total.saturating_add(parse_sleep_time(&expand(time))?);
            }
            return Some((total, 0, false));
        }
        ["exit"] => return Some((SignedDuration::ZERO, 0, true)),
        ["exit", code] => {
            let code: i32 = expand(code).parse().ok()?;
            return Some((SignedDuration::ZERO, code & 0xff, true));
        }
        ["true" | ":" | "echo" | "printf" | "date" | "hostname" | "pwd" | "env", ..] => 0,
        ["false", ..] => 1,
        ["test", left, operator, right] | ["[", left, operator, right, "]"] => {
            compare(left, operator, right)?
        }
        _ => return None,
    };
    Some((SignedDuration::ZERO, status, false))
}

/// Splits a statement into words and removes the quotes. Returns `None` if the statement is not simple, for example a
/// pipe.
fn split_words(statement: &str) -> Option<Vec<String>> {
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
    // The quote contains a separator of statements, at which the caller has split the script.
    if quote.is_some() {
        return None;
    }
    words.extend(word);
    Some(words)
}

/// Parses the argument of `sleep`: a decimal number, followed by `s`, `m`, `h`, `d` or nothing.
fn parse_sleep_time(text: &str) -> Option<SignedDuration> {
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

    fn program_of(words: &[&str]) -> ContainerProgram {
        read_program(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>(), &[], Some(1))
    }

    fn known(millis: i64, exit_code: i32) -> ContainerProgram {
        ContainerProgram::Known {
            after: SignedDuration::from_millis(millis),
            exit_code,
            handles_sigterm: false,
        }
    }

    #[test]
    fn simple_scripts_are_evaluated() {
        for (words, program) in [
            (&["sleep", "3"][..], known(3000, 0)),
            (&["/bin/sleep", "1m", "0.5"], known(60_500, 0)),
            (&["true"], known(0, 0)),
            (&["false"], known(0, 1)),
            (&["sh", "-c", "sleep 3; exit 2"], known(3000, 2)),
            (&["/bin/bash", "-ec", "sleep 1.5\n# done\nexit 300"], known(1500, 44)),
            (&["sh", "-c", "echo 'a b'; false || sleep 2 && exit 7; sleep 9"], known(2000, 7)),
            (&["sh", "-c", "true || sleep 2; exec sleep 1"], known(1000, 0)),
            (&["sh", "-c", "set -e; sleep 1; false; sleep 5"], known(1000, 1)),
            (&["sh", "-c", "sleep 2; test $JOB_COMPLETION_INDEX != 1"], known(2000, 1)),
            (&["sh", "-c", "[ \"${JOB_COMPLETION_INDEX}\" = 2 ] && exit 3; sleep 1"], known(1000, 0)),
        ] {
            assert_eq!(program_of(words), program, "{words:?}");
        }
    }

    #[test]
    fn all_other_commands_work_for_a_random_time() {
        for words in [
            &["perl", "-Mbignum=bpi", "-wle", "print bpi(2000)"][..],
            &["sh", "-c", "while :; do sleep 1; done"],
            &["sh", "-c", "sleep $((1 + 2))"],
            &["sh", "-c", "python train.py | tee log"],
            &["sh", "script.sh"],
            &["sleep", "infinity"],
            &[],
        ] {
            assert_eq!(program_of(words), ContainerProgram::Works, "{words:?}");
        }
    }

    #[test]
    fn a_script_with_a_trap_handles_sigterm() {
        let ContainerProgram::Known { handles_sigterm, .. } =
            program_of(&["sh", "-c", "trap 'exit 0' TERM\nsleep 60"])
        else {
            panic!()
        };
        assert!(handles_sigterm);
    }
}
