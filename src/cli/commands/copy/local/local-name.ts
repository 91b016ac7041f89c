/** https://learn.microsoft.com/windows/win32/fileio/naming-a-file: with or without an extension. */
const reservedOnWindows = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\..*)?$/i;
const invalidOnWindows = /[<>:"|?*\\\u0000-\u001f]|[. ]$/;

/**
 * Says why a name of the target can't be one of a file here.
 * @param name bytes of one part of a path.
 * @returns null when it can.
 */
export function refuseName(name: Buffer, platform: NodeJS.Platform = process.platform): string | null {
  const text = name.toString('latin1');
  if (text === '' || text === '.' || text === '..') return 'its name leads elsewhere';
  if (/[/\0]/.test(text)) return 'its name has a character that no name may have';
  if (platform !== 'win32' && platform !== 'darwin') return null;
  const unicode = name.toString('utf8');
  if (!Buffer.from(unicode).equals(name)) return 'its name is not UTF-8, which this system takes alone';
  if (platform === 'darwin') return null;
  if (invalidOnWindows.test(unicode)) return 'Windows does not take its name';
  if (reservedOnWindows.test(unicode)) return 'Windows has reserved its name';
  return null;
}

/** Whether names that differ in nothing but case, or in how an accent is written, are of one file. */
export function foldsNames(platform: NodeJS.Platform = process.platform): boolean {
  return platform === 'win32' || platform === 'darwin';
}

/** @returns the same text for names that are of one file where names are folded. */
export function foldName(path: string): string {
  return path.normalize('NFC').toLowerCase();
}
