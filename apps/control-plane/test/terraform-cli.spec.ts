import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LeaseLost } from '@atlas/jobs';
import { eventually } from '@atlas/testing';
import { Logger } from '@nestjs/common';
import { TerraformCli, type TerraformCommand } from '../src/infrastructure/drivers/terraform/terraform-cli';
import { FakeTerraform } from './fake-terraform.fixture';

const DIAGNOSTIC = {
  severity: 'error',
  summary: 'Instance limit reached',
  detail: 'Ask for\n  more. hunter2 postgres://u:hunter3@db/x',
  address: 'aws_db_instance.tenant',
};
const FAILS =
  `console.log(JSON.stringify({type: 'diagnostic', diagnostic: ${JSON.stringify(DIAGNOSTIC)}})); ` +
  'process.exit(1)';
const HANGS =
  `process.on('SIGINT', () => process.exit(1)); setInterval(() => undefined, 1000); ` +
  `require('fs').writeFileSync('up', '')`;

describe(TerraformCli.name, () => {
  let fake: FakeTerraform;
  afterEach(() => fake.remove());
  beforeAll(() => Logger.overrideLogger(false));
  afterAll(() => Logger.overrideLogger(['log', 'warn', 'error', 'fatal']));

  const commandOf = (changes: Partial<TerraformCommand> = {}): TerraformCommand => ({
    name: 'apply',
    directory: fake.folder,
    env: { PATH: fake.path },
    timeoutMinutes: 1,
    ...changes,
  });
  const run = (changes: Partial<TerraformCommand> = {}, cli = new TerraformCli()) =>
    cli.run(commandOf(changes));

  const isUp = (): Promise<boolean> =>
    eventually(() => existsSync(join(fake.folder, 'up')), { what: 'terraform is up' });

  it('returns the lines of the output, and logs them for operators', async () => {
    fake = new FakeTerraform(`console.log('one'); console.log('two')`);
    expect(await run()).toEqual(['one', 'two']);
    expect(readFileSync(join(fake.folder, 'apply.log'), 'utf8')).toBe('one\ntwo\n');
    expect(statSync(join(fake.folder, 'apply.log')).mode & 0o777).toBe(0o600);
  });

  it('does not log Terraform outputs, which contain secrets', async () => {
    fake = new FakeTerraform(`console.log('{}')`);
    expect(await run({ name: 'output' })).toEqual(['{}']);
    expect(existsSync(join(fake.folder, 'output.log'))).toBe(false);
  });

  it('reports that terraform is missing', async () => {
    fake = new FakeTerraform();
    const missing = run({ env: { PATH: join(fake.folder, 'nothing') } });
    await expect(missing).rejects.toMatchObject({ failureClass: 'operator', code: 'terraform_missing' });
  });

  it('names the failed resource and the reason, without secrets', async () => {
    fake = new FakeTerraform(FAILS);
    const failed = run({ secrets: ['hunter2'] });
    await expect(failed).rejects.toMatchObject({
      failureClass: 'operator',
      code: 'terraform_apply_failed',
      message: expect.stringContaining(
        'aws_db_instance.tenant: Instance limit reached (Ask for more. *** postgres://u:***@db/x)',
      ),
    });
  });

  it.each([
    ['Error acquiring the state lock Lock Info: ID: 1', 'operator', 'terraform_state_locked'],
    // If the holder of the lock has not written its lock info yet, Terraform fails immediately, regardless of
    // its lock timeout.
    ['Error acquiring the state lock', 'retry', 'terraform_state_locked'],
    ['Saved plan is stale', 'retry', 'terraform_plan_stale'],
    ['Saved plan does not match the given state', 'retry', 'terraform_plan_stale'],
    ['Failed to load "1.tfplan" as a plan file', 'retry', 'terraform_plan_stale'],
    ['Failed to query available provider packages', 'retry', 'terraform_provider_unavailable'],
  ])('recognises the error "%s"', async (text, failureClass, code) => {
    fake = new FakeTerraform(`console.error('╷\\n│ Error: ${text}\\n╵'); process.exit(1)`);
    await expect(run({ name: 'init' })).rejects.toMatchObject({ failureClass, code });
  });

  it('makes the step retry if terraform is killed', async () => {
    fake = new FakeTerraform(`process.kill(process.pid, 'SIGKILL')`);
    await expect(run()).rejects.toMatchObject({ failureClass: 'retry', code: 'terraform_killed' });
  });

  it('interrupts terraform if it takes too long', async () => {
    fake = new FakeTerraform(HANGS);
    const late = run({ timeoutMinutes: 0.005 });
    await expect(late).rejects.toMatchObject({ failureClass: 'operator', code: 'terraform_timeout' });
  });

  it('interrupts terraform if the job loses its lease, and does not start terraform again', async () => {
    fake = new FakeTerraform(HANGS);
    const lost = new AbortController();
    const outcome = expect(run({ lost: lost.signal })).rejects.toThrow('The lease on this job was lost.');
    await isUp();
    lost.abort(new LeaseLost());
    await outcome;
    await expect(run({ lost: lost.signal })).rejects.toThrow(LeaseLost);
    expect(fake.calls()).toHaveLength(1);
  });

  it('lets terraform finish changes in progress, even if the job loses its lease', async () => {
    fake = new FakeTerraform(`console.log('{"type": "apply_start"}'); ${HANGS}
      setInterval(() => require('fs').existsSync('go') && process.exit(), 10)`);
    const lost = new AbortController();
    const outcome = run({ lost: lost.signal });
    await isUp();
    lost.abort(new LeaseLost());
    writeFileSync(join(fake.folder, 'go'), '');
    expect(await outcome).toHaveLength(1);
  });

  it('interrupts terraform on shutdown, and does not start it again', async () => {
    fake = new FakeTerraform(HANGS);
    const cli = new TerraformCli();
    const running = run({}, cli);
    const interrupted = { failureClass: 'retry', code: 'terraform_interrupted' };
    const outcome = expect(running).rejects.toMatchObject(interrupted);
    await isUp();
    await cli.end();
    await outcome;
    await expect(run({}, cli)).rejects.toMatchObject(interrupted);
    expect(fake.calls()).toHaveLength(1);
  });
});
