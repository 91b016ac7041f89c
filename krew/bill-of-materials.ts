import { ComponentType, HashAlgorithm } from '@cyclonedx/cyclonedx-library/Enums';
import {
  Bom,
  Component,
  HashDictionary,
  LicenseExpression,
  LicenseRepository,
  Metadata,
} from '@cyclonedx/cyclonedx-library/Models';
import { JSON as BomJSON, JsonSerializer } from '@cyclonedx/cyclonedx-library/Serialize';
import { Spec1dot6 } from '@cyclonedx/cyclonedx-library/Spec';
import type { BundledPackage } from './bundled-packages.ts';
import type { PinnedPackage } from '../images/machine/npm-tarball.ts';

/**
 * Lists what a release is made of, in CycloneDX 1.6. It has no time and no serial number, so that every build gives
 * the same text.
 */
export function formatBillOfMaterials(
  version: string,
  packages: BundledPackage[],
  nodePackages: PinnedPackage[],
): string {
  const plugin = describe(ComponentType.Application, 'kubectl-crashcart', version, 'Apache-2.0');
  const parts = [
    ...packages.map(({ name, version: of, license }) => describe(ComponentType.Library, name, of, license)),
    ...nodePackages.map(describeNode),
  ];
  for (const part of parts) plugin.dependencies.add(part.bomRef);
  const bom = new Bom({ metadata: new Metadata({ component: plugin }) });
  for (const part of parts) bom.components.add(part);
  const serializer = new JsonSerializer(new BomJSON.Normalize.Factory(Spec1dot6));
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}

function describe(type: ComponentType, name: string, version: string, license: string): Component {
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  return new Component(type, name, {
    bomRef: purl,
    purl,
    version,
    licenses: new LicenseRepository([new LicenseExpression(license)]),
  });
}

function describeNode({ name, version, integrity }: PinnedPackage): Component {
  const component = describe(ComponentType.Platform, name, version, 'MIT');
  const hash = Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex');
  component.hashes = new HashDictionary([[HashAlgorithm['SHA-512'], hash]]);
  return component;
}
