import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { sendSignal } from '@atlas/platform/processes';

const TOOLING = join(__dirname, '../src');
/** Does what `first` says, writes its name and arguments down, and does what `then` says. */
const stub = (name: string, then = '', first = ''): string => `#!/usr/bin/env node
const { appendFileSync, existsSync, mkdirSync, writeFileSync } = require('node:fs');
${first}
appendFileSync('calls', '${name} ' + process.argv.slice(2).join(' ') + '\\n');
${then}
`;
const NX = stub(
  'nx',
  `mkdirSync('dist/apps/cli', { recursive: true }); writeFileSync('dist/apps/cli/main.js', APP);`,
);
const APP = stub(
  'app',
  `if (process.argv[4] === 'wait') setInterval(() => {}, 1000);`,
  `process.on('SIGTERM', () => { appendFileSync('calls', 'app ended\\n'); process.exit(7); });`,
);
const NPM = stub(
  'npm',
  `if (process.env.BREAK) { process.stderr.write('no network'); process.exit(1); }
if (existsSync('hang')) return setInterval(() => {}, 1000);
mkdirSync('node_modules/.bin', { recursive: true });
writeFileSync('node_modules/.bin/nx', ${JSON.stringify(NX)}.replace('APP', ${JSON.stringify(JSON.stringify(APP))}), { mode: 0o755 });`,
);

/** A workspace with the real `npm start`, and stand-ins for npm, Nx and the app. */
export class StubWorkspace {
  readonly root = mkdtempSync(join(tmpdir(), 'atlas-workspace-'));
  private readonly started: ChildProcess[] = [];

  constructor() {
    cpSync(TOOLING, join(this.root, 'libs/tooling/src'), { recursive: true });
    for (const app of ['cli', 'control-plane', 'tenant-plane']) this.write(`apps/${app}/project.json`, '{}');
    for (const file of ['package-lock.json', 'nx.json', 'tsconfig.base.json']) this.write(file, '{}');
    this.write('package.json', '{"allowScripts": {"native": true, "reporting": false}}');
    mkdirSync(join(this.root, 'docs'));
    this.write('npm-cli.js', NPM);
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  delete(path: string): void {
    rmSync(join(this.root, path));
  }

  /** What was called since the last time: so many words of each. */
  takeCalls(words = 2): string[] {
    const file = join(this.root, 'calls');
    if (!existsSync(file)) return [];
    const calls = readFileSync(file, 'utf8').trim().split('\n');
    rmSync(file);
    return calls.map((call) => call.split(' ').slice(0, words).join(' '));
  }

  start(env: NodeJS.ProcessEnv = {}, ...args: string[]): { status: number | null; stderr: string } {
    return spawnSync(process.execPath, this.command(args), { ...this.options(env), encoding: 'utf8' });
  }

  startInBackground(...args: string[]): ChildProcess {
    return this.spawn(process.execPath, this.command(args));
  }

  /** As npm does where the shell does not give way to the command. */
  startInShell(...args: string[]): ChildProcess {
    return this.spawn('sh', ['-c', `node ${this.command(args).join(' ')}; exit`]);
  }

  /** Whatever it was that did not end as it should. */
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
