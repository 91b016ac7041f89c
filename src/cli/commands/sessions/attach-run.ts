import { randomUUID } from 'node:crypto';
import { refuseLongKeep } from '../../../cluster/agent-pods/resident/session-keep.ts';
import { findUserName } from '../../../cluster/api/user-name.ts';
import { attachSession } from '../../../cluster/session/attach-session.ts';
import { findSession } from '../../../cluster/session/list-sessions.ts';
import { runAttached } from '../../attached/attached-run.ts';
import { describeSession, startRecording } from '../../attached/recording.ts';
import { reportSessionEnd } from '../../attached/session-end-report.ts';
import { TerminalAttachment } from '../../attached/terminal-attachment.ts';
import type { Context } from '../../context.ts';
import { runUntilInterrupted } from '../../process/lifetime.ts';
import { openApi } from '../../options/access-options.ts';
import type { AttachOptions } from './attach-options.ts';

/**
 * Attaches to a session that exists already.
 * @returns the exit code of the session's command; 0 when the session was left.
 * @throws Failure `sessionNotFound`, `keepRefused`, `sessionFailed` and those of {@link attachSession} and
 *   {@link runAttached}; ProblemError; ApiError; UsageError; InterruptedError.
 */
export async function runAttach(options: AttachOptions, context: Context): Promise<number> {
  return await runUntilInterrupted(async (signal, lifetime) => {
    const { readOnly, keepSeconds, agentNamespace, recordFile, reason, compress, detachKeys } = options;
    const { quiet, verbosity } = options;
    const api = await openApi(options, context);
    const [{ pod, state, isResident }, claimedUser] = await Promise.all([
      findSession(api, agentNamespace, options.id, signal),
      findUserName(api, signal),
    ]);
    if (!readOnly) refuseLongKeep(keepSeconds, () => isResident);
    const { hasTerminal } = state;
    // Before the session is taken over: a recording that can't be made must not cost the present holder the session.
    const recording =
      recordFile === null
        ? null
        : await startRecording({ file: recordFile, session: state, hasTerminal }, lifetime, context);
    const attachment = new TerminalAttachment(
      {
        role: readOnly ? 'watcher' : 'holder',
        hasTerminal,
        // A pipe is passed on only when asked for: its end, of a script by mistake, would end the shell.
        hasStdin: state.hasStdin && state.end === null && (options.stdin || context.stdin.isTTY),
        stdout: context.stdout,
        compress,
        keepSeconds,
        detachKeys,
        recording: recording && { to: recording, withInput: false },
        quiet,
        verbosity,
      },
      context,
    );
    const agent = { namespace: agentNamespace, pod };
    const holder = readOnly ? null : { client: randomUUID(), audit: { claimedUser, reason } };
    if (readOnly && !quiet)
      context.reporter.tell(`Watching ${describeSession(state)}; Ctrl-C stops watching.`);
    const session = await attachSession(api, { agent, state, holder }, attachment.sinks, signal);
    const end = await runAttached(attachment, session, lifetime);
    if (end !== null) return await reportSessionEnd(end, api, state.target, context.reporter);
    attachment.tellDetached('Detached.');
    return 0;
  });
}
