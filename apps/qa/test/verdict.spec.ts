import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { testServerUrl } from '@atlas/testing';

const QA = join(__dirname, '../../../dist/apps/qa/main.js');
const proof = (
  { preload = [], args = [] }: { preload?: string[]; args?: string[] },
  env: NodeJS.ProcessEnv,
): Promise<{ stdout: string }> =>
  promisify(execFile)(process.execPath, [...preload, QA, 'repository-fails-closed', '--small', ...args], {
    env: { ...process.env, ...env },
  });

jest.setTimeout(60_000);

/** Runs the same command as `nx run qa:<name>`. */
describe('a proof', () => {
  it('prints OK and exits with 0 if it holds', async () => {
    const { stdout } = await proof({}, { TEST_PG_URL: testServerUrl() });
    expect(stdout).toMatch(
      /^repository-fails-closed on postgres \| calls that throw: 58 \| OK in [\d.]+ s\n$/m,
    );
  });

  it('prints FAILED and exits with 1 if it fails, even if it has started its own Postgres', async () => {
    const preload = ['--require', join(__dirname, 'without-tenant-check.cjs')];
    const table =
      / on postgres \| FAILED in .*\n +figure +expected +found\n  ✗ calls that throw +all 58 +\d+\n$/;
    await expect(proof({ preload }, { TEST_PG_URL: undefined })).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringMatching(table),
    });
  });

  it('prints the same figures as JSON if called with --json', async () => {
    const { stdout } = await proof({ args: ['--json'] }, { TEST_PG_URL: testServerUrl() });
    expect(JSON.parse(stdout)).toEqual({
      proof: 'repository-fails-closed',
      database: 'postgres',
      size: 'small',
      seconds: expect.any(Number),
      holds: true,
      figures: [{ name: 'calls that throw', expected: 'all 58', found: 58, holds: true }],
    });
  });
});
