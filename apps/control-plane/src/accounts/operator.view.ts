import { NO_PASSWORD } from '@atlas/platform';
import { type OperatorRole } from '../access/scopes';
import { type Operator } from './operator.entity';

export interface OperatorView {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: OperatorRole;
}

/** An operator as seen by those who manage operators. */
export interface ManagedOperatorView extends OperatorView {
  readonly created_at: Date;
  readonly disabled_at: Date | null;
  readonly has_password: boolean;
  readonly single_sign_on: { readonly issuer: string; readonly subject: string } | null;
}

export function operatorView({ id, email, name, role }: Operator): OperatorView {
  return { id, email, name, role };
}

export function managedOperatorView(operator: Operator): ManagedOperatorView {
  const { createdAt, disabledAt, passwordHash, ssoIssuer: issuer, ssoSubject: subject } = operator;
  return {
    ...operatorView(operator),
    created_at: createdAt,
    disabled_at: disabledAt,
    has_password: passwordHash !== NO_PASSWORD,
    single_sign_on: issuer !== null && subject !== null ? { issuer, subject } : null,
  };
}
