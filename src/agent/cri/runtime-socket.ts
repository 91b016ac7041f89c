import { nodeRoot } from '../files/node-root.ts';
import { walkInRoot } from '../files/rooted-path.ts';

/**
 * Reaches a runtime's socket below the node's root.
 * @param endpoint a path in the node's root. Links in the path, absolute links too, are resolved in that root.
 * @param use is given a path that is valid until the promise of `use` settles.
 * @returns the result of `use`; null when nothing is at the endpoint.
 */
export async function useRuntimeSocket<Result>(
  endpoint: string,
  use: (path: string) => Promise<Result>,
): Promise<Result | null> {
  const socket = await walkInRoot(nodeRoot, endpoint).catch(() => null);
  if (socket === null) return null;
  try {
    return await use(socket.path);
  } finally {
    await socket.directory.close();
  }
}
