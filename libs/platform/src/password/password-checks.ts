import { Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';
import { Metrics } from '../monitoring/metrics';
import { passwordMatches, pretendToCheck } from './passwords';

/** Looks at passwords, and counts how often. */
@Injectable()
export class PasswordChecks {
  private readonly checks: Counter;

  constructor(metrics: Metrics) {
    this.checks = new Counter({
      name: 'atlas_password_checks_total',
      help: 'Passwords that were compared with the one of an account, or of none',
      registers: [metrics.registry],
    });
  }

  /** Takes as long without an account as with one. */
  matches(password: string, passwordHash: string | null): Promise<boolean> {
    this.checks.inc();
    return passwordHash === null ? pretendToCheck(password) : passwordMatches(password, passwordHash);
  }
}
