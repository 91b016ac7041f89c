import type { BundledPackage } from './bundled-packages.ts';

const rule = '='.repeat(100);

/**
 * Lists the packages in a release with their licences.
 * @param node the Node.js that the archive holds, too; without: none.
 */
export function formatLicences(
  packages: BundledPackage[],
  node?: { version: string; license: string },
): string {
  const sections = packages.map(({ name, version, license, texts }) => {
    const terms =
      texts.length > 0 ? texts.join('\n\n') : `(Its package holds no more than this: ${license}.)`;
    return `${name} ${version}\nLicence: ${license}\n\n${terms}`;
  });
  return [
    'kubectl-crashcart is under the Apache License, version 2.0 (the file LICENSE).\n' +
      'It holds the work of others, each under its own terms:',
    ...sections,
    ...(node === undefined ? [] : [`Node.js ${node.version}\n\n${node.license.trim()}`]),
  ]
    .join(`\n\n${rule}\n`)
    .concat('\n');
}
