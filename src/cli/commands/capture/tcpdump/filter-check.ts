import { Writable } from 'node:stream';
import type { ClientSession } from '../../../../cluster/session/client-session.ts';
import { Failure } from '../../../../failure/failure.ts';
import type { CapturedTarget } from '../targets/captured-target.ts';
import type { ToolSinks } from '../../open/start/tool-sessions.ts';
import { buildFilterCheck, readTcpdumpError, type TcpdumpRequest } from './tcpdump-command.ts';

const manual = 'Its syntax: https://www.tcpdump.org/manpages/pcap-filter.7.html';
const maxMessageCharacters = 4096;

/**
 * Has libpcap read a filter in a target's network, before anything is captured: names of interfaces and the kind of link
 * count, too.
 * @param open opens a session with a command.
 * @throws Failure `usage` with libpcap's words; what `open` throws, and the session's outcome.
 */
export async function checkFilter(
  request: TcpdumpRequest,
  target: CapturedTarget,
  open: (command: string[], sinks: ToolSinks) => Promise<ClientSession>,
): Promise<void> {
  let said = '';
  const stderr = new Writable({
    write: (chunk: Buffer, _encoding, callback) => {
      if (said.length < maxMessageCharacters) said += chunk.toString('latin1');
      callback();
    },
  });
  const stdout = new Writable({ write: (_chunk, _encoding, callback) => callback() });
  const nothing = () => undefined;
  const sinks = { stdout, stderr, onLost: nothing, onRestored: nothing, onGap: nothing };
  const session = await open(buildFilterCheck(request), sinks);
  try {
    const outcome = await session.outcome;
    if (outcome.kind === 'detached' || outcome.end.reason !== 'exited' || outcome.end.exitCode === 0) return;
    const why = readTcpdumpError(said) ?? `tcpdump ended with exit code ${outcome.end.exitCode}`;
    throw new Failure(
      'usage',
      `the filter "${request.filter}" was refused in ${target.name}: ${why}`,
      manual,
    );
  } finally {
    session.close();
  }
}
