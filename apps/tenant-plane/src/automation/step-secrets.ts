import { type TenantScope } from '@atlas/persistence';
import { DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type Values } from '../runbooks/placeholders';
import { RunbookCredentials, isSamePlace } from '../runbooks/runbook-credentials';
import { versionOf } from '../runbooks/runbook-locks';
import { type RunbookVersion } from '../runbooks/runbook-version.entity';
import { type HttpConfig, type StepConfig, filledConfig, requireModestSize } from '../runbooks/step-config';
import { SecretMask } from '../tenant-secrets/secret-mask';
import { type SecretPlace, TenantSecrets } from '../tenant-secrets/tenant-secrets';
import { SealedValues } from './run-secrets.entity';
import { type RunStep } from './run-step.entity';
import { type Run } from './run.entity';

/** What whoever runs a step is given. It contains secrets, so it is never stored. */
export interface HandedStep {
  readonly config: StepConfig;
  readonly mask: SecretMask;
}

/** Keeps the secrets of runs sealed until a step that needs them is handed out. */
@Injectable()
export class StepSecrets {
  constructor(
    private readonly secrets: TenantSecrets,
    private readonly credentials: RunbookCredentials,
  ) {}

  /** Call it in the transaction that starts the run. */
  async keep(scope: TenantScope, runId: string, values: Values): Promise<void> {
    if (values.size === 0) return;
    const text = JSON.stringify([...values]);
    const sealed = await this.secrets.seal(scope, placeOf(runId), text);
    await scope.insert(SealedValues, { runId, sealed });
  }

  async forget(scope: TenantScope, runId: string): Promise<void> {
    await scope.delete(SealedValues, { runId });
  }

  /**
   * Throws `secret_unreadable`, `credential_missing` and, for long values in credentials,
   * `invalid_parameters`.
   */
  async handed(scope: TenantScope, run: Run, step: RunStep): Promise<HandedStep> {
    const version = await versionOf(scope, run.runbookId, run.runbookVersion);
    const definition = version.definition.steps[step.position];
    const secrets = await this.valuesOf(scope, run.id);
    const headers = definition && (await this.headersOf(scope, version, definition));
    if (!definition || (secrets.size === 0 && !headers))
      return { config: step.config, mask: new SecretMask([]) };
    const values = new Map([...Object.entries(run.parameters), ...secrets]);
    const config = headers ? { ...(definition.config as HttpConfig), headers } : definition.config;
    requireModestSize([{ ...step, config }], values);
    const filled = filledConfig(step.kind, config, values);
    const sent = headers ? Object.entries((filled as HttpConfig).headers) : [];
    const credentials = sent.flatMap(([name, value]) =>
      isCredential(definition, name) && value ? [value] : [],
    );
    return { config: filled, mask: new SecretMask([...secrets.values(), ...credentials]) };
  }

  /** Hides the values of a run's secret parameters. Throws `secret_unreadable`. */
  async maskOf(scope: TenantScope, runId: string): Promise<SecretMask> {
    return new SecretMask((await this.valuesOf(scope, runId)).values());
  }

  private async valuesOf(scope: TenantScope, runId: string): Promise<Values> {
    const row = await scope.findOne(SealedValues, { runId });
    if (!row) return new Map();
    const text = await this.secrets.open(scope, placeOf(runId), row.sealed);
    return new Map(JSON.parse(text.reveal()) as [string, string][]);
  }

  /** The headers of an http step with their credentials. Undefined if the step has no credentials. */
  private async headersOf(
    scope: TenantScope,
    { runbookId }: RunbookVersion,
    { name: step, kind, config }: Pick<RunStep, 'name' | 'kind' | 'config'>,
  ): Promise<Readonly<Record<string, string | null>> | undefined> {
    if (kind !== 'http') return undefined;
    const { url, headers } = config as HttpConfig;
    const missing = Object.keys(headers).filter((header) => headers[header] === null);
    if (missing.length === 0) return undefined;
    const stored = await this.credentials.of(scope, runbookId);
    const { origin } = new URL(url);
    const found = missing.map((header) => {
      const credential = stored.find((one) => isSamePlace(one, { step, header, origin }));
      if (!credential) throw credentialGone(header);
      return [header, credential.value] as const;
    });
    return { ...headers, ...Object.fromEntries(found) };
  }
}

function isCredential({ config }: { readonly config: StepConfig }, header: string): boolean {
  return (config as HttpConfig).headers[header] === null;
}

function placeOf(runId: string): SecretPlace {
  return { table: 'automation_secrets', column: 'sealed', rowId: runId };
}

function credentialGone(header: string): DomainError {
  const detail =
    `No credential is stored for the header ${header}, because the runbook was changed, archived or ` +
    'imported since it was entered. Nothing was sent. Enter it in the runbook, and start a new run.';
  return new DomainError('credential_missing', 'conflict', detail);
}
