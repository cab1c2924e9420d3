# bash completion for kubectl-seq. `kubectl-seq completion bash` prints this file.
#
# The program itself completes the words. Its answer has one candidate per line, and a last line with a directive: 2 for no
# blank after the word, 4 for no file names, 8 and 16 for file names.

_kubectl_seq() {
    local words=() word='' is_joined='' index
    # bash also divides words at `=` and `:`, so these parts are joined again.
    for ((index = 1; index <= COMP_CWORD; index++)); do
        word=${COMP_WORDS[index]}
        if [[ ${#words[@]} -gt 0 && ( -n $is_joined || $word == [=:] ) ]]; then
            words[${#words[@]} - 1]+=$word
        else
            words+=("$word")
        fi
        [[ $word == [=:] ]] && is_joined=yes || is_joined=
    done

    local answer directive
    answer=$(kubectl-seq __complete "${words[@]}" 2>/dev/null) || return
    directive=${answer##*:}
    [[ $directive =~ ^[0-9]+$ ]] || return
    answer=${answer%:*}

    # bash replaces only the part of the word after the last `=` or `:`.
    local part=${COMP_WORDS[COMP_CWORD]} value=${words[${#words[@]} - 1]}
    [[ $part == [=:] ]] && part=
    [[ $value == -*=* ]] && value=${value#*=}
    local replaced=${value%"$part"}

    local names=() descriptions=() name description width=0
    while IFS=$'\t' read -r name description; do
        [[ -n $name ]] || continue
        name=${name#"$replaced"}
        names+=("$name")
        descriptions+=("$description")
        ((${#name} > width)) && width=${#name}
    done <<<"$answer"

    COMPREPLY=()
    if ((directive & 24)); then
        compopt -o default
        return
    fi
    ((directive & 2)) && compopt -o nospace
    ((directive & 4)) || compopt -o default
    # TAB shows the descriptions. The types 37 and 42 insert a whole candidate.
    for index in "${!names[@]}"; do
        name=${names[index]}
        if [[ ${#names[@]} -gt 1 && -n ${descriptions[index]} && $COMP_TYPE != 37 && $COMP_TYPE != 42 ]]; then
            printf -v name '%-*s  (%s)' "$width" "$name" "${descriptions[index]}"
        fi
        COMPREPLY+=("$name")
    done
}

complete -o nosort -F _kubectl_seq kubectl-seq
