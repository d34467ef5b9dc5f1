import { type OperatorCall } from '../../control-plane/control-plane-client';
import { type Operand, type Option } from '../../options';
import { type SubjectKind } from '../subject';

/** A request to the Control Plane. Its response may contain a job to watch, an install bundle or a link. */
export interface Operation {
  readonly name: string;
  readonly group: string;
  readonly summary: string;
  readonly about?: string;
  readonly examples: readonly string[];
  /** The target of the operation, whose id replaces `:id` in the path. */
  readonly subject?: SubjectKind;
  readonly operation: OperatorCall;
  /** Request fields in addition to the options. */
  readonly body?: object;
  readonly options: readonly Option[];
  /** The request field for the tenant's slug, which the user repeats as `--confirm`. */
  readonly confirm?: string;
  /** Only for routes that support `dry_run`. Any other route would execute the request. */
  readonly canRehearse?: boolean;
  /** The command to suggest next for the same tenant. */
  readonly next?: string;
  /** The text that introduces a link in the response. */
  readonly link?: string;
  /** Shown when there is nothing else to show or watch. */
  readonly done?: string;
  /** The status with which its job should finish (default: succeeded). */
  readonly goal?: 'cancelled';
}

export const SUBJECTS: Readonly<Record<SubjectKind, Operand>> = {
  tenant: { name: 'tenant', text: 'slug or id' },
  plane: { name: 'plane', text: 'name or id of a tenant plane' },
  operator: { name: 'operator', text: 'email address or id' },
  key: { name: 'key', text: 'id of an API key' },
  subscription: { name: 'subscription', text: 'id of an event subscription' },
  aiProvider: { name: 'provider', text: 'name or id of an AI provider' },
  job: { name: 'job', text: 'id of a job' },
};

export const TOKEN_TTL: Option = {
  name: 'token-ttl',
  value: '<seconds>',
  field: 'token_ttl_seconds',
  isNumber: true,
  text: 'how long the token of the install bundle is valid',
  default: '24 h',
};

export const REASON: Option = {
  name: 'reason',
  value: '<text>',
  field: 'reason',
  text: 'reason, recorded in the audit trail',
};
