set -g fish_greeting
function fish_prompt
    string join '' (sh -c '. /usr/local/lib/crashcart/session-shell.sh; printf %s "$CRASHCART_PROMPT"') ' # '
end
