import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../src/supply-chain/locked-packages';

jest.setTimeout(120_000);

/** Each line opens a connection, or could. */
const PLANTED = [
  "import { request } from 'node:http';",
  "import * as https from 'node:https';",
  "import { connect } from 'net';",
  "import { connect as connectTls } from 'node:tls';",
  "import { createSocket } from 'node:dgram';",
  "import { lookup } from 'node:dns/promises';",
  "import { spawn } from 'node:child_process';",
  "import { createTransport } from 'nodemailer';",
  "import { Agent } from 'undici';",
  "import { Mailer } from '@atlas/platform';",
  "import { OutboundHttp } from '../outbound/outbound-http';",
  "export const late = import('node:net');",
  "export const later = require('node:https');",
  "export const called = fetch('https://example.com');",
  "export const asGlobal = globalThis.fetch('https://example.com');",
  "export const socket = new WebSocket('wss://example.com');",
  "export const builtIn = process.getBuiltinModule('net');",
];

const HARMLESS = [
  "import { type IncomingMessage, STATUS_CODES } from 'node:http';",
  "import { isIP } from 'node:net';",
  "import { type TLSSocket } from 'node:tls';",
];

// This rule needs a graph of all projects, and is not what is tested.
const FAST = ['--rule', '{"@nx/enforce-module-boundaries": "off"}'];

interface Message {
  readonly line: number;
  readonly message: string;
}

/** The lines at which lint says that calls leave only through the door. */
function reportedLines(text: readonly string[], file: string): number[] {
  const args = [join(ROOT, 'node_modules/eslint/bin/eslint.js'), '--stdin', '--format', 'json', ...FAST];
  const { stdout, stderr } = spawnSync(process.execPath, [...args, '--stdin-filename', file], {
    cwd: ROOT,
    input: `${text.join('\n')}\n`,
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(stderr);
  const [result] = JSON.parse(stdout) as { messages: Message[] }[];
  const found = (result?.messages ?? []).filter(({ message }) =>
    message.includes('leave a tenant plane only'),
  );
  return [...new Set(found.map(({ line }) => line))];
}

/** To see it fail: in eslint.config.mjs, leave out a name, or add the file to `DOORS`. */
describe('lint', () => {
  it.each(['apps/tenant-plane/src/incidents/planted.ts', 'apps/tenant-plane/src/reporting/planted.ts'])(
    'reports every connection that a tenant plane opens outside its door: %s',
    (file) => {
      expect(reportedLines(PLANTED, file)).toEqual(PLANTED.map((_, index) => index + 1));
      expect(reportedLines(HARMLESS, file)).toEqual([]);
    },
  );

  it('reports it in the libraries too, except what only the plane itself can use wrongly', () => {
    const ofPlane = PLANTED.filter((line) => !line.includes('Mailer'));
    expect(reportedLines(ofPlane, 'libs/platform/src/time/planted.ts')).toEqual(
      ofPlane.map((_, index) => index + 1),
    );
  });

  it('lets the door open connections', () => {
    expect(reportedLines(PLANTED, 'apps/tenant-plane/src/egress/planted.ts')).toEqual([]);
  });
});
