import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A self-signed certificate for `localhost`, used as its own CA, and the private key. Both are PEM. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
  /** The path of the certificate, for NODE_EXTRA_CA_CERTS. */
  readonly file: string;
}

/** Node cannot create certificates, so `openssl` does. */
export const HAS_OPENSSL = spawnSync('openssl', ['version']).status === 0;

/** Creates a certificate in `folder`. Requires {@link HAS_OPENSSL}. */
export function createTestCertificate(folder: string): TestCertificate {
  const [file, keyFile] = [join(folder, 'ca.pem'), join(folder, 'key.pem')];
  const subject = ['-subj', '/CN=A private CA', '-addext', 'subjectAltName=DNS:localhost'];
  const made = ['-newkey', 'rsa:2048', '-nodes', '-keyout', keyFile, '-out', file, '-days', '2'];
  const { status, stderr } = spawnSync('openssl', ['req', '-x509', ...made, ...subject], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return { cert: readFileSync(file, 'utf8'), key: readFileSync(keyFile, 'utf8'), file };
}
