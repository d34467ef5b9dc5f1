import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEPLOYMENT_MODELS, PROFILES, modelsWhere } from '@atlas/deployment-profiles';
import { DCLinter } from 'dclint';
import { validate } from 'dockerfile-utils';
import {
  DOCKER,
  ROOT,
  type Service,
  composeOf,
  dockerFiles,
  resolved,
  servicesOf,
  textOf,
} from './docker.fixture';

/** A full version number, or a digest. */
const PINNED = /^[a-z/-]+(:\d+\.\d+(\.\d+)?(-[a-z]+)*|@sha256:[0-9a-f]{64})$/;
const OURS = ['atlas/control-plane:0.1.0', 'atlas/tenant-plane:0.1.0'];
const SECRET = /(PASSWORD|SECRET|TOKEN|KEYS)$/;

// The linter's style rules that our files do not follow.
const OFF = {
  'service-keys-order': 0,
  'services-alphabetical-order': 0,
  'require-project-name-field': 0,
} as const;
const linter = new DCLinter({ rules: OFF, quiet: false, debug: false, exclude: [] });

const variables = [...readFileSync(join(ROOT, '.env.example'), 'utf8').matchAll(/^([A-Z_]+)=/gm)].map(
  ([, name]) => name,
);
const composeFiles = dockerFiles('.compose.yaml');
const services = composeFiles
  .filter((file) => file !== 'common.compose.yaml')
  .flatMap((file) => Object.keys(servicesOf(file)).map((name) => [file, name] as const));

describe.each(dockerFiles('Dockerfile'))('%s', (file) => {
  const text = textOf(file);
  const stages = [...text.matchAll(/^FROM (\S+)(?: AS (\S+))?$/gm)];
  const last = text.slice(text.lastIndexOf('\nFROM '));

  it('is a valid Dockerfile', () => {
    expect(validate(text)).toEqual([]);
  });

  it('uses pinned base images', () => {
    const names = stages.map(([, , name]) => name);
    const bases = stages.map(([, base]) => base ?? '').filter((base) => !names.includes(base));
    expect(bases.length).toBeGreaterThan(0);
    for (const base of bases) expect(base).toMatch(PINNED);
  });

  it('runs in production mode, as an unprivileged user, with a health check', () => {
    expect(last).toMatch(/^ENV NODE_ENV=production /m);
    expect(last).toMatch(/^USER node$/m);
    expect(last).toMatch(/^HEALTHCHECK /m);
    expect(last).not.toContain('npm');
  });
});

describe('the image of the tenant plane', () => {
  it('contains the agent, where the guide says', () => {
    const text = textOf('tenant-plane.Dockerfile');
    expect(text).toMatch(/run-many -t build -p \S*\bagent\b/);
    expect(text).toMatch(/cp -r --parents [^&]*\bdist\/apps\/agent\b/);
    const guide = readFileSync(join(ROOT, 'docs/guides/agents.md'), 'utf8');
    expect(guide).toContain('atlas/tenant-plane:0.1.0 cat dist/apps/agent/atlas-agent.cjs');
  });
});

describe('the build context', () => {
  it('contains the guides, which the planes serve', () => {
    const left = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n');
    expect(left).not.toContain('docs');
    expect(left).toEqual(expect.arrayContaining(['docs/*', '!docs/*.md', '!docs/guides']));
  });

  it('contains neither the Git history nor secrets', () => {
    const left = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n');
    for (const one of ['.git', 'data', '**/*.env']) expect(left).toContain(one);
    for (const file of dockerFiles('Dockerfile')) {
      const last = textOf(file).slice(textOf(file).lastIndexOf('\nFROM '));
      // The last stage copies only from other stages, never from the build context.
      expect(last.match(/^(COPY|ADD) (?!--from=)/gm)).toBeNull();
    }
  });
});

describe.each(composeFiles)('%s', (file) => {
  it('conforms to the Compose specification', () => {
    const [result] = linter.lintFiles([join(DOCKER, file)], false);
    expect(result).toMatchObject({ messages: [] });
  });

  it('uses only variables from .env.example', () => {
    const asked = [...textOf(file).matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name);
    const set = Object.values(servicesOf(file)).flatMap(({ environment }) => Object.keys(environment ?? {}));
    for (const name of [...asked, ...set]) expect(variables).toContain(name);
  });
});

describe.each(services)('%s: %s', (file, name) => {
  const service: Service = resolved(file, name);

  it('has a pinned image', () => {
    expect(service.image).toMatch(PINNED);
    if (service['build']) expect(OURS).toContain(service.image);
  });

  it('can write only to its volumes, and cannot gain privileges', () => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
  });

  it('gets its secrets only from variables', () => {
    const secrets = Object.entries(service.environment ?? {}).filter(([key]) => SECRET.test(key));
    for (const [, value] of secrets) expect(value).toMatch(/^\$\{\w+(:[-?])?\}$/);
    for (const [, password] of JSON.stringify(service.environment ?? {}).matchAll(/:\/\/[^"]*?:([^@"]*)@/g))
      expect(password).toMatch(/^\$\{\w+\}$/);
  });
});

describe.each(services.filter(([, name]) => name !== 'tls-volume'))(
  '%s: the long-running service %s',
  (file, name) => {
    it('is restarted and health-checked, and has a memory limit', () => {
      const service = resolved(file, name);
      expect(service).toMatchObject({ restart: 'unless-stopped', mem_limit: expect.anything() });
      // The planes' images define their user and health check.
      const isOurs = service['build'] !== undefined;
      expect([isOurs, service['user'], service['healthcheck']]).toEqual(
        isOurs ? [true, undefined, undefined] : [false, expect.any(String), expect.anything()],
      );
    });
  },
);

describe.each(DEPLOYMENT_MODELS)('the deployment model %s', (model) => {
  it('has a compose file with a tenant plane of that model', () => {
    const plane = resolved(`${model}.compose.yaml`, 'tenant-plane');
    expect(plane.environment).toMatchObject({ ATLAS_TP_DEPLOYMENT: model });
  });
});

/** Data folders of planes on Postgres. They contain nothing that a plane cannot recreate. */
const SCRATCH = ['control-plane', 'tenant-plane', 'data'];

/** The guide for running the compose file, if it is not the guide for the model itself. */
const CONTAINER_GUIDE: Readonly<Record<string, string>> = { on_prem: '/help/on-prem-containers' };

describe.each(DEPLOYMENT_MODELS)('the guide for the deployment model %s', (model) => {
  const file = `${model}.compose.yaml`;
  const { name: project, volumes = {} } = composeOf(file);
  const {
    guide: { doc },
    databases,
  } = PROFILES[model];
  const name = (CONTAINER_GUIDE[model] ?? doc).split('/').at(-1);
  const guide = readFileSync(join(ROOT, `docs/guides/${name}.md`), 'utf8');
  const commands = guide.replaceAll(/\\\n\s*/g, '').split('\n');
  const archived = commands.filter((line) => line.includes('docker run') && line.includes(' tar -c'));

  it('names only volumes from its compose file', () => {
    const mounted = [...guide.matchAll(/-v ([a-z][\w-]*):/g)].map(([, volume]) => volume);
    const named = [...guide.matchAll(/volumes? `([\w-]+)`/g)].map(([, volume]) => `${project}_${volume}`);
    const there = Object.keys(volumes).map((volume) => `${project}_${volume}`);
    expect([...mounted, ...named].filter((volume) => !there.includes(volume ?? ''))).toEqual([]);
  });

  it('says how to back up every volume whose content must be kept', () => {
    const scratch = databases.allowedInProduction.includes('sqlite') ? [] : SCRATCH;
    const kept = Object.keys(volumes).filter((volume) => !scratch.includes(volume));
    const isArchived = (volume: string): boolean =>
      archived.some((line) => line.includes(` -v ${project}_${volume}:/volumes/${volume}:ro `));
    expect(kept.filter((volume) => volume !== 'postgres' && !isArchived(volume))).toEqual([]);
    const mounts = resolved(file, 'postgres')['volumes'] as string[];
    const init = textOf(/^\.\/(.+\.init\.sh):/m.exec(mounts.join('\n'))?.[1] ?? '');
    const created = [...init.matchAll(/create database (\w+)/g)].map(([, database]) => database);
    const isDumped = (database = ''): boolean =>
      commands.some((line) => line.includes(`exec -T postgres pg_dump -U postgres -Fc ${database} >`));
    expect(created.length).toBeGreaterThan(0);
    expect(created.filter((database) => !isDumped(database))).toEqual([]);
  });

  it('says how to back up the host folders that containers mount', () => {
    const mounts = Object.keys(servicesOf(file)).flatMap((name) => resolved(file, name)['volumes'] ?? []);
    const folders = (mounts as string[]).flatMap((mount) => /^\.\.\/(data\/\w+):/.exec(mount)?.[1] ?? []);
    const files = commands.find((line) => /tar -czf files\.tgz /.test(line)) ?? '';
    expect(folders.filter((folder) => !files.includes(` ${folder}`))).toEqual([]);
  });
});

const PROXIED = modelsWhere(({ installRequired }) => installRequired);

describe.each(PROXIED.map((model) => `${model}.compose.yaml`))('the proxy of %s', (file) => {
  const proxy = resolved(file, 'tls');
  const caddyfile = textOf('Caddyfile');

  it('gets every variable that the Caddyfile uses', () => {
    const asked = [...caddyfile.matchAll(/\{\$([A-Z_]+)/g)].map(([, name]) => name);
    expect(Object.keys(proxy.environment ?? {}).sort()).toEqual([...new Set(asked)].sort());
  });

  it('allows only TLS 1.2 and 1.3 with the default ciphers, and gets a public certificate by default', () => {
    const ways = [...caddyfile.matchAll(/^\(tls-(\w+)\) \{\n([^]*?)^\}/gm)];
    expect(ways.map(([, name]) => name)).toEqual(['automatic', 'own']);
    for (const [, , how] of ways) expect(how).toMatch(/^\s+protocols tls1\.2 tls1\.3$/m);
    expect(caddyfile).not.toMatch(/^\s*(ciphers|curves|insecure_secrets_log|tls internal)/m);
    expect([caddyfile.includes('{$ATLAS_TLS:automatic}'), proxy.environment?.['ATLAS_TLS']]).toEqual([
      true,
      '${ATLAS_TLS:-automatic}',
    ]);
  });

  it('redirects browsers from HTTP to HTTPS, and refuses programs that use HTTP', () => {
    const [, plain] = /^http:\/\/ \{\n([^]*?)^\}/m.exec(caddyfile) ?? [];
    expect(plain?.trim().split(/\n\s*/)).toEqual([
      '@page header Accept *text/html*',
      'redir @page https://{host}{uri} permanent',
      expect.stringMatching(/^respond ".*" 403$/),
    ]);
    expect(caddyfile).toMatch(/^\s+auto_https disable_redirects$/m);
  });

  it('listens on its published ports, and forwards to the tenant plane', () => {
    const inside = (proxy['ports'] as string[]).map((port) => port.split(':').at(-1));
    expect(inside).toEqual(
      ['http', 'https'].map((kind) => new RegExp(`${kind}_port (\\d+)`).exec(caddyfile)?.[1]),
    );
    const [, name, port] = /reverse_proxy ([a-z-]+):(\d+)/.exec(caddyfile) ?? [];
    expect(Object.keys(servicesOf(file))).toContain(name);
    expect(textOf(`${name}.Dockerfile`)).toContain(`\nEXPOSE ${port}\n`);
  });
});
