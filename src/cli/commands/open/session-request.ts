import type { TargetName } from '../../../cluster/target/target-name.ts';
import { commandSchema } from '../../../session-api/session-spec.ts';
import { findRecipe, findToolCommand, listRecipes, listTools } from '../../../toolbox/catalogue.ts';
import type { Recipe } from '../../../toolbox/recipes.ts';
import { attachesToProcess, stopsTarget } from '../../../toolbox/stopping-tools.ts';
import type { OptionValues } from '../../command-line/option.ts';
import type { Context } from '../../context.ts';
import { UsageError } from '../../errors.ts';
import { describeAgentOptions } from '../../options/agent/agent-options.ts';
import { describeCommandSetup } from '../../options/command-setup-options.ts';
import { describeDryRun } from '../../options/dry-run-options.ts';
import { checkValue } from '../../options/option-values.ts';
import { requireFile } from '../../options/output-file-options.ts';
import { describeCatch } from './catch/catch-options.ts';
import { isForMany } from './many/many-options.ts';
import { describeUnknownTool } from '../unknown-tool.ts';
import type { sessionOptions } from './session-options.ts';

/** What a command line gives the command that opens a session. */
export type SessionValues = OptionValues<typeof sessionOptions> & {
  targets: TargetName[];
  /** What stands after `--`. */
  command: string[] | null;
};

/** What a command line asks for. */
export type RequestedSession = ReturnType<typeof describeRequest>;
/** The same with a target. */
export type SessionOptions = RequestedSession & { target: TargetName };

/**
 * Decides what is asked for.
 * @param recipes the user's own.
 * @throws UsageError, Failure `toolNotFound`.
 */
export function describeRequest(values: SessionValues, recipes: Recipe[], context: Context) {
  const command = chooseCommand(values, recipes, context);
  const terminal = decideTerminal(values, context, command !== null);
  return {
    /** null: one is chosen on the terminal. */
    target: isForMany(values) ? null : requireTarget(values, context),
    allNamespaces: values.allNamespaces,
    container: values.container,
    /** null: a login shell. */
    command,
    stopsTarget: stopsTarget(values.tool, values.command),
    terminal,
    // What is typed for a detached session comes later, on its terminal.
    stdin: terminal || (!values.detach && (values.stdin || command === null)),
    setup: describeCommandSetup(values.setup, context.env),
    /** null: our own stdout. */
    outputFile: values.outputFile === null ? null : { path: values.outputFile, force: values.force },
    detach: values.detach,
    keepSeconds: values.keepSeconds,
    graceSeconds: values.graceSeconds,
    /** null: Enter ~ d. */
    detachKeys: values.detachKeys,
    follow: values.follow,
    /** Whether a container that does not run is waited for. */
    wait: values.wait || values.follow,
    waitLimitMs: values.waitLimitMs,
    /** Whether the target is what is left of a container that has ended. */
    dead: values.dead,
    /** null: the container is entered as it runs. */
    catch: describeCatch(values, values.tool, values.command),
    // Only for somebody who sees it: a command that looks for processes would find none, and say so with exit code 0.
    /** Whether that is chosen by itself when the container has ended. */
    deadIfEnded: terminal && command === null && !isOfProcess(values),
    recordFile: values.recordFile,
    recordInput: values.recordInput,
    reason: values.reason,
    event: values.event,
    outputBufferBytes: values.outputBufferBytes,
    compress: values.compress,
    quiet: values.quiet,
    agent: describeAgentOptions(values.agent, values),
    timeoutMs: values.timeoutMs,
    createNamespace: values.createNamespace,
    /** null: for real. */
    dryRun: describeDryRun(values.dryRun),
    connection: values.connection,
    verbosity: values.verbosity,
  };
}

/** Whether what is asked for is of a container that runs. */
function isOfProcess({ wait, follow, catch: isCaught, setup }: SessionValues): boolean {
  const { importEnvironment, process, runAs } = setup;
  return wait || follow || isCaught || importEnvironment || process !== null || runAs === 'target';
}

function requireTarget(
  { targets, allNamespaces, wait, dead, catch: isCaught }: SessionValues,
  { stdin, stderr }: Context,
): TargetName | null {
  const target = targets[0] ?? null;
  if (target !== null && allNamespaces)
    throw new UsageError(
      '--all-namespaces is for choosing a target, and for --selector; the namespace of TARGET is given by -n',
    );
  if (target === null && wait)
    throw new UsageError('--wait needs a TARGET: only what runs can be chosen from');
  if (target === null && isCaught)
    throw new UsageError('--catch needs a TARGET: only what runs can be chosen from');
  if (target?.kind === 'node' && isCaught)
    throw new UsageError('--catch is for containers: the target is a node');
  if (target?.kind === 'node' && wait) throw new UsageError('--wait is for containers: the target is a node');
  if (target === null && dead)
    throw new UsageError('--dead needs a TARGET: only what runs can be chosen from');
  if (target?.kind === 'node' && dead) throw new UsageError('--dead is for containers: the target is a node');
  // The list is drawn on stderr: stdout may be a file that the command's output goes to.
  if (target === null && !(stdin.isTTY && stderr.isTTY))
    throw new UsageError('TARGET is missing: kubectl crashcart TARGET [-- COMMAND]');
  return target;
}

function chooseCommand(values: SessionValues, recipes: Recipe[], context: Context): string[] | null {
  const { tool, command, dead } = values;
  // The session's own first process would be what it attaches to.
  if (dead && attachesToProcess(command))
    throw new UsageError(`${command?.[0]} needs a process, and a container that has ended has none (--dead)`);
  if (tool === null) {
    if (command?.length === 0) throw new UsageError('there is no command after --');
    return command && checkValue(commandSchema, command, null);
  }
  const found = findToolCommand(tool, command ?? [], recipes);
  if (found === null) throw describeUnknownTool(tool, [...listRecipes(recipes), ...listTools()]);
  const recipe = findRecipe(tool, recipes);
  if (recipe !== null && !isForMany(values)) requireFile(values, recipe.output, context);
  return checkValue(commandSchema, found, null);
}

function decideTerminal(
  { noTTY, outputFile, tty, detach, stdin: wantsStdin }: SessionValues,
  { stdin, stdout, stderr }: Context,
  hasCommand: boolean,
): boolean {
  if (noTTY || outputFile !== null) return false;
  if (tty !== null) return tty;
  if (detach) return !hasCommand;
  if (!stdin.isTTY || !stdout.isTTY) return false;
  // A terminal has one output: a user who redirects stderr wants it apart. And as kubectl exec: -i without -t.
  return hasCommand ? !wantsStdin && stderr.isTTY : true;
}
