/** Of the kubelet, unless a cluster has chosen another one. */
const kubeletPort = 10_250;
/** Of the API server on a control plane, behind whatever the kubeconfig names. */
const apiServerPort = 6443;
/** Of konnectivity, by which API servers reach nodes in other networks. */
const konnectivityPort = 8132;

/**
 * A capture on a node's own network would capture itself: each packet goes through the tunnel, which is more packets, and
 * so on until the node's network is full. The tunnel comes from the API server to the kubelet, and from there over the
 * loopback address to the container runtime, on a port that only the runtime knows.
 * @param serverPort of the API server, as the kubeconfig names it.
 * @returns a filter that leaves all of that out.
 */
export function excludeTunnel(serverPort: number): string {
  const ports = [...new Set([kubeletPort, apiServerPort, konnectivityPort, serverPort])];
  const onPorts = ports.map((port) => `port ${port}`).join(' or ');
  return `not (tcp and (${onPorts} or net 127.0.0.0/8 or host ::1))`;
}

/** Tells what the same filter leaves out. */
export const exclusionNote =
  "on a node's own network, TCP of the kubelet, of the API server and of the loopback address is left out: the capture itself goes that way";

/** @returns both filters as one; null for none. */
export function joinFilters(one: string | null, other: string | null): string | null {
  const given = [one, other].filter((filter) => filter !== null);
  return given.length === 0 ? null : given.map((filter) => `(${filter})`).join(' and ');
}
