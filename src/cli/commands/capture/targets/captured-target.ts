import { labelTarget, type SelectedTarget } from '../../../../cluster/target/selection/target-selection.ts';

/** A network that is captured, by one container that is in it. */
export interface CapturedTarget extends SelectedTarget {
  /** `NAMESPACE/POD/CONTAINER`, or `node/NAME`. */
  name: string;
  /** Whether its network is the node's, which the capture itself uses. */
  isNodeNetwork: boolean;
}

/** What tcpdump says of a capture at its end; null where it does not say so. */
export interface TcpdumpCounts {
  received: number | null;
  dropped: number | null;
}

/** What became of the capture of one target. */
export interface TargetResult extends TcpdumpCounts {
  target: CapturedTarget;
  /** Packets that were passed on. */
  packets: number;
  /** Why its capture is missing, or was cut; null when it is whole. */
  failure: string | null;
}

/**
 * Leaves out what would be captured twice: the containers of a pod have one network, and so have all pods on their
 * node's network.
 * @returns the networks, and which target each of the others is captured with.
 */
export function selectNetworks(targets: SelectedTarget[]): {
  networks: CapturedTarget[];
  shared: { name: string; with: string }[];
} {
  const byNetwork = new Map<string, CapturedTarget>();
  const shared: { name: string; with: string }[] = [];
  for (const selected of targets) {
    const { target, node, pod } = selected;
    const isNodeNetwork = target.kind === 'node' || pod?.spec.hostNetwork === true;
    const network = isNodeNetwork ? `node ${node}` : `pod ${target.podUID}`;
    const name = labelTarget(selected, true);
    const known = byNetwork.get(network);
    if (known === undefined) byNetwork.set(network, { ...selected, name, isNodeNetwork });
    else shared.push({ name, with: known.name });
  }
  return { networks: [...byNetwork.values()], shared };
}
