import pMap from 'p-map';
import type { ApiClient } from '../../../cluster/api/api-client.ts';
import type { TargetName } from '../../../cluster/target/target-name.ts';
import { labelTarget, type SelectedTarget } from '../../../cluster/target/selection/target-selection.ts';
import { getErrorMessage } from '../../../failure/error-message.ts';
import { exitCodes, Failure } from '../../../failure/failure.ts';
import { ProgressLine } from '../../../terminal/progress.ts';
import type { Context } from '../../context.ts';
import { openApi } from '../../options/access-options.ts';
import { type Lifetime, runUntilInterrupted } from '../../process/lifetime.ts';
import { describeToolEnd, type ToolRun } from '../open/start/tool-end.ts';
import { ToolSessions } from '../open/start/tool-sessions.ts';
import { chooseDirection, type CopyDirection, type CopyRequest } from './copy-options.ts';
import { CopyProgress } from './copy-progress.ts';
import { CopyReport } from './copy-report.ts';
import type { CopyResult } from './copy-result.ts';
import { findCopyTargets } from './copy-targets.ts';
import { download, isPattern } from './download.ts';
import { upload } from './upload.ts';
import { writeToStdout } from './stdout-copy.ts';

/** Each has files open here, and reads a disk there. */
const maxAtOnce = 8;
/** What a umask of 022 leaves. */
const fileMode = 0o644;
const folderMode = 0o755;

/**
 * Copies files from targets, or into one.
 * @returns the exit code.
 * @throws Failure, any code of this program; UsageError; ApiError; InterruptedError.
 */
export async function runCopy(request: CopyRequest, context: Context): Promise<number> {
  return await runUntilInterrupted(async (_signal, lifetime) => {
    const api = await openCopyApi(request, context);
    return await new CopyRun(api, request, lifetime, context).run();
  });
}

/** A namespace before the name of a pod is the one of the command. */
async function openCopyApi(request: CopyRequest, context: Context): Promise<ApiClient> {
  const { connection, source, destination } = request;
  const [named = null] = [source, destination].flatMap((place) =>
    place.kind === 'target' ? [place.namespace] : [],
  );
  return await openApi(
    { ...request, connection: { ...connection, namespace: named ?? connection.namespace } },
    context,
  );
}

class CopyRun {
  readonly #api: ApiClient;
  readonly #request: CopyRequest;
  readonly #lifetime: Lifetime;
  readonly #context: Context;
  readonly #line: ProgressLine;
  readonly #report: CopyReport;
  readonly #direction: CopyDirection;

  constructor(api: ApiClient, request: CopyRequest, lifetime: Lifetime, context: Context) {
    this.#api = api;
    this.#request = request;
    this.#lifetime = lifetime;
    this.#context = context;
    this.#direction = chooseDirection(request);
    const isQuiet = request.quiet || (this.#direction.kind === 'download' && this.#direction.to === '-');
    this.#line = new ProgressLine(context.stderr, { quiet: isQuiet });
    this.#report = new CopyReport(context.reporter, this.#line, request);
    lifetime.defer(() => this.#line.clear());
  }

  async run(): Promise<number> {
    const { signal } = this.#lifetime;
    const around = { context: this.#context, progress: this.#line, signal };
    const [{ targets, refused }, sessions] = await Promise.all([
      findCopyTargets(this.#api, this.#getTarget(), this.#request, signal),
      ToolSessions.prepare(this.#api, this.#request, around),
    ]);
    this.#lifetime.defer(() => sessions.close());
    for (const { name, error } of refused) this.#report.refuse(name, error);
    const direction = this.#direction;
    const [first] = targets;
    if (direction.kind === 'download' && direction.to === '-' && first !== undefined) {
      const ask = { ...this.#request, path: direction.from.path };
      return await writeToStdout(
        sessions,
        first,
        ask,
        (run) => describeToolEnd(this.#api, first, run),
        this.#context,
        signal,
      );
    }
    const progress = new CopyProgress(this.#line);
    this.#lifetime.defer(() => progress.close());
    const isMany = this.#isMany();
    const copyOne = async (selected: SelectedTarget) => {
      const label = labelTarget(selected, this.#request.allNamespaces);
      const listener = {
        onFailure: this.#report.listen(isMany ? label : null),
        onBytes: (bytes: number) => progress.addBytes(bytes),
        onFile: () => progress.addFile(),
        onTotals: progress.expect.bind(progress),
      };
      try {
        const result = await this.#copy(sessions, selected, listener, isMany ? label : null);
        this.#report.add(label, result);
      } catch (error) {
        // Of many targets, the others go on; but not when our own disk is full.
        if (!isMany || signal.aborted || (error instanceof Failure && error.code === 'outputFile'))
          throw error;
        this.#report.fail(label, getErrorMessage(error));
      }
    };
    await pMap(targets, copyOne, { concurrency: maxAtOnce });
    progress.close();
    return this.#report.end() ? 0 : exitCodes.failure;
  }

  async #copy(
    sessions: ToolSessions,
    selected: SelectedTarget,
    listener: Parameters<typeof download>[3],
    label: string | null,
  ): Promise<CopyResult> {
    const { signal } = this.#lifetime;
    const { include, exclude, noPreserve, resume } = this.#request;
    const direction = this.#direction;
    const describeEnd = (run: ToolRun) => describeToolEnd(this.#api, selected, run);
    if (direction.kind === 'upload') {
      const [source, { path }] = [direction.from, direction.to];
      const request = { include, exclude, source, path, preserve: !noPreserve, resume };
      return await upload(sessions, selected, request, listener, describeEnd, signal);
    }
    const folder = label === null ? direction.to : `${direction.to}/${label.replaceAll('/', '.')}/`;
    const destination = { path: folder, isFolder: isPattern(direction.from.path) };
    // Root alone can give files away.
    const setsOwner = process.getuid?.() === 0;
    const rules = { preserve: !noPreserve, setsOwner, keepParts: resume, fileMode, folderMode };
    const request = { path: direction.from.path, include, exclude, destination, rules, resume };
    const asked = { ...request, wantsTotals: this.#line.isShown };
    return await download(sessions, selected, asked, listener, describeEnd, signal);
  }

  #getTarget(): TargetName | null {
    return this.#direction.kind === 'download' ? this.#direction.from.target : this.#direction.to.target;
  }

  #isMany(): boolean {
    const { many } = this.#request;
    return many.selector !== null || many.all || many.allContainers;
  }
}
