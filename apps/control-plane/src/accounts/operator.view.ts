import { type OperatorView, type ManagedOperatorView } from '@atlas/operator-api';
import { NO_PASSWORD } from '@atlas/platform';
import { type Operator } from './operator.entity';

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
