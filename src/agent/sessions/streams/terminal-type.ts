import { isFileInRoot } from '../../files/rooted-path.ts';

/** Where the curses libraries of distributions look: https://invisible-island.net/ncurses/man/terminfo.5.html */
const databases = ['/etc/terminfo', '/lib/terminfo', '/usr/share/terminfo', '/usr/lib/terminfo'];
/** What terminals that no database knows take: xterm's sequences. The second is in the smallest databases. */
const fallbacks = ['xterm-256color', 'xterm'];

/**
 * Decides TERM for a session. What the toolbox knows nothing of breaks top, less and every editor there.
 * @param toolbox folder whose files are those of the root.
 * @param term TERM of the user's terminal.
 * @returns TERM as it is, where the toolbox knows the terminal, or knows none at all.
 */
export async function chooseTerminalType(toolbox: string, term: string): Promise<string> {
  for (const candidate of [term, ...fallbacks]) if (await isKnown(toolbox, candidate)) return candidate;
  return term;
}

async function isKnown(toolbox: string, term: string): Promise<boolean> {
  const [first] = Buffer.from(term);
  if (first === undefined || !/^[\w.+-]+$/.test(term)) return false;
  // By the first letter, or by its code where file names have no upper and lower case.
  const files = [term.slice(0, 1), first.toString(16)].map((folder) => `${folder}/${term}`);
  for (const database of databases)
    for (const file of files) if (await isFileInRoot(toolbox, `${database}/${file}`)) return true;
  return false;
}
