import { randomUUID } from 'node:crypto';
import { findSession } from '../../../cluster/session/list-sessions.ts';
import { connectToAgent } from '../../../cluster/session/agent-connection.ts';
import { refuseLongKeep } from '../../../cluster/agent-pods/resident/session-keep.ts';
import { findUserName } from '../../../cluster/api/user-name.ts';
import { describeTarget } from '../../../session-api/session-spec.ts';
import { loadAccess, openApi } from '../../options/access-options.ts';
import type { Context } from '../../context.ts';
import { watchInterrupts } from '../../interrupts.ts';
import { Lifetime } from '../../lifetime.ts';
import { startRecording } from '../../attached/recording.ts';
import type { SessionAttachment } from '../../attached/terminal-attachment.ts';
import { reportSessionEnd } from '../../attached/session-end-report.ts';
import { joinSession } from '../../session-join.ts';
import { stepLevel } from '../../options/verbosity.ts';
import type { AttachOptions } from './attach-command.ts';

/** How long it is tried to come back to it; the agent may keep it for longer. */
const reconnectSeconds = 5 * 60;

/** @returns the exit code of the session's command; 0 when it was left. @throws Failure, ProblemError. */
export async function runAttach(options: AttachOptions, context: Context): Promise<number> {
  const lifetime = new Lifetime();
  let attachment: SessionAttachment | null = null;
  const ignore = watchInterrupts(
    (reason) => lifetime.end(reason),
    () => attachment?.passInterrupt() ?? false,
  );
  const say = (line: string) => context.reporter.tell(line);
  try {
    const { signal } = lifetime;
    const { readOnly, keepSeconds, agentNamespace, recordFile } = options;
    const api = await openApi(options, context);
    const [{ pod, state, isResident }, claimedUser] = await Promise.all([
      findSession(api, agentNamespace, options.id, signal),
      findUserName(api, signal),
    ]);
    if (!readOnly) refuseLongKeep(keepSeconds, () => isResident);
    const connection = connectToAgent(api.connection, { namespace: agentNamespace, pod }, !state.hasTerminal);
    lifetime.defer(() => connection.close());
    const clientID = randomUUID();
    const audit = { claimedUser, reason: options.reason };
    const title = `${describeTarget(state.target)}: ${state.command?.join(' ') ?? 'shell'}`;
    const recording =
      recordFile === null
        ? null
        : await startRecording(
            { file: recordFile, title, hasTerminal: state.hasTerminal },
            lifetime,
            context,
          );
    // After what can fail on our side: whoever holds it now is sent away.
    if (!readOnly) {
      const hold = { client: clientID, takeOver: true, audit: { ...audit, tunnelID: connection.tunnel.id } };
      await connection.client.holdSession(state.id, hold, signal);
    }
    if (!options.quiet && readOnly) say(`Watching ${title}; Ctrl-C ends that.`);
    const joined = joinSession(
      { id: state.id, pod, connection, started: Promise.resolve() },
      {
        client: readOnly ? null : clientID,
        agentNamespace,
        audit,
        hasTerminal: state.hasTerminal,
        // Not that of a script by mistake: its end would end the shell.
        hasStdin: state.hasStdin && state.end === null && (options.stdin || context.stdin.isTTY),
        isNew: false,
        output: null,
        graceSeconds: reconnectSeconds,
        keepSeconds,
        compress: options.compress,
        outputBufferBytes: state.outputBufferBytes,
        detachKeys: options.detachKeys,
        quiet: options.quiet,
        recording: recording && { to: recording, withInput: false },
        loadConnection: () => loadAccess(options, context),
        traceStep: (line) => {
          if (options.verbosity >= stepLevel) say(line);
        },
        signal,
      },
      context,
    );
    attachment = joined;
    lifetime.defer(() => joined.close());
    // Whatever ends us, the session was there before.
    const leave = readOnly ? () => undefined : lifetime.defer(() => joined.detach());
    const outcome = await lifetime.race(joined.run());
    leave();
    if (outcome.kind === 'ended')
      return await reportSessionEnd(outcome.end, api, state.target, context.reporter);
    if (state.hasTerminal) context.stderr.write('\n');
    if (!options.quiet) say('Detached.');
    return 0;
  } finally {
    await lifetime.close();
    ignore();
  }
}
