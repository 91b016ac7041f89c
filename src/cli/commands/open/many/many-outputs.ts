import { finished } from 'node:stream/promises';
import type { Writable } from 'node:stream';
import type { SelectedTarget } from '../../../../cluster/target/selection/target-selection.ts';
import type { Reporter } from '../../../../failure/reporter.ts';
import type { ProgressLine } from '../../../../terminal/progress.ts';
import { writeOutputFile } from '../../../attached/output-file.ts';
import type { Context } from '../../../context.ts';
import { chooseFormat, formatEnd, formatRefusal, type LineDestination } from './line-format.ts';
import { LineOutput } from './line-output.ts';
import type { ManyRequest } from './many-request.ts';
import { createFolder, nameFile } from './output-folder.ts';

/** Where one target of many writes. */
export interface TargetOutput {
  stdout: Writable;
  stderr: Writable;
  /** Has the command write its stdout: to a file, if there is a folder for those. @throws as `writeOutputFile` does. */
  run: (reporter: Reporter, command: (stdout: Writable) => Promise<number>) => Promise<number>;
  /** Writes what is left, and with `-o json` how it has ended. @throws the error of our own output. */
  end: (result: { exitCode: number; message: string | null }) => Promise<void>;
}

/** The outputs of many targets on our stdout and stderr, line by line, or in a folder. */
export class ManyOutputs {
  readonly #request: ManyRequest;
  readonly #progress: ProgressLine;
  readonly #context: Context;
  readonly #stdout: LineOutput;
  readonly #stderr: LineOutput;
  #hasBegun = false;
  #folder: Promise<void> | null = null;

  /** @param progress is wiped before the first line. */
  constructor(request: ManyRequest, progress: ProgressLine, context: Context) {
    this.#request = request;
    this.#progress = progress;
    this.#context = context;
    this.#stdout = new LineOutput(context.stdout);
    this.#stderr = request.format === 'json' ? this.#stdout : new LineOutput(context.stderr);
  }

  /** Says what is waited for, until the first line. */
  showProgress(step: string): void {
    if (!this.#hasBegun) this.#progress.show(step);
  }

  /** @throws the error of our own stdout or stderr. */
  throwIfBroken(): void {
    this.#stdout.throwIfBroken();
    this.#stderr.throwIfBroken();
  }

  /** @param turn number of the target. */
  open(selected: SelectedTarget, label: string, turn: number): TargetOutput {
    const open = (output: LineOutput, destination: LineDestination) => {
      const format = chooseFormat(selected, label, turn, this.#request, destination);
      return output.open((line) => {
        this.#begin();
        return format(line);
      });
    };
    const { stdout: ours, stderr: messages } = this.#context;
    const stdout = open(this.#stdout, { name: 'stdout', isTerminal: ours.isTTY });
    const stderr = open(this.#stderr, { name: 'stderr', isTerminal: messages.isTTY });
    return {
      stdout,
      stderr,
      run: async (reporter, command) => {
        const { folder } = this.#request;
        if (folder === null) return await command(stdout);
        await (this.#folder ??= createFolder(folder.path));
        const path = nameFile(folder, selected, this.#request.selection.allNamespaces);
        return await writeOutputFile({ path, force: folder.force }, reporter, command);
      },
      end: async (result) => {
        await Promise.all([stdout, stderr].map((stream) => finished(stream.end())));
        if (this.#request.format === 'json') await this.#stdout.write(formatEnd(selected, result));
      },
    };
  }

  /** With `-o json`: says that a target can't be entered. @throws the error of our own output. */
  async refuse(name: string, result: { exitCode: number; message: string | null }): Promise<void> {
    if (this.#request.format === 'json') await this.#stdout.write(formatRefusal(name, result));
  }

  #begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#progress.clear();
  }
}
