import { Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';
import { Metrics } from '../monitoring/metrics';
import { passwordMatches, pretendToCheck } from './passwords';

/** Checks passwords, and counts the checks. */
@Injectable()
export class PasswordChecks {
  private readonly checks: Counter;

  constructor(metrics: Metrics) {
    this.checks = new Counter({
      name: 'atlas_password_checks_total',
      help: 'Passwords checked against an account or a decoy',
      registers: [metrics.registry],
    });
  }

  /** Takes the same time whether or not the account exists. */
  matches(password: string, passwordHash: string | null): Promise<boolean> {
    this.checks.inc();
    return passwordHash === null ? pretendToCheck(password) : passwordMatches(password, passwordHash);
  }
}
