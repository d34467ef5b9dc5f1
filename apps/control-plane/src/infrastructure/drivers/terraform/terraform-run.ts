import { randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type TerraformCli, type TerraformCommand } from './terraform-cli';

type RunOptions = Omit<TerraformCommand, 'name' | 'args' | 'lost'> & { readonly variablesFile?: string };

/** The commands of one piece of work in a working directory. */
export class TerraformRun {
  /** Never that of another worker. */
  private readonly planFile = `${randomUUID()}.tfplan`;

  constructor(
    private readonly cli: TerraformCli,
    private readonly options: RunOptions,
  ) {}

  async init(): Promise<void> {
    // -reconfigure: where the state is kept may have been
    // configured anew, and nobody is there to be asked about it.
    await this.cli.run({
      ...this.options,
      name: 'init',
      args: ['-input=false', '-no-color', '-reconfigure'],
    });
  }

  /**
   * Writes a plan for {@link apply}, and answers with its lines. Waits for whoever holds the state's lock.
   */
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

  /** Applies exactly what was planned, unless somebody else has applied something since. */
  async apply(lost: AbortSignal): Promise<void> {
    const args = ['-input=false', '-json', `-lock-timeout=${this.options.timeoutMinutes}m`, this.planFile];
    // Removes only its own plan: a successor may have written another one by now.
    const plan = join(this.options.directory, this.planFile);
    await this.cli
      .run({ ...this.options, name: 'apply', args, lost })
      .finally(() => rm(plan, { force: true }));
  }

  outputs(): Promise<readonly string[]> {
    return this.cli.run({ ...this.options, name: 'output', args: ['-json'] });
  }

  /** They hold secrets, and those of an earlier worker are void. */
  private async removePlans(): Promise<void> {
    const { directory } = this.options;
    const plans = (await readdir(directory)).filter((name) => name.endsWith('.tfplan'));
    await Promise.all(plans.map((name) => rm(join(directory, name), { force: true })));
  }
}
