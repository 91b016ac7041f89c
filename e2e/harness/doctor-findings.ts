import { z } from 'zod';
import { type CommandRunOptions, runCrashcart } from './command-run.ts';

const reportSchema = z.object({
  items: z.array(
    z.object({ check: z.string(), status: z.string(), message: z.string(), fix: z.string().nullable() }),
  ),
});

/** The findings, by check. */
export interface DoctorReport {
  code: number | null;
  findings: Record<string, { status: string; message: string; fix: string | null }>;
}

/** Runs `kubectl crashcart doctor …`. */
export async function askDoctor(args: string[], options?: CommandRunOptions): Promise<DoctorReport> {
  const { code, stdout, stderr } = await runCrashcart(['doctor', ...args, '-o', 'json'], options);
  if (stderr !== '') throw new Error(`exit code ${code}: ${stderr}`);
  const { items } = reportSchema.parse(JSON.parse(stdout.toString()));
  return { code, findings: Object.fromEntries(items.map(({ check, ...finding }) => [check, finding])) };
}
