import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../src/supply-chain/locked-packages';

/**
 * The folders that ship: the planes, the command line and the libraries, including pages and their scripts.
 */
const FOLDERS = ['apps', 'libs'].flatMap((group) =>
  readdirSync(join(ROOT, group))
    .filter((name) => !['bench', 'e2e', 'isolation', 'qa', 'testing'].includes(name))
    .flatMap((name) => ['src', 'pages'].map((part) => `${group}/${name}/${part}`)),
);

const sources = new Map(
  FOLDERS.flatMap(filesOf)
    .filter((file) => /\.(tsx?|js|html)$/.test(file) && !/\.spec\.ts$|\/generated\//.test(file))
    .map((file) => [file, readFileSync(join(ROOT, file), 'utf8')]),
);

/**
 * Expects that no source file matches the pattern, except the files in `but`. The pattern must match an
 * example, because a pattern that never matches would prove nothing.
 */
function holds(what: RegExp, like: string, but: readonly string[] = []): void {
  expect(like).toMatch(what);
  const found = [...sources].filter(([, text]) => what.test(text)).map(([file]) => file);
  expect(found.sort()).toEqual([...but].sort());
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map(
      (file) => `${folder}/${file}`,
    );
  } catch {
    return [];
  }
}

describe('no source file', () => {
  it('is skipped by these tests', () => {
    expect(sources.size).toBeGreaterThan(300);
    expect(sources.get('libs/platform/pages/password-field.html')).toContain('name="password"');
  });

  it('has a vague name, such as utils.ts or helpers.ts', () => {
    const vague = /[./](service|repository|utils?|helpers?|common|manager|base|impl)\.ts$/;
    expect('tenants.service.ts').toMatch(vague);
    expect([...sources.keys()].filter((file) => vague.test(file))).toEqual([]);
  });

  it('evaluates text as code', () => {
    holds(/\beval\(|\bnew Function\(|from '(node:)?vm'|setTimeout\(\s*['"`]/, 'eval(given)');
  });

  it('runs a program through a shell', () => {
    // These files name the kinds of steps for people.
    holds(
      /\bshell: (true|['"`])|\{[^}]*\bexec(Sync)?\b[^}]*\} from '(node:)?child_process'/,
      "import { exec } from 'node:child_process';",
      ['apps/workspace/src/runbooks/editor.tsx', 'apps/workspace/src/runbooks/runbook.ts'],
    );
  });

  it('parses XML or YAML, or deserialises objects', () => {
    // Documents in OpenSLO's format are limited in size and in aliases.
    holds(/from '[^']*(xml|yaml|serialize)[^']*'|deserialize\(/, "from 'fast-xml-parser'", [
      'apps/tenant-plane/src/slos/openslo.ts',
    ]);
  });

  it('builds a regular expression from untrusted input', () => {
    // The text is escaped, or constant.
    holds(/new RegExp\((?!`\^\(\$\{NAME\}|PARAMETER,)/, 'new RegExp(given)', [
      'apps/tenant-plane/src/tenant-secrets/secret-mask.ts',
      'apps/tenant-plane/src/ai/secrets.ts',
    ]);
  });

  it('uses Math.random for a secret', () => {
    // These files use Math.random only for delays.
    holds(/Math\.random/, 'Math.random()', [
      'apps/agent/src/retry-delay.ts',
      'apps/control-plane/src/events/delivery-pace.ts',
      'libs/jobs/src/retry-policy.ts',
      'apps/tenant-plane/src/portability/transfer-relay.ts',
      'libs/persistence/src/outgoing-mail/retry-pace.ts',
      'libs/plane-contract/src/link-pace.ts',
    ]);
  });

  it('uses a hash other than SHA-256', () => {
    holds(/create(Hash|Hmac)\((?!'sha256')|hkdfSync\((?!'sha256')|\bmd5\b|\bsha1\b/i, "createHash('sha1')");
  });

  it('encrypts without authentication, or with an old cipher', () => {
    holds(
      /createCipher\(|aes-?\d+-?(cbc|ecb|ctr|cfb|ofb)|A\d+CBC|RSA1_5|RSA_PKCS1|'(des|rc4|bf)\b/i,
      "'aes-256-cbc'",
    );
  });

  it('signs with RSA', () => {
    holds(/'(RS|PS)\d{3}'|generateKeyPair\('rsa'/, "'RS256'");
  });

  it('accepts an untrusted certificate, or an old TLS version', () => {
    holds(/rejectUnauthorized|TLS_REJECT|minVersion|secureProtocol/, 'rejectUnauthorized: false');
  });

  it('follows redirects from a server that it calls', () => {
    // The command line runs on an operator's own machine, and OutboundHttp checks each redirect. Calls of an
    // injected client, such as `this.http.fetch(…)`, are calls of OutboundHttp or of Egress. The calls of the
    // pages say `redirect: 'manual'` where they are created.
    holds(/^(?![^]*redirect: 'error')[^]*(?<!\bthis\.\w+\.)\bfetch\((?!path|typeof)/, 'await fetch(url)', [
      'apps/cli/src/control-plane/event-stream.ts',
      'apps/cli/src/control-plane/http-call.ts',
      'apps/cli/src/tenant/resumed-download.ts',
      'apps/tenant-plane/src/egress/outbound-calls.ts',
      'apps/tenant-plane/src/outbound/outbound-http.ts',
      'apps/tenant-plane/src/slos/prometheus-counts.ts',
      'libs/web/src/api/patience.ts',
    ]);
  });

  it('bypasses the logger', () => {
    holds(/console\.(log|info|warn|error)/, 'console.log(given)');
  });

  it('puts markup into a page, or stores anything in the browser', () => {
    // These files store the time of a reload, and the page that was wanted before single sign-on.
    holds(
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|(local|session)Storage|indexedDB/,
      'element.innerHTML = given',
      ['apps/workspace/src/lost-parts.ts', 'apps/workspace/src/wanted.ts'],
    );
  });

  it('listens for messages from other windows', () => {
    // These files talk to a worker of their own page, and to other tabs of the same origin.
    holds(/addEventListener\('message'|\bonmessage\b/, "addEventListener('message', take)", [
      'apps/workspace/src/cmdb/layout.ts',
      'apps/workspace/src/cmdb/layout.worker.ts',
      'libs/web/src/api/session.ts',
    ]);
  });

  it('shows a password while it is being typed, or blocks password managers', () => {
    holds(
      new RegExp(
        '<input(?=[^>]*\\bname="\\w*password")(?![^>]*\\btype="password")|' +
          '<input(?=[^>]*password)[^>]*autocomplete="off"|onpaste',
        'i',
      ),
      '<input name="password" type="text">',
    );
  });
});

describe('every line in the repository', () => {
  const WIDTH = 110;
  /** Files that contain keys and signatures from RFC 9421, or shell scripts whose lines cannot be wrapped. */
  const LONG = /rfc9421\.fixture\.ts$|completion\/\w+-script\.ts$/;
  const tooLong = (text: string): boolean => text.split('\n').some((line) => line.length > WIDTH);

  it('fits in 110 columns', () => {
    expect(tooLong('x'.repeat(WIDTH + 1))).toBe(true);
    const files = ['apps', 'libs'].flatMap(filesOf).filter((file) => /\.(tsx?|mjs|cjs)$/.test(file));
    const written = files.filter(
      (file) => !/\/(node_modules|dist|generated)\//.test(file) && !LONG.test(file),
    );
    expect(written.length).toBeGreaterThan(1000);
    expect(written.filter((file) => tooLong(readFileSync(join(ROOT, file), 'utf8')))).toEqual([]);
  });
});

describe('every project', () => {
  /** Nx takes an unknown token for a folder, and then does not restore what the target has written. */
  const UNKNOWN_TOKEN = /\{(?!(?:workspaceRoot|projectRoot|projectName)\})\w[\w-]*\}/;

  it('names what its targets write with tokens that Nx knows', () => {
    expect('{admin-consoleRoot}/dist').toMatch(UNKNOWN_TOKEN);
    const files = ['apps', 'libs']
      .flatMap((group) => readdirSync(join(ROOT, group)).map((name) => `${group}/${name}/project.json`))
      .filter((file) => existsSync(join(ROOT, file)));
    expect(files.length).toBeGreaterThan(10);
    expect(files.filter((file) => UNKNOWN_TOKEN.test(readFileSync(join(ROOT, file), 'utf8')))).toEqual([]);
  });
});
