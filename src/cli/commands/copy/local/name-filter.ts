import picomatch from 'picomatch';

/** Which names of a tree are copied. */
export interface NamePatterns {
  /** Files that are taken; empty: all. */
  include: string[];
  /** Files and folders that are left out. */
  exclude: string[];
}

/**
 * Makes the filter that tree_walk.py of the toolbox has for the other direction: a pattern with a slash is for the path
 * below the source, another one for the name alone; `*` matches no slash, `**` any number of folders.
 * @returns whether an entry is taken. Its path is below the source; '' is the source itself.
 */
export function createFilter({
  include,
  exclude,
}: NamePatterns): (path: string, isFolder: boolean) => boolean {
  const [isIncluded, isExcluded] = [include, exclude].map((patterns) => {
    const matchers = patterns.map((pattern) => {
      const matches = picomatch(pattern, { dot: true, nobrace: true, noextglob: true, nonegate: true });
      return (path: string) => matches(pattern.includes('/') ? path : path.slice(path.lastIndexOf('/') + 1));
    });
    return (path: string) => matchers.some((matches) => matches(path));
  }) as [(path: string) => boolean, (path: string) => boolean];
  return (path, isFolder) => {
    if (path === '') return true;
    if (isExcluded(path)) return false;
    return isFolder || include.length === 0 || isIncluded(path);
  };
}
