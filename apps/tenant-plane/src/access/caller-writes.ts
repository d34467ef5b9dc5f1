import { TenantDatabase, type TenantScope } from '@atlas/persistence';
import { Injectable } from '@nestjs/common';
import { type KeyKind } from '../credentials/tenant-token';
import { type Caller, type ClaimedKey } from './tenant-request';
import { UserWrites } from './user-writes';

/** Proves a key under a lock that its rotation waits for. Throws if the key is not valid. */
export type KeyProof = (scope: TenantScope, key: ClaimedKey) => Promise<unknown>;

/** Runs writes that a user or a program with a key may make. */
@Injectable()
export class CallerWrites {
  private readonly proofs = new Map<KeyKind, KeyProof>();

  constructor(
    private readonly tenants: TenantDatabase,
    private readonly users: UserWrites,
  ) {}

  /** Registers how keys of a kind are proven. Call it before the application starts. */
  on(kind: KeyKind, proof: KeyProof): void {
    this.proofs.set(kind, proof);
  }

  /** Commits everything that `work` writes, or nothing if the caller no longer has access. */
  by<T>(caller: Caller, work: () => Promise<T>): Promise<T> {
    if ('user' in caller) return this.users.by(caller.tenantId, caller.user, work);
    return this.tenants.write(caller.tenantId, async (scope) => {
      const prove = this.proofs.get(caller.key.kind);
      if (!prove) throw new Error(`No feature proves keys of the kind ${caller.key.kind}.`);
      await prove(scope, caller.key);
      return work();
    });
  }
}
