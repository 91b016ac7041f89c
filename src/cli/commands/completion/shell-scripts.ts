/**
 * The script of each shell that completes `kubectl-crashcart …`, the plugin called by its own name. Words and
 * directives are those of complete-line.ts: a line for each candidate, then `:2` no space, `:4` no files, added up.
 */
export const shellScripts: Record<'bash' | 'zsh' | 'fish' | 'powershell', string> = {
  // Words are taken from COMP_LINE, since readline breaks them at = and :. No mapfile: macOS has bash 3.2.
  bash: `# bash completion of kubectl-crashcart. \`kubectl crashcart\` is completed by kubectl's own, after
# \`kubectl crashcart completion install\`.
__kubectl_crashcart() {
  local line="\${COMP_LINE:0:COMP_POINT}" words value last="" directive=4
  read -ra words <<<"$line"
  case $line in *[[:space:]]) words+=("") ;; esac
  COMPREPLY=()
  while IFS= read -r value; do
    case $value in
    :[0-9]*) directive=\${value#:} ;;
    *) COMPREPLY+=("\${value%%$'\\t'*}") ;;
    esac
  done < <("\${words[0]}" __complete "\${words[@]:1}" 2>/dev/null)
  if ((directive & 2)); then compopt -o nospace 2>/dev/null; fi
  if ! ((directive & 4)); then compopt -o default 2>/dev/null; fi
}
complete -F __kubectl_crashcart kubectl-crashcart
`,
  zsh: `#compdef kubectl-crashcart
# zsh completion of kubectl-crashcart. \`kubectl crashcart\` is completed by kubectl's own, after
# \`kubectl crashcart completion install\`.
_kubectl-crashcart() {
  local line directive=4
  local -a lines described
  lines=("\${(@f)$("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  for line in $lines; do
    case $line in
      :[0-9]*) directive=\${line#:} ;;
      *$'\\t'*) described+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
      ?*) described+=("\${line//:/\\\\:}") ;;
    esac
  done
  compset -P '--*='
  if (( directive & 2 )); then
    _describe '' described -S ''
  else
    _describe '' described
  fi
  (( directive & 4 )) || _files
}
if [ "$funcstack[1]" = _kubectl-crashcart ]; then
  _kubectl-crashcart
else
  compdef _kubectl-crashcart kubectl-crashcart
fi
`,
  fish: `# fish completion of kubectl-crashcart. \`kubectl crashcart\` is completed by kubectl's own, after
# \`kubectl crashcart completion install\`.
function __kubectl_crashcart
    set -l words (commandline --tokenize --cut-at-cursor --current-process)
    set -l word (commandline --current-token --cut-at-cursor)
    set -l flag (string match --regex -- '^--[^=]+=' "$word")
    set -l lines ($words[1] __complete $words[2..-1] "$word" 2>/dev/null)
    if test "$lines[-1]" = :0
        set lines (__fish_complete_path (string replace -- "$flag" '' "$word"))
    end
    for line in $lines
        string match --quiet --regex '^:\\d+$' -- $line; or printf '%s%s\\n' "$flag" $line
    end
end
complete --command kubectl-crashcart --no-files --arguments '(__kubectl_crashcart)'
`,
  powershell: `# PowerShell completion of kubectl-crashcart. \`kubectl crashcart\` is completed by kubectl's own, after
# \`kubectl crashcart completion install\`.
Register-ArgumentCompleter -Native -CommandName kubectl-crashcart -ScriptBlock {
  param($word, $ast, $position)
  $line = $ast.ToString().PadRight($position).Substring(0, $position)
  $words = @($line -split '\\s+' | Select-Object -Skip 1)
  $flag = if ($word -match '^--[^=]+=') { $Matches[0] } else { '' }
  & $ast.CommandElements[0].Value __complete @words 2>$null | Where-Object { $_ -notmatch '^:\\d+$' } | ForEach-Object {
    $value, $description = $_ -split "\`t", 2
    if (-not $description) { $description = $value }
    [System.Management.Automation.CompletionResult]::new("$flag$value", $value, 'ParameterValue', $description)
  }
}
`,
};
