import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPrivateFile, writePrivateFile } from '../src/stack/private-file';

jest.setTimeout(60_000);

const MODULE = join(__dirname, '../../../dist/apps/cli/stack/process-list.js');
/** Claims the list when told to, and says how that ended. Runs until it is killed, as a stack does. */
const SCRIPT = `
const { ProcessList } = require(process.argv[1]);
process.once('message', () => new ProcessList(process.argv[2]).claim().then(
  () => process.send('claimed'),
  ({ message }) => process.send(message),
));
setInterval(() => {}, 1000);
process.send('ready');`;

describe('starts at once on one data folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'atlas-at-once-'));
  const file = join(folder, 'pids.json');
  const starts: ChildProcess[] = [];

  afterEach(() => {
    for (const start of starts.splice(0)) start.kill('SIGKILL');
    rmSync(file, { force: true });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function start(): Promise<ChildProcess> {
    const child = spawn(process.execPath, ['-e', SCRIPT, MODULE, file], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    starts.push(child);
    await once(child, 'message');
    return child;
  }

  async function outcomeOf(child: ChildProcess): Promise<string> {
    const [outcome] = (await once(child, 'message')) as [string];
    return outcome;
  }

  it.each([
    ['the first start', undefined],
    ['a start after a killed one', { stack: { name: 'stack', pid: 1, command: 'x', startedAt: '0' } }],
  ])('lets exactly one process claim the folder (%s)', async (_, left) => {
    if (left) writePrivateFile(file, { ...left, children: [] });
    const children = await Promise.all(Array.from({ length: 6 }, start));
    const outcomes = Promise.all(children.map(outcomeOf));
    for (const child of children) child.send('claim');
    const winner = children[(await outcomes).indexOf('claimed')];
    const refused = `A stack is already running on this data folder (pid ${winner?.pid}).`;
    expect((await outcomes).toSorted()).toEqual([...Array<string>(5).fill(refused), 'claimed']);
    expect(readPrivateFile(file)).toMatchObject({ stack: { pid: winner?.pid }, children: [] });
  });

  it('can be repeated after the process that claimed the folder was killed', async () => {
    for (let count = 0; count < 2; count += 1) {
      const child = await start();
      const outcome = outcomeOf(child);
      child.send('claim');
      await expect(outcome).resolves.toBe('claimed');
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });
});
