import { PassThrough } from 'node:stream';
import { Progress } from './progress';

describe(Progress.name, () => {
  const stream = new PassThrough();
  const written = (): string => String(stream.read());

  it('writes one plain line per step if the output is not a terminal', async () => {
    await new Progress(stream, false, true).step('Control Plane', async () => undefined);
    expect(written()).toBe('  ✓ Control Plane (0.0 s)\n');
  });

  it('marks a failed step and rethrows its error', async () => {
    const failing = new Progress(stream, false, true).step('Postgres', () =>
      Promise.reject(new Error('full')),
    );
    await expect(failing).rejects.toThrow('full');
    expect(written()).toContain('✗ Postgres');
  });

  it('redraws its line, in colour, on a terminal', async () => {
    await new Progress(stream, true, true).step('Tenant Plane', async () => undefined);
    expect(written()).toBe('  … Tenant Plane\r\u001b[K  \u001b[32m✓\u001b[0m Tenant Plane (0.0 s)\n');
  });

  it('uses no colour if colours are turned off', async () => {
    await new Progress(stream, true, false).step('Tenant Plane', async () => undefined);
    expect(written()).toBe('  … Tenant Plane\r\u001b[K  ✓ Tenant Plane (0.0 s)\n');
  });
});
