import { PassThrough } from 'node:stream';
import { Progress } from './progress';

describe(Progress.name, () => {
  const stream = new PassThrough();
  const written = (): string => String(stream.read());

  it('writes one plain line a step where nobody watches', async () => {
    await new Progress(stream, false).step('Control Plane', async () => undefined);
    expect(written()).toBe('  ✓ Control Plane (0.0 s)\n');
  });

  it('marks a step that failed and hands the error on', async () => {
    const failing = new Progress(stream, false).step('Postgres', () => Promise.reject(new Error('full')));
    await expect(failing).rejects.toThrow('full');
    expect(written()).toContain('✗ Postgres');
  });

  it('rewrites its line, in colour, on a terminal', async () => {
    await new Progress(stream, true).step('Tenant Plane', async () => undefined);
    expect(written()).toBe('  … Tenant Plane\r\u001b[K  \u001b[32m✓\u001b[0m Tenant Plane (0.0 s)\n');
  });
});
