# PowerShell completion for kubectl-seq. `kubectl-seq completion powershell` prints this file.
#
# The program itself completes the words. Its answer has one candidate per line, and a last line with a directive: 2 for no
# blank after the word, 4 for no file names, 8 and 16 for file names.

Register-ArgumentCompleter -Native -CommandName 'kubectl-seq' -ScriptBlock {
    param($WordToComplete, $CommandAst, $CursorPosition)

    $words = @($CommandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.StartOffset -lt $CursorPosition } | ForEach-Object { "$_" })
    if ("$WordToComplete" -eq '') {
        # Before version 7.3, PowerShell drops empty arguments of programs.
        $words += if ($PSNativeCommandArgumentPassing -in 'Standard', 'Windows') { '' } else { '""' }
    }
    $lines = @(& kubectl-seq __complete @words 2>$null)
    if ($lines.Count -eq 0 -or $lines[-1] -notmatch '^:(\d+)$') { return }
    $directive = [int]$Matches[1]
    if ($directive -band 24) { return }

    # The candidates of `--flag=` are bare values.
    $flag = if ("$WordToComplete" -match '^-[^=]*=') { $Matches[0] } else { '' }
    $blank = if ($directive -band 2) { '' } else { ' ' }
    $lines | Select-Object -SkipLast 1 | ForEach-Object {
        $name, $description = $_ -split "`t", 2
        if (-not $description) { $description = $name }
        [System.Management.Automation.CompletionResult]::new("$flag$name$blank", $name, 'ParameterValue', $description)
    }
}
