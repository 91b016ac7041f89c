import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/**
 * Writes to a control file of a cgroup, by one write(2). Never with O_CREAT: cgroupfs answers it with EACCES where the
 * file is missing, and not with ENOENT.
 * @returns whether there is such a file: it is missing without its controller, and on a kernel that is older.
 * @throws the kernel's answer to the write, such as EBUSY or ESRCH.
 */
export async function writeControl(path: string, value: string): Promise<boolean> {
  const file = await open(path, constants.O_WRONLY).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (file === null) return false;
  try {
    await file.write(value);
    return true;
  } finally {
    await file.close();
  }
}
