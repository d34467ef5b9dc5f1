import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { sendSignal } from '@atlas/platform/processes';

const ROOT = join(__dirname, '../../..');
/** The files that the build reads. */
const REAL = ['libs/tooling/src', 'libs/platform/pages', 'docs', '.swcrc'];
const PACKAGES = ['@swc/core', 'esbuild', 'marked'];
export const PROJECTS = ['libs/platform', 'apps/cli', 'apps/control-plane', 'apps/tenant-plane'];
const PROGRAMS = [
  'main',
  'create-owner',
  'migrate',
  'enrol',
  'preflight',
  'status',
  'load-lease',
  'ledger',
  'support-bundle',
  'rehearse-outage',
  'backup',
  'verify-backup',
  'restore-backup',
];

/** A program that runs `first`, records its name and arguments, and runs `then`. */
const stub = (name: string, then = '', first = ''): string => `
const { appendFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } = require('node:fs');
const { dirname } = require('node:path');
${first}
appendFileSync('calls', '${name} ' + process.argv.slice(2).join(' ') + '\\n');
${then}
`;
const APP = stub(
  'app',
  `if (process.argv[4] === 'wait') setInterval(() => {}, 1000);`,
  `process.on('SIGTERM', () => { appendFileSync('calls', 'app ended\\n'); process.exit(7); });`,
);
const NPM = stub(
  'npm',
  `if (process.env.BREAK) { process.stderr.write('no network'); process.exit(1); }
if (existsSync('hang')) return setInterval(() => {}, 1000);
const link = (name) => {
  const path = 'node_modules/' + name;
  mkdirSync(dirname(path), { recursive: true });
  if (!existsSync(path)) symlinkSync(${JSON.stringify(ROOT)} + '/' + path, path);
};
${JSON.stringify(PACKAGES)}.forEach(link);
for (const name of ['native', 'reporting']) {
  mkdirSync('node_modules/' + name, { recursive: true });
  writeFileSync('node_modules/' + name + '/package.json', '{"scripts": {"install": "", "test": ""}}');
}`,
);

/** A workspace with the real `npm start` and build, and stand-ins for npm and the apps. */
export class StubWorkspace {
  readonly root = mkdtempSync(join(tmpdir(), 'atlas-workspace-'));
  private readonly started: ChildProcess[] = [];
  private readonly builtAt = new Map<string, number | undefined>();

  constructor() {
    for (const path of REAL) cpSync(join(ROOT, path), join(this.root, path), { recursive: true });
    for (const project of PROJECTS) {
      this.write(`${project}/project.json`, '{"targets": {"build": {}}}');
      for (const program of PROGRAMS) this.write(`${project}/src/${program}.ts`, APP);
      this.write(`${project}/src/app.module.ts`, 'export {};');
    }
    this.write('package-lock.json', '{}');
    this.write(
      'package.json',
      '{"allowScripts": {"native": true, "reporting": false, "other": true}, "devDependencies": {}}',
    );
    this.write('npm-cli.js', NPM);
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  delete(path: string): void {
    rmSync(join(this.root, path));
  }

  /** The first `words` words of each command recorded since the previous call of this method. */
  takeCalls(words = 2): string[] {
    const file = join(this.root, 'calls');
    if (!existsSync(file)) return [];
    const calls = readFileSync(file, 'utf8').trim().split('\n');
    rmSync(file);
    return calls.map((call) => call.split(' ').slice(0, words).join(' '));
  }

  /** Empty if the file does not exist. */
  read(path: string): string {
    return existsSync(join(this.root, path)) ? readFileSync(join(this.root, path), 'utf8') : '';
  }

  /** The projects built since the previous call of this method. */
  takeBuilt(): string[] {
    return PROJECTS.filter((project) => {
      const output = project.startsWith('libs/') ? `${project}/dist` : `dist/${project}`;
      const builtAt = statSync(join(this.root, output, '.built'), { throwIfNoEntry: false })?.mtimeMs;
      const isNew = builtAt !== this.builtAt.get(project);
      this.builtAt.set(project, builtAt);
      return isNew;
    });
  }

  start(env: NodeJS.ProcessEnv = {}, ...args: string[]): { status: number | null; stderr: string } {
    return spawnSync(process.execPath, this.command(args), { ...this.options(env), encoding: 'utf8' });
  }

  startInBackground(...args: string[]): ChildProcess {
    return this.spawn(process.execPath, this.command(args));
  }

  /** Runs the command as npm does on systems where a shell stays between npm and the command. */
  startInShell(...args: string[]): ChildProcess {
    return this.spawn('sh', ['-c', `node ${this.command(args).join(' ')}; exit`]);
  }

  /** Kills everything that is still running. */
  endAll(): void {
    for (const { pid } of this.started) if (pid !== undefined) sendSignal(-pid, 'SIGKILL');
  }

  remove(): void {
    rmSync(this.root, { recursive: true });
  }

  private spawn(command: string, args: string[]): ChildProcess {
    const started = spawn(command, args, { ...this.options({}), detached: true });
    this.started.push(started);
    return started;
  }

  private command(args: readonly string[]): string[] {
    return ['libs/tooling/src/start.mjs', ...args];
  }

  private options(env: NodeJS.ProcessEnv) {
    const npm = { npm_execpath: join(this.root, 'npm-cli.js') };
    return { cwd: this.root, env: { ...process.env, ...npm, ...env } };
  }
}
