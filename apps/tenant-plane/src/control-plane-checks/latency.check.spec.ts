import { type CheckScene } from './check';
import { latencyCheck } from './latency.check';

describe('the latency check', () => {
  const found = (roundTripMs: number) =>
    latencyCheck.run({ probe: () => Promise.resolve({ roundTripMs }) } as CheckScene);

  it('passes if a signed call takes at most two seconds', async () => {
    expect(await found(2000)).toEqual({ ok: true, detail: '2000 ms for a signed call' });
  });

  it('fails if a signed call takes longer, and says what to do', async () => {
    expect(await found(2001)).toEqual({
      ok: false,
      detail: '2001 ms for a signed call; it should take at most 2000 ms',
      fix: expect.stringContaining('network team'),
    });
  });
});
