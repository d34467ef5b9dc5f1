import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { LEASE_VARIABLE, endGroup, endLeftovers } from './process-group';

const LEASE = 'a-lease';
const LOOKS = 150;

it('looks for leftovers although their processes end while it looks', async () => {
  const script = 'echo begun; while :; do env true; done';
  const child = spawn('sh', ['-c', script], {
    detached: true,
    env: { ...process.env, [LEASE_VARIABLE]: LEASE },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const group = child.pid as number;
  const ended = once(child, 'exit');
  try {
    await once(child.stdout, 'data');
    const another = group + 1;
    for (let looks = 0; looks < LOOKS; looks += 1) await endLeftovers(LEASE, another);
    expect(child.exitCode).toBeNull();
    await endLeftovers(LEASE, group);
    expect(await ended).toEqual([null, 'SIGTERM']);
  } finally {
    await endGroup(group);
  }
});
