# shellcheck shell=bash
# Interactive shells of a session. Read by login shells too (.profile).
case $- in
*i*) ;;
*) return ;;
esac

. /usr/local/lib/crashcart/session-shell.sh
# By reference: what is in the variable is shown, and nothing in it is run.
PS1='$CRASHCART_PROMPT # '
HISTCONTROL=ignoreboth
shopt -s checkwinsize histappend
alias ls='ls --color=auto' ll='ls -l' grep='grep --color=auto'
# shellcheck source=/dev/null
[ ! -r /usr/share/bash-completion/bash_completion ] || . /usr/share/bash-completion/bash_completion
[ "$SHLVL" -gt 1 ] || show_banner
