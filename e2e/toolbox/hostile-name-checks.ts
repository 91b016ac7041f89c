import { findToolCommand } from '../../src/toolbox/catalogue.ts';
import { recipes } from '../../src/toolbox/recipes.ts';
import { toolGroups } from '../../src/toolbox/tool-groups.ts';
import type { ToolChecks } from './tool-check.ts';

/** What of C0 (but tab and line break), DEL, C1 and the marks that change the direction of text. */
const obeyed = String.raw`[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]|\xd8\x9c`;
/** Counts the lines of a file with such bytes, and those with bytes that are not UTF-8. */
const countHarm = String.raw`harm=$(LC_ALL=C grep -a -c -P '${obeyed}' out; grep -a -c -v '^.*$' out); echo "harmful lines:" $harm`;

/** Arguments of commands that have to have some, and of those that would not end. */
const commandArguments: Record<string, string> = {
  'container-shell': 'no-such-program',
  'debug-in-ns': 'true',
  'debug-process': '-batch -ex "info threads" -ex bt -ex detach',
  'drop-privileges': 'true',
  'escape-text': 'ls -N "$HOSTILE"',
  'gdb-attach': '-batch -ex "info threads" -ex bt -ex detach',
  'list-files': '"$HOSTILE"',
  'net-debug': '127.0.0.1:18099',
  'target-path': '--help',
};
/** Shows a name of the target, so that the check sees that there was something to escape. */
const showsNames = new Set([
  ...['escape-text', 'list-files', 'list-processes', 'network-status', 'sysinfo'],
  ...['debug-process', 'gdb-attach', 'trace-files', 'trace-process', 'strace-attach'],
  ...['recipe:env', 'recipe:files', 'recipe:http', 'recipe:lsof', 'recipe:sockets', 'recipe:stacks'],
]);

const quote = (word: string) => `'${word.replaceAll("'", String.raw`'\''`)}'`;

/** These go on until they are ended. */
const endless = /^(network-capture|strace-attach|trace-.*)$/;

/** Runs a command on the process, for some seconds at most, and keeps what it prints. */
const keep = (command: string, limitSeconds: number) =>
  `timeout --signal=INT --kill-after=5 ${limitSeconds} ${command} >out 2>&1 </dev/null; ${countHarm}; grep -a -o OWNED out | head -n 1`;

const listing = (name: string, command: string, isEndless: boolean): ToolChecks => ({
  [name]: {
    script: keep(command, isEndless ? 3 : 20),
    shows: showsNames.has(name) ? /^harmful lines: 0 0\nOWNED$/m : /^harmful lines: 0 0$/m,
  },
});

/** Its prompt has what the kubeconfig's context is called, and the shell may tell the terminal the folder. */
const checkPrompt = (shell: string): ToolChecks => ({
  [`the prompt of ${shell}`]: {
    script: String.raw`mkdir "$(printf 'd\033]0;OWNED\007\302\2331m\342\200\256')"
export CRASHCART_CONTEXT="$(printf 'c\033]0;OWNED\007\302\2331m\342\200\256%%n')"
(sleep 1; printf 'cd d*\r'; sleep 1; printf 'exit\r'; sleep 0.5) | timeout 10 script -qec "${shell} -i" /dev/null >shown 2>&1
echo "obeyed: $(LC_ALL=C grep -a -c -P '\x1b\]0;[^\x07]*OWNED|\xc2\x9b|\xe2\x80\xae' shown)"
grep -a -o 'c.x1b]0;OWNED.x07.x9b1m.u202e%n' shown | head -n 1`,
    shows: /^obeyed: 0\nc\\x1b\]0;OWNED\\x07\\x9b1m\\u202e%n$/m,
  },
});

const commands = toolGroups.find(({ name }) => name === 'commands')?.tools ?? [];
const textRecipes = recipes.filter(({ output }) => output === 'text' || output === 'stream');

/** Each command of the toolbox's own and each recipe whose output is text: of the catalogue, so that none is left out. */
export const hostileNameChecks: ToolChecks = Object.assign(
  {
    'the names are there, and a plain tool prints them as they are': {
      script: `ss -xlp >out; ${countHarm}`,
      shows: /^harmful lines: [1-9]\d* \d+$/m,
    },
  },
  ...commands.map(([name]) => listing(name, `${name} ${commandArguments[name] ?? ''}`, endless.test(name))),
  ...textRecipes.map(({ name, output }) => {
    const command = (findToolCommand(name, [], []) ?? []).map(quote).join(' ');
    return listing(`recipe:${name}`, command, output === 'stream');
  }),
  listing('recipe:heap-dump', 'recipe heap-dump', false),
  ...['bash', 'zsh', 'fish'].map((shell) => checkPrompt(shell)),
  {
    'recipe:flamegraph': {
      script: `recipe flamegraph --native -s 1 >out.svg 2>out; ${countHarm}
python3 - <<'END'
from xml.etree import ElementTree
root = ElementTree.parse("out.svg").getroot()
tags = [element.tag.split("}")[1] for element in root.iter()]
names = [element.get("data-name") for element in root.iter() if element.get("data-name")]
print(sorted(set(tags)), "scripts:", tags.count("script"), "markup in names:", any("<b>]]>&" in name for name in names))
END`,
      shows:
        /^harmful lines: 0 0\n\['g', 'rect', 'script', 'style', 'svg', 'text', 'title'\] scripts: 1 markup in names: True$/m,
    },
    'recipe:core': {
      script: `recipe core >core 2>out; ${countHarm}; file -b core`,
      shows: /^harmful lines: 0 0\nELF 64-bit LSB core file/m,
    },
    'what is written for Wireshark is not changed': {
      script:
        '(sleep 1; curl -s -m 1 http://127.0.0.1:18099/ >/dev/null) & timeout --signal=INT 3 network-capture -i lo -w - port 18099 >out.pcap; LC_ALL=C grep -a -c -P "\\x1b]0;OWNED\\x07" out.pcap; file -b out.pcap',
      shows: /^[1-9]\d*\npcap capture file/m,
    },
  },
) as ToolChecks;

/** Starts the process, and makes it the target of what follows. */
export const hostileProcessStart = (source: string) => `
cat >/tmp/hostile-process.py <<'END OF SOURCE'
${source}
END OF SOURCE
mkdir /tmp/hostile
export VALUE="$(printf 'v\\033]0;OWNED\\007')"
unshare --mount --propagation private python3 /tmp/hostile-process.py /tmp/hostile \\
  "$(printf 'argument\\033]0;OWNED\\007\\302\\2331m\\342\\200\\256')" >/tmp/hostile-ready &
until [ -s /tmp/hostile-ready ]; do sleep 0.1; done
export CRASHCART_TARGET_PID=$! CRASHCART_TARGET_ROOT=/proc/$!/root HOSTILE=/tmp/hostile
unset VALUE
`;
