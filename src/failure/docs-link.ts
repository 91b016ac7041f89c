import packageJSON from '../../package.json' with { type: 'json' };

/** Where users report a defect. */
export const bugsURL: string = packageJSON.bugs.url;

/**
 * Links to a page of the documentation, since whoever has a release has no checkout to read it in.
 * @param page path below the repository's top folder, with an anchor if need be: `docs/configuration.md#mirror`.
 */
export function linkDocs(page: string): string {
  return `${repositoryURL}/blob/main/${page}`;
}

const repositoryURL = packageJSON.repository.url.replace(/^git\+/, '').replace(/\.git$/, '');
