/** A patch asks for what a merge can't do. */
export class PatchError extends Error {
  override name = 'PatchError';
}

type Fields = Record<string, unknown>;

/**
 * The lists of a pod whose items are merged one by one, by this key; every other list is replaced.
 * https://github.com/kubernetes/api/blob/master/core/v1/types.go (patchStrategy, patchMergeKey)
 */
const mergeKeys: Record<string, string> = {
  'spec.containers': 'name',
  'spec.initContainers': 'name',
  'spec.ephemeralContainers': 'name',
  'spec.volumes': 'name',
  'spec.imagePullSecrets': 'name',
  'spec.schedulingGates': 'name',
  'spec.resourceClaims': 'name',
  'spec.hostAliases': 'ip',
  'spec.topologySpreadConstraints': 'topologyKey',
};
/** The same, of a container. */
const containerMergeKeys: Record<string, string> = {
  env: 'name',
  ports: 'containerPort',
  volumeMounts: 'mountPath',
  volumeDevices: 'devicePath',
};

/**
 * Merges a patch into a pod template, as `kubectl patch` does by default: maps are merged, null takes a field away, lists
 * are merged by their key or replaced. Of the directives, `$patch: delete` and `$patch: replace` are known.
 * https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md
 * @param path of both in the template, for errors; empty for the template itself.
 * @returns a new object; both stay as they are.
 * @throws PatchError.
 */
export function mergeStrategically(original: Fields, patch: Fields, path = ''): Fields {
  const directive = patch['$patch'];
  if (directive !== undefined && directive !== 'replace' && directive !== 'merge')
    throw new PatchError(`${path || 'the patch'}: $patch: ${JSON.stringify(directive)} is not possible here`);
  const fields = Object.entries(patch).filter(([name]) => name !== '$patch');
  const merged = directive === 'replace' ? {} : { ...original };
  for (const [name, value] of fields) {
    const place = path === '' ? name : `${path}.${name}`;
    if (name.startsWith('$')) throw new PatchError(`${place}: this directive is not supported`);
    if (value === null) delete merged[name];
    else merged[name] = mergeValue(merged[name], value, place);
  }
  return merged;
}

function mergeValue(original: unknown, patch: unknown, path: string): unknown {
  if (Array.isArray(patch)) return mergeList(Array.isArray(original) ? original : [], patch, path);
  if (!isFields(patch)) return patch;
  return mergeStrategically(isFields(original) ? original : {}, patch, path);
}

function mergeList(original: unknown[], patch: unknown[], path: string): unknown[] {
  const key = findMergeKey(path);
  if (key === null) return patch;
  const isReplaced = patch.some((item) => isFields(item) && item['$patch'] === 'replace');
  const merged = isReplaced ? [] : [...original];
  for (const item of patch) {
    if (isFields(item) && item['$patch'] === 'replace' && Object.keys(item).length === 1) continue;
    const name = isFields(item) ? item[key] : undefined;
    if (!isFields(item) || (typeof name !== 'string' && typeof name !== 'number'))
      throw new PatchError(`${path}: an item has no ${key}`);
    const index = merged.findIndex((other) => isFields(other) && other[key] === name);
    const existing = merged[index];
    const place = `${path}[${name}]`;
    if (item['$patch'] === 'delete') merged.splice(index, index < 0 ? 0 : 1);
    else if (isFields(existing)) merged[index] = mergeStrategically(existing, item, place);
    else merged.push(mergeStrategically({}, item, place));
  }
  return merged;
}

/** @param path with the keys of items in brackets. @returns null for a list that is replaced. */
function findMergeKey(path: string): string | null {
  const field = /^spec\.(?:c|initC|ephemeralC)ontainers\[[^\]]*\]\.(\w+)$/.exec(path)?.[1];
  const keys = field === undefined ? mergeKeys : containerMergeKeys;
  return keys[field ?? path] ?? null;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
