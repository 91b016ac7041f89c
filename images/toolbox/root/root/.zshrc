. /usr/local/lib/crashcart/session-shell.sh
setopt PROMPT_SUBST
# zsh looks for % in what the variable holds.
CRASHCART_PROMPT=${CRASHCART_PROMPT//\%/%%}
PROMPT='$CRASHCART_PROMPT # '
autoload -Uz compinit && compinit
