import { homedir } from 'node:os';

/** @returns the user's home folder; null when neither HOME nor the user database names one. */
export function findHome({ HOME }: NodeJS.ProcessEnv): string | null {
  if (HOME) return HOME;
  try {
    return homedir();
  } catch {
    // A user without an entry in the database: uv_os_homedir fails.
    return null;
  }
}
