# fish completion for kubectl-seq. `kubectl-seq completion fish` prints this file.
#
# The program itself completes the words. Its answer has one candidate per line, and a last line with a directive: 2 for no
# blank after the word, 4 for no file names, 8 and 16 for file names.

function __kubectl_seq_complete
    set -l words (commandline -opc)
    set -e words[1]
    set -l current (commandline -ct)
    set -l lines (kubectl-seq __complete $words "$current" 2>/dev/null)
    set -l directive (string match -r -g '^:([0-9]+)$' -- $lines[-1])
    or return
    set -e lines[-1]
    # The candidates of `--flag=` are bare values.
    set -l flag (string match -r -- '^-[^=]*=' $current)
    if test (math "bitand($directive, 24)") -ne 0
        __fish_complete_path (string replace -- "$flag" '' $current)
    else if test (count $lines) -gt 0
        string join \n -- "$flag"$lines
    else if test (math "bitand($directive, 4)") -eq 0
        __fish_complete_path (string replace -- "$flag" '' $current)
    end
end

complete -c kubectl-seq -f -k -a '(__kubectl_seq_complete)'
