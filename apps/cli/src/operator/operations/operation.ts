import { type OperatorCall } from '../../control-plane/control-plane-client';
import { type Operand, type Option } from '../../options';
import { type SubjectKind } from '../subject';

/** A request to the Control Plane. Its answer holds what follows: a job to watch, a bundle, a link. */
export interface Operation {
  readonly name: string;
  readonly group: string;
  readonly summary: string;
  readonly about?: string;
  readonly examples: readonly string[];
  /** Its target, whose id replaces `:id` in the operation. */
  readonly subject?: SubjectKind;
  readonly operation: OperatorCall;
  /** Fields of the request besides the options. */
  readonly body?: object;
  readonly options: readonly Option[];
  /** The field in which the tenant's slug is repeated, as `--confirm`. */
  readonly confirm?: string;
  /** Only for routes that take `dry_run`: any other would execute the request. */
  readonly canRehearse?: boolean;
  /** The command that comes next, about the same tenant. */
  readonly next?: string;
  /** Introduces a link in the answer. */
  readonly link?: string;
  /** Shown when there is nothing else to show or watch. */
  readonly done?: string;
  /** The status in which its job ends when all goes well (default: succeeded). */
  readonly goal?: 'cancelled';
}

export const SUBJECTS: Readonly<Record<SubjectKind, Operand>> = {
  tenant: { name: 'tenant', text: 'slug or id' },
  plane: { name: 'plane', text: 'name or id of a tenant plane' },
  operator: { name: 'operator', text: 'e-mail address or id' },
  key: { name: 'key', text: 'id of an API key' },
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
  text: 'reason, kept in the audit trail',
};
