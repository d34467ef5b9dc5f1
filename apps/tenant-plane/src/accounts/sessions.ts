import { type TenantScope } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { Injectable } from '@nestjs/common';
import { hashToken, mintSessionToken } from './session-token';
import { Session } from './session.entity';
import { type User } from './user.entity';

const SESSION_MS = 12 * 3600_000;
const REFRESH_MS = 30 * 24 * 3600_000;

export interface UserView {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: string;
}

export interface SignedIn {
  readonly token: string;
  readonly refresh_token: string;
  readonly expires_at: Date;
  readonly user: UserView;
}

@Injectable()
export class Sessions {
  constructor(private readonly clock: Clock) {}

  async open(scope: TenantScope, user: User): Promise<SignedIn> {
    const now = this.clock.now();
    const token = mintSessionToken('session', scope.tenantId);
    const refreshToken = mintSessionToken('refresh', scope.tenantId);
    const expiresAt = new Date(now.getTime() + SESSION_MS);
    await scope.insert(Session, {
      id: uuidv7(now),
      userId: user.id,
      tokenHash: hashToken(token),
      refreshHash: hashToken(refreshToken),
      createdAt: now,
      expiresAt,
      refreshExpiresAt: new Date(now.getTime() + REFRESH_MS),
      revokedAt: null,
    });
    return { token, refresh_token: refreshToken, expires_at: expiresAt, user: userView(user) };
  }
}

export function userView({ id, email, name, role }: UserView): UserView {
  return { id, email, name, role };
}
