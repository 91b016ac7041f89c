import { writeFile } from 'node:fs/promises';

/** The kubelet mounts this file into each container, and shows in the pod's status what is in it at the end. */
const path = '/dev/termination-log';

/**
 * Leaves word of why the agent ends: a container that ends without is not an agent's, which the plugin then tells.
 * Never throws: outside of a pod there is no such file.
 */
export async function leaveTerminationMessage(reason: string): Promise<void> {
  // Not made where it is missing.
  await writeFile(path, `crashcart agent: ${reason}`, { flag: 'r+' }).catch(() => undefined);
}
