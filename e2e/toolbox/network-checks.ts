import type { ToolChecks } from './tool-check.ts';

/** Runs a capture in the background until it has seen a connection to port 8080, the target's. */
const connectMeanwhile = (capture: string) =>
  `${capture} & pid=$!; until ! kill -0 $pid 2>/dev/null; do curl -s -m 1 telnet://127.0.0.1:8080 </dev/null; done; wait $pid`;
const tsharkFields =
  'tshark -i lo -n -c 2 -f "tcp port 8080 and tcp[tcpflags] & tcp-syn != 0" -T fields -e tcp.dstport -e tcp.flags.syn';
/** In a network of its own: the target's is not changed. */
const apart = (script: string) => `unshare --net bash -c 'ip link set lo up; ${script}'`;

/** Talk to the servers of test-servers.py, or watch the target's network. */
export const networkChecks: ToolChecks = {
  conntrack: { script: 'conntrack -L', shows: /flow entries have been shown/ },
  curl: { script: 'curl -s http://127.0.0.1:18000/tools.tsv', shows: /^curl\t/m },
  dig: { script: 'dig -p 15353 +short @127.0.0.1 answer.test', shows: /^192\.0\.2\.53$/m },
  ethtool: { script: 'ethtool -k lo', shows: /scatter-gather: on/ },
  // The resolver's search list may come first.
  host: { script: 'host -p 15353 answer.test 127.0.0.1', shows: /answer\.test\S* has address 192\.0\.2\.53/ },
  iftop: {
    script: 'ping -i 0.2 127.0.0.1 >/dev/null & iftop -t -s 3 -n -i lo; kill $!',
    shows: /127\.0\.0\.1[^]*Total send rate: +[\d.]+[KM]?b/,
  },
  ip: { script: 'ip -brief address show lo', shows: /127\.0\.0\.1\/8/ },
  mtr: { script: 'mtr --report --no-dns -c 1 127.0.0.1', shows: /127\.0\.0\.1 +0\.0%/ },
  nc: { script: 'printf "GET / HTTP/1.0\\r\\n\\r\\n" | nc -w 2 127.0.0.1 8080', shows: /hello/ },
  netstat: { script: 'netstat -tlnp', shows: /:8080 .*LISTEN.*\/server/ },
  nft: { script: apart('nft add table inet check; nft list tables'), shows: /table inet check/ },
  nmap: { script: 'nmap -Pn -n -p 8080 127.0.0.1', shows: /8080\/tcp open/ },
  nslookup: { script: 'nslookup -port=15353 answer.test 127.0.0.1', shows: /Address: 192\.0\.2\.53/ },
  nstat: { script: 'nstat -as', shows: /TcpActiveOpens/ },
  openssl: {
    script: `openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=check -keyout key -out certificate 2>/dev/null
openssl s_server -quiet -port 18443 -key key -cert certificate & pid=$!; until nc -z 127.0.0.1 18443; do sleep 0.1; done
openssl s_client -connect 127.0.0.1:18443 </dev/null; kill $pid`,
    shows: /subject=CN = check/,
  },
  ping: { script: 'ping -c 1 127.0.0.1', shows: /1 received/ },
  socat: { script: 'echo question | socat - TCP:127.0.0.1:14343', shows: /answer: question/ },
  ss: { script: 'ss -tlnp', shows: /:8080 .*"server"/ },
  tc: { script: apart('tc qdisc add dev lo root pfifo limit 7; tc qdisc show dev lo'), shows: /limit 7p/ },
  tcpdump: {
    script: connectMeanwhile(
      'tcpdump --immediate-mode -i lo -nn -c 2 "tcp port 8080 and tcp[tcpflags] & tcp-syn != 0"',
    ),
    shows: /127\.0\.0\.1\.8080: Flags \[S\]/,
  },
  tracepath: {
    example: { problem: 'mtu' },
    script: 'tracepath -n 127.0.0.1',
    shows: /1: +127\.0\.0\.1 .*reached/,
  },
  traceroute: { script: 'traceroute -n 127.0.0.1', shows: /1 +127\.0\.0\.1 +[\d.]+ ms/ },
  tshark: {
    example: { problem: 'packets-live', typed: tsharkFields },
    script: connectMeanwhile(tsharkFields),
    shows: /^8080\s+1$/m,
  },
  wget: { script: 'wget -q -O - http://127.0.0.1:18000/tools.tsv', shows: /^wget\t/m },
  whois: { script: 'whois -h 127.0.0.1 -p 14343 question', shows: /answer: question/ },
};
