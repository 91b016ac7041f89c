. /usr/local/lib/crashcart/session-shell.sh
setopt PROMPT_SUBST
PROMPT='$CRASHCART_PROMPT # '
autoload -Uz compinit && compinit
