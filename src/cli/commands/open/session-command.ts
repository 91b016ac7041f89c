import * as z from 'zod';
import { defineCommandArgument } from '../../command-line/argument.ts';
import { defineCommand } from '../../command-line/command.ts';
import { validateDryRun } from '../../options/dry-run-options.ts';
import { loadRecipes } from '../../options/settings.ts';
import { isForMany } from './many/many-options.ts';
import { describeMany, validateMany } from './many/many-request.ts';
import { optionsOfOne, sessionOptions, targetsArgument, validateSessionOptions } from './session-options.ts';
import { describeRequest } from './session-request.ts';
import { runSession } from './session-run.ts';

/** Opens a session in a target: a shell, or one command. */
export const sessionCommand = defineCommand({
  name: '',
  usage: [
    'kubectl crashcart [TARGET...] [-c CONTAINER] [-n NAMESPACE] [--tool NAME]',
    '    [flags] [-- COMMAND [ARGS...]]',
  ].join('\n'),
  summary: [
    'Debug a running container from a complete distribution, inside its namespaces.',
    '',
    'TARGET: POD, or KIND/NAME: deployment, statefulset, daemonset, replicaset,',
    'replicationcontroller, job, cronjob, service, and every other kind with a scale',
    'subresource or a selector, named as kubectl names it; or node/NAME. Without',
    'TARGET, on a terminal: choose a running container (Esc leaves). Without a',
    'command: a login shell. The root directory is the toolbox; the files of the',
    'target are at /target. Several TARGETs, --selector or --all: the command runs in',
    'all of them; the exit code is the worst.',
    "Exit code: the command's own; 125 if crashcart fails, 2 for wrong usage.",
  ].join('\n'),
  examples: [
    {
      purpose: 'A shell in the default container of a pod',
      line: 'kubectl crashcart web-0 -n shop',
    },
    { purpose: 'Choose from all running containers', line: 'kubectl crashcart -A' },
    {
      purpose: 'One command, with its streams and exit code',
      line: 'kubectl crashcart pod/web-0 -c app -- ss -tlnp',
    },
    {
      purpose: 'Packets of a deployment, with any flag of tcpdump',
      line: 'kubectl crashcart deployment/web --tool tcpdump -- -i eth0 -w - > web.pcap',
    },
    {
      purpose: 'The files of a container that has crashed or completed',
      line: 'kubectl crashcart web-0 --dead -- ls -la /target/tmp',
    },
    {
      purpose: 'Where a pod spends its CPU time',
      line: 'kubectl crashcart web-0 --tool flamegraph --output-file cpu.svg',
    },
    {
      purpose: 'What a container does that crashes at once, from its first system call on',
      line: 'kubectl crashcart web-0 --catch --tool strace',
    },
    {
      purpose: 'One command in all pods of an application, line by line',
      line: 'kubectl crashcart -l app=web -- ss -s',
    },
    { purpose: 'A shell on a node', line: 'kubectl crashcart node/worker-1' },
    {
      purpose: 'Start a command, leave, and come back later',
      line: 'kubectl crashcart web-0 --detach -- tcpdump -w /tmp/web.pcap',
    },
    {
      purpose: 'Which objects would be created, and whether the cluster admits them',
      line: 'kubectl crashcart web-0 --dry-run=server',
    },
  ],
  options: sessionOptions,
  arguments: {
    targets: targetsArgument,
    command: defineCommandArgument(z.array(z.string())),
  },
  validate: (values, sources) => {
    validateSessionOptions(sources);
    validateMany(values, sources, optionsOfOne, sessionOptions.dryRun.format);
    if (!isForMany(values)) validateDryRun(values.dryRun, sources);
  },
  async run(values, context) {
    const recipes = values.tool === null ? [] : await loadRecipes(context.env);
    if (!isForMany(values)) return await runSession(describeRequest(values, recipes, context), context);
    const many = describeMany(values, recipes);
    const requested = describeRequest(values, recipes, context);
    if (requested.command === null) {
      const { chooseAmong } = await import('./many/choose-among.ts');
      return await runSession(await chooseAmong(requested, many, context), context);
    }
    const { runInMany } = await import('./many/many-run.ts');
    return await runInMany(requested, many, context);
  },
});
