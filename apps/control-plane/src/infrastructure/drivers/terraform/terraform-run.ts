import { randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type TerraformCli, type TerraformCommand } from './terraform-cli';

type RunOptions = Omit<TerraformCommand, 'name' | 'args' | 'lost'> & { readonly variablesFile?: string };

/** Runs the Terraform commands of one create or destroy operation in a working directory. */
export class TerraformRun {
  /** Unique, so that workers never share a plan. */
  private readonly planFile = `${randomUUID()}.tfplan`;

  constructor(
    private readonly cli: TerraformCli,
    private readonly options: RunOptions,
  ) {}

  async init(): Promise<void> {
    // Uses `-reconfigure`, because the backend's configuration
    // may have changed, and no one can respond to a prompt.
    await this.cli.run({
      ...this.options,
      name: 'init',
      args: ['-input=false', '-no-color', '-reconfigure'],
    });
  }

  /** Writes a plan for {@link apply} and returns its lines. Waits for the state's lock. */
  async plan(modes: readonly string[] = []): Promise<readonly string[]> {
    await this.removePlans();
    const { variablesFile, timeoutMinutes } = this.options;
    const args = [
      '-input=false',
      '-json',
      `-lock-timeout=${timeoutMinutes}m`,
      `-out=${this.planFile}`,
      ...modes,
    ];
    if (variablesFile !== undefined) args.push(`-var-file=${variablesFile}`);
    return this.cli.run({ ...this.options, name: 'plan', args });
  }

  /** Applies exactly what was planned. Fails if another plan has been applied in the meantime. */
  async apply(lost: AbortSignal): Promise<void> {
    const args = ['-input=false', '-json', `-lock-timeout=${this.options.timeoutMinutes}m`, this.planFile];
    // Removes only this run's plan, because another worker may have written its own plan by now.
    const plan = join(this.options.directory, this.planFile);
    await this.cli
      .run({ ...this.options, name: 'apply', args, lost })
      .finally(() => rm(plan, { force: true }));
  }

  outputs(): Promise<readonly string[]> {
    return this.cli.run({ ...this.options, name: 'output', args: ['-json'] });
  }

  /** Plans contain secrets, and the plans of earlier workers are stale. */
  private async removePlans(): Promise<void> {
    const { directory } = this.options;
    const plans = (await readdir(directory)).filter((name) => name.endsWith('.tfplan'));
    await Promise.all(plans.map((name) => rm(join(directory, name), { force: true })));
  }
}
