set -g fish_greeting
# fish would write the name of the folder, which may be the target's, into the terminal's title.
function fish_title
end
function fish_prompt
    string join '' (sh -c '. /usr/local/lib/crashcart/session-shell.sh; printf %s "$CRASHCART_PROMPT"') ' # '
end
