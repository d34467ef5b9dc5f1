import { eventually } from '../src/processes/plane-process';

describe(eventually.name, () => {
  it('when it times out, reports the current state', async () => {
    const waiting = eventually(() => false, {
      timeoutMs: 1,
      what: 'it is done',
      found: async () => 'It is not.',
    });
    await expect(waiting).rejects.toThrow('Timed out after 1 ms, waiting until it is done. It is not.');
  });
});
