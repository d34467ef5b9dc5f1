import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { testServerUrl } from '@atlas/testing';

const QA = join(__dirname, '../../../dist/apps/qa/main.js');
const proof = (preload: string[], env: NodeJS.ProcessEnv): Promise<{ stdout: string }> =>
  promisify(execFile)(process.execPath, [...preload, QA, 'repository-fails-closed', '--small'], {
    env: { ...process.env, ...env },
  });

jest.setTimeout(60_000);

/** The command as run by `nx run qa:<name>`. */
describe('a proof', () => {
  it('that holds says so and exits with 0', async () => {
    expect((await proof([], { TEST_PG_URL: testServerUrl() })).stdout).toMatch(/ OK\n$/);
  });

  it('that falls short says so and exits with another code, even if it started its own Postgres', async () => {
    const preload = ['--require', join(__dirname, 'without-tenant-check.cjs')];
    const broken = proof(preload, { TEST_PG_URL: undefined });
    await expect(broken).rejects.toMatchObject({ code: 1, stdout: expect.stringMatching(/ SHORT\n$/) });
  });
});
