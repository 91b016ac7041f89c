import { expect, test } from '@jest/globals';
import { explainConnectionError } from './connection-error.ts';

const explain = (code: string, message: string) =>
  explainConnectionError(Object.assign(new Error(message), { code }), 'certificate-authority');

test('a certificate that nobody trusts is told with what is trusted, and without advice for Node.js', () => {
  const advice = '; if the root CA is installed locally, try running Node.js with --use-system-ca';
  const said = explain('DEPTH_ZERO_SELF_SIGNED_CERT', `self-signed certificate${advice}`);
  expect(said).toMatch(
    /^self-signed certificate: no trusted authority .*certificate-authority.*SSL_CERT_FILE$/,
  );
  expect(said).not.toContain('Node.js');
});

test('a handshake that fails is told without the places in OpenSSL', () => {
  const message =
    'write EPROTO 40B3BE67E47F0000:error:0A00042E:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version:../deps/openssl/openssl/ssl/record/rec_layer_s3.c:918:SSL alert number 70\n';
  expect(explain('EPROTO', message)).toBe('TLS failed: tlsv1 alert protocol version');
});

test('anything else is told as it is', () => {
  expect(explain('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:1')).toBe(
    'connect ECONNREFUSED 127.0.0.1:1',
  );
});
