import { variableNamePattern } from '../../session-api/command-setup.ts';

/** Of an environment that is imported. */
export const maxEnvironmentBytes = 128 * 1024;

/**
 * What is not taken from a target, as it is hostile and the session is root: variables by which programs load code,
 * run other programs, or find their settings. What an application calls its own variables is not known, so that they
 * can't be listed; by these names and endings programs of the toolbox are told such things. Who imports an environment
 * has to trust it nevertheless: no list knows each program.
 */
const refusedNames = [
  // The dynamic linker and the C library, which every program obeys.
  /^(LD_|GLIBC_|GCONV_|MALLOC_|RES_OPTIONS|LOCALDOMAIN|HOSTALIASES|LOCPATH|NLSPATH|GETCONF_|TZDIR|TMPDIR)/,
  // Shells.
  /^(BASH|ENV$|SHELLOPTS|PROMPT|PS\d|IFS$|CDPATH|GLOBIGNORE|EXECIGNORE|POSIXLY_CORRECT|INPUTRC|ZDOTDIR|FPATH|HIST|MAIL|OLDPWD|PWD|SHLVL|fish_)/,
  // The session has its own values of these.
  /^(PATH|HOME|SHELL|USER|LOGNAME|TERM|TERMINFO|TERMCAP|COLUMNS|LINES|LANG|LC_|LANGUAGE|DISPLAY|XDG_|DBUS_|SSH_|CRASHCART_)/,
  // Interpreters.
  /^(NODE_|PYTHON|PERL|RUBY|GEM_|BUNDLE_|LUA_|JAVA|_JAVA|JDK_|CLASSPATH|AWK|PHP|MONO_|DOTNET_|GUILE_|TCL)/,
  // Tools of the toolbox that run a program, or read a file, which the variable names.
  /^(GIT_|GDB|DEBUGINFOD|PERF_|BPFTRACE_|LESS|LV$|MORE$|PAGER|MANPAGER|EDITOR|VISUAL|BROWSER|VIM|MYVIM|EXINIT|NANO)/,
  /^(OPENSSL_|SSL|CURL_|WGET|NETRC|RSYNC_|TAR_|GZIP|BZIP|XZ_|ZSTD_|ZIP|UNZIP|GREP_|RIPGREP_|JQ_|TMUX|SCREEN)/,
  /^(PG|PSQL|MYSQL|MARIADB|LIBMYSQL|REDISCLI|WIRESHARK|NMAP|SOCAT|APT_|DPKG|DEBCONF|SYSTEMD_|PROCPS_|TOP|HTOP|LTRACE|STRACE)/,
  // Usual names of such variables in other programs.
  /(_OPTIONS|_OPTS|_FLAGS|_ARGS|_PRELOAD|_PATH|_RSH|_SSH|_PAGER|_EDITOR|_SHELL|_STARTUP|_PLUGINS?|_MODULES?|RC)$/,
];

/** @param environ variables, each ended by a NUL byte. @returns those that a session may have. */
export function selectVariables(environ: Buffer): Buffer[] {
  const variables: Buffer[] = [];
  for (let start = 0; start < environ.length;) {
    const found = environ.indexOf(0, start);
    const end = found === -1 ? environ.length : found;
    const variable = environ.subarray(start, end);
    const name = variable.toString('latin1').split('=', 1)[0] as string;
    if (variable.includes('=') && variableNamePattern.test(name) && !isRefused(name))
      variables.push(variable);
    start = end + 1;
  }
  return variables;
}

/** In either case: some programs obey both (`http_proxy`, `rsync_rsh`). */
function isRefused(name: string): boolean {
  return refusedNames.some((pattern) => pattern.test(name) || pattern.test(name.toUpperCase()));
}
