import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const QA = join(__dirname, '../../../dist/apps/qa/main.js');
const proof = (...preload: string[]): Promise<{ stdout: string }> =>
  promisify(execFile)(process.execPath, [...preload, QA, 'repository-fails-closed', '--small']);

jest.setTimeout(60_000);

/** The command as `nx run qa:<name>` runs it. */
describe('a proof', () => {
  it('that holds says so and exits with 0', async () => {
    expect((await proof()).stdout).toMatch(/ OK\n$/);
  });

  it('that falls short says so and exits with another code', async () => {
    const broken = proof('--require', join(__dirname, 'without-tenant-check.cjs'));
    await expect(broken).rejects.toMatchObject({ code: 1, stdout: expect.stringMatching(/ SHORT\n$/) });
  });
});
