import type { Pod } from '../../api/objects/kubernetes-objects.ts';
import { readQuantity } from '../../api/objects/quantity.ts';

/** How much of its node's storage a container may take before the kubelet evicts its pod. `recipe disk` reads this as JSON. */
export interface StorageLimits {
  /** Its emptyDir volumes that have a sizeLimit, by where they are mounted. */
  volumes: { name: string; path: string; bytes: number }[];
  /** limits.ephemeral-storage: of what it writes outside of volumes, and its logs; null without. */
  containerBytes: number | null;
}

/**
 * @param name of a container, an init or ephemeral one too.
 * @returns null where nothing is limited.
 */
export function findStorageLimits({ spec }: Pod, name: string): StorageLimits | null {
  const container = [...spec.containers, ...spec.initContainers, ...spec.ephemeralContainers].find(
    (one) => one.name === name,
  );
  if (!container) return null;
  const volumes = container.volumeMounts.flatMap(({ name: volume, mountPath }) => {
    const limit = spec.volumes.find((one) => one.name === volume)?.emptyDir?.sizeLimit;
    return limit ? [{ name: volume, path: mountPath, bytes: readQuantity(limit) }] : [];
  });
  const limit = container.resources.limits['ephemeral-storage'];
  if (volumes.length === 0 && limit === undefined) return null;
  return { volumes, containerBytes: limit === undefined ? null : readQuantity(limit) };
}
