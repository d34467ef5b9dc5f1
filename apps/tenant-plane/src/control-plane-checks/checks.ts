import { addressCheck } from './address.check';
import { type Check } from './check';
import { clockCheck } from './clock.check';
import { databaseCheck } from './database.check';
import { dnsCheck } from './dns.check';
import { latencyCheck } from './latency.check';
import { portCheck } from './port.check';
import { signatureCheck } from './signature.check';
import { tlsCheck } from './tls.check';
import { tokenCheck } from './token.check';
import { versionCheck } from './version.check';

/**
 * All checks, in the order in which results are shown and problems should be fixed. A new check needs a file
 * and a line here.
 */
export const CHECKS: readonly Check[] = [
  databaseCheck,
  portCheck,
  addressCheck,
  dnsCheck,
  tlsCheck,
  clockCheck,
  signatureCheck,
  tokenCheck,
  versionCheck,
  latencyCheck,
];

/** The checks that make sense on a running plane. */
export const LINK_CHECKS = CHECKS.filter(({ isForPreflightOnly }) => !isForPreflightOnly);
